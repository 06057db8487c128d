"""Which share of people responds at which day? A falling effect amount against thresholds that differ between people.

The effect amount of a dose D is A(t) = D * onset(t) * exp(-k t): for each person 0 before the effect sets in, then
D exp(-k t). A person responds while A exceeds a threshold of his own, log-normal with median theta and log-spread
sigma. That makes the share a probit in ln D and t:

    z(t) = (ln D - k t - ln theta) / sigma = intercept + ln_dose_slope ln D + day_slope t            (Eq. 1)
    share(t) = F(t) (c(t) + (1 - c(t)) Phi(z(t)))                                                    (Eq. 2)
    c(t) = 1 / (1 + exp(-(placebo_intercept + placebo_day_slope t)))      share that responds without the drug  (Eq. 3)
    F(t) = 1 - exp(-onset_per_day (t - lag))  for t > lag, else 0         share in whom the effect has set in   (Eq. 4)

with sigma = 1 / ln_dose_slope, k = -day_slope / ln_dose_slope, ln theta = -intercept / ln_dose_slope.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from primum.errors import ModelError
from primum.mechanism.normal import normal_cdf
from primum.terms import FloatArray

# The order in which parameters stand in an array; the last axis of `parameters` below.
PARAMETERS: Final = (
    "intercept",
    "ln_dose_slope",
    "day_slope",
    "placebo_intercept",
    "placebo_day_slope",
    "onset_per_day",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """One set of parameters of the model of a product on an endpoint.

    Args:
        intercept: see Eq. 1; no unit.
        ln_dose_slope: probits per unit of ln dose, above 0.
        day_slope: probits per day, below 0.
        placebo_intercept: see Eq. 3; log odds.
        placebo_day_slope: log odds per day.
        onset_per_day: rate at which the effect sets in, per day, above 0.
        lag_days: days before the effect can set in, at least 0.

    Raises:
        ModelError: a sign is wrong; such parameters describe no threshold on a falling amount.

    Examples:
        >>> core = Core(intercept=0.5, ln_dose_slope=0.5, day_slope=-0.0125, placebo_intercept=-2,
        ...             placebo_day_slope=0, onset_per_day=0.35, lag_days=0.07)
        >>> core.sigma, core.k_per_day, round(core.half_life_days, 1)
        (2.0, 0.025, 27.7)
    """

    intercept: float
    ln_dose_slope: float
    day_slope: float
    placebo_intercept: float
    placebo_day_slope: float
    onset_per_day: float
    lag_days: float

    def __post_init__(self) -> None:
        if not (self.ln_dose_slope > 0 and self.day_slope < 0 and self.onset_per_day > 0 and self.lag_days >= 0):
            raise ModelError.of(
                f"slopes {self.ln_dose_slope:g} per ln dose and {self.day_slope:g} per day",
                "a share that rises with the dose and falls with time",
            )

    @classmethod
    def of(cls, parameters: FloatArray, *, lag_days: float) -> Core:
        """From an array in the order of `PARAMETERS`."""
        named = {name: float(value) for name, value in zip(PARAMETERS, parameters, strict=True)}
        return cls(**named, lag_days=lag_days)

    @property
    def sigma(self) -> float:
        """Spread of the natural logarithm of the threshold between people."""
        return 1 / self.ln_dose_slope

    @property
    def k_per_day(self) -> float:
        """Rate at which the effect amount falls, per day."""
        return -self.day_slope / self.ln_dose_slope

    @property
    def threshold_units(self) -> float:
        """Threshold of the median person, theta, in units of the product."""
        return math.exp(-self.intercept / self.ln_dose_slope)

    @property
    def half_life_days(self) -> float:
        """Days in which the effect amount halves, ln 2 / k: also how much longer twice the dose lasts."""
        return math.log(2) / self.k_per_day

    def as_array(self) -> FloatArray:
        """The parameters in the order of `PARAMETERS`, without the lag."""
        return np.array([getattr(self, name) for name in PARAMETERS])


def check_dose(dose_units: float) -> float:
    """The dose itself, if it is one.

    Raises:
        ModelError: the dose is not a positive number.
    """
    if not 0 < dose_units < math.inf:
        raise ModelError.of(f"a dose of {dose_units:g} units", "a positive number of units of the product")
    return dose_units


def check_days(days: ArrayLike) -> FloatArray:
    """Days since the injection as an array.

    Raises:
        ModelError: there is none, or one is negative or not a number.
    """
    array = np.atleast_1d(np.asarray(days, dtype=np.float64))
    if not array.size or array.ndim != 1 or not np.all((array >= 0) & np.isfinite(array)):
        raise ModelError.of(f"days {np.asarray(days).tolist()}", "days since the injection, each at least 0")
    return array


def probit(parameters: FloatArray, dose_units: float, days: FloatArray) -> FloatArray:
    """How far the effect amount stands above the median threshold, in spreads; Eq. 1.

    Args:
        parameters: shape `(..., 6)`, last axis as `PARAMETERS`.
        dose_units: one dose, above 0.
        days: shape `(days,)`.

    Returns:
        Shape `(..., days)`.
    """
    intercept, dose_slope, day_slope = (parameters[..., i, None] for i in range(3))
    return np.asarray(intercept + dose_slope * math.log(dose_units) + day_slope * days)


def share_without_drug(parameters: FloatArray, days: FloatArray) -> FloatArray:
    """Share that responds without the drug once a response can set in; Eq. 3. Shape `(..., days)`."""
    log_odds = parameters[..., 3, None] + parameters[..., 4, None] * days
    return np.asarray(0.5 * (1 + np.tanh(0.5 * log_odds)))  # the logistic function, without overflow


def share_set_in(parameters: FloatArray, days: FloatArray, *, lag_days: float) -> FloatArray:
    """Share of people in whom the effect has set in; Eq. 4. Shape `(..., days)`."""
    return np.asarray(-np.expm1(-parameters[..., 5, None] * np.maximum(days - lag_days, 0.0)))


def share_responding(parameters: FloatArray, dose_units: float, days: ArrayLike, *, lag_days: float) -> FloatArray:
    """Which share responds, with the drug or without; Eq. 2.

    Args:
        parameters: shape `(..., 6)`, last axis as `PARAMETERS`; one row a draw.
        dose_units: dose in units of the product; 0 is placebo.
        days: days since the injection, each at least 0; shape `(days,)` or a number.
        lag_days: days before anything can set in.

    Returns:
        Shares in [0, 1]; shape `(..., days)`.

    Raises:
        ModelError: the dose is negative or a day is.

    Examples:
        >>> core = np.array([0.5, 0.5, -0.0125, -2, 0, 0.35])
        >>> share_responding(core, 100.0, [28, 168], lag_days=0.07).round(3).tolist()
        [0.994, 0.788]
    """
    at = check_days(days)
    drug = normal_cdf(probit(parameters, check_dose(dose_units), at)) if dose_units else np.zeros_like(at)
    placebo = share_without_drug(parameters, at)
    return np.asarray(share_set_in(parameters, at, lag_days=lag_days) * (placebo + (1 - placebo) * drug))  # Eq. 2


def check_injections(injections: ArrayLike) -> FloatArray:
    """Days of the injections as an array, the first on day 0.

    Raises:
        ModelError: the first is not on day 0, or they do not follow each other.
    """
    days = np.atleast_1d(np.asarray(injections, dtype=np.float64))
    if days.ndim != 1 or not days.size or days[0] != 0 or not np.all(np.diff(days) > 0) or not np.isfinite(days[-1]):
        raise ModelError.of(f"injections on days {days.tolist()}", "day 0 first, then later and later days")
    return days


def repeated(dose_units: float, interval_days: float, last_day: float) -> FloatArray:
    """Days of injections given every so many days until a last day; the dose is checked too.

    Raises:
        ModelError: the interval is not a positive number of days.

    Examples:
        >>> repeated(20, 84, 252).tolist()
        [0.0, 84.0, 168.0, 252.0]
    """
    check_dose(dose_units)
    if not 0 < interval_days < math.inf:
        raise ModelError.of(f"an interval of {interval_days:g} days", "a positive number of days or weeks, such as 12w")
    return np.arange(0.0, last_day + 1e-9, interval_days)


def probits_repeated(parameters: FloatArray, dose_units: float, days: FloatArray, injections: FloatArray) -> FloatArray:
    r"""Eq. 1 with the amounts of the first m injections added up, for each m.

    $z_m(t) = b_0 + b_1 \ln \sum_{i \le m} D\, e^{-k (t - t_i)}$ with $k = -b_2 / b_1$; an injection yet to come adds
    nothing.

    Returns:
        Shape `(injections, ..., days)`; minus infinity before the first injection.
    """
    fall = (-parameters[..., 2] / parameters[..., 1])[..., None]
    found = []
    log_amount = np.full((*parameters.shape[:-1], days.size), -np.inf)
    for day in injections:
        since = days - day
        added = np.where(since >= 0, math.log(dose_units) - fall * np.maximum(since, 0.0), -np.inf)
        log_amount = np.logaddexp(log_amount, added)
        found.append(parameters[..., 0, None] + parameters[..., 1, None] * log_amount)
    return np.stack(found)


def shares_set_in(parameters: FloatArray, days: FloatArray, injections: FloatArray, *, lag_days: float) -> FloatArray:
    """Share of people in whom injection m is the last that has set in; each person has one delay for all of them.

    Returns:
        Shape `(injections, ..., days)`; the rest, up to 1, are people in whom none has set in.
    """
    begun = np.stack([share_set_in(parameters, days - day, lag_days=lag_days) for day in injections])
    return np.asarray(begun - np.concatenate([begun[1:], np.zeros_like(begun[:1])]))


def share_repeated(
    parameters: FloatArray, dose_units: float, days: ArrayLike, injections: ArrayLike, *, lag_days: float
) -> FloatArray:
    """Which share responds when the same dose is injected several times? Eq. 2 with amounts that add up.

    Args:
        parameters: shape `(..., 6)`, as in `share_responding`.
        dose_units: dose of each injection, above 0.
        days: days since the first injection; shape `(days,)` or a number.
        injections: days of the injections, 0 first.
        lag_days: days before anything can set in.

    Returns:
        Shares in [0, 1]; shape `(..., days)`. With one injection those of `share_responding`.

    Raises:
        ModelError: the dose, a day or the injections are no legal numbers.

    Examples:
        >>> core = np.array([0.5, 0.5, -0.0125, -2, 0, 0.35])
        >>> share_repeated(core, 100.0, [168, 252], [0, 84, 168], lag_days=0.07).round(3).tolist()
        [0.969, 0.97]
    """
    at, times = check_days(days), check_injections(injections)
    placebo = share_without_drug(parameters, at)
    drug = normal_cdf(probits_repeated(parameters, check_dose(dose_units), at, times))
    weight = shares_set_in(parameters, at, times, lag_days=lag_days)
    return np.asarray(np.sum(weight * (placebo + (1 - placebo) * drug), axis=0))


def day_effect_ends(parameters: FloatArray, dose_units: float, *, quantile: float = 0.5) -> FloatArray:
    r"""By which day has the effect of the drug ended in a share of the people?

    Eq. 1 solved for the day: $t_q = (\ln D - \ln\theta + \sigma\, \Phi^{-1}(q)) / k$; with q = 0.5 the day on which the
    amount falls below the median threshold. How far the quartiles lie apart is the spread between people.

    Args:
        parameters: shape `(..., 6)`, last axis as `PARAMETERS`, day slope below 0.
        dose_units: dose in units of the product, above 0.
        quantile: share of the people, in (0, 1).

    Returns:
        Days since the injection; shape `(...)`. At or below 0 where the dose never reaches so many people.

    Raises:
        ModelError: the dose or the quantile is no legal number.

    Examples:
        >>> core = np.array([0.5, 0.5, -0.0125, -2, 0, 0.35])
        >>> round(float(day_effect_ends(core, 100) - day_effect_ends(core, 50)), 1)  # ln 2 / k = one half-life
        27.7
    """
    if not 0 < quantile < 1:
        raise ModelError.of(f"a quantile of {quantile:g}", "a share between 0 and 1, such as 0.5")
    at_injection = parameters[..., 0] + parameters[..., 1] * math.log(check_dose(dose_units))
    return np.asarray((at_injection + NormalDist().inv_cdf(quantile)) / -parameters[..., 2])
