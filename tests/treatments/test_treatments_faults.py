"""Is every fault of an evidence table found, named by file, row and column, and told with what would be right?"""

from __future__ import annotations

from pathlib import Path

import pytest

from primum.errors import EvidenceError, UnknownNameError
from primum.treatments.load import known_treatments, load_treatment

Rows = list[dict[str, str]]


def message_of(folder: Path) -> str:
    with pytest.raises(EvidenceError) as caught:
        load_treatment(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def row_of(rows: Rows, **cells: str) -> dict[str, str]:
    return next(row for row in rows if all(row[column] == text for column, text in cells.items()))


HEADACHE = {"contrast": "trials.cosmetic.headache", "arm": "active"}


def test_a_copied_folder_loads_like_the_original(folder: Path, treatment: object) -> None:
    copied = load_treatment(folder)
    assert copied.findings == load_treatment("anti-wrinkle").findings
    assert copied.evidence_hash == load_treatment("anti-wrinkle").evidence_hash


def test_a_missing_column_is_named_with_its_meaning(spoil, folder: Path) -> None:
    def edit(rows: Rows) -> None:
        for row in rows:
            del row["window"]

    assert "trials.csv, row 1, column window: no such column; expected it (over which time" in message_of(
        spoil("trials", edit)
    )


def test_a_misspelt_column_is_told_once_with_the_right_heading(spoil) -> None:
    def edit(rows: Rows) -> None:
        for row in rows:
            row["evnts"] = row.pop("events")

    message = message_of(spoil("trials", edit))
    assert "hold 1 fault:" in message
    assert 'trials.csv, row 1, column events: "evnts" stands in its place; expected the heading "events"' in message


def test_an_unknown_source_is_named_with_the_nearest(spoil) -> None:
    def edit(rows: Rows) -> None:
        row_of(rows, **HEADACHE)["source"] = "brin2032"

    message = message_of(spoil("trials", edit))
    assert 'no source "brin2032"; expected an id of sources.csv (did you mean "brin2023"?)' in message


def test_fewer_people_than_events_names_the_row(spoil, folder: Path) -> None:
    line = 0

    def edit(rows: Rows) -> None:
        nonlocal line
        row = row_of(rows, **HEADACHE)
        row["n"], line = "200", rows.index(row) + 2

    message = message_of(spoil("trials", edit))
    assert (
        f"trials.csv, row {line}, column n: 243 events in 200 people; expected no fewer people than events" in message
    )


def test_a_percentage_that_does_not_recompute_names_the_row_and_the_right_share(spoil) -> None:
    def edit(rows: Rows) -> None:
        row_of(rows, **HEADACHE)["percent"] = "7.2"

    assert "column percent: 7.2 % printed, 243 of 3431 is 7.082 %" in message_of(spoil("trials", edit))


def test_a_percentage_is_judged_within_its_printed_decimals(spoil) -> None:
    def edit(rows: Rows) -> None:
        row_of(rows, **HEADACHE)["percent"] = "7"

    assert load_treatment(spoil("trials", edit)).findings["trials.cosmetic.headache.treated"].numerator == 243


def test_a_contradiction_stands_once_the_row_says_why(spoil) -> None:
    def edit(rows: Rows) -> None:
        row = row_of(rows, **HEADACHE)
        row["percent"], row["printed_contradiction"] = "7.2", "prints 7.2 % in one place and 7.1 % in another"

    treated = load_treatment(spoil("trials", edit)).findings["trials.cosmetic.headache.treated"]
    assert any("prints 7.2 %" in warning for warning in treated.warnings)


def test_a_percentage_that_no_count_of_people_gives_is_a_fault(spoil) -> None:
    def edit(rows: Rows) -> None:
        row_of(rows, contrast="trials.carruthers2002.eyelid_ptosis")["n"] = "10"

    assert "no whole number of 10 people is 5.4 %" in message_of(spoil("trials", edit))


@pytest.mark.parametrize(
    ("table", "column", "given", "expected"),
    [
        ("trials", "grade", "D", "one of A, B, C"),
        ("reports", "unit", "repots", 'did you mean "reports"?'),
        ("trials", "n", "many", "a whole number"),
        ("trials", "percent", "7,1", "a percentage with its printed decimals"),
        ("trials", "design", "", "empty; expected one of"),
        ("doses", "low", "twenty", "a number"),
        ("sources", "url", "pubmed", "an address that begins with http"),
        ("time_course", "unit", "fortnights", "one of days, weeks, months, words"),
    ],
)
def test_a_cell_of_the_wrong_type_unit_or_grade_is_a_fault(spoil, table, column, given, expected) -> None:
    def edit(rows: Rows) -> None:
        rows[0][column] = given

    message = message_of(spoil(table, edit))
    assert f"{table}.csv, row 2, column {column}:" in message
    assert expected in message


def test_two_rows_for_one_arm_name_each_other(spoil) -> None:
    def edit(rows: Rows) -> None:
        rows.append(dict(row_of(rows, **HEADACHE)))

    assert "trials.cosmetic.headache active: two rows for one arm (also in row " in message_of(spoil("trials", edit))


def test_a_key_written_twice_is_a_fault(spoil) -> None:
    def edit(rows: Rows) -> None:
        rows.append(dict(rows[0]))

    assert "a key that is there already (also in row 2)" in message_of(spoil("doses", edit))


def test_a_total_that_its_parts_do_not_give_is_a_fault(spoil) -> None:
    def edit(rows: Rows) -> None:
        row_of(rows, key="cote2005.cosmetic.nonserious")["count"] = "996"

    assert "column count: 1031 printed, its parts add up to 1032" in message_of(spoil("reports", edit))


def test_a_number_that_is_not_verified_may_not_be_filled_in(spoil) -> None:
    def edit(rows: Rows) -> None:
        row_of(rows, key="cote2005.underlying_conditions")["count"] = "13"

    assert "13, not verified; expected an empty cell until a source was read" in message_of(spoil("reports", edit))


def test_a_claim_on_an_unknown_finding_is_named_with_the_nearest(spoil) -> None:
    def edit(rows: Rows) -> None:
        row_of(rows, id="C10")["rule"] = "reports.cote2005.serious_ratio.publishd > 1"

    message = message_of(spoil("claims", edit))
    assert "claims.csv, row 11, column rule: C10" in message
    assert 'did you mean "reports.cote2005.serious_ratio.published"?' in message


def test_a_rule_that_no_longer_gives_its_verdict_is_a_fault(spoil) -> None:
    def edit(rows: Rows) -> None:
        row_of(rows, id="C10")["rule"] = "reports.cote2005.serious_ratio.published < 1"

    assert 'C10: the verdict is "supported", but its rule is false' in message_of(spoil("claims", edit))


def test_a_number_that_changes_breaks_the_verdict_that_rests_on_it(spoil) -> None:
    def edit(rows: Rows) -> None:
        row_of(rows, key="cote2005.serious_ratio.published")["count"] = "0.5"

    assert "C10" in message_of(spoil("reports", edit))


def test_a_verdict_without_rule_and_judgement_is_a_fault(spoil) -> None:
    def edit(rows: Rows) -> None:
        row_of(rows, id="C03")["judgement"] = ""

    assert "without a rule and without a judgement" in message_of(spoil("claims", edit))


def test_a_derived_number_of_unknown_inputs_is_a_fault(spoil) -> None:
    def edit(rows: Rows) -> None:
        rows[0]["inputs"] = "reports.cote2005.nothing"

    assert 'derived.csv, row 2, column inputs: no finding "reports.cote2005.nothing"' in message_of(
        spoil("derived", edit)
    )


def test_a_derived_number_with_too_few_inputs_is_a_fault(spoil) -> None:
    def edit(rows: Rows) -> None:
        rows[0]["inputs"] = rows[0]["inputs"].split(";")[0]

    assert "odds_ratio of 1 inputs fails" in message_of(spoil("derived", edit))


def test_units_of_two_products_in_one_margin_are_a_fault(spoil) -> None:
    def edit(rows: Rows) -> None:
        rows[0]["whole"] = "abo.glabellar"

    assert "abo.glabellar counts abobotulinumtoxinA, the route onabotulinumtoxinA" in message_of(
        spoil("lethal_routes", edit)
    )


def test_arms_of_one_contrast_must_tell_of_one_outcome(spoil) -> None:
    def edit(rows: Rows) -> None:
        row_of(rows, contrast="trials.cosmetic.headache", arm="placebo")["outcome"] = "migraine"

    assert 'trials.cosmetic.headache: "migraine" and "headache"' in message_of(spoil("trials", edit))


def test_a_range_upside_down_is_a_fault(spoil) -> None:
    def edit(rows: Rows) -> None:
        row_of(rows, key="ona.platysma")["low"] = "40"

    assert "40 to 36; expected a range that rises" in message_of(spoil("doses", edit))


def test_all_faults_of_all_tables_are_shown_together(spoil) -> None:
    def wrong_grade(rows: Rows) -> None:
        rows[0]["grade"] = "Z"
        rows[1]["grade"] = "Z"

    spoil("trials", wrong_grade)
    message = message_of(spoil("doses", wrong_grade))
    assert "hold 4 faults:" in message
    assert message.count(" | ") == 3


def test_a_missing_table_and_an_unreadable_one_are_faults(folder: Path) -> None:
    (folder / "doses.csv").unlink()
    (folder / "unknowns.csv").write_bytes(b"key,question\n\xff\xfe,\n")
    message = message_of(folder)
    assert "doses.csv: no such file" in message
    assert "unknowns.csv: cannot be read" in message


def test_a_row_with_too_many_cells_is_a_fault(folder: Path) -> None:
    with (folder / "unknowns.csv").open("a", encoding="utf-8") as file:
        file.write("one,two\n")
    assert "2 cells; expected 5, one under each heading" in message_of(folder)


def test_a_treatment_file_without_its_words_is_a_fault(folder: Path) -> None:
    (folder / "treatment.toml").write_text('id = "copied"\naliases = "one"\n', encoding="utf-8")
    message = message_of(folder)
    assert "treatment.toml, column question: None; expected a text" in message
    assert "treatment.toml, column aliases: 'one'; expected a list of texts" in message
    (folder / "treatment.toml").write_text("id = \n", encoding="utf-8")
    assert "treatment.toml: cannot be read" in message_of(folder)


def test_a_folder_without_a_treatment_is_a_fault(tmp_path: Path) -> None:
    assert "treatment.toml: no such file" in message_of(tmp_path)


def test_an_unknown_treatment_names_those_known_and_the_nearest_spelling() -> None:
    with pytest.raises(UnknownNameError) as caught:
        load_treatment("anti-wrinkel")
    assert str(caught.value) == (
        'No treatment named "anti-wrinkel". Did you mean "anti-wrinkle"? '
        "Known: anti-wrinkle, dermal-fillers, isotretinoin."
    )


@pytest.mark.parametrize("name", ["anti-wrinkle", "Anti_Wrinkle", "botox", "BOTOX", "botulinum toxin", "Dysport"])
def test_a_treatment_is_found_by_its_aliases(name: str) -> None:
    assert load_treatment(name).id == "anti-wrinkle"
    assert known_treatments() == ("anti-wrinkle", "dermal-fillers", "isotretinoin")


def test_a_folder_is_loaded_by_its_path_as_text_too(folder: Path) -> None:
    assert load_treatment(str(folder)).folder == folder


def test_a_change_of_one_cell_changes_the_hash_of_the_evidence(folder: Path, treatment) -> None:
    path = folder / "unknowns.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("decades", "centuries"), encoding="utf-8")
    assert load_treatment(folder).evidence_hash != treatment.evidence_hash


def test_no_table_is_left_out_of_the_check(treatment) -> None:
    """Every CSV of the folder is read by this loader or by the vocabularies (names, terms, rules of use)."""
    others = {"names", "terms", "use_rules"}
    assert {path.stem for path in treatment.folder.glob("*.csv")} - others == set(treatment.tables)


def test_a_shipped_treatment_is_not_shadowed_by_a_folder_of_its_name(tmp_path: Path, monkeypatch, treatment) -> None:
    (tmp_path / "botox").mkdir()
    (tmp_path / "my-own").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_treatment("botox").folder == treatment.folder
    with pytest.raises(EvidenceError, match=r"treatment\.toml: no such file"):
        load_treatment("my-own")
