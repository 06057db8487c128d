"""Which drugs enter a sparse logistic regression first, as the penalty on their coefficients is let go?

Proximal Newton steps over the drugs that matter at a penalty: the curvature of these few is a small dense matrix, and
only the search for drugs that want to enter passes over all of the sparse matrix.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from primum.signals.drug_matrix import DrugMatrix
from primum.terms import BoolArray, FloatArray, IntArray

_TOLERANCE: Final = 1e-7  # of a penalty: a gradient this close to it is at rest
_TURNS: Final = 100
_LEVEL: Final = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class PathStep:
    """The model at one penalty.

    Args:
        penalty: lambda, per report.
        intercept: not penalised.
        drugs: those with a coefficient, rising; shape `(k,)`.
        coefficients: theirs, log odds ratios, shrunk; same shape.
    """

    penalty: float
    intercept: float
    drugs: IntArray
    coefficients: FloatArray


def lasso_path(
    matrix: DrugMatrix, event: BoolArray, *, most: int, steps: int = 100, ratio: float = 1e-3, usable: BoolArray
) -> Iterator[PathStep]:
    r"""Minimise the penalised likelihood at falling penalties.

    $$ \frac1N \sum_i \left(\ln(1 + e^{\eta_i}) - y_i \eta_i\right) + \lambda \sum_j |\beta_j|,
       \qquad \eta_i = \beta_0 + \sum_j x_{ij} \beta_j. $$

    Args:
        matrix: reports by drugs.
        event: which reports have the event.
        most: the path ends before a model with more drugs, or where a step explains no more than `_LEVEL` of the
            deviance.
        steps: penalties between the largest, at which no drug enters, and `ratio` times it, evenly on the log scale.
        ratio: the smallest penalty over the largest.
        usable: drugs that may enter; shape `(drugs,)`.

    Yields:
        The model at each penalty, the first with the intercept alone.

    Numerics:
        At each step the conditions of Karush, Kuhn and Tucker hold to 1e-7 of the penalty (tested).

    Source:
        Friedman, Hastie, Tibshirani 2010, J Stat Softw 33(1), doi:10.18637/jss.v033.i01; Lee, Sun, Saunders 2014,
        SIAM J Optim 24(3):1420-1443, doi:10.1137/130921428 (proximal Newton).
    """
    share = event.mean()
    state = _State(matrix, event, float(special.logit(share)), np.zeros(matrix.drugs))
    first = float(np.abs(state.gradient()[usable]).max(initial=0.0))
    yield PathStep(first, state.intercept, np.zeros(0, np.int64), np.zeros(0))
    if first == 0:
        return
    height = state.deviance()
    least = _LEVEL * height
    for penalty in (first * ratio ** (np.arange(1, steps + 1) / steps)).tolist():
        state.settle(penalty, usable)
        drugs = np.flatnonzero(state.weights)
        if len(drugs) > most:
            return
        yield PathStep(penalty, state.intercept, drugs, state.weights[drugs])
        before, height = height, state.deviance()
        if before - height < least and len(drugs):
            return


class _State:
    """The coefficients on the way down the path."""

    def __init__(self, matrix: DrugMatrix, event: BoolArray, intercept: float, weights: FloatArray) -> None:
        self.matrix, self.event = matrix, event.astype(np.float64)
        self.intercept, self.weights = intercept, weights
        self.score = np.full(matrix.reports, intercept)

    def gradient(self) -> FloatArray:
        """Derivative of the mean negative log-likelihood by each coefficient."""
        return self.matrix.with_each(special.expit(self.score) - self.event) / self.matrix.reports

    def deviance(self) -> float:
        """Mean negative log-likelihood, without the penalty."""
        return float((np.logaddexp(0, self.score) - self.event * self.score).mean())

    def settle(self, penalty: float, usable: BoolArray) -> None:
        """Move to the minimum at a penalty; drugs enter until none is left that wants to."""
        for _ in range(_TURNS):
            pull = np.abs(self.gradient()) > penalty * (1 + _TOLERANCE)
            active = np.flatnonzero((self.weights != 0) | (pull & usable))
            moved = self._descend(active, penalty)
            if not (pull & usable & (self.weights == 0)).any() and not moved:
                return

    def _descend(self, active: IntArray, penalty: float) -> bool:
        """Proximal Newton steps on some drugs; whether anything moved."""
        some = self.matrix.of(active)
        for turn in range(_TURNS):
            chance = special.expit(self.score)
            slope = derivatives(some, chance - self.event) / self.matrix.reports
            place = np.concatenate(([self.intercept], self.weights[active]))
            if _still(slope, place, penalty):
                return turn > 0
            bend = curvature(some, chance * (1 - chance)) / self.matrix.reports
            step = _quadratic(bend, slope, place, penalty)
            if not self._take(active, place, step, along=step[0] + some.score(step[1:]), penalty=penalty):
                return turn > 0
        return True

    def _take(
        self, active: IntArray, place: FloatArray, step: FloatArray, *, along: FloatArray, penalty: float
    ) -> bool:
        """Go as much of the step as lowers the objective; False where none does."""
        before = self._objective(self.score, place, penalty)
        for size in 0.5 ** np.arange(30):
            score, there = self.score + size * along, place + size * step
            if self._objective(score, there, penalty) < before:
                self.score, self.intercept, self.weights[active] = score, float(there[0]), there[1:]
                return True
        return False

    def _objective(self, score: FloatArray, place: FloatArray, penalty: float) -> float:
        return float((np.logaddexp(0, score) - self.event * score).mean() + penalty * np.abs(place[1:]).sum())


def derivatives(matrix: DrugMatrix, rest: FloatArray) -> FloatArray:
    """Of a likelihood by intercept and coefficients, from its derivative by the score of each report."""
    return np.concatenate(([rest.sum()], matrix.with_each(rest)))


def curvature(matrix: DrugMatrix, bend: FloatArray) -> FloatArray:
    """Second derivatives by intercept and coefficients, from those by the score of each report."""
    hessian = np.empty((matrix.drugs + 1, matrix.drugs + 1))
    hessian[0, 0] = bend.sum()
    hessian[0, 1:] = hessian[1:, 0] = matrix.with_each(bend)
    hessian[1:, 1:] = matrix.together(bend)
    return hessian


def _still(slope: FloatArray, place: FloatArray, penalty: float) -> bool:
    """Whether the conditions of a minimum hold."""
    weights, pull = place[1:], slope[1:]
    off = np.where(weights != 0, np.abs(pull + penalty * np.sign(weights)), np.maximum(np.abs(pull) - penalty, 0))
    return bool(max(abs(slope[0]), off.max(initial=0.0)) <= _TOLERANCE * penalty)


def _quadratic(hessian: FloatArray, slope: FloatArray, place: FloatArray, penalty: float) -> FloatArray:
    """The step to the minimum of the quadratic model with the penalty, one coordinate after the other."""
    step = np.zeros_like(place)
    diagonal = np.maximum(np.diag(hessian), 1e-12)
    lean = slope.copy()  # slope + hessian @ step
    for _ in range(1_000):
        largest = 0.0
        for j in range(len(place)):
            here = place[j] + step[j]
            aim = here - lean[j] / diagonal[j]
            if j:
                aim = np.sign(aim) * max(abs(aim) - penalty / diagonal[j], 0.0)
            if aim != here:
                step[j] += aim - here
                lean += hessian[j] * (aim - here)
                largest = max(largest, abs(aim - here) * diagonal[j])
        if largest <= 0.1 * _TOLERANCE * penalty:
            break
    return step
