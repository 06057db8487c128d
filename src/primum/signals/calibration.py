"""How wrong is a method on pairs whose truth is known, and what is left of a result once that is allowed for?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.errors import CountError
from primum.provenance import Method
from primum.signals.estimate import Estimate, checked_level, code_of
from primum.terms import BoolArray, FloatArray

METHOD: Final = Method(
    id="calibration",
    label="Empirical calibration: systematic error learned from controls, calibrated p-value and interval",
    formula="log estimate ~ Normal(a + b t, (c + d |t|)^2 + se^2), t the true log ratio; from negative controls b = 1, "
    "d = 0",
    citation="Schuemie and others 2014, Stat Med 33(2):209-218, doi:10.1002/sim.5925; Schuemie and others 2018, "
    "PNAS 115(11):2571-2577, doi:10.1073/pnas.1708282114",
)
FEWEST_CONTROLS: Final = 5
LEVELS: Final = tuple(round(0.05 * i, 2) for i in range(1, 20))

_REASONS: Final = ("", "the estimate or its standard error is missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystematicError:
    """What a method adds to the truth, on the log scale: Normal(mean, sd) for a true log ratio t.

    Args:
        mean: mean at t = 0.
        slope: by how much the estimate grows with t; 1 where it was not learned.
        sd: standard deviation at t = 0, at least 0.
        sd_slope: by how much it grows with |t|, at least 0.
        log_likelihood: of the controls at the fit.
        controls: how many it was learned from.
    """

    mean: float
    slope: float
    sd: float
    sd_slope: float
    log_likelihood: float
    controls: int


def fit_null(log_ratio: ArrayLike, se: ArrayLike) -> SystematicError:
    r"""Learn the systematic error from negative controls.

    Their true ratio is 1, so $y_i \sim N(\mu, \sigma^2 + s_i^2)$; $\mu$ and $\sigma$ have the highest likelihood.

    Args:
        log_ratio: natural logarithm of the estimate of each negative control; shape `(controls,)`. Not a number where
            there is none: such a control is left out.
        se: standard error of each; same shape, above 0.

    Raises:
        CountError: fewer than five controls with an estimate, or a standard error that is not above 0.

    Numerics:
        sigma = 0 is a legal answer. For each sigma the best mean is the weighted mean, so one number is searched for.

    Source:
        Schuemie and others 2014, Stat Med 33(2):209-218, doi:10.1002/sim.5925.

    Examples:
        >>> null = fit_null([0.3, 0.1, 0.5, 0.4, -0.1, 0.2], [0.1, 0.2, 0.1, 0.3, 0.2, 0.1])
        >>> round(null.mean, 3), round(null.sd, 3)
        (0.267, 0.11)
    """
    from scipy import optimize

    y, s, kept = _checked(log_ratio, se)
    y, s = _enough(y[kept], s[kept])

    def mean_at(sd: float) -> float:
        weight = 1 / (sd**2 + s**2)
        return float((weight * y).sum() / weight.sum())

    def height(sd: float) -> float:
        return _log_likelihood(y, s, mean_at(sd), sd)

    grid = np.linspace(0.0, float(np.ptp(y)), 101).tolist()
    best = max(range(101), key=lambda i: height(grid[i]))
    around = (grid[max(best - 1, 0)], grid[min(best + 1, 100)])
    found = optimize.minimize_scalar(lambda sd: -height(sd), bounds=around, method="bounded", options={"xatol": 1e-10})
    sd = max((0.0, float(found.x)), key=height)
    return SystematicError(mean=mean_at(sd), slope=1.0, sd=sd, sd_slope=0.0, log_likelihood=height(sd), controls=len(y))


def fit_error(log_ratio: ArrayLike, se: ArrayLike, truth: ArrayLike) -> SystematicError:
    r"""Learn the systematic error from negative and positive controls.

    $y_i \sim N(a + b t_i, (c + d |t_i|)^2 + s_i^2)$ with $t_i$ the true log ratio.

    Args:
        log_ratio: natural logarithm of the estimate of each control; shape `(controls,)`; not a number: left out.
        se: standard error of each; same shape, above 0.
        truth: true log ratio of each, 0 for negative controls; same shape.

    Raises:
        CountError: fewer than five controls with an estimate, or only one true ratio among them (then `fit_null`).

    Source:
        Schuemie and others 2018, PNAS 115(11):2571-2577, doi:10.1073/pnas.1708282114.

    Examples:
        >>> t = np.log([1, 1, 1, 2, 2, 2, 4, 4, 4])
        >>> error = fit_error(0.1 + 0.8 * t, np.full(9, 0.1), t)
        >>> round(error.mean, 4), round(error.slope, 4), error.sd
        (0.1, 0.8, 0.0)
    """
    from scipy import optimize

    y, s, kept = _checked(log_ratio, se)
    t = np.asarray(truth, dtype=np.float64)
    if t.shape != kept.shape or not np.isfinite(t).all():
        raise CountError(f"truth has shape {t.shape}; expected a finite true log ratio for each of {kept.shape}.")
    t = t[kept]
    y, s = _enough(y[kept], s[kept])
    if len(np.unique(t)) < 2:
        raise CountError("All controls have the same true ratio; expected at least two. Use fit_null.")

    def depth(place: FloatArray) -> float:
        a, b, c, d = place.tolist()
        return -_log_likelihood(y, s, a + b * t, c + d * np.abs(t))

    bounds = [(None, None), (None, None), (0, None), (0, None)]
    starts = [(0.0, 1.0, spread, slope) for spread in (0.02, 0.5) for slope in (0.01, 0.3)]
    tried = [optimize.minimize(depth, start, method="L-BFGS-B", bounds=bounds) for start in starts]
    best = min(tried, key=lambda one: float(one.fun))
    a, b, c, d = best.x.tolist()
    return SystematicError(mean=a, slope=b, sd=c, sd_slope=d, log_likelihood=-float(best.fun), controls=len(y))


def calibrated_p(log_ratio: ArrayLike, se: ArrayLike, *, error: SystematicError, sides: int = 2) -> FloatArray:
    r"""p-value of no effect, with the systematic error allowed for.

    $z = (y - \mu) / \sqrt{\sigma^2 + s^2}$ under the null $N(\mu, \sigma^2)$.

    Args:
        log_ratio: natural logarithm of each estimate; shape `(pairs,)`; not a number gives no p.
        se: standard error of each; same shape, above 0.
        error: as learned from controls.
        sides: 2, or 1 for more than no effect.

    Returns:
        p of each pair; not a number where the estimate is.

    Raises:
        CountError: shapes differ, a standard error is not above 0, or `sides` is neither 1 nor 2.

    Examples:
        >>> null = SystematicError(mean=0.3, slope=1, sd=0.2, sd_slope=0, log_likelihood=0, controls=50)
        >>> calibrated_p([0.3, 1.2], [0.1, 0.1], error=null).round(4).tolist()
        [1.0, 0.0001]
    """
    if sides not in (1, 2):
        raise CountError(f"sides is {sides}; expected 1 (more than no effect) or 2.")
    y, s, _ = _checked(log_ratio, se)
    z = (y - error.mean) / np.sqrt(error.sd**2 + s**2)
    return np.asarray(special.ndtr(-z) if sides == 1 else 2 * special.ndtr(-np.abs(z)))


def calibrated_interval(
    log_ratio: ArrayLike, se: ArrayLike, *, error: SystematicError, level: float = 0.95
) -> Estimate:
    r"""Ratio and interval with the systematic error taken out.

    A bound is the true log ratio t at which $y = a + b t \pm z \sqrt{(c + d |t|)^2 + s^2}$.

    Args:
        log_ratio: natural logarithm of each estimate; shape `(pairs,)`; not a number gives an empty row with a reason.
        se: standard error of each; same shape, above 0.
        error: as learned from controls; its slope must be above 0.
        level: of the interval, in (0, 1).

    Returns:
        Ratio and bounds, unit ratio.

    Raises:
        CountError: shapes differ, a standard error is not above 0, or the error's slope is not above 0.

    Numerics:
        Simulated intervals cover the truth as often as the level says (tested). Where `sd_slope` is so large that the
        spread grows faster than the estimate, there is no finite bound: it is infinite or 0, honestly.

    Source:
        Schuemie and others 2018, PNAS 115(11):2571-2577, doi:10.1073/pnas.1708282114.

    Examples:
        >>> null = SystematicError(mean=0.3, slope=1, sd=0.2, sd_slope=0, log_likelihood=0, controls=50)
        >>> found = calibrated_interval([1.2], [0.1], error=null)
        >>> found.lower.round(2).tolist(), found.value.round(2).tolist(), found.upper.round(2).tolist()
        ([1.59], [2.46], [3.81])
    """
    z = math.sqrt(2) * float(special.erfinv(checked_level(level)))
    y, s, kept = _checked(log_ratio, se)
    if not error.slope > 0:
        raise CountError(
            f"The systematic error has slope {error.slope:g}; expected one above 0. The controls say that "
            "the method does not follow the truth."
        )
    lower, upper = np.full(y.shape, np.nan), np.full(y.shape, np.nan)
    lower[kept] = _bound(y[kept], s[kept], error, -z)
    upper[kept] = _bound(y[kept], s[kept], error, z)
    value = (y - error.mean) / error.slope
    with np.errstate(over="ignore"):
        columns = {"lower": np.exp(lower), "value": np.exp(value), "upper": np.exp(upper)}
    return Estimate(**columns, level=level, reason_code=code_of(y.shape, ~kept), reasons=_REASONS)


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """How often intervals hold the truth of the controls, each judged by an error learned without it.

    Args:
        level: levels of the intervals; shape `(levels,)`.
        nominal: share of controls whose uncalibrated interval holds the truth.
        calibrated: the same for calibrated intervals.
    """

    level: FloatArray
    nominal: FloatArray
    calibrated: FloatArray


def leave_one_out(log_ratio: ArrayLike, se: ArrayLike, *, levels: ArrayLike = LEVELS) -> Coverage:
    """Data of the calibration plot: coverage of negative controls before and after, leaving each out in turn.

    Args:
        log_ratio: natural logarithm of the estimate of each negative control; not a number: left out.
        se: standard error of each; same shape, above 0.
        levels: levels at which coverage is told, each in (0, 1).

    Raises:
        CountError: fewer than six controls with an estimate.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> se = np.full(60, 0.1)
        >>> plot = leave_one_out(rng.normal(0.4, 0.3, 60), se, levels=[0.95])
        >>> plot.nominal.round(2).tolist(), plot.calibrated.round(2).tolist()
        ([0.2], [0.93])
    """
    y, s, kept = _checked(log_ratio, se)
    y, s = _enough(y[kept], s[kept], FEWEST_CONTROLS + 1)
    wanted = np.array([checked_level(level) for level in np.atleast_1d(np.asarray(levels)).tolist()])
    others = [fit_null(np.delete(y, i), np.delete(s, i)) for i in range(len(y))]
    mean, sd = np.array([one.mean for one in others]), np.array([one.sd for one in others])
    needed = [np.abs(gap) for gap in (y / s, (y - mean) / np.sqrt(sd**2 + s**2))]
    reach = special.ndtri(0.5 + wanted / 2)[:, None]
    return Coverage(wanted, *((gap[None, :] <= reach).mean(axis=1) for gap in needed))


def _checked(log_ratio: ArrayLike, se: ArrayLike) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Both as floats, not a number in both where one is missing, and which are there."""
    y, s = np.atleast_1d(np.asarray(log_ratio, np.float64)), np.atleast_1d(np.asarray(se, np.float64))
    if y.shape != s.shape:
        raise CountError(f"se has shape {s.shape}; expected that of log_ratio, {y.shape}.")
    kept = np.isfinite(y) & np.isfinite(s)
    if np.any(s[kept] <= 0):
        raise CountError(f"se holds {s[kept].min():g}; expected standard errors above 0.")
    return np.where(kept, y, np.nan), np.where(kept, s, np.nan), kept


