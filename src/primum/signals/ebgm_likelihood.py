"""How likely are the counts of all cells under a mixture of two gammas, and which way is uphill?

Each cell holds a Poisson count with mean `lambda * E`, and `lambda` is drawn from the mixture. A component is written
by its mean `m` and shape `alpha` (rate `alpha / m`), because its limits are then ordinary values: `alpha = inf` is a
point mass at `m`, and `m = 0` a point mass at zero (cells that cannot be reported).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.counts.kernel import in_threads
from primum.errors import CountError
from primum.signals.estimate import checked_counts, checked_numbers, distinct_counts, same_shape
from primum.terms import FloatArray, IntArray

_FEW: Final = 32  # counts below it, which nearly all cells have, are squashed through a table
_SQUASHED_AT_ONCE: Final = 131_072
_TABLES_AT_ONCE: Final = 16
# From here Stirling's series, to x^-9, is right to the last digit; gammaln loses digits instead.
LARGE_SHAPE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Component:
    """A gamma distribution of `lambda`, or one of its two limits.

    Args:
        mean: m >= 0; 0 is a point mass at zero.
        shape: alpha > 0; infinity is a point mass at the mean.
    """

    mean: float
    shape: float

    @property
    def rate(self) -> float:
        """Beta; infinite for a point mass."""
        return self.shape / self.mean if self.mean > 0 else float("inf")

    @property
    def is_gamma(self) -> bool:
        """Whether it is a proper gamma and not a limit."""
        return self.mean > 0 and np.isfinite(self.shape)


@dataclass(frozen=True, slots=True)
class Mixture:
    """`share` of the first component and the rest of the second; a share of 1 is one component alone."""

    first: Component
    second: Component
    share: float

    @property
    def mean(self) -> float:
        """Mean of lambda; near 1 when the expected counts are right."""
        rest = (1 - self.share) * self.second.mean if self.share < 1 else 0.0
        return self.share * self.first.mean + rest


@dataclass(frozen=True, eq=False)
class Cells:
    """Counts of cells and how many cells have them.

    Args:
        observed: reports in the cell, >= 0; shape `(cells,)`.
        expected: reports expected in it, > 0.
        weight: how many cells are like it, > 0.
    """

    observed: IntArray
    expected: FloatArray
    weight: FloatArray

    @cached_property
    def distinct(self) -> tuple[FloatArray, IntArray]:
        """Distinct observed counts, and the place of each cell's among them: gamma functions depend on these alone."""
        return distinct_counts(self.observed)

    @cached_property
    def count(self) -> FloatArray:
        """The observed counts as the numbers that are computed with."""
        return self.observed.astype(np.float64)

    @cached_property
    def log_expected(self) -> FloatArray:
        """Logarithm of the expected counts."""
        return np.log(self.expected)

    def some(self, rows: slice) -> Cells:
        """Neighbouring cells; they know the distinct counts among which theirs are, so that nothing is looked for."""
        values, place = self.distinct
        part = Cells(self.observed[rows], self.expected[rows], self.weight[rows])
        its = place[rows]
        low, high = (int(its.min()), int(its.max())) if len(its) else (0, -1)
        part.__dict__["distinct"] = (values[low : high + 1], its - low)  # where `cached_property` keeps it
        return part

    @cached_property
    def constant(self) -> float:
        """The part of the log-likelihood that no parameter moves: the factorials."""
        values, place = self.distinct
        return -weighted_sum(self.weight, special.gammaln(values + 1)[place])

    @cached_property
    def reports(self) -> float:
        """Reports in all cells together."""
        return weighted_sum(self.weight, self.observed.astype(np.float64))

    @cached_property
    def mean(self) -> float:
        """Observed over expected of all cells together."""
        return self.reports / weighted_sum(self.weight, self.expected)

    def __len__(self) -> int:
        return len(self.observed)


