"""primum evaluate, as a process."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import commands
from commands import Done


def primum(*words: str) -> Done:
    return commands.primum(*words)


def test_evaluate_writes_every_form_and_a_screen_of_80_columns(long_table: Path, shared: Path, tmp_path: Path) -> None:
    """EU-ADR on the real quarter of primary suspects, whose file holds one-word terms alone."""
    files = {kind: tmp_path / f"euadr.{kind}" for kind in ("json", "csv", "svg")}
    options = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    folder = str(shared / "reference_sets")
    done = primum(
        "evaluate", "--reference", "euadr", "--reference-dir", folder, "--broad", *options, "--store", str(long_table)
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert "euadr, broad terms: 83 of 93 controls counted, 38 positive" in done.stdout
    answer = json.loads(files["json"].read_text(encoding="utf-8"))
    assert answer["schema"] == "primum.evaluate/1"
    areas = {row["score"]: row["auc"] for row in answer["scores"]}
    assert 0.7 < areas["ic_lower"] < 0.85
    assert all(row["auc_lower"] < row["auc"] < row["auc_upper"] for row in answer["scores"])
    with files["csv"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["drug"] for row in rows] == [pair["drug"] for pair in answer["pairs"]]
    assert {row["positive"] for row in rows} == {"0", "1"}
    picture = ET.fromstring(files["svg"].read_text(encoding="utf-8"))
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    assert "Coverage of negative controls" in (picture.findtext("{*}desc") or "")


def test_evaluate_on_a_file_answers_as_json_on_the_screen(long_table: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("drug,outcome,truth\nLamivudine,Agranulocytosis,1\nVoltaren,Acne,0\n")
    done = primum("evaluate", "--reference", str(own), "--methods", "ror,ic", "--json", "-", "--store", str(long_table))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert {row["score"] for row in answer["scores"]} == {"ror", "ror_lower", "ic", "ic_lower"}
    assert answer["null"] is None
    assert answer["reference"] == "own.csv"  # the same answer wherever the file lies


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--reference", "omop"), "Name it with --reference-dir DIR"),
        (("--reference", "nowhere.csv"), "nowhere.csv: No such file"),
        (("--reference", "{own}", "--methods", "rorr"), 'No method that scores pairs named "rorr"'),
        (("--reference", "{own}", "--terms", "nowhere.csv"), "expected a CSV file outcome,level,term"),
        pytest.param(("--reference", "{own}", "--svg", "x.svg"), "too few negative controls", marks=pytest.mark.slow),
        pytest.param(
            ("--reference", "{own}", "--csv", "/nowhere/x.csv"), "Cannot write /nowhere/x.csv", marks=pytest.mark.slow
        ),
        (("--reference", "{other}"), "none of 1 controls has drug and outcome in the loaded reports"),
    ],
)
def test_a_fault_is_one_line_and_exit_1(long_table: Path, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    own, other = tmp_path / "own.csv", tmp_path / "other.csv"
    own.write_text("drug,outcome,truth\nLamivudine,Agranulocytosis,1\nVoltaren,Acne,0\n")
    other.write_text("drug,outcome,truth\nNobody takes this,Acne,1\n")
    filled = [word.format(own=own, other=other) for word in words]
    done = primum("evaluate", *filled, "--store", str(long_table))
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_a_set_the_usage_is_told() -> None:
    assert primum("evaluate").returncode == 2


def test_tables_stand_when_the_plot_cannot_be_drawn(long_table: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("drug,outcome,truth\nLamivudine,Agranulocytosis,1\nVoltaren,Acne,0\n")
    files = {kind: tmp_path / f"out.{kind}" for kind in ("json", "csv", "svg")}
    options = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    done = primum("evaluate", "--reference", str(own), "--methods", "ic", *options, "--store", str(long_table))
    assert done.returncode == 1
    assert "too few negative controls" in done.stderr
    assert [kind for kind, path in files.items() if path.exists()] == ["json", "csv"]
