"""What do events over time say, when each study's own rate ratio is drawn from a normal distribution?"""

from __future__ import annotations

from typing import Final

import numpy as np

from primum.evidence.pooling import curves
from primum.evidence.pooling.before_fit import before_fit
from primum.evidence.pooling.intercepts import fixed_intercepts
from primum.evidence.pooling.pooled import Pooled
from primum.evidence.pooling.random_effects import answer_from, normal_effects, one_sided
from primum.evidence.pooling.tables import TwoRates, take
from primum.provenance import Method

_GLMM: Final = "Stijnen, Hamza, Ozdemir, Stat Med 29:3046-3067 (2010), section 4, doi:10.1002/sim.4040"
POISSON_NORMAL: Final = Method(
    "um",
    "Poisson-normal model, a free intercept a study",
    "log rate = alpha_i +- (theta + u_i)/2, u_i ~ N(0, tau2)",
    _GLMM,
)
CONDITIONAL: Final = Method(
    "cm",
    "binomial-normal model given all events of a study (exact conditional likelihood)",
    "x1 | events ~ binomial, logit p = log(t1/t0) + theta_i, theta_i ~ N(theta, tau2)",
    _GLMM,
)


def poisson_normal(table: TwoRates, *, conditional: bool = False, level: float = 0.95) -> Pooled:
    r"""Pooled rate ratio: $x_{ij} \sim Poisson(t_{ij} e^{\eta_{ij}})$, $\theta_i \sim N(\theta, \tau^2)$.

    Args:
        table: two groups a study, events over time.
        conditional: condition on the events of each study; exact for Poisson counts, and no intercept is needed.
        level: of the intervals, in (0, 1).

    Returns:
        The pooled log rate ratio with a profile likelihood interval. Studies without events are named as left out. When
        one group has no event in any study: no estimate, and an exact bound on one side.

    Numerics:
        Without variation between studies (tau2 = 0) both forms give the same estimate, and so does Poisson regression.

    Source:
        Stijnen, Hamza, Ozdemir 2010, section 4 (see `POISSON_NORMAL`).
    """
    events = table.events_treated + table.events_control
    empty = before_fit(
        table,
        measure="IRR",
        method=CONDITIONAL if conditional else POISSON_NORMAL,
        level=level,
        reason="no event in any study",
        silent=events == 0,
        why="no event in either group",
    )
    told = take(table, events > 0)
    if not len(told):
        return empty
    x1, x0 = told.events_treated.astype(float), told.events_control.astype(float)
    given_all = curves.binomial(x1, x1 + x0, offset=np.log(told.time_treated / told.time_control))
    if np.sum(x1) == 0 or np.sum(x0) == 0:
        return one_sided(
            empty,
            lambda theta: float(np.sum(given_all(np.full((len(told), 1), theta))[0])),
            upward=bool(np.sum(x1) > 0),
        )
    if conditional:
        return answer_from(normal_effects(given_all, len(told)), empty)
    treated, control = curves.poisson(x1, told.time_treated), curves.poisson(x0, told.time_control)
    start = np.log((x1 + x0) / (told.time_treated + told.time_control))
    return answer_from(fixed_intercepts(treated, control, start), empty)
