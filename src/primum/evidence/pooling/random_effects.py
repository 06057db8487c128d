"""How does a model of the counts with normal variation between studies become an answer?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from primum.evidence.pooling.likelihood import Bound, fit, likelihood_ratio_p, profile_interval
from primum.evidence.pooling.pooled import Diagnostic, Pooled, blank_if_failed, normal_interval
from primum.evidence.pooling.quadrature import Curve, integrate
from primum.evidence.proportions import normal_quantile
from primum.terms import FloatArray, Interval

CountedLikelihood = Callable[[FloatArray, int], tuple[float, FloatArray]]
"""Log-likelihood and gradient at parameters and a number of quadrature points; the first two are theta and tau."""

POINTS: Final = 21
_NODE_LIMIT: Final = 1e-5  # change of the log-likelihood with twice the nodes


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A likelihood with where to start and how far its parameters may go.

    Args:
        log_likelihood: parameters are theta, tau and nuisance ones.
        starts: parameter vectors to climb from.
        bounds: of each parameter.
        points: quadrature points in each direction.
    """

    log_likelihood: CountedLikelihood
    starts: Sequence[Sequence[float]]
    bounds: Sequence[Bound]
    points: int = POINTS


def normal_effects(curve: Curve, studies: int, *, start: float = 0.0, points: int = POINTS) -> Model:
    r"""Studies that know their effect alone: $\theta_i \sim N(\theta, \tau^2)$.

    Args:
        curve: log-likelihood of each study in its effect, with two derivatives.
        studies: how many.
        start: a first guess of theta.
        points: quadrature points.
    """

    def log_likelihood(x: FloatArray, points: int) -> tuple[float, FloatArray]:
        part = integrate(curve, np.full(studies, x[0]), float(x[1]), points=points)
        gradient = [np.sum(part.mean(part.slope)), np.sum(part.mean(part.z * part.slope))]
        return float(np.sum(part.log_value)), np.array(gradient)

    return Model(log_likelihood, starts_around(start), TAU_BOUNDS, points)


TAU_BOUNDS: Final[tuple[Bound, ...]] = ((None, None), (0.0, None))


def starts_around(theta: float) -> list[list[float]]:
    """The same effect with little and with much variation between studies."""
    return [[theta, 0.2], [theta, 1.0]]


def answer_from(model: Model, empty: Pooled) -> Pooled:
    """Fit the model and fill the answer: estimate, profile likelihood intervals, tau2, checks.

    Args:
        model: the likelihood.
        empty: the answer's frame: measure, method, level, studies, Q.

    Returns:
        The answer; blanked, with the reason, when a check fails.
    """
    for refinement in (1, 2, 4):  # much variation makes the integrand lopsided; then more points are needed
        log_likelihood = partial(_with_points, model, refinement * model.points)
        found = fit(log_likelihood, model.starts, model.bounds)
        finer = _with_points(model, 2 * refinement * model.points, found.x)[0]
        nodes = Diagnostic("change with twice the quadrature points", abs(finer - found.log_likelihood), _NODE_LIMIT)
        if nodes.passed:
            break
    estimate, tau = float(found.x[0]), float(found.x[1])
    checked = replace(empty, diagnostics=(*found.diagnostics, nodes))
    if not all(d.passed for d in checked.diagnostics):
        return blank_if_failed(replace(checked, estimate=estimate, reason=""))
    level = empty.level
    interval = profile_interval(log_likelihood, found, model.bounds, level=level)
    spread = profile_interval(log_likelihood, found, model.bounds, index=1, level=level)
    warnings = empty.warnings
    if interval is None:
        warnings += ("the profile likelihood interval could not be found; the normal one is given",)
    wald = normal_interval(estimate, found.se, level)
    p = None if empty.measure == "PLO" else likelihood_ratio_p(log_likelihood, found, model.bounds)
    return replace(
        checked,
        estimate=estimate,
        se=found.se,
        interval=interval or wald,
        interval_kind="profile likelihood" if interval else "normal",
        wald=wald,
        p=p,
        tau2=tau**2,
        tau2_interval=None if spread is None else Interval(spread.lower**2, spread.upper**2, level),
        prediction=_prediction(estimate, interval or wald, tau),
        warnings=warnings,
        reason="",
    )


def _with_points(model: Model, points: int, x: FloatArray) -> tuple[float, FloatArray]:
    return model.log_likelihood(x, points)


def _prediction(estimate: float, interval: Interval, tau: float) -> Interval:
    """Where one more study's effect is expected: the interval, each side widened by the spread between studies.

    With a symmetric interval this is estimate +- z sqrt(se^2 + tau^2); it is never narrower than the interval.
    """
    spread = normal_quantile(interval.level or 0.95) * tau
    below = math.hypot(estimate - interval.lower, spread)
    above = math.hypot(interval.upper - estimate, spread)
    return Interval(estimate - below, estimate + above, interval.level)


def one_sided(empty: Pooled, log_probability: Callable[[float], float], *, upward: bool) -> Pooled:
    r"""The answer when every study lies at the same end of what it can show: no finite estimate, but a bound.

    The bound is the effect at which counts as extreme as these have probability $\alpha/2$, if all studies share it.

    Args:
        empty: the answer's frame.
        log_probability: of the counts seen, given one common effect.
        upward: whether the estimate runs to plus infinity.
    """
    from scipy import optimize

    target = math.log((1 - empty.level) / 2)
    low, high = -60.0, 60.0
    bound = float(optimize.brentq(lambda theta: log_probability(theta) - target, low, high))
    interval = Interval(bound, math.inf, empty.level) if upward else Interval(-math.inf, bound, empty.level)
    return replace(
        empty,
        interval=interval,
        interval_kind="exact",
        warnings=(*empty.warnings, "the bound takes one effect common to all studies"),
        reason=f"the estimate runs to {'plus' if upward else 'minus'} infinity: one side has no event in any study",
    )
