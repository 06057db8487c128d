"""Does the demonstration find what was planted, and does everything made from it say SYNTHETIC?"""

from __future__ import annotations

import json
import os

import pytest
from scipy.stats import binom

import commands
from primum.terms import Quarter
from primum.testing.demo import CURRENT, EXPECTED_REPORTS, LEAST_REPORTS, planted_in, run_demo

CASE = "276000002"  # the third report of 2026q1, a case that comes there first


def primum(*arguments, **environment):
    return commands.primum(*arguments, env={**os.environ, **environment})


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "kept"
    done = primum("demo", "--reports", 9_000, "--quarters", "2012q3..2012q4", "--quarters", "2026q1", "--in", folder)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_every_planted_signal_is_found_and_every_line_says_synthetic(shown):
    _, done = shown
    lines = done.stdout.splitlines()
    assert all(line.startswith("SYNTHETIC  ") for line in lines)
    assert sum("  found: " in line for line in lines) == 3
    assert "9,000 invented reports of 2012q3, 2012q4, 2026q1; 0 lines rejected" in lines[0]
    assert done.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("status", "--json", "-"),
        ("signals", "anti-wrinkle"),
        ("signals", "anti-wrinkle", "--json", "-"),
        ("case", CASE),
        ("ask", "anti-wrinkle"),
        ("ask", "anti-wrinkle", "--json", "-"),
    ],
)
def test_every_answer_from_its_store_says_synthetic(shown, tmp_path, arguments):
    folder, _ = shown
    page = ("--html", tmp_path / "page.html") if arguments[0] == "ask" else ()
    done = primum(*arguments, *page, "--store", folder / "store")
    assert done.returncode == 0, done.stderr
    assert "SYNTHETIC: 9,000 of the 9,000 reports in this store are invented" in " ".join(done.stdout.split())
    if page:
        text = page[1].read_text()
        assert "<title>SYNTHETIC: " in text
        assert "SYNTHETIC: 9,000 of the 9,000 reports" in text


def test_every_row_of_the_signals_says_synthetic(shown, tmp_path):
    folder, _ = shown
    primum("signals", "anti-wrinkle", "--csv", tmp_path / "s.csv", "--store", folder / "store")
    rows = (tmp_path / "s.csv").read_text().splitlines()
    assert len(rows) > 100
    assert all("SYNTHETIC" in row for row in rows[1:])


@pytest.mark.slow
def test_loaded_findings_of_the_dossier_say_synthetic(shown, tmp_path):
    folder, _ = shown
    done = primum("ask", "anti-wrinkle", "--json", "-", "--html", tmp_path / "p.html", "--store", folder / "store")
    answer = json.loads(done.stdout)
    found = [f for part in answer["parts"] for f in part["findings"] if f["id"].startswith("reports.loaded.")]
    assert found
    assert all("SYNTHETIC" in json.dumps(finding) for finding in found)


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "mine").write_text("")
    done = primum("demo", "--in", tmp_path)
    assert done.returncode == 1
    assert "expected an empty or new folder" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_too_few_reports_to_plant_anything_are_refused_in_one_line(tmp_path):
    for reports in (1_999, 0, -5):
        done = primum("demo", "--reports", reports, "--in", tmp_path / "none")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"primum: --reports {reports}: too few: chance would hide what is planted; expected at least 2,000. "
            "Ask for more.\n"
        )
        assert not (tmp_path / "none").exists()


def test_more_reports_than_the_quarters_hold_are_refused_in_one_line(tmp_path):
    done = primum("demo", "--reports", 2_000_001, "--quarters", "2026q1", "--in", tmp_path / "none")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "expected at most 2,000,000 in each" in done.stderr


@pytest.mark.parametrize("quarter", ["2003q4", "2040q1"])
def test_quarters_before_the_first_files_or_far_ahead_are_refused_in_one_line(quarter):
    done = primum("demo", "--quarters", quarter)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"--quarters {quarter}" in done.stderr
    assert "expected quarters from 2004q1 to 2039q4" in done.stderr


def test_what_is_planted_is_expected_often_enough_whatever_the_number_of_reports():
    for reports in (LEAST_REPORTS, 5_000, 100_000, 20_000_000):
        signals = planted_in(reports)
        assert sum(signal.drug_share for signal in signals) < 0.25
        for signal in signals:
            # A later planted drug may take the place of the primary suspect.
            share = signal.drug_share * signal.event_share * (1 - 2 * signal.drug_share)
            assert binom.cdf(9, round(reports * CURRENT), share) < 0.01
            assert share * reports * CURRENT > 0.8 * EXPECTED_REPORTS


@pytest.mark.slow
def test_with_the_fewest_reports_every_seed_finds_what_was_planted(tmp_path):
    for seed in range(12):  # how seldom chance hides them is told by what is expected, above
        found = run_demo(tmp_path / str(seed), reports=LEAST_REPORTS, quarters=[Quarter(2015, 1)], seed=seed)
        assert [one.found for one in found.planted] == [True] * 3
        assert found.reports == LEAST_REPORTS


@pytest.mark.parametrize("place", ["/proc/x", "file/x"])
def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path, place):
    (tmp_path / "file").write_text("")
    done = primum("demo", "--reports", LEAST_REPORTS, "--in", tmp_path / place)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "Name a folder that can be made" in done.stderr
