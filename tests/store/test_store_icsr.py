"""Do case safety reports, as XML and as JSON, become the rows they should, every record accounted for?"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from collections import Counter

import pytest

import commands
from primum.errors import SourceError
from primum.loading.icsr import find_icsr_files, load_icsr
from primum.loading.icsr_ahead import WORTH_IT, read_share
from primum.loading.table import load_table
from primum.sources.records import RECORDS_OF_A_RUN
from primum.store import open_store
from primum.store.parts import REPORT_TABLES
from primum.store.status import read_status
from primum.study.reports import open as open_reports
from primum.testing.icsr import LLT_CODES, PLANTED, write_e2b_r2, write_e2b_r3, write_openfda
from primum.testing.terminology import write_meddra

HEAD = '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE ichicsr SYSTEM "x.dtd"><ichicsr lang="en">'
COMPARED = (*REPORT_TABLES, "files", "rejects", "repairs", "value_faults", "current_reports")


def case(number=11, *, version="1", received="20190201", more="", term="Rash", drug="A"):
    """A SYNTHETIC report."""
    return (
        f"<safetyreport><safetyreportversion>{version}</safetyreportversion><safetyreportid>{number}</safetyreportid>"
        f"<receiptdate>{received}</receiptdate><sender><senderorganization>SYNTHETIC</senderorganization></sender>{more}"
        f"<patient><reaction><reactionmeddrapt>{term}</reactionmeddrapt></reaction><drug><drugcharacterization>1"
        f"</drugcharacterization><medicinalproduct>{drug}</medicinalproduct></drug></patient></safetyreport>"
    )


@pytest.fixture
def load(tmp_path):
    """Load a file of E2B with these reports into a store of the test and give the store."""
    with open_store(tmp_path / "store", write=True) as store:

        def loaded(*reports, name="a.xml"):
            (tmp_path / name).write_text(HEAD + "".join(reports) + "</ichicsr>")
            load_icsr(store, "e2b", find_icsr_files("e2b", [tmp_path / name]))
            assert read_status(store).unaccounted == 0
            return store

        yield loaded


def rows(store, name, *columns):
    return store.engine.read(name, *columns)


def hashes(store):
    return {name: store.engine.content_hash(name) for name in COMPARED}


def current(store):
    names = dict(rows(store, "reports", "report_key", "primaryid"))
    found = rows(store, "current_reports", "report_key", "current", "reason")
    return {names[key]: (is_current, reason) for key, is_current, reason in found}


def test_a_report_becomes_rows_of_every_table(load):
    more = "<seriousnessdeath>1</seriousnessdeath><reporttype>2</reporttype><occurcountry>FR</occurcountry>"
    store = load(case(more=more))
    assert rows(store, "reports", "source", "primaryid", "caseid", "occurrence_country") == [("e2b", "111", "11", "FR")]
    assert rows(store, "drugs_in_report", "drug_seq", "role", "drugname") == [(1, "PS", "A")]
    assert rows(store, "reactions", "term", "term_text") == [("RASH", "Rash")]
    assert rows(store, "outcomes", "outcome") == [("DE",)]
    assert rows(store, "report_sources", "report_source") == [("SDY",)]


def test_a_rejected_report_is_kept_whole_with_its_place_and_reason(load):
    broken = "<safetyreport><a></b></safetyreport>"
    store = load(case(1), broken, case(2))
    [(number, reason, kept)] = rows(store, "rejects", "line_number", "reason", "line_bytes")
    assert (number, bytes(kept)) == (2, broken.encode())
    assert reason == "not well-formed (mismatched tag)"
    [file] = read_status(store).files
    assert (file.lines, file.loaded, file.rejected, file.layout) == (3, 2, 1, "E2B(R2)")


def test_the_highest_version_speaks_for_its_case_and_then_the_latest_received(load):
    load(case(11, version="2"), case(11, version="1", received="20190301"))
    store = load(case(12, received="20190102"), case(12, received="20190103"), name="b.xml")
    assert current(store)["112"] == (True, "latest version")
    assert current(store)["111"] == (False, "a higher version replaces it")
    received = {text for (text,) in rows(store, "reports", "received_date_text")}
    assert received == {"20190102", "20190103", "20190201", "20190301"}
    assert sorted(is_current for (is_current,) in rows(store, "current_reports", "current")) == [
        False,
        False,
        True,
        True,
    ]


def test_a_case_that_its_sender_takes_back_is_out_and_a_later_version_brings_it_back(load):
    taken_back = "<casenullification>1</casenullification>"
    load(case(11, version="1"), case(12, version="1", more=taken_back))
    store = load(case(11, version="2", more=taken_back), name="b.xml")
    out = (False, "the sender took the case back")
    assert current(store) == {"111": out, "112": out, "121": out}
    store = load(case(11, version="3"), name="c.xml")
    assert current(store)["113"] == (True, "latest version")
    assert current(store)["112"] == (False, "a higher version replaces it")


def test_loading_twice_changes_nothing_and_another_file_of_that_name_replaces_it(load, tmp_path):
    store = load(case(11), case(12))
    before = hashes(store)
    [again] = load_icsr(store, "e2b", find_icsr_files("e2b", [tmp_path / "a.xml"]))
    assert again.outcome == "unchanged"
    assert hashes(store) == before
    load(case(13, term="Chills"))
    assert rows(store, "reactions", "term") == [("CHILLS",)]


def test_a_file_that_is_refused_leaves_the_store_as_it_was(load, tmp_path):
    store = load(case(11))
    before = hashes(store)
    (tmp_path / "b.xml").write_text('<!DOCTYPE ichicsr [<!ENTITY x "y">]><ichicsr/>')
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as packed:
        packed.writestr("xml/1_ADR19Q1.xml", HEAD + case(12) + "</ichicsr>")
        packed.writestr("xml/2_ADR19Q1.xml", (tmp_path / "b.xml").read_text())
    for name in ("b.xml", "b.zip"):
        with pytest.raises(SourceError, match="declares entities"):
            load_icsr(store, "e2b", find_icsr_files("e2b", [tmp_path / name]))
        assert hashes(store) == before


def test_the_members_of_a_twin_are_files_of_one_part(tmp_path):
    with zipfile.ZipFile(tmp_path / "faers_xml_2019q1.zip", "w") as packed:
        for n in (1, 2):
            packed.writestr(f"xml/{n}_ADR19Q1.xml", HEAD + case(n, more="<new/>") + "</ichicsr>")
        packed.writestr("Deleted/list.txt", "1")
    with open_store(tmp_path / "store", write=True) as store:
        [loaded] = load_icsr(store, "e2b", find_icsr_files("e2b", [tmp_path]))
        assert (loaded.part, loaded.reports) == ("faers_xml_2019q1.zip", 2)
        assert [file.member for file in read_status(store).files] == ["xml/1_ADR19Q1.xml", "xml/2_ADR19Q1.xml"]
        assert sorted(rows(store, "repairs", "repair", "rows_touched")) == [("leave_unknown_element", 1)] * 2


def test_value_faults_are_counted_by_element_and_cost_no_report(load):
    store = load(case(received="soon", more="<occurcountry>Nowhere</occurcountry>"), case(12, received="soon"))
    assert rows(store, "value_faults", "column_name", "fault", "rows_touched") == [
        ("occurcountry", "not a country", 1),
        ("receiptdate", "not a date", 2),
    ]
    assert rows(store, "reports", "received_date_text") == [("soon",), ("soon",)]


def test_rows_written_in_batches_are_the_rows_written_at_once(tmp_path, monkeypatch):
    write_e2b_r2(tmp_path / "a.xml", reports=30)
    found = []
    for size in (7, 500):
        monkeypatch.setattr("primum.sources.records.RECORDS_OF_A_RUN", size)
        with open_store(tmp_path / f"store{size}", write=True) as store:
            load_icsr(store, "e2b", find_icsr_files("e2b", [tmp_path / "a.xml"]))
            found.append(hashes(store))
    assert found[0] == found[1]


@pytest.fixture
def ahead(monkeypatch):
    """Read every file in two processes, however small."""
    monkeypatch.setattr("primum.loading.icsr_ahead.WORTH_IT", 0)
    monkeypatch.setattr("primum.loading.icsr_ahead.READERS_AT_ONCE", 2)


@pytest.fixture
def damaged(tmp_path):
    """A file of three runs, some of whose reports are to be mended and one is none, behind a byte order mark."""
    write_e2b_r2(tmp_path / "a.xml", reports=RECORDS_OF_A_RUN * 2 + 100)
    text = (tmp_path / "a.xml").read_text(encoding="latin-1").replace("iso-8859-1", "utf-8")
    text = text.replace("<reporttype>", "<reporttype>&", 3).replace("</patient>", "", 1)
    (tmp_path / "a.xml").write_text(f"\ufeff{text}")
    return tmp_path / "a.xml"


def test_two_processes_read_the_rows_that_one_reads(damaged, tmp_path, request):
    found = []
    for name in ("here", "there"):
        if name == "there":
            request.getfixturevalue("ahead")
        with open_store(tmp_path / name, write=True) as store:
            [loaded] = load_icsr(store, "e2b", find_icsr_files("e2b", [damaged]))
            found.append((loaded, hashes(store)))
    assert found[0] == found[1]
    assert found[0][0].rejected == 1


@pytest.mark.parametrize("readers", [2, 3, 5])
def test_every_run_is_read_by_one_reader_and_the_accounts_add_up(damaged, readers, monkeypatch):
    monkeypatch.setattr("primum.sources.records.RECORDS_OF_A_RUN", 300)
    [file] = find_icsr_files("e2b", [damaged])
    [*runs, whole] = read_share("e2b", file, {}, (0, 1))
    shares = [list(read_share("e2b", file, {}, (number, readers))) for number in range(readers)]
    dealt = [share[turn] for turn in range(len(runs)) for share in shares if turn < len(share) - 1][: len(runs)]
    assert [run.reports for run in dealt] == [run.reports for run in runs]
    assert [run.rejects for run in dealt] == [run.rejects for run in runs]
    accounts = [share[-1] for share in shares]
    assert sum(one.lines for one in accounts) == whole.lines
    assert sum((Counter(one.repairs) for one in accounts), Counter()) == Counter(whole.repairs)
    assert whole.repairs["strip_byte_order_mark"] == 1


def test_a_run_of_nothing_but_long_rejects_ends_early(tmp_path, monkeypatch):
    monkeypatch.setattr("primum.sources.records.BYTES_OF_A_RUN", 1_000)
    (tmp_path / "a.xml").write_text(HEAD + "<safetyreport><a></b></safetyreport>" * 200)
    [file] = find_icsr_files("e2b", [tmp_path / "a.xml"])
    [*runs, _] = read_share("e2b", file, {}, (0, 1))
    assert sum(len(run.rejects) for run in runs) == 200
    assert max(len(run.rejects) for run in runs) < 40


@pytest.mark.usefixtures("ahead")
def test_what_the_other_process_refuses_is_told_in_one_line_and_leaves_the_store_as_it_was(load, tmp_path):
    store = load(case(11), name="b.xml")
    (tmp_path / "a.xml").write_text('<!DOCTYPE ichicsr [<!ENTITY x "y">]><ichicsr/>')
    with pytest.raises(SourceError, match=r"^a.xml: it declares entities of its own"):
        load_icsr(store, "e2b", find_icsr_files("e2b", [tmp_path / "a.xml"]))
    assert rows(store, "reports", "caseid") == [("11",)]


@pytest.mark.usefixtures("ahead")
def test_a_process_that_ends_too_early_is_told_and_leaves_the_store_as_it_was(load, monkeypatch):
    monkeypatch.setattr("primum.loading.icsr_ahead._CHILD", "import sys; sys.stdin.buffer.read()")
    with pytest.raises(SourceError, match="the process that reads it ended"):
        load(case(11))


def test_the_planted_signal_stands_out_in_every_form_and_systems_are_never_added_in_silence(tmp_path):
    write_e2b_r2(tmp_path / "r2.xml", reports=150)
    (tmp_path / "q").mkdir()
    write_openfda(tmp_path / "q" / "drug-event-0001-of-0001.json.zip", reports=300)
    with open_store(tmp_path / "store", write=True) as store:
        load_icsr(store, "e2b", find_icsr_files("e2b", [tmp_path]))
        load_icsr(store, "openfda", find_icsr_files("openfda", [tmp_path]))
        assert store.synthetic().startswith("SYNTHETIC: 465 of the 465")
    drug, event = PLANTED
    with open_reports(tmp_path / "store") as reports:
        for system, total in (("e2b", 150), ("openfda", 300)):
            alone = reports.signals(drug, f"source:{system}")
            assert alone.ranked().event[0] == event.upper()
            assert set(alone.total_reports.tolist()) == {total}
        both = reports.signals(drug)
        assert any(note.startswith("Reports of e2b and openfda are counted together") for note in both.notes)
        flow = [(step.step, step.count) for step in reports.flow(cohort="source:openfda")]
        assert ("current reports, one a case", 450) in flow


def primum(*arguments, store):
    return commands.primum(*arguments, env={**os.environ, "PRIMUM_STORE": str(store)})


@pytest.mark.slow
def test_the_command_loads_xml_and_says_so_again(tmp_path):
    path = tmp_path / "1_ADR19Q1.xml"
    path.write_text(HEAD + case(1) + "<safetyreport/>" + "</ichicsr>")
    done = primum("load", "e2b", path, store=tmp_path / "store")
    assert done.stdout == "1_ADR19Q1.xml: loaded 1 reports; 1 records rejected, 0 repairs\n", done.stderr
    again = primum("load", "e2b", tmp_path, store=tmp_path / "store")
    assert again.stdout == "1_ADR19Q1.xml: 1_ADR19Q1.xml is loaded already (1 reports)\n"


@pytest.mark.slow
def test_the_command_names_the_terms_of_r3_where_a_licensed_folder_is_given(tmp_path):
    folder = write_meddra(tmp_path / "meddra")
    pt, name = (tmp_path / "meddra" / "MedAscii" / "pt.asc").read_text().split("$")[:2]
    path = write_e2b_r3(tmp_path / "batch.xml", reports=20)
    for code in LLT_CODES.values():
        path.write_text(path.read_text().replace(code, pt))
    done = primum("load", "e2b", path, "--meddra", folder, store=tmp_path / "store")
    assert done.returncode == 0, done.stderr
    with open_store(tmp_path / "store", write=True) as store:
        assert {term for (term,) in rows(store, "reactions", "term")} == {name.upper()}
        assert {code for (code,) in rows(store, "reactions", "term_code")} == {pt}


@pytest.mark.slow
def test_a_load_that_is_killed_leaves_the_store_as_it_was_and_runs_again(tmp_path):
    """Killed at three moments of the load of a file that a process of its own reads."""
    path = write_e2b_r2(tmp_path / "a.xml", reports=3_300)
    assert path.stat().st_size > WORTH_IT
    command = [sys.executable, "-m", "primum", "load", "e2b", str(path), "--store"]
    began = time.perf_counter()
    subprocess.run([*command, tmp_path / "whole"], check=True, capture_output=True)
    lasted = time.perf_counter() - began
    with open_store(tmp_path / "whole") as store:
        expected = hashes(store)
    for share in (0.4, 0.6, 0.8):
        folder = tmp_path / f"killed at {share}"
        load_table_of_one(folder, tmp_path / "t.csv")
        with subprocess.Popen([*command, folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as load:
            time.sleep(share * lasted)
            load.kill()
        with open_store(folder, underived=True) as store:
            assert store.engine.count("reports") in (1, 1 + 3_630)
        subprocess.run([*command, folder], check=True, capture_output=True)
        with open_store(folder, write=True) as store:
            store.engine.delete("reports", "source", "table", "table")
            assert store.engine.content_hash("reports") == expected["reports"]
            assert store.engine.content_hash("rejects") == expected["rejects"]


def load_table_of_one(folder, path):
    """A store with one report of a long table."""
    path.write_text("CASEID,DRUG,AE\n1,A,B\n")
    with open_store(folder, write=True) as store:
        load_table(store, path)


@pytest.mark.parametrize(
    ("command", "text", "said"),
    [
        ("e2b", None, "there is no such file or folder"),
        ("e2b", "<html></html>", "the root element 'html'"),
        ("openfda", "{}", "no list of results"),
    ],
)
def test_what_is_no_such_file_gets_one_line(tmp_path, command, text, said):
    path = tmp_path / ("a.xml" if command == "e2b" else "a.json")
    if text is not None:
        path.write_text(text)
    done = primum("load", command, path, store=tmp_path / "store")
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert said in line


def test_a_folder_without_such_files_makes_no_store(tmp_path):
    done = primum("load", "openfda", tmp_path, store=tmp_path / "store")
    assert "no such file is in it" in done.stderr
    assert not (tmp_path / "store").exists()