def cells_of(
    observed: ArrayLike,
    expected: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    zero_expected: ArrayLike = (),
    zero_weight: ArrayLike | None = None,
) -> Cells:
    """Join the cells that were seen and those never seen.

    Args:
        observed: reports in each cell seen; shape `(cells,)`.
        expected: reports expected there; same shape.
        weight: how many cells are like it; 1 each by default.
        zero_expected: reports expected in cells that no report is in.
        zero_weight: how many such cells; 1 each by default.

    Returns:
        All cells with a weight and an expectation above 0: a cell that can hold nothing says nothing.

    Raises:
        CountError: a number is negative, not finite or not whole where it must be, shapes differ, or reports are
            observed where none is expected.
    """
    n, e = checked_cells(observed, expected)
    w = np.ones(n.shape) if weight is None else checked_numbers("weight", weight)
    zero_e = checked_numbers("zero_expected", zero_expected)
    zero_w = np.ones(zero_e.shape) if zero_weight is None else checked_numbers("zero_weight", zero_weight)
    same_shape(observed=n, weight=w)
    same_shape(zero_expected=zero_e, zero_weight=zero_w)
    if len(zero_e):
        n = np.concatenate([n, np.zeros(zero_e.shape, dtype=np.int64)])
        e, w = np.concatenate([e, zero_e]), np.concatenate([w, zero_w])
    if not e.size or (e.min() > 0 and w.min() > 0):
        return Cells(n, e, w)
    keep = (e > 0) & (w > 0)
    return Cells(n[keep], e[keep], w[keep])


def checked_cells(observed: ArrayLike, expected: ArrayLike) -> tuple[IntArray, FloatArray]:
    """Counts and expectations of cells, as numbers.

    Raises:
        CountError: a number is negative, not finite or not whole where it must be, the shapes differ, or reports are
            observed where none is expected.
    """
    n, e = checked_counts("observed", observed), checked_numbers("expected", expected)
    same_shape(observed=n, expected=e)
    if e.size and e.min() == 0 and (impossible := (e == 0) & (n > 0)).any():
        i = int(np.argmax(impossible))
        raise CountError(f"expected[{i}] is 0 although observed[{i}] is {n[i]}. Check the margins.")
    return n, e


