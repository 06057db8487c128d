"""How large are reporting odds ratios, and how sure? A mark with its interval a row, its numbers beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import Axis, axis

_NAMES: Final = 250.0  # pixels for the name of a row on a wide page
_NUMBERS: Final = 170.0  # and for its numbers
_ROW: Final = 28.0
_AXIS: Final = "reporting odds ratio (logarithmic), 95 % interval"


@dataclass(frozen=True, slots=True)
class Ratio:
    """One row of a forest.

    Args:
        name: what it is called.
        drug: drug of the pair.
        event: its event.
        value: reporting odds ratio; not a number, like its bounds, where there is none; infinite where nobody else
            reports the event.
        lower: bound of its interval.
        upper: the other bound.
        note: what stands in place of the numbers where there is no interval.
    """

    name: str
    drug: str
    event: str
    value: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    note: str = "no interval"

    @property
    def drawn(self) -> bool:
        """Whether it has a place on a logarithmic axis."""
        return math.isfinite(self.value) and math.isfinite(self.upper) and self.lower > 0

    @property
    def told(self) -> str:
        """Its numbers, or what stands in their place."""
        return f"{_number(self.value)} ({_number(self.lower)} to {_number(self.upper)})" if self.drawn else self.note


def draw(ratios: Sequence[Ratio], width: float) -> tuple[list[str], float]:
    """The elements and the height of the picture; on a phone the words of a row stand above its mark."""
    wide = width >= 560
    x = axis(
        [end for one in ratios if one.drawn for end in (one.lower, one.value, one.upper)],
        left=_NAMES + 12 if wide else 8,
        right=width - (_NUMBERS if wide else 8),
        scale="log",
        include=(1.0,),
    )
    rows: list[str] = []
    y = 22.0
    for one in ratios:
        if wide:
            rows += _beside(one, y, width)
        else:
            above, y = _above(one, y, width)
            rows += above
        rows += _mark(one, x, y)
        y += _ROW
    bottom = max(y - 14, 36.0)
    return [*x.drawn(4, bottom, _AXIS, reference=1.0), *rows], bottom + 46


def _beside(one: Ratio, y: float, width: float) -> list[str]:
    """The words of a row to both sides of its mark, in one line or in two smaller ones."""
    name, small = canvas.wrap(one.name, _NAMES), canvas.wrap(one.name, _NAMES, 11)[:2]
    told = canvas.wrap(one.told, 150, 12 if one.drawn else 11)
    return [
        canvas.label(0, y + 4, name) if len(name) == 1 else canvas.label(0, y - 3, small, size=11),
        canvas.label(width, y + 4 if len(told) == 1 else y - 3, told[:2], anchor="end", size=12 if one.drawn else 11),
    ]


def _above(one: Ratio, y: float, width: float) -> tuple[list[str], float]:
    """The words of a row in lines of their own, numbers at the end of the last, and where its mark stands."""
    name, told = canvas.wrap(one.name, width), canvas.wrap(one.told, width, 12)
    together = canvas.text_width(name[-1]) + 12 + canvas.text_width(told[0], 12) <= width
    last = y - 6 + 16 * (len(name) - (1 if together else 0))
    words = [canvas.label(0, y - 6, name), canvas.label(width, last, told, anchor="end", size=12)]
    return words, last + 15 * (len(told) - 1) + 15


def _mark(one: Ratio, x: Axis, y: float) -> list[str]:
    """The interval and its value; an arrow where the ratio lies beyond every axis."""
    if one.drawn:
        return [
            canvas.line(x(one.lower), y, x(one.upper), y, "bar"),
            canvas.dot(x(one.value), y, "ink", hollow=one.lower <= 1),
        ]
    if one.value != math.inf:
        return []
    ends = [canvas.line(x.right, y, x.right - 7, y + side, "bar") for side in (-4, 4)]
    return [canvas.line(x(1.0), y, x.right, y, "axis"), *ends]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
