"""Counts within strata: equal to the full table of strata, pair by pair."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.counts import strata as counting
from primum.counts.compiled import compiled
from primum.counts.kernel import as_lists, joined
from primum.counts.strata import NO_STRATUM, Stratified, count_strata
from primum.counts.strata_loop import count_drugs
from primum.errors import CountError
from primum.signals.mantel_haenszel import mantel_haenszel, pooled_from_sums

DRUGS, EVENTS = 4, 5
NUMBA = pytest.mark.skipif(find_spec("numba") is None, reason="numba (the extra `fast`) is not installed")
ROADS = [
    pytest.param(None, id="arrays"),
    pytest.param(count_drugs, id="loop as it is written"),
    pytest.param("compiled", id="loop compiled", marks=[NUMBA, pytest.mark.slow]),
]


def counted(
    drug: np.ndarray, event: np.ndarray, stratum: np.ndarray, strata: int, loop: Callable[..., Any] | str | None = None
) -> tuple[Stratified, np.ndarray, np.ndarray]:
    """The counts under test, and the same reports as truth tables: report x drug, report x event."""
    lists = []
    for held in (drug, event):
        owner, value = np.nonzero(held)
        lists.append(as_lists(owner, value, owners=len(held), width=held.shape[1]))
    of_event = lists[1].inverted(event.shape[1])
    held = joined(lists[0].inverted(drug.shape[1]), lists[1])
    with pytest.MonkeyPatch.context() as patch:
        if loop is not None:
            patch.setattr(counting, "WORTH_COMPILING", 0)
            patch.setattr(counting, "_ENTRIES_OF_A_WALK", 50)  # so that there are several, done in any order
        if callable(loop):
            patch.setattr(counting, "compiled", lambda one, **_: one)
        return count_strata(held, stratum, of_event=of_event, strata=strata), drug, event


def check(found: Stratified, drug: np.ndarray, event: np.ndarray, stratum: np.ndarray, strata: int) -> None:
    inside = [stratum == s for s in range(strata)]
    a = np.array([(drug[i].T.astype(np.int64) @ event[i]).ravel() for i in inside]).T
    n_drug = np.array([[drug[i, d].sum() for i in inside] for d in range(drug.shape[1]) for _ in range(event.shape[1])])
    n_event = np.array(
        [[event[i, e].sum() for i in inside] for _ in range(drug.shape[1]) for e in range(event.shape[1])]
    )
    total = np.array([i.sum() for i in inside])
    there = a.sum(axis=1) > 0
    a, n_drug, n_event = a[there].T, n_drug[there].T, n_event[there].T
    place = np.flatnonzero(there)
    assert (found.pairs.drug * event.shape[1] + found.pairs.event).tolist() == place.tolist()
    assert found.pairs.observed.tolist() == a.sum(axis=0).tolist()
    assert found.sizes.tolist() == total.tolist()
    expected = (n_drug * n_event / np.maximum(total, 1)[:, None]).sum(axis=0)
    np.testing.assert_allclose(found.expected, expected, rtol=1e-12)
    if len(place):
        whole = mantel_haenszel(a, n_drug, n_event, total[:, None]).estimate
        ours = pooled_from_sums(found.sums)
        assert ours.reason_code.tolist() == whole.reason_code.tolist()
        for name in ("value", "lower", "upper"):
            np.testing.assert_allclose(getattr(ours, name), getattr(whole, name), rtol=1e-9)


@pytest.mark.parametrize("loop", ROADS)
@given(
    made=st.lists(
        st.tuples(
            st.sets(st.integers(0, DRUGS - 1)),
            st.sets(st.integers(0, EVENTS - 1)),
            st.sampled_from([0, 1, 2, NO_STRATUM]),
        ),
        min_size=1,
        max_size=30,
    )
)
@settings(deadline=None)
def test_strata_count_what_the_full_table_of_strata_counts(
    loop: Callable[..., Any] | str | None, made: list[tuple[set[int], set[int], int]]
) -> None:
    drug = np.array([[d in row[0] for d in range(DRUGS)] for row in made])
    event = np.array([[e in row[1] for e in range(EVENTS)] for row in made])
    stratum = np.array([row[2] for row in made], dtype=np.uint8)
    check(*counted(drug, event, stratum, 3, loop), stratum, 3)


@pytest.mark.parametrize("loop", [ROADS[0], ROADS[2]])  # as it is written the loop would take seconds
@pytest.mark.parametrize(("drugs", "events", "reports"), [(3, 7, 4_000), (40, 300, 600), (2, 300, 900)])
def test_dense_and_sparse_tables_of_strata_are_alike(
    drugs: int, events: int, reports: int, loop: Callable[..., Any] | str | None
) -> None:
    rng = np.random.default_rng(5)
    stratum = rng.integers(0, 12, reports).astype(np.uint8)
    stratum[rng.random(reports) < 0.1] = NO_STRATUM
    drug = rng.random((reports, drugs)) < 0.1 + 0.02 * (stratum % 12)[:, None]
    event = rng.random((reports, events)) < 3 / events
    check(*counted(drug, event, stratum, 12, loop), stratum, 12)


@pytest.mark.parametrize("loop", ROADS[:2])
@pytest.mark.parametrize("strata", [247, 249, 255])
def test_reports_of_no_stratum_are_left_out_however_many_strata_there_are(
    strata: int, loop: Callable[..., Any] | None
) -> None:
    """The loop takes eight strata at once; an empty one that fills up the eight must not be that of no stratum."""
    rng = np.random.default_rng(8)
    stratum = rng.integers(0, strata, 700).astype(np.uint8)
    stratum[::3] = NO_STRATUM
    drug, event = rng.random((700, 2)) < 0.5, rng.random((700, 3)) < 0.5
    check(*counted(drug, event, stratum, strata, loop), stratum, strata)


@pytest.mark.parametrize("loop", ROADS[:2])
def test_more_reports_than_sixteen_bits_hold_are_counted_in_one_cell(loop: Callable[..., Any] | None) -> None:
    many = np.ones((2**16 + 40, 1), dtype=bool)
    found, *_ = counted(many, many, np.zeros(len(many), dtype=np.uint8), 1, loop)
    assert found.pairs.observed.tolist() == [len(many)]


def test_one_stratum_expects_what_no_strata_expect() -> None:
    rng = np.random.default_rng(6)
    drug, event = rng.random((200, 5)) < 0.3, rng.random((200, 6)) < 0.3
    found, *_ = counted(drug, event, np.zeros(200, dtype=np.uint8), 1)
    crude = drug.sum(axis=0)[found.pairs.drug] * event.sum(axis=0)[found.pairs.event] / 200
    np.testing.assert_allclose(found.expected, crude)


def test_a_code_that_is_no_stratum_is_refused() -> None:
    ones = np.ones((2, 1), dtype=bool)
    with pytest.raises(CountError, match="numbered from 0 to 1"):
        counted(ones, ones, np.array([0, 2], dtype=np.uint8), 2)


@pytest.mark.parametrize("loop", ROADS[:2])
def test_a_sum_that_is_nothing_is_exactly_nothing(loop: Callable[..., Any] | None) -> None:
    drug = np.array([[True]] * 7 + [[False]] * 3)
    event = np.array([[True]] * 3 + [[False]] * 4 + [[True]] * 3)  # no report is without both
    found, *_ = counted(drug, event, np.zeros(10, dtype=np.uint8), 1, loop)
    assert found.sums.r.tolist() == [0.0]
    assert found.sums.s.tolist() == [pytest.approx(4 * 3 / 10, rel=1e-15)]
    found, *_ = counted(drug, drug, np.zeros(10, dtype=np.uint8), 1, loop)  # none has the one without the other
    assert (found.sums.s.tolist(), found.sums.qs.tolist()) == ([0.0], [0.0])


@NUMBA
def test_a_loop_is_compiled_where_numba_is_and_only_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiled(count_drugs) is not None
    monkeypatch.setitem(sys.modules, "numba", None)  # an import of it fails
    assert compiled.__wrapped__(count_drugs) is None
