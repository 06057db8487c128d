"""What would three simple rules have predicted for a trial not seen? The bar the dose-effect model is measured against.

Each rule gives a share for every visit; its counts are beta-binomial with one concentration for all, so that a rule is
not punished for being too sure. All are fitted to the other trials alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from primum.mechanism.hierarchy import Design
from primum.terms import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Share expected at each visit and the concentration of its beta distribution."""

    share: FloatArray
    concentration: float

    def log_score(self, design: Design, at: BoolArray) -> FloatArray:
        """Logarithm of the probability of the counts seen at the chosen visits."""
        from scipy.stats import betabinom

        a, b = self._shape(at)
        return np.asarray(betabinom.logpmf(design.responders[at], design.people[at], a, b))

    def interval(self, design: Design, at: BoolArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Counts between which the seen one lies with the given probability, at the chosen visits."""
        from scipy.stats import betabinom

        a, b = self._shape(at)
        tail = (1 - level) / 2
        lower, upper = (betabinom.ppf(end, design.people[at], a, b) for end in (tail, 1 - tail))
        return np.asarray(lower), np.asarray(upper)

    def _shape(self, at: BoolArray) -> tuple[FloatArray, FloatArray]:
        share = np.clip(self.share[at], 1e-3, 1 - 1e-3)
        return self.concentration * share, self.concentration * (1 - share)


def _logistic(odds: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * odds)))


def _fitted(
    design: Design, share_of: Callable[[FloatArray], FloatArray], start: FloatArray, effects: int
) -> Prediction:
    """The most likely prediction; the last `effects` parameters are endpoints' differences, standard normal before."""
    from scipy.optimize import minimize
    from scipy.stats import betabinom

    def cost(free: FloatArray) -> float:
        concentration = float(np.exp(np.clip(free[0], -2, 8)))
        share = np.clip(share_of(free[1:]), 1e-4, 1 - 1e-4)
        ways = np.asarray(
            betabinom.logpmf(design.responders, design.people, concentration * share, concentration * (1 - share))
        )
        return -float(np.sum(ways[design.used])) + 0.5 * float(np.sum(free[len(free) - effects :] ** 2))

    found = minimize(cost, np.concatenate([[2.0], start, np.zeros(effects)]), method="BFGS")
    return Prediction(share_of(found.x[1:]), float(np.exp(np.clip(found.x[0], -2, 8))))


def logit_by_day(design: Design) -> Prediction:
    """Logistic regression on the day, drug and placebo apart, an intercept for each endpoint."""
    days, drug = design.day / 100, design.active.astype(np.float64)

    def share(free: FloatArray) -> FloatArray:
        odds = drug * (free[0] + free[1] * days + free[4:][design.endpoint]) + (1 - drug) * (free[2] + free[3] * days)
        return _logistic(odds)

    return _fitted(design, share, np.array([2.0, -1.0, -2.5, 0.0]), len(design.endpoints))


def emax_in_time(design: Design) -> Prediction:
    """A plateau for each endpoint that falls with a Hill curve in time for the drug, a constant for placebo."""
    drug = design.active

    def share(free: FloatArray) -> FloatArray:
        half, steepness = np.exp(np.clip(free[1], 1, 7)), np.exp(np.clip(free[2], -2, 3))
        left = _logistic(-steepness * (np.log(design.day) - np.log(half)))
        plateau = _logistic(free[0] + free[4:][design.endpoint])
        return np.where(drug, plateau * left, _logistic(np.full(len(drug), free[3])))

    return _fitted(design, share, np.array([3.0, 5.2, 1.0, -2.5]), len(design.endpoints))


def last_value(design: Design) -> Prediction:
    """The pooled share of the other trials' visits nearest in day: on the endpoint if it was seen, else on all."""

    def share(_: FloatArray) -> FloatArray:
        return nearest

    nearest = np.array([_nearest(design, place) for place in range(len(design.day))])
    return _fitted(design, share, np.zeros(0), 0)


def _nearest(design: Design, place: int) -> float:
    alike = design.used & (design.trial != design.trial[place]) & (design.active == design.active[place])
    if np.any(alike & (design.endpoint == design.endpoint[place])):
        alike = alike & (design.endpoint == design.endpoint[place])
    away = np.abs(design.day - design.day[place])
    there = alike & (away == np.min(away[alike]))
    return float((design.responders[there].sum() + 0.5) / (design.people[there].sum() + 1))


BASELINES: Final = {"logit by day": logit_by_day, "last value": last_value, "Emax in time": emax_in_time}
