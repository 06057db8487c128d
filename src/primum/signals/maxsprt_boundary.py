"""How likely does a series of counts ever reach a boundary? Exact, by Markov chains over the counts still below it."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import special

from primum.errors import CountError
from primum.terms import FloatArray, IntArray

_NOTHING: Final = 1e-17  # of a probability


def checked_alpha(alpha: float) -> float:
    """The chance of a false signal.

    Raises:
        CountError: it is not above 0 and at most 0.5.
    """
    if not 0 < alpha <= 0.5:
        raise CountError(f"alpha is {alpha}; expected a probability above 0 and at most 0.5, such as 0.05.")
    return alpha


def poisson_ratio(observed: IntArray, expected: FloatArray) -> FloatArray:
    """Log-likelihood ratio of counts against their expectation; 0 where there are no more than expected.

    Examples:
        >>> poisson_ratio(np.array([5, 1]), np.array([2.0, 2.0])).round(4).tolist()
        [1.5815, 0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = expected - observed + special.xlogy(observed, observed / expected)
    return np.where(observed > expected, value, 0.0)


def binomial_ratio(exposed: IntArray, events: IntArray, p0: float | FloatArray) -> FloatArray:
    """Log-likelihood ratio of exposed events among all against the probability p0; 0 where no more than expected.

    Examples:
        >>> binomial_ratio(np.array([5, 2]), np.array([5, 5]), 0.5).round(4).tolist()
        [3.4657, 0.0]
    """
    k, n = exposed.astype(np.float64), events.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = special.xlogy(k, k / (n * p0)) + special.xlogy(n - k, (n - k) / (n * (1 - p0)))
    return np.where(k > n * p0, value, 0.0)


def crossing_expected(events: IntArray, value: float) -> FloatArray:
    r"""The largest expectation at which so many events reach the boundary.

    $t - n + n \ln(n / t) = v$ has the solution $t = -n W(-e^{-1 - v / n})$, with W Lambert's function.

    Examples:
        >>> t = crossing_expected(np.array([1, 4]), 3.0)
        >>> poisson_ratio(np.array([1, 4]), t).round(9).tolist()
        [3.0, 3.0]
    """
    argument: FloatArray = -np.exp(-1 - value / events)
    return np.asarray(-events * special.lambertw(argument, 0).real)


def poisson_alpha(value: float, limit: float, minimum_events: int = 1, relative_risk: float = 1.0) -> float:
    """Chance that a Poisson process watched without pause ever reaches the boundary.

    A report raises the statistic and time lowers it, so the boundary is reached by the n-th report if and only if it
    comes before the time t(n) at which n reports just reach it. The chain goes from one t(n) to the next.

    Args:
        value: the boundary.
        limit: expected reports at which watching ends.
        minimum_events: reports needed.
        relative_risk: the process is so many times as fast as expected: the chance is then the power.

    Examples:
        >>> round(poisson_alpha(3.467952, 10), 5), round(poisson_alpha(3.467952, 10, relative_risk=2), 3)
        (0.05, 0.685)
    """
    if value <= 0:
        return float(special.gammainc(minimum_events, limit * relative_risk))
    n, before, alive = minimum_events, 0.0, np.ones(1)
    while True:
        reaches = float(crossing_expected(np.array([n]), value)[0])
        now = min(reaches, limit)
        alive = _grown(alive, (now - before) * relative_risk, n)  # n and more have signalled
        if reaches >= limit:
            return max(1.0 - float(alive.sum()), 0.0)
        n, before = n + 1, now


def looks_alpha(value: float, expected: FloatArray, minimum_events: int = 1) -> float:
    """Chance that a Poisson process looked at now and then reaches the boundary at a look.

    Args:
        value: the boundary.
        expected: reports expected anew at each look.
        minimum_events: reports needed.

    Examples:
        >>> round(looks_alpha(1.5, np.array([2.0])), 4) == round(float(special.gammainc(5, 2.0)), 4)
        True
    """
    alive, mu = np.ones(1), 0.0
    for more in expected.tolist():
        mu += more
        counts = np.arange(minimum_events, len(alive) + int(more + 12 * more**0.5 + 40))
        over = counts[poisson_ratio(counts, np.full(counts.shape, mu)) >= value * (1 - 1e-12)]
        alive = _grown(alive, more, int(over[0]) if len(over) else int(counts[-1]) + 1)
    return max(1.0 - float(alive.sum()), 0.0)


def binomial_alpha(value: float, limit: int, p0: float, minimum_events: int = 1) -> float:
    """Chance that the exposed share of events, looked at after each, ever reaches the boundary.

    Examples:
        >>> round(binomial_alpha(3.4, 5, 0.5), 5)  # five of five
        0.03125
    """
    alive, signalled = np.ones(1), 0.0
    counts = np.arange(limit + 1)
    for n in range(1, limit + 1):
        alive = np.concatenate((alive * (1 - p0), [0.0])) + np.concatenate(([0.0], alive * p0))
        if n >= minimum_events:
            over = binomial_ratio(counts[: n + 1], np.full(n + 1, n), p0) >= value * (1 - 1e-12)
            signalled += float(alive[over].sum())
            alive[over] = 0.0
    return signalled


def _grown(alive: FloatArray, mean: float, below: int) -> FloatArray:
    """Chances of the counts `0 .. below - 1` after as many new reports as a Poisson count of that mean."""
    more = np.arange(int(mean + 12 * mean**0.5 + 40))
    chance = np.exp(special.xlogy(more, mean) - mean - special.gammaln(more + 1))
    likely = chance[: int(np.flatnonzero(chance > _NOTHING)[-1]) + 1]
    return np.convolve(alive, likely)[:below]
