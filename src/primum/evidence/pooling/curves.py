"""What does one study's count say about its effect? Log-likelihoods with two derivatives, at any number of points."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from scipy import special

from primum.evidence.pooling.quadrature import Curve
from primum.evidence.pooling.tables import TwoArms
from primum.terms import FloatArray, IntArray

Values = tuple[FloatArray, FloatArray, FloatArray]
_LARGE: Final = 1500  # possible tables of a study from which only those near the likeliest are summed


def binomial(events: FloatArray, n: FloatArray, *, offset: FloatArray | float = 0.0) -> Curve:
    r"""How likely is each logit, given events of n people: $x \eta - n \log(1 + e^\eta) + \log \binom{n}{x}$?

    Constants are kept, so that models can be compared.

    Args:
        events: people with the event; shape `(studies,)`, 0 to `n`.
        n: people; same shape.
        offset: added to the effect to give the logit $\eta$; one number, or one a study.

    Returns:
        A function of effects of shape `(studies, points)` or `(1, points)` that gives the log-likelihood and its two
        derivatives, each of shape `(studies, points)`.

    Source:
        McCullagh & Nelder, Generalized Linear Models, 2nd ed. (1989), section 4.4.

    Examples:
        Half of ten people: the slope is 0 at a logit of 0.

        >>> value, slope, bend = binomial(np.array([5.0]), np.array([10.0]))(np.array([[0.0]]))
        >>> round(float(np.exp(value[0, 0])), 4), float(slope[0, 0]), float(bend[0, 0])
        (0.2461, 0.0, -2.5)
    """
    x, total = events[:, None], n[:, None]
    shift = np.broadcast_to(np.asarray(offset, dtype=np.float64), events.shape)[:, None]
    constant = _log_choose(total, x)

    def curve(effect: FloatArray) -> Values:
        eta = effect + shift
        p = special.expit(eta)
        return constant + x * eta + total * special.log_expit(-eta), x - total * p, -total * p * (1 - p)

    return curve


def poisson(events: FloatArray, time: FloatArray) -> Curve:
    r"""How likely is each log rate, given events over some time: $x \log(t e^\theta) - t e^\theta - \log x!$?

    Args:
        events: events counted; shape `(studies,)`, whole numbers >= 0.
        time: time observed; same shape, > 0.

    Returns:
        As `binomial`.

    Source:
        McCullagh & Nelder, Generalized Linear Models, 2nd ed. (1989), section 6.2.

    Examples:
        Three events in six years: the slope is 0 at a rate of one half.

        >>> value, slope, _ = poisson(np.array([3.0]), np.array([6.0]))(np.log(np.array([[0.5]])))
        >>> round(float(np.exp(value[0, 0])), 4), abs(round(float(slope[0, 0]), 9))
        (0.224, 0.0)
    """
    x, log_time = events[:, None], np.log(time)[:, None]
    constant = x * log_time - special.gammaln(x + 1)

    def curve(effect: FloatArray) -> Values:
        expected = np.exp(np.minimum(effect + log_time, 700.0))
        return constant + x * effect - expected, x - expected, -expected

    return curve


def hypergeometric(table: TwoArms) -> Curve:
    r"""Events of the treated given all events of the study, in the log odds ratio (noncentral hypergeometric).

    $$ \log P(x | \theta) = \log \binom{n_1}{x} \binom{n_0}{m - x} + x \theta
       - \log \sum_k \binom{n_1}{k} \binom{n_0}{m - k} e^{k \theta}. $$

    Args:
        table: two groups a study.

    Returns:
        As `binomial`.

    Numerics:
        Of a study with more than 1,500 possible tables only those within nine standard deviations of the likeliest are
        summed; what is left out is below e^-40.

    Source:
        Stijnen, Hamza, Ozdemir, Stat Med 29:3046-3067 (2010), doi:10.1002/sim.4040.

    Examples:
        Two of three against one of three: nine of the twenty ways to choose three of six.

        >>> a, n1, c, n0 = (np.array([n]) for n in (2, 3, 1, 3))
        >>> one = TwoArms(study=("A",), events_treated=a, n_treated=n1, events_control=c, n_control=n0)
        >>> value, slope, _ = hypergeometric(one)(np.array([[0.0]]))
        >>> round(float(np.exp(value[0, 0])), 4), round(float(slope[0, 0]), 4)
        (0.45, 0.5)
    """
    margins = np.column_stack([table.events_treated, table.n_treated, table.events_control, table.n_control])
    studies = [_support(*(int(count) for count in row)) for row in margins]
    large = np.array([len(k) > _LARGE for k, _ in studies])
    few = [part for part, is_large in zip(studies, large, strict=True) if not is_large]
    whole = _over_whole_supports(few, margins[~large]) if few else None
    near_mode = [_near_mode(*studies[i], margins[i]) for i in np.nonzero(large)[0]]

    def curve(effect: FloatArray) -> Values:
        values = np.empty((3, *np.broadcast_shapes(effect.shape, (len(studies), 1))))
        rows = np.broadcast_to(effect, values.shape[1:])
        if whole is not None:
            values[:, ~large] = whole(rows[~large])
        for i, one in zip(np.nonzero(large)[0], near_mode, strict=True):
            values[:, i] = one(rows[i])
        return values[0], values[1], values[2]

    return curve


def _over_whole_supports(studies: list[tuple[FloatArray, FloatArray]], margins: IntArray) -> Curve:
    """All supports in one row: no loop over studies, no padding."""
    sizes = [len(k) for k, _ in studies]
    owner = np.repeat(np.arange(len(studies)), sizes)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    k, ways = (np.concatenate(parts) for parts in zip(*studies, strict=True))
    x = margins[:, :1].astype(np.float64)
    ways_seen = ways[first + (margins[:, 0] - k[first]).astype(int)][:, None]

    def curve(effect: FloatArray) -> Values:
        log_terms = ways + effect.T[:, owner] * k
        top = np.maximum.reduceat(log_terms, first, axis=1)
        terms = np.exp(log_terms - top[:, owner])
        total, by_k, by_square = (np.add.reduceat(terms * power, first, axis=1).T for power in (1.0, k, k * k))
        mean = by_k / total
        return ways_seen + x * effect - top.T - np.log(total), x - mean, mean**2 - by_square / total

    return curve


def _near_mode(k: FloatArray, ways: FloatArray, margins: IntArray) -> Callable[[FloatArray], Values]:
    """One study with a long support: at each effect the terms within nine standard deviations of the mode suffice."""
    x1, n1, x0, n0 = (float(count) for count in margins)
    events = x1 + x0
    ways_seen = ways[int(x1 - k[0])]

    def curve(effect: FloatArray) -> Values:
        mode = _mode(effect, n1, n0, events)
        cells = np.maximum([mode, n1 - mode, events - mode, n0 - events + mode], 0.5)
        reach = math.ceil(9 * math.sqrt(float(np.max(1 / np.sum(1 / cells, axis=0))))) + 12  # e^-40 is left out
        width = min(2 * reach + 1, len(k))
        start = np.clip(np.rint(mode - k[0]).astype(int) - reach, 0, len(k) - width)
        at = start[:, None] + np.arange(width)
        offset = k[at] - mode[:, None]  # from the mode: the square loses no digits
        log_terms = ways[at] + effect[:, None] * k[at]
        total = special.logsumexp(log_terms, axis=1)
        share = np.exp(log_terms - total[:, None])
        mean = np.sum(share * offset, axis=1)
        return (
            ways_seen + x1 * effect - total,
            x1 - mode - mean,
            mean**2 - np.sum(share * offset**2, axis=1),
        )

    return curve


def _mode(effect: FloatArray, n1: float, n0: float, events: float) -> FloatArray:
    r"""Where neighbouring terms are equal: $k (n_0 - m + k) = e^\theta (n_1 - k)(m - k)$, by the stabler root."""
    falling = np.exp(-np.abs(effect))  # both forms of the quadratic are scaled by the larger of 1 and exp(theta)
    up = effect > 0
    one, odds = np.where(up, falling, 1.0), np.where(up, 1.0, falling)
    b = odds * (n1 + events) + one * (n0 - events)
    root = np.sqrt(np.maximum(b**2 - 4 * (odds - one) * odds * n1 * events, 0.0))
    gap = np.where(odds == one, 1.0, one - odds)
    with np.errstate(divide="ignore", invalid="ignore"):
        mode: FloatArray = np.where(b > 0, 2 * odds * n1 * events / (b + root), (root - b) / (2 * gap))
    return np.clip(mode, max(0.0, events - n0), min(n1, events))


def extremes(table: TwoArms) -> tuple[FloatArray, FloatArray]:
    """Least and greatest number of treated events that the margins of each study allow.

    Args:
        table: two groups a study.

    Returns:
        The least and the greatest, each of shape `(studies,)`.

    Examples:
        Five of seven people had it: of three treated all three may have had it, and one at least.

        >>> a, n1, c, n0 = (np.array([n]) for n in (2, 3, 3, 4))
        >>> one = TwoArms(study=("A",), events_treated=a, n_treated=n1, events_control=c, n_control=n0)
        >>> [bound.tolist() for bound in extremes(one)]
        [[1.0], [3.0]]
    """
    events = table.events_treated + table.events_control
    return np.maximum(0, events - table.n_control).astype(float), np.minimum(table.n_treated, events).astype(float)


def _support(x1: int, n1: int, x0: int, n0: int) -> tuple[FloatArray, FloatArray]:
    """Possible treated events given the margins, and the log probability of each with no effect."""
    events = x1 + x0
    k = np.arange(max(0, events - n0), min(n1, events) + 1, dtype=np.float64)
    ways = _log_choose(np.float64(n1), k) + _log_choose(np.float64(n0), events - k)
    return k, ways - special.logsumexp(ways)


def _log_choose(n: FloatArray | np.float64, k: FloatArray) -> FloatArray:
    ways: FloatArray = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return ways
