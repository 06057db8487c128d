"""How long, or how many? Bars from zero, or from one end of a range to the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from primum.dossier.figures import BarRow, Bars
from primum.dossier.model import Show
from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import Axis, axis
from primum.dossier.render.numbers import show
from primum.evidence.finding import Finding

ROW = 28.0
_DAYS: Final[Mapping[str, float]] = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12}


def draw(drawing: Bars, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture."""
    wide = width >= 560
    names = 235.0 if wide else width
    scale = axis(
        [v for row in drawing.rows for v in _ends(findings[row.finding], drawing)],
        left=names + 15 if wide else 6,
        right=width - (105 if wide else 92),
        scale=drawing.scale,
        include=() if drawing.scale == "log" else (0.0,),
    )
    y, body, group = 4.0, [], ""
    for row in drawing.rows:
        if row.group and row.group != group:
            group = row.group
            body.append(canvas.label(0, y + 19, group, bold=True))
            y += ROW
        head, middle, height = canvas.head_of_row(row.label, y, names=names, wide=wide, least=ROW)
        body += [head, *_bar(row, findings[row.finding], middle, scale, drawing=drawing, width=width)]
        y += height
    return [*scale.drawn(2, y, drawing.axis), *body], y + 46


def _bar(row: BarRow, finding: Finding, y: float, scale: Axis, *, drawing: Bars, width: float) -> list[str]:
    low, high = _ends(finding, drawing)
    start, end = scale(low), scale(high)
    how: Show = "quantity_range" if drawing.days else "interval" if drawing.ranges and low != high else "value"
    said = show(finding, how)
    words = canvas.label(width, y + 4, said, anchor="end", size=12, finding=finding.id)
    if drawing.ranges and low == high:
        return [canvas.dot(start, y, row.tone, finding=finding.id), words]
    if low == high:  # none: the axis stands there, and a bar however thin would say some
        return [words]
    length = max(abs(end - start), 2.0)
    bar = canvas.element("rect", x=min(start, end), y=y - 6, width=length, height=12, rx=2, class_=f"d {row.tone}")
    return [bar, words]


def _ends(finding: Finding, drawing: Bars) -> tuple[float, float]:
    days = _DAYS.get(finding.unit, 1.0) if drawing.days else 1.0
    if drawing.ranges and finding.interval is not None:
        return finding.interval.lower * days, finding.interval.upper * days
    value = float(finding.value or 0) * days
    return (value, value) if drawing.ranges else (0.0, value)
