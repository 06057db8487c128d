"""Do the yearly files of VAERS become the tables they should, every line accounted for?"""

from __future__ import annotations

import datetime as dt
import os

import pytest

import commands
from primum.errors import SourceError
from primum.loading.table import load_table
from primum.loading.vaers import load_vaers
from primum.sources.vaers import TABLES, find_sets
from primum.store import open_store
from primum.store.parts import REPORT_TABLES
from primum.store.schema import table
from primum.store.status import read_status
from primum.study.reports import open as open_reports
from primum.testing.vaers import PLANTED, write_vaers

DATA = (
    "VAERS_ID,RECVDATE,STATE,AGE_YRS,CAGE_YR,CAGE_MO,SEX,SYMPTOM_TEXT,DIED,L_THREAT,HOSPITAL,X_STAY,VAX_DATE,SPLTTYPE"
)
VAX = "VAERS_ID,VAX_TYPE,VAX_NAME"
SYMPTOMS = "VAERS_ID," + ",".join(f"SYMPTOM{n}" for n in range(1, 6))
ROW = "11,02/03/2021,TX,40,,,F,told,,,,,01/03/2021,"


def write(folder, *, data=(ROW,), vax=("11,FLU4,FLU (A)",), symptoms=("11,Rash,,,,",), headers=(DATA, VAX, SYMPTOMS)):
    """A SYNTHETIC set of 2021 with these rows, as latin-1 with CR LF."""
    folder.mkdir(exist_ok=True)
    for name, header, rows in zip(TABLES, headers, (data, vax, symptoms), strict=True):
        text = "".join(f"{line}\r\n" for line in (header, *rows))
        (folder / f"2021VAERS{name}.csv").write_bytes(text.encode("latin-1"))
    return folder


@pytest.fixture
def load(tmp_path):
    """Load such a set into a store of the test and give the store."""
    with open_store(tmp_path / "store", write=True) as store:

        def loaded(**rows):
            load_vaers(store, find_sets([write(tmp_path / "files", **rows)]))
            assert read_status(store).unaccounted == 0
            return store

        yield loaded


def rows(store, name, *columns):
    return store.engine.read(name, *columns)


def file_of(store, member):
    return next(file for file in read_status(store).files if file.member == member)


def repairs(store):
    return {name: count for _, name, count in read_status(store).repairs}


def test_a_narrative_over_many_lines_is_one_report_and_its_lines_are_counted(load):
    long = '11,02/03/2021,TX,40,,,F,"said ""no"",\r\n\r\n12,then more",,,,,01/03/2021,'
    store = load(data=[long, ROW.replace("11,", "13,", 1)])
    assert rows(store, "reports", "caseid") == [("11",), ("13",)]
    file = file_of(store, "2021VAERSDATA.csv")
    assert (file.lines, file.loaded, file.joins, file.rejected, file.blank_lines) == (5, 2, 2, 0, 0)
    assert repairs(store)["join_quoted_lines"] == 1


def test_a_quote_that_never_closes_costs_one_line_and_is_kept_whole(load):
    broken = '11,02/03/2021,TX,40,,,F,"never closed,,,,,01/03/2021,'
    good = [ROW.replace("11,", f"{n},", 1).replace("told", '"told, well"') for n in (12, 13)]
    store = load(data=[broken, *good], vax=["12,FLU4,A"], symptoms=["13,Rash,,,,"])
    assert rows(store, "reports", "caseid") == [("12",), ("13",)]
    [(line, text)] = rows(store, "rejects", "line_number", "line_bytes")
    assert (line, bytes(text)) == (2, broken.encode())


def test_a_row_without_its_report_or_with_another_key_is_rejected_whole(load):
    store = load(vax=["11,FLU4,A", "99,FLU4,B", "x,FLU4,C"], symptoms=["11,Rash,,,,", "11,Rash"])
    found = [(bytes(text), reason) for text, reason in rows(store, "rejects", "line_bytes", "reason")]
    assert found == [
        (b"11,Rash", "no whole record of 6 fields begins here"),
        (b"99,FLU4,B", "no report of that VAERS_ID in DATA"),
        (b"x,FLU4,C", "VAERS_ID is not a number"),
    ]


def test_five_symptoms_a_row_become_a_row_each_and_several_rows_belong_to_one_report(load):
    store = load(symptoms=["11,Rash,Pyrexia,,Chills,", "11,Pain,,,,"])
    assert rows(store, "reactions", "row_number", "term", "term_text") == [
        (1, "RASH", "Rash"),
        (2, "PYREXIA", "Pyrexia"),
        (4, "CHILLS", "Chills"),
        (6, "PAIN", "Pain"),
    ]


