"""Simulation-based calibration: the full run's result, the test of uniformity, and a small run of its own."""

from __future__ import annotations

import importlib.resources
import json
from pathlib import Path

import numpy as np
import pytest

from primum.mechanism import calibration
from primum.mechanism.hierarchy import design_of
from primum.mechanism.observations import load_observations

FOLDER = Path(str(importlib.resources.files("primum"))) / "treatments" / "anti_wrinkle" / "model"
RESULT = json.loads((FOLDER / "calibration.json").read_text())


def test_ranks_of_planted_values_are_uniform_over_the_full_run() -> None:
    # Talts 2018: chi-square over 5 bins for each parameter; the smallest p-value corrected for their number.
    rows = RESULT["ranks"]
    assert len(rows) == RESULT["result"]["replications"] >= 96
    assert calibration.judged(rows) == RESULT["result"]
    assert RESULT["result"]["least_corrected"] > 0.05


def test_the_sampler_was_stuck_in_hardly_a_replication_and_it_is_told() -> None:
    stuck = [row for row in RESULT["ranks"] if row["divergences"] >= calibration.STUCK]
    assert RESULT["result"]["failed"] == len(stuck) <= 0.05 * len(RESULT["ranks"])
    others = [row["divergences"] for row in RESULT["ranks"] if row not in stuck]
    assert sum(others) < 0.001 * 400 * len(others)


def test_the_full_run_is_of_the_model_and_tables_that_ship() -> None:
    posterior = json.loads((FOLDER / "posterior.json").read_text())
    assert (RESULT["model"], RESULT["data_sha256"]) == (posterior["model"], posterior["data_sha256"])


def test_ranks_that_lean_or_bulge_are_noticed() -> None:
    rng = np.random.default_rng(2)
    even = rng.integers(0, 101, 100)
    leaning = np.minimum(even, rng.integers(0, 101, 100))
    bulging = (even + rng.integers(0, 101, 100) + rng.integers(0, 101, 100)) // 3
    assert calibration.uniformity(even) > 0.01
    assert calibration.uniformity(leaning) < 0.001
    assert calibration.uniformity(bulging) < 0.001


@pytest.mark.slow
def test_a_small_run_finds_what_was_planted() -> None:
    # 12 replications of one trial's design: too few for a sharp test of uniformity, enough to notice a sampler or a
    # likelihood that is wrong: then ranks pile up at an end.
    pytest.importorskip("jax", reason="the extra bayes is not installed")
    visits = [v for v in load_observations(FOLDER / "observations.csv") if v.trial == "Joseph 2021"]
    rows = calibration.ranks(design_of(visits), range(12), lag_days=0.07, warmup=200, draws=200)
    for name in ("half_life_days", "ln_dose_slope", "placebo one_grade_better", "intercept one_grade_better"):
        column = np.array([row[name] for row in rows])
        assert 20 < column.mean() < 80, name
        assert np.sum((column == 0) | (column == 100)) <= 2, name
