"""How long after treatment does an event begin, and does its hazard fall or rise with time?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.provenance import Method
from primum.signals.estimate import checked_counts, checked_level
from primum.signals.maximise import climb, curvature, finish
from primum.terms import FloatArray, Interval

METHOD: Final = Method(
    id="onset",
    label="Days to onset: median, quartiles, and shape of a Weibull distribution of whole days",
    formula="P(day = t) = exp(-(t / s)^k) - exp(-((t + 1) / s)^k)",
    citation="Sauzet, Carvajal, Escudero, Molokhia, Cornelius 2013, Drug Saf 36(10):995-1006, "
    "doi:10.1007/s40264-013-0088-z",
)

# Where ln(shape) and ln(scale) are looked for. Many reports on day 0 and a few late ones push the scale far below a
# day; what still ends at an edge has no maximum that was looked at, and gets no estimate.
_LOWEST: Final = np.array([-5.0, -40.0])
_HIGHEST: Final = np.array([5.0, 20.0])
_EDGE: Final = 0.01
_NOBODY_LEFT: Final = 1e6  # a cumulated hazard whose survival is 0 in any number that a computer holds

Failure = Literal["early", "constant", "wear-out", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset:
    """Time to onset among reports that state it.

    Args:
        reports: reports with a time to onset.
        median: in days; not a number when there is no report.
        quartiles: first and third quartile in days; None when there is no report.
        shape: Weibull shape k with its interval ends; not a number where it was not fitted.
        shape_interval: interval of the shape; None where it was not fitted.
        scale: Weibull scale s in days.
        failure: `early` where the hazard falls (interval of k below 1), `wear-out` where it rises, `constant` where 1
            is inside; empty where nothing was fitted.
        reason: why something is missing; empty where nothing is.
    """

    reports: int
    median: float
    quartiles: Interval | None
    shape: float
    shape_interval: Interval | None
    scale: float
    failure: Failure
    reason: str


def onset(onset_days: ArrayLike, *, level: float = 0.95, minimum: int = 5) -> Onset:
    r"""Median, quartiles and Weibull shape of the days from treatment to event.

    Onset on day t, known to the day, means $t \le T < t + 1$, so the likelihood of a report is
    $$ P(t) = e^{-(t / s)^k} - e^{-((t + 1) / s)^k}. $$ Day 0 needs no invented half day, as it does where the density
    of a continuous time is used.

    Args:
        onset_days: whole days from treatment to event, each >= 0, only from dates of day precision; shape `(reports,)`.
        level: of the interval of the shape, in (0, 1).
        minimum: reports needed to fit a shape.

    Returns:
        The summary; where too few reports or a single day leave the shape undetermined, the reason.

    Raises:
        CountError: a day is negative or not whole.

    Numerics:
        Maximum likelihood; interval from the curvature, on the logarithm of k. Shapes planted in simulated days are
        covered as often as the level says (tested). Reports without onset, and late events nobody reports, are not in
        it: this describes reports, not people.

    Source:
        Sauzet and others, Drug Saf 36(10):995-1006, doi:10.1007/s40264-013-0088-z.

    Examples:
        >>> result = onset([0, 0, 1, 1, 2, 3, 3, 5, 8, 13, 30])
        >>> result.median, round(result.shape, 2), result.failure
        (3.0, 0.79, 'constant')
    """
    checked_level(level)
    days = checked_counts("onset_days", onset_days).ravel()
    if not len(days):
        return _without_shape(days, "no report states the time to onset")
    values, reports = np.unique(days, return_counts=True)
    if len(days) < minimum:
        return _without_shape(days, f"{len(days)} reports state the time to onset; a shape needs {minimum}")
    if len(values) < 2:
        return _without_shape(days, "all reports have the same day: the shape has no upper limit")
    start = np.array([0.0, np.log(days.mean() + 0.5)])

    def uphill(place: FloatArray) -> tuple[float, FloatArray]:
        return _log_likelihood(place, values.astype(np.float64), reports.astype(np.float64))

    place, *_ = climb(uphill, start, _LOWEST, _HIGHEST)
    place, _, _, _ = finish(uphill, place, _LOWEST, _HIGHEST)
    bend = -curvature(uphill, place)
    determinant = float(bend[0, 0] * bend[1, 1] - bend[0, 1] ** 2)
    inside = (place > _LOWEST + _EDGE) & (place < _HIGHEST - _EDGE)
    if not determinant > 0 or not inside.all():
        return _without_shape(days, "the days do not determine a shape")
    half = math.sqrt(2) * float(special.erfinv(level)) * math.sqrt(float(bend[1, 1]) / determinant)
    interval = Interval(math.exp(place[0] - half), math.exp(place[0] + half), level)
    failure: Failure = "early" if interval.upper < 1 else "wear-out" if interval.lower > 1 else "constant"
    first, median, third = _quartiles(days)
    return Onset(
        reports=len(days),
        median=median,
        quartiles=Interval(first, third, 0.5),
        shape=math.exp(place[0]),
        shape_interval=interval,
        scale=math.exp(place[1]),
        failure=failure,
        reason="",
    )


def _quartiles(days: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> tuple[float, float, float]:
    first, median, third = np.quantile(days, (0.25, 0.5, 0.75)).tolist()
    return first, median, third


def _without_shape(days: np.ndarray[tuple[int, ...], np.dtype[np.int64]], reason: str) -> Onset:
    first, median, third = _quartiles(days) if len(days) else (math.nan,) * 3
    return Onset(
        reports=len(days),
        median=median,
        quartiles=Interval(first, third, 0.5) if len(days) else None,
        shape=math.nan,
        shape_interval=None,
        scale=math.nan,
        failure="",
        reason=reason,
    )


def _log_likelihood(place: FloatArray, days: FloatArray, reports: FloatArray) -> tuple[float, FloatArray]:
    """Log-likelihood of the days, and its derivatives by ln(shape) and ln(scale)."""
    shape, scale = np.exp(place)
    survival, by_shape, by_scale = [], [], []
    for edge in (days, days + 1):
        with np.errstate(over="ignore"):  # nobody is left there, by far
            hazard = np.minimum((edge / scale) ** shape, _NOBODY_LEFT)
        left = np.exp(-hazard)
        survival.append(left)
        by_shape.append(-left * special.xlogy(hazard, hazard))
        by_scale.append(left * shape * hazard)
    inside = np.maximum(survival[0] - survival[1], 1e-300)
    slopes = [(reports * (pair[0] - pair[1]) / inside).sum() for pair in (by_shape, by_scale)]
    return float((reports * np.log(inside)).sum()), np.array(slopes)
