"""Which share of people responds by day after a dose of a studied product? A curve with its interval, or a refusal.

Reads the fits that ship with a treatment; needs NumPy alone, no fit and no SciPy.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from primum.errors import ModelError, UnknownNameError
from primum.mechanism.kpd import (
    PARAMETERS,
    Core,
    check_days,
    check_dose,
    day_effect_ends,
    placebo_odds_share,
    probit,
    share_set_in,
)
from primum.mechanism.normal import normal_cdf
from primum.mechanism.refusals import Refusal, load_refusals, outside_range
from primum.provenance import GRADES, Source
from primum.terms import FloatArray, Interval

Basis = Literal["prior only", "fitted", "extrapolated"]
FIT_SCHEMA: Final = "primum.fits/1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """A fitted product on one endpoint.

    Args:
        product: substance injected.
        endpoint: key of the endpoint.
        label: the endpoint in words.
        core: the most likely parameters.
        draws: parameters of the bootstrap draws; shape `(draws, 6)`, last axis as `kpd.PARAMETERS`.
        doses_units: doses studied, above 0.
        days: days of the visits.
        half_life: half-life of the effect amount in days with its 95 % interval; also days gained by twice the dose.
        half_life_days: its most likely value.
        trials: names of the trials.
        sources: ids of the sources.
        diagnostics: certificate of the fit, as it stands in the file.
        data_sha256: hash of the tables it was fitted to.
    """

    product: str
    endpoint: str
    label: str
    core: Core
    draws: FloatArray
    doses_units: tuple[float, ...]
    days: tuple[float, ...]
    half_life_days: float
    half_life: Interval
    trials: tuple[str, ...]
    sources: tuple[str, ...]
    diagnostics: Mapping[str, Any]
    data_sha256: str


@dataclass(frozen=True, slots=True)
class Models:
    """All that the dose-effect model knows of a treatment: fits, and what it refuses.

    Args:
        fits: fits by product and endpoint.
        unidentified: why a product and endpoint with data has no fit.
        labels: endpoints in words, by product and endpoint.
        refusals: what is refused whatever the product, by key.
        sources: sources cited here, by id, that the treatment's own table of sources does not hold.
    """

    fits: Mapping[tuple[str, str], Fit]
    unidentified: Mapping[tuple[str, str], Refusal]
    labels: Mapping[tuple[str, str], str]
    refusals: Mapping[str, Refusal]
    sources: Mapping[str, Source]

    @property
    def products(self) -> tuple[str, ...]:
        """Products with any data."""
        return tuple(sorted({product for product, _ in self.labels}))

    def endpoints(self, product: str) -> tuple[str, ...]:
        """Endpoints with any data on a product, fitted ones first.

        Raises:
            UnknownNameError: there is no such product.
        """
        if product not in self.products:
            raise UnknownNameError.of("product with dose-effect data", product, self.products)
        known = [endpoint for name, endpoint in self.labels if name == product]
        return tuple(sorted(known, key=lambda endpoint: ((product, endpoint) not in self.fits, endpoint)))

    def refuse(self, key: str) -> Refusal:
        """The refusal of a kind of question, with its reason.

        Raises:
            UnknownNameError: there is no such kind.
        """
        if key not in self.refusals:
            raise UnknownNameError.of("refused question", key, self.refusals)
        return self.refusals[key]


def load_models(folder: Traversable) -> Models:
    """Read `fits.json`, `refusals.csv` and `sources.csv` of a treatment's model folder.

    Raises:
        ModelError: the file of fits is of another schema or its parameters stand in another order.
    """
    content = json.loads((folder / "fits.json").read_text(encoding="utf-8"))
    if content.get("schema") != FIT_SCHEMA or tuple(content["parameters"]) != PARAMETERS:
        raise ModelError.of(
            f"fits of schema {content.get('schema')}", f"{FIT_SCHEMA}; fit again: python -m primum.mechanism.fit FOLDER"
        )
    fits, unidentified, labels = {}, {}, {}
    for entry in content["fits"]:
        key = (entry["product"], entry["endpoint"])
        labels[key] = entry["label"]
        if entry["status"] == "fitted":
            fits[key] = _fit(entry, content["data_sha256"])
        else:
            unidentified[key] = Refusal(
                "not_identified",
                f"{entry['product']}: share that is {entry['label']}, by day",
                entry["reason"],
                tuple(entry["sources"]),
            )
    return Models(fits, unidentified, labels, load_refusals(folder / "refusals.csv"), _sources(folder / "sources.csv"))


def _sources(file: Traversable) -> dict[str, Source]:
    grades = {str(grade): grade for grade in GRADES}
    with file.open("r", encoding="utf-8") as lines:
        return {
            row["id"]: Source(
                id=row["id"],
                title=row["title"],
                year=int(row["year"]) if row["year"] else None,
                url=row["url"],
                kind=row["kind"],
                grade=grades[row["grade"]],
                funding=row["funding"],
            )
            for row in csv.DictReader(lines)
        }


def _fit(entry: Mapping[str, Any], data_sha256: str) -> Fit:
    half_life, lower, upper = entry["half_life_days"]
    return Fit(
        product=entry["product"],
        endpoint=entry["endpoint"],
        label=entry["label"],
        core=Core(**entry["estimates"]),
        draws=np.array(entry["draws"]),
        doses_units=tuple(entry["identifiability"]["doses_units"]),
        days=tuple(entry["identifiability"]["days"]),
        half_life_days=half_life,
        half_life=Interval(lower, upper),
        trials=tuple(entry["trials"]),
        sources=tuple(entry["sources"]),
        diagnostics=entry["diagnostics"],
        data_sha256=data_sha256,
    )


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
    placebo = set_in * placebo_odds_share(parameters, days)
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
