"""Looked at again and again as reports come in, when are there too many for chance?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.errors import CountError
from primum.provenance import Method
from primum.signals.estimate import checked_counts, checked_numbers, same_shape
from primum.signals.maxsprt_boundary import (
    binomial_alpha,
    binomial_ratio,
    checked_alpha,
    looks_alpha,
    poisson_alpha,
    poisson_ratio,
)
from primum.terms import BoolArray, FloatArray

METHOD: Final = Method(
    id="maxsprt",
    label="Maximised sequential probability ratio test with exact critical values",
    formula="mu - c + c ln(c / mu) where c > mu, cumulated; signal at the first look at or above the critical value",
    citation="Kulldorff, Davis, Kolczak, Lewis, Lieu, Platt 2011, Sequential Analysis 30(1):58-78, "
    "doi:10.1080/07474946.2011.539924",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Maxsprt:
    """The statistic of each look and when it signalled.

    Args:
        statistic: log-likelihood ratio of all counts up to each look; shape `(looks,)`.
        critical_value: what the statistic must reach.
        alpha: chance that a series without an excess ever reaches it.
        first: number of the look that signalled, from 0; -1 where none did.
        looks: looks within the planned length; later ones are not tested.
        reason: why later looks are not tested; empty where all are.
    """

    statistic: FloatArray
    critical_value: float
    alpha: float
    first: int
    looks: int
    reason: str


def maxsprt_poisson(
    observed: ArrayLike, expected: ArrayLike, *, limit: float, alpha: float = 0.05, minimum_events: int = 1
) -> Maxsprt:
    r"""Sequential test of counts against an expectation that is known.

    With c the reports and $\mu$ the expectation cumulated up to a look,
    $$ LLR = \mu - c + c \ln(c / \mu) \quad (c > \mu), \qquad 0 \quad (c \le \mu). $$

    Args:
        observed: new reports of each look; shape `(looks,)`, whole numbers.
        expected: reports expected anew at each look; same shape.
        limit: expected reports at which watching ends, fixed before the first look; above 0, at most 10,000.
        alpha: chance of a false signal over the whole time, in (0, 0.5].
        minimum_events: reports needed before a signal is allowed.

    Returns:
        The statistic at each look, the critical value of continuous watching, and the first look that signalled.

    Raises:
        CountError: counts that cannot be, a plan that cannot hold alpha.

    Numerics:
        The critical value is that of watching without pause: with quarterly looks the true alpha is below the one
        asked for (`critical_value_looks` is exact for planned looks). Expectations learned from the same reports
        are not known ones; the test then takes their error for signal.

    Source:
        Kulldorff and others, Sequential Analysis 30(1):58-78, doi:10.1080/07474946.2011.539924.

    Examples:
        >>> found = maxsprt_poisson([1, 3, 6], [0.8, 1.0, 1.1], limit=10)
        >>> found.statistic.round(2).tolist(), round(found.critical_value, 3), found.first
        ([0.02, 0.99, 5.28], 3.468, 2)
    """
    new, more = checked_counts("observed", observed), checked_numbers("expected", expected)
    same_shape(observed=new, expected=more)
    c, mu = np.cumsum(new), np.cumsum(more)
    value = critical_value_poisson(limit, alpha=alpha, minimum_events=minimum_events)
    end = (int((mu <= limit).sum()), f"more than {limit:g} reports are expected")
    return _tested(poisson_ratio(c, mu), c >= minimum_events, boundary=(value, alpha), end=end)


def maxsprt_binomial(
    cases: ArrayLike,
    controls: ArrayLike,
    *,
    limit: int,
    controls_per_case: float,
    alpha: float = 0.05,
    minimum_events: int = 1,
) -> Maxsprt:
    r"""Sequential test of exposed against unexposed events.

    Of n events so far, k fell into exposed time; without an effect each does so with probability
    $p_0 = 1 / (1 + z)$, z being `controls_per_case`. Then
    $$ LLR = k \ln\frac{k}{n p_0} + (n - k) \ln\frac{n - k}{n (1 - p_0)} \quad (k / n > p_0). $$

    Args:
        cases: new exposed events of each look; shape `(looks,)`.
        controls: new unexposed events of each look; same shape.
        limit: events at which watching ends, at most 5,000.
        controls_per_case: unexposed events that one exposed event comes with when there is no effect; above 0.
        alpha: chance of a false signal over the whole time, in (0, 0.5].
        minimum_events: events, exposed or not, needed before a signal is allowed.

    Returns:
        As `maxsprt_poisson`; the reached alpha is at most the one asked for, because counts are whole.

    Raises:
        CountError: as said.

    Source:
        Kulldorff and others, Sequential Analysis 30(1):58-78, doi:10.1080/07474946.2011.539924.

    Examples:
        >>> found = maxsprt_binomial([1, 4, 5], [1, 0, 1], limit=50, controls_per_case=1)
        >>> found.statistic.round(2).tolist(), round(found.critical_value, 2), found.first
        ([0.0, 1.46, 2.91], 3.48, -1)
    """
    exposed, other = checked_counts("cases", cases), checked_counts("controls", controls)
    same_shape(cases=exposed, controls=other)
    k, n = np.cumsum(exposed), np.cumsum(exposed + other)
    boundary = critical_value_binomial(
        limit, controls_per_case=controls_per_case, alpha=alpha, minimum_events=minimum_events
    )
    ratio = binomial_ratio(k, n, 1 / (1 + controls_per_case))
    end = (int((n <= limit).sum()), f"there are more than {limit} events")
    return _tested(ratio, n >= minimum_events, boundary=boundary, end=end)


def critical_value_poisson(limit: float, *, alpha: float = 0.05, minimum_events: int = 1) -> float:
    """Critical value of the Poisson test when watching never pauses.

    Args:
        limit: expected reports at which watching ends, above 0, at most 10,000.
        alpha: chance of a false signal, in (0, 0.5].
        minimum_events: reports needed before a signal is allowed.

    Raises:
        CountError: `minimum_events` reports are so unlikely within `limit` that no critical value reaches alpha.

    Numerics:
        Exact: a Markov chain over the times at which one more report would signal. All 99 values of Kulldorff's
        table 1 (alpha 0.05, 0.01, 0.001; limits 0.1 to 1,000) agree to 1e-5.

    Examples:
        >>> round(critical_value_poisson(10), 6), round(critical_value_poisson(10, minimum_events=4), 4)
        (3.467952, 2.9216)
    """
    checked_alpha(alpha)
    if not 0 < limit <= 10_000:
        raise CountError(f"limit is {limit}; expected a number of expected reports above 0 and at most 10,000.")
    if minimum_events < 1:
        raise CountError(f"minimum_events is {minimum_events}; expected at least 1.")
    most = float(special.gammainc(minimum_events, limit))
    if most < alpha:
        raise CountError(
            f"{minimum_events} or more reports within {limit:g} expected have the chance {most:.2g}, less than alpha "
            f"{alpha:g}; no critical value reaches it. Watch longer, or ask for fewer reports."
        )
    return _root(lambda value: poisson_alpha(value, limit, minimum_events) - alpha)


def critical_value_looks(expected: ArrayLike, *, alpha: float = 0.05, minimum_events: int = 1) -> tuple[float, float]:
    """Critical value of the Poisson test when it is looked at only at planned times, such as quarters.

    Args:
        expected: reports expected anew at each planned look, each above 0; shape `(looks,)`.
        alpha: chance of a false signal over all looks, in (0, 0.5].
        minimum_events: reports needed before a signal is allowed.

    Returns:
        The critical value, and the alpha it reaches: the largest that counts, which are whole, can reach.

    Examples:
        >>> value, reached = critical_value_looks([1.0] * 10)
        >>> round(value, 3), round(reached, 4)
        (2.58, 0.0441)
    """
    checked_alpha(alpha)
    more = np.atleast_1d(checked_numbers("expected", expected))
    if not more.size or np.any(more == 0):
        raise CountError("expected holds no look, or one with nothing expected; expected a number above 0 for each.")
    mu = np.cumsum(more)
    counts = np.arange(minimum_events, int(mu[-1] + 12 * math.sqrt(mu[-1]) + 40))
    reachable = np.unique(poisson_ratio(counts[:, None], mu[None, :]))
    return _smallest(reachable[reachable > 0], alpha, lambda value: looks_alpha(value, more, minimum_events))


def critical_value_binomial(
    limit: int, *, controls_per_case: float, alpha: float = 0.05, minimum_events: int = 1
) -> tuple[float, float]:
    """Critical value of the binomial test, looked at after every event.

    Args:
        limit: events at which watching ends, from 1 to 5,000.
        controls_per_case: unexposed events that one exposed event comes with when there is no effect; above 0.
        alpha: chance of a false signal, in (0, 0.5].
        minimum_events: events needed before a signal is allowed.

    Returns:
        The smallest value of the statistic that holds alpha, and the alpha it reaches.

    Raises:
        CountError: even the longest run of exposed events within `limit` is likelier than alpha.

    Examples:
        >>> value, reached = critical_value_binomial(50, controls_per_case=1)
        >>> round(value, 3), round(reached, 4)
        (3.476, 0.0388)
    """
    checked_alpha(alpha)
    if not 1 <= limit <= 5_000 or not controls_per_case > 0 or minimum_events < 1:
        raise CountError(
            f"limit is {limit}, controls_per_case {controls_per_case}, minimum_events {minimum_events}; expected 1 to "
            "5,000 events, a ratio above 0 and at least 1 event."
        )
    p0 = 1 / (1 + controls_per_case)
    n = np.arange(minimum_events, limit + 1)
    reachable = np.unique(np.concatenate([binomial_ratio(np.arange(m + 1), np.full(m + 1, m), p0) for m in n]))
    return _smallest(reachable[reachable > 0], alpha, lambda value: binomial_alpha(value, limit, p0, minimum_events))


def _tested(
    statistic: FloatArray, enough: BoolArray, *, boundary: tuple[float, float], end: tuple[int, str]
) -> Maxsprt:
    """The first look within the plan at which the statistic reaches its boundary."""
    (value, alpha), (looks, why) = boundary, end
    signal = np.flatnonzero((statistic >= value * (1 - 1e-12)) & enough & (np.arange(len(statistic)) < looks))
    return Maxsprt(
        statistic=statistic,
        critical_value=value,
        alpha=alpha,
        first=int(signal[0]) if len(signal) else -1,
        looks=looks,
        reason="" if looks == len(statistic) else f"the plan ended: {why}",
    )


def _root(excess: Callable[[float], float]) -> float:
    """Where a falling function crosses 0, to 1e-9."""
    from scipy import optimize

    high = 4.0
    while excess(high) > 0:
        high *= 2
    return float(optimize.brentq(excess, 0.0, high, xtol=1e-9))


def _smallest(reachable: FloatArray, alpha: float, chance: Callable[[float], float]) -> tuple[float, float]:
    """The smallest reachable value whose chance is at most alpha, by halving."""
    low, high = 0, len(reachable) - 1
    if high < 0 or chance(float(reachable[high])) > alpha:
        raise CountError(f"No critical value holds alpha {alpha:g} within so few events; expected a longer plan.")
    while low < high:
        middle = (low + high) // 2
        if chance(float(reachable[middle])) <= alpha:
            high = middle
        else:
            low = middle + 1
    value = float(reachable[high])
    return value, chance(value)
