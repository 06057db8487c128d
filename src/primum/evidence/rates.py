"""How many events in the time observed, and how many times as many in the treated group?"""

from __future__ import annotations

import math
from typing import Final

from primum.evidence import proportions
from primum.evidence.effect import Effect
from primum.provenance import Method
from primum.terms import Interval

_EXACT: Final = Method(
    "rate_garwood",
    "rate with exact Poisson (Garwood) interval",
    "x / t; chi-square quantiles",
    "Garwood, Biometrika 28:437-442 (1936), doi:10.1093/biomet/28.3-4.437",
)
_CONDITIONAL: Final = Method(
    "rate_ratio_conditional",
    "rate ratio with exact conditional interval",
    "(x1/t1)/(x0/t0); binomial given x1 + x0",
    "Przyborowski & Wilenski, Biometrika 31:313-323 (1940), doi:10.1093/biomet/31.3-4.313",
)


def rate(events: int, time: float, *, unit: str = "per person-year", level: float = 0.95) -> Effect:
    r"""How many events in the time observed: $x / t$ with the exact Poisson interval.

    Args:
        events: events counted (not people: one person may have several).
        time: time observed, summed over people, > 0.
        unit: of the result, such as `per person-year`.
        level: coverage, in (0, 1).

    Returns:
        An effect in `unit`; no event gives 0 with an upper bound.

    Raises:
        EvidenceError: events are no count, time is not positive, or the level is outside (0, 1).

    Source:
        Garwood, Biometrika 28:437-442 (1936), doi:10.1093/biomet/28.3-4.437.

    Examples:
        >>> none = rate(0, 100.0)
        >>> none.estimate, round(none.interval.upper, 4)
        (0.0, 0.0369)
    """
    proportions.positive("time", time)
    lower, upper = proportions.garwood(events, level=level)
    interval = Interval(float(lower) / time, float(upper) / time, level)
    return Effect(measure="rate", estimate=events / time, interval=interval, unit=unit, method=_EXACT)


def rate_ratio(
    events_treated: int, time_treated: float, events_control: int, time_control: float, *, level: float = 0.95
) -> Effect:
    r"""How many times as many events per time: $(x_1/t_1) / (x_0/t_0)$, exact given the events in all.

    Given $x_1 + x_0$ events, $x_1$ is binomial with share $\rho t_1 / (\rho t_1 + t_0)$; the Clopper-Pearson
    interval of that share is carried over to $\rho$.

    Args:
        events_treated: events in the treated group.
        time_treated: time observed there, > 0.
        events_control: events in the other group.
        time_control: time observed there, > 0, same unit.
        level: coverage, in (0, 1).

    Returns:
        An effect in the unit `ratio`; open on the side of a group without events; none when both are without.

    Raises:
        EvidenceError: events are no count, a time is not positive, or the level is outside (0, 1).

    Source:
        Przyborowski & Wilenski, Biometrika 31:313-323 (1940), doi:10.1093/biomet/31.3-4.313.

    Examples:
        >>> round(rate_ratio(20, 10.0, 10, 10.0).estimate, 3)
        2.0
    """
    proportions.positive("time_treated", time_treated)
    proportions.positive("time_control", time_control)
    x1, x0 = (int(v) for v in proportions.whole_numbers("events", [events_treated, events_control]))
    proportions.tail(level)
    estimate, interval = None, None
    if x1 + x0:
        shares = proportions.clopper_pearson(x1, x1 + x0, level=level)
        ends = [math.inf if p == 1 else float(p / (1 - p)) * time_control / time_treated for p in shares]
        interval = Interval(ends[0], ends[1], level)
        estimate = (x1 / time_treated) / (x0 / time_control) if x0 else None
    where = "the control group: the ratio has a lower bound and" if x1 else "either group: the ratio has"
    return Effect(
        measure="rate ratio",
        estimate=estimate,
        interval=interval,
        unit="ratio",
        method=_CONDITIONAL,
        reason="" if x0 else f"no event in {where} no finite estimate",
    )
