"""Does the demonstration find what was planted, and does everything made from it say SYNTHETIC?"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest


def primum(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "primum", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


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
        ("case", "261003000"),
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
    done = primum("demo", "--reports", 100, "--in", tmp_path)
    assert done.returncode == 1
    assert "expected an empty or new folder" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_too_few_reports_to_find_anything_are_told(tmp_path):
    done = primum("demo", "--reports", 30, "--quarters", "2026q1", TMPDIR=str(tmp_path))
    assert done.returncode == 1
    assert "planted signals were not found" in done.stderr
    assert not list(tmp_path.iterdir())  # nothing is left behind
