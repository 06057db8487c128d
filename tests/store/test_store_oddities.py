"""Each of the forty known oddities: what the load report counts it as, and the tests that prove what is done."""

from __future__ import annotations

import ast
import csv
from collections import Counter
from pathlib import Path

import pytest

from primum.loading.faers import load_archives
from primum.store import open_store

TESTS = Path(__file__).parents[1]
LINES, LAYOUTS, ARCHIVE = "sources/test_sources_lines", "sources/test_sources_layouts", "sources/test_sources_archive"
VALUES, DOWNLOAD = "sources/test_sources_values", "sources/test_sources_download"
LOAD, LATEST, DRUGS = "store/test_store_load", "cases/test_cases_latest", "vocab/test_vocab_drugs"

# What `primum status` counts it as: the name of a repair, or a column and its fault. None: nothing is changed.
COUNTED: dict[str, str | tuple[str, str] | None] = {
    "Q01": "drop_empty_last_field",
    "Q02": None,  # names of columns are matched whatever their case
    "Q03": "split_glued_records",
    "Q04": "split_glued_records",
    "Q05": "split_glued_records",
    "Q06": "strip_control_bytes",
    "Q07": "join_cut_field",
    "Q08": "trim_column_name",
    "Q09": "strip_byte_order_mark",
    "Q10": "rename_misspelt_column",
    "Q11": "rename_misspelt_column",
    "Q12": None,  # a quote is data
    "Q13": "keep_fuller_row",
    "Q14": None,  # told in docs/reference/oddities.md
    "Q15": None,
    "Q16": None,  # both line ends are read
    "Q17": "accept_member_suffix",
    "Q18": None,
    "Q19": None,  # counted as blank lines, which the account of the file holds
    "Q20": None,  # kept, with the reason `no case number`
    "Q21": ("caseversion", "not a number, counted as version 0"),
    "Q22": "copy_to_further_case",
    "Q23": None,  # kept, with the reason that tells of the tie
    "Q24": None,  # kept, with the reason that tells of the other sighting
    "Q25": None,  # the precision is kept
    "Q26": ("start_dt", "out of range"),
    "Q27": None,  # told in docs/reference/oddities.md
    "Q28": ("age", "not a number"),
    "Q29": ("dose_amt", "not a number"),
    "Q30": ("dur", "not a number"),
    "Q31": None,
    "Q32": None,
    "Q33": None,
    "Q34": None,
    "Q35": ("sex", "unknown code"),
    "Q36": None,
    "Q37": None,
    "Q38": None,  # a row without its report fails the quarter
    "Q39": None,  # SGML and XML are not read, see docs/reference/oddities.md
    "Q40": None,
}

