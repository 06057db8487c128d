"""Where do estimates stand, and how sure are they? A mark with its interval a row, on one axis."""

from __future__ import annotations

import math
from collections.abc import Mapping

from primum.dossier.figures import Forest, ForestRow
from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import Axis, axis
from primum.dossier.render.numbers import interval, per_1000, scaled, show
from primum.evidence.finding import Finding

ROW = 30.0
GROUP = 30.0


def draw(drawing: Forest, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture."""
    wide = width >= 560
    names, words = (225.0, 135.0) if wide else (width, 108.0)
    include = () if drawing.reference is None else (scaled(drawing.reference, drawing.unit),)
    scale = axis(
        [v for row in drawing.rows for v in three(findings[row.finding], drawing.unit)],
        left=names + 15 if wide else 14,
        right=width - words - 12,
        scale=drawing.scale,
        include=include,
    )
    y, body, group = 8.0, [], ""
    for row in drawing.rows:
        if row.group and row.group != group:
            group = row.group
            body.append(canvas.label(0, y + 19, group, bold=True))
            y += GROUP
        lines = canvas.wrap(row.label, names)
        if wide:
            height = max(ROW, len(lines) * 16 + 8)
            middle = y + height / 2
            body.append(canvas.label(0, middle + 4 - (len(lines) - 1) * 8, lines))
        else:
            body.append(canvas.label(0, y + 12, lines))
            height = len(lines) * 16 + ROW
            middle = y + len(lines) * 16 + 11
        body += _row(row, findings[row.finding], middle, scale, drawing=drawing, width=width)
        y += height
    reference = include[0] if include else None
    return [*scale.drawn(4, y, drawing.axis, reference=reference), *body], y + 46


def _row(row: ForestRow, finding: Finding, y: float, scale: Axis, *, drawing: Forest, width: float) -> list[str]:
    low, middle, high = three(finding, drawing.unit)
    marks = [canvas.line(scale(low), y, scale(high), y, f"bar {row.tone}")]
    for end, off in ((scale(low), low < scale.low), (scale(high), high > scale.high)):
        if not off:
            marks.append(canvas.line(end, y - 4, end, y + 4, f"bar {row.tone}"))
    if not math.isnan(middle):
        marks.append(canvas.dot(scale(middle), y, row.tone, hollow=row.tone == "untreated"))
    return [
        *marks,
        canvas.label(width, y + 4, written(finding, drawing), anchor="end", size=12, finding=finding.id),
    ]


def written(finding: Finding, drawing: Forest) -> str:
    """The estimate and its interval in the words of the axis; a difference carries its sign."""
    if drawing.unit == "per_1000" and isinstance(finding.value, int | float):
        tail = interval(finding, per_thousand=True)
        head = per_1000(float(finding.value), signed=drawing.reference == 0)
        return f"{head} ({tail})" if tail else head
    return show(finding, "with_interval")


def three(finding: Finding, unit: str) -> tuple[float, float, float]:
    """Lower end, value, upper end on the axis; the value alone where there is no interval."""
    value = finding.value if isinstance(finding.value, int | float) else math.nan
    ends = (finding.interval.lower, finding.interval.upper) if finding.interval else (value, value)
    return scaled(ends[0], unit), scaled(value, unit), scaled(ends[1], unit)
