"""The threshold model: laws of the closed form, and virtual people against it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import norm

from primum.errors import ModelError
from primum.mechanism.kpd import Core, day_effect_ends, repeated, share_repeated, share_responding
from primum.mechanism.normal import normal_cdf

CORE = Core(
    intercept=0.26,
    ln_dose_slope=0.45,
    day_slope=-0.0117,
    placebo_intercept=-1.5,
    placebo_day_slope=-0.011,
    onset_per_day=0.36,
    lag_days=0.07,
)
DOSES = st.floats(1.0, 1000.0)
DAYS = st.floats(0.0, 700.0)


def share(core: Core, dose: float, day: float) -> float:
    return float(share_responding(core.as_array(), dose, day, lag_days=core.lag_days)[0])


def test_the_normal_distribution_is_scipys() -> None:
    z = np.concatenate([np.linspace(-45, 45, 9001), [-np.inf, np.inf, 0.0, 7.0710678118654755, -7.0710678118654755]])
    assert np.max(np.abs(normal_cdf(z) - ndtr(z))) < 1e-15
    tail = np.linspace(-37, -1, 5000)
    assert np.max(np.abs(normal_cdf(tail) / ndtr(tail) - 1)) < 1e-8
    assert float(normal_cdf(-8.0)) == pytest.approx(float(ndtr(-8.0)), rel=1e-12)


def test_a_person_responds_while_the_amount_exceeds_a_log_normal_threshold() -> None:
    # A second way: the amount D exp(-kt) against the quantiles of the threshold's own distribution.
    for dose, day in ((50, 28), (100, 168), (125, 252)):
        amount = dose * math.exp(-CORE.k_per_day * day)
        drug = norm.cdf(math.log(amount), loc=math.log(CORE.threshold_units), scale=CORE.sigma)
        placebo = 1 / (1 + math.exp(-(CORE.placebo_intercept + CORE.placebo_day_slope * day)))
        set_in = 1 - math.exp(-CORE.onset_per_day * (day - CORE.lag_days))
        assert share(CORE, dose, day) == pytest.approx(set_in * (1 - (1 - placebo) * (1 - drug)), abs=1e-13)


@given(DOSES, DAYS)
def test_a_share_lies_between_nobody_and_everybody(dose: float, day: float) -> None:
    assert 0 <= share(CORE, 0, day) <= share(CORE, dose, day) <= 1


@given(DOSES, DOSES, DAYS)
def test_more_dose_never_gives_fewer_responders(low: float, high: float, day: float) -> None:
    low, high = sorted((low, high))
    assert share(CORE, low, day) <= share(CORE, high, day)


@given(DOSES, st.floats(60.0, 500.0))
def test_twice_the_dose_is_one_half_life_later(dose: float, day: float) -> None:
    # The amount after 2 D at t + ln2/k is that after D at t: the drug's part of the share is the same.
    def drug(units: float, at: float) -> float:
        z = CORE.intercept + CORE.ln_dose_slope * math.log(units) + CORE.day_slope * at
        return float(normal_cdf(z))

    assert drug(2 * dose, day + CORE.half_life_days) == pytest.approx(drug(dose, day), abs=1e-12)


def test_the_half_life_is_the_gain_of_a_doubling() -> None:
    gain = float(day_effect_ends(CORE.as_array(), 100) - day_effect_ends(CORE.as_array(), 50))
    assert gain == pytest.approx(CORE.half_life_days)
    assert CORE.half_life_days == pytest.approx(math.log(2) * 0.45 / 0.0117)


@pytest.mark.parametrize("quantile", [0.0, 1.0])
def test_an_end_in_nobody_or_everybody_is_no_question(quantile: float) -> None:
    with pytest.raises(ModelError, match="a share between 0 and 1"):
        day_effect_ends(CORE.as_array(), 75.0, quantile=quantile)


def test_nobody_has_improved_at_the_injection_itself() -> None:
    assert share(CORE, 100, 0) == 0
    assert share(CORE, 0, 0) == 0


def test_a_first_order_onset_of_the_amount_would_set_in_within_the_first_hours() -> None:
    # Why onset is a day that differs between people and no factor of the amount (docs/explanation): with the fitted
    # spread a factor 1 - exp(-kS t) brings the median person over the threshold long before the published two days.
    need = CORE.threshold_units / 50.0  # share of the dose that the median person's threshold asks for
    hours = -24 * math.log1p(-need) / CORE.onset_per_day
    assert hours < 1


def test_slopes_of_the_wrong_sign_are_no_model() -> None:
    with pytest.raises(ModelError, match="rises with the dose and falls with time"):
        Core(
            intercept=0,
            ln_dose_slope=-0.1,
            day_slope=-0.01,
            placebo_intercept=-1,
            placebo_day_slope=0,
            onset_per_day=0.3,
            lag_days=0.07,
        )


def test_a_negative_day_is_refused() -> None:
    with pytest.raises(ModelError, match="at least 0"):
        share(CORE, 50, -1)


@given(DOSES, st.lists(DAYS, min_size=1, max_size=5))
def test_one_injection_is_the_case_of_repeated_ones(dose: float, days: list[float]) -> None:
    one = share_responding(CORE.as_array(), dose, days, lag_days=CORE.lag_days)
    assert share_repeated(CORE.as_array(), dose, days, [0.0], lag_days=CORE.lag_days) == pytest.approx(one, abs=1e-12)


def test_before_the_second_injection_nothing_of_it_is_seen() -> None:
    days = np.arange(84.0)
    one = share_responding(CORE.as_array(), 50, days, lag_days=CORE.lag_days)
    assert share_repeated(CORE.as_array(), 50, days, [0, 84], lag_days=CORE.lag_days) == pytest.approx(one, abs=1e-12)


def test_repeated_injections_are_people_whose_amounts_add_up() -> None:
    # A second way: people one by one, each with a threshold and one delay for every injection.
    rng = np.random.default_rng(4)
    people, injections, days = 100_000, [0.0, 84.0, 168.0], np.array([1.0, 60.0, 85.0, 100.0, 169.0, 250.0, 330.0])
    threshold = np.exp(math.log(CORE.threshold_units) + CORE.sigma * rng.standard_normal(people))
    delay = CORE.lag_days + rng.exponential(1 / CORE.onset_per_day, people)
    rank = rng.random(people)
    expected = share_repeated(CORE.as_array(), 50, days, injections, lag_days=CORE.lag_days)
    for day, share_there in zip(days, expected, strict=True):
        amount = np.zeros(people)
        for at in injections:
            amount += np.where(day - at >= delay, 50 * math.exp(-CORE.k_per_day * (day - at)), 0.0)
        itself = rank < 1 / (1 + math.exp(-(CORE.placebo_intercept + CORE.placebo_day_slope * day)))
        responds = (amount > threshold) | ((amount > 0) & itself)
        assert responds.mean() == pytest.approx(share_there, abs=0.01)


@pytest.mark.parametrize("interval", [0.0, -84.0, math.nan, math.inf])
def test_an_interval_that_is_none_is_refused(interval: float) -> None:
    with pytest.raises(ModelError, match="a positive number of days"):
        repeated(20, interval, 252)


@pytest.mark.parametrize("injections", [[], [1.0], [0.0, 0.0], [0.0, 84.0, 42.0], [0.0, math.inf]])
def test_injections_out_of_order_are_refused(injections: list[float]) -> None:
    with pytest.raises(ModelError, match="day 0 first"):
        share_repeated(CORE.as_array(), 20, [1.0], injections, lag_days=0.07)
