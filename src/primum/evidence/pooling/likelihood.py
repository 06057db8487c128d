"""Where is a likelihood greatest, how sure is that, and which values of one parameter does it not contradict?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from primum.evidence.pooling.pooled import Diagnostic
from primum.terms import FloatArray, Interval

LogLikelihood = Callable[[FloatArray], tuple[float, FloatArray]]
"""Log-likelihood and its gradient at a parameter vector."""

Bound = tuple[float | None, float | None]
_STEP: Final = 1e-4
_GAIN_LIMIT: Final = 1e-6  # log-likelihood that a further step would gain; it moves no interval in its printed digits
_NOTHING: Final = 1e-8  # likelihood that does not count
_LOOSE: Final = 1e-4  # slope at which a profile step stops; the height is then right to about its square
_FAR: Final = 40.0  # standard errors at which a profile is taken as open


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A greatest point of a likelihood.

    Args:
        x: parameters; the first one is the effect.
        log_likelihood: its value there.
        se: standard error of the effect from the observed information of all parameters not on a bound.
        at_bound: which parameters lie on a bound.
        diagnostics: curvature, what a further step would gain, agreement of the starts.
    """

    x: FloatArray
    log_likelihood: float
    se: float
    at_bound: tuple[bool, ...]
    diagnostics: tuple[Diagnostic, ...]


def fit(log_likelihood: LogLikelihood, starts: Sequence[Sequence[float]], bounds: Sequence[Bound]) -> Fit:
    """Greatest point from several starts, polished by Newton steps, with its certificate.

    Args:
        log_likelihood: value and gradient.
        starts: parameter vectors to start from.
        bounds: lower and upper bound of each parameter, None for none; a standard deviation is bounded by 0.

    Returns:
        The best of the starts. A parameter that ends on its bound is set exactly there and held for the standard error.
    """
    ends = [_climb(log_likelihood, np.asarray(start, dtype=np.float64), bounds) for start in starts]
    best = max(ends, key=lambda end: end[1])[0]
    best, at_bound = _settle(log_likelihood, best, bounds)
    free = ~np.asarray(at_bound)
    best = _newton(log_likelihood, best, free)
    value, gradient = log_likelihood(best)
    information = -_hessian(log_likelihood, best, free)
    flat = int(np.sum(np.linalg.eigvalsh(information) <= 0))
    se, gain = math.nan, math.nan
    if not flat:
        covariance = np.linalg.inv(information)
        se = math.sqrt(float(covariance[0, 0]))
        gain = float(gradient[free] @ covariance @ gradient[free]) / 2
    agree = sum(end[1] > value - 1e-5 for end in ends)
    return Fit(
        x=best,
        log_likelihood=value,
        se=se,
        at_bound=at_bound,
        diagnostics=(
            Diagnostic("directions without curvature", float(flat), 0.0),
            Diagnostic("log-likelihood a further step would gain", gain, _GAIN_LIMIT),
            Diagnostic("starts that ended elsewhere", float(len(ends) - agree)),
        ),
    )


def profile_interval(
    log_likelihood: LogLikelihood, found: Fit, bounds: Sequence[Bound], *, index: int = 0, level: float = 0.95
) -> Interval | None:
    r"""Values of one parameter whose profile likelihood lies within $\chi^2_{1, level}/2$ of the maximum.

    Args:
        log_likelihood: value and gradient.
        found: the fit.
        bounds: as for the fit.
        index: which parameter; 0 is the effect.
        level: of the interval, in (0, 1).

    Returns:
        The interval; an end is infinite where the profile never falls far enough. None when a profile step failed.

    Source:
        Venzon & Moolgavkar, Appl Stat 37:87-94 (1988), doi:10.2307/2347496.
    """
    drop = float(special.gammaincinv(0.5, level))  # half the chi-square quantile on one degree of freedom
    others = [i for i in range(len(bounds)) if i != index]
    inner_bounds = [bounds[i] for i in others]
    centre = float(found.x[index])
    start = _lifted(found.x[others], inner_bounds)

    def shortfall(value: float) -> float:
        def inner(x: FloatArray) -> tuple[float, FloatArray]:
            whole = np.insert(x, index, value)
            height, gradient = log_likelihood(whole)
            return height, np.delete(gradient, index)

        if not others:
            return found.log_likelihood - log_likelihood(np.array([value]))[0] - drop
        height = _climb(inner, start, inner_bounds, slope=_LOOSE)[1]
        return found.log_likelihood - height - drop

    reach = found.se if index == 0 and math.isfinite(found.se) else max(0.2, 0.5 * abs(centre))
    lower = _end(shortfall, centre, -reach, bounds[index][0])
    upper = _end(shortfall, centre, reach, bounds[index][1])
    return Interval(lower, upper, level) if lower <= centre <= upper else None


