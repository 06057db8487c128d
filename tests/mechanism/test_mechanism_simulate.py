"""`primum simulate`: answers, refusals and faults; as a process once for every option, else through its entry point."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

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
    week_24 = next(line for line in ran.stdout.splitlines() if line.split()[:1] == ["168"])
    lower, upper = float(week_24.split()[3]), float(week_24.split()[5])
    assert lower < 52.5 < upper  # Joseph 2021
    assert "[joseph2021]" in ran.stdout
    assert "for people of a new trial" in " ".join(ran.stdout.split())
    assert max(len(line) for line in ran.stdout.splitlines()) <= 80


def test_the_question_of_the_documentation_is_answered_with_what_is_borrowed_said(run: Callable[..., Ran]) -> None:
    ran = run(
        "anti-wrinkle",
        *("--product", "onabotulinumtoxinA", "--units", "20", "--until", "36w"),
        *("--endpoint", "investigator none or mild at maximum frown", "--repeat", "12w", "--distance", "10"),
    )
    assert ran.returncode == 0, ran.stderr
    text = " ".join(ran.stdout.split())
    assert "Injected on days 0, 84, 168, 252." in text
    assert {"fitted", "borrowed", "extrapolated"} <= {line.split()[-1] for line in ran.stdout.splitlines() if line}
    assert "Neighbouring muscles, prior only; ranges" in text
    assert "SNAP-25 cut" in text
    assert max(len(line) for line in ran.stdout.splitlines()) <= 80


def test_json_and_csv_hold_the_same_curve(tmp_path: Path) -> None:
    options = ("--endpoint", "At least one grade better than before", "--until", "8w")
    files = ("--json", str(tmp_path / "a.json"), "--csv", str(tmp_path / "a.csv"))
    ran = process("anti-wrinkle", *PRODUCT, "--units", "75", *options, *files)
    assert ran.returncode == 0, ran.stderr
    answer = json.loads((tmp_path / "a.json").read_text())
    assert answer["schema"] == "primum.simulation/2"
    assert answer["curve"]["endpoint"] == "one_grade_better"
    with (tmp_path / "a.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == len(answer["curve"]["days"]) == 57
    assert [float(row["share"]) for row in rows] == [day["share"] for day in answer["curve"]["days"]]


@pytest.mark.slow
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
        (
            ("--product", "onabotulinumtoxinA", "--units", "20", "--endpoint", "composite_two_grades"),
            "No arm of onabotulinumtoxinA was counted on this endpoint",
        ),
        ((*PRODUCT, "--units", "50", "--endpoint", "composite_two_grades"), "more than threefold outside"),
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
    assert len(answer["data"]) == 12
    assert answer["fit"]["diagnostics"]["divergences"] == 0
    assert {row["prior_only"] for row in answer["learned"]} == {True, False}


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
        (("anti-wrinkle", *PRODUCT, "--units", "50", "--repeat", "-12w"), "weeks or days, such as"),
        (("anti-wrinkle", *PRODUCT, "--units", "50", "--repeat", "0w"), "a positive number of days or weeks"),
        (("anti-wrinkle", *PRODUCT, "--units", "50", "--distance", "-3"), "a positive number of millimetres"),
        (("anti-wrinkle", *PRODUCT, "--units", "376", "--svg", "a.svg"), "where there is no curve"),
        (("anti-wrinkle", *PRODUCT, "--units", "376", "--export", "a"), "where there is no curve"),
        (("anti-wrinkle", *PRODUCT, "--units", "50", "--export", "/dev/null/a"), "Cannot write"),
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


def test_the_picture_is_one_file_with_a_name_and_a_description(run: Callable[..., Ran], tmp_path: Path) -> None:
    ran = run("anti-wrinkle", *PRODUCT, "--units", "50", "--svg", str(tmp_path / "a.svg"))
    assert ran.returncode == 0, ran.stderr
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    tags = [child.tag.rpartition("}")[2] for child in root.iter()]
    assert {"title", "desc", "style", "path", "circle"} <= set(tags)
    assert "script" not in tags
    assert "http" not in (tmp_path / "a.svg").read_text().replace("http://www.w3.org/2000/svg", "")


def test_an_export_is_a_folder_of_files_that_another_run_writes_alike(run: Callable[..., Ran], tmp_path: Path) -> None:
    pytest.importorskip("libsbml", reason="the extra exchange is not installed")
    for name in ("one", "two"):
        ran = run("anti-wrinkle", *PRODUCT, "--units", "50", "--repeat", "24w", "--export", str(tmp_path / name))
        assert ran.returncode == 0, ran.stderr
    files = sorted(file.name for file in (tmp_path / "one").iterdir())
    assert files == ["course.csv", "events.csv", "model.rxode2.R", "model.xml", "primum.omex", "simulation.sedml"]
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_units_that_are_no_number_are_wrong_usage(run: Callable[..., Ran]) -> None:
    assert process("anti-wrinkle", *PRODUCT, "--units", "fifty").returncode == 2


def test_a_fault_of_the_process_is_one_line_and_exit_1() -> None:
    ran = process("anti-wrinkle", *PRODUCT, "--units", "-5")
    assert (ran.returncode, ran.stdout, len(ran.stderr.splitlines())) == (1, "", 1)
