"""What is the mean of the studies' own estimates, each weighed by its precision?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal

import numpy as np
from scipy import special

from primum.errors import EvidenceError
from primum.evidence.pooling import heterogeneity
from primum.evidence.pooling.pooled import Pooled, normal_interval, normal_p
from primum.evidence.pooling.study_effects import StudyEffects, study_effects
from primum.evidence.pooling.tables import Measure, Table
from primum.provenance import Method
from primum.terms import FloatArray, Interval

Tau2 = Literal["none", "dl", "pm", "reml", "ml"]
_HARTUNG_KNAPP: Final = (
    "Hartung & Knapp, Stat Med 20:3875-3889 (2001), doi:10.1002/sim.1009; "
    "Sidik & Jonkman, Stat Med 21:3153-3159 (2002), doi:10.1002/sim.1262"
)
_TAU2: Final[dict[str, Callable[[FloatArray, FloatArray], float]]] = {
    "none": lambda y, v: 0.0,
    "dl": heterogeneity.dersimonian_laird,
    "pm": heterogeneity.paule_mandel,
    "reml": heterogeneity.restricted_maximum_likelihood,
    "ml": heterogeneity.maximum_likelihood,
}
INVERSE_VARIANCE: Final[dict[str, Method]] = {
    "none": Method(
        "iv",
        "inverse variance, one common effect",
        "sum(w y) / sum(w), w = 1 / v",
        "Cochrane Handbook for Systematic Reviews of Interventions 6.5, section 10.3",
    ),
    "dl": Method(
        "dl",
        "inverse variance, random effects, DerSimonian-Laird",
        "sum(w y) / sum(w), w = 1 / (v + tau2)",
        "DerSimonian & Laird, Control Clin Trials 7:177-188 (1986), doi:10.1016/0197-2456(86)90046-2",
    ),
    "pm": Method(
        "pm",
        "inverse variance, random effects, Paule-Mandel",
        "sum(w y) / sum(w), w = 1 / (v + tau2)",
        "Paule & Mandel, J Res Natl Bur Stand 87:377-385 (1982), doi:10.6028/jres.087.022",
    ),
    "reml": Method(
        "reml",
        "inverse variance, random effects, REML",
        "sum(w y) / sum(w), w = 1 / (v + tau2)",
        "Viechtbauer, J Educ Behav Stat 30:261-293 (2005), doi:10.3102/10769986030003261",
    ),
    "ml": Method(
        "ml",
        "inverse variance, random effects, maximum likelihood",
        "sum(w y) / sum(w), w = 1 / (v + tau2)",
        "Hardy & Thompson, Stat Med 15:619-629 (1996), "
        "doi:10.1002/(SICI)1097-0258(19960330)15:6<619::AID-SIM188>3.0.CO;2-A",
    ),
}


def inverse_variance(
    table: Table,
    *,
    measure: Measure,
    tau2: Tau2 = "reml",
    hartung_knapp: bool = False,
    continuity: float = 0.0,
    level: float = 0.95,
) -> Pooled:
    r"""$\hat\theta = \sum w_i y_i / \sum w_i$, $w_i = 1/(v_i + \tau^2)$, standard error $1/\sqrt{\sum w_i}$.

    Args:
        table: the studies.
        measure: which effect; fits the kind of table.
        tau2: estimator of the variance between studies; `none` sets it to 0 (one common effect).
        hartung_knapp: standard error from the spread of the estimates themselves, with a t quantile on k - 1 degrees.
        continuity: added to each cell of studies with an empty one, and said so; 0 leaves those studies out.
        level: of the intervals, in (0, 1).

    Returns:
        The pooled effect. The prediction interval is $\hat\theta \pm z \sqrt{se^2 + \tau^2}$ (t with Hartung-Knapp).
        The interval of tau2 is by Q-profile.

    Raises:
        EvidenceError: `continuity` is negative or not finite.

    Numerics:
        Equals metafor 3.8-1 `rma.uni` to 1e-6 on its BCG data and, with `continuity=0.5`, on a sparse table.
        Likelihoods are maximised over a grid first, so a second maximum is not taken for the first.

    Source:
        See `INVERSE_VARIANCE`; Hartung & Knapp, Stat Med 20:3875-3889 (2001), doi:10.1002/sim.1009.
    """
    if not (math.isfinite(continuity) and continuity >= 0):
        raise EvidenceError.of_number("continuity", continuity, "0 (nothing is added) or a small positive number")
    effects = study_effects(table, measure=measure, continuity=continuity)
    method = INVERSE_VARIANCE[tau2]
    if hartung_knapp:
        method = Method("hksj", f"{method.label}, Hartung-Knapp interval", method.formula, _HARTUNG_KNAPP)
    answer = Pooled(
        measure=measure,
        method=method,
        level=level,
        reason="no study has an estimate of its own; a model of the counts (um, cm, bb, mh) needs none",
        used=effects.study,
        left_out=effects.left_out,
        warnings=_warnings(effects, continuity),
    )
    if len(effects) < (2 if hartung_knapp else 1):
        return answer
    return _fit(answer, effects, tau2, hartung_knapp=hartung_knapp)


def _fit(answer: Pooled, effects: StudyEffects, estimator: Tau2, *, hartung_knapp: bool) -> Pooled:
    y, v, level = effects.estimate, effects.variance, answer.level
    random = estimator != "none" and len(effects) > 1
    tau2 = _TAU2[estimator](y, v) if random else 0.0
    w = 1 / (v + tau2)
    estimate, se = float(np.sum(w * y) / np.sum(w)), float(1 / np.sqrt(np.sum(w)))
    warnings = answer.warnings
    wald = normal_interval(estimate, se, level)
    interval, p, df = wald, normal_p(estimate, se), len(effects) - 1
    if hartung_knapp:
        factor = math.sqrt(heterogeneity.q_at(y, v, tau2) / df)
        half = float(special.stdtrit(df, (1 + level) / 2)) * se * factor
        interval = Interval(estimate - half, estimate + half, level)
        if interval.upper < wald.upper:
            warnings += ("the Hartung-Knapp interval is narrower than the normal one here: do not rely on its width",)
        se *= factor
        p = float(2 * special.stdtr(df, -abs(estimate) / se)) if se > 0 else 0.0
    prediction = None
    if random:
        spread = math.sqrt(se**2 + tau2)
        prediction = normal_interval(estimate, spread, level)
        if hartung_knapp:
            half = float(special.stdtrit(df, (1 + level) / 2)) * spread
            prediction = Interval(estimate - half, estimate + half, level)
    q = heterogeneity.cochran_q(effects)
    return replace(
        answer,
        estimate=estimate,
        se=se,
        interval=interval,
        interval_kind="t" if hartung_knapp else "normal",
        wald=wald,
        p=None if answer.measure == "PLO" else p,
        tau2=tau2,
        tau2_interval=heterogeneity.q_profile_interval(y, v, level=level) if random else None,
        q=q.q,
        q_df=q.df,
        q_p=q.p,
        i2=q.i2,
        prediction=prediction,
        warnings=warnings,
        reason="",
    )


def _warnings(effects: StudyEffects, continuity: float) -> tuple[str, ...]:
    warnings = []
    if effects.left_out:
        warnings.append(
            f"{len(effects.left_out)} of {len(effects) + len(effects.left_out)} studies have no estimate of their own "
            "and are left out: with rare events this biases the result; prefer mh, um or cm"
        )
    if effects.corrected:
        warnings.append(
            f"{continuity:g} was added to each cell of {len(effects.corrected)} studies with an empty one, as asked: "
            "the result depends on this constant"
        )
    return tuple(warnings)