def _enough(y: FloatArray, s: FloatArray, least: int = FEWEST_CONTROLS) -> tuple[FloatArray, FloatArray]:
    if len(y) < least:
        raise CountError(f"{len(y)} controls have an estimate; expected at least {least} to learn an error from.")
    return y, s


def _log_likelihood(y: FloatArray, s: FloatArray, mean: FloatArray | float, sd: FloatArray | float) -> float:
    variance = sd**2 + s**2
    return float(-0.5 * (np.log(2 * np.pi * variance) + (y - mean) ** 2 / variance).sum())


def _bound(y: FloatArray, s: FloatArray, error: SystematicError, z: float) -> FloatArray:
    """The true log ratio whose distribution has the estimate at its z-th standard deviation below or above.

    Without a spread that grows, in closed form; else by halving, because the left side below rises with t wherever a
    finite bound exists.
    """
    if error.sd_slope == 0:
        return np.asarray((y - error.mean + z * np.sqrt(error.sd**2 + s**2)) / error.slope)

    def short(t: FloatArray) -> FloatArray:
        return np.asarray(
            error.mean + error.slope * t - z * np.sqrt((error.sd + error.sd_slope * np.abs(t)) ** 2 + s**2) - y
        )

    if error.slope <= abs(z) * error.sd_slope:
        return np.full(y.shape, np.copysign(np.inf, z))
    low, high = np.full(y.shape, -1e3), np.full(y.shape, 1e3)
    for _ in range(80):
        middle = (low + high) / 2
        above = short(middle) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.asarray((low + high) / 2)
