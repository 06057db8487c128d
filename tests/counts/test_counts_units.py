"""A dose term says where units of several drugs meet: of one drug, of every pair, and on both sides of a comparison."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import commands
from primum.counts.cohort import parse
from primum.counts.units import differing_units, drugs_compared
from primum.store import Store
from primum.study.question import Question
from primum.study.reports import Reports, StratifiedScores
from primum.study.reports import open as open_reports

MakeStore = Callable[..., Store]
DRUGS = ("BOTOX", "DYSPORT", "ASPIRIN")
EVENTS = ("OVERDOSE", "INCORRECT DOSE ADMINISTERED", "HEADACHE", "OVERDOSED BATTERY")
DOSED = set(EVENTS[:2])
FIRED = "unit artefact: 2 drugs of this treatment are dosed in units that are not the same"


def long_rows(drugs: tuple[str, ...] = DRUGS) -> list[tuple[str, str, str]]:
    """SYNTHETIC reports of a long table: each drug with each event, eight times."""
    pairs = [(drug, event) for drug in drugs for event in EVENTS for _ in range(8)]
    return [(str(n), drug, event) for n, (drug, event) in enumerate(pairs)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("units")
    with (place / "long.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("CASEID", "DRUG", "AE"), *long_rows()])
    done = commands.primum("load", "table", place / "long.csv", "--store", place / "store")
    assert done.returncode == 0, done.stderr
    return place / "store"


@pytest.fixture(scope="module", params=[True, False], ids=["arrays", "engine"])
def reports(folder: Path, request: pytest.FixtureRequest) -> Iterator[Reports]:
    with open_reports(folder) as opened:
        yield Reports(opened.store, fast=request.param)


def fired(table: object) -> set[tuple[str, str]]:
    rows = zip(table.drug.tolist(), table.event.tolist(), table.warnings.tolist(), strict=True)  # type: ignore[attr-defined]
    return {(drug, event) for drug, event, text in rows if FIRED in text}


@pytest.mark.parametrize("level", ["verbatim", "product", "substance"])
def test_every_pair_of_a_drug_with_units_of_its_own_is_told(reports: Reports, level: str) -> None:
    table = reports.signals(drug_level=level)  # type: ignore[arg-type]
    others = {drug for drug in table.drug.tolist() if drug != "ASPIRIN"}
    assert len(others) == 2
    assert fired(table) == {(drug, event) for drug in others for event in DOSED}


@pytest.mark.parametrize("what", ["dysport", "botox", "anti-wrinkle", "abobotulinumtoxinA"])
def test_one_drug_or_treatment_is_told(reports: Reports, what: str) -> None:
    assert {event for _, event in fired(reports.signals(what))} == DOSED


def test_another_drug_is_not_told(reports: Reports) -> None:
    assert fired(reports.signals("aspirin")) == set()


@pytest.mark.parametrize(
    ("what", "cohort", "versus", "told"),
    [
        ("dysport", "~drug:botox", "drug:botox ~drug:dysport", True),
        ("", "drug:dysport", "drug:aspirin", True),
        ("", "drug:aspirin", "substance:onabotulinumtoxinA", True),
        ("", "product:botox", "treatment:anti-wrinkle ~product:botox", True),
        ("", "drug:aspirin", "use:unknown drug:dysport", True),
        ("", "drug:aspirin", "~drug:aspirin", False),
    ],
)
def test_a_comparison_that_names_such_a_drug_on_either_side_is_told(
    reports: Reports, what: str, cohort: str, versus: str, told: bool
) -> None:
    table = reports.signals(what, cohort, versus)
    assert {event for _, event in fired(table)} == (DOSED if told else set())


@pytest.mark.parametrize("what", ["", "dysport"])
def test_strata_change_nothing_of_it(memory_store: MakeStore, what: str) -> None:
    about = {"source": "faers", "quarter": "2017q1"}
    rows = [(n, drug, "FM"[n % 2]) for n, drug in enumerate(DRUGS * 8, start=1)]  # SYNTHETIC
    reports = [{"report_key": n, "caseid": str(n), "primaryid": str(n), "sex": sex, **about} for n, _, sex in rows]
    named = [{"report_key": n, "drugname": drug, "drug_seq": 1, "row_number": 1, "role": "PS"} for n, drug, _ in rows]
    told = [{"report_key": n, "row_number": 1, "term": "OVERDOSE"} for n, _, _ in rows]
    with memory_store(reports=reports, drugs_in_report=named, reactions=told) as store:
        opened = Reports(store, fast=False)
        within: StratifiedScores = opened.stratified(Question(what), by=("sex",), methods=("ic",))
        found = fired(within.scores.table())
        assert found == fired(opened.signals(what, methods=("ic",)))
        assert len(found) == (1 if what else 2)


def test_a_use_speaks_of_every_treatment() -> None:
    units = {"BOTOX": 3, "DYSPORT": 3, "ANTI-WRINKLE": 3}
    sides = (parse("use:cosmetic"), parse("use:therapeutic"))
    assert drugs_compared(units, sides) == 3
    assert drugs_compared(units, sides, "DERMAL-FILLER") == 0
    assert drugs_compared(units, (parse("sex:F"), parse("sex:M"))) == 0
    assert drugs_compared({}, sides) == 0


def test_two_products_of_one_substance_are_dosed_in_the_same_units(memory_store: MakeStore) -> None:
    about = {"source": "faers", "quarter": "2017q1"}
    reports = [{"report_key": n, "caseid": str(n), "primaryid": str(n), **about} for n in (2, 3)]
    named = {"drug_seq": 1, "row_number": 1, "role": "PS"}
    rows = [{"report_key": n, "drugname": name, **named} for n, name in ((2, "BOTOX"), (3, "BOTOX COSMETIC"))]
    with memory_store(reports=reports, drugs_in_report=rows) as store:
        assert differing_units(store) == {}


def test_the_command_writes_it_beside_the_ratio_of_a_comparison_and_of_every_pair(folder: Path, tmp_path: Path) -> None:
    for number, words in enumerate((("dysport", "~drug:botox", "--versus", "drug:botox ~drug:dysport"), ())):
        file = tmp_path / f"{number}.csv"
        done = commands.primum("signals", *words, "--store", folder, "--csv", file)
        assert done.returncode == 0, done.stderr
        assert "No row was checked for one sender" in " ".join(done.stdout.split())
        with file.open(encoding="utf-8", newline="") as rows:
            told = [row["warnings"] for row in csv.DictReader(rows) if row["event"] == "OVERDOSE"]
        assert any(FIRED in text for text in told)
