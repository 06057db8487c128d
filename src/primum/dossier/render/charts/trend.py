"""How do counts go over time? A small line for each thing, up to its own most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from primum.dossier.render.charts import canvas
from primum.dossier.render.numbers import number
from primum.dossier.report_figures import Trend
from primum.evidence.finding import Finding

_NAMES: Final = 250.0  # pixels for the words of a line on a wide page
_MOST: Final = 90.0  # and for what its highest mark stands for
_HIGH: Final = 32.0


def draw(drawing: Trend, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture."""
    wide = width >= 560
    left, right = (_NAMES + 12 if wide else 8.0), width - _MOST
    row, above = (44.0, 0.0) if wide else (62.0, 18.0)
    step = (right - left) / max(len(drawing.periods) - 1, 1)
    body: list[str] = []
    for n, one in enumerate(drawing.lines):
        base, most = 44.0 + above + row * n, max(*one.counts, 1) if one.counts else 1
        places = [(left + step * i, base - _HIGH * count / most) for i, count in enumerate(one.counts)]
        words = canvas.wrap(one.name, _NAMES if wide else width)
        said = words[0] + "…" * (len(words) > 1)
        body.append(canvas.label(0, base - 10 if wide else base - _HIGH - 10, said))
        body.append(canvas.line(left, base, right, base, "grid"))
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        body.append(canvas.element("path", d=path, fill="none", stroke="currentColor", stroke_width=2.0))
        marks = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places)
        body.append(canvas.element("path", d=marks, stroke="currentColor", stroke_width=5.0, stroke_linecap="round"))
        body.append(canvas.label(right + 10, base - 10, f"most {number(most)}", size=11.5, tone="soft"))
    bottom = 44.0 + above + row * (len(drawing.lines) - 1) + 22
    last = len(drawing.periods) - 1
    for i in sorted({0, last // 2, last}) if drawing.periods else ():
        anchor = "start" if i == 0 and not wide else "middle"
        body.append(canvas.label(left + step * i, bottom, drawing.periods[i], anchor=anchor, size=11.5, tone="soft"))
    return body, bottom + 14
