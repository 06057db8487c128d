"""Do the files of MAUDE become reports, devices and problems, every line accounted for?"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import os
from pathlib import Path

import pytest

import commands
from primum.errors import CohortError, SourceError
from primum.loading.maude import load_maude
from primum.sources.maude import COLUMNS, find_folder
from primum.store import open_store
from primum.store.parts import REPORT_TABLES
from primum.store.status import read_status
from primum.study.ask import ask
from primum.study.reports import Reports
from primum.study.reports import open as open_reports
from primum.testing.maude import PLANTED, write_maude

SHARED = Path(os.environ.get("PRIMUM_SHARED", Path(__file__).parents[3] / "shared"))
SAMPLE = SHARED / "data" / "maude_sample.csv.gz"
ADDED = ("MFR_REPORT_TYPE", "REPORTER_STATE_CODE")


def line(table, columns=None, **values):
    return "|".join(str(values.get(name.replace("-", "_"), "")) for name in columns or COLUMNS[table])


def report(key, **values):
    return line("MDRFOI", **{"MDR_REPORT_KEY": key, "DATE_RECEIVED": "01/02/2024", "EVENT_TYPE": "IN", **values})


def device(key, **values):
    return line(
        "DEVICE",
        **{
            "MDR_REPORT_KEY": key,
            "DEVICE_SEQUENCE_NO": 1,
            "BRAND_NAME": "FILLER A",
            "DEVICE_REPORT_PRODUCT_CODE": "LMH",
        }
        | values,
    )


def patient(key, outcome="", **values):
    return line("PATIENT", MDR_REPORT_KEY=key, PATIENT_SEQUENCE_NUMBER=1, SEQUENCE_NUMBER_OUTCOME=outcome, **values)


HEADS = {
    "mdrfoi": "|".join(COLUMNS["MDRFOI"]),
    "device": "|".join(COLUMNS["DEVICE"]),
    "patient": "|".join(COLUMNS["PATIENT"]),
    "foitext": "|".join(COLUMNS["FOITEXT"]),
    "patientproblemcode": "MDR_REPORT_KEY|PROBLEM_CODE",
}


@pytest.fixture
def load(tmp_path):
    """Load a folder with these lines, by the beginning of the file's name, into a store of the test."""
    folder = tmp_path / "files"
    folder.mkdir()
    with open_store(tmp_path / "store", write=True) as store:

        def loaded(**files):
            given = {"mdrfoi": [report(11)], "device": [device(11)], **files}
            for name, lines in given.items():
                stem = max((head for head in HEADS if name.startswith(head)), key=len, default="")
                stem = "" if name.endswith("codes") else stem
                text = "".join(f"{one}\r\n" for one in (*filter(None, [HEADS.get(stem)]), *lines))
                (folder / f"{name}{'.csv' if name.endswith('codes') else '.txt'}").write_bytes(text.encode("latin-1"))
            load_maude(store, [find_folder(folder)])
            assert read_status(store).unaccounted == 0
            return store

        yield loaded


def rows(store, name, *columns):
    return store.engine.read(name, *columns)


def repairs(store):
    return {name: count for _, name, count in read_status(store).repairs}


def test_a_brand_is_the_name_and_the_product_code_the_ingredient(load):
    store = load(
        device=[
            device(11),
            device(11, DEVICE_SEQUENCE_NO=2, BRAND_NAME="*", GENERIC_NAME="PUMP", DEVICE_REPORT_PRODUCT_CODE=""),
        ]
    )
    assert rows(store, "drugs_in_report", "drug_seq", "role", "drugname", "active_ingredient") == [
        (1, "PS", "FILLER A", "LMH"),
        (2, "PS", "PUMP", "PUMP"),
    ]
    assert repairs(store)["take_generic_name"] == 1


