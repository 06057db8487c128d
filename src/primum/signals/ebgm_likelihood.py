"""How likely are the counts of all cells under a mixture of two gammas, and which way is uphill?

Each cell holds a Poisson count with mean `lambda * E`, and `lambda` is drawn from the mixture. A component is written
by its mean `m` and shape `alpha` (rate `alpha / m`), because its limits are then ordinary values: `alpha = inf` is a
point mass at `m`, and `m = 0` a point mass at zero (cells that cannot be reported).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.errors import CountError
from primum.signals.estimate import checked_counts, checked_numbers, distinct_counts, same_shape
from primum.terms import FloatArray, IntArray

LARGE_SHAPE = 30.0  # from here Stirling's series, to x^-9, is right to the last digit; gammaln loses digits instead


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
    keep = e > 0
    keep &= w > 0
    return Cells(n, e, w) if keep.all() else Cells(n[keep], e[keep], w[keep])


def checked_cells(observed: ArrayLike, expected: ArrayLike) -> tuple[IntArray, FloatArray]:
    """Counts and expectations of cells, as numbers.

    Raises:
        CountError: a number is negative, not finite or not whole where it must be, the shapes differ, or reports are
            observed where none is expected.
    """
    n, e = checked_counts("observed", observed), checked_numbers("expected", expected)
    same_shape(observed=n, expected=e)
    nothing = e == 0
    if nothing.any() and (impossible := nothing & (n > 0)).any():
        i = int(np.argmax(impossible))
        raise CountError(f"expected[{i}] is 0 although observed[{i}] is {n[i]}. Check the margins.")
    return n, e


def squash(cells: Cells, *, width: float) -> Cells:
    """Put cells of the same count and nearly the same expectation into one.

    Cells whose expected counts fall into the same bin of the logarithm are replaced by their number and mean. The sums
    of weights, of reports and of expected reports stay the same.

    Args:
        cells: the cells.
        width: width of a bin of ln E; 0.01 joins cells within 1 %.

    Returns:
        Fewer cells, in the order of count and expectation.

    Source:
        DuMouchel and Pregibon 2001, KDD, 67-76, doi:10.1145/502512.502526, section 5 (data squashing).
    """
    if not len(cells):
        return cells
    bins = np.floor(np.log(cells.expected) / width).astype(np.int64)
    bins -= bins.min()
    values, place = cells.distinct
    keys = place * (int(bins.max()) + 1) + bins
    if int(keys.max()) < 16 * len(cells) + 1_000_000:
        weight = np.bincount(keys, weights=cells.weight)
        sums = np.bincount(keys, weights=cells.weight * cells.expected)
        used = np.flatnonzero(weight)
        weight, sums = weight[used], sums[used]
    else:
        used, inverse = np.unique(keys, return_inverse=True)
        weight = np.bincount(inverse, weights=cells.weight)
        sums = np.bincount(inverse, weights=cells.weight * cells.expected)
    count = values[used // (int(bins.max()) + 1)].astype(np.int64)
    return Cells(count, np.asarray(sums / weight), np.asarray(weight, dtype=np.float64))


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
    counted = cells.observed * np.log(mu)
    if not np.isfinite(part.shape):
        return np.asarray(counted - mu)
    spread = np.log1p(mu / part.shape)
    return np.asarray(log_rising(part.shape, values)[place] + counted - (part.shape + cells.observed) * spread)


def log_density_slopes(part: Component, cells: Cells) -> tuple[FloatArray, FloatArray]:
    """Derivatives of `log_density` by `ln(mean)` and `ln(shape)`; 0 for what a limit no longer has."""
    zeros = np.zeros(len(cells))
    if part.mean == 0:
        return zeros, zeros
    mu = cells.expected * part.mean
    if not np.isfinite(part.shape):
        return cells.observed - mu, zeros
    values, place = cells.distinct
    x = mu / part.shape
    pull = (part.shape + cells.observed) * (x / (1 + x))
    by_shape = log_rising_slope(part.shape, values)[place] - part.shape * np.log1p(x) + pull
    return cells.observed - pull, by_shape


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
    logs = [log_density(part, cells) for part in parts]
    slopes = [list(log_density_slopes(part, cells)) for part in parts]
    if truncated == "components":
        never = _never(cells)
        for j, part in enumerate(parts):
            at_zero = log_density(part, never)
            odds = np.exp(at_zero) / -np.expm1(at_zero)
            logs[j] = logs[j] - np.log(-np.expm1(at_zero))
            slopes[j] = [s + odds * s0 for s, s0 in zip(slopes[j], log_density_slopes(part, never), strict=True)]
    p = mixture.share
    if p >= 1:
        alone = [weighted_sum(cells.weight, slope) for slope in slopes[0]]
        return weighted_sum(cells.weight, logs[0]) + cells.constant, np.array([*alone, 0.0, 0.0, 0.0])
    one, two = logs[0] + np.log(p), logs[1] + np.log1p(-p)
    total = np.logaddexp(one, two)
    first = np.exp(one - total)
    weights = (cells.weight * first, cells.weight * (1 - first))
    gradient = [weighted_sum(w, slope) for w, pair in zip(weights, slopes, strict=True) for slope in pair]
    by_share = float(weights[0].sum() * (1 - p) - weights[1].sum() * p)
    return weighted_sum(cells.weight, total) + cells.constant, np.array([*gradient, by_share])


def first_share(mixture: Mixture, cells: Cells) -> FloatArray:
    """Posterior probability that each cell's lambda came from the first component."""
    if mixture.share >= 1:
        return np.ones(len(cells))
    one = log_density(mixture.first, cells) + np.log(mixture.share)
    two = log_density(mixture.second, cells) + np.log1p(-mixture.share)
    with np.errstate(invalid="ignore"):
        return np.asarray(special.expit(one - two))  # Eq. 6
