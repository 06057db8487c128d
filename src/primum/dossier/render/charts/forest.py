"""Where do estimates stand, and how sure are they? A mark with its interval a row, on one axis."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from primum.dossier.figures import Forest, ForestRow
from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import Axis, axis
from primum.dossier.render.numbers import interval, per_1000, scaled, show
from primum.evidence.finding import Finding

ROW = 30.0
GROUP = 30.0
_NAMES: Final = 225.0  # pixels for the words of a row on a wide page
_TALLEST: Final = 760.0  # pixels of rows in one picture: with its axis 200 mm of the 261 that a sheet leaves


def draw(drawing: Forest, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture."""
    wide = width >= 560
    names, words = (_NAMES, 135.0) if wide else (width, 108.0)
    include = () if drawing.reference is None else (scaled(drawing.reference, drawing.unit),)
    scale = axis(
        [v for name in (*drawing.findings(), *drawing.beside) for v in three(findings[name], drawing.unit)],
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
        head, middle, height = canvas.head_of_row(row.label, y, names=names, wide=wide, least=ROW)
        body += [head, *_row(row, findings[row.finding], middle, scale, drawing=drawing, width=width)]
        y += height
    reference = include[0] if include else None
    return [*scale.drawn(4, y, drawing.axis, reference=reference), *body], y + 46


def split(drawing: Forest) -> list[Forest]:
    """A tall forest as several on one axis, none taller than a sheet of paper; broken between groups where it can be.

    Examples:
        >>> rows = tuple(ForestRow(f"row {i}", f"a.{i}", group=f"group {i // 15}") for i in range(45))
        >>> [len(piece.rows) for piece in split(Forest(rows, "axis"))]
        [15, 15, 15]
    """
    pieces: list[list[ForestRow]] = [[]]
    left = _TALLEST
    for _, group in itertools.groupby(drawing.rows, key=lambda row: row.group):
        rows = list(group)
        if pieces[-1] and min(GROUP + sum(map(_height, rows)), _TALLEST) > left:
            pieces.append([])
            left = _TALLEST
        left -= GROUP
        for row in rows:
            if pieces[-1] and _height(row) > left:
                pieces.append([])
                left = _TALLEST - GROUP
            pieces[-1].append(row)
            left -= _height(row)
    if len(pieces) == 1:
        return [drawing]
    return [replace(drawing, rows=tuple(piece), beside=drawing.findings()) for piece in pieces]


def _height(row: ForestRow) -> float:
    """Pixels that a row takes on a wide page."""
    return canvas.head_of_row(row.label, 0, names=_NAMES, wide=True, least=ROW)[2]


def _row(row: ForestRow, finding: Finding, y: float, scale: Axis, *, drawing: Forest, width: float) -> list[str]:
    low, middle, high = three(finding, drawing.unit)
    ends = [end for end in (low, high) if scale.low <= end <= scale.high]
    marks = [canvas.interval(scale(low), scale(high), y, row.tone, caps=map(scale, ends))]
    if not math.isnan(middle):
        marks.append(canvas.dot(scale(middle), y, row.tone, hollow=row.tone == "untreated"))
    return [
        canvas.element("g", *marks, data_finding=finding.id),
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
