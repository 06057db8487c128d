"""Between which rates does a pair's true rate lie, given its count and the prior: quantiles of the posterior.

The posterior of a pair is again a mixture: component j becomes a gamma of shape `alpha_j + n` and rate `beta_j + E`.
Its quantile has no formula. Few pairs are solved one by one; of many pairs with the same count the quantile is
tabulated over ln E and interpolated, on a grid refined until the measured error of the distribution function is below
`TABLE_ERROR`, in stretches made narrower where it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from scipy import special

from primum.counts.kernel import in_threads
from primum.signals.ebgm_likelihood import Cells, Component, Mixture, first_share
from primum.signals.estimate import distinct_counts
from primum.terms import BoolArray, FloatArray, IntArray

TABLE_ERROR: Final = 1e-8  # of the distribution function, measured half-way between grid points
_DEGREE: Final = 5
_WIDTHS: Final = (2.0, 0.25, 1 / 32)  # of a tile in ln E; what the wider ones cannot hold is tried in narrower ones
_WORTH: Final = 4  # pairs for each point of a grid, below which solving them costs less than the grid
_GRIDS: Final = (12, 24, 48, 96)
_CHUNK: Final = 1 << 15
_SMALLEST: Final = 1e-300


@dataclass(frozen=True, slots=True)
class Posterior:
    """The posterior mixture of each pair: shapes, rates and the share of the first component."""

    shape1: FloatArray
    rate1: FloatArray
    shape2: FloatArray
    rate2: FloatArray
    share: FloatArray


def posterior(mixture: Mixture, pairs: Cells) -> Posterior:
    """Shapes, rates and share of the first component after the pair's count was seen."""
    first, second, n, e = mixture.first, mixture.second, pairs.observed.astype(np.float64), pairs.expected
    share = first_share(mixture, pairs)  # Eq. 6
    return Posterior(first.shape + n, first.rate + e, second.shape + n, second.rate + e, share)  # Eq. 7


def posterior_cdf(mixture: Mixture, pairs: Cells, rate: FloatArray) -> FloatArray:
    """Probability that a pair's true rate is at most `rate`."""
    share = first_share(mixture, pairs)
    return share * _cdf_of(mixture.first, pairs, rate) + (1 - share) * _cdf_of(mixture.second, pairs, rate)


def _cdf_of(part: Component, pairs: Cells, rate: FloatArray) -> FloatArray:
    if not part.is_gamma:
        return np.asarray(rate >= part.mean, dtype=np.float64)
    return np.asarray(special.gammainc(part.shape + pairs.observed, (part.rate + pairs.expected) * rate))


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
        >>> from primum.signals.ebgm_likelihood import cells_of
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
    values, place = pairs.distinct
    log_e = np.log(np.maximum(pairs.expected, _SMALLEST))
    todo = np.arange(len(pairs))  # and where they lie, which is in the order of `todo`
    for width in _WIDTHS:
        if len(todo) < _WORTH * _GRIDS[0]:
            break
        tiles, tile = _tiles(values, place, log_e, width)
        table = _tabulate(mixture, tiles, np.bincount(tile, minlength=len(tiles.counts)), probabilities)
        read = partial(_read, table, tile=tile, log_e=log_e, todo=todo, results=results)
        left = np.concatenate(in_threads(read, range(0, len(todo), _CHUNK)))
        todo, place, log_e = todo[left], place[left], log_e[left]
    if len(todo):
        rest = posterior(mixture, Cells(pairs.observed[todo], pairs.expected[todo], pairs.weight[todo]))
        for result, probability in zip(results, probabilities, strict=True):
            result[todo] = solve_quantile(rest, probability)
    return results


def _read(
    table: _Table, start: int, *, tile: IntArray, log_e: FloatArray, todo: IntArray, results: tuple[FloatArray, ...]
) -> IntArray:
    """Take what a table holds of some pairs into the results, and give the places of the others."""
    some = slice(start, start + _CHUNK)
    its, at, rows = tile[some], log_e[some], todo[some]
    known = table.known[its]
    if not known.all():
        its, at, rows = its[known], at[known], rows[known]
    for result, quantile in zip(results, table.read(its, at), strict=True):
        result[rows] = quantile
    return np.flatnonzero(~known) + start


