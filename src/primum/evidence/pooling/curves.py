"""What does one study's count say about its effect? Log-likelihoods with two derivatives, at any number of points."""

from __future__ import annotations

import numpy as np
from scipy import special

from primum.evidence.pooling.quadrature import Curve
from primum.evidence.pooling.tables import TwoArms
from primum.terms import FloatArray

Values = tuple[FloatArray, FloatArray, FloatArray]


def binomial(events: FloatArray, n: FloatArray, *, offset: FloatArray | float = 0.0) -> Curve:
    """Events of n, in the logit (less an offset); constants are kept, so that models can be compared."""
    x, total = events[:, None], n[:, None]
    shift = np.broadcast_to(np.asarray(offset, dtype=np.float64), events.shape)[:, None]
    constant = _log_choose(total, x)

    def curve(effect: FloatArray) -> Values:
        eta = effect + shift
        p = special.expit(eta)
        return constant + x * eta + total * special.log_expit(-eta), x - total * p, -total * p * (1 - p)

    return curve


def poisson(events: FloatArray, time: FloatArray) -> Curve:
    """Events over some time, in the log of the rate."""
    x, t = events[:, None], time[:, None]
    constant = x * np.log(t) - special.gammaln(x + 1)

    def curve(effect: FloatArray) -> Values:
        expected = t * np.exp(np.minimum(effect, 700.0))
        return constant + x * effect - expected, x - expected, -expected

    return curve


def hypergeometric(table: TwoArms) -> Curve:
    r"""Events of the treated given all events of the study, in the log odds ratio (noncentral hypergeometric).

    $$ \log P(x | \theta) = \log \binom{n_1}{x} \binom{n_0}{m - x} + x \theta
       - \log \sum_k \binom{n_1}{k} \binom{n_0}{m - k} e^{k \theta}. $$
    """
    studies = [
        _support(int(x1), int(n1), int(x0), int(n0))
        for x1, n1, x0, n0 in zip(
            table.events_treated, table.n_treated, table.events_control, table.n_control, strict=True
        )
    ]
    sizes = [len(k) for k, _ in studies]
    owner = np.repeat(np.arange(len(studies)), sizes)  # all supports in one row: no loop over studies, no padding
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    k, ways = (np.concatenate(parts) for parts in zip(*studies, strict=True))
    x = table.events_treated.astype(np.float64)[:, None]
    ways_seen = ways[first + (table.events_treated - k[first]).astype(int)][:, None]

    def curve(effect: FloatArray) -> Values:
        log_terms = ways + effect.T[:, owner] * k
        top = np.maximum.reduceat(log_terms, first, axis=1)
        terms = np.exp(log_terms - top[:, owner])
        total, by_k, by_square = (np.add.reduceat(terms * power, first, axis=1).T for power in (1.0, k, k * k))
        mean = by_k / total
        return ways_seen + x * effect - top.T - np.log(total), x - mean, mean**2 - by_square / total

    return curve


def extremes(table: TwoArms) -> tuple[FloatArray, FloatArray]:
    """Least and greatest number of treated events that the margins of each study allow."""
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
