"""Which differences or ratios of two shares would the score test of Miettinen and Nurminen not reject?

Each interval is the set of values at which the squared score statistic stays below the normal quantile squared. The
nuisance share is fitted anew at every value tried, and the variance carries the factor N/(N - 1). Zero cells need no
correction: they give one-sided bounds. Source: Miettinen & Nurminen, Stat Med 4:213-226 (1985), eqs. 8 to 13,
doi:10.1002/sim.4780040211.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Arms = tuple[int, int, int, int]  # events and people: treated, then control


def difference_bounds(arms: Arms, z: float) -> tuple[float, float]:
    """Bounds of p1 - p0, in [-1, 1].

    Examples:
        >>> lower, upper = difference_bounds((56, 70, 48, 80), 1.959964)
        >>> round(lower, 4), round(upper, 4)
        (0.0528, 0.3382)
    """
    lower = _crossing(lambda d: _difference_score(arms, d), z, -1.0, 1.0)
    upper = _crossing(lambda d: _difference_score(arms, d), -z, -1.0, 1.0)
    return lower, upper


def ratio_bounds(arms: Arms, z: float) -> tuple[float, float]:
    """Bounds of p1 / p0; 0 below where the treated group has no event, infinite above where the control group has none.

    Examples:
        >>> lower, upper = ratio_bounds((7, 34, 1, 34), 1.959964)
        >>> round(lower, 3), round(upper, 2)
        (1.209, 43.03)
    """
    return _log_bounds(arms, z, _ratio_score, no_lower=arms[0] == 0, no_upper=arms[2] == 0)


def odds_ratio_bounds(arms: Arms, z: float) -> tuple[float, float]:
    """Bounds of the odds ratio; 0 or infinite on the side that an empty cell leaves open.

    Examples:
        >>> lower, upper = odds_ratio_bounds((9, 13, 4, 14), 1.959964)
        >>> round(lower, 3), round(upper, 2)
        (1.093, 28.94)
    """
    x1, n1, x0, n0 = arms
    return _log_bounds(arms, z, _odds_score, no_lower=x1 == 0 or x0 == n0, no_upper=x0 == 0 or x1 == n1)


def _log_bounds(
    arms: Arms, z: float, score: Callable[[Arms, float], float], *, no_lower: bool, no_upper: bool
) -> tuple[float, float]:
    lower = 0.0 if no_lower else math.exp(_crossing(lambda t: score(arms, math.exp(t)), z, -50.0, 50.0))
    upper = math.inf if no_upper else math.exp(_crossing(lambda t: score(arms, math.exp(t)), -z, -50.0, 50.0))
    return lower, upper


def _crossing(score: Callable[[float], float], target: float, low: float, high: float) -> float:
    """Where a falling score passes the target, by bisection down to neighbouring floats."""
    while True:
        middle = (low + high) / 2
        if middle in (low, high) or high - low < 1e-14:
            return middle
        if score(middle) > target:
            low = middle
        else:
            high = middle


def _standardised(distance: float, variance: float, people: int) -> float:
    variance *= people / (people - 1)
    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)


def _difference_score(arms: Arms, difference: float) -> float:
    x1, n1, x0, n0 = arms
    p0 = _control_share(arms, difference)
    p1 = min(max(p0 + difference, 0.0), 1.0)
    variance = p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0
    return _standardised(x1 / n1 - x0 / n0 - difference, variance, n1 + n0)


def _control_share(arms: Arms, difference: float) -> float:
    """The likeliest control share given the difference: a cubic, solved in closed form (their appendix I)."""
    x1, n1, x0, n0 = arms
    people, events = n1 + n0, x1 + x0
    a2 = (n1 + 2 * n0) * difference - people - events
    a1 = (n0 * difference - people - 2 * x0) * difference + events
    a0 = x0 * difference * (1 - difference)
    third = a2 / (3 * people)
    q = third**3 - a1 * a2 / (6 * people**2) + a0 / (2 * people)
    p = math.copysign(math.sqrt(max(third**2 - a1 / (3 * people), 0.0)), q)
    cosine = min(max(q / p**3, -1.0), 1.0) if p else 0.0
    root = 2 * p * math.cos((math.pi + math.acos(cosine)) / 3) - third
    return min(max(root, 0.0, -difference), 1.0, 1.0 - difference)


def _ratio_score(arms: Arms, ratio: float) -> float:
    x1, n1, x0, n0 = arms
    a = (n1 + n0) * ratio
    b = -(n1 * ratio + x1 + n0 + x0 * ratio)
    c = x1 + x0
    p0 = 2 * c / (-b + math.sqrt(max(b * b - 4 * a * c, 0.0)))  # the smaller root, without cancellation
    p0 = min(p0, 1.0, 1.0 / ratio)
    p1 = p0 * ratio
    variance = p1 * (1 - p1) / n1 + ratio**2 * p0 * (1 - p0) / n0
    return _standardised(x1 / n1 - ratio * x0 / n0, variance, n1 + n0)


def _odds_score(arms: Arms, odds_ratio: float) -> float:
    x1, n1, x0, n0 = arms
    if odds_ratio < 1:  # the same question with the groups exchanged, where nothing cancels
        return -_odds_score((x0, n0, x1, n1), 1 / odds_ratio)
    a = n0 * (odds_ratio - 1)
    b = n1 * odds_ratio + n0 - (x1 + x0) * (odds_ratio - 1)
    c = x1 + x0
    root = math.sqrt(b * b + 4 * a * c)
    p0 = 2 * c / (b + root) if b > 0 else (root - b) / (2 * a)  # the same root, whichever does not cancel
    scale = 1 + p0 * (odds_ratio - 1)
    p1, q1, q0 = p0 * odds_ratio / scale, (1 - p0) / scale, 1 - p0
    spread = 1 / (n1 * p1 * q1) + 1 / (n0 * p0 * q0)
    return _standardised((x1 - n1 * p1) * spread, spread, n1 + n0)
