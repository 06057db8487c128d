"""How likely are the counts of all cells under a mixture of two gammas, and which way is uphill?

Each cell holds a Poisson count with mean `lambda * E`, and `lambda` is drawn from the mixture. A component is written
by its mean `m` and shape `alpha` (rate `alpha / m`), because its limits are then ordinary values: `alpha = inf` is a
point mass at `m`, and `m = 0` a point mass at zero (cells that cannot be reported).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy import special

from primum.signals.ebgm_cells import Cells, weighted_sum
from primum.terms import FloatArray

# From here Stirling's series, to x^-9, is right to the last digit; gammaln loses digits instead.
LARGE_SHAPE: Final = 30.0
# Logarithm of odds beyond which there is only one component; the exponential of less takes fourteen times as long.
_FAR: Final = 700.0


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
    if not np.isfinite(part.shape):
        mu -= (values * np.log(part.mean)).take(place)
        density: FloatArray = cells.counted_log - mu
        return density
    mu /= part.shape
    spread = np.log1p(mu, out=mu)
    counted = (log_rising(part.shape, values) + values * np.log(part.mean)).take(place)
    counted += cells.counted_log
    counted -= np.multiply(part.shape + cells.count, spread, out=spread)
    return np.asarray(counted)


def log_density_and_slopes(part: Component, cells: Cells) -> tuple[FloatArray, FloatArray, FloatArray]:
    """`log_density` and its derivatives by `ln(mean)` and `ln(shape)`; 0 for what a limit no longer has."""
    zeros = np.zeros(len(cells))
    if not part.is_gamma:
        density = log_density(part, cells)
        return density, zeros if part.mean == 0 else cells.observed - cells.expected * part.mean, zeros
    values, place = cells.distinct
    x = cells.expected * (part.mean / part.shape)
    spread = np.log1p(x)
    total = part.shape + cells.count
    density = (log_rising(part.shape, values) + values * np.log(part.mean)).take(place)
    density += cells.counted_log
    density -= total * spread
    total *= x
    x += 1
    pull = np.divide(total, x, out=total)
    by_shape = log_rising_slope(part.shape, values).take(place)
    by_shape -= np.multiply(part.shape, spread, out=spread)
    by_shape += pull
    return density, np.subtract(cells.count, pull, out=pull), by_shape


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
    logs[0] += np.log(p)
    logs[1] += np.log1p(-p)
    first, total = _share_and_sum(*logs)
    first *= cells.weight
    weights = (first, cells.weight - first)
    gradient = [weighted_sum(w, slope) for w, pair in zip(weights, slopes, strict=True) for slope in pair]
    by_share = float(weights[0].sum() * (1 - p) - weights[1].sum() * p)
    return weighted_sum(cells.weight, total) + cells.constant, np.array([*gradient, by_share])


def _share_and_sum(one: FloatArray, two: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Share of `exp(one)` in the sum of both exponentials, and the logarithm of that sum.

    They are `expit` and `logaddexp`, which go value by value; exponential and logarithm take eight at once.
    """
    with np.errstate(invalid="ignore"):
        gap = one - two
        odds = np.exp(np.maximum(-np.abs(gap), -_FAR))
        total = np.log1p(odds)
        total += np.maximum(one, two)
        share = np.where(gap > 0, 1.0, odds)
        odds += 1
        share /= odds
    return share, total


def first_share(mixture: Mixture, cells: Cells) -> FloatArray:
    """Posterior probability that each cell's lambda came from the first component."""
    if mixture.share >= 1:
        return np.ones(len(cells))
    odds = log_density(mixture.second, cells)
    odds -= log_density(mixture.first, cells)
    odds += np.log1p(-mixture.share) - np.log(mixture.share)
    with np.errstate(over="ignore", invalid="ignore"):
        if mixture.first.mean > 0 and mixture.second.mean > 0:
            np.clip(odds, -_FAR, _FAR, out=odds)
        np.exp(odds, out=odds)
        odds += 1
        return np.asarray(np.reciprocal(odds, out=odds))  # Eq. 6
