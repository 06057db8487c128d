"""Do the files of CAERS, Canada Vigilance, JADER and EudraVigilance become the tables they should, every line told?"""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import commands
from primum.errors import SourceError, StoreError
from primum.loading.caers import load_caers
from primum.loading.canada import load_canada
from primum.loading.eudravigilance import load_eudravigilance
from primum.loading.jader import load_jader
from primum.loading.maude import load_maude
from primum.loading.vaers import load_vaers
from primum.sources import blocks, canada, jader, quoted
from primum.sources.caers import COLUMNS as CAERS_COLUMNS
from primum.sources.caers import open_caers, split_terms
from primum.sources.eudravigilance import open_listing, read_drug, read_reaction, split_cell
from primum.sources.maude import find_folder
from primum.sources.vaers import find_sets
from primum.store import open_store
from primum.store.parts import REPORT_TABLES
from primum.store.status import read_status
from primum.study.reports import open as open_reports
from primum.testing import caers as made_caers
from primum.testing import canada as made_canada
from primum.testing import eudravigilance as made_listing
from primum.testing import jader as made_jader
from primum.testing.maude import write_maude
from primum.testing.vaers import write_vaers


@dataclass(frozen=True)
class Kind:
    """One system: how its SYNTHETIC files are written and loaded, and what is planted in them."""

    write: Callable[..., Path]
    name: str
    load: Callable[..., list]
    planted: tuple[str, str]


KINDS = {
    "caers": Kind(made_caers.write_caers, "caers.csv", load_caers, made_caers.PLANTED),
    "canada": Kind(
        made_canada.write_canada, "extract",
        lambda store, paths: load_canada(store, [canada.find_extract(path) for path in paths]), made_canada.PLANTED,
    ),
    "jader": Kind(
        made_jader.write_jader, "jader",
        lambda store, paths: load_jader(store, [jader.find_publication(path) for path in paths]), made_jader.PLANTED,
    ),
    "eudravigilance": Kind(made_listing.write_listing, "listing.csv", load_eudravigilance, made_listing.PLANTED),
}  # fmt: skip


def write(kind, folder, **sizes):
    path = folder / KINDS[kind].name
    if not path.suffix:
        path.mkdir(exist_ok=True)
    return KINDS[kind].write(path, **sizes)


def rows(store, name, *columns):
    return store.engine.read(name, *columns)


def repairs(store):
    return {name: count for _, name, count in read_status(store).repairs}


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "store", write=True) as opened:
        yield opened
        assert read_status(opened).unaccounted == 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_planted_stands_out_and_every_report_says_synthetic(kind, tmp_path):
    path = write(kind, tmp_path, reports=200)
    with open_store(tmp_path / "store", write=True) as opened:
        [loaded] = KINDS[kind].load(opened, [path])
        assert (loaded.outcome, loaded.rejected) == ("loaded", 0)
        status = read_status(opened)
        assert (status.unaccounted, status.value_faults) == (0, ())
        assert opened.synthetic().startswith(f"SYNTHETIC: {loaded.reports} of the {loaded.reports}")
        assert {source for (source,) in rows(opened, "reports", "source")} == {kind}
    drug, event = KINDS[kind].planted
    with open_reports(tmp_path / "store") as reports:
        assert reports.signals(drug, f"source:{kind}").ranked().event[0] == event.upper()
        assert reports.flow(cohort=f"source:{kind}")[0].unit == "lines"


def damage(path, *, seed=1):
    """Put an odd byte into every second line of the files of a system, headers left out."""
    rng = np.random.default_rng(seed)
    odd = [
        b'"',
        b",",
        b"$",
        b"\n",
        b"\r",
        b"\x00",
        b"\xe9",
        b"\xc3\xa9",
        b"  ",
        b'""',
        b"-",
        b"9999",
        "歳".encode("cp932"),
    ]
    for file in [path] if path.is_file() else sorted(path.iterdir()):
        lines = file.read_bytes().split(b"\n")
        for n in range(1, len(lines)):
            if lines[n] and rng.random() < 0.5:
                at = int(rng.integers(len(lines[n])))
                lines[n] = lines[n][:at] + odd[rng.integers(len(odd))] + lines[n][at:]
        file.write_bytes(b"\n".join(lines))


