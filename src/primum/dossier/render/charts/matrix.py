"""Which thing stands in which column? A mark a row, and a few words beside it."""

from __future__ import annotations

from collections.abc import Mapping

from primum.dossier.figures import Matrix
from primum.dossier.render.charts import canvas
from primum.evidence.finding import Finding


def draw(drawing: Matrix, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture."""
    wide = width >= 560
    names = 175.0 if wide else width
    left = names if wide else 0.0
    span = 96.0 if wide else width / len(drawing.columns)
    places = {column: left + (i + 0.5) * span for i, column in enumerate(drawing.columns)}
    words_left = left + span * len(drawing.columns) + 14 if wide else 0.0
    body = [canvas.label(x, 14, column, anchor="middle", size=11.5, tone="soft") for column, x in places.items()]
    y = 24.0
    for row in drawing.rows:
        lines = canvas.wrap(row.label, names - 8)
        words = canvas.wrap(row.words, width - words_left, 12)
        body.append(canvas.line(0, y, width, y, "grid"))
        if wide:
            height = max(len(lines) * 16, len(words) * 15) + 14
            middle = y + height / 2
            body.append(canvas.label(0, y + 20, lines))
            body.append(canvas.label(words_left, y + 20, words, size=12, tone="soft"))
            middle = y + 16
        else:
            body.append(canvas.label(0, y + 18, lines, bold=True))
            middle = y + len(lines) * 16 + 18
            body.append(canvas.label(0, middle + 24, words, size=12, tone="soft"))
            height = len(lines) * 16 + 18 + 24 + len(words) * 15
        for column, x in places.items():
            here = column == row.column
            body.append(
                canvas.dot(x, middle, row.tone, radius=6, finding=row.finding)
                if here
                else canvas.dot(x, middle, "muted", radius=1.5)
            )
        y += height
    return body, y + 6
