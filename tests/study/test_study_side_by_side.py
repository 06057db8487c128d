"""Does the same signal stand side by side in each system, never added, and is an event told twice seen?"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys

import pytest

import commands
from primum.cases.across import told_to_several
from primum.cases.story import case_story
from primum.errors import CohortError, UnknownNameError
from primum.loading.canada import load_canada
from primum.loading.eudravigilance import load_eudravigilance
from primum.loading.vaers import load_vaers
from primum.sources import canada
from primum.sources.vaers import find_sets
from primum.store import open_store
from primum.study.reports import open as open_reports
from primum.study.side_by_side import side_by_side
from primum.testing.canada import PLANTED, write_canada
from primum.testing.eudravigilance import write_listing
from primum.testing.vaers import write_vaers


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("systems")
    (folder / "canada").mkdir()
    write_canada(folder / "canada", reports=200)
    write_listing(folder / "listing.csv", reports=200)
    write_vaers(folder, reports=40)
    data = folder / "2021VAERSDATA.csv"  # one report bears the number that its sender gave the one in Canada
    data.write_bytes(data.read_bytes().replace(b"SYNTHETIC-32000001", b"synthetic7"))
    with open_store(folder / "store", write=True) as store:
        load_canada(store, [canada.find_extract(folder / "canada")])
        load_eudravigilance(store, [folder / "listing.csv"])
        load_vaers(store, find_sets([folder]))
    return folder / "store"


def test_each_system_is_counted_alone_and_a_system_without_the_drug_is_named(loaded):
    with open_reports(loaded) as reports:
        sides = side_by_side(reports, PLANTED[0])
        assert sides.systems == ("canada", "eudravigilance", "vaers")
        assert set(sides.tables) == {"canada", "eudravigilance"}
        assert sides.pairs[0] == (PLANTED[0], PLANTED[1].upper())
        heads, *rows = sides.rows(sides.pairs[:1])
        for row in rows:
            told = dict(zip(heads, row, strict=True))
            alone = reports.signals(PLANTED[0], f"source:{told['source']}", methods=("ror", "ic"))
            place = alone.event.tolist().index(PLANTED[1].upper())
            assert told["total_reports"] == 200
            assert told["observed"] == alone.observed[place]
            assert told["ror"] == pytest.approx(alone.ror[place])
        assert not any("counted together" in note for note in sides.notes)


def test_a_forest_has_a_row_for_each_system_and_says_where_nobody_reported_it(loaded):
    with open_reports(loaded) as reports:
        sides = side_by_side(reports, PLANTED[0])
    picture = sides.forest(sides.pairs[0], 1)
    assert "vaers" in picture.svg
    assert "no report names it" in picture.svg
    assert "SYNTHETIC" in picture.svg
    assert picture.name == "by-source-01"


def test_every_drug_at_once_is_refused(loaded):
    with open_reports(loaded) as reports, pytest.raises(CohortError, match="Name a drug or a treatment"):
        side_by_side(reports, "")


@pytest.mark.parametrize("by", ["source,sex", "sex,source"])
def test_systems_are_no_strata_that_could_be_added_up(loaded, by):
    done = commands.primum("signals", PLANTED[0], "--by", by, "--store", loaded)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "Strata by source would add up reporting systems" in line


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("US-PFIZER INC-202100000001", "USPFIZER INC202100000001", True),
        ("us-pfizer inc-202100000001", "US-PFIZER/INC-202100000001", True),
        ("US-PFIZER INC-202100000001", "US-PFIZER INC-202100000002", False),
        ("A-B-1-2", "A-B-1-2", False),  # four letters and digits are no number of the world
    ],
)
def test_numbers_of_two_systems_are_compared_by_their_letters_and_digits(one, other, same, tmp_path):
    write_canada(tmp_path, reports=3)
    write_vaers(tmp_path, reports=3)
    for name, number, at in (("reports.txt", b"SYNTHETIC-1", one), ("2021VAERSDATA.csv", b"SYNTHETIC-32000001", other)):
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes().replace(number, at.encode()))
    with open_store(tmp_path / "store", write=True) as store:
        load_canada(store, [canada.find_extract(tmp_path)])
        load_vaers(store, find_sets([tmp_path]))
        [(reports,)] = store.engine.rows(told_to_several())
    assert (reports == 2) is same


def test_an_event_with_one_number_in_two_systems_is_told_in_the_case_and_in_the_flow(loaded):
    with open_reports(loaded) as reports:
        [one] = case_story(reports.store, "E2B_00000007").elsewhere
        assert (one.source, one.case_id, one.number) == ("vaers", "32000001", "synthetic7")
        [back] = case_story(reports.store, "32000001").elsewhere
        assert (back.source, back.case_id) == ("canada", "E2B_00000007")
        assert case_story(reports.store, "E2B_00000008").elsewhere == ()
        steps = {step.step: step for step in reports.flow()}
        assert "2 reports bear a sender's number" in steps["duplicates in another reporting system"].reason


def test_a_link_that_the_system_tells_is_kept_with_its_case(loaded):
    with open_reports(loaded) as reports:
        [link] = case_story(reports.store, "E2B_00000001").told_links
        assert (link.kind, link.other) == ("duplicate", "E2B_00000002")


def test_a_number_of_two_systems_means_two_cases_and_each_is_named_by_its_system(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    write_canada(tmp_path / "a", reports=3)
    reports_file = tmp_path / "a" / "reports.txt"
    reports_file.write_bytes(reports_file.read_bytes().replace(b"E2B_00000001", b"32000001"))
    write_vaers(tmp_path / "b", reports=3)
    with open_store(tmp_path / "store", write=True) as store:
        load_canada(store, [canada.find_extract(tmp_path / "a")])
        load_vaers(store, find_sets([tmp_path / "b"]))
        with pytest.raises(UnknownNameError, match=r"Say which: canada:32000001, vaers:32000001\."):
            case_story(store, "32000001")
        told = [version.source for version in case_story(store, "vaers:32000001").versions]
        assert told == ["vaers"]


def test_the_command_shows_writes_and_draws_each_system(loaded, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "primum", "signals", PLANTED[0], "--by", "source", "--svg", str(tmp_path / "svg"),
         "--csv", str(tmp_path / "s.csv"), "--json", str(tmp_path / "s.json"), "--store", str(loaded)],
        capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "No report names it in: vaers." in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    with (tmp_path / "s.csv").open() as stream:
        written = list(csv.DictReader(stream))
    assert [row["source"] for row in written[:2]] == ["canada", "eudravigilance"]
    answer = json.loads((tmp_path / "s.json").read_text())
    assert (answer["schema"], len(answer["rows"])) == ("primum.signals-by-source/1", len(written))
    assert (tmp_path / "svg" / "by-source-01.svg").is_file()