def nothing_plain(block, find=quoted.lines_of, **options):
    lines = find(block, **options)
    return replace(lines, plain=np.zeros(len(lines), dtype=bool))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_again_changes_nothing_another_replaces_and_lines_read_alone_give_the_same(
    kind, tmp_path, monkeypatch
):
    path = write(kind, tmp_path, reports=30)
    damage(path)
    names = (*REPORT_TABLES, "files", "rejects", "repairs", "value_faults", "current_reports")
    hashes = []
    for size, find in ((700, quoted.lines_of), (4_000_000, nothing_plain)):
        monkeypatch.setattr(blocks, "BLOCK", size)
        monkeypatch.setattr(quoted, "lines_of", find)
        with open_store(tmp_path / f"store{size}", write=True) as opened:
            KINDS[kind].load(opened, [path])
            hashes.append([opened.engine.content_hash(name) for name in names])
            [again] = KINDS[kind].load(opened, [path])
            assert again.outcome == "unchanged"
            assert hashes[-1] == [opened.engine.content_hash(name) for name in names]
    assert hashes[0] == hashes[1]
    monkeypatch.undo()
    write(kind, tmp_path, reports=20, seed=2)
    with open_store(tmp_path / "store700", write=True) as opened:
        [other] = KINDS[kind].load(opened, [path])
        assert other.outcome == "replaced"
        assert opened.engine.count("reports") == other.reports


def readers():
    """One reader of each kind of file, and the header that it needs."""
    japanese = jader.PRINTED["JADER_REAC"]
    return {
        "caers": (lambda keep: open_caers("f", keep=keep), ",".join(CAERS_COLUMNS).encode() + b"\n"),
        "canada": (lambda keep: canada.open_table(Path("f"), "REACTIONS", keep=keep), b""),
        "jader": (
            lambda keep: jader.open_table(Path("f"), "JADER_REAC", keep=keep),
            ",".join(japanese).encode("cp932") + b"\n",
        ),
        "eudravigilance": (
            lambda keep: open_listing("f", keep=keep),
            (
                "\ufeff"
                + ",".join(f'"{row["printed"]}"' for row in made_listing.read_csv("eudravigilance_columns.csv"))
            ).encode()
            + b"\n",
        ),
    }


PIECES = st.sampled_from(
    [
        b'"',
        b",",
        b"$",
        b"\n",
        b"\r\n",
        b"\x00",
        b"\xe9",
        "歳".encode("cp932"),
        "歳".encode(),
        b"1",
        b"a",
        b"," * 5,
        b"$" * 9,
    ]
)


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.lists(PIECES, max_size=40).map(b"".join))
@settings(deadline=None)
def test_any_bytes_end_in_an_account_with_every_line_in_one_place(kind, text):
    make, header = readers()[kind]
    keep = []
    reader = make(keep)
    found = sum(batch.rows for batch in reader.batches(io.BytesIO(header + text)))
    account = reader.account()  # refuses to be made where the lines do not add up
    assert account.lines == header.count(b"\n") + text.count(b"\n") + bool(text and not text.endswith(b"\n"))
    assert (account.loaded, account.rejected) == (found, len(keep))
    lines = (header + text).split(b"\n")
    for reject in keep:
        assert reject.line == lines[reject.line_number - 1].rstrip(b"\r")


# CAERS


def caers_file(folder, *records, header=CAERS_COLUMNS):
    path = folder / "caers.csv"
    with path.open("w", newline="", encoding="latin-1") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(records)
    return path


CAERS_ROW = [
    "7",
    "1/31/2023",
    "",
    "SUSPECT",
    "BAR, OAT",
    "5",
    "Cereal",
    "2",
    "month(s)",
    "Male",
    "Rash, Hallucination, visual",
    "Death, Visited ER",
]


def test_two_products_of_a_report_are_one_report_with_its_terms_once(store, tmp_path):
    second = [*CAERS_ROW[:3], "CONCOMITANT", "TEA", *CAERS_ROW[5:]]
    third = [*second[:4], "SOAP", *second[5:10], "Cough", ""]
    load_caers(store, [caers_file(tmp_path, CAERS_ROW, second, third)])
    assert rows(store, "drugs_in_report", "drug_seq", "role", "drugname") == [
        (1, "PS", "BAR, OAT"),
        (2, "C", "TEA"),
        (3, "C", "SOAP"),
    ]
    assert {term for (term,) in rows(store, "reactions", "term")} == {"RASH", "HALLUCINATION, VISUAL", "COUGH"}
    assert rows(store, "outcomes", "outcome") == [("DE",)]
    assert rows(store, "reports", "age_years", "sex", "received_date") == [(2 / 12, "M", dt.date(2023, 1, 31))]
    assert repairs(store)["add_terms_of_further_row"] == 1
    assert [fault for _, _, fault, _ in read_status(store).value_faults] == ["unknown code"]  # Visited ER