def test_every_vaccine_of_a_report_is_a_suspect_with_type_and_date(load):
    store = load(vax=["11,FLU4,FLU (A)", "11,UNK,UNKNOWN"])
    assert rows(store, "drugs_in_report", "drug_seq", "role", "drugname", "active_ingredient") == [
        (1, "PS", "FLU (A)", "FLU4"),
        (2, "PS", "UNKNOWN", None),
    ]
    assert rows(store, "therapies", "drug_seq", "start_date") == [(1, dt.date(2021, 1, 3)), (2, dt.date(2021, 1, 3))]


def test_flags_become_outcomes_and_two_flags_of_hospital_are_one(load):
    store = load(data=["11,02/03/2021,TX,40,,,F,,Y,,Y,Y,,"])
    assert rows(store, "outcomes", "outcome") == [("DE",), ("HO",)]


def test_state_fr_is_foreign_and_not_france(load):
    store = load(data=["11,02/03/2021,FR,40,,,F,,,,,,,", "12,02/03/2021,TX,40,,,F,,,,,,,"])
    read = rows(store, "reports", "caseid", "occurrence_country", "occurrence_country_text")
    assert read == [("11", None, "FR"), ("12", "US", "TX")]
    assert rows(store, "report_sources", "report_source") == [("FGN",)]


def test_a_bad_value_costs_no_row_and_is_counted(load):
    store = load(data=["11,2021-02-33,QQ,old,,,X,,,,,,01/03/2022,"])
    assert rows(
        store, "reports", "received_date", "received_date_text", "age_years", "age_text", "sex", "sex_text"
    ) == [(None, "2021-02-33", None, "old", None, "X")]
    assert {(column, fault) for _, column, fault, _ in read_status(store).value_faults} == {
        ("RECVDATE", "not a date"),
        ("STATE", "unknown code"),
        ("AGE_YRS", "not a number"),
        ("SEX", "unknown code"),
        ("VAX_DATE", "out of range"),
    }
    assert rows(store, "therapies", "start_date", "start_date_text") == [(None, "01/03/2022")]


def test_an_age_that_is_not_reported_is_the_calculated_one(load):
    store = load(data=["11,02/03/2021,TX,,1,.5,F,,,,,,,", "12,02/03/2021,TX,,,,U,,,,,,,"])
    assert rows(store, "reports", "caseid", "age_years", "age_text") == [("11", 1.5, None), ("12", None, None)]
    assert repairs(store)["take_calculated_age"] == 1


def test_an_id_with_two_rows_keeps_both_and_one_is_current(load):
    store = load(data=[ROW, ROW.replace(",F,", ",M,")])
    assert len(rows(store, "reports", "report_key")) == 2
    assert sorted(rows(store, "current_reports", "current")) == [(False,), (True,)]
    [(current,)] = [(key,) for key, is_current in rows(store, "current_reports", "report_key", "current") if is_current]
    assert rows(store, "drugs_in_report", "report_key") == [(current,)]
    assert repairs(store)["keep_repeated_id"] == 1


def test_columns_are_read_by_header_and_new_and_missing_ones_are_counted(load):
    store = load(headers=(DATA, "ORDER,VAX_NAME,VAX_TYPE,VAERS_ID", SYMPTOMS), vax=["1,FLU (A),FLU4,11"])
    assert rows(store, "drugs_in_report", "drugname", "active_ingredient") == [("FLU (A)", "FLU4")]
    key = file_of(store, "2021VAERSVAX.csv").file_key
    found = {name: count for file, name, count in read_status(store).repairs if file == key}
    assert found == {"leave_unknown_column": 1, "miss_known_column": 3}


def test_control_bytes_marks_and_latin1_are_repaired_and_counted(load):
    headers = ("\u00ef\u00bb\u00bf" + DATA, VAX, SYMPTOMS)
    store = load(headers=headers, vax=["11,FLU4,FLU \x7f(\u00c9)"])
    assert rows(store, "drugs_in_report", "drugname") == [("FLU (\u00c9)",)]
    found = repairs(store)
    assert [found[name] for name in ("strip_byte_order_mark", "strip_control_bytes", "read_as_latin1")] == [1, 1, 1]


def test_loading_twice_changes_nothing_and_another_file_replaces_the_year(load, tmp_path):
    store = load()
    before = {name: store.engine.content_hash(name) for name in (*REPORT_TABLES, "files", "current_reports")}
    [again] = load_vaers(store, find_sets([tmp_path / "files"]))
    assert again.outcome == "unchanged"
    assert before == {name: store.engine.content_hash(name) for name in before}
    load(symptoms=["11,Chills,,,,"])
    assert rows(store, "reactions", "term") == [("CHILLS",)]


