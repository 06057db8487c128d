"""Do dose-response curves reproduce published ones, a naive second computation, and simulated truth?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from primum.errors import EvidenceError
from primum.evidence.dose_response import dose_response, from_adjusted, from_counts
from primum.evidence.dose_shares import dose_shares


def test_the_worked_example_of_greenland_and_longnecker_as_dosresmeta_prints_it() -> None:
    """Alcohol and breast cancer, data cc_ex of R package dosresmeta 2.1.1, example of its main function.

    It prints 0.0454 (SE 0.0207, z 2.1985), and for one unit more 1.046477 (1.004941 to 1.089729).
    """
    ratio, lower, upper = np.array([[0.80, 1.16, 1.57], [0.51, 0.73, 0.99], [1.27, 1.85, 2.51]])
    se = np.log(upper / lower) / (2 * 1.959964)
    cases, controls = (165, 74, 90, 122), (172, 93, 96, 90)
    fit = dose_response([from_adjusted((0, 2, 6, 11), np.log(ratio), se, cases, controls, unit="g")], shape="linear")
    assert fit.slope / fit.slope_se == pytest.approx(2.1985, abs=5e-5)
    assert fit.slope_se == pytest.approx(0.0207, abs=5e-5)
    ends = np.exp([fit.slope, fit.slope_interval.lower, fit.slope_interval.upper])
    assert ends == pytest.approx([1.046477, 1.004941, 1.089729], abs=5e-7)


def test_unadjusted_ratios_give_the_covariances_of_their_own_counts() -> None:
    """A law: with nothing adjusted, the fitted counts are the counts."""
    doses, events, people = (0, 10, 20, 40), np.array([9, 30, 42, 55]), np.array([100, 90, 110, 95])
    counted = from_counts(doses, events, people, unit="A")
    se = np.sqrt(np.diag(counted.covariance))
    adjusted = from_adjusted(doses, counted.log_effect, se, events, people - events, unit="A")
    assert adjusted.covariance == pytest.approx(counted.covariance, rel=1e-8)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_one_trial_is_what_a_naive_search_over_the_same_distance_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    doses = np.array([0.0, 5.0, 10.0, 20.0, 40.0])
    people = rng.integers(60, 200, 5)
    events = np.clip(rng.binomial(people, (0.1, 0.3, 0.4, 0.5, 0.6)), 1, people - 1)
    trial = from_counts(doses, events, people, unit="A")
    inverse = np.linalg.inv(trial.covariance)

    def distance(beta: np.ndarray) -> float:
        rest = trial.log_effect - beta[0] - beta[1] * np.log(trial.doses)
        return float(rest @ inverse @ rest)

    naive = optimize.minimize(distance, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    fit = dose_response([trial])
    assert fit.slope == pytest.approx(naive.x[1], abs=1e-5)
    assert fit.deviance == pytest.approx(naive.fun, abs=1e-8)


def test_the_order_and_the_unit_of_doses_change_nothing_but_the_unit() -> None:
    doses, events, people = [0, 50, 75, 100, 125], [4, 42, 52, 46, 56], [78, 80, 80, 80, 81]
    one = dose_response([from_counts(doses, events, people, unit="A")], shape="emax")
    other = dose_response([from_counts(doses[::-1], events[::-1], people[::-1], unit="A")], shape="emax")
    tenfold = dose_response([from_counts([d * 10 for d in doses], events, people, unit="a")], shape="emax")
    assert one == other
    assert one.ed50 is not None
    assert tenfold.ed50 == pytest.approx(10 * one.ed50, rel=1e-3)
    assert tenfold.slope == pytest.approx(one.slope, rel=1e-3)


def test_emax_recovers_the_truth_of_large_simulated_trials() -> None:
    """SYNTHETIC: Emax 3, ED50 20, 200,000 people a dose."""
    doses = np.array([0.0, 5.0, 10.0, 20.0, 40.0, 80.0])
    share = 1 / (1 + np.exp(2 - 3 * doses / (20 + doses)))
    people = np.full(6, 200_000)
    fit = dose_response(
        [from_counts(doses, np.random.default_rng(1).binomial(people, share), people, unit="A")], shape="emax"
    )
    assert fit.ed50 == pytest.approx(20, rel=0.05)
    assert fit.slope == pytest.approx(3, rel=0.03)
    assert fit.ed50_interval is not None
    assert fit.ed50_interval.lower < 20 < fit.ed50_interval.upper


def test_trials_that_differ_by_more_than_chance_get_a_variance_between_them() -> None:
    """SYNTHETIC: treated people of each trial differ together, with a standard deviation of 1 on the log odds."""
    rng = np.random.default_rng(2)
    doses, people = np.array([0.0, 10.0, 20.0, 40.0]), np.full(4, 2000)
    trials = []
    for shift in rng.normal(0, 1, 12):
        odds = np.where(doses > 0, -1.5 + shift + 0.6 * np.log(np.maximum(doses, 1) / 10), -2.5)
        events = rng.binomial(people, 1 / (1 + np.exp(-odds)))
        trials.append(from_counts(doses, events, people, unit="A"))
    fit = dose_response(trials)
    assert fit.tau2 == pytest.approx(1, abs=0.7)
    assert fit.slope == pytest.approx(0.6, abs=4 * fit.slope_se)
    assert dose_response(trials[:1]).tau2 is None


def test_alike_trials_have_no_variance_between_them_and_halve_the_error_when_there_are_four() -> None:
    trial = from_counts([0, 10, 20, 40], [10, 30, 40, 50], [100] * 4, unit="A")
    one, four = dose_response([trial]), dose_response([trial] * 4)
    assert four.tau2 == pytest.approx(0, abs=1e-6)
    assert four.slope == pytest.approx(one.slope)
    assert four.slope_se == pytest.approx(one.slope_se / 2, rel=1e-3)


def test_units_of_two_products_never_stand_on_one_axis() -> None:
    one, other = (from_counts([0, 10, 20], [5, 20, 30], [50] * 3, unit=unit) for unit in ("A units", "B units"))
    with pytest.raises(EvidenceError, match="Doses counted in A units and B units; expected one product's units"):
        dose_response([one, other])


@pytest.mark.parametrize(
    ("doses", "events", "people"),
    [
        ([0, 10], [5, 20], [50, 50]),
        ([0, 10, 10], [5, 20, 30], [50] * 3),
        ([0, 10, 20], [0, 20, 30], [50] * 3),
        ([0, 10, 20], [5, 20, 50], [50] * 3),
        ([-1, 10, 20], [5, 20, 30], [50] * 3),
    ],
)
def test_arms_without_a_finite_effect_are_refused_and_nothing_is_added_to_a_cell(
    doses: list[int], events: list[int], people: list[int]
) -> None:
    with pytest.raises(EvidenceError, match="expected"):
        from_counts(doses, events, people, unit="A")


def test_a_flat_response_does_not_tell_the_dose_of_half_the_effect() -> None:
    fit = dose_response([from_counts([0, 10, 20, 40], [10, 50, 50, 50], [100] * 4, unit="A")], shape="emax")
    assert fit.ed50 is None
    assert fit.ed50_interval is not None
    assert fit.ed50_interval.lower == 0
    assert "beyond all that was looked through" in fit.warnings[0]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_line_of_shares_has_the_slope_of_the_odds_ratios_against_placebo(seed: int) -> None:
    """A law: the step from placebo to the first dose is free, so placebo tells the slope nothing."""
    rng = np.random.default_rng(seed)
    doses, people = np.array([0.0, 5.0, 10.0, 20.0, 40.0]), rng.integers(60, 200, 5)
    events = np.clip(rng.binomial(people, (0.1, 0.3, 0.4, 0.5, 0.6)), 1, people - 1)
    fit = dose_response([from_counts(doses, events, people, unit="A")])
    found = dose_shares(doses[1:], events[1:], people[1:], at=doses[1:])
    assert found.slope == pytest.approx(fit.slope, rel=1e-9)


def test_the_band_of_shares_is_that_of_a_logistic_regression_on_many_people() -> None:
    """Minimum logit chi-square and maximum likelihood, found here by Newton's steps, agree as the arms grow."""
    doses, people = np.array([10.0, 20.0, 40.0, 80.0]), np.full(4, 400_000)
    events = np.array([120_000, 161_000, 205_000, 247_000])
    found = dose_shares(doses, events, people, at=doses)
    design, beta = np.column_stack([np.ones(4), np.log(doses)]), np.zeros(2)
    for _ in range(20):
        share = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ ((people * share * (1 - share))[:, None] * design)
        beta = beta + np.linalg.solve(information, design.T @ (events - people * share))
    error = np.sqrt(np.diag(design @ np.linalg.inv(information) @ design.T))
    assert found.share == pytest.approx(share, abs=2e-5)
    assert found.upper == pytest.approx(1 / (1 + np.exp(-(design @ beta + 1.959964 * error))), abs=2e-5)


@pytest.mark.parametrize(
    ("doses", "events", "at", "said"),
    [
        ([10, 20], [5, 6], [10], "number of arms"),
        ([10, 20, 20], [5, 6, 7], [10], "number of arms"),
        ([0, 10, 20], [5, 6, 7], [10], "dose"),
        ([10, 20, 40], [5, 6, 7], [80], "within 10 to 40"),
        ([10, 20, 40], [5, 0, 7], [10], "neither nobody nor everybody"),
    ],
)
def test_a_line_of_shares_is_refused_where_none_can_be_laid(
    doses: list[int], events: list[int], at: list[int], said: str
) -> None:
    with pytest.raises(EvidenceError, match=said):
        dose_shares(doses, events, [50] * len(doses), at=at)