def test_the_headers_of_older_editions_are_the_same_columns(store, tmp_path):
    older = [
        "RA_Report #", "RA_CAERS Created Date", "AEC_Event Start Date", "PRI_Product Role",
        "PRI_Reported Brand/Product Name", "PRI_FDA Industry Code", "PRI_FDA Industry Name",
        "CI_Age at Adverse Event", "CI_Age Unit", "CI_Gender", "SYM_One Row Coded Symptoms", "AEC_One Row Outcomes",
    ]  # fmt: skip
    load_caers(store, [caers_file(tmp_path, [*CAERS_ROW[:11], ""], header=older)])
    assert rows(store, "reactions", "term") == [("HALLUCINATION, VISUAL",), ("RASH",)]
    assert repairs(store) == {"keep_comma_of_term": 1}


@given(st.lists(st.sampled_from(["A", "B", "C", "A, B", "B, C, A"]), max_size=6))
def test_terms_are_split_into_the_longest_that_are_known_and_lose_nothing(terms):
    cell = ", ".join(terms)
    found = split_terms(cell, {"A, B", "B, C, A"})
    assert set(", ".join(found).split(", ")) == set(cell.split(", "))
    assert found == tuple(dict.fromkeys(found))


def test_a_term_of_three_pieces_is_taken_before_one_of_two():
    assert split_terms("A, B, C", {"A, B", "A, B, C"}) == ("A, B, C",)


# Canada


def canada_folder(folder, **tables):
    folder.mkdir(exist_ok=True)
    given = {"reports": [{"REPORT_ID": 5, "REPORT_NO": "E1"}], "report_drug": [], "reactions": [], **tables}
    for name, records in given.items():
        columns = canada.COLUMNS[name.upper()]
        lines = ("$".join(f'"{record.get(column, "")}"' for column in columns) for record in records)
        (folder / f"{name}.txt").write_bytes("".join(f"{line}\r\n" for line in lines).encode("latin-1"))
    return folder


def test_two_digit_years_of_canada_lie_between_1965_and_2064(store, tmp_path):
    given = [
        {"REPORT_ID": 5, "REPORT_NO": "E1", "DATRECEIVED": "05-MAR-65", "DATINTRECEIVED": "05-MAR-19"},
        {"REPORT_ID": 6, "REPORT_NO": "E2", "DATRECEIVED": "05-MAR-64", "DATINTRECEIVED": "05-XXX-19"},
    ]
    load_canada(store, [canada.find_extract(canada_folder(tmp_path / "x", reports=given))])
    assert rows(store, "reports", "received_date", "first_received_date") == [
        (dt.date(1965, 3, 5), dt.date(2019, 3, 5)),
        (dt.date(2064, 3, 5), None),
    ]


def test_flags_links_ingredients_and_durations_of_canada_find_their_report(store, tmp_path):
    folder = canada_folder(
        tmp_path / "x",
        reports=[
            {"REPORT_ID": 5, "REPORT_NO": "E1", "SERIOUSNESS_ENG": "Yes", "DEATH": "2", "HOSP_REQUIRED": "1"},
            {"REPORT_ID": 6, "REPORT_NO": "E2", "SERIOUSNESS_ENG": "Yes"},
        ],
        drug_product_ingredients=[
            {"DRUG_PRODUCT_ID": 1, "ACTIVE_INGREDIENT_NAME": "Pril S"},
            {"DRUG_PRODUCT_ID": 1, "ACTIVE_INGREDIENT_NAME": "thiazide"},
        ],
        report_drug=[
            {"REPORT_DRUG_ID": 9, "REPORT_ID": 5, "DRUG_PRODUCT_ID": 1, "DRUGNAME": '$ A ""B""',
             "DRUGINVOLV_ENG": "Suspect", "THERAPY_DURATION": 2, "THERAPY_DURATION_UNIT_ENG": "Weeks"},
            {"REPORT_DRUG_ID": 9, "REPORT_ID": 77},
        ],
        report_drug_indication=[{"REPORT_DRUG_ID": 9, "REPORT_ID": 5, "INDICATION_NAME_ENG": "Hypertension"}],
        reactions=[{"REPORT_ID": 5, "PT_NAME_ENG": "Rash", "PT_NAME_FR": "Éruption"}],
        report_links_lx=[{"REPORT_ID": 5, "RECORD_TYPE_ENG": "Duplicate", "REPORT_LINK_NO": "E2"}],
    )  # fmt: skip
    load_canada(store, [canada.find_extract(folder)])
    assert sorted(rows(store, "outcomes", "outcome")) == [("HO",), ("OT",)]
    assert rows(store, "drugs_in_report", "drug_seq", "drugname", "active_ingredient") == [
        (9, '$ A "B"', "PRIL S\\THIAZIDE")
    ]
    assert rows(store, "therapies", "duration_days") == [(14.0,)]
    assert rows(store, "indications", "drug_seq", "term") == [(9, "HYPERTENSION")]
    assert rows(store, "reactions", "term") == [("RASH",)]
    assert rows(store, "told_links", "kind", "other") == [("duplicate", "E2")]
    assert [reason for (reason,) in rows(store, "rejects", "reason")] == ["no report of that REPORT_ID in reports.txt"]