def test_the_patient_stands_on_the_report_and_outcomes_of_all_patients_are_told_once(load):
    store = load(
        mdrfoi=[report(11), report(12)],
        patient=[
            patient(11, "1,H;2,L;", PATIENT_AGE="18 MO", PATIENT_SEX="Female", PATIENT_WEIGHT="150 LBS"),
            patient(11, "H", PATIENT_AGE="70 YR", PATIENT_SEX="Male"),
        ],
    )  # fmt: skip
    assert rows(store, "reports", "caseid", "age_years", "age_text", "sex", "weight_kg") == [
        ("11", 1.5, "18 MO", "F", pytest.approx(68.0388)),
        ("12", None, None, None, None),
    ]
    by_report = {}
    for key, outcome in rows(store, "outcomes", "report_key", "outcome"):
        by_report.setdefault(key, set()).add(outcome)
    assert list(by_report.values()) == [{"HO", "LT"}, {"OT"}]  # an injury is serious; of which kind only patients tell


def test_a_row_of_a_change_file_is_a_later_version_and_takes_its_devices_along(load):
    store = load(
        mdrfoi=[report(11), report(12)],
        mdrfoiChange=[report(11, DATE_CHANGED="2024/05/06", EVENT_TYPE="D"), report(12, DATE_CHANGED="2024/05/06")],
        device=[device(11), device(12)],
        deviceChange=[device(11, BRAND_NAME="FILLER B")],
    )
    current = [key for key, yes in rows(store, "current_reports", "report_key", "current") if yes]
    assert len(rows(store, "reports", "report_key")) == 4
    found = dict(rows(store, "drugs_in_report", "report_key", "drugname"))
    assert sorted(found[key] for key in current) == ["FILLER A", "FILLER B"]  # 12 kept the device it had
    assert len(found) == 3  # the older version of 11 kept its own
    versions = rows(store, "reports", "caseid", "case_version")
    assert versions == [("11", 0), ("11", 20240506), ("12", 0), ("12", 20240506)]


def test_a_replaced_row_of_a_report_with_one_version_is_kept_in_rejects(load):
    store = load(deviceChange=[device(11, BRAND_NAME="FILLER B")])
    assert rows(store, "drugs_in_report", "drugname") == [("FILLER B",)]
    [(reason, text)] = rows(store, "rejects", "reason", "line_bytes")
    assert (reason, bytes(text)) == ("a row of a newer file replaces it", device(11).encode())


def test_problems_are_reactions_by_name_and_those_of_the_device_say_so(load):
    store = load(
        foidevproblem=["11|2001", "11|77"],
        patientproblemcode=["11|1001", "11|*"],
        deviceproblemcodes=['"2001","Break"'],
        patientproblemcodes=['"1001","Nodule"'],
    )
    assert sorted(rows(store, "reactions", "term", "term_text")) == [
        ("DEVICE PROBLEM: 77", "77"),
        ("DEVICE PROBLEM: BREAK", "Break"),
        ("NODULE", "Nodule"),
    ]
    assert (repairs(store)["keep_unnamed_problem"], repairs(store)["leave_empty_problem"]) == (1, 1)


def test_a_list_of_problems_may_be_in_utf16_and_one_that_is_no_csv_is_told(load, tmp_path):
    problems = ["11|1"]
    (tmp_path / "files" / "deviceproblemcodes.txt").write_bytes("1,Break\r\n\r\n2,Lump".encode("utf-16"))
    store = load(foidevproblem=problems)
    assert rows(store, "reactions", "term") == [("DEVICE PROBLEM: BREAK",)]
    assert next(file for file in read_status(store).files if file.member == "deviceproblemcodes.txt").blank_lines == 1
    (tmp_path / "files" / "deviceproblemcodes.txt").write_bytes(b"1,Break\r2,Lump\r")
    with pytest.raises(SourceError, match=r"deviceproblemcodes\.txt: a line is none of CSV"):
        load(foidevproblem=problems)


