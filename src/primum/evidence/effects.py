"""How much more often, or more, in the treated group than in the other?

Every function takes the two groups and gives an `Effect`: estimate, interval, counts, method, and the reason where the
data give no estimate. Nothing is added to a cell, ever; where an interval does not exist for the counts given, another
method's is taken and the warnings say so.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final, Literal

from primum.errors import EvidenceError
from primum.evidence import proportions, score
from primum.evidence.effect import Effect, per_thousand
from primum.evidence.means import MeanArm, mean_difference
from primum.evidence.proportions import normal_quantile, proportion
from primum.evidence.rates import rate, rate_ratio
from primum.provenance import Method
from primum.terms import Count, Interval

__all__ = [
    "Effect",
    "MeanArm",
    "mean_difference",
    "number_needed",
    "odds_ratio",
    "per_thousand",
    "proportion",
    "rate",
    "rate_ratio",
    "risk_difference",
    "risk_ratio",
]

DifferenceMethod = Literal["newcombe", "miettinen_nurminen", "wald"]
RatioMethod = Literal["katz", "miettinen_nurminen"]
OddsMethod = Literal["woolf", "miettinen_nurminen"]

_MN: Final = "Miettinen & Nurminen, Stat Med 4:213-226 (1985), doi:10.1002/sim.4780040211"

DIFFERENCE_METHODS: Final[dict[str, Method]] = {
    "newcombe": Method(
        "risk_difference_newcombe",
        "risk difference with Newcombe hybrid score interval",
        "x1/n1 - x0/n0; from the two Wilson intervals",
        "Newcombe, Stat Med 17:873-890 (1998), method 10, "
        "doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I",
    ),
    "miettinen_nurminen": Method(
        "risk_difference_miettinen_nurminen",
        "risk difference with Miettinen-Nurminen score interval",
        "x1/n1 - x0/n0; inverted score test, variance times N/(N - 1)",
        _MN,
    ),
    "wald": Method(
        "risk_difference_wald",
        "risk difference with Wald interval",
        "d = x1/n1 - x0/n0; d +- z sqrt(p1 q1/n1 + p0 q0/n0)",
        "Newcombe, Stat Med 17:873-890 (1998), method 1, "
        "doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I",
    ),
}
RATIO_METHODS: Final[dict[str, Method]] = {
    "katz": Method(
        "risk_ratio_katz",
        "risk ratio with log-normal (Katz) interval",
        "(x1/n1)/(x0/n0); exp(log RR +- z sqrt(1/x1 - 1/n1 + 1/x0 - 1/n0))",
        "Katz, Baptista, Azen, Pike, Biometrics 34:469-474 (1978), doi:10.2307/2530610",
    ),
    "miettinen_nurminen": Method(
        "risk_ratio_miettinen_nurminen",
        "risk ratio with Miettinen-Nurminen score interval",
        "(x1/n1)/(x0/n0); inverted score test",
        _MN,
    ),
}
ODDS_METHODS: Final[dict[str, Method]] = {
    "woolf": Method(
        "odds_ratio_woolf",
        "odds ratio with log-normal (Woolf) interval",
        "a d/(b c); exp(log OR +- z sqrt(1/a + 1/b + 1/c + 1/d))",
        "Woolf, Ann Hum Genet 19:251-253 (1955), doi:10.1111/j.1469-1809.1955.tb01348.x",
    ),
    "miettinen_nurminen": Method(
        "odds_ratio_miettinen_nurminen",
        "odds ratio with Miettinen-Nurminen score interval",
        "a d/(b c); inverted score test",
        _MN,
    ),
}
NUMBER_NEEDED: Final = "Altman, BMJ 317:1309-1312 (1998), doi:10.1136/bmj.317.7168.1309"


def risk_difference(
    events_treated: int,
    n_treated: int,
    events_control: int,
    n_control: int,
    *,
    method: DifferenceMethod = "newcombe",
    level: float = 0.95,
) -> Effect:
    r"""How many more of the treated have the event: $x_1/n_1 - x_0/n_0$.

    Args:
        events_treated: treated people with the event.
        n_treated: treated people, at least 1.
        events_control: people of the other group with the event.
        n_control: people of the other group, at least 1.
        method: `newcombe` (two Wilson intervals), `miettinen_nurminen` (score test) or `wald`.
        level: coverage, in (0, 1).

    Returns:
        An effect in the unit `proportion`. When both groups have no event (or all have it), Wald's interval has no
        width and says nothing; Newcombe's is given and the warning says so.

    Raises:
        EvidenceError: counts that no group can have, a level outside (0, 1), or an unknown method.

    Source:
        See `DIFFERENCE_METHODS`.

    Examples:
        >>> more = risk_difference(56, 70, 48, 80)  # Newcombe 1998, table II (a)
        >>> round(more.estimate, 4), round(more.interval.lower, 4), round(more.interval.upper, 4)
        (0.2, 0.0524, 0.3339)
    """
    how = _known(DIFFERENCE_METHODS, method, "a risk difference")
    arms = _arms(events_treated, n_treated, events_control, n_control)
    x1, n1, x0, n0 = arms
    p1, p0, z = x1 / n1, x0 / n0, normal_quantile(level)
    difference = p1 - p0
    warnings: tuple[str, ...] = ()
    spread = math.sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)
    if method == "wald" and spread == 0:
        how = DIFFERENCE_METHODS["newcombe"]
        warnings = ("no spread within either group: Wald's interval would have no width; Newcombe's is given",)
    elif method == "wald" and (p1 in (0, 1) or p0 in (0, 1)):
        warnings = ("one group has no spread: Wald's interval takes its share as known exactly and is too narrow",)
    if how is DIFFERENCE_METHODS["wald"]:
        lower, upper = difference - z * spread, difference + z * spread
    elif how is DIFFERENCE_METHODS["newcombe"]:
        lower, upper = _newcombe(arms, level)
    else:
        lower, upper = score.difference_bounds(arms, z)
    return Effect(
        measure="risk difference",
        estimate=difference,
        interval=Interval(min(max(lower, -1.0), difference), max(min(upper, 1.0), difference), level),
        unit="proportion",
        method=how,
        counts=(Count(x1, n1), Count(x0, n0)),
        warnings=warnings,
    )


def risk_ratio(
    events_treated: int,
    n_treated: int,
    events_control: int,
    n_control: int,
    *,
    method: RatioMethod = "katz",
    level: float = 0.95,
) -> Effect:
    r"""How many times as often the treated have the event: $(x_1/n_1) / (x_0/n_0)$.

    Args:
        events_treated: treated people with the event.
        n_treated: treated people, at least 1.
        events_control: people of the other group with the event.
        n_control: people of the other group, at least 1.
        method: `katz` (normal on the log scale) or `miettinen_nurminen` (score test).
        level: coverage, in (0, 1).

    Returns:
        An effect in the unit `ratio`. One group without events: the score interval, open on that side (no estimate
        when it is the control group). Both without: no estimate and no interval, with the reason.

    Raises:
        EvidenceError: counts that no group can have, a level outside (0, 1), or an unknown method.

    Source:
        See `RATIO_METHODS`.

    Examples:
        >>> nobody = risk_ratio(0, 100, 5, 100)
        >>> nobody.estimate, nobody.interval.lower, round(nobody.interval.upper, 2)
        (0.0, 0.0, 0.76)
    """
    how = _known(RATIO_METHODS, method, "a risk ratio")
    arms = _arms(events_treated, n_treated, events_control, n_control)
    x1, n1, x0, n0 = arms
    z = normal_quantile(level)
    nothing = _no_ratio("risk ratio", how, arms)
    if x1 == x0 == 0:
        return nothing
    spread = math.sqrt((n1 - x1) / (x1 * n1) + (n0 - x0) / (x0 * n0)) if x1 and x0 else 0.0
    if method == "katz" and spread:
        return _log_normal(nothing, (x1 / n1) / (x0 / n0), spread, level)
    interval = Interval(*score.ratio_bounds(arms, z), level)
    by_score = RATIO_METHODS["miettinen_nurminen"]
    return _by_score(nothing, interval, cells=(x1 * n0, x0 * n1), method=by_score, asked=how)


def odds_ratio(
    events_treated: int,
    n_treated: int,
    events_control: int,
    n_control: int,
    *,
    method: OddsMethod = "woolf",
    level: float = 0.95,
) -> Effect:
    r"""How many times the odds of the event the treated have: $x_1 (n_0 - x_0) / (x_0 (n_1 - x_1))$.

    Args:
        events_treated: treated people with the event.
        n_treated: treated people, at least 1.
        events_control: people of the other group with the event.
        n_control: people of the other group, at least 1.
        method: `woolf` (normal on the log scale) or `miettinen_nurminen` (score test).
        level: coverage, in (0, 1).

    Returns:
        An effect in the unit `ratio`. A zero cell: the score interval, open on that side. No event in either group,
        or everybody in both: no estimate and no interval, with the reason.

    Raises:
        EvidenceError: counts that no group can have, a level outside (0, 1), or an unknown method.

    Source:
        See `ODDS_METHODS`.

    Examples:
        >>> round(odds_ratio(217, 406, 36, 1031).estimate, 1)
        31.7
    """
    how = _known(ODDS_METHODS, method, "an odds ratio")
    arms = _arms(events_treated, n_treated, events_control, n_control)
    x1, n1, x0, n0 = arms
    a, b, c, d = x1, n1 - x1, x0, n0 - x0
    z = normal_quantile(level)
    nothing = _no_ratio("odds ratio", how, arms)
    if a == c == 0 or b == d == 0:
        return nothing
    if method == "woolf" and min(a, b, c, d) > 0:
        return _log_normal(nothing, a * d / (b * c), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d), level)
    interval = Interval(*score.odds_ratio_bounds(arms, z), level)
    by_score = ODDS_METHODS["miettinen_nurminen"]
    return _by_score(nothing, interval, cells=(a * d, b * c), method=by_score, asked=how)


def number_needed(
    events_treated: int,
    n_treated: int,
    events_control: int,
    n_control: int,
    *,
    method: DifferenceMethod = "newcombe",
    level: float = 0.95,
) -> Effect:
    r"""How many must be treated for one more (or one fewer) to have the event: $1/|d|$, $d$ the risk difference.

    Args:
        events_treated: treated people with the event.
        n_treated: treated people, at least 1.
        events_control: people of the other group with the event.
        n_control: people of the other group, at least 1.
        method: interval of the risk difference.
        level: coverage, in (0, 1).

    Returns:
        An effect in the unit `people`, named `number treated for one more event` or `... one fewer event`. When the
        interval of the difference holds 0 there is none: it would run through infinity, and the reason says so.

    Raises:
        EvidenceError: counts that no group can have, a level outside (0, 1), or an unknown method.

    Source:
        Altman, BMJ 317:1309-1312 (1998), doi:10.1136/bmj.317.7168.1309; the refusal across zero is ours.

    Examples:
        >>> lids = number_needed(38, 3431, 2, 1359)
        >>> lids.measure, round(lids.estimate)
        ('number treated for one more event', 104)
        >>> number_needed(41, 3431, 17, 1359).estimate is None
        True
    """
    difference = risk_difference(events_treated, n_treated, events_control, n_control, method=method, level=level)
    d, ends = difference.estimate, difference.interval
    assert d is not None  # two groups of people always have a difference
    assert ends is not None
    needed = replace(
        difference,
        measure=f"number treated for one {'fewer' if d < 0 else 'more'} event",
        estimate=None,
        interval=None,
        unit="people",
        method=Method(
            f"number_needed_{difference.method.id.removeprefix('risk_difference_')}",
            f"reciprocal of the {difference.method.label}",
            "1/|d|; 1/|upper| to 1/|lower|",
            NUMBER_NEEDED,
        ),
        reason="the interval of the risk difference holds 0: the number needed would run through infinity",
    )
    if ends.lower <= 0 <= ends.upper:
        return needed
    near, far = sorted((abs(ends.lower), abs(ends.upper)))
    return replace(needed, estimate=1 / abs(d), interval=Interval(1 / far, 1 / near, level), reason="")


def _newcombe(arms: score.Arms, level: float) -> tuple[float, float]:
    x1, n1, x0, n0 = arms
    (l1, l0), (u1, u0) = (bound.tolist() for bound in proportions.wilson([x1, x0], [n1, n0], level=level))
    p1, p0 = x1 / n1, x0 / n0
    return p1 - p0 - math.hypot(p1 - l1, u0 - p0), p1 - p0 + math.hypot(u1 - p1, p0 - l0)


def _no_ratio(measure: str, method: Method, arms: score.Arms) -> Effect:
    """What stands when the ratio cannot be estimated, and what every ratio starts from."""
    x1, n1, x0, n0 = arms
    which = "nobody" if x1 == x0 == 0 else "everybody"
    return Effect(
        measure=measure,
        estimate=None,
        interval=None,
        unit="ratio",
        method=method,
        counts=(Count(x1, n1), Count(x0, n0)),
        reason=f"{which} in both groups had the event: the ratio cannot be estimated",
    )


def _log_normal(nothing: Effect, ratio: float, spread: float, level: float) -> Effect:
    half = normal_quantile(level) * spread
    return replace(
        nothing, estimate=ratio, interval=Interval(ratio * math.exp(-half), ratio * math.exp(half), level), reason=""
    )


def _by_score(effect: Effect, interval: Interval, *, cells: tuple[int, int], method: Method, asked: Method) -> Effect:
    """A ratio with its score interval: asked for, or the only one where a cell is zero. `cells` are its two factors."""
    above, below = cells
    warning = "a cell of the table is empty: the log-normal interval does not exist; the score interval is given"
    return replace(
        effect,
        estimate=above / below if below else None,
        interval=interval,
        method=method,
        reason="" if below else "an empty cell: the ratio has a lower bound and no finite estimate",
        warnings=() if method is asked else (warning,),
    )


def _arms(x1: int, n1: int, x0: int, n0: int) -> score.Arms:
    """The four numbers as whole numbers, after a check that they are two groups of people."""
    return (*proportions.people(x1, n1), *proportions.people(x0, n0))


def _known(methods: dict[str, Method], given: str, measure: str) -> Method:
    if given not in methods:
        raise EvidenceError.unknown_method(measure, given, methods)
    return methods[given]
