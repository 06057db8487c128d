"""What does the model know of a treatment? Its posterior, the trials behind it and its refusals, read and checked."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np

from primum.errors import UnknownNameError
from primum.mechanism.identifiability import identifiability
from primum.mechanism.kpd import Core
from primum.mechanism.observations import ArmVisit, by_endpoint, load_observations
from primum.mechanism.posterior import Posterior, load_posterior
from primum.mechanism.refusals import Refusal, load_refusals
from primum.provenance import GRADES, Source
from primum.terms import FloatArray, Interval


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """A product on one endpoint as all trials together tell it.

    Args:
        product: substance injected.
        endpoint: key of the endpoint.
        label: the endpoint in words.
        core: median parameters of a trial like the middle of those seen.
        draws: parameters for people of a new trial, one row a draw; shape `(draws, 6)`, last axis as `kpd.PARAMETERS`.
        doses_units: doses of the product that were counted on any endpoint, above 0.
        days: days on which any product was counted on the endpoint.
        own_days: first and last day on which this product was counted on it.
        own_doses: lowest and highest dose at which it was counted on it.
        alone: why its own counts could not tell how fast the effect wears off; empty where they could.
        half_life_days: half-life of the effect amount, median; also days gained by twice the dose.
        half_life: its 95 % interval.
        visits: its own arm-visits, placebo too.
        arm_visits: arm-visits of all products and endpoints in the fit.
        trials: names of the product's trials on the endpoint.
        sources: ids of the sources of its own visits.
        certificate: model, hashes, seed, packages and diagnostics of the fit.
    """

    product: str
    endpoint: str
    label: str
    core: Core
    draws: FloatArray
    doses_units: tuple[float, ...]
    days: tuple[float, ...]
    own_days: tuple[float, float]
    own_doses: tuple[float, float]
    alone: str
    half_life_days: float
    half_life: Interval
    visits: tuple[ArmVisit, ...]
    arm_visits: int
    trials: tuple[str, ...]
    sources: tuple[str, ...]
    certificate: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Models:
    """All that the dose-effect model knows of a treatment: fits, and what it refuses.

    Args:
        fits: fits by product and endpoint.
        labels: endpoints in words, by key.
        refusals: what is refused whatever the product, by key.
        sources: sources cited here, by id, that the treatment's own table of sources does not hold.
        posterior: the draws all fits share.
    """

    fits: Mapping[tuple[str, str], Fit]
    labels: Mapping[str, str]
    refusals: Mapping[str, Refusal]
    sources: Mapping[str, Source]
    posterior: Posterior

    @property
    def products(self) -> tuple[str, ...]:
        """Products with data."""
        return tuple(sorted({product for product, _ in self.fits}))

    def endpoints(self, product: str) -> tuple[str, ...]:
        """Endpoints with data on a product, the one with most arm-visits first.

        Raises:
            UnknownNameError: there is no such product.
        """
        if product not in self.products:
            raise UnknownNameError.of("product with dose-effect data", product, self.products)
        known = [endpoint for name, endpoint in self.fits if name == product]
        return tuple(sorted(known, key=lambda endpoint: (-len(self.fits[product, endpoint].visits), endpoint)))

    def refuse(self, key: str) -> Refusal:
        """The refusal of a kind of question, with its reason.

        Raises:
            UnknownNameError: there is no such kind.
        """
        if key not in self.refusals:
            raise UnknownNameError.of("refused question", key, self.refusals)
        return self.refusals[key]


def load_models(folder: Traversable) -> Models:
    """Read `posterior.json`, `observations.csv`, `refusals.csv` and `sources.csv` of a treatment's model folder.

    Raises:
        ModelError: the posterior is of another schema, or a row of the tables contradicts itself.
    """
    posterior = load_posterior(folder)
    visits = [visit for visit in load_observations(folder / "observations.csv") if visit.counted]
    fits = {
        (product, endpoint): _fit(product, endpoint, own, visits, posterior)
        for (product, endpoint), own in by_endpoint(visits).items()
    }
    labels = {visit.endpoint: visit.label for visit in visits}
    return Models(fits, labels, load_refusals(folder / "refusals.csv"), _sources(folder / "sources.csv"), posterior)


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


def _fit(product: str, endpoint: str, own: Sequence[ArmVisit], visits: Sequence[ArmVisit], posterior: Posterior) -> Fit:
    middle = np.median(posterior.parameters(product, endpoint, new_trial=False), axis=0)
    half_lives = posterior.columns["half_life_days"]
    lower, median, upper = (float(end) for end in np.quantile(half_lives, [0.025, 0.5, 0.975]))
    active = [visit for visit in own if visit.dose_units > 0]
    own_days, own_doses = [visit.day for visit in active], [visit.dose_units for visit in active]
    return Fit(
        product=product,
        endpoint=endpoint,
        label=own[0].label,
        core=Core.of(middle, lag_days=posterior.lag_days),
        draws=posterior.parameters(product, endpoint),
        doses_units=tuple(sorted({v.dose_units for v in visits if v.product == product and v.dose_units > 0})),
        days=tuple(sorted({v.day for v in visits if v.endpoint == endpoint})),
        own_days=(min(own_days), max(own_days)),
        own_doses=(min(own_doses), max(own_doses)),
        alone=identifiability(own).reason,
        half_life_days=median,
        half_life=Interval(lower, upper),
        visits=tuple(own),
        arm_visits=len(visits),
        trials=tuple(sorted({visit.trial for visit in own})),
        sources=tuple(sorted({visit.source for visit in own})),
        certificate=posterior.certificate,
    )