def test_a_code_of_two_countries_is_left_open_and_counted(load):
    codes = ("AU", "ja", "DE", "XX", "*")
    store = load(mdrfoi=[report(key, REPORTER_COUNTRY_CODE=code) for key, code in enumerate(codes, start=11)])
    told = rows(store, "reports", "reporter_country_text", "reporter_country")
    assert sorted(told, key=str) == sorted(
        [("AU", None), ("ja", "JP"), ("DE", "DE"), ("XX", None), (None, None)], key=str
    )
    faults = {(column, fault): count for _, column, fault, count in read_status(store).value_faults}
    column = "REPORTER_COUNTRY_CODE"
    assert faults == {(column, "code of two countries"): 1, (column, "not a country"): 1}


@pytest.mark.parametrize("number", ["1", "1.0", " 1. "])
def test_a_device_has_its_number_however_it_is_printed(load, number):
    assert rows(load(device=[device(11, DEVICE_SEQUENCE_NO=number)]), "drugs_in_report", "drug_seq") == [(1,)]


def test_what_is_not_known_of_a_patient_is_no_fault(load):
    store = load(patient=[patient(11, PATIENT_AGE="UNK", PATIENT_SEX="NI", PATIENT_WEIGHT="NI")])
    assert rows(store, "reports", "age_years", "sex", "weight_kg") == [(None, None, None)]
    assert read_status(store).value_faults == ()


def test_rows_about_reports_that_are_not_there_are_counted_and_left_out(load):
    store = load(foidevproblem=["11|1", "99|1", "99|2"], patient=[patient(99, "H"), patient(11)])
    status = {file.table_name: (file.loaded, file.outside, file.rejected) for file in read_status(store).files}
    assert status["FOIDEVPROBLEM"] == (1, 2, 0)
    assert status["PATIENT"] == (1, 1, 0)
    assert rows(store, "outcomes", "outcome") == [("OT",)]


def test_texts_are_kept_whole_with_their_pipes_and_breaks(load):
    store = load(foitext=["11|5|D|1|01/02/2024|first | second", "third", "12|6|N|1||nobody's"])
    assert rows(store, "narratives", "kind", "text") == [("event", "first | second third")]


def test_older_layouts_and_several_forms_of_dates_are_read(load, tmp_path):
    older = [name for name in COLUMNS["MDRFOI"] if name not in ADDED]
    row = line(
        "MDRFOI", older, MDR_REPORT_KEY='" 21.0"', DATE_RECEIVED="2010-03-04", DATE_OF_EVENT="01-MAR-10", EVENT_TYPE="M"
    )
    (tmp_path / "files" / "mdrfoiThru2023.txt").write_text(f"{'|'.join(older)}\n{row}\n")
    store = load(mdrfoi=[report(11, DATE_RECEIVED="soon")])
    assert rows(store, "reports", "caseid", "received_date", "event_date") == [
        ("11", None, None),
        ("21", dt.date(2010, 3, 4), dt.date(2010, 3, 1)),
    ]
    assert [(c, f) for _, c, f, _ in read_status(store).value_faults] == [("DATE_RECEIVED", "not a date")]
    assert len([1 for _, name, _ in read_status(store).repairs if name == "mend_key"]) == 1


def test_loading_twice_changes_nothing_another_file_replaces_and_a_bad_one_leaves_the_store(load, tmp_path):
    store = load()
    before = {name: store.engine.content_hash(name) for name in (*REPORT_TABLES, "files", "current_reports")}
    [again] = load_maude(store, [find_folder(tmp_path / "files")])
    assert again.outcome == "unchanged"
    (tmp_path / "files" / "patient.txt").write_text("MDR_KEY|A\n1|2\n")
    with pytest.raises(SourceError, match="no column MDR_REPORT_KEY"):
        load_maude(store, [find_folder(tmp_path / "files")])
    assert before == {name: store.engine.content_hash(name) for name in before}
    store = load(device=[device(11, BRAND_NAME="FILLER B")], patient=[])
    assert rows(store, "drugs_in_report", "drugname") == [("FILLER B",)]


