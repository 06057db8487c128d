"""How are pairs counted within strata of age, sex and year: what is expected there, and what Mantel-Haenszel sums?

A pair has a report in few of its strata, but the sums run over all of them. What a stratum without a report of the pair
adds follows from the two margins alone, so it is taken as a product of margins, and only the strata with a report are
counted one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from primum.counts.compiled import compiled
from primum.counts.in_order import InOrder
from primum.counts.kernel import Codes, Joined, Lists, Pairs, blocks, code_type, in_threads, shared_out, starts
from primum.counts.strata_loop import count_drugs, count_lists
from primum.errors import CountError
from primum.terms import FloatArray, IntArray

NO_STRATUM: Final = 255
"""Code of a report that lies in no stratum, such as one without an age; it is left out."""

WORTH_COMPILING: Final = 30_000_000  # entries; fewer are counted by whole arrays before numba is imported
_ENTRIES_OF_A_WALK: Final = 1_000_000
_ROWS_AT_ONCE: Final = 1_024  # pairs whose margins are multiplied at a time: what is gathered stays in the cache
_CELLS_AT_ONCE: Final = 32_768  # of the sums, for the same reason
_ENTRIES_AT_ONCE: Final = 250_000  # of lists, of rare drugs
_REPORTS_AT_ONCE: Final = 500_000  # of a frequent drug
_NOISE: Final = 1e-11  # of a difference of sums; what is smaller is 0


@dataclass(frozen=True, slots=True, eq=False)
class MantelHaenszelSums:
    """The sums over strata of Robins, Breslow and Greenland (1986) for each pair.

    With a, b, c, d and n of a stratum: R = ad/n, S = bc/n, P = (a + d)/n, Q = (b + c)/n.
    """

    r: FloatArray
    s: FloatArray
    pr: FloatArray
    ps_qr: FloatArray
    qs: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Stratified:
    """Every pair that a report in a stratum holds.

    Args:
        pairs: with their reports over all strata.
        expected: sum over strata of drug margin times event margin over reports.
        sums: for the pooled odds ratio.
        sizes: reports of each stratum.
    """

    pairs: Pairs
    expected: FloatArray
    sums: MantelHaenszelSums
    sizes: IntArray


def count_strata(held: Joined, stratum: NDArray[np.uint8], *, of_event: Lists, strata: int) -> Stratified:
    """Count all pairs within strata.

    Args:
        held: the drugs' reports and events.
        stratum: of each report, below `strata`, or `NO_STRATUM`.
        of_event: reports of each event.
        strata: how many there are, at most 255.

    Raises:
        CountError: more strata than codes, or a code that is no stratum.

    Numerics:
        Sums agree with those over the full table of strata to 1e-9 of themselves; one that is 0 is exactly 0. Many
        entries are counted by a compiled loop where numba is installed, which adds up in another order.
    """
    sizes = _sizes(stratum)
    if not 0 < strata <= NO_STRATUM or sizes[strata:NO_STRATUM].any():
        raise CountError(f"Strata must be numbered from 0 to {strata - 1}, at most {NO_STRATUM} of them.")
    sizes = sizes[:strata]
    if len(held.events.values) >= WORTH_COMPILING and (loop := compiled(count_drugs, any_order=True)) is not None:
        return _by_loop(held, stratum, of_event, sizes, loop)
    weights = _Weights(sizes, by_stratum(of_event, stratum, strata))
    by_drug = by_stratum(held.reports, stratum, strata)
    runs = blocks(held.events.sizes, at_once=_ENTRIES_AT_ONCE)
    found = in_threads(lambda run: _of_run(held, *run, stratum=stratum, by_drug=by_drug, weights=weights), runs)
    columns = in_threads(np.concatenate, list(zip(*found, strict=True)))
    return Stratified(Pairs(*columns[:3]), columns[3], MantelHaenszelSums(*columns[4:]), sizes)


def _sizes(stratum: NDArray[np.uint8]) -> IntArray:
    """Reports with each of the 256 codes."""
    pieces = [stratum[first : first + _REPORTS_AT_ONCE] for first in range(0, len(stratum), _REPORTS_AT_ONCE)]
    counted = in_threads(lambda piece: np.bincount(piece, minlength=256), pieces)
    return np.asarray(np.sum([np.zeros(256, dtype=np.int64), *counted], axis=0))


def _by_loop(
    held: Joined, stratum: NDArray[np.uint8], of_event: Lists, sizes: IntArray, loop: Callable[..., int]
) -> Stratified:
    """The same in one walk through the entries, by `primum.counts.strata_loop.count_drugs`."""
    arrays = (held.reports.start, held.reports.values, held.sizes, held.events.start, held.events.values, stratum)
    over = np.where(sizes > 0, 1 / np.maximum(sizes, 1), 0.0)
    margins = tuple(_whole_lanes(one) for one in (_margins(of_event, stratum, len(sizes)), sizes.astype(float), over))
    runs = blocks(held.events.sizes, at_once=_ENTRIES_OF_A_WALK)
    at_most = starts(np.minimum(held.events.sizes, len(of_event)))  # pairs
    most = max((int(at_most[last] - at_most[first]) for first, last in runs), default=0)
    found = InOrder(int(at_most[-1]), most)
    most_of_event, of_drug = int(margins[0].max(initial=0)), held.reports.sizes

    def walk(numbers: Iterator[int]) -> None:
        tables: dict[type, NDArray[Any]] = {}
        for number in numbers:
            codes, sums = memory = found.memory()
            # A cell holds at most the reports of its event in its stratum, and at most those of its drug.
            kind = code_type(min(most_of_event, int(of_drug[slice(*runs[number])].max())) + 1)
            if kind not in tables:
                tables[kind] = np.zeros(margins[0].shape, dtype=kind)
            table = tables[kind]
            found.add(number, loop(*runs[number], *arrays, *margins, table, codes, sums), memory)

    shared_out(walk, range(len(runs)))
    columns = found.columns()
    return Stratified(Pairs(*columns[:3]), columns[3], MantelHaenszelSums(*columns[4:]), sizes)


def _margins(of_event: Lists, stratum: NDArray[np.uint8], strata: int) -> NDArray[np.int32]:
    """Reports with each event in each stratum: half the memory of floats to read."""
    counted = np.zeros((len(of_event), strata), dtype=np.int32)
    loop = compiled(count_lists) or count_lists
    runs = blocks(of_event.sizes)
    in_threads(lambda run: loop(*run, of_event.start, of_event.values, stratum, counted), runs)
    return counted


def _whole_lanes(of_strata: NDArray[Any]) -> NDArray[Any]:
    """With empty strata up to a multiple of eight: as many numbers a core takes at once, and none is left over.

    Where that would give `NO_STRATUM` a place, there are none.
    """
    more = -of_strata.shape[-1] % 8
    more = more if of_strata.shape[-1] + more <= NO_STRATUM else 0
    return np.pad(of_strata, [(0, 0)] * (of_strata.ndim - 1) + [(0, more)])


class _Weights:
    """Margins of the events in each stratum, and one over the reports of each stratum."""

    def __init__(self, sizes: IntArray, by_event: FloatArray) -> None:
        self.strata = len(sizes)
        self.sizes = sizes.astype(np.float64)
        self.over = np.where(sizes > 0, 1 / np.maximum(sizes, 1), 0.0)
        self.by_event = by_event
        self.of_event = np.concatenate((by_event, by_event**2), axis=1)
        self.events = len(by_event)


def by_stratum(lists: Lists, stratum: NDArray[np.uint8], strata: int) -> FloatArray:
    """How many reports of each list lie in each stratum; shape `(lists, strata)`, whole numbers."""

    def of_run(run: tuple[int, int]) -> NDArray[Any]:
        start = lists.start[run[0] : run[1] + 1].astype(np.int64)
        place = np.repeat(np.arange(run[1] - run[0], dtype=np.int32) * 256, np.diff(start))
        place += stratum.take(lists.values[start[0] : start[-1]])
        return np.bincount(place, minlength=(run[1] - run[0]) * 256).reshape(-1, 256)[:, :strata].astype(np.float64)

    found = in_threads(of_run, blocks(lists.sizes, at_once=_ENTRIES_AT_ONCE))
    return np.concatenate(found) if found else np.zeros((0, strata))


def _of_run(
    held: Joined, first: int, last: int, *, stratum: NDArray[np.uint8], by_drug: FloatArray, weights: _Weights
) -> tuple[NDArray[Any], ...]:
    """Pairs and sums of neighbouring drugs."""
    place, observed = _triples(held, first, last, stratum, weights)
    pair, of = np.divmod(place, weights.strata)
    new = np.flatnonzero(np.concatenate(([True], pair[1:] != pair[:-1]))) if len(pair) else np.zeros(0, np.int64)
    drug, event = np.divmod(pair[new], max(weights.events, 1))
    margins = by_drug[first:last]
    expected, second = _products(drug, event, margins, weights)
    if not len(new):
        return drug.astype(np.int32), event.astype(np.int32), observed.astype(np.int32), *[expected] * 6
    cells = (drug, pair, of, observed)
    return (
        (drug + first).astype(np.int32),
        event.astype(np.int32),
        np.add.reduceat(observed, new).astype(np.int32),
        expected,
        *_sums_by_piece(cells, new, margins=margins, weights=weights, expected=expected, second=second),
    )


def _sums_by_piece(
    cells: tuple[IntArray, IntArray, IntArray, Codes],
    new: IntArray,
    *,
    margins: FloatArray,
    weights: _Weights,
    expected: FloatArray,
    second: FloatArray,
) -> FloatArray:
    """The sums of each pair, some pairs at a time.

    Args:
        cells: drug of each pair; pair, stratum and reports of each cell.
        new: first cell of each pair.
        margins: of the drugs in the strata.
        weights: of events and strata.
        expected: see `_products`.
        second: see `_products`.
    """
    drug, pair, of, observed = cells
    sums = np.empty((5, len(new)))
    bounds = np.searchsorted(new, np.arange(0, len(pair) + _CELLS_AT_ONCE, _CELLS_AT_ONCE))
    bounds = np.unique(np.concatenate(([0], bounds, [len(new)])))
    ends = np.append(new, len(pair))
    for one, other in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        pairs, places = slice(one, other), slice(int(ends[one]), int(ends[other]))
        at = of[places]
        in_pair = np.repeat(drug[pairs], np.diff(ends[one : other + 1]))
        counts = (
            observed[places].astype(np.float64),
            margins.ravel()[in_pair * weights.strata + at],
            weights.by_event.ravel()[(pair[places] - in_pair * weights.events) * weights.strata + at],
            weights.sizes[at],
            weights.over[at],
        )
        sums[:, pairs] = _sums(counts, new[pairs] - ends[one], expected=expected[pairs], second=second[pairs])
    return sums


def _sums(
    counts: tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray],
    new: IntArray,
    *,
    expected: FloatArray,
    second: FloatArray,
) -> tuple[FloatArray, ...]:
    """R, S, PR, PS + QR and QS of each pair: the strata with a report exactly, the others from the products."""
    a, n_drug, n_event, n, over = counts
    margins = n_drug + n_event
    q = (margins - 2 * a) * over
    r = a * (n - (margins - a)) * over
    s = (n_drug - a) * (n_event - a) * over
    base = n_drug * n_event * over

    def over_pairs(values: FloatArray) -> FloatArray:
        summed: FloatArray = np.add.reduceat(values, new)
        return summed

    rest = _difference(expected, over_pairs(base))
    rest_second = _difference(second, over_pairs(base * margins * over))
    q_r, q_s = q * r, q * s
    return (
        over_pairs(r),
        rest + over_pairs(s),
        over_pairs(r - q_r),
        np.maximum(rest - rest_second, 0.0) + over_pairs(s - q_s + q_r),
        rest_second + over_pairs(q_s),
    )


def _difference(whole: FloatArray, part: FloatArray) -> FloatArray:
    """What the strata without a report add; the noise of a difference that is 0 is taken away."""
    rest = whole - part
    return np.where(rest > _NOISE * whole, rest, 0.0)


def _triples(
    held: Joined, first: int, last: int, stratum: NDArray[np.uint8], weights: _Weights
) -> tuple[IntArray, Codes]:
    """Every drug, event and stratum that a report holds, as one rising number, with its reports."""
    cells = (last - first) * weights.events * weights.strata
    if last - first == 1 and cells <= 2 * len(held.events.of(first)):
        return _cells_of_one(held, first, stratum, weights)
    begin = held.events.start[first : last + 1].astype(np.int64)
    start = held.reports.start[first : last + 1].astype(np.int64)
    of = np.repeat(stratum.take(held.reports.values[start[0] : start[-1]]), held.sizes[start[0] : start[-1]])
    kind: type[np.unsignedinteger[Any]] = np.uint32 if cells < 2**32 else np.uint64
    key = held.events.values[begin[0] : begin[-1]].astype(kind)
    if last - first > 1:
        key += np.repeat((np.arange(last - first) * weights.events).astype(kind), np.diff(begin))
    key *= kind(weights.strata)
    key += of
    if (of == NO_STRATUM).any():
        key = key[of != NO_STRATUM]
    key.sort()
    new = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else np.zeros(0, np.int64)
    return key[new].astype(np.int64), np.diff(new, append=len(key))


def _cells_of_one(held: Joined, drug: int, stratum: NDArray[np.uint8], weights: _Weights) -> tuple[IntArray, Codes]:
    """The same for a drug with about as many events reported as there are cells, some of its reports at a time."""
    reports, events = held.reports.of(drug), held.events.of(drug)
    first = int(held.reports.start[drug])
    sizes = held.sizes[first : first + len(reports)]
    counted = np.zeros(weights.events * (weights.strata + 1), dtype=np.int64)
    width, place = weights.strata + 1, 0  # one more, for the reports that lie in no stratum
    for some in range(0, len(reports), _REPORTS_AT_ONCE):
        of = np.minimum(stratum.take(reports[some : some + _REPORTS_AT_ONCE]), weights.strata)
        key = events[place : place + int(sizes[some : some + _REPORTS_AT_ONCE].sum())].astype(np.int32)
        key *= width  # events and strata are fewer than 2^31 cells, where there are as many entries
        key += np.repeat(of, sizes[some : some + _REPORTS_AT_ONCE])
        place += len(key)
        counted += np.bincount(key, minlength=len(counted))
    counted = counted.reshape(-1, width)[:, : weights.strata].ravel()
    found = np.flatnonzero(counted)
    return found, counted[found]


def _products(drug: IntArray, event: IntArray, margins: FloatArray, weights: _Weights) -> tuple[FloatArray, FloatArray]:
    """Over all strata: sum of nd ne / n, and of (nd + ne) nd ne / n^2."""
    one = margins * weights.over
    both = np.concatenate((one * one, one * weights.over), axis=1)  # of ne and of ne^2
    expected, second = np.empty(len(drug)), np.empty(len(drug))
    for some in range(0, len(drug), _ROWS_AT_ONCE):
        rows = slice(some, some + _ROWS_AT_ONCE)
        d, of_event = drug[rows], weights.of_event.take(event[rows], axis=0)
        if d[0] == d[-1]:  # rows come by drug
            expected[rows] = of_event[:, : weights.strata] @ one[d[0]]
            second[rows] = of_event @ both[d[0]]
        else:
            expected[rows] = np.einsum("ps,ps->p", of_event[:, : weights.strata], one[d])
            second[rows] = np.einsum("ps,ps->p", of_event, both[d])
    return expected, second
