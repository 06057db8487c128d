"""How do numbers go over time? A small line for each thing, on a scale of its own."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Final

from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import Axis
from primum.dossier.render.numbers import MINUS
from primum.dossier.report_figures import Trend
from primum.evidence.finding import Finding

_NAMES: Final = 250.0  # pixels for the words of a line on a wide page
_ENDS: Final = 90.0  # and for its least and its most
_HIGH: Final = 32.0


def draw(drawing: Trend, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture."""
    wide = width >= 560
    left, right = (_NAMES + 12 if wide else 8.0), width - _ENDS
    row, above = (46.0, 0.0) if wide else (64.0, 18.0)
    places, joined = _periods(drawing.periods, left, right)
    told = canvas.wrap(drawing.said, width, 11.5)
    body = [canvas.label(0, 12, told, size=11.5, tone="soft")]
    first = 17.0 * len(told) + 40 + above
    for n, one in enumerate(drawing.lines):
        base = first + row * n
        known = [value for value in one.values if math.isfinite(value)]
        low, high = min(known, default=0.0), max(known, default=0.0)
        y = Axis(min(low, 0.0), max(high, 1.0), base, base - _HIGH)
        words = canvas.wrap(one.name, _NAMES if wide else width)
        said = words[0] + "…" * (len(words) > 1)
        body.append(canvas.label(0, base - 10 if wide else base - _HIGH - 10, said))
        body.append(canvas.line(left, y(0.0), right, y(0.0), "grid"))
        spots = [(x, y(value)) for x, value in zip(places, one.values, strict=True)]
        fine = [math.isfinite(value) for value in one.values]
        body += [canvas.line(*spots[i], *spots[i + 1], "bar accent") for i in joined if fine[i] and fine[i + 1]]
        body += [
            canvas.dot(*spot, "accent", hollow=hollow, radius=2.5)
            for spot, hollow, there in zip(spots, one.hollow, fine, strict=True)
            if there
        ]
        body.append(canvas.label(right + 10, base - 10, _ends(low, high, drawing.decimals), size=11.5, tone="soft"))
    bottom = first + row * (len(drawing.lines) - 1) + 22
    last = len(drawing.periods) - 1
    for i in sorted({0, last // 2, last}) if drawing.periods else ():
        anchor = "start" if i == 0 and not wide else "middle"
        body.append(canvas.label(places[i], bottom, drawing.periods[i], anchor=anchor, size=11.5, tone="soft"))
    return body, bottom + 14


def _periods(periods: Sequence[str], left: float, right: float) -> tuple[list[float], list[int]]:
    """Where the periods stand, and which are neighbours of the next: years by their number, others one by one."""
    numbers = [int(period) for period in periods] if all(map(str.isdecimal, periods)) else list(range(len(periods)))
    first, span = (numbers[0], max(numbers[-1] - numbers[0], 1)) if numbers else (0, 1)
    places = [left + (right - left) * (number - first) / span for number in numbers]
    return places, [i for i, (one, other) in enumerate(itertools.pairwise(numbers)) if other - one == 1]


def _ends(low: float, high: float, decimals: int) -> str:
    """The least and the most of a line; of counts the most."""
    if not decimals:
        return f"most {high:,.0f}"
    return f"{low:.{decimals}f} to {high:.{decimals}f}".replace("-", MINUS)
