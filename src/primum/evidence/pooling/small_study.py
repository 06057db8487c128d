"""Do small studies show larger effects than large ones, as they would if unwelcome small ones stayed unpublished?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from primum.evidence.pooling.peto import hypergeometric_moments
from primum.evidence.pooling.study_effects import study_effects
from primum.evidence.pooling.tables import Measure, Table, TwoArms, take
from primum.provenance import Method
from primum.terms import FloatArray

LEAST_STUDIES: Final = 10
HARBORD: Final = Method(
    "harbord",
    "Harbord's score test for small-study effects",
    "regress Z / sqrt(V) on sqrt(V); the intercept is 0 without such effects",
    "Harbord, Egger, Sterne, Stat Med 25:3443-3457 (2006), doi:10.1002/sim.2380",
)
EGGER: Final = Method(
    "egger",
    "Egger's test for small-study effects",
    "regress estimate / se on 1 / se; the intercept is 0 without such effects",
    "Egger, Davey Smith, Schneider, Minder, BMJ 315:629-634 (1997), doi:10.1136/bmj.315.7109.629",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallStudyTest:
    """Answer of a test for small-study effects.

    Args:
        method: which test.
        studies: studies that entered.
        intercept: of the regression; None where there were too few studies.
        se: its standard error.
        p: two-sided, t on `studies - 2` degrees of freedom.
        reason: why it was not done; empty where it was.
    """

    method: Method
    studies: int
    intercept: float | None = None
    se: float | None = None
    p: float | None = None
    reason: str = ""


def small_study_test(table: Table, *, measure: Measure) -> SmallStudyTest:
    """Harbord's test for the odds ratio, Egger's for the other effects, and only with at least ten studies.

    Args:
        table: the studies.
        measure: which effect.

    Returns:
        The test; with fewer than ten studies that can enter, no number and the reason.

    Source:
        See `HARBORD`, `EGGER`; ten studies: Cochrane Handbook 6.5, section 13.3.5.4.
    """
    if isinstance(table, TwoArms) and measure == "OR":
        difference, information = hypergeometric_moments(take(table, ~table.silent))
        told = information > 0
        x, y, method = np.sqrt(information[told]), difference[told] / np.sqrt(information[told]), HARBORD
    else:
        effects = study_effects(table, measure=measure)
        se = np.sqrt(effects.variance)
        x, y, method = 1 / se, effects.estimate / se, EGGER
    studies = len(x)
    if studies < LEAST_STUDIES:
        reason = f"{studies} studies can enter; a test for small-study effects needs at least {LEAST_STUDIES}"
        return SmallStudyTest(method=method, studies=studies, reason=reason)
    intercept, spread = _intercept(x, y)
    p = float(2 * special.stdtr(studies - 2, -abs(intercept) / spread)) if spread > 0 else math.nan
    return SmallStudyTest(method=method, studies=studies, intercept=intercept, se=spread, p=p)


def _intercept(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Least squares intercept and its standard error."""
    centred = x - np.mean(x)
    scatter = float(np.sum(centred**2))
    slope = float(np.sum(centred * y)) / scatter
    intercept = float(np.mean(y)) - slope * float(np.mean(x))
    residual = float(np.sum((y - intercept - slope * x) ** 2)) / (len(x) - 2)
    return intercept, math.sqrt(residual * (1 / len(x) + float(np.mean(x)) ** 2 / scatter))
