"""Between which rates does a pair's true rate lie, given its count and the prior: quantiles of the posterior.

Few pairs are solved one by one. Of many pairs with the same count the quantile is read from a table over ln E, in
stretches made narrower where the table is not right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from primum.counts.compiled import compiled_for
from primum.counts.kernel import Codes, in_threads
from primum.signals.ebgm_cells import Cells
from primum.signals.ebgm_likelihood import Component, Mixture, first_share
from primum.signals.ebgm_posterior import SMALLEST, log_quantiles, posterior
from primum.signals.ebgm_tables import LEAST_PAIRS, Table, Tiles, tabulate
from primum.signals.loops import WORTH_CALLING, read_walk, tile_walk
from primum.terms import FloatArray, IntArray

_WIDTHS: Final = (2.0, 0.25, 1 / 32)  # of a tile in ln E; what the wider ones cannot hold is tried in narrower ones
_CHUNK: Final = 1 << 16
_SOLVED_AT_ONCE: Final = 4_096


def posterior_quantiles(mixture: Mixture, pairs: Cells, probabilities: tuple[float, ...]) -> tuple[FloatArray, ...]:
    """Quantiles of the posterior rate of each pair.

    Args:
        mixture: the prior.
        pairs: count and expectation of each pair; the weights are not used.
        probabilities: which quantiles, each in (0, 1).

    Returns:
        One array `(pairs,)` for each probability. Where the posterior jumps over the probability, at a point mass, the
        quantile is the place of the jump.

    Numerics:
        Error of the distribution function at the quantile: below 1e-11 where solved, below 1e-7 where interpolated
        (both compared with scipy in the tests). Quantiles below 1e-300 come out as 0.

    Examples:
        >>> from primum.signals.ebgm_cells import cells_of
        >>> prior = Mixture(Component(8.14, 3.256), Component(1.0617, 2.0237), 0.0653)
        >>> low, high = posterior_quantiles(prior, cells_of([5], [0.5]), (0.05, 0.95))
        >>> round(float(low[0]), 2), round(float(high[0]), 2)
        (2.23, 14.57)
    """
    parts = (mixture.first, mixture.second)
    if mixture.share >= 1:
        return tuple(_quantile_of_one(mixture.first, pairs, p) for p in probabilities)
    if all(part.is_gamma for part in parts):
        return _two_gammas(mixture, pairs, probabilities)
    return tuple(_with_point(mixture, pairs, p) for p in probabilities)


def _quantile_of_one(part: Component, pairs: Cells, probability: float) -> FloatArray:
    if not part.is_gamma:
        return np.full(len(pairs), part.mean)
    values, place = pairs.distinct
    return np.asarray(special.gammaincinv(part.shape + values, probability)[place] / (part.rate + pairs.expected))


def _with_point(mixture: Mixture, pairs: Cells, probability: float) -> FloatArray:
    """Below, at or above the jump of the distribution function: each has a formula."""
    point, other, share = mixture.first, mixture.second, first_share(mixture, pairs)
    if point.is_gamma:
        point, other, share = other, point, 1 - share
    if not other.is_gamma:
        low, high = sorted((point, other), key=lambda part: part.mean)
        at_low = share if low is point else 1 - share
        return np.where(at_low >= probability, low.mean, high.mean)
    rest = 1 - share
    shape, rate = other.shape + pairs.observed, other.rate + pairs.expected
    below = rest * special.gammainc(shape, rate * point.mean)
    before, after = below >= probability, below + share < probability
    wanted = np.where(after, probability - share, probability)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = special.gammaincinv(shape, np.clip(wanted / rest, 0, 1)) / rate
    return np.where(before | after, found, point.mean)


def _two_gammas(mixture: Mixture, pairs: Cells, probabilities: tuple[float, ...]) -> tuple[FloatArray, ...]:
    """From tables of ever narrower tiles; what lies where the quantile leaps between the components is solved."""
    results = tuple(np.empty(len(pairs)) for _ in probabilities)
    todo: Sequence[slice | IntArray] = [slice(i, min(i + _CHUNK, len(pairs))) for i in range(0, len(pairs), _CHUNK)]
    left = np.arange(len(pairs))
    many = len(pairs)
    ends = np.log(np.maximum([pairs.expected.min(initial=1), pairs.expected.max(initial=1)], SMALLEST))
    for width in _WIDTHS:
        if many < LEAST_PAIRS:
            break
        tiled = _tiles(pairs, todo, ends, width)
        table = tabulate(mixture, tiled.tiles, tiled.pairs, probabilities)
        left = np.concatenate(in_threads(partial(_read, table, pairs=pairs, tiled=tiled, results=results), todo))
        many = len(left)
        todo = [left[i : i + _CHUNK] for i in range(0, many, _CHUNK)]

    def solve(rows: IntArray) -> None:
        rest = posterior(mixture, Cells(pairs.observed[rows], pairs.expected[rows], pairs.weight[rows]))
        for result, logs in zip(results, log_quantiles(rest, probabilities)[0], strict=True):
            result[rows] = np.exp(logs)

    order = np.argsort(pairs.observed[left], kind="stable")  # few different counts in each part
    in_threads(solve, np.array_split(left[order], -(-many // _SOLVED_AT_ONCE)) if many else [])
    return results


def _read(
    table: Table, rows: slice | IntArray, *, pairs: Cells, tiled: _Tiled, results: tuple[FloatArray, ...]
) -> IntArray:
    """Take what a table holds of some pairs into the results, and give the rows of the others."""
    log_e, place = _log_expected(pairs, rows), pairs.distinct[1][rows]
    loop = compiled_for(read_walk, len(pairs), called=WORTH_CALLING, imported=None) if len(tiled.number) else None
    if loop is not None:
        logs, left = np.empty((len(results), len(log_e))), np.empty(len(log_e), dtype=np.int64)
        where = (table.tiles.width, tiled.first, tiled.stretches, tiled.number)
        what = (table.known, table.tiles.low, table.scale, table.last, table.offset, table.polynomials)
        left = left[: loop(log_e, place, *where, *what, logs, left)]
    else:
        tile = tiled.of(place, log_e)
        logs, left = table.logs(tile, log_e), np.flatnonzero(~table.known[tile])
    for result, quantile in zip(results, np.exp(logs, out=logs), strict=True):
        result[rows] = quantile  # those that are not known yet are written again
    return left + rows.start if isinstance(rows, slice) else rows[left]


@dataclass(frozen=True, slots=True)
class _Tiled:
    """Pairs by count and stretch of ln E.

    Args:
        tiles: those that have any.
        pairs: how many each of them has.
        keys: key of each of them, rising.
        number: number of the tile of every key that can be; empty where they are too many to be listed.
        first: the first stretch.
        stretches: how many there are.
    """

    tiles: Tiles
    pairs: IntArray
    keys: IntArray
    number: NDArray[np.int32]
    first: int
    stretches: int

    def of(self, place: IntArray, log_e: FloatArray) -> Codes:
        """The tile of each of some pairs, whose counts stand at a place among all."""
        key = _key(place, log_e, self.tiles.width, self.first, self.stretches)
        tile: Codes = self.number[key] if len(self.number) else np.searchsorted(self.keys, key)
        return tile


def _key(place: IntArray, log_e: FloatArray, width: float, first: int, stretches: int) -> IntArray:
    """What is the same for pairs of one count and stretch, and for no others."""
    scaled = log_e / width
    key = np.floor(scaled, out=scaled).astype(np.int64)
    key -= first
    key += place * stretches
    return key


def _log_expected(pairs: Cells, rows: slice | IntArray) -> FloatArray:
    return np.log(np.maximum(pairs.expected[rows], SMALLEST))


def _tiles(pairs: Cells, todo: Sequence[slice | IntArray], ends: FloatArray, width: float) -> _Tiled:
    """Part the pairs of some chunks into tiles, the least and the largest ln E being `ends`."""
    values, place = pairs.distinct
    first, last = (int(np.floor(end / width)) for end in ends)
    stretches = last - first + 1
    possible = len(values) * stretches
    listed = possible <= 4 * _CHUNK * len(todo)  # else a table of them would be larger than the pairs
    at_once = listed and possible <= _CHUNK

    loop = compiled_for(tile_walk, len(pairs), called=WORTH_CALLING, imported=None) if at_once else None

    def look(rows: slice | IntArray) -> IntArray:
        log_e = _log_expected(pairs, rows)
        if loop is not None:
            counted = np.zeros(possible, dtype=np.int64)
            loop(log_e, place[rows], width, first, stretches, counted)
            return counted
        key = _key(place[rows], log_e, width, first, stretches)
        return np.bincount(key, minlength=possible) if at_once else key

    found = in_threads(look, todo)
    if at_once:
        counted = np.sum(found, axis=0)
    elif listed:
        counted = np.bincount(np.concatenate(found), minlength=possible)
    if listed:
        keys = np.flatnonzero(counted)
        counted, number = counted[keys], np.zeros(possible, dtype=np.int32)
        number[keys] = np.arange(len(keys), dtype=np.int32)
    else:
        keys, counted = np.unique(np.concatenate(found), return_counts=True)
        number = np.zeros(0, dtype=np.int32)
    low = np.asarray((keys % stretches + first) * width, dtype=np.float64)
    return _Tiled(Tiles(values[keys // stretches], low, width), counted, keys, number, first, stretches)