# JADER


def jader_folder(folder, **tables):
    folder.mkdir(exist_ok=True)
    case = {"case_number": "AB-1", "report_count": "1"}
    given = {"demo": [case], "drug": [], "reac": [], **tables}
    for name, records in given.items():
        printed = jader.PRINTED[f"JADER_{name.upper()}"]
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(head.replace("(", "（").replace(")", "）") for head in printed)
        writer.writerows([{**case, **record}.get(column, "") for column in printed.values()] for record in records)
        (folder / f"{name}202311-01.csv").write_bytes(text.getvalue().encode("cp932"))
    return folder


def test_the_last_count_of_a_case_is_current_and_each_keeps_its_own_rows(store, tmp_path):
    folder = jader_folder(
        tmp_path / "x",
        demo=[{"age": "60歳代", "quarter": "2023・第四"}, {"report_count": "2", "age": "成人", "sex": "女性"}],
        drug=[
            {"generic_name": "毒素", "role": "被疑薬", "brand_name": "ﾎﾞﾄﾄｷｼﾝ，１００"},
            {"report_count": "2", "generic_name": "毒素", "role": "相互作用", "dose": "１０"},
            {"report_count": "3", "generic_name": "毒素"},
        ],
        reac=[{"event": "頭痛", "course": "死亡", "event_date": "202305"}],
    )
    load_jader(store, [jader.find_publication(folder)])
    assert rows(store, "reports", "case_version", "age_years", "age_group", "sex", "received_date", "event_date") == [
        (1, 65.0, None, None, dt.date(2024, 1, 1), dt.date(2023, 5, 1)),
        (2, None, "A", "F", None, None),
    ]
    assert rows(store, "current_reports", "current", "reason") == [
        (False, "a higher version replaces it"),
        (True, "latest version"),
    ]
    assert rows(store, "drugs_in_report", "role", "drugname", "active_ingredient", "dose_amount") == [
        ("I", "毒素", "毒素", 10.0),
        ("PS", "ボトトキシン,100", "毒素", None),
    ]
    assert rows(store, "outcomes", "outcome") == [("DE",)]
    [(reason,)] = rows(store, "rejects", "reason")
    assert reason == "no report of that case and count in the file of people"
    assert repairs(store)["take_middle_of_decade"] == 1


def test_a_report_ends_in_death_once_and_has_its_first_date_however_far_apart_they_are_told(
    store, tmp_path, monkeypatch
):
    monkeypatch.setattr(blocks, "BLOCK", 100)  # so that its reactions are read in several batches
    dates = ["202305", "202306"] * 20
    died = [{"event": f"頭痛{n}", "course": "死亡", "event_date": date} for n, date in enumerate(dates)]
    folder = jader_folder(
        tmp_path / "x", demo=[{}, {"case_number": "AB-2"}], reac=[*died, {"case_number": "AB-2", "course": "死亡"}]
    )
    load_jader(store, [jader.find_publication(folder)])
    assert rows(store, "reports", "primaryid", "event_date") == [("AB-1-1", dt.date(2023, 5, 1)), ("AB-2-1", None)]
    assert rows(store, "outcomes", "outcome") == [("DE",), ("DE",)]
    assert len(rows(store, "reactions", "term")) == len(died)


# EudraVigilance


