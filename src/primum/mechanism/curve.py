"""Which share of people responds by day after a dose of a studied product? A curve with its interval, or a refusal.

Reads the fits that ship with a treatment; needs NumPy alone, no fit and no SciPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from primum.errors import ModelError, UnknownNameError
from primum.mechanism.kpd import (
    check_days,
    check_dose,
    day_effect_ends,
    probit,
    share_set_in,
    share_without_drug,
)
from primum.mechanism.models import Fit, Models
from primum.mechanism.normal import normal_cdf
from primum.mechanism.refusals import Refusal, outside_range
from primum.terms import FloatArray, Interval

Basis = Literal["prior only", "fitted", "extrapolated"]


@dataclass(frozen=True, slots=True)
class EffectEnd:
    """Day by which the effect of the drug has ended in a share of the people.

    Args:
        quantile: the share.
        day: the day.
        interval: its interval.
    """

    quantile: float
    day: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EffectCurve:
    """Share of people responding by day, with the drug and without.

    Args:
        product: substance injected.
        endpoint: key of the endpoint.
        label: the endpoint in words.
        dose_units: dose in units of the product.
        days: days since the injection; shape `(days,)`.
        share: share responding; most likely value.
        lower: lower end of its interval.
        upper: upper end.
        placebo: share responding without the drug; most likely value.
        excess_upper: upper end of share minus placebo share: what the drug adds at most.
        basis: word for each day: `extrapolated` outside the studied doses or after the last visit, else `prior only`
            before the first visit and `fitted` from it on.
        ends: days by which the effect has ended in a quarter, a half and three quarters of the people.
        level: level of the intervals.
        warnings: what must travel with the curve.
        sources: ids of the sources.
        fit: the fit it comes from.
    """

    product: str
    endpoint: str
    label: str
    dose_units: float
    days: FloatArray
    share: FloatArray
    lower: FloatArray
    upper: FloatArray
    placebo: FloatArray
    excess_upper: FloatArray
    basis: tuple[Basis, ...]
    ends: tuple[EffectEnd, ...]
    level: float
    warnings: tuple[str, ...]
    sources: tuple[str, ...]
    fit: Fit

    def as_json(self) -> dict[str, Any]:
        """The curve as plain data."""
        return {
            "product": self.product,
            "endpoint": self.endpoint,
            "label": self.label,
            "dose_units": self.dose_units,
            "level": self.level,
            "unit": "proportion",
            "days": [
                {
                    "day": float(day),
                    "share": float(share),
                    "lower": float(lower),
                    "upper": float(upper),
                    "placebo": float(placebo),
                    "basis": basis,
                }
                for day, share, lower, upper, placebo, basis in zip(
                    self.days, self.share, self.lower, self.upper, self.placebo, self.basis, strict=True
                )
            ],
            "half_life_days": {
                "value": self.fit.half_life_days,
                "interval": [self.fit.half_life.lower, self.fit.half_life.upper],
                "level": self.fit.half_life.level,
            },
            "effect_ends_day": [
                {"quantile": end.quantile, "day": end.day, "interval": [end.interval.lower, end.interval.upper]}
                for end in self.ends
            ],
            "studied": {"doses_units": list(self.fit.doses_units), "days": list(self.fit.days)},
            "trials": list(self.fit.trials),
            "warnings": list(self.warnings),
            "sources": list(self.sources),
            "data_sha256": self.fit.data_sha256,
        }


def curve(
    product: str, dose_units: float, endpoint: str, days: ArrayLike, *, models: Models, level: float = 0.95
) -> EffectCurve | Refusal:
    """Which share of people responds by day?

    The interval holds what sampling the people of the trials leaves open; before the first visit also what published
    onsets leave open. It holds no difference between trials, because one trial alone was fitted. Outside the studied
    doses or after the last visit its distance from the curve, in probits, is multiplied by 1 + (distance from the
    range) / (length of the range), doses on a log scale: an assumption, so that doubt grows outside the data.

    Args:
        product: substance injected.
        dose_units: dose in units of that product, above 0.
        endpoint: key of the endpoint, one of `models.endpoints(product)`.
        days: days since the injection, each at least 0; shape `(days,)` or a number.
        models: the treatment's fits and refusals, see `load_models`.
        level: level of the interval, in (0, 1).

    Returns:
        The curve; or a refusal where the data on the endpoint do not identify the model, or dose or day lie more than
        threefold outside what was studied.

    Raises:
        UnknownNameError: no such product, or no such endpoint of it.
        ModelError: dose, day or level is no legal number.
    """
    at, dose = check_days(days), check_dose(dose_units)
    if not 0 < level < 1:
        raise ModelError.of(f"a level of {level:g}", "a probability between 0 and 1, such as 0.95")
    endpoints = models.endpoints(product)
    if endpoint not in endpoints:
        raise UnknownNameError.of(f"endpoint of {product}", endpoint, endpoints)
    if (product, endpoint) in models.unidentified:
        return models.unidentified[product, endpoint]
    fit = models.fits[product, endpoint]
    refused = outside_range("dose", dose, fit.doses_units[0], fit.doses_units[-1], "U of " + product)
    refused = refused or outside_range("day", float(np.max(at)), 0, fit.days[-1], "days")
    if refused is not None:
        return refused
    off_dose = _distance(np.log(dose), np.log(fit.doses_units[0]), np.log(fit.doses_units[-1]))
    off_day = np.array([_distance(day, fit.days[0], fit.days[-1]) if day > fit.days[0] else 0.0 for day in at])
    best = _shares(fit.core.as_array()[None], fit, dose, at, widen=np.ones_like(at))
    drawn = _shares(fit.draws, fit, dose, at, widen=1 + off_dose + off_day)
    tails = [(1 - level) / 2, (1 + level) / 2]
    lower, upper = np.quantile(drawn.share, tails, axis=0)
    return EffectCurve(
        product=product,
        endpoint=endpoint,
        label=fit.label,
        dose_units=dose,
        days=at,
        share=best.share[0],
        lower=lower,
        upper=upper,
        placebo=best.placebo[0],
        excess_upper=np.quantile(drawn.share - drawn.placebo, tails[1], axis=0),
        basis=tuple(_basis(day, off_dose, fit) for day in at),
        ends=tuple(_end(fit, dose, quantile, tails, widen=1 + off_dose) for quantile in (0.25, 0.5, 0.75)),
        level=level,
        warnings=_warnings(fit, dose, off_dose, at),
        sources=fit.sources,
        fit=fit,
    )


def _distance(value: float, low: float, high: float) -> float:
    """How far a value lies outside a range, in lengths of the range."""
    return float(max(low - value, value - high, 0.0) / (high - low))


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    share: FloatArray
    placebo: FloatArray


def _shares(parameters: FloatArray, fit: Fit, dose: float, days: FloatArray, *, widen: FloatArray) -> _Shares:
    """Eq. 2 for each draw, the probit's distance from the most likely one multiplied by `widen`."""
    centre = probit(fit.core.as_array(), dose, days)
    drug = normal_cdf(centre + widen * (probit(parameters, dose, days) - centre))
    set_in = share_set_in(parameters, days, lag_days=fit.core.lag_days)
    placebo = set_in * share_without_drug(parameters, days)
    return _Shares(placebo + (set_in - placebo) * drug, placebo)


