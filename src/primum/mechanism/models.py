"""What does the model know of a treatment? The fits and refusals that ship with it, read and checked."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any, Final

import numpy as np

from primum.errors import ModelError, UnknownNameError
from primum.mechanism.kpd import PARAMETERS, Core
from primum.mechanism.refusals import Refusal, load_refusals
from primum.provenance import GRADES, Source
from primum.terms import FloatArray, Interval

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
