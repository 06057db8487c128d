"""Does the sampler find what was planted? Simulation-based calibration of the hierarchical fit.

Parameters are drawn from the prior, counts from the parameters, and the posterior from the counts. If model and sampler
agree, the rank of the planted value among the posterior's draws is uniform. Run as
`python -m primum.mechanism.calibration FOLDER FIRST LAST`: replications FIRST to LAST - 1 go into `calibration.json`.

Source: Talts, Betancourt, Simpson, Vehtari, Gelman 2018, arXiv:1804.06788.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from primum.mechanism.bayes import MODEL_VERSION, PRIORS, Sampler
from primum.mechanism.fit import data_hash, one_line_a_row
from primum.mechanism.hierarchy import Design, design_of, draw_responders, shares_of
from primum.mechanism.normal import normal_cdf
from primum.mechanism.observations import load_observations
from primum.mechanism.onset import load_lag_days
from primum.terms import FloatArray, IntArray

FILE: Final = "calibration.json"
SCHEMA: Final = "primum.calibration/1"
RANKS: Final = 100  # draws a replication is thinned to: ranks 0 to 100
BINS: Final = 5
# From so many diverged transitions on a chain is stuck and its draws are no posterior: a failure, told as one.
STUCK: Final = 40
AT_ONCE: Final = 8  # replications that are kept together; what was compiled for them is then let go


def planted(design: Design, rng: np.random.Generator) -> dict[str, FloatArray]:
    """One set of parameters drawn from the prior, as `hierarchy.shares_of` takes them, with the spreads."""
    endpoints = len(design.endpoints)
    each = {"intercept", "placebo", "placebo_slope"}
    values = {name: p.draw(rng, endpoints) if name in each else p.draw(rng, 1)[0] for name, p in PRIORS.items()}
    sizes = {"product": len(design.products), "pair": len(design.pairs), "trial": len(design.trials)}
    for name, size in {**sizes, "arm": design.arms}.items():
        values[name] = values[f"{name}_spread"] * rng.standard_normal(size)
    values["placebo_trial"] = values["placebo_spread"] * rng.standard_normal(len(design.trials))
    later = values["onset_spread"] * rng.standard_normal(endpoints)
    values["onset_days"] = values["onset_median"] * np.exp(later)
    return {name: np.asarray(value) for name, value in values.items()}


def ranks(
    design: Design, replications: Sequence[int], *, lag_days: float, warmup: int = 250, draws: int = 400
) -> list[dict[str, int]]:
    """Rank of each planted population parameter among the thinned draws of its posterior, one row a replication.

    Args:
        design: arm-visits whose doses, days and people are kept; their counts are drawn anew.
        replications: numbers of the replications; each is the seed of its own.
        lag_days: days before anything can set in.
        warmup: steps of the sampler before its draws are kept.
        draws: draws of its one chain, a multiple of `RANKS`.
    """
    sampler = Sampler(design, lag_days=lag_days, warmup=warmup, draws=draws, chains=1, reuse=True)
    found = []
    for replication in replications:
        rng = np.random.default_rng([1804, replication])
        values = planted(design, rng)
        shares = shares_of(values, design, lag_days=lag_days, xp=np, cdf=normal_cdf)
        samples = sampler.sample(design.with_responders(draw_responders(shares, design, rng)), seed=replication)
        row = {"replication": replication, "divergences": samples.divergences}
        for name in PRIORS:
            drawn, true = samples.values[name][:: draws // RANKS], values[name]
            for place in range(np.size(true)):
                column, value = (drawn, true) if true.ndim == 0 else (drawn[:, place], true[place])
                row[f"{name} {design.endpoints[place]}" if true.ndim else name] = int(np.sum(column < value))
        found.append(row)
    return found


def uniformity(row: IntArray) -> float:
    """p-value of the chi-square test that ranks 0 to `RANKS` are uniform, in `BINS` bins of nearly equal width.

    Examples:
        >>> uniformity(np.arange(101)) > 0.99, uniformity(np.zeros(101, dtype=np.int64)) < 1e-6
        (True, True)
    """
    from scipy.stats import chisquare

    edges = np.linspace(0, RANKS + 1, BINS + 1)
    seen, _ = np.histogram(row, edges)
    width = np.diff(np.ceil(edges)) / (RANKS + 1)  # whole ranks a bin holds
    return float(chisquare(seen, len(row) * width).pvalue)


def judged(rows: Sequence[dict[str, int]]) -> dict[str, Any]:
    """p-value of each parameter and the smallest over all, corrected for their number (Bonferroni).

    Replications in which the sampler was stuck are counted as failed and have no rank.
    """
    names = [name for name in rows[0] if name not in ("replication", "divergences")]
    sampled = [row for row in rows if row["divergences"] < STUCK]
    p = {name: round(uniformity(np.array([row[name] for row in sampled])), 4) for name in names}
    least = min(1.0, len(names) * min(p.values()))
    return {
        "replications": len(rows),
        "failed": len(rows) - len(sampled),
        "parameters": len(names),
        "p": p,
        "least_corrected": round(least, 4),
    }


def add_replications(folder: Path, first: int, last: int) -> Path:
    """Add replications to `calibration.json` of a folder, or begin it.

    Returns:
        The file written.
    """
    design = design_of(load_observations(folder / "observations.csv"))
    file, data = folder / FILE, data_hash(folder)
    known: list[dict[str, int]] = []
    if file.is_file():
        content = json.loads(file.read_text(encoding="utf-8"))
        if (content["model"], content["data_sha256"]) == (MODEL_VERSION, data):
            known = [row for row in content["ranks"] if not first <= row["replication"] < last]
    rows = [*known, *ranks(design, range(first, last), lag_days=load_lag_days(folder))]
    rows.sort(key=lambda row: row["replication"])
    answer = {
        "schema": SCHEMA,
        "model": MODEL_VERSION,
        "data_sha256": data,
        "ranks_to": RANKS,
        "result": judged(rows),
        "ranks": rows,
    }
    file.write_text(one_line_a_row(json.dumps(answer, indent=1, allow_nan=False)) + "\n", encoding="utf-8")
    return file


def main(folder: Path, first: int, last: int) -> None:
    """Add replications some at a time: a run that is broken off has kept those before.

    Each leaves compiled code behind, and a process may hold so much of it (65,530 maps of memory on Linux).
    """
    import jax

    for begin in range(first, last, AT_ONCE):
        add_replications(folder, begin, min(begin + AT_ONCE, last))
        jax.clear_caches()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
