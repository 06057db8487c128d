"""Which share of people responds by day after a dose of a studied product? A curve with its interval, or a refusal.

Reads the posterior that ships with a treatment; needs NumPy alone, no fit and no SciPy.
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
    check_injections,
    day_effect_ends,
    probits_repeated,
    share_without_drug,
    shares_set_in,
)
from primum.mechanism.models import Fit, Models
from primum.mechanism.normal import normal_cdf
from primum.mechanism.refusals import Refusal, outside_range
from primum.terms import FloatArray, Interval

Basis = Literal["prior only", "fitted", "borrowed", "extrapolated"]


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
        share: share responding; median.
        lower: lower end of its interval.
        upper: upper end.
        placebo: share responding without the drug; median.
        excess_upper: upper end of share minus placebo share: what the drug adds at most.
        basis: word for each day: `extrapolated` outside the studied doses or after the endpoint's last visit; else
            `prior only` before its first visit; `fitted` where the product itself was seen on it; `borrowed` where
            other products or endpoints alone tell how the effect comes and goes.
        ends: days by which the effect of one injection has ended in a quarter, a half and three quarters of the people.
        injections: days of the injections.
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
    injections: tuple[float, ...]
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
            "injections_days": list(self.injections),
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
            "fit": dict(self.fit.certificate),
        }


def curve(
    product: str,
    dose_units: float,
    endpoint: str,
    days: ArrayLike,
    *,
    models: Models,
    injections: ArrayLike = (0.0,),
    level: float = 0.95,
) -> EffectCurve | Refusal:
    """Which share of people responds by day?

    The interval is that of people of a new trial: it holds what sampling leaves open, differences between trials and
    arms, and the onset. Outside the studied doses or after the endpoint's last visit its distance from the median, in
    probits, is multiplied by 1 + (distance from the range) / (length of the range), doses on a log scale and days from
    the injection: an assumption, so that doubt grows outside the data. A range of one dose is taken as a doubling.

    Args:
        product: substance injected.
        dose_units: dose in units of that product, above 0.
        endpoint: key of the endpoint, one of `models.endpoints(product)`.
        days: days since the injection, each at least 0; shape `(days,)` or a number.
        models: the treatment's posterior and refusals, see `load_models`.
        injections: days of the injections, 0 first; the same dose each time. The amounts are taken to add up.
        level: level of the interval, in (0, 1).

    Returns:
        The curve; or a refusal where the product was not counted on the endpoint, or dose or day lie more than
        threefold outside what was studied.

    Raises:
        UnknownNameError: no such product, or no such endpoint.
        ModelError: dose, day, injections or level are no legal numbers.
    """
    at, dose, times = check_days(days), check_dose(dose_units), check_injections(injections)
    if not 0 < level < 1:
        raise ModelError.of(f"a level of {level:g}", "a probability between 0 and 1, such as 0.95")
    endpoints = models.endpoints(product)
    if endpoint not in models.labels:
        raise UnknownNameError.of(f"endpoint of {product}", endpoint, endpoints)
    if endpoint not in endpoints:
        return Refusal(
            "not_counted",
            f"{product}: share of people, {models.labels[endpoint]}, by day",
            f"No arm of {product} was counted on this endpoint in what was read. Counted: {', '.join(endpoints)}.",
        )
    fit = models.fits[product, endpoint]
    refused = outside_range("dose", dose, fit.doses_units[0], fit.doses_units[-1], "U of " + product)
    refused = refused or outside_range("day", float(np.max(at)), 0, fit.days[-1], "days")
    if refused is not None:
        return refused
    off_dose, widen = _widening(fit, dose, at)
    drawn = _shares(fit, dose, at, times, widen=widen)
    tails = [(1 - level) / 2, (1 + level) / 2]
    lower, share, upper = np.quantile(drawn.share, [tails[0], 0.5, tails[1]], axis=0)
    return EffectCurve(
        product=product,
        endpoint=endpoint,
        label=fit.label,
        dose_units=dose,
        days=at,
        share=share,
        lower=lower,
        upper=upper,
        placebo=np.median(drawn.placebo, axis=0),
        excess_upper=np.quantile(drawn.share - drawn.placebo, tails[1], axis=0),
        basis=tuple(_basis(day, dose, fit, times) for day in at),
        ends=tuple(_end(fit, dose, quantile, tails, widen=1 + off_dose) for quantile in (0.25, 0.5, 0.75)),
        injections=tuple(float(day) for day in times),
        level=level,
        warnings=_warnings(fit, dose, off_dose, at, times),
        sources=fit.sources,
        fit=fit,
    )


def _widening(fit: Fit, dose: float, days: FloatArray) -> tuple[float, FloatArray]:
    """How far the dose lies outside the studied ones, in lengths of their range; and the factor for each day."""
    low, high = np.log(fit.doses_units[0]), np.log(fit.doses_units[-1])
    off_dose = float(max(low - np.log(dose), np.log(dose) - high, 0.0) / max(high - low, np.log(2)))
    return off_dose, 1 + off_dose + np.maximum(days / fit.days[-1] - 1, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    share: FloatArray
    placebo: FloatArray


def _shares(fit: Fit, dose: float, days: FloatArray, injections: FloatArray, *, widen: FloatArray) -> _Shares:
    """Eq. 2 for each draw, the probit's distance from the median one multiplied by `widen`."""
    drug: FloatArray | float = 0.0
    weight = shares_set_in(fit.draws, days, injections, lag_days=fit.core.lag_days)
    for part, probits in zip(weight, probits_repeated(fit.draws, dose, days, injections), strict=True):
        centre = np.median(probits, axis=0)
        begun = np.isfinite(centre)  # before its injection a part weighs nothing
        away = np.where(begun, probits - np.where(begun, centre, 0.0), 0.0)
        drug = drug + part * normal_cdf(np.where(begun, centre, 0.0) + widen * away)
    without = share_without_drug(fit.draws, days)
    placebo = np.sum(weight, axis=0) * without
    return _Shares(placebo + (1 - without) * drug, placebo)


