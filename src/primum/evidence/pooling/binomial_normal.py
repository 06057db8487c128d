"""What do counts of people say, when each study's own effect (or share) is drawn from a normal distribution?

Nothing is added to a cell; a study without events contributes what its likelihood says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy import special

from primum.evidence.pooling import curves
from primum.evidence.pooling.before_fit import before_fit
from primum.evidence.pooling.intercepts import fixed_intercepts, random_intercepts
from primum.evidence.pooling.pooled import Pooled
from primum.evidence.pooling.random_effects import answer_from, normal_effects, one_sided
from primum.evidence.pooling.tables import OneArm, TwoArms, take
from primum.evidence.proportions import clopper_pearson
from primum.provenance import Method
from primum.terms import Interval

_GLMM: Final = (
    "Stijnen, Hamza, Ozdemir, Stat Med 29:3046-3067 (2010), doi:10.1002/sim.4040; "
    "Jackson, Law, Stijnen, Viechtbauer, White, Stat Med 37:1059-1085 (2018), doi:10.1002/sim.7588"
)
UM_FIXED: Final = Method(
    "um",
    "binomial-normal model, a free intercept a study (UM.FS)",
    "logit p = alpha_i +- (theta + u_i)/2, u_i ~ N(0, tau2)",
    _GLMM,
)
UM_RANDOM: Final = Method(
    "um-rs",
    "binomial-normal model, random intercepts (UM.RS)",
    "logit p = mu + b_i +- (theta + u_i)/2, b_i ~ N(0, sigma2), u_i ~ N(0, tau2)",
    _GLMM,
)
LOGIT_NORMAL: Final = Method(
    "um",
    "binomial-normal model of the share (logit)",
    "logit p_i ~ N(mu, tau2)",
    "Hamza, van Houwelingen, Stijnen, J Clin Epidemiol 61:41-51 (2008), doi:10.1016/j.jclinepi.2007.03.016",
)
SILENT: Final = "nobody, or everybody, had the event: it fits every effect equally well"


def frame(table: TwoArms, method: Method, level: float, *, keep_silent: bool) -> Pooled:
    """The answer before its fit: which studies count, and how far they differ by themselves."""
    return before_fit(
        table,
        measure="OR",
        method=method,
        level=level,
        reason="nobody, or everybody, had the event in every study",
        silent=None if keep_silent else table.silent,
        why=SILENT,
    )


def without_finite_estimate(table: TwoArms, empty: Pooled) -> Pooled | None:
    """The answer when the counts hold no finite odds ratio; None when they do.

    This is so exactly when every study with events stands at the same end of what its margins allow.
    """
    told = take(table, ~table.silent)
    if not len(told):
        return empty
    least, greatest = curves.extremes(told)
    at_top, at_bottom = bool(np.all(told.events_treated == greatest)), bool(np.all(told.events_treated == least))
    if not (at_top or at_bottom):
        return None
    curve = curves.hypergeometric(told)
    return one_sided(empty, lambda theta: float(np.sum(curve(np.full((len(told), 1), theta))[0])), upward=at_top)


def unconditional(table: TwoArms, *, random_levels: bool = False, level: float = 0.95) -> Pooled:
    r"""Pooled odds ratio by the binomial-normal model of both groups.

    $x_{ij} \sim Bin(n_{ij}, p_{ij})$, $logit\, p_{ij} = \alpha_i \pm (\theta + u_i)/2$, $u_i \sim N(0, \tau^2)$.

    Args:
        table: two groups a study.
        random_levels: $\alpha_i \sim N(\mu, \sigma^2)$ (UM.RS) and not one free parameter a study (UM.FS). Studies
            without events then speak through the level they show; with free intercepts they say nothing.
        level: of the intervals, in (0, 1).

    Returns:
        The pooled log odds ratio with a profile likelihood interval. When one group has no event in any study: no
        estimate, and an exact bound on one side.

    Numerics:
        Adaptive quadrature. UM.FS equals metafor 3.8-1 `rma.glmm(model="UM.FS")` to 5 digits on its BCG data.
        UM.FS has one free parameter a study; with many small studies maximum likelihood then need not come near the
        truth. `cm` conditions these parameters away.

    Source:
        Stijnen et al. 2010; Jackson et al. 2018, for the symmetric coding of the two groups by +-1/2.
    """
    empty = frame(table, UM_RANDOM if random_levels else UM_FIXED, level, keep_silent=random_levels)
    nothing = without_finite_estimate(table, empty)
    if nothing is not None:
        return nothing
    told = table if random_levels else take(table, ~table.silent)
    x1, n1 = told.events_treated.astype(float), told.n_treated.astype(float)
    x0, n0 = told.events_control.astype(float), told.n_control.astype(float)
    treated, control = curves.binomial(x1, n1), curves.binomial(x0, n0)
    if random_levels:
        overall = float(special.logit((np.sum(x1 + x0)) / np.sum(n1 + n0)))
        return answer_from(random_intercepts(treated, control, overall), empty)
    return answer_from(fixed_intercepts(treated, control, special.logit((x1 + x0) / (n1 + n0))), empty)


def logit_normal(table: OneArm, *, level: float = 0.95) -> Pooled:
    r"""Pooled share of one group: $x_i \sim Bin(n_i, p_i)$, $logit\, p_i \sim N(\mu, \tau^2)$.

    Args:
        table: one group a study; groups without events count.
        level: of the intervals, in (0, 1).

    Returns:
        $\mu$ on the logit scale with a profile likelihood interval; its back-transform is the share of the middle
        study, not the mean share. No event in any study: no estimate, and the exact bound of all people taken together.

    Numerics:
        Adaptive quadrature; equals metafor 3.8-1 `rma.glmm(measure="PLO")` to 5 digits on one arm of its BCG data.

    Source:
        Hamza, van Houwelingen, Stijnen 2008 (see `LOGIT_NORMAL`).
    """
    reason = "nobody, or everybody, had the event in every study"
    empty = before_fit(table, measure="PLO", method=LOGIT_NORMAL, level=level, reason=reason)
    x, n = table.events.astype(float), table.n.astype(float)
    if np.sum(x) in (0, np.sum(n)):
        return _all_alike(empty, int(np.sum(x)), int(np.sum(n)))
    start = float(special.logit(np.sum(x) / np.sum(n)))
    return answer_from(normal_effects(curves.binomial(x, n), len(table), start=start), empty)


def _all_alike(empty: Pooled, events: int, n: int) -> Pooled:
    """Nobody, or everybody, in every study: the exact bound of all people taken as one group."""
    bounds = clopper_pearson(events, n, level=empty.level)
    lower, upper = (float(special.logit(bound)) for bound in bounds)
    which = "nobody" if events == 0 else "everybody"
    return replace(
        empty,
        interval=Interval(lower, upper, empty.level),
        interval_kind="exact",
        warnings=("the bound takes one share common to all studies",),
        reason=f"{which} had the event in any study: the logit has no finite estimate",
    )