def test_a_missing_column_leaves_the_store_as_it_was(load, tmp_path):
    store = load()
    before = {name: store.engine.content_hash(name) for name in (*REPORT_TABLES, "files", "current_reports")}
    with pytest.raises(SourceError, match="no column VAX_NAME"):
        load(headers=(DATA, "VAERS_ID,VAX_TYPE,NAME", SYMPTOMS))
    assert before == {name: store.engine.content_hash(name) for name in before}


def test_rows_read_in_blocks_are_the_rows_read_at_once(tmp_path, monkeypatch):
    write_vaers(tmp_path, reports=50)
    hashes = []
    for size in (7, 4_000_000):
        monkeypatch.setattr("primum.sources.blocks.BLOCK", size)
        with open_store(tmp_path / f"store{size}", write=True) as store:
            load_vaers(store, find_sets([tmp_path]))
            hashes.append([store.engine.content_hash(name) for name in REPORT_TABLES])
    assert hashes[0] == hashes[1]


def test_every_row_says_its_source_and_missing_numbers_are_nothing(load):
    store = load(data=["11,02/03/2021,TX,,,,F,,,,,,,"])
    reports = table("reports")
    assert store.engine.rows(reports.select("source", "age_years", "event_date")) == [("vaers", None, None)]
    assert {file.source for file in read_status(store).files} == {"vaers"}


def test_the_planted_signal_stands_out_and_two_systems_are_never_added_in_silence(tmp_path):
    folder, drug = tmp_path / "files", "VARCEL"  # the type of the planted vaccine; its name teaches a table nothing
    folder.mkdir()
    write_vaers(folder, reports=300)
    write_vaers(folder, year=None, reports=40)
    (tmp_path / "t.csv").write_text(f"CASEID,DRUG,AE\n1,{drug},RASH\n2,OTHER,PAIN\n")
    with open_store(tmp_path / "store", write=True) as store:
        load_vaers(store, find_sets([folder]))
        assert store.synthetic().startswith("SYNTHETIC: 340 of the 340")
        load_table(store, tmp_path / "t.csv")
    with open_reports(tmp_path / "store") as reports:
        alone = reports.signals(drug, "source:vaers")
        assert alone.ranked().event[0] == PLANTED[1].upper()
        assert set(alone.total_reports.tolist()) == {340}
        assert not any("counted together" in note for note in alone.notes)
        both = reports.signals(drug)
        assert set(both.total_reports.tolist()) == {342}
        assert any(note.startswith("Reports of table and vaers are counted together") for note in both.notes)


def test_the_flow_begins_with_the_lines_of_data(tmp_path):
    write_vaers(tmp_path, reports=20)
    with open_store(tmp_path / "store", write=True) as store:
        load_vaers(store, find_sets([tmp_path]))
    with open_reports(tmp_path / "store") as reports:
        steps = [(step.step, step.count, step.reason) for step in reports.flow(cohort="source:vaers")]
    assert steps[:5] == [
        ("lines in the files of reports", 81, ""),
        ("lines that are no row", 1, "headers"),
        ("lines that are no row", 60, "part of the line before"),
        ("rows loaded", 20, ""),
        ("report versions published", 20, ""),
    ]


def primum(*arguments, store):
    return commands.primum(*arguments, env={**os.environ, "PRIMUM_STORE": str(store)})


@pytest.mark.slow
def test_the_command_loads_a_folder_and_says_so_again(tmp_path):
    folder = write(tmp_path / "files")
    done = primum("load", "vaers", folder, store=tmp_path / "store")
    assert done.stdout.splitlines() == ["2021VAERS: loaded 1 reports; 0 lines rejected, 8 rows repaired"], done.stderr
    again = primum("load", "vaers", *sorted(folder.iterdir()), store=tmp_path / "store")
    assert again.stdout == "2021VAERS: 2021VAERS is loaded already (1 reports)\n"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["2021VAERSDATA.csv"], "no VAX and no SYMPTOMS file"),
        (["data.csv"], "one such as 2021VAERSDATA.csv"),
        ([], "no file of VAERS is in it"),
        (None, "there is no such file"),
    ],
)
def test_what_is_not_whole_gets_one_line_and_leaves_no_store(tmp_path, names, said):
    folder = tmp_path / "files"
    if names is not None:
        folder.mkdir()
    paths = [folder / name for name in names or ()]
    for path in paths:
        path.write_text("VAERS_ID\n")
    done = primum("load", "vaers", *(paths or [folder]), store=tmp_path / "store")
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert said in line
    assert not (tmp_path / "store").exists()
