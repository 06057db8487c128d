"""Does the model predict trials it has not seen, and better than simple rules do? `make gates`.

Run as `python -m primum.mechanism.gates FOLDER`; needs the extra `bayes`. Each trial is left out once and predicted
from the others; the file written, `gates.json`, holds every arm-visit with its interval and scores.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np

from primum.mechanism.baselines import BASELINES
from primum.mechanism.bayes import MODEL_VERSION, Sampler, Samples
from primum.mechanism.fit import SEED, data_hash, one_line_a_row
from primum.mechanism.hierarchy import Design, design_of, shares_of
from primum.mechanism.normal import normal_cdf
from primum.mechanism.observations import load_observations
from primum.mechanism.onset import load_lag_days
from primum.terms import BoolArray, FloatArray

FILE: Final = "gates.json"
SCHEMA: Final = "primum.gates/1"
LEVEL: Final = 0.9
# Set before the fit (docs, context of use): share of arm-visits inside the interval, over so many.
COVERAGE: Final = (0.80, 0.97)
LEAST_VISITS: Final = 30


def predict(samples: Samples, design: Design, at: BoolArray, *, lag_days: float, seed: int) -> dict[str, FloatArray]:
    """Interval and log score of the chosen visits under draws that have not seen them."""
    from scipy.stats import binom

    found = shares_of(samples.values, design, lag_days=lag_days, xp=np, cdf=normal_cdf)
    shares, people, seen = found.share[:, at], design.people[at], design.responders[at]
    drawn = np.random.default_rng(seed).binomial(people, shares)
    lower, upper = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0, method="inverted_cdf")
    score = np.logaddexp.reduce(binom.logpmf(seen, people, shares), axis=0) - np.log(len(shares))
    return {"lower": lower, "upper": upper, "score": score}


def leave_one_trial_out(
    design: Design, *, lag_days: float, seed: int = SEED, warmup: int = 400, draws: int = 500
) -> Any:
    """Predict each trial from the others.

    Returns:
        One row an arm-visit: trial, product, endpoint, dose over reference, day, people, seen, interval, and log scores
        of the model and of each baseline.
    """
    sampler = Sampler(design, lag_days=lag_days, warmup=warmup, draws=draws)
    rows: list[dict[str, Any]] = []
    for place, trial in enumerate(design.trials):
        kept = design.without_trial(trial)
        at = ~kept.used
        samples = sampler.sample(kept, seed=seed + place)
        own = predict(samples, design, at, lag_days=lag_days, seed=seed)
        scores = {name: rule(kept).log_score(design, at) for name, rule in BASELINES.items()}
        for i, visit in enumerate(np.flatnonzero(at)):
            product = int(design.product[visit])
            dose = (
                float(design.reference_units[product] * np.exp(design.log_dose[visit])) if design.active[visit] else 0
            )
            seen = int(design.responders[visit])
            rows.append(
                {
                    "trial": trial,
                    "product": design.products[product],
                    "endpoint": design.endpoints[design.endpoint[visit]],
                    "dose_units": round(dose, 6),
                    "day": float(design.day[visit]),
                    "people": int(design.people[visit]),
                    "responders": seen,
                    "lower": int(own["lower"][i]),
                    "upper": int(own["upper"][i]),
                    "inside": bool(own["lower"][i] <= seen <= own["upper"][i]),
                    "model": round(float(own["score"][i]), 3),
                    **{name: round(float(score[i]), 3) for name, score in scores.items()},
                }
            )
    return rows


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The gate: how many arm-visits lie inside, and the log scores; each with its verdict."""
    inside, visits = sum(row["inside"] for row in rows), len(rows)
    scores = {name: round(sum(row[name] for row in rows), 1) for name in ("model", *BASELINES)}
    return {
        "level": LEVEL,
        "arm_visits": visits,
        "inside": inside,
        "coverage": round(inside / visits, 3),
        "coverage_passes": visits >= LEAST_VISITS and COVERAGE[0] <= inside / visits <= COVERAGE[1],
        "log_scores": scores,
        "log_score_passes": all(scores["model"] > scores[name] for name in BASELINES),
    }


def write_gates(folder: Path, *, seed: int = SEED) -> Path:
    """Leave each trial of a folder out once and write `gates.json`.

    Returns:
        The file written.
    """
    design = design_of(load_observations(folder / "observations.csv"))
    rows = leave_one_trial_out(design, lag_days=load_lag_days(folder), seed=seed)
    answer = {
        "schema": SCHEMA,
        "model": MODEL_VERSION,
        "data_sha256": data_hash(folder),
        "seed": seed,
        "leave_one_trial_out": summary(rows),
        "rows": rows,
    }
    file = folder / FILE
    file.write_text(one_line_a_row(json.dumps(answer, indent=1, allow_nan=False)) + "\n", encoding="utf-8")
    return file


if __name__ == "__main__":
    write_gates(Path(sys.argv[1]))
