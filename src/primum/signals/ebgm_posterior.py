"""What is known of a pair's true rate once its count was seen, and below which rate does it lie with a probability?

The posterior of a pair is again a mixture: component j becomes a gamma of shape `alpha_j + n` and rate `beta_j + E`.
Its quantile has no formula; it is solved for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from primum.signals.ebgm_cells import Cells
from primum.signals.ebgm_likelihood import Component, Mixture, first_share
from primum.terms import FloatArray, IntArray

SMALLEST: Final = 1e-300  # quantiles below it come out as 0
_ARRIVED: Final = 1e-13  # of the distribution function: nearer than rounding lets it be told
_BACK: Final = (1e-4, 0.5)  # of the bracket: where a step goes that would leave it, in turn
_PATIENCE: Final = 8  # turns without a middle of the bracket among them


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
    first, second, n, e = mixture.first, mixture.second, pairs.count, pairs.expected
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


@dataclass(frozen=True, slots=True)
class _Gamma:
    """A component of the posterior of each pair, with what does not change while a quantile is looked for."""

    shape: FloatArray
    log_rate: FloatArray
    log_gamma: FloatArray
    share: FloatArray

    @classmethod
    def of(cls, shape: FloatArray, rate: FloatArray, share: FloatArray) -> _Gamma:
        return cls(shape, np.log(rate), special.gammaln(shape), share)

    def some(self, rows: IntArray) -> _Gamma:
        return _Gamma(self.shape[rows], self.log_rate[rows], self.log_gamma[rows], self.share[rows])

    def log_quantiles(self, probabilities: tuple[float, ...]) -> FloatArray:
        """Its own; shape `(probabilities, pairs)`."""
        distinct, place = np.unique(self.shape, return_inverse=True)  # few counts, many expectations
        scaled = [np.maximum(special.gammaincinv(distinct, p), SMALLEST) for p in probabilities]
        return np.asarray(np.log(scaled)[:, place] - self.log_rate)

    def add_to(self, x: FloatArray, cdf: FloatArray, slopes: FloatArray) -> None:
        """Add its part of the distribution function of ln(rate), and of three derivatives, at `x`."""
        log_scaled = self.log_rate + x
        scaled = np.exp(log_scaled)
        inside = special.gammainc(self.shape, scaled)
        inside *= self.share
        cdf += inside
        log_scaled *= self.shape
        log_scaled -= scaled
        log_scaled -= self.log_gamma
        density = np.exp(log_scaled, out=log_scaled)
        density *= self.share
        slopes[0] += density
        ahead = self.shape - scaled
        slopes[1] += density * ahead
        slopes[2] += density * (ahead * ahead - scaled)


def log_quantiles(
    after: Posterior, probabilities: tuple[float, ...], *, start: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Logarithms of quantiles of each pair's posterior, and how far from them the start was.

    Halley's steps on ln(rate), kept between the quantiles of the two components. The mixture's quantile lies between
    those of its components, which are exact; a step that leaves this bracket is pulled back into it. It ends where the
    distribution function is right to 1e-13, or where the step that was made cannot leave more than that: its
    remainder, of third order, is known from the derivatives.

    Args:
        after: the posterior of each pair, two gammas.
        probabilities: of the quantiles, each in (0, 1).
        start: ln(rate) from which to look; shape `(probabilities, pairs)`. Where it is not finite, and without it, the
            quantiles of the components tell where.

    Returns:
        ln(rate), minus infinity below `SMALLEST`, and the error of the distribution function at the start, infinite
        where there was none; both of shape `(probabilities, pairs)`.
    """
    shares = (after.share, 1 - after.share)
    given = zip((after.shape1, after.shape2), (after.rate1, after.rate2), shares, strict=True)
    parts = [_Gamma.of(*columns) for columns in given]
    ends = [part.log_quantiles(probabilities) for part in parts]
    place = shares[0] * ends[0] + shares[1] * ends[1]
    low, high = np.minimum(*ends).ravel(), np.maximum(*ends).ravel()
    usable = np.zeros(place.shape, dtype=np.bool_) if start is None else np.isfinite(start)
    place = (place if start is None else np.where(usable, start, place)).ravel()
    error = np.full(place.shape, np.inf)
    todo = np.arange(len(place))
    row = todo % len(after.share)
    for turn in range(200):
        if not len(todo):
            break
        x, wanted = place[todo], np.take(probabilities, todo // len(after.share))
        cdf, slopes = np.zeros(len(todo)), np.zeros((3, len(todo)))
        for part in parts:
            part.some(row[todo]).add_to(x, cdf, slopes)
        miss = cdf - wanted
        if turn == 0:
            error[usable.ravel()] = np.abs(miss[usable.ravel()])
        least = np.where(miss > 0, low[todo], np.maximum(x, low[todo]))
        most = np.where(miss > 0, np.minimum(x, high[todo]), high[todo])
        low[todo], high[todo] = least, most
        ahead, remainder = _halley(x, miss, slopes)
        halved = turn > _PATIENCE and turn % 4 == 0  # else steps that lead from end to end might never meet
        inside = (ahead > least) & (ahead < most) & (not halved)
        back = (0.5 if halved else _BACK[turn % 2] if turn else 0.0) * (most - least)  # an end is tried as it is first
        ahead = np.where(inside, ahead, np.where(miss > 0, least + back, most - back))
        off = np.abs(miss) > _ARRIVED
        place[todo[off]] = ahead[off]  # a pair that has arrived stays where it is
        parted = most - least > 1e-15 * np.maximum(1, np.abs(x))
        todo = todo[off & parted & ~(inside & (remainder < _ARRIVED))]
    found = np.where(place > np.log(SMALLEST) + 1, place, -np.inf)
    return found.reshape(usable.shape), error.reshape(usable.shape)


def _halley(x: FloatArray, miss: FloatArray, slopes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where Halley's step leads, and how far the distribution function may still be off there."""
    with np.errstate(all="ignore"):  # a slope of 0 sends the step outside the bracket
        step = miss / slopes[0]
        bend = slopes[1] / slopes[0] * step
        third = slopes[2] / slopes[0] * step**2
        ahead = x - step / np.clip(1 - bend / 2, 0.5, 2)
        return ahead, np.abs(miss) * (bend**2 / 4 + np.abs(third) / 6)
