"""Do load and status answer as processes: exit codes, one line for a fault, nothing half-written?"""

from __future__ import annotations

import json
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

import commands
from primum.terms import Quarter
from primum.testing.faers import write_archive


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def primum(*arguments, store, **environment):
    """Run the command line; no shell, no terminal."""
    return commands.primum(*arguments, env={**os.environ, "PRIMUM_STORE": str(store), **environment})


def refused(*arguments, store):
    """A run that must end with one line on standard error and exit code 1."""
    done = primum(*arguments, store=store)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("primum: ")
    return line


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A store with two quarters, loaded by the command line, and what it said."""
    folder = tmp_path_factory.mktemp("filled")
    for quarter in ("2015q1", "2015q2", "2016q1"):
        write_archive(folder, quarter=Quarter.parse(quarter), reports=60, seed=1)
    done = primum("load", "faers", "2015q1..2015q3", "--from", folder, store=folder / "store")
    assert done.returncode == 0, done.stderr
    return folder, done


def test_load_says_what_it_loaded_and_what_it_did_not_find(filled):
    folder, done = filled
    assert done.stdout.splitlines() == [
        "2015q1: loaded 60 reports; 0 lines rejected, 0 rows repaired",
        "2015q2: loaded 60 reports; 0 lines rejected, 0 rows repaired",
        f"not found in {folder}: 2015q3",
    ]
    assert done.stderr == ""  # no progress where nobody watches


def test_load_again_says_so(filled):
    folder, _ = filled
    again = primum("load", "faers", "--from", folder / "faers_ascii_2015q1.zip", store=folder / "store")
    assert again.stdout == "2015q1: faers_ascii_2015q1.zip is loaded already (60 reports)\n"


def test_store_may_be_named_by_an_option(filled):
    folder, _ = filled
    done = primum("status", "--store", folder / "store", store=folder / "nowhere")
    assert done.returncode == 0


def test_status_fits_eighty_columns_and_accounts_for_every_line(filled):
    folder, _ = filled
    done = primum("status", "--files", store=folder / "store")
    lines = done.stdout.splitlines()
    assert max(map(len, lines[1:])) <= 80  # the first names the folder
    assert sum("  DEMO" in line for line in lines) == 2
    assert lines[-1] == "Lines that are not accounted for: 0"


def test_status_as_json_holds_accounts_hashes_and_rows(filled):
    folder, _ = filled
    done = primum("status", "--json", "-", store=folder / "store")
    answer = json.loads(done.stdout)
    assert answer["schema"] == "primum.status/1"
    assert answer["quarters"] == ["2015q1", "2015q2"]
    assert answer["rows"]["reports"] == 120
    assert answer["unaccounted_lines"] == 0
    for file in answer["files"]:
        placed = file["loaded"] + file["rejected"] + file["header_lines"] + file["blank_lines"] + file["joins"]
        assert file["lines"] == placed - file["splits"]
        assert len(file["archive_sha256"]) == 64
    written = primum("status", "--json", folder / "status.json", store=folder / "store")
    assert "Snapshot" in written.stdout
    assert json.loads((folder / "status.json").read_text()) == answer


def test_status_without_a_store_says_how_to_load_one(tmp_path):
    line = refused("status", store=tmp_path / "store")
    assert "primum load faers" in line
    assert not (tmp_path / "store").exists()


def test_load_without_quarters_or_archives_names_what_to_name(tmp_path):
    line = refused("load", "faers", store=tmp_path / "store")
    assert "2004q1..2026q2" in line
    assert "--from" in line
    assert not (tmp_path / "store").exists()


@pytest.mark.slow
def test_quarters_are_downloaded_from_the_address_in_the_configuration(tmp_path):
    write_archive(tmp_path, quarter=Quarter(2015, 1), reports=20, seed=1)
    handler = partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        done = primum("load", "faers", "2015q1..2015q2", store=tmp_path / "store", PRIMUM_FAERS_URL=address)
        again = primum("load", "faers", "2015q1", "--from", address, store=tmp_path / "store")
        server.shutdown()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "2015q1: loaded 20 reports; 0 lines rejected, 0 rows repaired",
        f"not found in {address}: 2015q2",
    ]
    assert again.stdout == "2015q1: faers_ascii_2015q1.zip is loaded already (20 reports)\n"


@pytest.mark.slow
def test_a_load_that_was_stopped_before_it_derived_is_finished_by_whoever_comes_next(tmp_path):
    from primum.loading.faers import load_faers
    from primum.store import open_store

    path = write_archive(tmp_path, quarter=Quarter(2015, 1), reports=20, seed=1)
    for finisher in (("load", "faers"), ("case", "510")):
        folder = tmp_path / finisher[0]
        with open_store(folder, write=True) as store:
            load_faers(store, path, with_derived=False)
        assert "the next answer or load finishes it" in primum("status", store=folder).stdout
        primum(*finisher, store=folder)
        assert "the next answer or load finishes it" not in primum("status", store=folder).stdout


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("faers_ascii_2015q1.zip", b"<html></html>", "it is a web page"),
        ("faers_ascii_2015q1.zip", b"PK\x05\x06" + bytes(18), "no file for DEMO DRUG REAC OUTC RPSR THER INDI"),
        ("faers_ascii_2015q1.zip", b"nothing", "it cannot be read"),
    ],
)
def test_a_wrong_archive_gets_one_line_and_leaves_no_store(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    assert said in refused("load", "faers", "--from", tmp_path / name, store=tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_store_of_an_older_form_is_brought_up_to_date_by_the_command_that_its_line_names(tmp_path):
    from primum.store import open_store

    path, folder = write_archive(tmp_path, quarter=Quarter(2015, 1), reports=20, seed=1), tmp_path / "an old store"
    commands.primum("load", "faers", "--from", path, "--store", folder)
    facts = {"schema_version": "d8eb9cd6fadaf401", "derived_from": "a snapshot of that form"}
    changes = [f"UPDATE store_facts SET value = '{value}' WHERE fact = '{fact}'" for fact, value in facts.items()]
    with open_store(folder, write=True) as store:  # of the form before names counted the rows that teach
        store.engine.create(["ALTER TABLE drug_names DROP COLUMN teaching_rows", *changes])
    line = refused("status", "--store", folder, store=tmp_path)
    told = f"primum: Store {folder}: an older version of Primum made it. Bring it up to date: "
    assert line == f"{told}primum load faers --store '{folder}'"
    done = commands.primum("load", "faers", "--store", folder)
    assert done.stdout == "Finished what was left to do; the store is up to date.\n"
    assert "Reports 20;" in primum("status", store=folder).stdout


def test_a_folder_in_the_place_of_a_file_is_told_as_a_folder(tmp_path):
    (tmp_path / "in" / "faers_ascii_2015q1.zip").mkdir(parents=True)
    given = tmp_path / "in" / "faers_ascii_2015q1.zip"
    for words in (("faers", "--from", given.parent), ("table", given), ("caers", given), ("eudravigilance", given)):
        assert f"primum: {given}: it is a folder; expected " in refused("load", *words, store=tmp_path / "store")


def test_what_names_no_quarter_is_told_once(tmp_path):
    for text in ("2026q5", "2026q1..2026q9", "26q1"):
        line = refused("load", "faers", text, store=tmp_path / "store")
        expected = "expected a year, q and a number from 1 to 4, such as 2014q3 or 2004q1..2017q2. Correct it."
        assert line == f"primum: {text}: it names no quarter; {expected}"


def test_a_folder_that_is_not_there_gets_one_line(tmp_path):
    assert "no such file or folder" in refused("load", "faers", "--from", tmp_path / "x", store=tmp_path / "store")


def test_a_wrong_table_gets_one_line_and_leaves_no_store(tmp_path):
    (tmp_path / "t.csv").write_text("case,drug\n1,A\n")
    line = refused("load", "table", tmp_path / "t.csv", store=tmp_path / "store")
    assert "columns case,drug: no CASEID" in line
    assert "expected the columns CASEID,DRUG,AE" in line
    assert not (tmp_path / "store").exists()


def test_a_table_loads(tmp_path):
    (tmp_path / "t.csv").write_text("CASEID,DRUG,AE\n1,A,X\n2,A,Y\n")
    done = primum("load", "table", tmp_path / "t.csv", store=tmp_path / "store")
    assert done.stdout == "t.csv: loaded 2 reports; 0 lines rejected, 0 rows repaired\n"


def test_a_case_is_found_whatever_zeros_stand_before_its_number(tmp_path):
    (tmp_path / "t.csv").write_text("CASEID,DRUG,AE\n0916602,A,X\n07,B,Y\n7,C,Z\n")
    primum("load", "table", tmp_path / "t.csv", store=tmp_path / "store")
    for number in ("0916602", "916602", "000916602", "table:916602"):
        assert primum("case", number, store=tmp_path / "store").stdout.startswith("Case 0916602, ")
    assert primum("case", "7", store=tmp_path / "store").stdout.startswith("Case 7, ")  # one that is there as asked
    for number in ("916603", "0"):
        assert f'No case or report "{number}"' in refused("case", number, store=tmp_path / "store")


def test_a_table_of_the_same_name_from_another_folder_replaces_the_first_and_says_so(tmp_path):
    said = []
    for folder in "ab":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.csv").write_text(f"CASEID,DRUG,AE\n{folder},A,X\n")
        said.append(primum("load", "table", tmp_path / folder / "t.csv", store=tmp_path / "store").stdout)
    assert said == [
        "t.csv: loaded 1 reports; 0 lines rejected, 0 rows repaired\n",
        "t.csv: replaced 1 reports; 0 lines rejected, 0 rows repaired\n"
        "It stands for the t.csv loaded before; to keep both, give one another name.\n",
    ]


@pytest.mark.parametrize("text", ["http://", "http://[bad", "http://x:port/"])
def test_an_address_that_is_none_gets_one_line_and_leaves_no_store(tmp_path, text):
    assert "it is not an address" in refused("load", "faers", "2017q2", "--from", text, store=tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_store_that_is_in_use_gets_one_line(filled):
    from primum.store import open_store

    folder, _ = filled
    with open_store(folder / "store", write=True):
        line = refused("load", "faers", "--from", folder, store=folder / "store")
    assert "another program is using it" in line


def test_wrong_usage_exits_with_two(tmp_path):
    assert primum("load", "faers", "--form", "x", store=tmp_path).returncode == 2
    assert primum("load", "table", store=tmp_path).returncode == 2
