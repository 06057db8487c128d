"""How many times as often, or at how many times the odds, do the treated have the event?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final, Literal

from primum.evidence import score
from primum.evidence.effect import Effect
from primum.evidence.groups import MIETTINEN_NURMINEN, known_method, two_groups
from primum.evidence.proportions import normal_quantile
from primum.provenance import Method
from primum.terms import Count, Interval

RatioMethod = Literal["katz", "miettinen_nurminen"]
OddsMethod = Literal["woolf", "miettinen_nurminen"]

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
        MIETTINEN_NURMINEN,
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
        MIETTINEN_NURMINEN,
    ),
}


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
    how = known_method(RATIO_METHODS, method, "a risk ratio")
    arms = two_groups(events_treated, n_treated, events_control, n_control)
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
    how = known_method(ODDS_METHODS, method, "an odds ratio")
    arms = two_groups(events_treated, n_treated, events_control, n_control)
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
