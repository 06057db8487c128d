"""A cohort read from arrays is the cohort that the engine answers: for every field, and for every combination."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from primum.counts.cohort import Cohort, all_of, any_of, parse
from primum.counts.incidence import Incidence, open_incidence
from primum.counts.members import Scope, members
from primum.errors import CohortError
from primum.store import Store
from primum.treatments.vocabulary import vocabularies

SCOPE = Scope({words.treatment: words.bins for words in vocabularies()})
CONDITIONS = [
    *(
        "sex:F",
        "sex:M,unknown",
        "age:18-64",
        "age:65-",
        "age:-17,unknown",
        "age:40",
        "age:0.5-2",
        "age:-0.4",
        "age:40000-",
    ),
    *("country:US", "country:FR,US", "country:AQ", "reporter:physician", "reporter:consumer,lawyer", "source:faers"),
    *("source:table", "quarter:2017q2", "quarter:2017q1..2018q4", "serious:yes", "serious:no", "serious:yes,no"),
    *("outcome:death", "outcome:death,other", "received:2017", "received:2017-03..2018q1", "received:1800..2017"),
    *("received:2017..2200", "event_date:2016", "event_date:2016-02-29", "event_date:2016-02,2017q3"),
    *('product:"botox cosmetic" dose:10-20', "product:botox dose:-12,50-", "product:dysport ~dose:20"),
    *("role:PS", "role:C,DN", "drug:botox", "drug:aspirin,dysport", 'product:"botox cosmetic"', "substance:aspirin"),
    *(
        "treatment:anti-wrinkle",
        "use:cosmetic",
        "use:unknown,therapeutic",
        "use_strict:unknown",
        "indication:migraine",
        "reaction:headache",
    ),
    *('indication:"skin wrinkling",pain', "bin:harm", "bin:indication", "bin:harm,product_quality"),
    *("reaction:pain,rash", "*"),
]


@pytest.fixture(scope="module")
def roads(
    memory_store: Callable[..., Store], mixed_rows: Callable[[int], dict[str, list[dict[str, Any]]]]
) -> Iterator[tuple[Store, Incidence]]:
    with memory_store(**mixed_rows(150)) as store:
        yield store, open_incidence(store, keep=False)


def both(roads: tuple[Store, Incidence], cohort: Cohort) -> tuple[list[int], list[int]]:
    store, arrays = roads
    by_engine = sorted(store.engine.run(members(cohort, SCOPE))["report_key"].tolist())
    return arrays.report_keys[arrays.mask(cohort, SCOPE)].tolist(), by_engine


@pytest.mark.parametrize("text", CONDITIONS)
def test_every_condition_means_the_same_to_the_arrays_and_to_the_engine(
    roads: tuple[Store, Incidence], text: str
) -> None:
    for cohort in (parse(text), ~parse(text)):
        fast, slow = both(roads, cohort)
        assert fast == slow


def combined(parts: st.SearchStrategy[Cohort]) -> st.SearchStrategy[Cohort]:
    several = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(parts.map(lambda c: ~c), several.map(lambda c: all_of(*c)), several.map(lambda c: any_of(*c)))


COHORTS = st.recursive(st.sampled_from([parse(text) for text in CONDITIONS]), combined, max_leaves=6)


@pytest.mark.slow
@given(COHORTS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_combination_means_the_same_to_the_arrays_and_to_the_engine(
    roads: tuple[Store, Incidence], cohort: Cohort
) -> None:
    fast, slow = both(roads, cohort)
    assert fast == slow, str(cohort)


def test_common_conditions_are_answered_without_the_engine(
    roads: tuple[Store, Incidence], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, arrays = roads
    for name in ("people", "uses", "uses-strict", "indications"):
        arrays.part(name)
    arrays.events()

    def refuse(*_: Any) -> Callable[..., Any]:
        raise AssertionError("the engine was asked")

    monkeypatch.setattr("primum.counts.masks.members", refuse)
    people = "sex:F age:18-64 country:US,FR reporter:consumer received:2015..2018 quarter:2017q1..2018q4 serious:yes"
    cohort = parse(f"{people} use:cosmetic ~use_strict:mixed ~reaction:rash ~indication:pain bin:harm")
    assert arrays.mask(cohort, SCOPE).shape == (arrays.total,)
    with pytest.raises(AssertionError, match="the engine was asked"):
        arrays.mask(parse("age:0.5-2"), SCOPE)


def test_a_dose_means_the_units_of_the_one_product_beside_it(memory_store: Callable[..., Store]) -> None:
    drugs = [("BOTOX", 20.0, "U"), ("DYSPORT", 20.0, "U"), ("BOTOX", 20.0, "MG"), ("BOTOX", 60.0, "UNITS")]
    rows: dict[str, list[dict[str, Any]]] = {"reports": [], "drugs_in_report": []}
    for number, (name, amount, unit) in enumerate(drugs):
        about = {"source": "faers", "quarter": "2017q2", "caseid": str(number), "primaryid": str(number)}
        rows["reports"].append({"report_key": number, **about})
        drug = {
            "drug_seq": 1,
            "row_number": 1,
            "role": "PS",
            "drugname": name,
            "dose_amount": amount,
            "dose_unit": unit,
        }
        rows["drugs_in_report"].append({"report_key": number, **drug})
    with memory_store(**rows) as store:
        arrays = open_incidence(store, keep=False)
        told = {text: np.flatnonzero(arrays.mask(parse(text), SCOPE)).tolist() for text in ("product:botox dose:-20",)}
        asked = Scope(SCOPE.bins, product="DYSPORT")
        assert told == {"product:botox dose:-20": [0]}
        assert np.flatnonzero(arrays.mask(parse("dose:20"), asked)).tolist() == [1]
        for text in ("dose:20", "drug:botox dose:20", "product:botox,dysport dose:20"):
            with pytest.raises(CohortError, match=r"dose:20 stands alone; expected beside it one product"):
                arrays.mask(parse(text), SCOPE)
