"""A cohort of sex and age is a sum of cells, and the sum is the count."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.counts.cohort import all_of, condition, parse
from primum.counts.holdings import Events
from primum.counts.incidence import Incidence, open_incidence
from primum.counts.members import Scope
from primum.counts.person_cells import of_persons
from primum.loading.faers import load_archives
from primum.loading.link import link_reports
from primum.store import Store, open_store
from primum.terms import Quarter
from primum.testing.faers import write_archive

SCOPE = Scope({})
PERSONS = [
    "sex:F",
    "sex:M,unknown",
    "age:18-64",
    "age:65-",
    "age:-17,unknown",
    "age:40",
    "age:200-",
    "duplicates:off",
]
OTHERS = [
    "age:0.5-2",
    "age:40000-",
    "sex:F country:US",
    "sex:F | age:-17",
    "~sex:F",
    "sex:F duplicates:exact,off",
    "serious:yes",
]


@pytest.fixture(scope="module")
def arrays(
    memory_store: Callable[..., Store], mixed_rows: Callable[[int], dict[str, list[dict[str, Any]]]]
) -> Iterator[Incidence]:
    with memory_store(**mixed_rows(300)) as store:
        made = open_incidence(store, keep=False)
        made.lay_out_cells("off")
        yield made


@pytest.mark.parametrize("texts", [[text] for text in PERSONS])
def test_the_events_of_a_cohort_of_persons_are_summed(arrays: Incidence, texts: list[str]) -> None:
    agree(arrays, texts)


@given(st.lists(st.sampled_from(PERSONS[:-1]), min_size=2, max_size=3, unique_by=lambda text: text[:3]))
@settings(max_examples=10)
def test_so_are_those_of_several_conditions(arrays: Incidence, texts: list[str]) -> None:
    agree(arrays, texts)


def agree(arrays: Incidence, texts: list[str]) -> None:
    cohort = all_of(*map(parse, texts))
    summed = arrays._margins_of_persons(cohort, SCOPE)
    assert summed is not None
    assert summed.tolist() == arrays.events().margins(arrays.mask(cohort, SCOPE)).tolist()
    assert summed.any() or "200" in str(cohort)


@pytest.mark.parametrize("text", OTHERS)
def test_what_cells_cannot_tell_is_counted(arrays: Incidence, text: str) -> None:
    cohort = parse(text)
    assert arrays._margins_of_persons(cohort, SCOPE) is None
    counted = arrays.event_margins(cohort, SCOPE)
    assert counted.tolist() == arrays.events().margins(arrays.mask(cohort, SCOPE)).tolist()


@pytest.mark.parametrize("text", ["sex:F duplicates:exact,off", "sex:F duplicates:exact duplicates:off"])
def test_a_cohort_by_the_links_of_two_methods_is_none_of_persons(text: str) -> None:
    assert of_persons(parse(text)) is None


def test_where_cells_are_laid_out_no_report_is_counted(arrays: Incidence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Events, "margins", None)
    assert arrays.event_margins(parse("sex:F age:18-64"), SCOPE).any()


def test_one_report_of_each_event_is_in_the_cells_of_linked_reports(tmp_path: Path) -> None:
    write_archive(tmp_path, quarter=Quarter(2026, 1), reports=500, seed=6, duplicate_share=0.1)  # SYNTHETIC
    with open_store(tmp_path / "store", write=True) as opened:
        load_archives(opened, tmp_path)
        link_reports(opened)
    with open_store(tmp_path / "store") as store:
        open_incidence(store).lay_out_cells("exact")
        arrays = open_incidence(store)  # as another process finds them
        for method, there in (("exact", True), ("off", False)):
            cohort = parse("sex:F") & condition("duplicates", method)
            summed = arrays._margins_of_persons(cohort, SCOPE)
            assert (summed is not None) == there
            counted = arrays.events().margins(arrays.mask(cohort, SCOPE))
            assert summed is None or summed.tolist() == counted.tolist()
        assert counted.sum() > arrays.event_margins(parse("sex:F duplicates:exact"), SCOPE).sum()


def test_a_store_without_reports_has_no_cells(memory_store: Callable[..., Store]) -> None:
    with memory_store() as store:
        arrays = open_incidence(store, keep=False)
        arrays.lay_out_cells("off")
        arrays.lay_out_onsets()
        assert not len(arrays.event_margins(parse("sex:F"), SCOPE))


def test_whoever_wants_one_part_waits_for_no_other(arrays: Incidence, monkeypatch: pytest.MonkeyPatch) -> None:
    """The onsets of every drug take half a minute at 20 million reports."""
    building, go = threading.Event(), threading.Event()

    def build(*_: object) -> None:
        building.set()
        assert go.wait(20)

    monkeypatch.setattr("primum.counts.incidence.build_onsets", build)
    slow = threading.Thread(target=arrays.lay_out_onsets)
    slow.start()
    try:
        assert building.wait(20)
        assert np.count_nonzero(arrays.mask(parse("indication:migraine"), SCOPE))  # a part that nobody has built yet
    finally:
        go.set()
        slow.join()
