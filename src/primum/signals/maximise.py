"""Where is a smooth function of a few numbers highest, and how flat is it there?

Written out here, without linear algebra: the threads of the library under `scipy.optimize` and under `@` made a fit of
five parameters 20 to 40 times slower on a busy machine, and `scipy.optimize` takes 0.3 s to import.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from primum.terms import FloatArray

_FELT: Final = 1e-6  # a promise above what rounding can hide
_NOTHING: Final = 1e-18  # a promise below what moves a place by 1e-8 of its standard error
_HALVES: Final = tuple(0.5**power for power in range(20))
Uphill = Callable[[FloatArray], tuple[float, FloatArray]]
"""Gives value and gradient at a place."""


def climb(
    uphill: Uphill, start: FloatArray, low: FloatArray, high: FloatArray, *, inverse: FloatArray | None = None
) -> tuple[FloatArray, float, FloatArray]:
    """BFGS with a backtracking search, inside a box; stops where a step promises less than 1e-7.

    Args:
        uphill: value and gradient of the function to raise.
        start: where to begin; shape `(parameters,)`.
        low: walls below; same shape.
        high: walls above; same shape.
        inverse: the inverse of how the surface bends, as a climb nearby has learned it; None where nothing is known.

    Returns:
        The place reached, the value there, and the inverse of how the surface bends as far as the steps have told it
        (zero where they have not).

    Source:
        Nocedal and Wright 2006, Numerical Optimization, 2nd edition, equations 6.15 to 6.17.

    Examples:
        >>> hill = lambda x: (-float(((x - 1) ** 4).sum()), -4 * (x - 1) ** 3)
        >>> place, value, _ = climb(hill, np.array([3.0, -2.0]), np.full(2, -9.0), np.full(2, 9.0))
        >>> bool(value > -1e-7)
        True
    """
    place = np.clip(start, low, high)
    value, gradient = uphill(place)
    inverse = np.zeros((len(place), len(place))) if inverse is None else inverse
    for _ in range(200):
        inside = ((place > low) | (gradient > 0)) & ((place < high) | (gradient < 0))
        slope = np.where(inside, gradient, 0.0)
        step = (inverse * slope).sum(axis=1) * inside
        if not inverse.any() or (step * slope).sum() <= 0:
            inverse = np.eye(len(place)) / max(np.abs(slope).max(initial=0.0), 1e-300)
            step = (inverse * slope).sum(axis=1)
        step /= max(1.0, np.abs(step).max(initial=0.0) / 2)
        promise = float((step * slope).sum())
        if promise < 1e-7:
            break
        for size in _HALVES:
            trial = np.minimum(np.maximum(place + size * step, low), high)
            trial_value, trial_gradient = uphill(trial)
            if trial_value >= value + 1e-4 * size * promise:
                break
        else:
            break
        inverse = _bfgs(inverse, trial - place, gradient - trial_gradient)
        place, value, gradient = trial, trial_value, trial_gradient
    return place, value, inverse


def _bfgs(inverse: FloatArray, moved: FloatArray, bent: FloatArray) -> FloatArray:
    """The inverse curvature, corrected so that it explains the last step; zero (start again) where it cannot."""
    curved = float((moved * bent).sum())
    if curved <= 1e-12 * float(np.abs(moved).max() * np.abs(bent).max()):
        return np.zeros_like(inverse)
    explained = (inverse * bent).sum(axis=1)
    both = explained[:, None] * moved
    rest = (1 + float((bent * explained).sum()) / curved) * moved[:, None] * moved
    return np.asarray(inverse + (rest - both - both.T) / curved)


def finish(
    uphill: Uphill, start: FloatArray, low: FloatArray, high: FloatArray, *, turns: int = 20
) -> tuple[FloatArray, float, FloatArray, float]:
    """Newton steps from near the top until a further one promises less than 1e-9 and no quarter of the one before.

    Below 1e-18 there is nothing left to promise. The curvature is kept as long as each step leaves less than a
    hundredth of what it promised, and looked at again where it leaves more. It ends sooner where rounding hides the
    way, or where what was promised does not come.

    Args:
        uphill: value and gradient of the function to raise.
        start: a place near its maximum, as `climb` gives it.
        low: walls below.
        high: walls above.
        turns: most steps.

    Returns:
        The place, the value, the gradient there, and what one more Newton step would promise.

    Examples:
        >>> hill = lambda x: (-float(np.cosh(x - 1).sum()), -np.sinh(x - 1))
        >>> place, value, gradient, gain = finish(hill, np.array([1.3]), np.array([-9.0]), np.array([9.0]))
        >>> round(float(place[0]), 6), gain < 1e-9
        (1.0, True)
    """
    place = start.copy()
    value, gradient = uphill(place)
    gain, bend = np.inf, None
    rounding = 1e-14 * abs(value)  # what a sum over all cells may lose
    for _ in range(turns):
        bend = _bend(uphill, place, gradient) if bend is None else bend
        step, before = _newton_step(bend, gradient), gain
        gain = float((gradient * step).sum()) / 2
        if gain < 1e-9 and (gain > before / 4 or gain < _NOTHING):
            break
        for size in (1.0, 0.5, 0.25, 0.125, 1 / 64, 1 / 512):
            trial = np.clip(place + size * step, low, high)
            trial_value, trial_gradient = uphill(trial)
            if trial_value >= value - rounding:
                break
        else:
            break
        kept_nothing = gain > _FELT and trial_value <= value + rounding  # of a promise that would be felt: a wall
        place, value, gradient = trial, trial_value, trial_gradient
        if kept_nothing:
            break
        if size < 1 or before / 100 < gain > 1e-9:
            bend = None
    return place, value, gradient, gain


def curvature(uphill: Uphill, place: FloatArray) -> FloatArray:
    """Second derivatives, by central differences of the gradient; shape `(parameters, parameters)`."""
    size = len(place)
    rows = np.empty((size, size))
    for i, shift in enumerate(np.eye(size) * 1e-4):
        rows[i] = (uphill(place + shift)[1] - uphill(place - shift)[1]) / 2e-4
    return (rows + rows.T) / 2


def _bend(uphill: Uphill, place: FloatArray, gradient: FloatArray) -> FloatArray:
    """Second derivatives, by differences to one side: half the work, and near enough to say where to step."""
    rows = np.array([(uphill(place + shift)[1] - gradient) / 1e-4 for shift in np.eye(len(place)) * 1e-4])
    return np.asarray((rows + rows.T) / 2)


def _newton_step(bend: FloatArray, gradient: FloatArray) -> FloatArray:
    """Newton's step, with the curvature's sign turned where the surface does not bend down, and no step beyond 2."""
    values, axes = np.linalg.eigh(bend)
    bent = np.maximum(np.abs(values), 1e-9 * max(1.0, float(np.abs(values).max(initial=0.0))))
    along = (axes * gradient[:, None]).sum(axis=0) / bent
    step = (axes * along).sum(axis=1)
    return np.asarray(step / max(1.0, float(np.abs(step).max(initial=0.0)) / 2))