def test_cells_of_a_listing_hold_brackets_dashes_and_breaks_of_their_own():
    cell = "A (B) - C (n/a \u2013 Fatal - Results in Death),<BR><BR>D (1d - Unknown - ),<br/>"
    first, second = map(read_reaction, split_cell(cell))
    assert (first.term, first.course, first.seriousness) == ("A (B) - C", "Fatal", ("Results in Death",))
    assert (second.term, second.course, second.seriousness) == ("D", "Unknown", ())
    drug = read_drug("X (10 MG) [S ONE, S TWO] (I - Pain - n/a - [2d - 1 - 2 mg - Oral])")
    assert (drug.name, drug.substances, drug.role, drug.indication) == ("X (10 MG)", "S ONE, S TWO", "I", "Pain")
    assert read_drug("NAME ALONE").name == "NAME ALONE"
    twice = read_drug("X [S] (S - Pain - n/a - [n/a - 500{DF} - n/a], [2d - 250{DF} - Subcutaneous use])")
    assert (twice.substances, twice.dose, twice.route) == ("S", "500{DF}", None)


def test_what_is_not_reported_in_a_listing_is_no_drug_and_no_reaction_and_is_counted(store, tmp_path):
    path = made_listing.write_listing(tmp_path / "l.csv", reports=1)
    with path.open(encoding="utf-8", newline="") as stream:
        header, record = csv.reader(stream)
    nothing = "Not reported (n/a - Not Recovered - Life Threatening),<BR><BR>RASH (n/a - n/a - )"
    drugs = "Not reported,<BR><BR>X [Not reported] (S - n/a - n/a - [n/a - n/a - n/a])"
    record[10:13] = [nothing, drugs, "[Not reported],<BR><BR>[NOT REPORTED] (C - n/a - n/a - [n/a - n/a - n/a])"]
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, record])
    load_eudravigilance(store, [path])
    assert rows(store, "drugs_in_report", "drugname", "active_ingredient", "drug_seq") == [("X", None, 1)]
    assert rows(store, "reactions", "term") == [("RASH",)]
    assert rows(store, "outcomes", "outcome") == [("LT",)]  # what the cell tells of the report stays
    assert repairs(store)["leave_not_reported"] == 4


def test_a_listing_gives_outcomes_once_and_both_lists_of_drugs(store, tmp_path):
    path = made_listing.write_listing(tmp_path / "l.csv", reports=1)
    with path.open(encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream))
    record = [
        "EU-1", "Spontaneous", "2023-01-02 10:00:00", "Non Healthcare Professional", "EEA", "Not available",
        "65-85 Years", "", "No", "Female",
        "A (n/a - Fatal - Results in Death, Disabling),<BR><BR>B (n/a - Unknown - Disabling)",
        "X [S] (S - Pain - n/a - [n/a - 5 mg - Oral]),<BR><BR>", "Y [T] (N - n/a - n/a - [n/a - n/a - n/a])", "f",
    ]  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, record])
    load_eudravigilance(store, [path])
    assert sorted(rows(store, "outcomes", "outcome")) == [("DE",), ("DS",)]
    assert rows(store, "drugs_in_report", "role", "drugname", "active_ingredient", "dose_text") == [
        ("DN", "Y", "T", None),
        ("PS", "X", "S", "5 mg"),
    ]
    assert rows(store, "reports", "age_group", "age_years", "reporter_occupation", "literature_reference") == [
        ("E", None, "CN", None)
    ]
    assert repairs(store)["strip_byte_order_mark"] == 1


# All of them


FORMS = {
    **KINDS,
    "vaers": Kind(write_vaers, "vaers", lambda store, paths: load_vaers(store, find_sets(paths)), ("", "")),
    "maude": Kind(
        write_maude, "maude", lambda store, paths: load_maude(store, [find_folder(path) for path in paths]), ("", "")
    ),
}


def made_anew(kind, folder, changed):
    """A SYNTHETIC set of a system with the text of every file changed."""
    path = folder / FORMS[kind].name
    if not path.suffix:
        path.mkdir(parents=True)
    folder.mkdir(exist_ok=True)
    FORMS[kind].write(path, reports=20)
    for file in [path] if path.is_file() else sorted(path.iterdir()):
        raw = file.read_bytes()
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = raw.decode("cp932" if kind == "jader" else "latin-1")
        file.write_bytes(changed(text))
    return path


