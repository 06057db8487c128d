"""What is the common effect, when every study is weighed by what it can tell and no cell is touched?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from primum.evidence.pooling.before_fit import before_fit
from primum.evidence.pooling.pooled import Pooled, normal_interval, normal_p
from primum.evidence.pooling.tables import Measure, TwoArms, TwoRates
from primum.provenance import Method

MANTEL_HAENSZEL: Final[dict[str, Method]] = {
    "OR": Method(
        "mh",
        "Mantel-Haenszel odds ratio, Robins-Breslow-Greenland variance",
        "sum(a d / N) / sum(b c / N)",
        "Mantel & Haenszel, JNCI 22:719-748 (1959), doi:10.1093/jnci/22.4.719; "
        "Robins, Breslow, Greenland, Biometrics 42:311-323 (1986), doi:10.2307/2531052",
    ),
    "RR": Method(
        "mh",
        "Mantel-Haenszel risk ratio, Greenland-Robins variance",
        "sum(a n0 / N) / sum(c n1 / N)",
        "Greenland & Robins, Biometrics 41:55-68 (1985), doi:10.2307/2530643",
    ),
    "RD": Method(
        "mh",
        "Mantel-Haenszel risk difference, Sato's variance",
        "sum((a n0 - c n1) / N) / sum(n1 n0 / N)",
        "Greenland & Robins, Biometrics 41:55-68 (1985), doi:10.2307/2530643; "
        "Sato, Biometrics 45:1323-1324 (1989), doi:10.2307/2531784",
    ),
    "IRR": Method(
        "mh",
        "Mantel-Haenszel rate ratio, Greenland-Robins variance",
        "sum(x1 t0 / T) / sum(x0 t1 / T)",
        "Greenland & Robins, Biometrics 41:55-68 (1985), doi:10.2307/2530643",
    ),
}


def mantel_haenszel(table: TwoArms | TwoRates, *, measure: Measure, level: float = 0.95) -> Pooled:
    r"""The Mantel-Haenszel odds ratio, risk ratio, risk difference or rate ratio.

    Empty cells need no correction. A study without events in either group adds nothing to a ratio and is named as left
    out; it does count in the risk difference, where it says that the groups do not differ.

    Args:
        table: two groups a study, people (OR, RR, RD) or time (IRR).
        measure: OR, RR, RD or IRR.
        level: of the interval, in (0, 1).

    Returns:
        The pooled effect under one common effect; no tau2 and no prediction interval. None when one group has no event
        in any study, with the reason.

    Numerics:
        Equals metafor 3.8-1 `rma.mh(..., correct=FALSE)` to 1e-10 on its BCG data and on a sparse table.

    Source:
        See `MANTEL_HAENSZEL`.
    """
    method = MANTEL_HAENSZEL[measure]
    silent = np.zeros(len(table), dtype=bool)
    if isinstance(table, TwoRates):
        estimate, variance = _rate_ratio(table)
        silent = table.events_treated + table.events_control == 0
    elif measure == "RD":
        estimate, variance = _difference(table)
    elif measure == "RR":
        estimate, variance = _risk_ratio(table)
        silent = table.events_treated + table.events_control == 0
    else:
        estimate, variance = _odds_ratio(table)
        silent = table.silent
    common = before_fit(
        table,
        measure=measure,
        method=method,
        level=level,
        reason="one of the two groups has no event (or only events) in any study: no finite ratio",
        silent=silent,
        why="no event, or no person without, in either group",
    )
    if not (math.isfinite(estimate) and math.isfinite(variance) and variance > 0):
        return common
    return _with(common, estimate, math.sqrt(variance))


def _with(common: Pooled, estimate: float, se: float) -> Pooled:
    interval = normal_interval(estimate, se, common.level)
    return replace(
        common, estimate=estimate, se=se, interval=interval, wald=interval, p=normal_p(estimate, se), reason=""
    )


def _odds_ratio(table: TwoArms) -> tuple[float, float]:
    a, b, c, d = table.cells
    people = a + b + c + d
    p, q = (a + d) / people, (b + c) / people
    r, s = a * d / people, b * c / people
    big_r, big_s = float(np.sum(r)), float(np.sum(s))
    if big_r == 0 or big_s == 0:
        return math.nan, math.nan
    variance = 0.5 * (
        np.sum(p * r) / big_r**2 + np.sum(p * s + q * r) / (big_r * big_s) + np.sum(q * s) / big_s**2
    )  # Robins, Breslow & Greenland 1986
    return math.log(big_r / big_s), float(variance)


def _risk_ratio(table: TwoArms) -> tuple[float, float]:
    a, b, c, d = table.cells
    n1, n0, people = a + b, c + d, a + b + c + d
    r, s = float(np.sum(a * n0 / people)), float(np.sum(c * n1 / people))
    if r == 0 or s == 0:
        return math.nan, math.nan
    return math.log(r / s), float(np.sum((n1 * n0 * (a + c) - a * c * people) / people**2) / (r * s))


def _difference(table: TwoArms) -> tuple[float, float]:
    a, b, c, d = table.cells
    n1, n0, people = a + b, c + d, a + b + c + d
    weight = float(np.sum(n1 * n0 / people))
    estimate = float(np.sum((a * n0 - c * n1) / people)) / weight
    slope = np.sum(c * (n1 / people) ** 2 - a * (n0 / people) ** 2 + n1 * n0 * (n0 - n1) / people**2 / 2)
    level = np.sum(a * d / people + c * b / people) / 2  # Sato 1989
    return estimate, float((estimate * slope + level) / weight**2)


def _rate_ratio(table: TwoRates) -> tuple[float, float]:
    x1, x0 = table.events_treated.astype(float), table.events_control.astype(float)
    time = table.time_treated + table.time_control
    r, s = float(np.sum(x1 * table.time_control / time)), float(np.sum(x0 * table.time_treated / time))
    if r == 0 or s == 0:
        return math.nan, math.nan
    return math.log(r / s), float(np.sum((x1 + x0) * table.time_treated * table.time_control / time**2) / (r * s))
