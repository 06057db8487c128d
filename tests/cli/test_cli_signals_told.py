"""primum signals, as a process: what it tells beside the numbers, and what it writes where dates are missing."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import commands
from primum.study.over_time import trend
from primum.study.reports import open as open_reports


@pytest.fixture(scope="module")
def undated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of a long table, SYNTHETIC: no dates; one event that nobody reports of another drug."""
    place = tmp_path_factory.mktemp("undated")
    pairs = [(drug, event) for drug in ("BOTOX", "DYSPORT", "ASPIRIN") for event in ("OVERDOSE", "PAIN", "COUGH")]
    rows = [(str(n), *pair) for n, pair in enumerate(pairs * 8)]
    rows += [(f"x{n}", "DYSPORT", "EYELID PTOSIS") for n in range(9)]
    with (place / "long.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("CASEID", "DRUG", "AE"), *rows])
    done = commands.primum("load", "table", place / "long.csv", "--store", place / "store")
    assert done.returncode == 0, done.stderr
    return place / "store"


def test_caveats_are_numbered_at_the_rows_and_told_once_below(undated: Path) -> None:
    done = commands.primum("signals", "dysport", "--methods", "ror,ic", "--store", undated)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert all(len(line) <= 80 for line in lines)
    dash = next(line for line in lines if line.startswith("EYELID PTOSIS"))
    assert "EYELID PTOSIS [1] " in dash
    assert " - " in dash
    overdose = " ".join(" ".join(lines).partition("OVERDOSE")[2].split())
    assert overdose.startswith("(medication error) [2]")
    told = " ".join(done.stdout.split())
    assert told.count("[1] ror: no report without the drug has the event") == 1
    assert told.count("[2] unit artefact: 2 drugs") == 1
    assert "[3]" not in told
    assert "ebgm: " not in told


def test_the_threshold_is_told_and_counted(undated: Path, tmp_path: Path) -> None:
    done = commands.primum("signals", "dysport", "--store", undated, "--json", tmp_path / "o.json")
    answer = json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))
    assert answer["threshold"] == "lower bound of IC above 0 and false discovery rate at most 5 %"
    standing = sum(row["ic_lower"] > 0 and row["fdr"] <= 0.05 for row in answer["rows"])
    assert standing
    assert f"{standing} pairs stand out: {answer['threshold']}" in " ".join(done.stdout.split())


def test_without_ic_no_threshold_is_claimed(undated: Path) -> None:
    done = commands.primum("signals", "dysport", "--methods", "ror", "--store", undated)
    assert done.returncode == 0, done.stderr
    assert "stand out" not in done.stdout


def test_pictures_of_a_store_without_dates_leave_the_trend_out_and_lose_nothing_else(
    undated: Path, tmp_path: Path
) -> None:
    files = ("--csv", tmp_path / "t.csv", "--json", tmp_path / "t.json")
    done = commands.primum("signals", "anti-wrinkle", "--store", undated, "--svg", tmp_path / "drawn", *files)
    assert (done.returncode, done.stderr) == (0, "")
    told = " ".join(done.stdout.split())
    assert "No trend: no report that was counted has a day of receipt." in told
    assert "Forest: 1 of 7 pairs have no interval" in told or "Forest: 1 of 5 pairs have no interval" in told
    assert {path.name for path in tmp_path.glob("t.*")} == {"t.csv", "t.json"}
    assert {path.stem for path in (tmp_path / "drawn").iterdir()} == {"forest", "volcano"}


def test_tables_stand_when_the_pictures_fail(undated: Path, tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("", encoding="utf-8")
    options = ("--svg", tmp_path / "in the way", "--csv", tmp_path / "t.csv")
    done = commands.primum("signals", "dysport", "--store", undated, *options)
    assert done.returncode == 1
    assert (tmp_path / "t.csv").stat().st_size


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("sexx:F", 'position 1: found "sexx"'),
        ("(sexx:F | sex:M)", 'position 2: found "sexx"'),
        ("~sexx:F", 'position 2: found "sexx"'),
        ("sex=F", 'Did you mean "sex"?'),
        (" sex:F ", "The cohort (sex:F) holds no report"),
        ("~*", "The cohort (~*) holds no report"),
        ("dyspor", "nearest: DYSPORT"),
    ],
)
def test_a_first_word_that_is_no_drug_is_read_as_a_condition(undated: Path, word: str, told: str) -> None:
    done = commands.primum("signals", word, "--store", undated)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_over_time_tells_since_which_quarter_a_pair_stands_out(made_archives: Path, tmp_path: Path) -> None:
    files = ("--csv", tmp_path / "t.csv", "--json", tmp_path / "t.json")
    done = commands.primum("signals", "anti-wrinkle", "--over-time", "--store", made_archives, *files)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    answer = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        assert [row["observed"] for row in csv.DictReader(file)] == [str(row["observed"]) for row in answer["rows"]]
    assert answer["schema"] == "primum.signals-over-time/1"
    for event in {row["event"] for row in answer["rows"]}:
        mine = [row for row in answer["rows"] if row["event"] == event]
        assert [row["quarter"] for row in mine] == answer["quarters"]
        since = next((row["quarter"] for row in mine if row["ic_cumulated_lower"] > 0), "")
        assert {row["stands_out_since"] for row in mine} == {since}
    with open_reports(made_archives) as opened:
        found = trend(opened, "anti-wrinkle")
    assert sum(row["observed"] for row in answer["rows"]) == found.observed.sum()


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("dysport", "--over-time"), 1, "holds no report"),
        (("--over-time",), 2, "--over-time stands alone with one drug"),
        (("dysport", "sex:F", "--over-time"), 2, "--over-time stands alone"),
        (("dysport", "--over-time", "--by", "sex"), 2, "--over-time stands alone"),
    ],
)
def test_over_time_of_what_has_no_quarters_is_told(
    undated: Path, words: tuple[str, ...], status: int, told: str
) -> None:
    done = commands.primum("signals", *words, "--store", undated)
    assert done.returncode == status
    assert told in " ".join(done.stderr.replace("│", " ").split())
    assert status == 2 or len(done.stderr.splitlines()) == 1
