"""Empirical calibration: what was planted is found again, and intervals cover the truth as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from primum.errors import CountError
from primum.signals.calibration import (
    SystematicError,
    calibrated_interval,
    calibrated_p,
    fit_error,
    fit_null,
    leave_one_out,
)

NULL = SystematicError(mean=0.3, slope=1, sd=0.25, sd_slope=0, log_likelihood=0, controls=50)


def controls(seed: int, size: int, mean: float = 0.3, sd: float = 0.25) -> tuple[np.ndarray, np.ndarray]:
    """SYNTHETIC negative controls with a systematic error."""
    rng = np.random.default_rng(seed)
    se = rng.uniform(0.05, 0.5, size)
    return rng.normal(mean, np.sqrt(sd**2 + se**2)), se


def test_the_null_is_the_highest_of_a_general_search() -> None:
    """A second way: scipy's Nelder-Mead over both numbers, with scipy's own normal density."""
    y, se = controls(1, 40)

    def depth(place: np.ndarray) -> float:
        return -stats.norm.logpdf(y, place[0], np.sqrt(place[1] ** 2 + se**2)).sum()

    other = optimize.minimize(depth, [0.0, 0.3], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    null = fit_null(y, se)
    assert null.log_likelihood == pytest.approx(-other.fun, abs=1e-9)
    assert (null.mean, null.sd) == pytest.approx((other.x[0], abs(other.x[1])), abs=1e-5)


def test_a_planted_null_is_found_again() -> None:
    null = fit_null(*controls(2, 4_000))
    assert (null.mean, null.sd) == pytest.approx((0.3, 0.25), abs=0.02)


def test_controls_without_systematic_spread_have_none() -> None:
    se = np.full(6, 0.4)
    null = fit_null([0.1, 0.12, 0.09, 0.11, 0.1, 0.08], se)
    assert null.sd == 0
    assert null.mean == pytest.approx(0.1)


def test_without_error_calibration_changes_nothing() -> None:
    nothing = SystematicError(mean=0, slope=1, sd=0, sd_slope=0, log_likelihood=0, controls=50)
    y, se = np.array([0.2, 1.0]), np.array([0.1, 0.3])
    found = calibrated_interval(y, se, error=nothing)
    np.testing.assert_allclose(np.log(found.upper), y + stats.norm.ppf(0.975) * se, rtol=1e-12)
    np.testing.assert_allclose(calibrated_p(y, se, error=nothing), 2 * stats.norm.sf(np.abs(y / se)), rtol=1e-12)


def test_calibrated_p_is_uniform_where_nothing_goes_on_and_the_plain_one_is_not() -> None:
    y, se = controls(3, 20_000)
    null = fit_null(*controls(4, 200))
    calibrated, plain = calibrated_p(y, se, error=null), 2 * stats.norm.sf(np.abs(y / se))
    assert (calibrated < 0.05).mean() == pytest.approx(0.05, abs=0.02)
    assert (plain < 0.05).mean() > 0.3
    one_sided = calibrated_p(y, se, error=null, sides=1)
    assert one_sided.mean() == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("truth", [0.0, np.log(3)])
def test_calibrated_intervals_cover_the_truth_as_often_as_the_level_says(truth: float) -> None:
    y, se = controls(5, 20_000)
    found = calibrated_interval(y + truth, se, error=NULL)
    assert ((np.log(found.lower) <= truth) & (np.log(found.upper) >= truth)).mean() == pytest.approx(0.95, abs=0.006)


def test_error_that_grows_with_the_truth_is_learned_and_taken_out() -> None:
    """SYNTHETIC: mean 0.2 + 0.8 t, spread 0.1 + 0.15 |t|."""
    rng = np.random.default_rng(6)
    truth = np.log(np.repeat([1.0, 1.5, 2.0, 4.0], 800))
    se = rng.uniform(0.05, 0.3, truth.shape)
    y = rng.normal(0.2 + 0.8 * truth, np.sqrt((0.1 + 0.15 * truth) ** 2 + se**2))
    error = fit_error(y, se, truth)
    assert (error.mean, error.slope, error.sd, error.sd_slope) == pytest.approx((0.2, 0.8, 0.1, 0.15), abs=0.03)
    found = calibrated_interval(y, se, error=error)
    for value in np.unique(truth):
        rows = truth == value
        covered = (np.log(found.lower[rows]) <= value) & (np.log(found.upper[rows]) >= value)
        assert covered.mean() == pytest.approx(0.95, abs=0.03)
    assert np.median(found.value[truth == np.log(4)]) == pytest.approx(4, rel=0.06)


def test_a_bound_solves_its_own_equation() -> None:
    error = SystematicError(mean=0.1, slope=0.9, sd=0.1, sd_slope=0.2, log_likelihood=0, controls=9)
    y, se = np.array([-0.5, 0.0, 1.2]), np.array([0.1, 0.2, 0.3])
    found = calibrated_interval(y, se, error=error)
    for bound, z in ((found.lower, 1.959964), (found.upper, -1.959964)):
        t = np.log(bound)
        gap = y - 0.1 - 0.9 * t - z * np.sqrt((0.1 + 0.2 * np.abs(t)) ** 2 + se**2)
        np.testing.assert_allclose(gap, 0, atol=1e-6)


def test_a_spread_that_outgrows_the_estimate_leaves_no_finite_bound() -> None:
    error = SystematicError(mean=0.0, slope=0.5, sd=0.1, sd_slope=0.4, log_likelihood=0, controls=9)
    found = calibrated_interval([0.5], [0.1], error=error)
    assert (found.lower[0], found.upper[0]) == (0, np.inf)


def test_left_out_controls_are_covered_as_the_level_says_once_calibrated() -> None:
    plot = leave_one_out(*controls(7, 300))
    assert np.abs(plot.calibrated - plot.level).max() < 0.08
    assert (plot.nominal < plot.level).all()
    assert plot.nominal[-1] < 0.8


def test_missing_estimates_are_left_out_of_the_null_and_empty_with_a_reason_in_the_interval() -> None:
    y, se = controls(8, 30)
    holed = np.concatenate([y, [np.nan, np.inf]])
    assert fit_null(holed, np.concatenate([se, [0.1, 0.1]])) == fit_null(y, se)
    found = calibrated_interval([np.nan, 0.3], [0.1, 0.1], error=NULL)
    assert found.reason.tolist() == ["the estimate or its standard error is missing", ""]
    assert np.isnan(calibrated_p([np.nan], [0.1], error=NULL)[0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fit_null([0.1] * 4, [0.1] * 4), "4 controls have an estimate; expected at least 5"),
        (lambda: fit_null([0.1] * 5, [0.0] * 5), "standard errors above 0"),
        (lambda: fit_null([0.1] * 5, [0.1] * 4), r"se has shape \(4,\)"),
        (lambda: leave_one_out([0.1] * 5, [0.1] * 5), "at least 6"),
        (lambda: fit_error([0.1] * 5, [0.1] * 5, [0] * 5), "Use fit_null"),
        (lambda: fit_error([0.1] * 5, [0.1] * 5, [0] * 4), r"truth has shape \(4,\)"),
        (lambda: calibrated_p([0.1], [0.1], error=NULL, sides=3), "sides is 3"),
        (
            lambda: calibrated_interval(
                [0.1], [0.1], error=SystematicError(mean=0, slope=-1, sd=0, sd_slope=0, log_likelihood=0, controls=9)
            ),
            "does not follow the truth",
        ),
    ],
)
def test_what_cannot_be_calibrated_is_told_in_one_line(call: object, words: str) -> None:
    with pytest.raises(CountError, match=words):
        call()  # type: ignore[operator]
