"""What does each study say by itself, with which variance, and which studies say nothing by themselves?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from primum.evidence.pooling.tables import Measure, OneArm, Table, TwoArms, TwoRates
from primum.terms import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyEffects:
    """Estimates of single studies on the model's scale.

    Args:
        study: names of the studies that have an estimate.
        estimate: shape `(studies,)`.
        variance: of the estimate, each above 0.
        left_out: studies without one, each with the reason.
        corrected: studies that have one only because a constant was added to their counts.
    """

    study: tuple[str, ...]
    estimate: FloatArray
    variance: FloatArray
    left_out: tuple[tuple[str, str], ...] = ()
    corrected: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.study)


def study_effects(table: Table, *, measure: Measure, continuity: float = 0.0) -> StudyEffects:
    r"""Estimate and variance of each study.

    log OR: 1/a + 1/b + 1/c + 1/d; log RR: 1/a - 1/n1 + 1/c - 1/n0; RD: p1 q1/n1 + p0 q0/n0;
    log IRR: 1/x1 + 1/x0; logit: 1/x + 1/(n - x).

    Args:
        table: the studies.
        measure: which effect; fits the kind of table.
        continuity: added to every cell of a study with an empty cell (to the events of a rate); 0 adds nothing, and
            such a study has no ratio and is left out.

    Returns:
        The estimates. Nothing is ever added unless `continuity` says so, and `corrected` names where it was.

    Source:
        Cochrane Handbook 6.5, section 10.4; Sweeting, Sutton, Lambert, Stat Med 23:1351-1375 (2004),
        doi:10.1002/sim.1761, on what adding a constant does.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if isinstance(table, TwoArms):
            empty, estimate, variance = _two_arms(table, measure, continuity)
        elif isinstance(table, TwoRates):
            x1, x0 = table.events_treated.astype(float), table.events_control.astype(float)
            empty = (x1 == 0) | (x0 == 0)
            x1, x0 = x1 + continuity * empty, x0 + continuity * empty
            estimate = np.log(x1 / table.time_treated) - np.log(x0 / table.time_control)
            variance = 1 / x1 + 1 / x0
        else:
            empty, estimate, variance = _one_arm(table, continuity)
        known = np.isfinite(estimate) & np.isfinite(variance) & (variance > 0)
    return StudyEffects(
        study=_names(table, known),
        estimate=estimate[known],
        variance=variance[known],
        left_out=tuple((name, _reason(measure)) for name in _names(table, ~known)),
        corrected=_names(table, known & empty) if continuity else (),
    )


def _two_arms(table: TwoArms, measure: Measure, continuity: float) -> tuple[BoolArray, FloatArray, FloatArray]:
    a, b, c, d = table.cells
    empty = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    a, b, c, d = (cell + continuity * empty for cell in (a, b, c, d))
    n1, n0 = a + b, c + d
    if measure == "OR":
        return empty, np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
    if measure == "RR":
        return empty, np.log((a / n1) / (c / n0)), 1 / a - 1 / n1 + 1 / c - 1 / n0
    return empty, a / n1 - c / n0, a * b / n1**3 + c * d / n0**3


def _one_arm(table: OneArm, continuity: float) -> tuple[BoolArray, FloatArray, FloatArray]:
    with_event, without = table.events.astype(float), (table.n - table.events).astype(float)
    empty = (with_event == 0) | (without == 0)
    with_event, without = with_event + continuity * empty, without + continuity * empty
    return empty, special.logit(with_event / (with_event + without)), 1 / with_event + 1 / without


def _names(table: Table, chosen: BoolArray) -> tuple[str, ...]:
    return tuple(name for name, wanted in zip(table.study, chosen, strict=True) if wanted)


def _reason(measure: Measure) -> str:
    if measure == "RD":
        return "no spread in either group: its own difference has no variance"
    return "an empty cell: it has no estimate of its own"
