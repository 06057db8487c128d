"""The tutorial on the first study does what it says: its commands are run as processes, in its order."""

from __future__ import annotations

import csv
import filecmp
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs/tutorial/first-study.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^primum .+$", PAGE, flags=re.MULTILINE)
HEAD = re.search(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
PRINTED = re.search(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder that a reader works in, and what each command printed."""
    folder = tmp_path_factory.mktemp("tutorial")
    printed = {}
    for command in COMMANDS:
        words = shlex.split(command)[1:]
        done = subprocess.run(
            [sys.executable, "-m", "primum", *words], cwd=folder, capture_output=True, text=True, check=False,
            env={**os.environ, "PRIMUM_STORE": str(folder / "none"), "PYTHONIOENCODING": "utf-8", "COLUMNS": "80"},
        )  # fmt: skip
        assert done.returncode == 0, (command, done.stderr)
        printed[command] = done.stdout
        if "--new" in words:
            change_the_head(folder / "ptosis.toml")
    return folder, printed


def change_the_head(file: Path) -> None:
    """What the page asks its reader to do: the lines of the same keys are replaced, before the analyses."""
    assert HEAD
    head, analyses, rest = file.read_text(encoding="utf-8").partition("[[analyses]]")
    for line in HEAD[1].splitlines():
        key = line.partition(" =")[0]
        head, many = re.subn(rf"^{key} = .*$", lambda _, line=line: line, head, flags=re.MULTILINE)
        assert many == 1, key
    file.write_text(head + analyses + rest, encoding="utf-8")


def test_the_commands_of_the_page_run_and_print_what_it_shows(told: tuple[Path, dict[str, str]]) -> None:
    _, printed = told
    assert len(printed) == 5
    assert PRINTED
    run = printed["primum study ptosis.toml --store demo/store"]
    assert run.startswith(PRINTED[1])
    assert "6 analyses" in printed["primum study ptosis.toml --store demo/store --check"]
    assert "31 files in ptosis" in run
    assert "holds 31 files" in PAGE


def test_every_file_that_the_page_names_is_there(told: tuple[Path, dict[str, str]]) -> None:
    folder, _ = told
    named = re.findall(r"^\| `(ptosis/[^`]+)`", PAGE, flags=re.MULTILINE)
    assert len(named) == 5
    assert [name for name in named if not (folder / name).is_file()] == []


def test_the_eyelid_stands_out_in_every_analysis_and_every_row_says_synthetic(
    told: tuple[Path, dict[str, str]],
) -> None:
    folder, _ = told
    with (folder / "ptosis/sensitivity.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert {row["event"] for row in rows} == {"EYELID PTOSIS"}
    assert all(row["stands_out"] == "True" and "SYNTHETIC" in row["note"] for row in rows)


def test_the_same_file_and_reports_give_the_same_bytes(told: tuple[Path, dict[str, str]]) -> None:
    folder, _ = told
    files = sorted(path.relative_to(folder / "ptosis") for path in (folder / "ptosis").rglob("*") if path.is_file())
    same, other, broken = filecmp.cmpfiles(folder / "ptosis", folder / "again", map(str, files), shallow=False)
    assert (other, broken) == ([], [])
    assert len(same) == len(json.loads((folder / "again/manifest.json").read_text())["files"]) + 1
