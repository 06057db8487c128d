"""Two drugs together, the drugs of an event, the likelihood ratio test and maxSPRT, as processes on planted truth."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

import commands
from primum.loading.derive import derive
from primum.signals import lrt, lrt_zero_inflated
from primum.signals.lrt import likelihood_ratio
from primum.store import open_store

QUARTERS = ("2019q1", "2019q2", "2019q3", "2019q4")
VERSUS = "drug:delta ~drug:alpha"
Made = list[tuple[str, set[str], set[str]]]


def made() -> Made:
    """SYNTHETIC: ALPHA and BETA together raise rash; ALPHA alone raises tremor, and GAMMA only travels with it; ALPHA
    raises itch from the third quarter on. EPSILON is never reported without ALPHA."""
    rng = np.random.default_rng(12)
    rows: Made = []
    for key in range(8_000):
        quarter = QUARTERS[key // 2_000]
        drugs = {name for name in ("ALPHA", "BETA", "DELTA") if rng.random() < 0.15}
        if rng.random() < (0.6 if "ALPHA" in drugs else 0.03):
            drugs.add("GAMMA")
        drugs |= set() if drugs else {"OMEGA"}
        drugs |= {"EPSILON"} if "ALPHA" in drugs and key % 400 == 0 else set()
        rash = 0.4 if {"ALPHA", "BETA"} <= drugs else 0.05 if drugs & {"ALPHA", "BETA"} else 0.02
        itch = 0.2 if "ALPHA" in drugs and quarter >= "2019q3" else 0.04
        events = {"FATIGUE"} if rng.random() < 0.5 else {"NAUSEA"}
        events |= {"RASH"} if rng.random() < rash else set()
        events |= {"TREMOR"} if rng.random() < (0.15 if "ALPHA" in drugs else 0.02) else set()
        events |= {"ITCH"} if rng.random() < itch else set()
        events |= {"RARE"} if "OMEGA" in drugs and rng.random() < 0.01 else set()
        rows.append((quarter, drugs, events))
    return rows


ROWS = made()


@pytest.fixture(scope="module")
def store(made_once: Callable[[str, Callable[[Path], object]], Path]) -> str:
    return str(made_once("methods", _write))


def _write(folder: Path) -> None:
    drugs = [(key, n, name) for key, (_, some, _) in enumerate(ROWS) for n, name in enumerate(sorted(some))]
    terms = [(key, n, term) for key, (*_, some) in enumerate(ROWS) for n, term in enumerate(sorted(some))]
    number = np.arange(len(ROWS))
    texts = np.array([str(key) for key in number], dtype=object)
    with open_store(folder, write=True) as opened:
        opened.engine.append(
            "reports",
            {
                "report_key": number,
                "source": np.full(len(ROWS), "faers", dtype=object),
                "quarter": np.array([quarter for quarter, *_ in ROWS], dtype=object),
                "caseid": texts,
                "primaryid": texts,
                "sex": np.array(["F" if key % 2 else "M" for key in number], dtype=object),
            },
        )
        key, place, name = (np.array(column) for column in zip(*drugs, strict=True))
        opened.engine.append(
            "drugs_in_report",
            {
                "report_key": key,
                "drug_seq": place,
                "row_number": place,
                "role": np.where(place == 0, "PS", "SS").astype(object),
                "drugname": name.astype(object),
            },
        )
        key, place, name = (np.array(column) for column in zip(*terms, strict=True))
        opened.engine.append("reactions", {"report_key": key, "row_number": place, "term": name.astype(object)})
        derive(opened)


def told(*words: str) -> dict[str, Any]:
    done = commands.primum(*words, "--json", "-")
    assert (done.returncode, done.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def shown(*words: str) -> str:
    done = commands.primum(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    return done.stdout


def test_a_planted_interaction_is_told_first_and_alone(store: str) -> None:
    answer = told("together", "alpha", "beta", "--store", store)
    assert answer["schema"] == "primum.interactions/1"
    assert (answer["first"], answer["second"]) == ("ALPHA", "BETA")
    rash, *others = answer["rows"]
    assert rash["event"] == "RASH"
    assert rash["omega_lower"] > 1
    assert rash["ratio_lower"] > 1
    assert all(row["omega_lower"] < 0.3 for row in others)
    with_both = [events for _, drugs, events in ROWS if {"ALPHA", "BETA"} <= drugs]
    assert answer["reports_with_both"] == len(with_both)
    assert {row["event"]: row["both_event"] for row in answer["rows"]} == {
        row["event"]: sum(row["event"] in events for events in with_both) for row in answer["rows"]
    }
    screen = shown("together", "alpha", "beta", "sex:F", "--store", store)
    assert "ALPHA and BETA in one report (sex:F)" in screen
    assert screen.index("RASH") < screen.index("NAUSEA")


def test_an_event_of_one_drug_alone_has_no_finite_ratio_and_the_screen_says_why(store: str) -> None:
    omega = next(row for row in told("regress", "rare", "--store", store)["rows"] if row["drug"] == "OMEGA")
    assert (omega["chosen"], omega["or_lasso"], omega["or_lasso_upper"]) == (1, None, None)
    assert "lasso_bic: the event comes always, never or only with the drug" in omega["warnings"]
    screen = shown("regress", "rare", "--store", store)
    assert "OMEGA [1" in screen
    assert "has no finite value" in " ".join(screen.split())


def test_every_form_of_file_holds_the_same_rows(store: str, tmp_path: Path) -> None:
    files = {kind: tmp_path / f"together.{kind}" for kind in ("json", "csv", "parquet", "xlsx")}
    shown("together", "alpha", "beta", "--store", store, *(w for k, f in files.items() for w in (f"--{k}", str(f))))
    rows = json.loads(files["json"].read_text(encoding="utf-8"))["rows"]
    with files["csv"].open(encoding="utf-8", newline="") as file:
        assert [row["event"] for row in csv.DictReader(file)] == [row["event"] for row in rows]
    with duckdb.connect() as connection:
        counted = connection.execute("SELECT event, omega FROM read_parquet(?)", [str(files["parquet"])]).fetchall()
    assert counted == [(row["event"], row["omega"]) for row in rows]
    with zipfile.ZipFile(files["xlsx"]) as book:
        assert 'name="interactions"' in book.read("xl/workbook.xml").decode()
        assert "RASH" in book.read("xl/worksheets/sheet1.xml").decode()


def test_the_drug_that_travels_along_is_left_out_and_said_to_stand_out_alone(store: str) -> None:
    words = ("regress", "tremor", "--drug", "gamma", "--methods", "lasso_bic,propensity", "--store", store)
    rows = {row["drug"]: row for row in told(*words)["rows"]}
    assert [name for name, row in rows.items() if row["chosen"]] == ["ALPHA"]
    assert rows["GAMMA"]["ror_lower"] > 1.5
    assert (rows["GAMMA"]["or_lasso"], rows["GAMMA"]["or_lasso_lower"]) == (1, None)
    assert "leaves it out" in rows["GAMMA"]["warnings"]
    assert rows["GAMMA"]["or_propensity_lower"] < 1 < rows["GAMMA"]["or_propensity_upper"]
    odds = 0.15 * 0.98 / (0.85 * 0.02)
    assert rows["ALPHA"]["or_lasso_lower"] < odds < rows["ALPHA"]["or_lasso_upper"]
    screen = shown(*words)
    kept, left_out = screen.index("Kept by a model"), screen.index("Standing out alone, left out beside the others")
    assert kept < screen.index("ALPHA", kept) < left_out < screen.index("GAMMA", left_out)


@pytest.mark.slow
def test_the_subsampling_lasso_keeps_the_same_drug_from_run_to_run(store: str) -> None:
    words = ("regress", "tremor", "sex:F", "--methods", "lasso_cisl", "--store", store)
    answer = told(*words)
    rows = {row["drug"]: row for row in answer["rows"]}
    assert [name for name, row in rows.items() if row["chosen"]] == ["ALPHA"]
    assert rows["ALPHA"]["cisl_share"] > 0.9 > rows["GAMMA"]["cisl_share"]
    assert told(*words) == answer


def test_a_model_of_many_reports_is_fitted_on_some_and_says_so(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from primum.study import regression, reports

    monkeypatch.setattr(regression, "MOST_WITHOUT", 2_000)
    with reports.open(store) as opened:
        found = regression.regression(opened, ["TREMOR"])
    assert any("2,000 of" in note and "seed 1" in note for note in found.notes)
    assert found.fit is not None
    assert found.drug[found.fit.selected].tolist() == ["ALPHA"]
    at = found.drug.tolist().index("ALPHA")
    assert found.fit.estimate.lower[at] < 0.15 * 0.98 / (0.85 * 0.02) < found.fit.estimate.upper[at]
    assert found.total_reports == len(ROWS)


def test_the_likelihood_ratio_test_of_the_table_is_that_of_the_pure_function(store: str) -> None:
    answer = told("signals", "alpha", "--methods", "lrt,lrt_zero_inflated", "--store", store)
    rows = {row["event"]: row for row in answer["rows"]}
    names = sorted(rows)
    every = sorted({event for *_, events in ROWS for event in events})
    assert sorted(set(every) - set(names)) == ["RARE"]  # no report of the drug, and yet it could have been drawn
    counted = [
        [sum(event in events and ("ALPHA" in drugs) == ours for _, drugs, events in ROWS) for ours in (True, False)]
        for event in (*names, "RARE")
    ]
    plain = lrt(counted, rng=np.random.default_rng(1), draws=999)
    inflated = lrt_zero_inflated(counted, rng=np.random.default_rng(1), draws=999).test
    for i, name in enumerate(names):
        assert rows[name]["lrt"] == pytest.approx(likelihood_ratio(counted)[i, 0], rel=1e-12)
        assert rows[name]["p_lrt"] == plain.p[i, 0]
        assert rows[name]["lrt_zero_inflated"] == pytest.approx(inflated.statistic[i, 0], rel=1e-12)
        assert rows[name]["p_lrt_zero_inflated"] == inflated.p[i, 0]
    assert rows["TREMOR"]["p_lrt"] == 0.001
    assert rows["FATIGUE"]["p_lrt"] > 0.05
    assert any("999 random tables (seed 1)" in note for note in answer["notes"])
    assert "LRT p" in shown("signals", "alpha", "--methods", "ror,lrt", "--store", store)


def test_an_event_that_begins_late_signals_in_its_quarter_against_a_comparator(store: str, tmp_path: Path) -> None:
    words = ("signals", "alpha", "--over-time", "--versus", VERSUS, "--store", store)
    answer = told(*words)
    assert (answer["schema"], answer["quarters"]) == ("primum.signals-watched/1", list(QUARTERS))
    itch = [row for row in answer["rows"] if row["event"] == "ITCH"]
    assert {row["signal_since"] for row in itch} == {"2019q3"}
    assert itch[0]["p_maxsprt"] < 0.001
    assert {row["signal_since"] for row in answer["rows"] if row["event"] in ("FATIGUE", "NAUSEA")} == {""}
    ours = [sum(q == quarter and "ALPHA" in drugs and "ITCH" in e for q, drugs, e in ROWS) for quarter in QUARTERS]
    theirs = [
        sum(q == quarter and "DELTA" in d and "ALPHA" not in d and "ITCH" in e for q, d, e in ROWS)
        for quarter in QUARTERS
    ]
    assert [row["observed"] for row in itch] == ours
    assert [row["comparator_observed"] for row in itch] == theirs
    assert "2019q3" in shown(*words, "--csv", str(tmp_path / "w.csv"), "--parquet", str(tmp_path / "w.parquet"))
    with (tmp_path / "w.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(answer["rows"])


def test_two_cohorts_within_strata_have_a_pooled_ratio(store: str) -> None:
    answer = told("signals", "alpha", "--versus", VERSUS, "--by", "sex", "--store", store)
    tremor = next(row for row in answer["rows"] if row["event"] == "TREMOR")
    assert tremor["mh_ror_lower"] < 0.15 * 0.98 / (0.85 * 0.02) < tremor["mh_ror_upper"]
    assert answer["comparator"].endswith("in the same stratum of sex")
    assert {row["stratum"] for row in answer["strata"]} == {"sex:F", "sex:M"}


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("together", "alpho", "beta"), 1, "nearest: ALPHA"),
        (("together", "alpha", "ALPHA"), 1, "are one drug (ALPHA); expected two"),
        (("together", "epsilon", "alpha"), 1, "names ALPHA too; expected two drugs that are also reported apart"),
        (("together", "alpha", "beta", "role:PS"), 1, "expected conditions on people"),
        (("together", "alpha", "beta", "quarter:2010q1"), 1, "holds no report"),
        (("regress", "tremors"), 1, "nearest: TREMOR"),
        (("regress", "tremor", "--drug", "gamna"), 1, "nearest: GAMMA"),
        (("regress", "tremor", "--methods", "lasso"), 1, 'No method named "lasso". Did you mean "lasso_bic"'),
        (("regress", "tremor", "--methods", "propensity"), 2, "propensity alone needs --drug DRUG"),
        (("regress", "tremor", "reaction:nausea reaction:fatigue"), 1, "holds no report"),
        (("signals", "--methods", "lrt"), 1, "Name one, or leave lrt out of the methods"),
        (("signals", "alpha", "--methods", "lrt", "--by", "sex"), 1, "lrt knows no strata"),
        (("signals", "alpha", "--over-time", "--versus", "drug:gamma"), 1, "Leave one out of the other with ~"),
        (("signals", "alpha", "--over-time", "--versus", VERSUS, "--methods", "ror"), 2, "leave out --methods"),
        (("signals", "alpha", "--over-time", "--duplicates", "off"), 2, "--over-time stands alone"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(store: str, words: tuple[str, ...], status: int, said: str) -> None:
    done = commands.primum(*words, "--store", store)
    assert done.returncode == status
    assert said in " ".join(done.stderr.replace("│", " ").split())
    if status == 1:
        assert len(done.stderr.splitlines()) == 1
