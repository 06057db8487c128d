"""What is the answer of a pooling, and what must a reader know beside it?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from scipy import special

from primum import notebook
from primum.evidence.pooling.tables import SCALES, Measure
from primum.evidence.proportions import normal_quantile
from primum.provenance import Method
from primum.terms import Interval

IntervalKind = Literal["normal", "t", "profile likelihood", "exact"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One check of a fit.

    Args:
        name: what was checked.
        value: what was found.
        limit: the value it must not exceed; None for a number that is reported and not judged.
    """

    name: str
    value: float
    limit: float | None = None

    @property
    def passed(self) -> bool:
        """Whether the value keeps within its limit; a number that is not judged passes."""
        return self.limit is None or self.value <= self.limit  # NaN does not


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """One estimate over several studies.

    `estimate`, `se`, the intervals and `tau2` are on the model's scale: logs for OR, RR and IRR, logit for PLO, the
    difference itself for RD. `natural` gives them transformed back.

    Args:
        measure: OR, RR, RD, IRR or PLO.
        method: estimator with its citation.
        estimate: pooled value; None where the data or a failed diagnostic leave none.
        interval: its interval; an end may be infinite.
        interval_kind: how the interval was made.
        level: level of all intervals.
        se: standard error; None without an estimate.
        wald: estimate +- normal quantile times se, for comparison with software that gives this one.
        p: two-sided p-value of no effect (likelihood ratio where the interval is by profile likelihood); None for PLO.
        tau2: variance between studies; 0 by assumption for `iv`; None for estimators that have none (mh, peto, bb).
        tau2_interval: its interval (Q-profile, or profile likelihood).
        q: Cochran's Q over the studies that have an estimate of their own without correction.
        q_df: its degrees of freedom.
        q_p: its p-value.
        i2: share of the variation between estimates that is not chance, from Q, 0 to 1.
        prediction: where the effect of one further study is expected.
        used: names of the studies pooled.
        left_out: names of those that were not, each with the reason.
        diagnostics: checks of the fit; a failed one blanks the estimate.
        warnings: what a reader must know beside the number.
        reason: why there is no estimate; empty where there is one.

    Raises:
        ValueError: no estimate and no reason.
    """

    measure: Measure
    method: Method
    level: float
    estimate: float | None = None
    interval: Interval | None = None
    interval_kind: IntervalKind = "normal"
    se: float | None = None
    wald: Interval | None = None
    p: float | None = None
    tau2: float | None = None
    tau2_interval: Interval | None = None
    q: float | None = None
    q_df: int | None = None
    q_p: float | None = None
    i2: float | None = None
    prediction: Interval | None = None
    used: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    warnings: tuple[str, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        if self.estimate is None and not self.reason:
            raise ValueError(f"{self.method.id} gives no {self.measure} and no reason; say why it is not known.")

    @property
    def scale(self) -> str:
        """The model's scale, in words."""
        return SCALES[self.measure]

    @property
    def natural(self) -> tuple[float | None, Interval | None, Interval | None]:
        """Estimate, interval and prediction interval as ratio, difference or share."""
        back = BACK[self.measure]
        estimate = None if self.estimate is None else back(self.estimate)
        return estimate, _back(self.interval, back), _back(self.prediction, back)

    def _repr_html_(self) -> str:
        """In a notebook: the pooled number on its own scale, how far studies differ, and what was left out."""
        estimate, interval, prediction = self.natural
        spread = "" if self.i2 is None else f"Q {notebook.number(self.q)} on {self.q_df} df, I2 {100 * self.i2:.0f} %"
        rows = (
            ("estimate", notebook.number(estimate) if estimate is not None else self.reason),
            ("interval", f"{notebook.between(interval)}, {self.interval_kind}" if interval else ""),
            ("one more study", notebook.between(prediction)),
            ("p of no effect", "" if self.p is None else notebook.number(self.p)),
            ("between studies", spread),
            ("studies", ", ".join(self.used)),
            ("left out", "; ".join(f"{study}: {reason}" for study, reason in self.left_out)),
            ("how", f"{self.method.label} {self.method.citation}"),
        )
        failed = [f"{d.name} is {d.value:.3g}, above {d.limit}" for d in self.diagnostics if not d.passed]
        shown = [row for row in rows if row[1].strip()]
        return notebook.table(f"{self.measure}, pooled", (), shown, below=[*failed, *self.warnings])

    def as_json(self) -> dict[str, Any]:
        """All of it as plain data; an open end of an interval is null."""
        natural, natural_interval, natural_prediction = self.natural
        return {
            "method": self.method.id,
            "label": self.method.label,
            "citation": self.method.citation,
            "measure": self.measure,
            "scale": self.scale,
            "level": self.level,
            "estimate": self.estimate,
            "se": self.se,
            **_ends("ci", self.interval),
            "ci_kind": self.interval_kind,
            **_ends("wald", self.wald),
            "p": self.p,
            "tau2": self.tau2,
            **_ends("tau2", self.tau2_interval),
            "q": self.q,
            "q_df": self.q_df,
            "q_p": self.q_p,
            "i2": self.i2,
            **_ends("pi", self.prediction),
            "natural": {
                "estimate": natural,
                **_ends("ci", natural_interval),
                **_ends("pi", natural_prediction),
            },
            "used": list(self.used),
            "left_out": [{"study": study, "reason": reason} for study, reason in self.left_out],
            "diagnostics": [
                {"name": d.name, "value": _finite(d.value), "limit": d.limit, "passed": d.passed}
                for d in self.diagnostics
            ],
            "warnings": list(self.warnings),
            "reason": self.reason,
        }


def _exp(value: float) -> float:
    return float(np.exp(value)) if value < 700 else math.inf


def _expit(value: float) -> float:
    return float(special.expit(value))


BACK: Final[dict[str, Callable[[float], float]]] = {
    "OR": _exp,
    "RR": _exp,
    "IRR": _exp,
    "RD": float,
    "PLO": _expit,
}


def normal_interval(estimate: float, se: float, level: float) -> Interval:
    """Estimate +- the normal quantile times the standard error.

    Examples:
        >>> round(normal_interval(0.0, 1.0, 0.95).upper, 4)
        1.96
    """
    half = normal_quantile(level) * se
    return Interval(estimate - half, estimate + half, level)


def normal_p(estimate: float, se: float) -> float:
    """Two-sided p-value of estimate / se against the normal distribution."""
    return float(2 * special.ndtr(-abs(estimate) / se))


def blank_if_failed(answer: Pooled) -> Pooled:
    """The same answer, without its numbers when one of its diagnostics failed."""
    failed = [d for d in answer.diagnostics if not d.passed]
    if not failed:
        return answer
    what = "; ".join(f"{d.name} is {d.value:.3g}, must not exceed {d.limit:g}" for d in failed)
    return replace(
        answer,
        estimate=None,
        interval=None,
        se=None,
        wald=None,
        p=None,
        tau2=None,
        tau2_interval=None,
        prediction=None,
        reason=f"a check of the fit failed: {what}",
    )


def _back(interval: Interval | None, back: Callable[[float], float]) -> Interval | None:
    return None if interval is None else Interval(back(interval.lower), back(interval.upper), interval.level)


def _ends(name: str, interval: Interval | None) -> dict[str, float | None]:
    if interval is None:
        return {f"{name}_lower": None, f"{name}_upper": None}
    return {f"{name}_lower": _finite(interval.lower), f"{name}_upper": _finite(interval.upper)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