def test_files_read_in_small_blocks_and_from_several_runs_of_numbers_are_the_same(tmp_path, monkeypatch):
    write_maude(tmp_path, reports=60)
    hashes = []
    for block, run in ((700, 7), (4_000_000, 1_000_000)):
        monkeypatch.setattr("primum.sources.blocks.BLOCK", block)
        monkeypatch.setattr("primum.sources.report_keys._AT_ONCE", run)
        with open_store(tmp_path / f"store{block}", write=True) as store:
            load_maude(store, [find_folder(tmp_path)])
            hashes.append([store.engine.content_hash(name) for name in REPORT_TABLES])
    assert hashes[0] == hashes[1]


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the sample of MAUDE is not there")
def test_the_real_reports_of_the_sample_are_loaded_in_the_layout_of_the_files(load):
    with gzip.open(SAMPLE, "rt", encoding="utf-8", newline="") as stream:
        sample = list(csv.DictReader(stream))
    kinds = {"Injury": "IN", "Malfunction": "M", "Death": "D"}
    store = load(
        mdrfoi=[
            report(key, REPORT_NUMBER=one["report_number"], DATE_RECEIVED=one["date_received"],
                   EVENT_TYPE=kinds.get(one["event_type"], "*"), MANUFACTURER_NAME=one["manufacturer_d_name"],
                   REPORTER_COUNTRY_CODE=one["manufacturer_d_country"])  # codes as FDA prints them
            for key, one in enumerate(sample, start=1_000)
        ],
        device=[
            device(key, BRAND_NAME=one["brand_name"], GENERIC_NAME=one["device_name"], DEVICE_REPORT_PRODUCT_CODE="",
                   LOT_NUMBER=one["lot_number"])
            for key, one in enumerate(sample, start=1_000)
        ],
    )  # fmt: skip
    assert len(sample) == 535
    assert len(rows(store, "current_reports", "current")) == 535
    assert read_status(store).value_faults == ()
    meant = {"US": "US", "FR": "FR", "UK": "GB", "SZ": "CH", "GM": "DE", "EI": "IE", None: None}
    told = rows(store, "reports", "reporter_country_text", "reporter_country")
    assert {code for code, _ in told} == set(meant)
    assert all(meant[code] == country for code, country in told)
    answer = Reports(store, fast=False).answer("dermal-fillers")
    assert (answer.reports, answer.signals, answer.controls) == (0, None, ())  # no filler is among them
    names = {one["brand_name"].strip() for one in sample if one["brand_name"]}
    assert {name for (name,) in rows(store, "drugs_in_report", "drugname")} >= names
    deaths = sum(one["event_type"] == "Death" for one in sample)
    assert sum(outcome == "DE" for (outcome,) in rows(store, "outcomes", "outcome")) == deaths


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maude")
    (folder / "files").mkdir()
    write_maude(folder / "files", reports=400)
    with open_store(folder / "store", write=True) as store:
        load_maude(store, [find_folder(folder / "files")])
        assert store.synthetic().startswith("SYNTHETIC: 420 of the 420")
        assert read_status(store).unaccounted == 0
    return folder / "store"


def test_the_planted_signal_stands_out_by_code_and_by_treatment_and_the_answer_says_device(planted):
    with open_reports(planted) as reports:
        fillers = reports.signals("dermal-filler", "source:maude")
        assert {*fillers.ranked().event[:2]} == {PLANTED[1].upper()}
        assert any("on devices, not drugs" in note for note in fillers.notes)
        assert set(fillers.drug) == {"hyaluronic acid", "calcium hydroxylapatite"}
        kinds = dict(zip(fillers.event.tolist(), fillers.bin.tolist(), strict=True))
        assert (kinds["NODULE"], kinds["DEVICE PROBLEM: BREAK"]) == ("harm", "product_quality")


