"""How do the files come down to the reports that are counted? A line downwards, and what leaves it to the side."""

from __future__ import annotations

from collections.abc import Mapping

from primum.dossier.figures import Flow
from primum.dossier.render.charts import canvas
from primum.dossier.render.numbers import show
from primum.evidence.finding import Finding

SPINE = 8.0
BRANCH = 34.0
LINE = 16.0


def draw(drawing: Flow, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture."""
    body: list[str] = []
    marks: list[str] = []
    y, last = 14.0, None
    for step in drawing.steps:
        left = BRANCH if step.leaves else SPINE
        number = show(findings[step.finding], "quantity")
        lines = canvas.wrap(step.label, width - left - 26)
        if step.leaves:
            marks.append(canvas.line(SPINE, y, BRANCH, y, "link"))
            marks.append(canvas.dot(BRANCH, y, "muted", hollow=True, radius=4, finding=step.finding))
        else:
            if last is not None:
                body.append(canvas.line(SPINE, last, SPINE, y, "link"))
            last = y
            marks.append(canvas.dot(SPINE, y, "treated", finding=step.finding))
        tone = "soft" if step.leaves else "ink"
        text = f"{'less ' if step.leaves else ''}{number}"
        body.append(canvas.label(left + 14, y + 4.5, text, bold=not step.leaves, tone=tone, finding=step.finding))
        body.append(canvas.label(left + 14, y + 4.5 + LINE, lines, tone=tone))
        y += LINE * (len(lines) + 1) + 12
    return body + marks, y