def _end(fit: Fit, dose: float, quantile: float, tails: list[float], *, widen: float) -> EffectEnd:
    day = float(day_effect_ends(fit.core.as_array(), dose, quantile=quantile))
    drawn = day + widen * (day_effect_ends(fit.draws, dose, quantile=quantile) - day)
    lower, upper = np.quantile(drawn, tails)
    return EffectEnd(quantile, day, Interval(float(lower), float(upper), level=tails[1] - tails[0]))


def _basis(day: float, off_dose: float, fit: Fit) -> Basis:
    if off_dose > 0 or day > fit.days[-1]:
        return "extrapolated"
    return "prior only" if day < fit.days[0] else "fitted"


def _warnings(fit: Fit, dose: float, off_dose: float, days: FloatArray) -> tuple[str, ...]:
    warnings = [
        f"Fitted to {fit.diagnostics['arm_visits']} arm-visits of {fit.diagnostics['people']} people in "
        f"{', '.join(fit.trials)}; the interval holds no difference between trials."
    ]
    if np.any(days < fit.days[0]):
        warnings.append(
            f"Before day {fit.days[0]:g} the curve is prior only: published onsets, not fitted to visits of this trial."
        )
    if off_dose > 0:
        warnings.append(
            f"{dose:g} U is extrapolated: the studied doses are {fit.doses_units[0]:g} to {fit.doses_units[-1]:g} U, "
            "and the interval is widened."
        )
    if np.any(days > fit.days[-1]):
        warnings.append(
            f"After day {fit.days[-1]:g}, the last visit, the curve is extrapolated and its interval widened."
        )
    return tuple(warnings)