def squash(cells: Cells, *, width: float, counts_too: bool = False) -> Cells:
    """Put cells of the same count and nearly the same expectation into one.

    Cells whose expected counts fall into the same bin of the logarithm are replaced by their number and mean. The sums
    of weights, of reports and of expected reports stay the same.

    Args:
        cells: the cells.
        width: width of a bin of ln E; 0.01 joins cells within 1 %.
        counts_too: join counts of 32 and more within the same width as well, at their mean, which keeps the sum of
            reports only nearly; for a first look.

    Returns:
        Fewer cells, in the order of count and expectation.

    Source:
        DuMouchel and Pregibon 2001, KDD, 67-76, doi:10.1145/502512.502526, section 5 (data squashing).
    """
    if not len(cells):
        return cells
    first = int(np.floor(np.log(cells.expected.min()) / width))
    many = int(np.floor(np.log(cells.expected.max()) / width)) - first + 1

    def of_some(start: int) -> tuple[FloatArray, FloatArray, IntArray]:
        rows = slice(start, start + _SQUASHED_AT_ONCE)
        n, e, w = cells.observed[rows], cells.expected[rows], cells.weight[rows]
        keys = _bins(e, width, first)
        keys += np.minimum(n, _FEW) * many
        tables = [np.asarray(np.bincount(keys, of, (_FEW + 1) * many)[: _FEW * many], np.float64) for of in (w, w * e)]
        return tables[0], tables[1], np.flatnonzero(n >= _FEW) + start

    weight, sums = np.zeros(_FEW * many), np.zeros(_FEW * many)
    larger = []
    starts = range(0, len(cells), _SQUASHED_AT_ONCE)
    for some in range(0, len(starts), _TABLES_AT_ONCE):  # in this order whatever core is faster: sums depend on it
        for its_weight, its_sums, its_larger in in_threads(of_some, starts[some : some + _TABLES_AT_ONCE]):
            weight += its_weight
            sums += its_sums
            larger.append(its_larger)
    used = np.flatnonzero(weight)
    few = (used // many, sums[used], weight[used])
    more = _squash_sorted(cells, np.concatenate(larger), width, counts_too=counts_too)
    count, total, number = (np.concatenate(pair) for pair in zip(few, more, strict=True))
    return Cells(count.astype(np.int64), total / number, number)


def _bins(expected: FloatArray, width: float, first: int) -> IntArray:
    logs = np.log(expected)
    logs /= width
    return np.floor(logs, out=logs).astype(np.int64) - first


def _squash_sorted(
    cells: Cells, rows: IntArray, width: float, *, counts_too: bool
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Count, summed expectation and weight of each bin of the cells with larger counts: few cells of many kinds."""
    n, e, w = cells.observed[rows], cells.expected[rows], cells.weight[rows]
    if not len(n):
        return n, e, w
    bins, same = _bins(e, width, 0), _bins(n.astype(np.float64), width, 0) if counts_too else n
    order = np.lexsort((bins, same))
    bins, same = bins[order], same[order]
    new = np.flatnonzero(np.concatenate(([True], (np.diff(same) != 0) | (np.diff(bins) != 0))))
    count, total, weight = (np.add.reduceat(column[order], new) for column in (w * n, w * e, w))
    return np.rint(count / weight).astype(np.int64), total, weight


def log_rising(shape: float, counts: FloatArray) -> FloatArray:
    """`ln Gamma(shape + n) - ln Gamma(shape) - n ln(shape)`, without loss of digits for large shapes."""
    if shape < LARGE_SHAPE:
        return np.asarray(special.gammaln(shape + counts) - special.gammaln(shape) - counts * np.log(shape))
    total = shape + counts
    return (total - 0.5) * np.log1p(counts / shape) - counts + _stirling(total) - _stirling(np.asarray(shape))


def log_rising_slope(shape: float, counts: FloatArray) -> FloatArray:
    """Derivative of `log_rising` by `ln(shape)`: `shape * (psi(shape + n) - psi(shape)) - n`."""
    if shape < LARGE_SHAPE:
        return np.asarray(shape * (special.digamma(shape + counts) - special.digamma(shape)) - counts)
    total = shape + counts
    rest = _digamma_rest(np.asarray(shape)) - _digamma_rest(total)
    return shape * np.log1p(counts / shape) - counts + shape * rest


def _stirling(x: FloatArray) -> FloatArray:
    y = 1 / (x * x)
    return np.asarray((1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y / 1188)))) / x)


def _digamma_rest(x: FloatArray) -> FloatArray:
    """`ln x - psi(x)`."""
    y = 1 / (x * x)
    return np.asarray(1 / (2 * x) + y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y / 132)))))


def log_density(part: Component, cells: Cells) -> FloatArray:
    """Log probability of each cell's count under one component, without the factorial."""
    values, place = cells.distinct
    if part.mean == 0:
        return np.where(cells.observed > 0, -np.inf, 0.0)
    mu = cells.expected * part.mean
    counted = cells.count * (cells.log_expected + np.log(part.mean))
    if not np.isfinite(part.shape):
        return np.asarray(counted - mu)
    mu /= part.shape
    spread = np.log1p(mu, out=mu)
    counted -= np.multiply(part.shape + cells.count, spread, out=spread)
    counted += log_rising(part.shape, values)[place]
    return np.asarray(counted)


def log_density_and_slopes(part: Component, cells: Cells) -> tuple[FloatArray, FloatArray, FloatArray]:
    """`log_density` and its derivatives by `ln(mean)` and `ln(shape)`; 0 for what a limit no longer has."""
    zeros = np.zeros(len(cells))
    if not part.is_gamma:
        density = log_density(part, cells)
        return density, zeros if part.mean == 0 else cells.observed - cells.expected * part.mean, zeros
    values, place = cells.distinct
    count, x = cells.count, cells.expected * (part.mean / part.shape)
    spread = np.log1p(x)
    total = part.shape + count
    density = log_rising(part.shape, values)[place]
    density += count * (cells.log_expected + np.log(part.mean))
    density -= total * spread
    x /= 1 + x
    pull = np.multiply(total, x, out=x)
    by_shape = log_rising_slope(part.shape, values)[place]
    by_shape -= np.multiply(part.shape, spread, out=spread)
    by_shape += pull
    return density, count - pull, by_shape


def weighted_sum(weight: FloatArray, values: FloatArray) -> float:
    """Sum of weight times value. Not `@`: threads of the linear-algebra library made the fit 20 times slower."""
    return float((weight * values).sum())


def _never(cells: Cells) -> Cells:
    """The same cells with no report in them, to subtract what a truncated likelihood cannot see."""
    return Cells(np.zeros_like(cells.observed), cells.expected, cells.weight)


def log_likelihood(
    mixture: Mixture, cells: Cells, *, truncated: Literal["no", "components"] = "no"
) -> tuple[float, FloatArray]:
    r"""Log-likelihood of all cells and its gradient.

    $$ \ell = \sum_i w_i \ln\left( p f(n_i; m_1, \alpha_1, E_i) + (1 - p) f(n_i; m_2, \alpha_2, E_i) \right), $$
    with $f$ the negative binomial probability.

    Args:
        mixture: where to evaluate.
        cells: all cells, never-seen ones included.
        truncated: `components` divides each component's probability by its chance to be seen at all. This is how
            R package openEBGM fits (its P is then a share among pairs seen); it exists to be compared with openEBGM.

    Returns:
        The log-likelihood, factorials included, and its derivatives by `ln m1, ln alpha1, ln m2, ln alpha2, logit p`.

    Numerics:
        The gradient equals central differences to 1e-6 relative, at the limits as well (tested).

    Source:
        DuMouchel 1999, Am Stat 53(3):177-190, doi:10.1080/00031305.1999.10474456, equations 3 to 5.
    """
    parts = (mixture.first, mixture.second)
    logs, slopes = [], []
    for part in parts:
        density, *by = log_density_and_slopes(part, cells)
        logs.append(density)
        slopes.append(by)
    if truncated == "components":
        never = _never(cells)
        for j, part in enumerate(parts):
            at_zero, *by_never = log_density_and_slopes(part, never)
            odds = np.exp(at_zero) / -np.expm1(at_zero)
            logs[j] = logs[j] - np.log(-np.expm1(at_zero))
            slopes[j] = [s + odds * s0 for s, s0 in zip(slopes[j], by_never, strict=True)]
    p = mixture.share
    if p >= 1:
        alone = [weighted_sum(cells.weight, slope) for slope in slopes[0]]
        return weighted_sum(cells.weight, logs[0]) + cells.constant, np.array([*alone, 0.0, 0.0, 0.0])
    one, two = logs[0] + np.log(p), logs[1] + np.log1p(-p)
    first, total = _share(one, two), _log_sum(one, two)
    weights = (cells.weight * first, cells.weight * (1 - first))
    gradient = [weighted_sum(w, slope) for w, pair in zip(weights, slopes, strict=True) for slope in pair]
    by_share = float(weights[0].sum() * (1 - p) - weights[1].sum() * p)
    return weighted_sum(cells.weight, total) + cells.constant, np.array([*gradient, by_share])


def _share(one: FloatArray, two: FloatArray) -> FloatArray:
    """Share of `exp(one)` in the sum of both exponentials; `expit` goes value by value, this takes eight at once."""
    with np.errstate(over="ignore", invalid="ignore"):
        odds = np.exp(two - one)
        odds += 1
        return np.reciprocal(odds, out=odds)


def _log_sum(one: FloatArray, two: FloatArray) -> FloatArray:
    """Logarithm of the sum of both exponentials, as `logaddexp`, for the same reason."""
    with np.errstate(invalid="ignore"):
        gap = np.abs(one - two)
    np.negative(gap, out=gap)
    np.log1p(np.exp(gap, out=gap), out=gap)
    gap += np.maximum(one, two)
    return gap


def first_share(mixture: Mixture, cells: Cells) -> FloatArray:
    """Posterior probability that each cell's lambda came from the first component."""
    if mixture.share >= 1:
        return np.ones(len(cells))
    one = log_density(mixture.first, cells) + np.log(mixture.share)
    two = log_density(mixture.second, cells) + np.log1p(-mixture.share)
    return _share(one, two)  # Eq. 6