def _end(fit: Fit, dose: float, quantile: float, tails: list[float], *, widen: float) -> EffectEnd:
    """Of people of a new trial: the median over draws, and its interval."""
    drawn = day_effect_ends(fit.draws, dose, quantile=quantile)
    day = float(np.median(drawn))
    lower, upper = np.quantile(day + widen * (drawn - day), tails)
    return EffectEnd(quantile, day, Interval(float(lower), float(upper), level=tails[1] - tails[0]))


def _basis(day: float, dose: float, fit: Fit, injections: FloatArray) -> Basis:
    studied = fit.doses_units[0] <= dose <= fit.doses_units[-1]
    if not studied or day > fit.days[-1] or np.any((injections > 0) & (injections < day)):
        return "extrapolated"
    if day < fit.days[0]:
        return "prior only"
    seen = fit.own_days[0] <= day <= fit.own_days[1] and fit.own_doses[0] <= dose <= fit.own_doses[1]
    return "fitted" if seen else "borrowed"


def _warnings(fit: Fit, dose: float, off_dose: float, days: FloatArray, injections: FloatArray) -> tuple[str, ...]:
    people = sum({(v.trial, v.dose_units): v.people or 0 for v in fit.visits if v.dose_units > 0}.values())
    trials = f"{len(fit.trials)} trial{'s' if len(fit.trials) > 1 else ''}"
    warnings = [
        f"Fitted together with all {fit.arm_visits} arm-visits of the treatment; {people:,} people of {trials} got "
        "this product on this endpoint. The interval is for people of a new trial."
    ]
    if fit.alone:
        warnings.append(f"{fit.alone} How fast it does is taken from the other trials.")
    first, last = fit.own_days
    inside = days[(days >= fit.days[0]) & (days <= fit.days[-1])]
    if np.any((inside < first) | (inside > last)):
        seen = f"on day {first:g} alone" if first == last else f"from day {first:g} to day {last:g}"
        warnings.append(f"The product was seen on this endpoint {seen}; the curve elsewhere is borrowed from others.")
    low, high = fit.own_doses
    if off_dose == 0 and not low <= dose <= high:
        counted = f"at {low:g} U alone" if low == high else f"at {low:g} to {high:g} U"
        warnings.append(
            f"On this endpoint the product was seen {counted}; {dose:g} U is borrowed from another endpoint."
        )
    if np.any(days < fit.days[0]):
        warnings.append(f"Before day {fit.days[0]:g}, the endpoint's first visit, the curve is prior only.")
    if off_dose > 0:
        low, high = fit.doses_units[0], fit.doses_units[-1]
        studied = f"dose is {low:g} U" if low == high else f"doses are {low:g} to {high:g} U"
        warnings.append(f"{dose:g} U is extrapolated: the studied {studied}, and the interval is widened.")
    if np.any(days > fit.days[-1]):
        warnings.append(
            f"After day {fit.days[-1]:g}, the endpoint's last visit, the curve is extrapolated, its interval widened."
        )
    if len(injections) > 1:
        warnings.append(
            "After the second injection the curve is extrapolated: every trial fitted injected once, and amounts are "
            "taken to add up."
        )
    return tuple(warnings)