def test_both_controls_of_fillers_are_counted_in_reports_on_devices_and_terms_of_their_labels_are_listed(planted):
    """SYNTHETIC reports: the infection is as frequent with every device, the nodule with every filler."""
    dossier = ask("dermal-fillers", store=planted)
    part = dossier.part("reports")
    ratio = dossier.findings["reports.loaded.control.urinary_tract_infection.ror"]
    assert ratio.interval.lower < 1 < ratio.interval.upper
    figure = next(figure for figure in part.figures if figure.id == "active_comparator")
    assert "NODULE" in [row[0] for row in figure.twin.rows]
    nodule = dossier.findings["reports.loaded.comparator.nodule.ror"]
    assert nodule.interval.lower < 1 < nodule.interval.upper
    readus = next(table for table in dossier.part("methods").tables if table.id == "readus")
    assert next(row[2] for row in readus.rows if row[0].startswith("Negative control")) == "done"
    listed = {row[0]: row[-1] for table in part.all_tables() if table.id == "reactions" for row in table.rows}
    assert listed["NODULE"] == "yes"
    assert listed["NECROSIS"] != "yes"


def primum(*arguments, store):
    return commands.primum(*arguments, env={**os.environ, "PRIMUM_STORE": str(store), "COLUMNS": "80"})


@pytest.mark.slow
def test_fillers_are_answered_from_files_of_maude_end_to_end(tmp_path):
    folder = tmp_path / "maude"
    folder.mkdir()
    write_maude(folder, reports=200)
    store = tmp_path / "store"
    done = primum("load", "maude", folder, store=store)
    assert done.stdout.startswith("maude: loaded 210 reports; 10 lines rejected"), done.stderr
    assert "is loaded already" in primum("load", "maude", folder, store=store).stdout
    told = primum("signals", "dermal-filler", store=store).stdout
    assert "NODULE" in told
    assert "on devices, not drugs" in " ".join(told.split())
    by_code = primum("signals", "LMH", store=store)
    assert (by_code.returncode, by_code.stdout) == (1, "")
    assert by_code.stderr == (
        'primum: No drug in the loaded reports named "LMH"; reports that name it are counted with dermal-fillers. '
        "Ask for dermal-fillers.\n"
    )
    answer = primum("ask", "dermal-filler", "--json", tmp_path / "a.json", "--html", tmp_path / "a.html", store=store)
    assert answer.returncode == 0, answer.stderr
    page = (tmp_path / "a.html").read_text()
    assert "on devices, not drugs" in page
    assert "NODULE" in page.upper()


def test_reports_without_a_reaction_are_not_said_to_be_missing(tmp_path):
    (tmp_path / "mdrfoi.txt").write_text(f"{HEADS['mdrfoi']}\n{report(11)}\n")
    (tmp_path / "device.txt").write_text(f"{HEADS['device']}\n{device(11)}\n")
    with open_store(tmp_path / "store", write=True) as store:
        load_maude(store, [find_folder(tmp_path)])
    with open_reports(tmp_path / "store") as reports:
        assert reports.flow("dermal-filler")[-1].count == 1
        with pytest.raises(CohortError, match=r"no report with a reaction; .* MAUDE, patientproblemcode\.txt"):
            reports.signals("dermal-filler")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["mdrfoi.txt"], "no device file is in it"),
        ([], "no mdrfoi and no device file"),
        (None, "there is no such folder"),
    ],
)
def test_what_is_not_whole_gets_one_line_and_leaves_no_store(tmp_path, names, said):
    folder = tmp_path / "files"
    if names is not None:
        folder.mkdir()
        for name in names:
            (folder / name).write_text("MDR_REPORT_KEY\n")
    done = primum("load", "maude", folder, store=tmp_path / "store")
    assert done.returncode == 1
    [told] = done.stderr.splitlines()
    assert said in told
    assert not (tmp_path / "store").exists()
