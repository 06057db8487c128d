"""What do two groups say about their difference, when each study has a level of its own that nobody asks about?

Two ways to deal with the levels: one free intercept a study (fixed), or intercepts drawn from a normal distribution
(random). The effect of a study varies normally in both. Shared by the binomial and the Poisson model.
"""

from __future__ import annotations

import numpy as np

from primum.evidence.pooling.quadrature import Curve, Integral, integrate, integrate_plane
from primum.evidence.pooling.random_effects import TAU_BOUNDS, Model, starts_around
from primum.terms import FloatArray

_STEPS = 100


def fixed_intercepts(treated: Curve, control: Curve, start: FloatArray) -> Model:
    r"""$\eta_{i1} = \alpha_i + \theta/2 + u_i/2$, $\eta_{i0} = \alpha_i - \theta/2 - u_i/2$, $u_i \sim N(0, \tau^2)$.

    Given theta and tau the studies share nothing, so each intercept is maximised by itself (Newton; the integrated
    likelihood is log-concave in it) and the model has two parameters left.

    Args:
        treated: log-likelihood of the treated groups in their linear predictor.
        control: the same of the control groups.
        start: a first guess of the intercepts.
    """

    def log_likelihood(x: FloatArray, points: int) -> tuple[float, FloatArray]:
        part = _at_best_intercepts(treated, control, start, x, points)
        gradient = [np.sum(part.mean(part.slope)), np.sum(part.mean(part.z * part.slope))]
        return float(np.sum(part.log_value)), np.array(gradient)

    return Model(log_likelihood, starts_around(0.0), TAU_BOUNDS)


def _at_best_intercepts(treated: Curve, control: Curve, start: FloatArray, x: FloatArray, points: int) -> Integral:
    alpha = start
    centre = np.full(len(start), x[0])
    for _ in range(_STEPS):
        level = alpha[:, None]

        def both(effect: FloatArray, level: FloatArray = level) -> tuple[FloatArray, FloatArray, FloatArray]:
            one, other = treated(level + effect / 2), control(level - effect / 2)
            return one[0] + other[0], (one[1] - other[1]) / 2, (one[2] + other[2]) / 4

        part = integrate(both, centre, float(x[1]), points=points)
        effect = centre[:, None] + x[1] * part.z
        one, other = treated(level + effect / 2), control(level - effect / 2)
        slope = one[1] + other[1]
        first = part.mean(slope)
        second = part.mean(one[2] + other[2]) + part.mean((slope - first[:, None]) ** 2)
        step = np.clip(first / np.maximum(-second, 1e-12), -2.0, 2.0)
        if np.max(np.abs(step)) < 1e-9:
            break
        alpha = alpha + step
    return part


def random_intercepts(treated: Curve, control: Curve, level: float, *, points: int = 11) -> Model:
    r"""The same with $\alpha_i = \mu + b_i$, $b_i \sim N(0, \sigma^2)$ independent of $u_i$.

    Args:
        treated: log-likelihood of the treated groups in their linear predictor.
        control: the same of the control groups.
        level: a first guess of mu.
        points: quadrature points in each of the two directions.
    """

    def log_likelihood(x: FloatArray, points: int) -> tuple[float, FloatArray]:
        theta, tau, mu, sigma = (float(value) for value in x)
        directions = np.array([[tau / 2, sigma], [-tau / 2, sigma]])  # of (u, b) on the two linear predictors
        part = integrate_plane(
            (treated, control), np.array([mu + theta / 2, mu - theta / 2]), directions, points=points
        )
        one, other = part.slopes
        gradient = [
            part.total((one - other) / 2),
            part.total(part.z[0] * (one - other) / 2),
            part.total(one + other),
            part.total(part.z[1] * (one + other)),
        ]
        return float(np.sum(part.log_value)), np.array(gradient)

    starts = [[0.0, tau, level, sigma] for tau, sigma in ((0.2, 0.3), (1.0, 1.0))]
    return Model(log_likelihood, starts, (*TAU_BOUNDS, (None, None), (0.0, None)), points)
