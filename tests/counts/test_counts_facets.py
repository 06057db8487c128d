"""The number beside a choice is the number of reports that the choice leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from primum.counts.by_arrays import Asked
from primum.counts.cohort import condition, parse
from primum.counts.facets import FIELDS, by_quarter, facets, places_of
from primum.counts.groups import places_with
from primum.counts.incidence import Incidence, open_incidence
from primum.counts.members import Scope, members
from primum.store import Store
from primum.treatments.vocabulary import vocabularies

SCOPE = Scope({words.treatment: words.bins for words in vocabularies()})
OF_TREATMENT = Scope(SCOPE.bins, treatment=("anti-wrinkle",))
ASKED = Asked("anti-wrinkle", "treatment")
COHORTS = ("*", "sex:F", "sex:F age:18-64", "use:cosmetic", "serious:yes ~sex:M", "sex:F | country:US", "role:PS sex:F")


def some_reports(reports: int) -> dict[str, list[dict[str, Any]]]:
    """SYNTHETIC reports in which every field takes every kind of value."""
    rng = np.random.default_rng(3)

    def one_of(*values: Any) -> Any:
        return values[int(rng.integers(len(values)))]

    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("reports", "drugs_in_report", "reactions", "outcomes", "indications")
    }
    for number in range(reports):
        key = {"report_key": number}
        rows["reports"].append(
            {
                **key,
                "source": "faers",
                "quarter": one_of("2017q1", "2017q2"),
                "caseid": str(number),
                "primaryid": str(number),
                "sex": one_of("F", "M", None),
                "age_years": one_of(None, 0.5, 17.9, 18.0, 44.9, 45.0, 64.9, 65.0, 80.0),
                "occurrence_country": one_of("US", "FR", None),
                "reporter_occupation": one_of("MD", "CN", None),
                "received_date": dt.date(2017, 3, 1),
                "received_date_precision": "D",
            }
        )
        name = one_of("BOTOX", "BOTOX COSMETIC", "ASPIRIN")
        drug = {"drug_seq": 1, "row_number": 1, "role": one_of("PS", "SS", "C"), "drugname": name}
        rows["drugs_in_report"].append({**key, **drug})
        rows["reactions"].append({**key, "row_number": 1, "term": one_of("HEADACHE", "RASH")})
        told = one_of("MIGRAINE", "SKIN WRINKLING", "PAIN")
        rows["indications"].append({**key, "row_number": 1, "drug_seq": 1, "term": told})
        if number % 3:
            rows["outcomes"].append({**key, "row_number": 1, "outcome": one_of("DE", "HO", "OT")})
    return rows


@pytest.fixture(scope="module")
def roads(memory_store: Callable[..., Store]) -> Iterator[tuple[Store, Incidence]]:
    with memory_store(**some_reports(300)) as store:
        yield store, open_incidence(store, keep=False)


def without(text: str, field: str) -> str:
    """A cohort of conditions that all hold, without those on a field."""
    kept = text if "|" in text else " ".join(word for word in text.split() if not word.startswith(f"{field}:"))
    return kept or "*"


@pytest.mark.parametrize("text", COHORTS)
def test_the_number_beside_a_choice_is_that_of_the_engine(roads: tuple[Store, Incidence], text: str) -> None:
    store, arrays = roads
    counted = facets(arrays, None, parse(text), SCOPE)
    assert counted.reports == len(store.engine.run(members(parse(text), SCOPE))["report_key"])
    for field in FIELDS:
        for value, reports in counted.by_field[field].items():
            cohort = parse(without(text, field)) & condition(field, value)
            assert reports == len(store.engine.run(members(cohort, SCOPE))["report_key"]), (field, value)


def test_the_uses_of_a_treatment_are_counted_among_its_reports(roads: tuple[Store, Incidence]) -> None:
    _, arrays = roads
    counted = facets(arrays, ASKED, parse("sex:F"), OF_TREATMENT)
    assert set(counted.by_field["use"]) >= {"cosmetic", "therapeutic"}
    for use, reports in counted.by_field["use"].items():
        assert facets(arrays, ASKED, parse(f"sex:F use:{use}"), OF_TREATMENT).reports == reports
    assert sum(counted.by_field["use"].values()) == counted.reports


@pytest.mark.parametrize(
    "text", [*COHORTS, "age:0.5-2", "age:-17,unknown country:US", "serious:no reporter:MD", "source:table"]
)
def test_the_reports_of_a_treatment_are_those_of_a_mask_of_all_reports(
    roads: tuple[Store, Incidence], text: str
) -> None:
    """What persons tell is read from the columns of these reports, everything else from a mask of all."""
    _, arrays = roads
    cohort = parse(text)
    held = places_with(arrays, ASKED)
    held = held[arrays.mask(cohort, OF_TREATMENT)[held]]
    places = places_of(arrays, ASKED, cohort, OF_TREATMENT)
    assert places is not None
    assert places.tolist() == held.tolist()
    assert facets(arrays, ASKED, cohort, OF_TREATMENT).reports == len(held)
    assert len(held) or text == "source:table"


def test_only_the_reports_asked_for_are_counted(roads: tuple[Store, Incidence]) -> None:
    _, arrays = roads
    among = np.zeros(arrays.total, dtype=bool)
    among[:100] = True
    counted = facets(arrays, None, parse("sex:F"), SCOPE, among=among)
    assert counted.reports == int((arrays.mask(parse("sex:F"), SCOPE) & among).sum())
    places = places_of(arrays, None, parse("sex:F"), SCOPE, among=among)
    assert places is not None
    assert places.max() < 100
    assert len(places) == counted.reports


def test_quarters_add_up_to_the_reports_with_the_event(roads: tuple[Store, Incidence]) -> None:
    _, arrays = roads
    for text in ("*", "sex:F"):
        quarters, counted = by_quarter(arrays, places_of(arrays, None, parse(text), SCOPE), ["HEADACHE", "RASH"])
        assert quarters == ("2017q1", "2017q2")
        for column, event in enumerate(("HEADACHE", "RASH")):
            assert counted[:, column].sum() == facets(arrays, None, parse(f"{text} reaction:{event}"), SCOPE).reports
