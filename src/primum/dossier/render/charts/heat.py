"""Where is it warm? A shade and its number for each row and column."""

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
_HEAD: Final = 24.0


def draw(drawing: HeatMap, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture; names of columns that have no room stand below, by number."""
    wide = width >= 560
    start, above = (_NAMES + 10, 0.0) if wide else (0.0, 18.0)
    cell = max(26.0, min(110.0, (width - start) / max(len(drawing.columns), 1)))
    fits = all(canvas.text_width(column, 11.5) <= cell - 2 for column in drawing.columns)
    heads = drawing.columns if fits else [str(n) for n, _ in enumerate(drawing.columns, start=1)]
    body = [
        canvas.label(start + cell * (n + 0.5), 14, head, anchor="middle", size=11.5, tone="soft")
        for n, head in enumerate(heads)
    ]
    y = _HEAD
    for row, cells in zip(drawing.rows, drawing.cells, strict=True):
        words = canvas.wrap(row, _NAMES if wide else width)
        body.append(canvas.label(0, y + (16 if wide else 13), words[0] + "…" * (len(words) > 1)))
        y += above
        for n, one in enumerate(cells):
            body += _cell(one, start + cell * n, y, cell, most=drawing.most)
        y += _ROW
    if not fits:
        for n, column in enumerate(drawing.columns, start=1):
            body.append(canvas.label(0, y + 5 + 17 * n, f"{n}  {column}", size=11.5, tone="soft"))
        y += 17.0 * len(drawing.columns) + 5
    return body, y + 10


def _cell(one: HeatCell, x: float, y: float, width: float, *, most: float) -> list[str]:
    shade = min(max(one.value, 0.0) / most, 1.0) if math.isfinite(one.value) and one.seen else 0.0
    text = f"{one.value:.1f}".replace("-", MINUS) if one.seen and math.isfinite(one.value) else "-"
    box = {"x": x, "y": y, "width": width - 2, "height": _ROW - 2}
    return [
        canvas.element("rect", class_="k treated", fill_opacity=f"{0.55 * shade:.2f}", **box),
        canvas.element("rect", class_="l", fill="none", **box),
        canvas.label(
            x + width / 2 - 1,
            y + 15,
            text,
            anchor="middle",
            size=11.5,
            bold=one.firm and one.seen,
            finding=one.finding or None,
        ),
    ]
