"""Fit all trials of a treatment together and write the posterior that ships with it: `make fit`.

Run as `python -m primum.mechanism.fit FOLDER`; needs the extra `bayes`. The file holds thinned draws, the diagnostics
of the sampling and a hash of all that decides them (tables, model, seed, packages), so that answers need no fit.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from primum.errors import ModelError
from primum.mechanism.bayes import MODEL_VERSION, PRIORS, Sampler, Samples
from primum.mechanism.hierarchy import PER_DAYS, Design, design_of
from primum.mechanism.observations import load_observations
from primum.mechanism.onset import load_lag_days
from primum.mechanism.posterior import FILE, SCHEMA
from primum.provenance import hash_files
from primum.terms import FloatArray

DATA_FILES: Final = ("chain_rates.csv", "observations.csv")
SEED: Final = 20261
KEPT: Final = 500
_PACKAGES: Final = ("jax", "jaxlib", "numpy", "numpyro")
# R-hat as Vehtari et al. 2021 (Bayesian Anal 16:667) ask for it; 400 effective draws there too.
LARGEST_R_HAT: Final = 1.01
LEAST_EFFECTIVE: Final = 400
_BINS: Final = 40
# Two normal distributions of one mean overlap by 0.8 where one is two thirds as wide as the other.
PRIOR_ONLY: Final = 0.8


def data_hash(folder: Path) -> str:
    """SHA-256 of the tables a fit rests on."""
    return hash_files(folder / name for name in DATA_FILES)


def fit_hash(data_sha256: str, seed: int, packages: Mapping[str, str]) -> str:
    """SHA-256 of all that decides the draws: tables, model with its priors, seed and packages."""
    priors = {name: [prior.kind, prior.centre, prior.spread] for name, prior in PRIORS.items()}
    said = json.dumps([data_sha256, MODEL_VERSION, priors, seed, dict(sorted(packages.items()))])
    return hashlib.sha256(said.encode()).hexdigest()


def overlap(posterior: FloatArray, prior: FloatArray) -> float:
    """How much of a posterior lies under its prior: common area of two histograms, the prior's quantiles as bins.

    Args:
        posterior: draws, any number.
        prior: draws, many.

    Returns:
        1 where nothing was learned, near 0 where the data alone speak.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> prior = rng.standard_normal(20_000)
        >>> overlap(rng.standard_normal(20_000), prior) > 0.95, overlap(0.1 * prior[:2000], prior) < 0.3
        (True, True)
    """
    edges = np.quantile(prior, np.linspace(0, 1, _BINS + 1))
    edges[0], edges[-1] = -np.inf, np.inf
    shares = np.histogram(posterior, edges)[0] / len(posterior)
    return float(np.sum(np.minimum(shares, 1 / _BINS)))


def learned(samples: Samples, design: Design) -> list[dict[str, Any]]:
    """Per population parameter: posterior median, 95 % interval, overlap with the prior, whether it is prior only."""
    rng = np.random.default_rng(SEED)
    rows = []
    for name, prior in PRIORS.items():
        drawn = prior.draw(rng, 100_000)
        values = samples.values[name]
        columns = values[:, None] if values.ndim == 1 else values
        for place in range(columns.shape[1]):
            lower, middle, upper = np.quantile(columns[:, place], [0.025, 0.5, 0.975])
            common = overlap(columns[:, place], drawn)
            rows.append(
                {
                    "parameter": name,
                    "endpoint": design.endpoints[place] if values.ndim > 1 else "",
                    "median": _short(middle),
                    "lower": _short(lower),
                    "upper": _short(upper),
                    "overlap": round(common, 2),
                    "prior_only": common >= PRIOR_ONLY,
                }
            )
    return rows


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def columns_of(samples: Samples, design: Design, rng: np.random.Generator) -> dict[str, FloatArray]:
    """What ships of each draw: shared parameters, those of endpoints and pairs, and one new trial's differences."""
    v = samples.values
    size = len(v["half_life_days"])
    columns = {
        "half_life_days": v["half_life_days"],
        "ln_dose_slope": v["ln_dose_slope"],
        "new_trial": rng.standard_normal(size) * v["trial_spread"] + rng.standard_normal(size) * v["arm_spread"],
        "new_placebo": rng.standard_normal(size) * v["placebo_spread"],
    }
    for e, endpoint in enumerate(design.endpoints):
        columns[f"onset_days {endpoint}"] = v["onset_days"][:, e]
        columns[f"placebo {endpoint}"] = v["placebo"][:, e]
        columns[f"placebo_slope {endpoint}"] = v["placebo_slope"][:, e] / PER_DAYS
    for place, (p, e) in enumerate(design.pairs):
        level = v["intercept"][:, e] + v["product"][:, p] + v["pair"][:, place]
        columns[f"level {design.products[p]} {design.endpoints[e]}"] = level
    return columns


def fit_folder(folder: Path, *, seed: int = SEED, warmup: int = 1000, draws: int = 1500) -> Path:
    """Fit `observations.csv` of a folder and write `posterior.json` beside it.

    Returns:
        The file written.

    Raises:
        ModelError: a draw diverged, the chains do not agree, or too few draws are effective; nothing is written then.
    """
    design = design_of(load_observations(folder / "observations.csv"))
    lag_days = load_lag_days(folder)
    samples = Sampler(design, lag_days=lag_days, warmup=warmup, draws=draws).sample(design, seed=seed)
    if samples.divergences or samples.r_hat > LARGEST_R_HAT or samples.effective < LEAST_EFFECTIVE:
        raise ModelError.of(
            f"chains with {samples.divergences} divergences, R-hat {samples.r_hat:.3f} and {samples.effective:.0f} "
            "effective draws",
            f"none, at most {LARGEST_R_HAT} and at least {LEAST_EFFECTIVE}; draw more, or with another seed",
        )
    columns = columns_of(samples, design, np.random.default_rng(seed))
    thinned = np.linspace(0, len(columns["new_trial"]) - 1, KEPT).round().astype(int)
    packages = {name: importlib.metadata.version(name) for name in _PACKAGES}
    data = data_hash(folder)
    answer = {
        "schema": SCHEMA,
        "model": MODEL_VERSION,
        "fit_sha256": fit_hash(data, seed, packages),
        "data_sha256": data,
        "seed": seed,
        "packages": packages,
        "diagnostics": {
            "chains": samples.chains,
            "draws_a_chain": samples.draws,
            "warmup": warmup,
            "divergences": samples.divergences,
            "r_hat": round(samples.r_hat, 4),
            "effective_draws": round(samples.effective),
            "arm_visits": len(design.day),
            "trials": len(design.trials),
        },
        "lag_days": lag_days,
        "reference_units": dict(zip(design.products, design.reference_units, strict=True)),
        "learned": learned(samples, design),
        "columns": list(columns),
        "draws": [[_short(column[i]) for column in columns.values()] for i in thinned],
    }
    file = folder / FILE
    file.write_text(one_line_a_row(json.dumps(answer, indent=1, allow_nan=False)) + "\n", encoding="utf-8")
    return file


def one_line_a_row(text: str) -> str:
    """Innermost lists and objects on one line, so that a change of the fit reads as a change of rows."""
    return re.sub(r"([\[{])\s+([^\[\]{}]+?)\s+([\]}])", lambda m: m[1] + re.sub(r"\s+", " ", m[2]) + m[3], text)


if __name__ == "__main__":
    fit_folder(Path(sys.argv[1]))