@pytest.mark.parametrize("kind", FORMS)
def test_files_in_utf16_are_the_same_reports_and_say_what_they_were(kind, tmp_path):
    hashes = []
    for name in ("utf-8", "utf-16"):
        path = made_anew(kind, tmp_path / name, lambda text, name=name: text.encode(name))
        with open_store(tmp_path / f"store {name}", write=True) as opened:
            [loaded] = FORMS[kind].load(opened, [path])
            assert read_status(opened).unaccounted == 0
            hashes.append([loaded.rejected, *map(opened.engine.content_hash, REPORT_TABLES)])
            told = repairs(opened).get("read_as_utf16", 0)
    assert hashes[0] == hashes[1]
    assert told > 0


@pytest.mark.parametrize("kind", FORMS)
def test_files_whose_lines_end_in_cr_alone_are_refused_in_one_line(kind, store, tmp_path):
    path = made_anew(
        kind, tmp_path / "files", lambda text: text.replace("\r\n", "\n").replace("\n", "\r").encode("utf-8")
    )
    with pytest.raises(SourceError, match="CR") as refused:
        FORMS[kind].load(store, [path])
    assert "\n" not in str(refused.value)
    assert "\r" not in str(refused.value)
    assert rows(store, "reports", "caseid") == []


@pytest.mark.parametrize("mark", ["\t", ";"])
def test_a_listing_may_be_parted_by_tabs_or_semicolons(mark, tmp_path):
    path, other = made_listing.write_listing(tmp_path / "listing.csv", reports=20), tmp_path / "again" / "listing.csv"
    other.parent.mkdir()
    with path.open(encoding="utf-8", newline="") as stream, other.open("w", encoding="utf-16", newline="") as wide:
        csv.writer(wide, delimiter=mark).writerows(csv.reader(stream))
    hashes = []
    for listing in (path, other):
        with open_store(listing.with_suffix(".store"), write=True) as opened:
            load_eudravigilance(opened, [listing])
            hashes.append(list(map(opened.engine.content_hash, REPORT_TABLES)))
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("kind", ["caers", "eudravigilance"])
def test_a_missing_column_leaves_the_store_as_it_was(kind, store, tmp_path):
    path = write(kind, tmp_path, reports=5)
    KINDS[kind].load(store, [path])
    before = {name: store.engine.content_hash(name) for name in (*REPORT_TABLES, "files", "current_reports")}
    path.write_text("A,B\n1,2\n")
    with pytest.raises(SourceError, match="no column"):
        KINDS[kind].load(store, [path])
    assert before == {name: store.engine.content_hash(name) for name in before}


def primum(*arguments, store):
    return commands.primum(*arguments, env={**os.environ, "PRIMUM_STORE": str(store), "COLUMNS": "80"})


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_command_loads_says_so_again_and_refuses_what_is_not_there(kind, tmp_path):
    path = write(kind, tmp_path, reports=20)
    done = primum("load", kind, path, store=tmp_path / "store")
    assert done.stdout.startswith(f"{path.name}: loaded 2"), done.stderr
    assert "is loaded already" in primum("load", kind, path, store=tmp_path / "store").stdout
    refused = primum("load", kind, tmp_path / "nowhere", store=tmp_path / "none")
    assert refused.returncode == 1
    [line] = refused.stderr.splitlines()
    assert "there is no such" in line
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
def test_a_load_that_is_killed_leaves_the_store_before_or_after_it(tmp_path):
    folder = tmp_path / "maude"
    folder.mkdir()
    write_maude(folder, reports=3_000)
    caers = write("caers", tmp_path, reports=50)
    with open_store(tmp_path / "whole", write=True) as store:
        load_caers(store, [caers])
        load_maude(store, [find_folder(folder)])
        wanted = [store.engine.content_hash(name) for name in REPORT_TABLES]
        reports = store.engine.count("reports")
    counts, ended, part = set(), False, 0
    while not ended:  # killed half a second later each time, until a load is through before its kill
        part += 1
        place = tmp_path / f"killed{part}"
        with open_store(place, write=True) as store:
            load_caers(store, [caers])
        process = subprocess.Popen(
            [sys.executable, "-m", "primum", "load", "maude", str(folder), "--store", str(place)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            process.wait(0.5 * part)
            ended = True
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        try:
            with open_store(place, underived=True) as store:
                counts.add(store.engine.count("reports"))
        except StoreError:
            pass  # killed while the store was made ready
        with open_store(place, write=True) as store:
            load_maude(store, [find_folder(folder)])
            assert [store.engine.content_hash(name) for name in REPORT_TABLES] == wanted
            assert store.is_derived()
    assert counts == {50, reports}