PROVEN: dict[str, tuple[tuple[str, str], ...]] = {
    "Q01": ((LINES, "test_a_dollar_sign_too_many_is_dropped_and_columns_do_not_shift"),),
    "Q02": ((LAYOUTS, "test_every_header_is_recognised_as_it_stands_in_the_files"),),
    "Q03": ((LINES, "test_the_known_glued_lines_of_2011_are_split_by_key"),),
    "Q04": ((LINES, "test_the_known_glued_lines_of_2011_are_split_by_key"),),
    "Q05": ((LINES, "test_the_known_glued_lines_of_2011_are_split_by_key"),),
    "Q06": ((LINES, "test_control_bytes_are_stripped_and_the_row_kept"),),
    "Q07": ((LINES, "test_the_known_dollar_sign_in_a_manufacturer_number_stays_in_it"),),
    "Q08": ((LAYOUTS, "test_a_blank_before_a_column_name_is_trimmed"),),
    "Q09": ((LAYOUTS, "test_a_byte_order_mark_is_stripped_in_both_forms"),),
    "Q10": ((LAYOUTS, "test_misspelt_columns_of_2012q4_are_renamed"),),
    "Q11": ((LAYOUTS, "test_misspelt_columns_of_2012q4_are_renamed"),),
    "Q12": ((LOAD, "test_text_arrives_as_printed"),),
    "Q13": (
        (LOAD, "test_rows_of_a_doubled_report_belong_to_its_fuller_row"),
        (LATEST, "test_of_two_rows_of_one_report_in_a_quarter_the_fuller_is_kept"),
    ),
    "Q15": ((LAYOUTS, "test_sex_is_known_under_both_names"),),
    "Q16": ((LINES, "test_lines_that_end_with_lf_alone_are_read"),),
    "Q17": (
        (ARCHIVE, "test_a_suffix_before_the_ending_is_accepted"),
        (ARCHIVE, "test_a_missing_table_is_named"),
    ),
    "Q18": ((ARCHIVE, "test_lists_of_deleted_cases_are_found_under_every_name"),),
    "Q19": ((ARCHIVE, "test_lists_of_deleted_cases_are_found_under_every_name"),),
    "Q20": ((LATEST, "test_reports_without_a_case_number_are_flagged_and_never_one_case"),),
    "Q21": (
        (VALUES, "test_a_blank_version_is_the_first_report"),
        (VALUES, "test_a_junk_version_counts_as_the_first_report_and_is_counted"),
    ),
    "Q22": (
        (LOAD, "test_an_id_that_serves_two_cases_is_joined_by_both"),
        (LOAD, "test_rows_that_name_no_case_stand_under_every_case_of_their_id_and_the_copies_are_counted"),
        (LATEST, "test_one_report_id_may_win_for_two_cases"),
    ),
    "Q23": ((LATEST, "test_on_a_tie_the_report_with_more_child_rows_is_current_and_the_tie_is_told"),),
    "Q24": ((LATEST, "test_a_row_published_again_in_the_next_quarter_is_one_sighting"),),
    "Q25": (
        (VALUES, "test_dates_keep_their_precision"),
        (LOAD, "test_partial_dates_keep_their_precision_in_the_store"),
    ),
    "Q26": ((VALUES, "test_dates_keep_their_precision"),),
    "Q28": ((VALUES, "test_ages_come_in_years"), (LOAD, "test_a_bad_value_costs_no_row_and_is_counted")),
    "Q29": ((VALUES, "test_free_text_as_dose_has_no_number"),),
    "Q30": ((VALUES, "test_durations_come_in_days"),),
    "Q31": (
        (LOAD, "test_text_arrives_as_printed"),
        (DRUGS, "test_cleaning_twice_is_cleaning_once_and_nothing_becomes_empty"),
    ),
    "Q32": ((LOAD, "test_terms_are_in_capitals_beside_what_was_printed"),),
    "Q33": ((LOAD, "test_text_arrives_as_printed"), (DRUGS, "test_a_choice_between_two_toxins_credits_neither")),
    "Q34": (
        (ARCHIVE, "test_members_are_found_whatever_their_case_and_folder"),
        (DOWNLOAD, "test_the_other_spelling_is_tried_where_the_known_one_is_not_found"),
    ),
    "Q35": ((VALUES, "test_sex_is_f_or_m"),),
    "Q36": (
        (LOAD, "test_text_arrives_as_printed"),
        ("cases/test_cases_use", "test_a_drug_not_given_or_not_suspected_is_no_exposure"),
    ),
    "Q37": ((DOWNLOAD, "test_an_archive_arrives_whole_and_is_remembered"),),
    "Q38": ((LOAD, "test_orphans_fail_the_quarter_with_their_count"), (LOAD, "test_every_row_has_its_report")),
}
ONLY_TOLD = ("Q14", "Q27", "Q39", "Q40")  # about time series and files that are not read; the page of oddities says so


def test_every_oddity_of_the_list_has_its_place(shared: Path) -> None:
    with (shared / "formats/csv/faers_quirks.csv").open(encoding="utf-8", newline="") as file:
        listed = [row["id"] for row in csv.DictReader(file)]
    assert listed == list(COUNTED)
    assert sorted([*PROVEN, *ONLY_TOLD]) == listed
    page = (TESTS.parent / "docs/reference/oddities.md").read_text(encoding="utf-8")
    assert [one for one in (*ONLY_TOLD, *listed[5:]) if one not in page] == []


@pytest.mark.parametrize("oddity", PROVEN)
def test_the_tests_that_prove_it_are_there(oddity: str) -> None:
    for module, name in PROVEN[oddity]:
        tree = ast.parse((TESTS / f"{module}.py").read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.slow
def test_the_made_archives_show_each_repair_and_fault_in_the_load_report(shared: Path, tmp_path: Path) -> None:
    with open_store(tmp_path, write=True) as store:
        load_archives(store, shared / "formats" / "fixtures")
        status = store.status()
    counted: Counter[str | tuple[str, str]] = Counter()
    for _, repair, rows in status.repairs:
        counted[repair] += rows
    for _, column, fault, rows in status.value_faults:
        counted[column, fault] += rows
    # The made archives hold one of the three glued lines of 2011 with its key, no junk duration, no id under two cases.
    wanted = {kind for kind in COUNTED.values() if kind} - {("dur", "not a number"), "copy_to_further_case"}
    assert {kind for kind in wanted if not counted[kind]} == set()
