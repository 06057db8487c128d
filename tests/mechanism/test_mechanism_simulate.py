"""`primum simulate`: answers, refusals and faults; as a process once for every option, else through its entry point."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from primum.cli.main import main

PRODUCT = ("--product", "abobotulinumtoxinA")


Ran = subprocess.CompletedProcess[str]


def process(*arguments: str) -> Ran:
    command = [sys.executable, "-m", "primum", "simulate", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    def call(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["primum", "simulate", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, int(ended.value.code or 0), out, err)

    return call


def test_a_studied_dose_is_answered_with_its_interval_and_sources(run: Callable[..., Ran]) -> None:
    ran = run("anti-wrinkle", *PRODUCT, "--units", "50")
    assert ran.returncode == 0, ran.stderr
    assert "46 to 63 %" in ran.stdout  # week 24; Joseph 2021 saw 52.5 %
    assert "[joseph2021]" in ran.stdout
    assert "no difference between trials" in " ".join(ran.stdout.split())
    assert max(len(line) for line in ran.stdout.splitlines()) <= 80


def test_json_and_csv_hold_the_same_curve(tmp_path: Path) -> None:
    options = ("--endpoint", "At least one grade better than before", "--until", "8w")
    files = ("--json", str(tmp_path / "a.json"), "--csv", str(tmp_path / "a.csv"))
    ran = process("anti-wrinkle", *PRODUCT, "--units", "75", *options, *files)
    assert ran.returncode == 0, ran.stderr
    answer = json.loads((tmp_path / "a.json").read_text())
    assert answer["schema"] == "primum.simulation/1"
    assert answer["curve"]["endpoint"] == "one_grade_better"
    with (tmp_path / "a.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == len(answer["curve"]["days"]) == 57
    assert [float(row["share"]) for row in rows] == [day["share"] for day in answer["curve"]["days"]]


def test_two_runs_write_the_same_bytes() -> None:
    one, two = (process("anti-wrinkle", *PRODUCT, "--units", "75", "--until", "30d", "--json", "-") for _ in range(2))
    assert one.stdout == two.stdout
    assert json.loads(one.stdout)["curve"]["dose_units"] == 75


def test_an_unstudied_dose_says_extrapolated(run: Callable[..., Ran]) -> None:
    assert "200 U is extrapolated" in run("anti-wrinkle", *PRODUCT, "--units", "200").stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((*PRODUCT, "--units", "376"), "more than threefold outside"),
        (("--product", "onabotulinumtoxinA", "--units", "20"), "no arm is printed with its number of people"),
        ((*PRODUCT, "--units", "50", "--endpoint", "composite_two_grades"), "one visit alone"),
        ((*PRODUCT, "--units", "50", "--until", "200w"), "more than threefold outside"),
    ],
)
def test_a_refusal_is_an_answer_with_its_reason(
    run: Callable[..., Ran], arguments: tuple[str, ...], reason: str
) -> None:
    ran = run("anti-wrinkle", *arguments)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Not answered:")
    assert reason in " ".join(ran.stdout.split())


def test_a_refusal_stands_in_the_json_as_such(run: Callable[..., Ran]) -> None:
    ran = run("anti-wrinkle", *PRODUCT, "--units", "376", "--json", "-")
    assert json.loads(ran.stdout)["refusal"]["refused"] == "dose_out_of_range"


def test_without_product_and_units_it_lists_what_can_be_asked_and_what_not(
    run: Callable[..., Ran], tmp_path: Path
) -> None:
    ran = run("anti-wrinkle", "--json", str(tmp_path / "all.json"))
    assert ran.returncode == 0, ran.stderr
    text = " ".join(ran.stdout.split())
    assert "studied at 50 to 125 U" in text
    assert "3 of 810" in text
    answer = json.loads((tmp_path / "all.json").read_text())
    assert {entry["fitted"] for entry in answer["data"]} == {True, False}
    assert all(entry["fitted"] or entry["reason"] for entry in answer["data"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("anti-wrinkel", *PRODUCT, "--units", "50"), 'Did you mean "anti-wrinkle"'),
        (("anti-wrinkle", *PRODUCT, "--units", "-5"), "a positive number of units"),
        (("anti-wrinkle", *PRODUCT, "--units", "0"), "a positive number of units"),
        (("anti-wrinkle", *PRODUCT, "--units", "nan"), "a positive number of units"),
        (("anti-wrinkle", *PRODUCT), "both, such as"),
        (("anti-wrinkle", "--units", "50"), "both, such as"),
        (("anti-wrinkle", "--product", "abobotulinumtoxin", "--units", "50"), 'Did you mean "abobotulinumtoxinA"'),
        (("anti-wrinkle", "--product", "incobotulinumtoxinA", "--units", "50"), "no dose-effect data were found"),
        (("anti-wrinkle", *PRODUCT, "--units", "50", "--endpoint", "one_grade"), 'Did you mean "one_grade_better"'),
        (("anti-wrinkle", *PRODUCT, "--units", "50", "--until", "-3w"), "such as 36w or 252d"),
        (("anti-wrinkle", *PRODUCT, "--units", "50", "--json", "no/such/folder/a.json"), "Cannot write"),
        (("anti-wrinkle", *PRODUCT, "--units", "376", "--csv", "a.csv"), "where there is no curve"),
    ],
)
def test_a_fault_is_one_line_and_exit_1(run: Callable[..., Ran], arguments: tuple[str, ...], words: str) -> None:
    ran = run(*arguments)
    assert ran.returncode == 1
    assert words in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert ran.stdout == ""


def test_units_that_are_no_number_are_wrong_usage(run: Callable[..., Ran]) -> None:
    assert process("anti-wrinkle", *PRODUCT, "--units", "fifty").returncode == 2


def test_a_fault_of_the_process_is_one_line_and_exit_1() -> None:
    ran = process("anti-wrinkle", *PRODUCT, "--units", "-5")
    assert (ran.returncode, ran.stdout, len(ran.stderr.splitlines())) == (1, "", 1)
