"""Do archives become the tables they should, wholly or not at all?"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from primum.errors import SourceError, StoreError
from primum.loading.derive import open_derived
from primum.loading.faers import load_archives, load_faers, read_quarters
from primum.loading.table import load_table
from primum.sources.layouts import TABLES, layout_of
from primum.store import DATABASE, exists, open_store
from primum.store.parts import REPORT_TABLES
from primum.store.schema import schema_of, table, tables
from primum.store.status import status_lines
from primum.terms import Quarter
from primum.testing.faers import write_archive

DERIVED = ("current_reports", "drug_names", "drug_substances", "report_uses")


@pytest.fixture(scope="session")
def fixtures(shared, tmp_path_factory):
    """The 14 invented archives that carry every oddity byte for byte, and what a loader must make of them."""
    folder = tmp_path_factory.mktemp("archives")
    maker = shared / "formats/make_fixtures.py"
    subprocess.run([sys.executable, str(maker), str(folder)], cwd=maker.parent, check=True)
    return folder


@pytest.fixture(scope="session")
def expected(fixtures):
    return json.loads((fixtures / "expected.json").read_text())


@pytest.fixture(scope="session")
def loaded(fixtures, tmp_path_factory):
    """A store of all 14 archives, read only."""
    folder = tmp_path_factory.mktemp("store")
    with open_store(folder, write=True) as store:
        load_archives(store, fixtures)
    with open_store(folder) as store:
        yield store


def contents(store, names=None):
    return {name: store.engine.content_hash(name) for name in names or [schema.name for schema in tables()]}


def column(store, name, wanted, **where):
    rows = table(name)
    for key, value in where.items():
        rows = rows.filter(rows[key] == value)
    return [value for (value,) in store.engine.rows(rows.select(wanted).order_by(wanted))]


def demo_lines(rows, quarter="2015q1"):
    """DEMO text of a quarter, from what differs between the rows."""
    columns = layout_of("DEMO", Quarter.parse(quarter)).columns
    lines = ["$".join(columns), *("$".join(str(row.get(name, "")) for name in columns) for row in rows)]
    return ("\r\n".join(lines) + "\r\n").encode()


def archive_of(folder, texts, quarter="2015q1"):
    """An archive with the given texts; the other tables hold only their header."""
    q = Quarter.parse(quarter)
    path = folder / f"faers_ascii_{quarter}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in TABLES:
            header = (layout_of(name, q).header + "\r\n").encode()
            archive.writestr(f"ascii/{name}{q.year % 100:02d}Q{q.number}.txt", texts.get(name, header))
    return path


def assert_one_line(error):
    assert "\n" not in str(error)


REPORT = {"primaryid": "1000011", "caseid": "100001", "caseversion": "1", "fda_dt": "20150105"}


def test_all_fourteen_archives_load_as_expected(loaded, expected):
    status = loaded.status()
    assert status.unaccounted == 0
    for quarter, counts in expected.items():
        files = {file.table_name: file for file in status.files if file.quarter == quarter}
        assert files["DEMO"].loaded == counts["demo"]
        assert files["DRUG"].loaded == counts["drug"]
        assert len(column(loaded, "deletions", "caseid", quarter=quarter)) == counts.get("deleted_distinct", 0)
        keys = {file.file_key for file in status.files if file.quarter == quarter}
        repairs = {repair: count for key, repair, count in status.repairs if key in keys}
        mended = sum(repairs.get(name, 0) for name in ("split_glued_records", "join_cut_field"))
        assert mended == counts.get("repaired_lines", 0)
        assert repairs.get("join_broken_lines", 0) == counts.get("rejoined_lines", 0)
        assert repairs.get("keep_fuller_row", 0) == counts.get("conflicting_primaryids", 0)
        cases = column(loaded, "reports", "caseid", quarter=quarter)
        if "cases" in counts:
            assert len(set(cases) - {None}) == counts["cases"]
            assert cases.count(None) == counts["rows_without_case"]
    assert status.rows["rejects"] == 0
    assert sorted(expected) == list(status.quarters)


def test_the_manufacturer_number_with_a_dollar_sign_is_whole(loaded, expected):
    found = column(loaded, "reports", "manufacturer_number", primaryid="8129732")
    assert found == [expected["2012q1"]["mfr_num_8129732"]]


def test_text_arrives_as_printed(loaded):
    names = column(loaded, "drugs_in_report", "drugname")
    assert {'"VITAMINS" (NOS)', "AMBIEN.", "ARICEPT 5 MG"} <= set(names)  # Q12, Q31, Q06
    assert "ZOLPIDEM\\ZOLPIDEM TARTRATE" in column(loaded, "drugs_in_report", "active_ingredient")  # Q33
    assert "SOLUCIÓN INYECTABLE" in column(loaded, "drugs_in_report", "dose_text")
    assert "81 mg daily" in column(loaded, "drugs_in_report", "dose_text")
    assert column(loaded, "drugs_in_report", "role", drugname="XEOMIN") == ["DN"]  # Q36


def test_terms_are_in_capitals_beside_what_was_printed(loaded):  # Q32
    assert set(column(loaded, "reactions", "term")) == {"EYELID PTOSIS"}
    assert set(column(loaded, "reactions", "term_text")) == {"EYELID PTOSIS", "Eyelid ptosis"}


def test_partial_dates_keep_their_precision_in_the_store(loaded):
    reports = table("reports")
    wanted = reports.select("event_date_text", "event_date", "event_date_precision")
    rows = loaded.engine.rows(wanted.filter(reports.event_date_text == "2003"))
    assert rows == [("2003", dt.date(2003, 1, 1), "Y")]


def test_a_bad_value_costs_no_row_and_is_counted(loaded):
    faults = {(column, fault): count for _, column, fault, count in loaded.status().value_faults}
    assert faults["age", "not a number"] == 1  # 163/6
    assert faults["sex", "unknown code"] == 1  # P
    assert faults["dose_amt", "not a number"] == 1  # 18-54
    assert column(loaded, "drugs_in_report", "dose_amount", dose_amount_text="18-54") == [None]


def test_rows_of_a_doubled_report_belong_to_its_fuller_row(loaded):  # Q13
    reports = table("reports")
    rows = loaded.engine.rows(
        reports.filter((reports.primaryid == "86164432") & (reports.quarter == "2012q4"))
        .select("fields_filled", "report_key")
        .order_by("fields_filled")
    )
    (few, poorer), (many, fuller) = rows
    assert few < many
    assert len(column(loaded, "drugs_in_report", "drugname", report_key=fuller)) == 1
    assert column(loaded, "drugs_in_report", "drugname", report_key=poorer) == []


def test_keys_are_unique(loaded):
    import ibis

    for schema in tables():
        rows = table(schema.name)
        grouped = rows.group_by(list(schema.key)).aggregate(n=ibis._.count()).filter(ibis._.n > 1)
        assert loaded.engine.rows(grouped) == [], schema.name


def test_every_row_has_its_report(loaded):
    reports = table("reports")
    for name in REPORT_TABLES[1:]:
        assert loaded.engine.rows(table(name).anti_join(reports, "report_key")) == []


def test_report_keys_tell_quarter_and_row(loaded):
    assert column(loaded, "reports", "report_key", quarter="2024q4") == [2024400000001, 2024400000002]


def test_the_real_samples_load_without_reject_or_orphan(shared, tmp_path):
    with open_store(tmp_path, write=True) as store:
        load_archives(store, shared / "data")
        status = store.status()
    assert status.quarters == ("2004q1", "2017q2")
    assert (status.rows["rejects"], status.unaccounted, status.rows["reports"]) == (0, 0, 200)
    # The nine rows of one Dysport case, 13351747 version 3, and the others of the two samples.
    assert status.rows["drugs_in_report"] == 386 + 328
    assert status.rows["reactions"] == 416 + 286


def test_nine_rows_of_one_product_stay_nine_rows_of_one_report(shared, tmp_path):
    with open_store(tmp_path, write=True) as store:
        load_faers(store, shared / "data/faers_ascii_2017q2.zip")
        (key,) = column(store, "reports", "report_key", primaryid="133517473")
        assert column(store, "drugs_in_report", "drugname", report_key=key) == ["DYSPORT"] * 9
        # Only the first row carries the dose of the session; the other eight leave it blank.
        assert column(store, "drugs_in_report", "dose_amount", report_key=key) == [1500.0] + [None] * 8
        assert len(column(store, "reactions", "term", report_key=key)) == 12


@pytest.mark.slow
def test_loading_again_changes_nothing_and_order_does_not_matter(fixtures, tmp_path):
    # Cases that go on across eras, a deletion, a return after it, and a row repeated in two quarters.
    names = ["faers_ascii_2012q4", "faers_ascii_2013q1", "faers_ascii_2019Q1", "faers_ascii_2024Q4"]
    paths = [fixtures / f"{name}.zip" for name in names]
    found = []
    for folder, order in (("forward", paths), ("backward", paths[::-1])):
        with open_store(tmp_path / folder, write=True) as store:
            assert {load_faers(store, path).outcome for path in order} == {"loaded"}
            found.append((contents(store), store.snapshot()))
            assert {load_faers(store, path).outcome for path in order} == {"unchanged"}
            assert (contents(store), store.snapshot()) == found[-1]
    assert found[0] == found[1]


@pytest.mark.slow
def test_all_at_once_gives_what_quarter_by_quarter_gives(fixtures, loaded, tmp_path):
    with open_store(tmp_path, write=True) as store:
        for path in sorted(fixtures.glob("*.zip"), reverse=True):
            load_faers(store, path)  # derives each time
        assert contents(store) == contents(loaded)
        assert store.snapshot() == loaded.snapshot()


def test_a_store_whose_derived_tables_lag_behind_is_not_answered_from(tmp_path):
    first = write_archive(tmp_path, quarter=Quarter(2015, 1), reports=40, seed=1)
    second = write_archive(tmp_path, quarter=Quarter(2015, 2), reports=40, seed=1)
    folder = tmp_path / "store"
    with open_store(folder, write=True) as store:
        load_faers(store, first)
        load_faers(store, second, with_derived=False)  # what a kill between two transactions leaves
        assert not store.is_derived()
    with pytest.raises(StoreError, match="a load was stopped before its end"):
        open_store(folder)
    with open_store(folder, underived=True) as store:
        assert not store.status().derived
    with open_derived(folder) as store:
        assert store.is_derived()
        assert store.engine.count("current_reports") == 80
        finished = contents(store)
    with open_store(tmp_path / "whole", write=True) as store:
        load_archives(store, tmp_path)
        assert contents(store) == finished


def test_a_changed_archive_replaces_its_quarter(tmp_path):
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    first = write_archive(tmp_path / "first", quarter=Quarter(2015, 1), reports=40, seed=1)
    second = write_archive(tmp_path / "second", quarter=Quarter(2015, 1), reports=30, seed=2)
    with open_store(tmp_path / "once", write=True) as once:
        load_faers(once, second)
        wanted = contents(once)
    with open_store(tmp_path / "twice", write=True) as store:
        assert load_faers(store, first).outcome == "loaded"
        before = store.snapshot()
        assert load_faers(store, second).outcome == "replaced"
        assert store.snapshot() != before
        assert contents(store) == wanted


def test_orphans_fail_the_quarter_with_their_count(tmp_path):
    texts = {
        "DEMO": demo_lines([REPORT]),
        "REAC": b"primaryid$caseid$pt$drug_rec_act\r\n1000011$100001$Pain$\r\n77$7$Pain$\r\n1000011$100002$Pain$\r\n",
    }
    path = archive_of(tmp_path, texts)
    with open_store(tmp_path / "store", write=True) as store:
        with pytest.raises(SourceError, match="2 of 3 rows belong to no report"):
            load_faers(store, path)
        assert store.engine.count("reports") == 0
    assert not exists(tmp_path / "store")


def test_a_rejected_line_stays_whole_in_the_store(tmp_path):
    texts = {
        "DEMO": demo_lines([REPORT]),
        "REAC": b"primaryid$caseid$pt$drug_rec_act\r\n1000011$100001$Pain$\r\n\xff\x00too few$fields\r\n",
    }
    with open_store(tmp_path / "store", write=True) as store:
        loaded = load_faers(store, archive_of(tmp_path, texts))
        assert loaded.rejected == 1
        rejects = table("rejects").select("line_number", "reason", "line_bytes")
        [(number, reason, line)] = store.engine.rows(rejects)
    assert (number, reason, bytes(line)) == (3, "2 fields, expected 4", b"\xff\x00too few$fields\r")


def test_more_rejects_than_fit_one_batch_are_all_kept(tmp_path):
    texts = {"DEMO": demo_lines([REPORT]), "OUTC": b"primaryid$caseid$outc_cod\r\n" + b"x\r\n" * 2_500}
    with open_store(tmp_path / "store", write=True) as store:
        load_faers(store, archive_of(tmp_path, texts))
        assert column(store, "rejects", "line_number") == list(range(2, 2_502))


def test_an_unknown_code_is_kept_and_counted(tmp_path):
    texts = {
        "DEMO": demo_lines([REPORT | {"occp_cod": "SALES", "rept_cod": "EXP"}]),
        "OUTC": b"primaryid$caseid$outc_cod\r\n1000011$100001$ZZ\r\n1000011$100001$DE\r\n",
    }
    with open_store(tmp_path / "store", write=True) as store:
        load_faers(store, archive_of(tmp_path, texts))
        assert column(store, "outcomes", "outcome") == ["DE", "ZZ"]
        faults = {(name, fault, count) for _, name, fault, count in store.status().value_faults}
    assert faults == {("occp_cod", "unknown code", 1), ("outc_cod", "unknown code", 1)}


def test_a_number_of_a_drug_is_one_to_eighteen_digits_and_nothing_else(tmp_path):
    good = {"1": 1, "01": 1, "0": 0, "9" * 18: 10**18 - 1}
    bad = ["-1", "+1", "1.0", "1e3", "1_0", "0x1", " 1", "1 ", "9" * 19, "1" + "0" * 18, "x", "٣"]
    rows = [f"1000011$100001${text}$$$$" for text in (*good, *bad, "")]
    lines = ["primaryid$caseid$dsg_drug_seq$start_dt$end_dt$dur$dur_cod", *rows]
    texts = {"DEMO": demo_lines([REPORT]), "THER": "\r\n".join([*lines, ""]).encode()}
    with open_store(tmp_path / "store", write=True) as store:
        load_faers(store, archive_of(tmp_path, texts))
        numbers = [number for _, number in store.engine.read("therapies", "row_number", "drug_seq")]
        faults = {(name, fault): count for _, name, fault, count in store.status().value_faults}
    assert numbers == [*good.values(), *[None] * (len(bad) + 1)]
    assert faults["dsg_drug_seq", "not a number"] == len(bad)


def test_days_of_a_therapy_come_from_its_whole_dates_first(tmp_path):
    texts = {
        "DEMO": demo_lines([REPORT]),
        "THER": b"primaryid$caseid$dsg_drug_seq$start_dt$end_dt$dur$dur_cod\r\n"
        b"1000011$100001$1$20150101$20150110$99$DAY\r\n"  # 10 days, both ends counted
        b"1000011$100001$2$201501$20150110$2$WK\r\n"  # no day of the start: as printed
        b"1000011$100001$3$20150110$20150101$2$DAY\r\n",  # ends before it begins: as printed
    }
    with open_store(tmp_path / "store", write=True) as store:
        load_faers(store, archive_of(tmp_path, texts))
        therapies = table("therapies")
        rows = store.engine.rows(therapies.select("drug_seq", "duration_days").order_by("drug_seq"))
    assert rows == [(1, 10.0), (2, 14.0), (3, 2.0)]


def test_only_what_has_no_value_is_counted_as_such_and_what_was_taken_otherwise_stands_apart(tmp_path):
    texts = {
        "DEMO": demo_lines([{**REPORT, "age": "-30", "age_cod": "YR", "sex": "P"}]),
        "THER": b"primaryid$caseid$dsg_drug_seq$start_dt$end_dt$dur$dur_cod\r\n"
        b"1000011$100001$1$20150101$20150110$99$\r\n"  # 10 days by its dates
        b"1000011$100001$2$20150101$$2$\r\n"
        b"1000011$100001$3$$$5-9$DAY\r\n"
        b"1000011$100001$4$$$3$DAY\r\n",
    }
    with open_store(tmp_path / "store", write=True) as store:
        load_faers(store, archive_of(tmp_path, texts))
        status = store.status()
    assert [fault[1:] for fault in status.value_faults] == [
        ("age", "negative, taken as positive", 1),
        ("sex", "unknown code", 1),
        ("dur", "no unit", 1),
        ("dur", "not a number", 1),
    ]
    lines = [" ".join(line.split()) for line in status_lines(status)]
    at = lines.index("No value:")
    assert lines[at + 1 : at + 6] == [
        "1 dur: no unit",
        "1 dur: not a number",
        "1 sex: unknown code",
        "Not as printed:",
        "1 age: negative, taken as positive",
    ]
    assert next(line for line in lines if line.startswith("2015q1")).split()[5] == "3"  # its column "no value"


def test_an_id_that_serves_two_cases_is_joined_by_both(tmp_path):  # Q22
    second = REPORT | {"caseid": "100002"}
    texts = {
        "DEMO": demo_lines([REPORT, second]),
        "REAC": b"primaryid$caseid$pt$drug_rec_act\r\n1000011$100002$Pain$\r\n1000011$100001$Rash$\r\n",
    }
    with open_store(tmp_path / "store", write=True) as store:
        load_faers(store, archive_of(tmp_path, texts))
        reactions = table("reactions")
        rows = store.engine.rows(reactions.select("report_key", "term").order_by("report_key"))
    assert rows == [(2015100000001, "RASH"), (2015100000002, "PAIN")]


def test_rows_that_name_no_case_stand_under_every_case_of_their_id_and_the_copies_are_counted(tmp_path):  # Q22
    first = {"primaryid": "6569775", "caseid": "7301091", "sex": "F"}
    reports = [first, first | {"caseid": "7548469"}, first | {"sex": ""}, {"primaryid": "6569776", "caseid": "7301092"}]
    texts = {
        "DEMO": demo_lines(reports, "2008q1"),
        "REAC": b"ISR$PT\r\n6569775$Pain$\r\n6569776$Rash$\r\n6569775$Fever$\r\n",
    }
    with open_store(tmp_path / "store", write=True) as store:
        told = load_faers(store, archive_of(tmp_path, texts, "2008q1"))
        reactions = table("reactions")
        rows = store.engine.rows(reactions.select("report_key", "row_number", "term").order_by("report_key", "term"))
        status = store.status()
    of = 2008100000000
    twice = [(of + report, row, term) for report in (1, 2) for row, term in ((3, "FEVER"), (1, "PAIN"))]
    assert rows == [*twice, (of + 4, 2, "RASH")]
    file = next(file for file in status.files if file.table_name == "REAC")
    assert (file.lines, file.header_lines, file.loaded, file.splits, file.unaccounted) == (4, 1, 5, 2, 0)
    counted = {repair: rows for key, repair, rows in status.repairs if key == file.file_key}
    assert counted["copy_to_further_case"] == 2
    assert told.repaired == sum(rows for _, _, rows in status.repairs)


def test_a_copy_hides_no_row_without_a_report(tmp_path):
    twice = [{"primaryid": "6569775", "caseid": case} for case in ("7301091", "7548469")]
    texts = {"DEMO": demo_lines(twice, "2008q1"), "REAC": b"ISR$PT\r\n6569775$Pain$\r\n6569776$Rash$\r\n"}
    with (
        open_store(tmp_path / "store", write=True) as store,
        pytest.raises(SourceError, match="1 of 2 rows belong to no report of the quarter"),
    ):
        load_faers(store, archive_of(tmp_path, texts, "2008q1"))


@pytest.mark.parametrize("quarter", ["2004q1", "2005q3", "2012q4", "2013q1", "2014q3", "2026q1"])
def test_every_era_loads_with_every_row_in_its_place(tmp_path, quarter):
    path = write_archive(tmp_path, quarter=Quarter.parse(quarter), reports=300, seed=7)
    with open_store(tmp_path / "store", write=True) as store:
        assert load_faers(store, path).reports == 300
        status = store.status()
        sequence = column(store, "drugs_in_report", "row_number")
    assert (status.unaccounted, status.rows["rejects"]) == (0, 0)
    assert sequence == list(range(1, len(sequence) + 1))
    assert len({file.layout for file in status.files}) == 1


def test_rows_are_numbered_in_the_order_of_a_long_file(tmp_path):
    path = write_archive(tmp_path, quarter=Quarter(2015, 1), reports=25_000, seed=7)
    with open_store(tmp_path / "store", write=True) as store:
        load_faers(store, path)
        reports = table("reports")
        keys = store.engine.run(reports.select("report_key", "primaryid").order_by("report_key"))
    with zipfile.ZipFile(path) as archive:
        lines = archive.read("ascii/DEMO15Q1.txt").decode().splitlines()[1:]
    assert list(keys["primaryid"]) == [line.split("$")[0] for line in lines]


damage = st.sampled_from([b"$", b"\r\n", b"\n", b"\x00", b"\x7f", b"\xff", b"7", b"", b"1000011$100001$"])


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hits=st.lists(st.tuples(st.integers(0, 10_000), damage), max_size=4), name=st.sampled_from(TABLES))
def test_a_damaged_quarter_is_accounted_for_or_leaves_no_trace(tmp_path_factory, hits, name):
    folder = tmp_path_factory.mktemp("damaged")
    whole = write_archive(folder, quarter=Quarter(2015, 1), reports=12, seed=3)
    with zipfile.ZipFile(whole) as archive:
        texts = {table: archive.read(f"ascii/{table}15Q1.txt") for table in TABLES}
    body = texts[name]
    for position, replacement in hits:
        at = position % len(body)
        body = body[:at] + replacement + body[at + 1 :]
    path = archive_of(folder, texts | {name: body})
    with open_store(folder / "store", write=True) as store:
        try:
            load_faers(store, path)
        except SourceError as error:
            assert_one_line(error)
            assert store.engine.count("reports") == store.engine.count("files") == 0
        else:
            status = store.status()
            assert status.unaccounted == 0
            assert status.rows["rejects"] == sum(file.rejected for file in status.files)
            for schema_name in REPORT_TABLES:
                source = {"reports": "DEMO", "drugs_in_report": "DRUG", "reactions": "REAC", "outcomes": "OUTC"}
                if schema_name in source:
                    [file] = [f for f in status.files if f.table_name == source[schema_name]]
                    assert status.rows[schema_name] == file.loaded


LOADER = """
import sys
from pathlib import Path
from primum.store import open_store
from primum.loading.faers import load_faers
with open_store(Path(sys.argv[1]), write=True) as store:
    load_faers(store, Path(sys.argv[2]), progress=lambda text: print(text, flush=True))
