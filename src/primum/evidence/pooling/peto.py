"""What is the common odds ratio in one step from no effect, for rare events, small effects and balanced groups?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np
from scipy import special

from primum.evidence.pooling.pooled import Pooled, normal_interval, normal_p
from primum.evidence.pooling.tables import TwoArms
from primum.provenance import Method
from primum.terms import FloatArray

PETO: Final = Method(
    "peto",
    "Peto one-step odds ratio",
    "sum(O - E) / sum(V), V hypergeometric",
    "Yusuf, Peto, Lewis, Collins, Sleight, Prog Cardiovasc Dis 27:335-371 (1985), doi:10.1016/S0033-0620(85)80003-7",
)
_UNBALANCED: Final = 2.0  # one group more than twice the other
_LARGE: Final = math.log(2.5)  # an effect beyond 0.4 or 2.5
_COMMON: Final = 0.05  # share with the event


def hypergeometric_moments(table: TwoArms) -> tuple[FloatArray, FloatArray]:
    """Events of the treated less those expected with no effect, and their variance, given the margins."""
    a, b, c, d = table.cells
    n1, n0, events, people = a + b, c + d, a + c, a + b + c + d
    variance = n1 * n0 * events * (people - events) / (people**2 * np.maximum(people - 1, 1))
    return a - n1 * events / people, variance


def peto(table: TwoArms, *, level: float = 0.95) -> Pooled:
    r"""$\log OR = \sum (O_i - E_i) / \sum V_i$, standard error $1/\sqrt{\sum V_i}$.

    Args:
        table: two groups a study.
        level: of the interval, in (0, 1).

    Returns:
        The pooled log odds ratio under one common effect, always finite where anybody had the event. It is biased where
        groups are unbalanced, effects large or events common, and warns then.

    Numerics:
        Equals metafor 3.8-1 `rma.peto` to 1e-10 on its BCG data and on a sparse table.

    Source:
        Yusuf et al. 1985 (see `PETO`); when it is biased: Greenland & Salvan, Stat Med 9:247-252 (1990),
        doi:10.1002/sim.4780090307; Bradburn et al., Stat Med 26:53-77 (2007), doi:10.1002/sim.2528.
    """
    difference, variance = hypergeometric_moments(table)
    told = variance > 0
    left_out = tuple((table.study[i], "nobody, or everybody, had the event") for i in np.nonzero(~told)[0])
    answer = Pooled(
        measure="OR",
        method=PETO,
        level=level,
        reason="nobody, or everybody, had the event in every study",
        used=tuple(table.study[i] for i in np.nonzero(told)[0]),
        left_out=left_out,
    )
    if not np.any(told):
        return answer
    weight = float(np.sum(variance))
    estimate, se = float(np.sum(difference)) / weight, 1 / math.sqrt(weight)
    interval = normal_interval(estimate, se, level)
    df = int(np.sum(told)) - 1
    q = float(np.sum(difference[told] ** 2 / variance[told])) - weight * estimate**2
    return replace(
        answer,
        estimate=estimate,
        se=se,
        interval=interval,
        wald=interval,
        p=normal_p(estimate, se),
        q=q if df else None,
        q_df=df or None,
        q_p=float(special.gammaincc(df / 2, max(q, 0.0) / 2)) if df else None,
        i2=(max(0.0, (q - df) / q) if q > 0 else 0.0) if df else None,
        warnings=_warnings(table, estimate),
        reason="",
    )


def _warnings(table: TwoArms, estimate: float) -> tuple[str, ...]:
    told = ~table.silent
    ratio = np.maximum(table.n_treated / table.n_control, table.n_control / table.n_treated)[told]
    share = np.sum(table.events_treated + table.events_control) / np.sum(table.n_treated + table.n_control)
    warnings = []
    if np.any(ratio > _UNBALANCED):
        warnings.append(
            f"in {np.sum(ratio > _UNBALANCED)} of {len(ratio)} studies one group is more than twice the other: "
            "Peto's odds ratio is biased there"
        )
    if abs(estimate) > _LARGE:
        warnings.append("the effect is large: Peto's odds ratio lies too near to 1")
    if share > _COMMON:
        warnings.append(f"{share:.0%} of the people had the event: Peto's method is meant for rare ones")
    return tuple(warnings)
