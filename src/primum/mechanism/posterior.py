"""What was learned from all trials? The draws that ship, read and put into the closed form of `kpd`: NumPy alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any, Final

import numpy as np

from primum.errors import ModelError
from primum.terms import FloatArray

FILE: Final = "posterior.json"
SCHEMA: Final = "primum.posterior/1"


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Thinned draws of the hierarchical fit with its certificate.

    Args:
        columns: values by name, one a draw; see `mechanism.fit.columns_of`.
        lag_days: days before anything can set in.
        reference_units: dose at which a product's level stands, by product.
        learned: one row a population parameter, with its overlap of prior and posterior.
        certificate: model, hashes, seed, packages and diagnostics of the sampling.
    """

    columns: Mapping[str, FloatArray]
    lag_days: float
    reference_units: Mapping[str, float]
    learned: tuple[Mapping[str, Any], ...]
    certificate: Mapping[str, Any]

    def parameters(self, product: str, endpoint: str, *, new_trial: bool = True) -> FloatArray:
        """Parameters of `kpd` for people of a new trial, or of a trial like the middle of those seen.

        Args:
            product: substance with counted arms on the endpoint.
            endpoint: key of the endpoint.
            new_trial: whether each draw is given the differences of a trial not seen.

        Returns:
            Shape `(draws, 6)`, last axis as `kpd.PARAMETERS`.
        """
        c = self.columns
        slope = c["ln_dose_slope"]
        level = c[f"level {product} {endpoint}"] - slope * np.log(self.reference_units[product])
        placebo = c[f"placebo {endpoint}"]
        if new_trial:
            level, placebo = level + c["new_trial"], placebo + c["new_placebo"]
        day_slope = -slope * np.log(2) / c["half_life_days"]
        onset = np.log(2) / (c[f"onset_days {endpoint}"] - self.lag_days)
        return np.stack([level, slope, day_slope, placebo, c[f"placebo_slope {endpoint}"], onset], axis=-1)


def load_posterior(folder: Traversable) -> Posterior:
    """Read `posterior.json`.

    Raises:
        ModelError: the file is of another schema.
    """
    content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    if content.get("schema") != SCHEMA:
        raise ModelError.of(f"a posterior of schema {content.get('schema')}", f"{SCHEMA}; fit again: make fit")
    draws = np.array(content["draws"])
    named = ("model", "fit_sha256", "data_sha256", "seed", "packages", "diagnostics")
    return Posterior(
        columns={name: draws[:, i] for i, name in enumerate(content["columns"])},
        lag_days=content["lag_days"],
        reference_units=content["reference_units"],
        learned=tuple(content["learned"]),
        certificate={name: content[name] for name in named},
    )