def likelihood_ratio_p(log_likelihood: LogLikelihood, found: Fit, bounds: Sequence[Bound]) -> float:
    """P-value of the effect being 0, by the likelihood ratio on one degree of freedom."""

    def without(x: FloatArray) -> tuple[float, FloatArray]:
        height, gradient = log_likelihood(np.insert(x, 0, 0.0))
        return height, gradient[1:]

    if len(bounds) == 1:
        height = log_likelihood(np.zeros(1))[0]
    else:
        height = _climb(without, _lifted(found.x[1:], bounds[1:]), bounds[1:], slope=_LOOSE)[1]
    return float(special.gammaincc(0.5, max(found.log_likelihood - height, 0.0)))


def _lifted(x: FloatArray, bounds: Sequence[Bound]) -> FloatArray:
    """A start off the bounds at 0: a standard deviation started there stays, because the likelihood is even in it."""
    return np.array([max(value, 0.1) if bound[0] == 0 else value for value, bound in zip(x, bounds, strict=True)])


def _climb(
    log_likelihood: LogLikelihood, start: FloatArray, bounds: Sequence[Bound], *, slope: float = 1e-6
) -> tuple[FloatArray, float]:
    from scipy import optimize  # half a second to import, and the closed forms do not need it

    def falling(x: FloatArray) -> tuple[float, FloatArray]:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value, gradient = log_likelihood(x)
        if not (math.isfinite(value) and np.all(np.isfinite(gradient))):  # a step too far; the line search turns back
            return 1e100, np.zeros_like(x)
        return -value, -gradient

    answer = optimize.minimize(
        falling, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-14, "gtol": slope}
    )
    return answer.x, -float(answer.fun)


def _settle(
    log_likelihood: LogLikelihood, x: FloatArray, bounds: Sequence[Bound]
) -> tuple[FloatArray, tuple[bool, ...]]:
    """Put parameters exactly on their bound where that costs no likelihood."""
    on = []
    for i, (low, high) in enumerate(bounds):
        on.append(False)
        for bound in (low, high):
            if bound is None or on[i]:
                continue
            moved = x.copy()
            moved[i] = bound
            if log_likelihood(moved)[0] >= log_likelihood(x)[0] - _NOTHING:
                x, on[i] = moved, True
    return x, tuple(on)


def _newton(log_likelihood: LogLikelihood, x: FloatArray, free: np.ndarray) -> FloatArray:
    for _ in range(5):
        value, gradient = log_likelihood(x)
        information = -_hessian(log_likelihood, x, free)
        if np.any(np.linalg.eigvalsh(information) <= 0):
            return x
        moved = x.copy()
        moved[free] += np.linalg.solve(information, gradient[free])
        if not log_likelihood(moved)[0] > value:
            return x
        x = moved
    return x


def _hessian(log_likelihood: LogLikelihood, x: FloatArray, free: np.ndarray) -> FloatArray:
    """Central differences of the gradient over the free parameters."""
    where = np.nonzero(free)[0]
    rows = []
    for i in where:
        size = _STEP * max(1.0, abs(x[i]))
        while True:
            step = np.zeros_like(x)
            step[i] = size
            difference = log_likelihood(x + step)[1] - log_likelihood(x - step)[1]
            if abs(difference[i]) * size < 0.02 or size < 1e-9:  # a step of at most a tenth of a standard error
                break
            size /= 8
        rows.append(difference[where] / (2 * size))
    hessian = np.array(rows)
    symmetric: FloatArray = (hessian + hessian.T) / 2
    return symmetric


def _end(shortfall: Callable[[float], float], centre: float, reach: float, bound: float | None) -> float:
    """Where the shortfall passes 0 on one side of the maximum; the bound, or infinity, where it never does."""
    from scipy import optimize

    inside, distance = centre, 1.5 * reach
    while True:
        outside = centre + distance
        if bound is not None and (outside - bound) * reach > 0:
            outside = bound
        if shortfall(outside) >= 0:
            root = optimize.brentq(shortfall, inside, outside, xtol=1e-6 * abs(reach), rtol=1e-10)
            return float(root)
        if outside == bound:
            return float(outside)
        inside, distance = outside, 1.6 * distance
        if abs(distance) > _FAR * abs(reach):
            return math.copysign(math.inf, reach)
