"""A treatment in some roles is counted from its own rows as the cohort language counts it from every drug row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from primum.cases.use import EXPOSURE_ROLES
from primum.counts.by_arrays import Asked
from primum.counts.cohort import EVERYTHING, Cohort, condition, parse
from primum.counts.contingency import count
from primum.counts.incidence import Incidence, open_incidence
from primum.counts.members import Scope
from primum.counts.people import ROLE_BIT, UNTOLD_BIT
from primum.counts.roles import count_in_roles, tells_roles
from primum.counts.table import CountTable
from primum.errors import CohortError
from primum.store import Store
from primum.treatments.vocabulary import vocabularies

ABOUT = Asked("anti-wrinkle", "treatment")
SCOPE = Scope({words.treatment: words.bins for words in vocabularies()}, treatment=(ABOUT.name,))
COHORTS = ["*", "sex:F", "use:cosmetic", "~use_strict:unknown sex:F", "reaction:headache age:18-", "source:table"]
Roads = tuple[Store, Incidence]


@pytest.fixture(scope="module")
def roads(memory_store: Callable[..., Store], mixed_rows: Callable[[int], Any]) -> Iterator[Roads]:
    with memory_store(**mixed_rows(300)) as store:
        yield store, open_incidence(store, keep=False)


def counted(table: CountTable) -> list[tuple[Any, ...]]:
    columns = (table.event, table.observed, table.drug_reports, table.event_reports)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def by_language(store: Store, cohort: Cohort) -> tuple[list[tuple[Any, ...]], int]:
    try:
        table = count(store, ABOUT, scope=SCOPE, cohort=cohort, drug_level="treatment")
    except CohortError:  # no report is left
        return [], 0
    return counted(table), table.total_reports


@pytest.mark.parametrize("text", COHORTS)
def test_the_roles_asked_for_are_counted_as_the_engine_counts_them(roads: Roads, text: str) -> None:
    store, arrays = roads
    cohort = parse(text)
    sizes = []
    for roles in (("PS",), ("SS", "I"), ("C",), ("PS", "SS", "I", "C")):
        ours = count_in_roles(arrays, ABOUT.name, roles, cohort=cohort, scope=SCOPE, untold=False)
        theirs, total = by_language(store, cohort & condition("role", *roles))
        assert counted(ours) == theirs, roles
        assert total in (ours.total_reports, 0)
        sizes.append(len(ours))
    assert any(sizes) or text == "source:table"


def test_with_the_reports_that_tell_no_role_the_exposures_are_those_counted_by_default(roads: Roads) -> None:
    store, arrays = roads
    ours = count_in_roles(arrays, ABOUT.name, EXPOSURE_ROLES, cohort=EVERYTHING, scope=SCOPE, untold=True)
    theirs, total = by_language(store, EVERYTHING)
    assert counted(ours) == theirs
    assert total == ours.total_reports


def test_every_role_and_none_stands_in_some_report(roads: Roads) -> None:
    _, arrays = roads
    held = arrays.roles(ABOUT.name).arrays["roles"]
    assert {bit for bit in (*ROLE_BIT.values(), UNTOLD_BIT) if (held & bit).any()} >= {
        *(ROLE_BIT[role] for role in ("PS", "SS", "I", "C")),
        UNTOLD_BIT,
    }


@pytest.mark.parametrize("text", ["role:PS", "drug:botox", "product:dysport dose:20", "sex:F | substance:aspirin"])
def test_a_cohort_that_names_drugs_or_roles_leaves_none_to_vary(text: str) -> None:
    assert not tells_roles(parse(text))
