"""Where are the tops of the likelihood of EBGM's prior, and of every limit that its model has?

Cells are gone through from the coarsest to the finest: what takes hundreds of looks is done on few cells, and their top
is so near that of the others that some steps lead there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from primum.signals.ebgm_cells import Cells, squash
from primum.signals.ebgm_likelihood import Component, Mixture
from primum.signals.maximise import Uphill, climb, finish
from primum.terms import FloatArray, IntArray

Kind = Literal["gamma", "point", "zero", "none"]
Form = tuple[Kind, Kind]
Likelihood = Callable[[Mixture, Cells], tuple[float, FloatArray]]

# The model and every limit it has, simplest first. A limit is fitted as what it is, never approached by a huge number.
FORMS: Final[tuple[Form, ...]] = (
    ("point", "none"),
    ("gamma", "none"),
    ("point", "zero"),
    ("gamma", "zero"),
    ("point", "point"),
    ("gamma", "point"),
    ("gamma", "gamma"),
)
FULL: Final = FORMS[-1]
_PARAMETERS: Final = ("a mean", "a shape", "a mean", "a shape", "the share")
# mean1 and mean2 as multiples of observed over expected, shape1, shape2, share of the first component.
STARTS: Final[tuple[tuple[float, float, float, float, float], ...]] = (
    (2.0, 0.5, 0.2, 2.0, 1 / 3),
    (5.0, 0.8, 0.5, 2.0, 0.1),
    (10.0, 0.9, 2.0, 1.0, 0.02),
    (1.5, 0.1, 1.0, 1.0, 0.5),
    (50.0, 0.9, 0.5, 5.0, 0.01),
    (1.2, 0.8, 50.0, 50.0, 0.5),
)
_NEAR: Final = 0.1  # on the coarse cells: what is worth refining
_COARSE: Final = 0.1
_ROUGH: Final = 0.5
_CLEAR: Final = 10.0  # of log-likelihood, by which the full model is above every limit where rough cells are enough
_MANY: Final = 2_000  # cells, above which coarser ones are gone through first
_STILL_PROMISED: Final = (1e-7, 1e-3)  # log-likelihood of one more step, for which it is climbed once, and once more
_FREE: Final[dict[Kind, tuple[bool, bool]]] = {
    "gamma": (True, True),
    "point": (True, False),
    "zero": (False, False),
    "none": (False, False),
}


@dataclass(frozen=True, slots=True)
class Optimum:
    """A top of the likelihood of one form, as far as it was climbed."""

    form: Form
    place: FloatArray  # ln m1, ln alpha1, ln m2, ln alpha2, logit p
    value: float
    gradient_norm: float = np.inf
    gain_left: float = np.inf
    edge: tuple[str, ...] = ()  # parameters that stopped at a wall of the search
    inverse: FloatArray | None = None  # of the curvature, as far as the climb has learned it


def tops(fine: Cells, likelihood: Likelihood, forms: tuple[Form, ...]) -> tuple[list[Optimum], int]:
    """The tops that can be the highest, on the cells given, and how many starts of the full model led as high.

    Args:
        fine: cells with a report among them.
        likelihood: the function to maximise.
        forms: limits to consider besides the full model.
    """
    coarse = squash(fine, width=_COARSE, counts_too=True) if len(fine) > _MANY else fine
    tried = _from_rough(coarse, likelihood, forms) if len(coarse) > _MANY else None
    tried = _search(coarse, likelihood, forms) if tried is None else tried
    top = max(o.value for o in tried)
    hopeful = {o.form: o for o in sorted(tried, key=_height) if o.value > top - _NEAR}
    return [_refine(o, fine, likelihood) for o in hopeful.values()], _agreeing(tried)


def _search(cells: Cells, likelihood: Likelihood, forms: tuple[Form, ...]) -> list[Optimum]:
    """Where each start of the full model leads on some cells, and the best of what is found of every limit."""
    tried = _starts(cells, likelihood)
    return tried + _limits(tried, cells, likelihood, forms)


def _starts(cells: Cells, likelihood: Likelihood) -> list[Optimum]:
    return [_climb(FULL, _place(start, cells.mean), cells, likelihood) for start in STARTS]


def _limits(tried: list[Optimum], cells: Cells, likelihood: Likelihood, forms: tuple[Form, ...]) -> list[Optimum]:
    best, found = max(tried, key=_height).place, []
    for form in (form for form in forms if form != FULL):
        starts = [best, best[[2, 3, 0, 1, 4]] * [1, 1, 1, 1, -1], _place(STARTS[1], cells.mean)]
        found.append(max((_climb(form, start, cells, likelihood) for start in starts), key=_height))
    return found


def _from_rough(coarse: Cells, likelihood: Likelihood, forms: tuple[Form, ...]) -> list[Optimum] | None:
    """What `_search` finds, from where it leads on rougher cells; None where that is not beyond doubt.

    It is where all starts lead to one place there, and the full model is then far above its limits: within wide cells
    expectations differ, which looks as if rates did, and hides a limit.
    """
    rough = squash(coarse, width=_ROUGH, counts_too=True)
    tried = _starts(rough, likelihood)
    if _agreeing(tried) < len(STARTS):
        return None
    ends = [max(tried, key=_height), *_limits(tried, rough, likelihood, forms)]
    full, *limits = [_climb(o.form, o.place, coarse, likelihood, inverse=o.inverse) for o in ends]
    clear = all(limit.value < full.value - _CLEAR for limit in limits)
    return [*[full] * len(STARTS), *limits] if clear else None


def _height(end: Optimum) -> float:
    return end.value


def _agreeing(tried: list[Optimum]) -> int:
    """How many starts of the full model came as high as the best of all."""
    top = max(o.value for o in tried)
    return sum(o.value > top - 0.01 for o in tried[: len(STARTS)])


def _place(start: tuple[float, float, float, float, float], mean: float) -> FloatArray:
    mean1, mean2, shape1, shape2, share = start
    return np.array(
        [np.log(mean1 * mean), np.log(shape1), np.log(mean2 * mean), np.log(shape2), np.log(share / (1 - share))]
    )


def mixture_at(form: Form, place: FloatArray) -> Mixture:
    """The mixture of a form at a place; what the form does not have is not looked at."""
    parts = []
    for kind, (log_mean, log_shape) in zip(form, place[:4].reshape(2, 2), strict=True):
        shape = np.exp(log_shape) if kind == "gamma" else np.inf
        parts.append(Component(0.0 if kind == "zero" else float(np.exp(log_mean)), float(shape)))
    share = 1.0 if form[1] == "none" else float(1 / (1 + np.exp(-place[4])))
    return Mixture(parts[0], parts[1], share)


def _free(form: Form) -> IntArray:
    return np.flatnonzero([*_FREE[form[0]], *_FREE[form[1]], form[1] != "none"])


def _climb(
    form: Form, place: FloatArray, cells: Cells, likelihood: Likelihood, *, inverse: FloatArray | None = None
) -> Optimum:
    """From one starting place uphill, in a box so wide that its walls stand for the limits."""
    low, high, uphill = _on(form, place, cells, likelihood)
    end = place.copy()
    end[_free(form)], value, inverse = climb(uphill, place[_free(form)], low, high, inverse=inverse)
    return Optimum(form, end, value, inverse=inverse)


def _finish(start: Optimum, cells: Cells, likelihood: Likelihood, *, turns: int = 20) -> Optimum:
    """To the very top, with the certificate of the end."""
    low, high, uphill = _on(start.form, start.place, cells, likelihood)
    end, free = start.place.copy(), _free(start.form)
    end[free], value, gradient, gain = finish(uphill, end[free], low, high, turns=turns)
    at_wall = (end[free] <= low + 1e-6) | (end[free] >= high - 1e-6)
    edge = tuple(_PARAMETERS[i] for i in free[at_wall])
    return Optimum(start.form, end, value, float(np.max(np.abs(gradient), initial=0.0)), gain, edge)


def _refine(start: Optimum, cells: Cells, likelihood: Likelihood) -> Optimum:
    """From the optimum of coarse cells to that of fine ones: in a few Newton steps, where they lead there."""
    end = _finish(start, cells, likelihood, turns=8)
    for still in _STILL_PROMISED:
        if end.gain_left > still:
            end = _finish(_climb(end.form, end.place, cells, likelihood), cells, likelihood)
    return end


def _on(form: Form, place: FloatArray, cells: Cells, likelihood: Likelihood) -> tuple[FloatArray, FloatArray, Uphill]:
    """Walls of the free parameters, and likelihood and gradient as a function of them alone."""
    free = _free(form)
    low, high = _walls(cells)

    def uphill(part: FloatArray) -> tuple[float, FloatArray]:
        here = place.copy()
        here[free] = part
        value, gradient = likelihood(mixture_at(form, here), cells)
        return value, gradient[free]

    return low[free], high[free], uphill


def _walls(cells: Cells) -> tuple[FloatArray, FloatArray]:
    middle = np.log(cells.mean)
    return np.array([middle - 15, -12, middle - 15, -12, -25]), np.array([middle + 15, 18, middle + 15, 18, 25])
