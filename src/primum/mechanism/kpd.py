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
from primum.terms import BoolArray, FloatArray

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class People:
    """Virtual people of one dose: when the effect sets in and when it ends, in each.

    They are draws from the model, SYNTHETIC, and nobody's record.

    Args:
        onset_day: day on which the effect sets in; shape `(people,)`.
        end_day: day on which the effect amount falls below the person's threshold; before `onset_day` in those whom
            the dose never reaches; shape `(people,)`.
        placebo_rank: the person responds without the drug while the share of Eq. 3 exceeds this; shape `(people,)`.
        core: the parameters they were drawn from.
    """

    onset_day: FloatArray
    end_day: FloatArray
    placebo_rank: FloatArray
    core: Core

    def responding(self, days: ArrayLike) -> BoolArray:
        """Who responds on which day; shape `(people, days)`."""
        at = check_days(days)
        by_drug = at < self.end_day[:, None]
        by_itself = self.placebo_rank[:, None] < share_without_drug(self.core.as_array(), at)
        return np.asarray((at >= self.onset_day[:, None]) & (by_drug | by_itself))


def draw_people(core: Core, dose_units: float, *, people: int, rng: np.random.Generator) -> People:
    """Draw people who differ in threshold, in onset and in what they would do without the drug.

    Args:
        core: the model.
        dose_units: dose in units of the product, above 0.
        people: how many, at least 1.
        rng: where chance comes from.

    Returns:
        The people; the share of them that responds tends to `share_responding`.

    Raises:
        ModelError: the dose or the number of people is not positive.

    Numerics:
        The three differences are drawn independently of each other: assumed, no source measures them together.

    Examples:
        >>> core = Core(intercept=0.5, ln_dose_slope=0.5, day_slope=-0.0125, placebo_intercept=-2,
        ...             placebo_day_slope=0, onset_per_day=0.35, lag_days=0.07)
        >>> drawn = draw_people(core, 100.0, people=10_000, rng=np.random.default_rng(1))
        >>> bool(abs(drawn.responding([168]).mean() - 0.788) < 0.02)
        True
    """
    if people < 1:
        raise ModelError.of(f"{people} people", "at least 1")
    dose = check_dose(dose_units)
    threshold = rng.standard_normal(people)  # ln threshold, in spreads from the median
    at_injection = core.intercept + core.ln_dose_slope * math.log(dose)
    return People(
        onset_day=core.lag_days + rng.exponential(1 / core.onset_per_day, people),
        end_day=(threshold - at_injection) / core.day_slope,  # Eq. 1 solved for z(t) = threshold
        placebo_rank=rng.random(people),
        core=core,
    )
