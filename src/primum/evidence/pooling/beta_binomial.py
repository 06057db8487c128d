"""What is the effect on the mean shares, when the share of each group of each study follows a beta distribution?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from scipy import special

from primum.evidence.pooling.before_fit import before_fit
from primum.evidence.pooling.likelihood import Bound, fit, likelihood_ratio_p, profile_interval
from primum.evidence.pooling.pooled import Diagnostic, Pooled, blank_if_failed, normal_interval
from primum.evidence.pooling.tables import Measure, OneArm, TwoArms
from primum.provenance import Method
from primum.terms import FloatArray

BETA_BINOMIAL: Final = Method(
    "bb",
    "beta-binomial model",
    "x_ij ~ Bin(n_ij, p_ij), p_ij ~ Beta(mean mu_j, intraclass correlation rho); effect from mu_1 and mu_0",
    "Kuss, Stat Med 34:1097-1116 (2015), doi:10.1002/sim.6383",
)
_LEAST_SPREAD: Final = math.log(1e-8)  # of gamma = rho / (1 - rho); below it the model is the binomial
_MOST_SPREAD: Final = math.log(1e3)
_EDGE: Final = 1e-12  # a mean share stays this far from 0 and 1
_STIRLING: Final = 1e4  # from here log-gamma differences are taken by Stirling's series, to lose no digits

Means = Callable[[float, float], tuple[FloatArray, FloatArray]]
"""Mean shares (treated, control) and their Jacobian, from the effect and one more parameter."""


def beta_binomial(table: TwoArms | OneArm, *, measure: Measure, level: float = 0.95) -> Pooled:
    r"""Effect between the mean shares $\mu_1, \mu_0$ of the treated and the control groups, or the mean share itself.

    With $s = (1 - \rho)/\rho$, $a = \mu s$, $b = (1 - \mu) s$,
    $$ \log L = \sum \log B(x + a, n - x + b) - \log B(a, b). $$

    Args:
        table: two groups a study (OR, RR, RD), or one (PLO).
        measure: which effect.
        level: of the intervals, in (0, 1).

    Returns:
        The pooled effect with a profile likelihood interval; every group counts, those without events included. The
        model ignores which two groups belong to one study. The intraclass correlation stands in the diagnostics; there
        is no tau2. None, with the reason, when a mean share would be 0 or 1.

    Numerics:
        At an intraclass correlation of 0 it is the binomial likelihood of the summed counts, to 1e-6.

    Source:
        Kuss 2015 (see `BETA_BINOMIAL`).
    """
    reason = "one group has no event (or only events) in any study: its mean share lies on the edge"
    empty = before_fit(table, measure=measure, method=BETA_BINOMIAL, level=level, reason=reason)
    if isinstance(table, OneArm):
        groups = [(table.events.astype(float), table.n.astype(float))]
    else:
        groups = [
            (table.events_treated.astype(float), table.n_treated.astype(float)),
            (table.events_control.astype(float), table.n_control.astype(float)),
        ]
    shares = [float(np.sum(x) / np.sum(n)) for x, n in groups]
    if any(share in (0.0, 1.0) for share in shares):
        return empty
    means = _MEANS[measure]

    def log_likelihood(x: FloatArray) -> tuple[float, FloatArray]:
        mu, jacobian = means(float(x[0]), float(x[1]) if len(x) > 2 else 0.0)
        value, by_mu, by_spread = 0.0, [], 0.0
        for (events, n), mean in zip(groups, mu, strict=True):
            part = _group(events, n, min(max(float(mean), _EDGE), 1 - _EDGE), math.exp(-x[-1]))
            value += part[0]
            by_mu.append(part[1])
            by_spread += part[2]
        gradient = jacobian @ np.array(by_mu)
        return value, np.append(gradient[: len(x) - 1], by_spread)

    first = _first_guess(measure, shares)
    starts = [[*first, spread] for spread in (math.log(1e-4), math.log(0.05))]
    bounds: list[Bound] = [_EFFECT_BOUNDS.get(measure, (None, None)), (None, None)][: len(first)]
    bounds.append((_LEAST_SPREAD, _MOST_SPREAD))
    found = fit(log_likelihood, starts, bounds)
    gamma = 0.0 if found.at_bound[-1] else math.exp(found.x[-1])
    correlation = Diagnostic("intraclass correlation", gamma / (1 + gamma))
    checked = replace(empty, diagnostics=(*found.diagnostics, correlation), estimate=float(found.x[0]), reason="")
    if not all(d.passed for d in checked.diagnostics):
        return blank_if_failed(checked)
    wald = normal_interval(float(found.x[0]), found.se, level)
    interval = profile_interval(log_likelihood, found, bounds, level=level)
    return replace(
        checked,
        se=found.se,
        interval=interval or wald,
        interval_kind="profile likelihood" if interval else "normal",
        wald=wald,
        p=None if measure == "PLO" else likelihood_ratio_p(log_likelihood, found, bounds),
    )


def _group(x: FloatArray, n: FloatArray, mu: float, s: float) -> tuple[float, float, float]:
    """Log-likelihood of one kind of group with its derivatives in mu and in log(gamma) = -log(s)."""
    a, b = mu * s, (1 - mu) * s
    value = np.sum(_log_rising(a, x) + _log_rising(b, n - x) - _log_rising(s, n))
    by_a = np.sum(special.digamma(x + a) - special.digamma(a))
    by_b = np.sum(special.digamma(n - x + b) - special.digamma(b))
    by_s = mu * by_a + (1 - mu) * by_b - np.sum(special.digamma(n + s) - special.digamma(s))
    return float(value), float(s * (by_a - by_b)), float(-s * by_s)


def _log_rising(a: float, x: FloatArray) -> FloatArray:
    """Log of a (a + 1) ... (a + x - 1), without cancellation for large a."""
    if a < _STIRLING:
        plain: FloatArray = special.gammaln(a + x) - special.gammaln(a)
        return plain
    series = x * np.log(a) + (a + x - 0.5) * np.log1p(x / a) - x
    stirling: FloatArray = series + (1 / (a + x) - 1 / a) / 12 - (1 / (a + x) ** 3 - 1 / a**3) / 360
    return stirling


def _first_guess(measure: Measure, shares: list[float]) -> list[float]:
    if measure == "PLO":
        return [float(special.logit(shares[0]))]
    p1, p0 = shares
    if measure == "OR":
        effect = float(special.logit(p1) - special.logit(p0))
        return [effect, float(special.logit(p1) + special.logit(p0)) / 2]
    if measure == "RR":
        return [math.log(p1 / p0), float(special.logit(max(p1, p0)))]
    d = p1 - p0
    return [d, float(special.logit(min(p1, p0) / (1 - abs(d))))]


def _share(effect: float, _: float) -> tuple[FloatArray, FloatArray]:
    p = float(special.expit(effect))
    return np.array([p]), np.array([[p * (1 - p)]])


def _odds(effect: float, level: float) -> tuple[FloatArray, FloatArray]:
    p = special.expit(np.array([level + effect / 2, level - effect / 2]))
    bend = p * (1 - p)
    return p, np.array([[bend[0] / 2, -bend[1] / 2], bend])


def _ratio(effect: float, level: float) -> tuple[FloatArray, FloatArray]:
    """The larger share is free, the smaller one is its multiple: both stay between 0 and 1."""
    larger, part = float(special.expit(level)), math.exp(-min(abs(effect), 700.0))
    smaller, bend = larger * part, larger * (1 - larger)
    if effect >= 0:
        return np.array([larger, smaller]), np.array([[0.0, -smaller], [bend, bend * part]])
    return np.array([smaller, larger]), np.array([[smaller, 0.0], [bend * part, bend]])


def _difference(effect: float, level: float) -> tuple[FloatArray, FloatArray]:
    """The smaller share is a part of what the difference leaves; both stay between 0 and 1."""
    part, room = float(special.expit(level)), 1 - abs(effect)
    smaller, bend = room * part, room * part * (1 - part)
    if effect >= 0:
        return np.array([smaller + effect, smaller]), np.array([[1 - part, -part], [bend, bend]])
    return np.array([smaller, smaller - effect]), np.array([[part, part - 1], [bend, bend]])


_MEANS: Final[dict[str, Means]] = {"OR": _odds, "RR": _ratio, "RD": _difference, "PLO": _share}
_EFFECT_BOUNDS: Final[dict[str, Bound]] = {"RD": (-0.999999, 0.999999)}
