"""Virtual people: against the closed form, at full size, and what is no people at all."""

from __future__ import annotations

import importlib.resources
import math
from pathlib import Path

import numpy as np
import pytest

from primum.errors import ModelError
from primum.mechanism.kpd import day_effect_ends, share_responding
from primum.mechanism.models import load_models
from primum.mechanism.population import draw_people, spreads

CORE = np.array([0.26, 0.45, -0.0117, -1.5, -0.011, 0.36])
LAG = 0.07
FOLDER = Path(str(importlib.resources.files("primum"))) / "treatments" / "anti_wrinkle" / "model"
FIT = load_models(FOLDER).fits["onabotulinumtoxinA", "investigator_none_or_mild"]


def test_people_of_one_core_respond_as_the_closed_form_says() -> None:
    days = np.array([1.0, 3.0, 28.0, 100.0, 168.0, 252.0])
    people = draw_people(CORE, 75.0, lag_days=LAG, people=200_000, rng=np.random.default_rng(5))
    expected = share_responding(CORE, 75.0, days, lag_days=LAG)
    assert np.max(np.abs(people.responding(days).mean(axis=0) - expected)) < 5 * 0.5 / math.sqrt(200_000)


def test_people_of_all_trials_respond_as_the_mean_over_the_draws() -> None:
    days = np.array([2.0, 30.0, 90.0, 180.0])
    people = draw_people(FIT.draws, 20.0, lag_days=LAG, people=200_000, rng=np.random.default_rng(6))
    expected = share_responding(FIT.draws, 20.0, days, lag_days=LAG).mean(axis=0)
    assert np.max(np.abs(people.responding(days).mean(axis=0) - expected)) < 0.01


@pytest.mark.parametrize("quantile", [0.25, 0.5, 0.75])
def test_the_effect_has_ended_in_as_many_people_as_the_formula_says(quantile: float) -> None:
    people = draw_people(CORE, 75.0, lag_days=LAG, people=200_000, rng=np.random.default_rng(7))
    day = float(day_effect_ends(CORE, 75.0, quantile=quantile))
    assert np.mean(people.end_day <= day) == pytest.approx(quantile, abs=0.005)


def test_the_spread_of_one_core_is_its_closed_form() -> None:
    people = draw_people(CORE, 75.0, lag_days=LAG, people=400_000, rng=np.random.default_rng(8))
    for spread in spreads(people, CORE[None], 75.0, lag_days=LAG):
        assert spread.interval.lower == pytest.approx(spread.interval.upper)  # one core: no difference between trials
        assert spread.day == pytest.approx(spread.interval.lower, rel=0.02, abs=0.5)


def test_the_spread_of_the_posterior_lies_in_its_interval() -> None:
    people = draw_people(FIT.draws, 20.0, lag_days=LAG, people=10_000, rng=np.random.default_rng(9))
    found = spreads(people, FIT.draws, 20.0, lag_days=LAG)
    assert [(s.what, s.quantile) for s in found] == [(w, q) for w in ("onset", "end") for q in (0.1, 0.5, 0.9)]
    assert all(s.interval.lower <= s.day <= s.interval.upper for s in found)


def test_the_same_seed_draws_the_same_people() -> None:
    one, two = (draw_people(CORE, 75.0, lag_days=LAG, people=100, rng=np.random.default_rng(9)) for _ in range(2))
    assert np.array_equal(one.end_day, two.end_day)


@pytest.mark.parametrize("dose", [0.0, -1.0, math.nan, math.inf])
def test_people_without_a_dose_are_not_drawn(dose: float) -> None:
    with pytest.raises(ModelError, match="positive number of units"):
        draw_people(CORE, dose, lag_days=LAG, people=10, rng=np.random.default_rng(1))


def test_no_people_are_not_drawn() -> None:
    with pytest.raises(ModelError, match="at least 1"):
        draw_people(CORE, 20.0, lag_days=LAG, people=0, rng=np.random.default_rng(1))
