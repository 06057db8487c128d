"""primum signals and primum case, as processes."""

from __future__ import annotations

import csv
import json
import math
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

import commands
from commands import Done
from primum.loading.faers import load_archives
from primum.store import open_store
from primum.study.reports import open as open_reports
from primum.terms import Quarter
from primum.testing.demo import PLANTED
from primum.testing.faers import write_archive


def primum(*words: str) -> Done:
    return commands.primum(*words)


def test_signals_writes_every_form_and_a_screen_of_80_columns(real_samples: Path, tmp_path: Path) -> None:
    files = {kind: tmp_path / f"signals.{kind}" for kind in ("json", "csv", "parquet", "xlsx")}
    options = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    done = primum("signals", "anti-wrinkle", "--store", str(real_samples), "--limit", "3", *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert "Reactions: 3 of 10 pairs" in done.stdout
    assert "not a proof" in done.stdout
    answer = json.loads(files["json"].read_text(encoding="utf-8"))
    assert answer["schema"] == "primum.signals/1"
    assert len(answer["rows"]) == 12
    assert {row["drug"] for row in answer["rows"]} == {"abobotulinumtoxinA"}
    with files["csv"].open(encoding="utf-8", newline="") as file:
        assert [row["event"] for row in csv.DictReader(file)] == [row["event"] for row in answer["rows"]]
    with duckdb.connect() as connection:
        counted = connection.execute("SELECT count(*), sum(observed) FROM read_parquet(?)", [str(files["parquet"])])
        assert counted.fetchall() == [(12, 12)]
    assert zipfile.is_zipfile(files["xlsx"])


def test_signals_of_a_product_in_a_cohort_by_one_method(real_samples: Path) -> None:
    done = primum(
        "signals", "dysport", "sex:F", "age:18-64", "--methods", "ror", "--json", "-", "--store", str(real_samples)
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["cohort"] == "sex:F age:18-64"
    assert [method["id"] for method in answer["methods"]] == ["ror"]
    assert {row["drug"] for row in answer["rows"]} == {"DYSPORT"}


def test_signals_of_every_drug_with_a_cohort_alone(real_samples: Path) -> None:
    done = primum("signals", "sex:F", "--drug-level", "product", "--limit", "2", "--store", str(real_samples))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Every drug (sex:F), against everything else")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_signals_against_another_cohort(made_archives: Path) -> None:
    store = str(made_archives)
    done = primum("signals", "anti-wrinkle", "use:cosmetic", "--versus", "~treatment:anti-wrinkle", "--store", store)
    assert done.returncode == 0, done.stderr
    assert "against ~treatment:anti-wrinkle" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("signals", "dyspor"), 'No drug in the loaded reports named "dyspor"; nearest: DYSPORT'),
        (("signals", "dysport", "sexx:F"), 'position 1: found "sexx"'),
        (("signals", "dysport", 'drug:"a\\"b"'), 'position 7: no drug named "A"B" in the loaded reports'),
        (("signals", "dysport", "--drug-level", "brand"), 'No drug level named "brand"'),
        (("signals", "dysport", "--methods", "rorr"), 'No method named "rorr"'),
        (("signals", "dysport", "--csv", "/nowhere/x.csv"), "Cannot write /nowhere/x.csv"),
        (("signals", "dysport", "--versus", "sex:F"), "1 report is in both"),
        (("case", "1"), 'No case or report "1" in the loaded reports'),
    ],
)
def test_a_fault_is_one_line_and_exit_1(real_samples: Path, words: tuple[str, ...], told: str) -> None:
    done = primum(*words, "--store", str(real_samples))
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_a_store_the_line_says_how_to_load_one(tmp_path: Path) -> None:
    for words in (("signals", "anti-wrinkle"), ("case", "1")):
        done = primum(*words, "--store", str(tmp_path))
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
        assert "primum load" in done.stderr