def _tiles(values: FloatArray, place: IntArray, log_e: FloatArray, width: float) -> tuple[_Grid, IntArray]:
    """Pairs by count and stretch of ln E: the tiles that have any, and the tile of each pair."""
    stretch = np.floor(log_e / width).astype(np.int32)
    first = int(stretch.min(initial=0))
    many = int(stretch.max(initial=0)) - first + 1
    key = place * many
    key += stretch
    key -= first
    keys, tile = distinct_counts(key)
    number = keys.astype(np.int64)
    return _Grid(
        np.asarray(values[number // many]), np.asarray((number % many + first) * width, dtype=np.float64), width, 2
    ), tile


def solve_quantile(after: Posterior, probability: float) -> FloatArray:
    """Newton's method on ln(rate), kept between the quantiles of the two components.

    The mixture's quantile lies between those of its components, which are exact; a step that leaves this bracket is
    replaced by its middle.
    """
    ends = [
        np.log(np.maximum(special.gammaincinv(shape, probability), _SMALLEST) / rate)
        for shape, rate in ((after.shape1, after.rate1), (after.shape2, after.rate2))
    ]
    low, high = np.minimum(*ends), np.maximum(*ends)
    place = after.share * ends[0] + (1 - after.share) * ends[1]
    todo = np.flatnonzero(high - low > 0)
    tops = special.gammaln(after.shape1), special.gammaln(after.shape2)
    for _ in range(200):
        if not len(todo):
            break
        x = place[todo]
        cdf, slope = np.zeros(len(todo)), np.zeros(len(todo))
        for shape, rate, top, share in (
            (after.shape1[todo], after.rate1[todo], tops[0][todo], after.share[todo]),
            (after.shape2[todo], after.rate2[todo], tops[1][todo], 1 - after.share[todo]),
        ):
            scaled = rate * np.exp(x)
            cdf += share * special.gammainc(shape, scaled)
            slope += share * np.exp(shape * (np.log(rate) + x) - scaled - top)
        miss = cdf - probability
        high[todo] = np.where(miss > 0, x, high[todo])
        low[todo] = np.where(miss > 0, low[todo], x)
        with np.errstate(all="ignore"):  # a slope of 0 sends the step outside the bracket
            ahead = x - miss / slope
        inside = (ahead > low[todo]) & (ahead < high[todo])
        ahead = np.where(inside, ahead, (low[todo] + high[todo]) / 2)
        going = (np.abs(miss) > 1e-13) & (high[todo] - low[todo] > 1e-15 * np.maximum(1, np.abs(x)))
        todo = todo[going]  # a pair that has arrived stays where it is
        place[todo] = ahead[going]
    return np.where(place > np.log(_SMALLEST) + 1, np.exp(place), 0.0)


@dataclass(frozen=True, slots=True)
class _Table:
    """Polynomials of ln(quantile) over ln E, for each tile that has enough pairs."""

    known: BoolArray
    low: FloatArray
    width: float
    size: IntArray  # grid points of the tile
    offset: IntArray  # where its polynomials begin
    polynomials: FloatArray  # (windows, probabilities, degree + 1), highest power first

    def read(self, tile: IntArray, log_e: FloatArray) -> list[FloatArray]:
        size = self.size[tile]
        steps = (log_e - self.low[tile]) * ((size - 1) / self.width)
        window = np.clip(steps.astype(np.int64) - _DEGREE // 2, 0, size - _DEGREE - 1)
        u = steps - window - _DEGREE / 2
        rows = self.polynomials[self.offset[tile] + window]
        found = []
        for number in range(rows.shape[1]):
            value = rows[:, number, 0].copy()
            for power in range(1, _DEGREE + 1):
                value *= u
                value += rows[:, number, power]
            found.append(np.exp(value))
        return found


@dataclass(frozen=True, slots=True)
class _Grid:
    """Evenly spaced points of ln E in each of some tiles."""

    counts: FloatArray
    low: FloatArray
    width: float
    size: int

    def cells(self, *, middles: bool = False) -> Cells:
        steps = np.arange(self.size - 1) + 0.5 if middles else np.arange(self.size)
        log_e = self.low[:, None] + self.width * (steps / (self.size - 1))
        counts = np.repeat(self.counts.astype(np.int64), log_e.shape[1])
        return Cells(counts, np.exp(log_e.ravel()), np.ones(log_e.size))


def _tabulate(mixture: Mixture, tiles: _Grid, pairs: IntArray, probabilities: tuple[float, ...]) -> _Table:
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
    pieces = [np.zeros((_GRIDS[0], len(probabilities), _DEGREE + 1))]  # what a tile that is not known may read
    filled, todo = len(pieces[0]), np.arange(number)
    for size in _GRIDS:
        todo = todo[pairs[todo] >= _WORTH * size]
        if not len(todo):
            break
        grid = _Grid(tiles.counts[todo], tiles.low[todo], tiles.width, size)
        after = posterior(mixture, grid.cells())
        with np.errstate(divide="ignore"):
            logs = [np.log(solve_quantile(after, p)).reshape(len(todo), size) for p in probabilities]
        polynomials = np.stack([_polynomials(log) for log in logs], axis=2)
        good = _errors(mixture, grid, polynomials, probabilities) < TABLE_ERROR
        done = todo[good]
        known[done], sizes[done] = True, size
        offset[done] = filled + (size - _DEGREE) * np.arange(len(done))
        pieces.append(polynomials[good].reshape(-1, len(probabilities), _DEGREE + 1))
        filled += len(pieces[-1])
        todo = todo[~good]
    return _Table(known, tiles.low, tiles.width, sizes, offset, np.concatenate(pieces))


def _polynomials(log_quantile: FloatArray) -> FloatArray:
    """Through each window of six neighbours; shape `(counts, windows, degree + 1)`, highest power first."""
    nodes = np.arange(_DEGREE + 1) - _DEGREE / 2
    to_powers = np.linalg.inv(np.vander(nodes))
    windows = np.lib.stride_tricks.sliding_window_view(log_quantile, _DEGREE + 1, axis=1)
    return np.asarray(np.nan_to_num(np.einsum("cwn,pn->cwp", windows, to_powers), nan=np.inf))


def _errors(mixture: Mixture, grid: _Grid, polynomials: FloatArray, probabilities: tuple[float, ...]) -> FloatArray:
    """Largest error of the distribution function half-way between grid points, for each tile."""
    cells, number, windows = grid.cells(middles=True), len(grid.counts), grid.size - _DEGREE
    table = _Table(
        np.ones(number, dtype=np.bool_),
        grid.low,
        grid.width,
        np.full(number, grid.size, dtype=np.int64),
        windows * np.arange(number),
        polynomials.reshape(-1, len(probabilities), _DEGREE + 1),
    )
    worst = np.zeros(number)
    with np.errstate(over="ignore", invalid="ignore"):
        found = table.read(np.repeat(np.arange(number), grid.size - 1), np.log(cells.expected))
        for quantile, probability in zip(found, probabilities, strict=True):
            error = np.abs(posterior_cdf(mixture, cells, quantile) - probability)
            error = np.where(np.isnan(error), np.inf, error).reshape(number, -1)
            worst = np.maximum(worst, error.max(axis=1))
    return worst
