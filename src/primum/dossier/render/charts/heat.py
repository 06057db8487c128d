"""Where is more reported than expected, and where less? A shade and its number for each row and column."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from primum.dossier.render.charts import canvas
from primum.dossier.render.numbers import MINUS
from primum.dossier.report_figures import HeatCell, HeatMap
from primum.evidence.finding import Finding

_NAMES: Final = 250.0  # pixels for the words of a row on a wide page
_ROW: Final = 24.0
_SAID: Final = "information component, bits; 0 is as many as expected; - is nothing, and next to nothing expected"
_SCALE: Final = (-3.0, -1.0, 0.0, 1.0, 3.0, 5.0)  # values whose shades are shown
_DARKEST: Final = (5.0, 3.0)  # distance from 0 of the darkest shade, above and below


def draw(drawing: HeatMap, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture; names of columns that have no room stand below, by number."""
    wide = width >= 560
    start, above = (_NAMES + 10, 0.0) if wide else (0.0, 18.0)
    cell = max(26.0, min(110.0, (width - start) / max(len(drawing.columns), 1)))
    fits = all(canvas.text_width(column, 11.5) <= cell - 2 for column in drawing.columns)
    heads = drawing.columns if fits else [str(n) for n, _ in enumerate(drawing.columns, start=1)]
    body, y = _scale(width)
    body += [
        canvas.label(start + cell * (n + 0.5), y + 14, head, anchor="middle", size=11.5, tone="soft")
        for n, head in enumerate(heads)
    ]
    y += 24.0
    for row, cells in zip(drawing.rows, drawing.cells, strict=True):
        words = canvas.wrap(row, _NAMES if wide else width)
        body.append(canvas.label(0, y + (16 if wide else 13), words[0] + "…" * (len(words) > 1)))
        y += above
        for n, one in enumerate(cells):
            body += _cell(one, start + cell * n, y, cell)
        y += _ROW
    if not fits:
        for n, column in enumerate(drawing.columns, start=1):
            body.append(canvas.label(0, y + 5 + 17 * n, f"{n}  {column}", size=11.5, tone="soft"))
        y += 17.0 * len(drawing.columns) + 5
    return body, y + 10


def _scale(width: float) -> tuple[list[str], float]:
    """What the shades mean, and the height of it."""
    told = canvas.wrap(_SAID, width, 11.5)
    body, y = [canvas.label(0, 12, told, size=11.5, tone="soft")], 17.0 * len(told) + 4
    for n, value in enumerate(_SCALE):
        body += _shaded(value, 54.0 * n, y, 18.0, 16.0)
        body.append(canvas.label(54.0 * n + 22, y + 12, _signed(value), size=11.5, tone="soft"))
    return body, y + 26


def _cell(one: HeatCell, x: float, y: float, width: float) -> list[str]:
    nothing = not math.isfinite(one.value) or (not one.seen and abs(one.value) < 0.05)
    return [
        *_shaded(one.value, x, y, width - 2, _ROW - 2),
        canvas.label(
            x + width / 2 - 1,
            y + 15,
            "-" if nothing else _signed(one.value),
            anchor="middle",
            size=11.5,
            bold=one.firm and one.seen,
            finding=one.finding or None,
        ),
    ]


def _shaded(value: float, x: float, y: float, width: float, height: float) -> list[str]:
    """A box, one colour above 0 and another below; none where there is no value."""
    above = not value < 0
    share = min(abs(value) / _DARKEST[not above], 1.0) if math.isfinite(value) else 0.0
    box = {"x": x, "y": y, "width": width, "height": height}
    tone = "k treated" if above else "k untreated"
    return [
        canvas.element("rect", class_=tone, fill_opacity=f"{0.55 * share:.2f}", **box),
        canvas.element("rect", class_="l", fill="none", **box),
    ]


def _signed(value: float) -> str:
    return f"{round(value, 1) + 0.0:.1f}".replace("-", MINUS)  # + 0.0: no minus before a nought
