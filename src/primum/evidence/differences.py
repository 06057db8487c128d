"""How many more of the treated have the event, and how many must be treated for one more?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final, Literal

from primum.evidence import proportions, score
from primum.evidence.effect import Effect
from primum.evidence.groups import MIETTINEN_NURMINEN, known_method, two_groups
from primum.evidence.proportions import normal_quantile
from primum.provenance import Method
from primum.terms import Count, Interval

DifferenceMethod = Literal["newcombe", "miettinen_nurminen", "wald"]

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
        MIETTINEN_NURMINEN,
    ),
    "wald": Method(
        "risk_difference_wald",
        "risk difference with Wald interval",
        "d = x1/n1 - x0/n0; d +- z sqrt(p1 q1/n1 + p0 q0/n0)",
        "Newcombe, Stat Med 17:873-890 (1998), method 1, "
        "doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I",
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
    how = known_method(DIFFERENCE_METHODS, method, "a risk difference")
    arms = two_groups(events_treated, n_treated, events_control, n_control)
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
