"""What do the treated groups' events say, given how many events each study had in all?

Conditioning on a study's events removes its own level from the problem, so nothing need be assumed about it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from primum.evidence.pooling import curves
from primum.evidence.pooling.binomial_normal import frame, without_finite_estimate
from primum.evidence.pooling.pooled import Pooled
from primum.evidence.pooling.random_effects import answer_from, normal_effects
from primum.evidence.pooling.tables import TwoArms, take
from primum.provenance import Method

_GLMM: Final = (
    "Stijnen, Hamza, Ozdemir, Stat Med 29:3046-3067 (2010), doi:10.1002/sim.4040; "
    "van Houwelingen, Zwinderman, Stijnen, Stat Med 12:2273-2284 (1993), doi:10.1002/sim.4780122405"
)
CM_EXACT: Final = Method(
    "cm",
    "hypergeometric-normal model, exact conditional likelihood (CM.EL)",
    "x1 | events ~ noncentral hypergeometric(theta_i), theta_i ~ N(theta, tau2)",
    _GLMM,
)
CM_APPROXIMATE: Final = Method(
    "cm-al",
    "hypergeometric-normal model, binomial approximation (CM.AL)",
    "x1 | events ~ binomial, logit p = log(n1/n0) + theta_i, theta_i ~ N(theta, tau2)",
    _GLMM,
)


def conditional(table: TwoArms, *, approximate: bool = False, level: float = 0.95) -> Pooled:
    r"""Pooled odds ratio by the hypergeometric-normal model.

    Given $m_i$ events in study i, $x_{i1}$ is noncentral hypergeometric with log odds ratio
    $\theta_i \sim N(\theta, \tau^2)$.

    Args:
        table: two groups a study.
        approximate: replace the hypergeometric by $Bin(m_i, n_1 e^{\theta_i} / (n_1 e^{\theta_i} + n_0))$ (CM.AL),
            which is right only where events are rare.
        level: of the intervals, in (0, 1).

    Returns:
        The pooled log odds ratio with a profile likelihood interval. Studies in which nobody (or everybody) had the
        event have one possible table and are named as left out. When one group has no event in any study: no estimate,
        and an exact bound on one side.

    Numerics:
        Adaptive quadrature over the full support. Equals metafor 3.8-1 `rma.glmm(model="CM.EL")` to 4 digits on its BCG
        data. On the sparse table metafor 3.8-1 returns a standard error of 2.1e-07, a known fault of its numerical
        Hessian at tau2 = 0 (its issue 45); here it is 0.65, as the curvature of the likelihood and every other method
        say.

    Source:
        Stijnen et al. 2010, section 3; van Houwelingen et al. 1993 (see `CM_EXACT`).
    """
    empty = frame(table, CM_APPROXIMATE if approximate else CM_EXACT, level, keep_silent=False)
    nothing = without_finite_estimate(table, empty)
    if nothing is not None:
        return nothing
    told = take(table, ~table.silent)
    curve = curves.hypergeometric(told)
    if approximate:
        events = (told.events_treated + told.events_control).astype(float)
        offset = np.log(told.n_treated / told.n_control)
        curve = curves.binomial(told.events_treated.astype(float), events, offset=offset)
    return answer_from(normal_effects(curve, len(told)), empty)