def test_case_tells_versions_names_and_use(real_samples: Path, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    done = primum("case", "13351747", "--store", str(real_samples), "--json", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert "Use of anti-wrinkle: therapeutic (indication: MUSCLE SPASTICITY, strong)." in done.stdout
    story = json.loads(file.read_text(encoding="utf-8"))
    assert (story["schema"], story["case_id"], len(story["drugs"])) == ("primum.case/1", "13351747", 9)
    assert story["versions"][0]["received"] == "2017-04-06"


def test_case_tells_a_deletion_and_a_return(made_archives: Path) -> None:
    done = primum("case", "15000001", "--store", str(made_archives))
    assert "FDA named it as deleted in 2019q1." in done.stdout
    assert "latest version" in done.stdout


def test_signals_within_strata_writes_them_and_draws_pictures_that_name_themselves(
    made_archives: Path, tmp_path: Path
) -> None:
    store, strata, pictures = str(made_archives), tmp_path / "strata.csv", tmp_path / "pictures"
    done = primum(
        *("signals", "anti-wrinkle", "--by", "sex,age", "--store", store, "--json", str(tmp_path / "o.json")),
        *("--strata", str(strata), "--svg", str(pictures)),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "everything else in the same stratum of sex, age" in " ".join(done.stdout.split())
    assert "ROR MH" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    answer = json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))
    assert {"mh_ror", "mh_ror_lower", "mh_ror_upper", "p_heterogeneity"} <= set(answer["columns"])
    untested = [row for row in answer["rows"] if row["p_heterogeneity"] is None]
    assert all("p_heterogeneity: " in row["warnings"] for row in untested)
    with strata.open(encoding="utf-8", newline="") as file:
        told = list(csv.DictReader(file))
    assert len(told) == len(answer["strata"]) == 10 * answer["pairs"]
    observed = {(row["drug"], row["event"]): row["observed"] for row in answer["rows"]}
    summed = dict.fromkeys(observed, 0)
    for row in told:
        summed[row["drug"], row["event"]] += int(row["observed"])
    assert summed == observed
    drawn = sorted(path.name for path in pictures.iterdir())
    names = ("forest", "heat-map", "trend", "volcano")
    assert drawn == sorted(f"{name}.{kind}" for name in names for kind in ("csv", "svg"))
    for name in names:
        root = ElementTree.parse(pictures / f"{name}.svg").getroot()
        title, description = root[0], root[1]
        assert title.text.startswith("anti-wrinkle: ")
        assert "not rates" in description.text
        assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
        shown = "".join(root.itertext())
        with (pictures / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert rows or name == "forest"  # where no pair has four cells above 0 there is no ratio to draw
        assert name == "volcano" or all(row["event"].capitalize() in shown for row in rows)


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("anti-wrinkle", "--by", "sexx"), 1, 'No stratum named "sexx". Did you mean "sex"?'),
        (("anti-wrinkle", "--by", "sex", "--versus", "sex:F"), 1, "11 reports are in both the cohort"),
        (("--by", "sex", "--strata", "{tmp}/s.csv"), 1, "Name a drug or a treatment"),
        (("anti-wrinkle", "--methods", "ror", "--svg", "{tmp}/p"), 1, "Add them to --methods"),
        (("anti-wrinkle", "--strata", "{tmp}/s.csv"), 2, "--strata writes the strata of --by"),
    ],
)
def test_strata_and_pictures_that_cannot_be_say_so_in_one_line(
    made_archives: Path, tmp_path: Path, words: tuple[str, ...], status: int, told: str
) -> None:
    done = primum("signals", *(word.format(tmp=tmp_path) for word in words), "--store", str(made_archives))
    assert done.returncode == status
    assert told in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert status == 2 or len(done.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SYNTHETIC store with the planted signals of the demonstration."""
    folder = tmp_path_factory.mktemp("synthetic")
    (folder / "archives").mkdir()
    write_archive(folder / "archives", quarter=Quarter(2026, 1), reports=8_000, seed=3, signals=PLANTED)
    with open_store(folder / "store", write=True) as opened:
        load_archives(opened, folder / "archives")
    return folder / "store"


def test_every_picture_of_a_synthetic_store_says_so_and_the_onset_is_that_of_the_reports(
    synthetic: Path, tmp_path: Path
) -> None:
    done = primum("signals", "anti-wrinkle", "--by", "sex", "--svg", str(tmp_path), "--store", str(synthetic))
    assert (done.returncode, done.stderr) == (0, "")
    drawn = {path.stem: ElementTree.parse(path).getroot() for path in tmp_path.glob("*.svg")}
    assert set(drawn) == {"forest", "heat-map", "onset", "trend", "volcano"}
    for root in drawn.values():
        assert root[0].text.startswith("SYNTHETIC: anti-wrinkle")
    with open_reports(synthetic) as opened:
        onsets = {one.use: one for one in opened.onsets("anti-wrinkle", duplicates=None) if one.days}
    with (tmp_path / "onset.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["group"] for row in rows} == set(onsets)
    shown = "".join(drawn["onset"].itertext())
    for use, one in onsets.items():
        mine = [row for row in rows if row["group"] == use]
        assert [int(row["days"]) for row in mine for _ in range(int(row["reports"]))] == list(one.days)
        assert float(mine[-1]["share"]) == 1
        assert f"{len(one.days)} reports, median {one.onset.median:g} days" in shown
        for row in mine if one.onset.shape_interval else ():
            day, fit = int(row["days"]), one.onset
            assert float(row["weibull"]) == pytest.approx(1 - math.exp(-(((day + 1) / fit.scale) ** fit.shape)))
    assert any(one.onset.shape_interval for one in onsets.values())
