"""When did it happen? One row an event, at its year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from primum.dossier.figures import Timeline
from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import axis
from primum.dossier.render.numbers import show
from primum.evidence.finding import Finding

ROW: Final = 30.0


def draw(drawing: Timeline, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture; years stand without the comma of a thousand."""
    wide = width >= 560
    names = 300.0 if wide else width
    years = axis([row.year for row in drawing.rows], left=names + 20 if wide else 14, right=width - 95)
    y, body = 4.0, []
    for row in drawing.rows:
        head, level, height = canvas.head_of_row(row.label, y, names=names, wide=wide, least=ROW)
        body.append(head)
        body.append(canvas.dot(years(row.year), level, row.tone, hollow=row.tone == "untreated"))
        finding = findings[row.finding]
        said = f"{row.year}" if finding.unit == "year" else show(finding, "quantity")
        body.append(canvas.label(width, level + 4, said, anchor="end", size=12, finding=row.finding))
        y += height
    grid = [
        mark
        for tick in years.ticks(max(2, int((years.right - years.left) / 60)))
        for mark in (
            canvas.line(years(tick), 2, years(tick), y, "grid"),
            canvas.label(years(tick), y + 16, f"{tick:.0f}", anchor="middle", size=11.5, tone="soft"),
        )
    ]
    return [*grid, *body], y + 26
