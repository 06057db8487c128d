"""Between which rates does a pair's true rate lie, given its count and the prior: quantiles of the posterior.

Few pairs are solved one by one; of many pairs with the same count the quantile is tabulated over ln E and interpolated,
on a grid refined until the measured error of the distribution function is below `TABLE_ERROR`, in stretches made
narrower where it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from primum.counts.kernel import Codes, in_threads
from primum.signals.ebgm_cells import Cells
from primum.signals.ebgm_likelihood import Component, Mixture, first_share
from primum.signals.ebgm_posterior import SMALLEST, log_quantiles, posterior
from primum.terms import BoolArray, FloatArray, IntArray

TABLE_ERROR: Final = 1e-8  # of the distribution function, measured half-way between grid points
_DEGREE: Final = 5
_WIDTHS: Final = (2.0, 0.25, 1 / 32)  # of a tile in ln E; what the wider ones cannot hold is tried in narrower ones
_WORTH: Final = 4  # pairs for each point of a grid, below which solving them costs less than the grid
_GRIDS: Final = (13, 25, 49, 97)  # points: those of the grid before and the middles between them
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
        if many < _WORTH * _GRIDS[0]:
            break
        tiled = _tiles(pairs, todo, ends, width)
        table = _tabulate(mixture, tiled.tiles, tiled.pairs, probabilities)
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
    table: _Table, rows: slice | IntArray, *, pairs: Cells, tiled: _Tiled, results: tuple[FloatArray, ...]
) -> IntArray:
    """Take what a table holds of some pairs into the results, and give the rows of the others."""
    log_e = _log_expected(pairs, rows)
    tile = tiled.of(pairs, rows, log_e)
    for result, quantile in zip(results, table.read(tile, log_e), strict=True):
        result[rows] = quantile  # those that are not known yet are written again
    left = np.flatnonzero(~table.known[tile])
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

    tiles: _Tiles
    pairs: IntArray
    keys: IntArray
    number: NDArray[np.int32]
    first: int
    stretches: int

    def of(self, pairs: Cells, rows: slice | IntArray, log_e: FloatArray) -> Codes:
        """The tile of each of some pairs."""
        key = _key(pairs.distinct[1][rows], log_e, self.tiles.width, self.first, self.stretches)
        place: Codes = self.number[key] if len(self.number) else np.searchsorted(self.keys, key)
        return place


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

    def look(rows: slice | IntArray) -> IntArray:
        key = _key(place[rows], _log_expected(pairs, rows), width, first, stretches)
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
    return _Tiled(_Tiles(values[keys // stretches], low, width), counted, keys, number, first, stretches)


@dataclass(frozen=True, slots=True)
class _Table:
    """Polynomials of ln(quantile) over ln E, for each tile that has enough pairs."""

    known: BoolArray
    low: FloatArray
    width: float
    size: IntArray  # grid points of the tile
    offset: IntArray  # where its polynomials begin
    polynomials: FloatArray  # (probabilities, degree + 1, windows), highest power first

    def read(self, tile: Codes, log_e: FloatArray) -> list[FloatArray]:
        last = self.size - _DEGREE - 1
        steps = log_e - self.low[tile]
        steps *= ((self.size - 1) / self.width)[tile]
        window = steps.astype(np.int64)
        window -= _DEGREE // 2
        np.maximum(window, 0, out=window)
        np.minimum(window, last[tile], out=window)
        steps -= window
        steps -= _DEGREE / 2
        window += self.offset[tile]
        found = []
        for highest, *lower in self.polynomials:
            value = highest.take(window)
            for coefficient in lower:
                value *= steps
                value += coefficient.take(window)
            found.append(np.exp(value, out=value))
        return found


@dataclass(frozen=True, slots=True)
class _Tiles:
    """Stretches of ln E, each for pairs of one count: where they begin and how wide they are."""

    counts: FloatArray
    low: FloatArray
    width: float

    def cells(self, some: IntArray, size: int, *, middles: bool = False) -> Cells:
        """Evenly spaced points of some tiles, or the middles between them."""
        steps = np.arange(size - 1) + 0.5 if middles else np.arange(size)
        log_e = self.low[some, None] + self.width * (steps / (size - 1))
        counts = np.repeat(self.counts[some].astype(np.int64), log_e.shape[1])
        return Cells(counts, np.exp(log_e.ravel()), np.ones(log_e.size))


def _tabulate(mixture: Mixture, tiles: _Tiles, pairs: IntArray, probabilities: tuple[float, ...]) -> _Table:
    """Refine each tile's grid until the error between its points is below `TABLE_ERROR`; leave out what never is.

    Args:
        mixture: the prior.
        tiles: where.
        pairs: how many lie in each tile; one with few pairs for the points of its grid is left out.
        probabilities: of the quantiles.
    """
    number = len(tiles.counts)
    known, offset = np.zeros(number, dtype=np.bool_), np.zeros(number, dtype=np.int64)
    sizes = np.full(number, _GRIDS[0], dtype=np.int64)
    pieces = [np.zeros((len(probabilities), _DEGREE + 1, _GRIDS[0]))]  # what a tile that is not known may read
    filled, todo = _GRIDS[0], np.flatnonzero(pairs >= _WORTH * _GRIDS[0])
    parts = -(-len(todo) * _GRIDS[0] // _SOLVED_AT_ONCE)
    refine = partial(_refine, mixture, tiles, pairs, probabilities)
    for done, size, polynomials in chain(*in_threads(refine, [todo[part::parts] for part in range(parts)])):
        known[done], sizes[done] = True, size
        offset[done] = filled + (size - _DEGREE) * np.arange(len(done))
        pieces.append(_end_to_end(polynomials))
        filled += pieces[-1].shape[2]
    return _Table(known, tiles.low, tiles.width, sizes, offset, np.concatenate(pieces, axis=2))


def _refine(
    mixture: Mixture, tiles: _Tiles, pairs: IntArray, probabilities: tuple[float, ...], todo: IntArray
) -> list[tuple[IntArray, int, FloatArray]]:
    """Polynomials of some tiles, by the size of the grid that is right to `TABLE_ERROR`.

    The error of a grid is measured at its middles, from where their quantiles are looked for; if it is too large these
    are the new points.
    """
    made = []
    after = posterior(mixture, tiles.cells(todo, _GRIDS[0]))
    logs = log_quantiles(after, probabilities)[0].reshape(len(probabilities), len(todo), _GRIDS[0])
    for size in _GRIDS:
        polynomials = _polynomials(logs)
        after = posterior(mixture, tiles.cells(todo, size, middles=True))
        between = _between(polynomials).reshape(len(probabilities), -1)
        middles, error = (
            a.reshape(-1, len(todo), size - 1) for a in log_quantiles(after, probabilities, start=between)
        )
        worst = error.max(axis=(0, 2))
        good, next_size = worst < TABLE_ERROR, 2 * size - 1
        made.append((todo[good], size, polynomials[:, good]))
        going = ~good & (pairs[todo] >= _WORTH * next_size)
        if size == _GRIDS[-1] or not going.any():
            break
        finer = np.empty((len(probabilities), int(going.sum()), next_size))
        finer[:, :, ::2], finer[:, :, 1::2] = logs[:, going], middles[:, going]
        logs, todo = finer, todo[going]
    return made


def _end_to_end(polynomials: FloatArray) -> FloatArray:
    """From `(probabilities, tiles, windows, degree + 1)` to what a table reads: one coefficient of every window."""
    probabilities, tiles, windows, powers = polynomials.shape
    return np.moveaxis(polynomials, 3, 1).reshape(probabilities, powers, tiles * windows)


def _polynomials(logs: FloatArray) -> FloatArray:
    """Through each window of six neighbours, highest power first; shape `(probabilities, tiles, windows, powers)`."""
    nodes = np.arange(_DEGREE + 1) - _DEGREE / 2
    to_powers = np.linalg.inv(np.vander(nodes))
    windows = np.lib.stride_tricks.sliding_window_view(logs, _DEGREE + 1, axis=2)
    return np.asarray(np.nan_to_num(np.einsum("qcwn,pn->qcwp", windows, to_powers), nan=np.inf))


def _between(polynomials: FloatArray) -> FloatArray:
    """What is read half-way between the points of a grid; shape `(probabilities, tiles, points - 1)`."""
    windows = polynomials.shape[2]
    middle = np.arange(windows + _DEGREE - 1)
    window = np.clip(middle - _DEGREE // 2, 0, windows - 1)
    steps = middle + 0.5 - window - _DEGREE / 2
    with np.errstate(over="ignore", invalid="ignore"):
        highest, *lower = np.moveaxis(polynomials[:, :, window], 3, 0)
        value = highest
        for coefficient in lower:
            value = value * steps + coefficient
    return np.asarray(value)