print("done", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["DRUG", "INDI", "done"])
def test_a_kill_leaves_the_store_before_or_after(tmp_path, moment):
    old = write_archive(tmp_path, quarter=Quarter(2014, 4), reports=50, seed=1)
    new = write_archive(tmp_path, quarter=Quarter(2015, 1), reports=3_000, seed=1)
    folder = tmp_path / "store"
    with open_store(folder, write=True) as store:
        load_faers(store, old)
        before = contents(store)
    process = subprocess.Popen([sys.executable, "-c", LOADER, str(folder), str(new)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as said:
        for line in said:
            if moment in line:
                break
        time.sleep(0 if moment == "done" else 0.05)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with open_store(folder) as store:  # a reader must not have to wait for the next writer to tidy up
        assert contents(store) == before or store.status().quarters == ("2014q4", "2015q1")
    with open_store(folder, write=True) as store:
        assert contents(store) == before or store.status().quarters == ("2014q4", "2015q1")
        if moment != "done":
            assert contents(store) == before
        assert load_faers(store, new).outcome == ("unchanged" if moment == "done" else "loaded")
        assert store.status().rows["reports"] == 3_050
    assert [path.name for path in folder.iterdir()] == [DATABASE]


def test_a_second_writer_gets_one_clear_line(tmp_path):
    path = write_archive(tmp_path, quarter=Quarter(2015, 1), reports=10, seed=1)
    with open_store(tmp_path / "store", write=True) as store:
        load_faers(store, path)
        second = subprocess.run(
            [sys.executable, "-c", LOADER, str(tmp_path / "store"), str(path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert second.returncode == 1
    assert "another program is using it" in second.stderr.splitlines()[-1]


def test_a_damaged_store_is_refused_and_left_alone(tmp_path):
    (tmp_path / DATABASE).write_bytes(b"this is no database" * 1000)
    for write in (False, True):
        with pytest.raises(StoreError, match="damaged"):
            open_store(tmp_path, write=write)
    assert (tmp_path / DATABASE).read_bytes() == b"this is no database" * 1000


@pytest.mark.parametrize("damage", ["cut", "header", "block"])
def test_a_store_damaged_later_is_told_apart_from_one_in_use(tmp_path, damage):
    path = write_archive(tmp_path, quarter=Quarter(2015, 1), reports=500, seed=1)
    with open_store(tmp_path / "store", write=True) as store:
        load_faers(store, path)
    database = tmp_path / "store" / DATABASE
    whole = bytearray(database.read_bytes())
    if damage == "cut":
        whole = whole[: len(whole) // 2]
    elif damage == "header":
        for at in (4096, 8192):  # DuckDB keeps two headers in turn
            whole[at : at + 100] = b"\xff" * 100
    else:
        for at in range(3 * 4096 + 1000, len(whole), 50_000):
            whole[at] ^= 0xFF
    database.write_bytes(whole)

    def read_all():
        with open_store(tmp_path / "store") as store:
            contents(store)

    with pytest.raises(StoreError, match="it is damaged") as caught:
        read_all()
    assert_one_line(caught.value)


def test_a_store_of_another_version_is_refused(tmp_path):
    with open_store(tmp_path, write=True) as store:
        store.engine._execute("ALTER TABLE outcomes ADD COLUMN more VARCHAR")
        store.engine._execute("INSERT INTO outcomes VALUES (1, 1, 'DE', 'x')")
    with pytest.raises(StoreError, match="outcomes was made by another version"):
        open_store(tmp_path)


def test_a_folder_that_cannot_be_made_or_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(tmp_path / "file" / "store", write=True)


def opened_elsewhere(folder, then, before):
    """Open the store in a process of its own, with only the rights that its files give."""
    code = (
        "import sys; from pathlib import Path; from primum.store import open_store; folder = Path(sys.argv[1]); " + then
    )
    command = [*before, sys.executable, "-c", code, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_read_only_folder_is_refused(tmp_path, bound_by_rights):
    tmp_path.chmod(0o500)
    done = opened_elsewhere(tmp_path, "open_store(folder, write=True)", bound_by_rights)
    assert done.stderr.splitlines()[-1].startswith("primum.errors.StoreError")
    assert "cannot be written" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_may_only_be_read_still_answers(tmp_path, bound_by_rights):
    with open_store(tmp_path, write=True) as store:
        store.engine._execute("INSERT INTO outcomes VALUES (1, 1, 'DE')")
    (tmp_path / DATABASE).chmod(0o400)
    tmp_path.chmod(0o500)
    done = opened_elsewhere(tmp_path, "print(open_store(folder).engine.count('outcomes'))", bound_by_rights)
    assert (done.stdout, done.stderr) == ("1\n", "")


@pytest.mark.slow
def test_the_long_table_of_2022q3_loads(shared, tmp_path):
    path = shared / "data/faers_2022q3_primary_suspect.csv.gz"
    with open_store(tmp_path, write=True) as store:
        loaded = load_table(store, path)
        status = store.status()
        assert load_table(store, path).outcome == "unchanged"
        assert set(column(store, "drugs_in_report", "role")) == {"PS"}
    assert loaded.reports == 215_867
    assert status.files[0].loaded == 496_312
    assert (status.unaccounted, status.rows["rejects"]) == (0, 0)


def test_a_long_table_is_read_whatever_its_columns_case_and_order(tmp_path):
    rows = "Drug,year,caseid,ae\nBOTOX,1,2,Pain\nBOTOX,1,2,Pain\nBOTOX,1,2,Rash\nXEOMIN,1,1, pain \nX,1,,Rash\n"
    (tmp_path / "t.csv").write_text(rows)
    with open_store(tmp_path / "store", write=True) as store:
        loaded = load_table(store, tmp_path / "t.csv")
        reports = table("reports").select("report_key", "source", "primaryid", "caseid")
        (first, *xeomin), (second, *botox) = store.engine.rows(reports.order_by("report_key"))
        reactions = table("reactions")
        terms = store.engine.rows(reactions.select("report_key", "term", "row_number").order_by("row_number"))
        rejects = store.engine.rows(table("rejects").select("line_number", "reason"))
        repairs = {repair: count for _, repair, count in store.status().repairs}
    assert (xeomin, botox) == (["table", "1", "1"], ["table", "2", "2"])
    assert second == first + 1
    assert terms == [(first, "PAIN", 1), (second, "PAIN", 2), (second, "RASH", 3)]
    assert rejects == [(6, "no case number")]
    assert repairs == {"drop_repeated_row": 1}
    assert (loaded.reports, loaded.rejected) == (2, 1)


def test_control_bytes_of_a_long_table_are_stripped_and_their_rows_counted(tmp_path):  # Q06
    rows = (
        'CASEID,DRUG,AE\n1\x7f,Bo\x1btox,"Itching\tear"\n2,\x1b[31mRED\x07,"bell\x07\x1b]0;pwn\x07"\n3,X,Y\n\x07,X,Y\n'
    )
    (tmp_path / "t.csv").write_text(rows)
    with open_store(tmp_path / "store", write=True) as store:
        loaded = load_table(store, tmp_path / "t.csv")
        found = [column(store, *asked) for asked in (("reports", "caseid"), ("drugs_in_report", "drugname"))]
        found.append(column(store, "reactions", "term_text"))
        repairs = {repair: count for _, repair, count in store.status().repairs}
    assert [sorted(texts) for texts in found] == [
        ["1", "2", "3"],
        ["Botox", "X", "[31mRED"],
        ["Itching ear", "Y", "bell]0;pwn"],
    ]
    assert (repairs, loaded.repaired, loaded.rejected) == ({"strip_control_bytes": 3}, 3, 1)


def test_a_changed_table_of_the_same_name_replaces_the_first(tmp_path):
    path = tmp_path / "t.csv"
    with open_store(tmp_path / "store", write=True) as store:
        path.write_text("CASEID,DRUG,AE\n1,A,X\n2,A,X\n")
        assert load_table(store, path).outcome == "loaded"
        path.write_text("CASEID,DRUG,AE\n3,A,X\n")
        assert load_table(store, path).outcome == "replaced"
        assert column(store, "reports", "caseid") == ["3"]


def test_a_long_table_may_be_parquet(tmp_path):
    (tmp_path / "t.csv").write_text("CASEID,DRUG,AE\n1,A,X\n")
    with open_store(tmp_path / "store", write=True) as store:
        staged = store.engine.stage_file("given", tmp_path / "t.csv")
        store.engine.write_parquet(tmp_path / "t.parquet", staged.drop("staged_row"))
        assert load_table(store, tmp_path / "t.parquet").reports == 1
        assert store.status().files[0].header_lines == 0


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "t.csv",
            b"CASE,DRUG,AE\n1,A,X\n",
            'columns CASE,DRUG,AE: no CASEID Did you mean "CASE"?; expected the columns',
        ),
        ("t.csv", b"", "t.csv"),
        ("t.csv.gz", b"this is not gzip", "it cannot be read"),
        ("t.parquet", b"this is not parquet", "it cannot be read"),
        ("t.xlsx", b"", "another kind of file"),
    ],
)
def test_a_wrong_table_is_refused_in_one_line(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with open_store(tmp_path / "store", write=True) as store, pytest.raises(SourceError) as caught:
        load_table(store, tmp_path / name)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not exists(tmp_path / "store")


def test_good_archives_are_loaded_beside_a_bad_one_and_the_bad_one_is_named(tmp_path):
    write_archive(tmp_path, quarter=Quarter(2015, 1), reports=10, seed=1)
    (tmp_path / "faers_ascii_2015q2.zip").write_bytes(b"<html>")
    with open_store(tmp_path / "store", write=True) as store:
        with pytest.raises(SourceError, match=r"faers_ascii_2015q2.zip: it is a web page.*1 other archive"):
            load_archives(store, tmp_path)
        assert store.status().quarters == ("2015q1",)


@pytest.mark.parametrize("text", ["2014", "2014q5", "2014q3..", "2014q3..2014q1", "all"])
def test_a_text_that_names_no_quarters_is_refused(text):
    with pytest.raises(SourceError, match="expected"):
        read_quarters([text])


def test_every_table_is_documented():
    for schema in tables():
        assert all(column.meaning for column in schema_of(schema.name).columns)
