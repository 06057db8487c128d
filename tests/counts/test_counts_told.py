"""What is tallied from arrays is what the engine tallies: for every field, every cohort and both sets of rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import primum
from primum.cases.onset import STATUSES
from primum.counts.by_arrays import Asked
from primum.counts.cohort import Cohort, any_of, parse
from primum.counts.contingency import find_drug
from primum.counts.flow import flow
from primum.counts.incidence import Incidence, open_incidence
from primum.counts.members import Scope
from primum.counts.onset_days import OnsetDays, onset_days
from primum.counts.profile import tallies, use_changes
from primum.counts.told import tallies_of, use_changes_of
from primum.store import Store
from primum.treatments.vocabulary import vocabularies

ABOUT = Asked("anti-wrinkle", "treatment")
SCOPE = Scope({words.treatment: words.bins for words in vocabularies()}, treatment=(ABOUT.name,))
COHORTS = ["*", "sex:F", "use:cosmetic", "~use_strict:unknown", "reaction:headache age:18-", "age:0.5-2", "country:AQ"]
Roads = tuple[Store, Incidence]


@pytest.fixture(scope="module")
def roads(memory_store: Callable[..., Store], mixed_rows: Callable[[int], Any]) -> Iterator[Roads]:
    with memory_store(**mixed_rows(300)) as store:
        yield store, open_incidence(store, keep=False)


def agree(roads: Roads, cohort: Cohort) -> int:
    """Compare the two roads; how many reports were tallied."""
    store, arrays = roads
    told = arrays.told(ABOUT.name).among(arrays.mask(cohort, SCOPE))
    for strict in (False, True):
        slow = tallies(store, ABOUT.name, cohort, SCOPE, strict=strict)
        assert tallies_of(told, arrays.events(), strict=strict) == slow
    assert use_changes_of(told) == use_changes(store, ABOUT.name, cohort, SCOPE)
    return sum(tally.reports for tally in slow["total"])


@pytest.mark.parametrize("text", COHORTS)
def test_a_cohort_is_tallied_alike_by_the_arrays_and_by_the_engine(roads: Roads, text: str) -> None:
    reports = agree(roads, parse(text))
    assert reports > 0 or text == "country:AQ"


def test_every_kind_of_value_is_tallied(roads: Roads) -> None:
    """Also what no list of codes knows: an outcome that FDA never named, a product that nobody told, a day of 1899."""
    _, arrays = roads
    found = {
        name: {one.value for one in some} for name, some in tallies_of(arrays.told(ABOUT.name), arrays.events()).items()
    }
    assert {"XX", "DE"} <= found["outcome"]
    assert {"unknown", "2016"} <= found["year"]
    assert {"yes", "no", "unknown"} == found["serious"]
    assert {"0-17", "18-39", "40-64", "65+", "unknown"} == found["age"]
    assert {"cosmetic", "therapeutic", "mixed", "unknown"} <= {
        one.use for one in use_changes_of(arrays.told(ABOUT.name))
    }


@given(st.lists(st.sampled_from([parse(text) for text in COHORTS]), min_size=2, max_size=3), st.booleans())
@settings(max_examples=5)
def test_any_union_of_cohorts_is_tallied_alike(roads: Roads, parts: list[Cohort], negated: bool) -> None:
    cohort = any_of(*parts)
    agree(roads, ~cohort if negated else cohort)


def plain(found: tuple[OnsetDays, ...]) -> list[tuple[str, list[int], dict[str, int]]]:
    return [(one.use, one.days.tolist(), dict(one.reports)) for one in found]


@pytest.mark.parametrize("text", COHORTS)
@pytest.mark.parametrize("column", ["use", "use_strict"])
def test_onsets_of_a_treatment_are_the_same_from_the_arrays(roads: Roads, text: str, column: str) -> None:
    store, arrays = roads
    slow, fast = (
        plain(onset_days(store, ABOUT, parse(text), SCOPE, use_column=column, arrays=one)) for one in (None, arrays)
    )
    assert fast == slow
    if text == "*":
        told = {status for _, _, reports in fast for status, n in reports.items() if n}
        assert told == set(STATUSES)


@pytest.mark.parametrize("name", ["aspirin", "botox", "botox cosmetic"])
def test_onsets_of_a_drug_are_the_same_where_the_arrays_name_its_reports(roads: Roads, name: str) -> None:
    store, arrays = roads
    asked = find_drug(store, name)
    for text in ("*", "sex:F", "country:AQ"):
        slow, fast = (plain(onset_days(store, asked, parse(text), SCOPE, arrays=one)) for one in (None, arrays))
        assert fast == slow
        assert bool(fast) == (text != "country:AQ")


def test_the_onsets_of_a_drug_are_asked_of_the_engine_once_whatever_the_cohort(
    roads: Roads, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, arrays = roads
    asked, cohort = find_drug(store, "dysport"), parse("sex:F")
    slow = plain(onset_days(store, asked, cohort, SCOPE))
    plain(onset_days(store, asked, parse("sex:M"), SCOPE, arrays=arrays))
    arrays.mask(cohort, SCOPE)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the engine was asked")

    monkeypatch.setattr(type(store.engine), "run", refuse)
    assert plain(onset_days(store, asked, cohort, SCOPE, arrays=arrays)) == slow
    assert sum(slow[0][2].values())


@pytest.fixture(scope="module")
def laid_out(roads: Roads) -> Roads:
    store, _ = roads
    arrays = open_incidence(store, keep=False)
    arrays.lay_out_onsets()
    return store, arrays


def test_onsets_of_every_drug_of_every_level_are_those_of_the_engine_once_they_are_laid_out(laid_out: Roads) -> None:
    store, arrays = laid_out
    seen: Counter[str] = Counter()
    for level in ("substance", "product", "verbatim"):
        for name in arrays.drugs(level).names.tolist():
            asked = Asked(name, level)
            fast = plain(onset_days(store, asked, parse("*"), SCOPE, arrays=arrays))
            assert fast == plain(onset_days(store, asked, parse("*"), SCOPE)), asked
            for _, _, reports in fast:
                seen.update(reports)
    assert {status for status, n in seen.items() if n} == set(STATUSES)


@pytest.mark.parametrize("text", COHORTS)
def test_laid_out_onsets_of_a_cohort_are_those_of_the_engine(laid_out: Roads, text: str) -> None:
    store, arrays = laid_out
    for name in ("aspirin", "botox"):
        asked = find_drug(store, name)
        slow, fast = (plain(onset_days(store, asked, parse(text), SCOPE, arrays=one)) for one in (None, arrays))
        assert fast == slow


def test_laid_out_onsets_read_no_table_of_reports(laid_out: Roads, monkeypatch: pytest.MonkeyPatch) -> None:
    store, arrays = laid_out
    asked = find_drug(store, "dysport")
    monkeypatch.setattr("primum.counts.onset_days._rows", None)
    assert onset_days(store, asked, parse("*"), SCOPE, arrays=arrays)[0].reports


@pytest.mark.parametrize("text", COHORTS)
def test_the_flow_is_the_same_from_the_arrays(roads: Roads, text: str) -> None:
    store, arrays = roads
    for asked in (None, ABOUT, find_drug(store, "aspirin")):
        assert flow(store, asked, parse(text), SCOPE, arrays=arrays) == flow(store, asked, parse(text), SCOPE)


def test_roles_that_are_asked_for_are_left_to_the_engine(roads: Roads) -> None:
    store, arrays = roads
    scope = replace(SCOPE, roles=("C",))
    cohort = parse("sex:F")
    assert flow(store, ABOUT, cohort, scope, arrays=arrays) == flow(store, ABOUT, cohort, scope)
    slow, fast = (plain(onset_days(store, ABOUT, cohort, scope, arrays=one)) for one in (None, arrays))
    assert fast == slow


def test_a_treatment_without_a_report_is_tallied_as_nothing(memory_store: Callable[..., Store]) -> None:
    about = {"report_key": 1, "source": "faers", "quarter": "2017q2", "caseid": "1", "primaryid": "1"}
    with memory_store(reports=[about]) as store:
        arrays = open_incidence(store, keep=False)
        told = arrays.told(ABOUT.name)
        assert tallies_of(told, arrays.events()) == tallies(store, ABOUT.name, parse("*"), SCOPE)
        assert onset_days(store, ABOUT, parse("*"), SCOPE, arrays=arrays) == ()


def test_the_whole_answer_is_the_same_with_and_without_arrays(made_archives: Path) -> None:
    with primum.open(made_archives) as opened:
        for cohort in (None, "sex:F age:18-64"):
            fast = opened.answer("anti-wrinkle", cohort)
            slow = type(opened)(opened.store, fast=False).answer("anti-wrinkle", cohort)
            for name in ("flow", "tallies", "reactions", "use_changes", "onsets", "notes", "duplicates", "reports"):
                assert getattr(fast, name) == getattr(slow, name), name


def test_an_answer_from_arrays_that_are_there_asks_the_engine_for_no_table_of_reports(
    made_archives: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with primum.open(made_archives) as opened:
        before = opened.answer("anti-wrinkle", "sex:F")

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("the engine was asked")

        for name in ("run", "rows", "stage_expression"):
            monkeypatch.setattr(type(opened.store.engine), name, refuse)
        again = opened.answer("anti-wrinkle", "sex:F")
    assert (again.flow, again.tallies, again.onsets) == (before.flow, before.tallies, before.onsets)
