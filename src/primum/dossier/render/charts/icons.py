"""What does so many in 1,000 look like? One dot a person: who would have had it anyway, who more with treatment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from primum.dossier.figures import IconPanel, Icons
from primum.dossier.render.charts import canvas
from primum.dossier.render.numbers import show
from primum.evidence.finding import Finding

COLUMNS = 40
STEP = 7.6


def draw(drawing: Icons, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture: two panels a row on a wide page, one on a phone."""
    per_row = 2 if width >= 560 else 1
    panel_width = COLUMNS * STEP
    gap = (width - per_row * panel_width) / max(1, per_row - 1) if per_row > 1 else 0.0
    body: list[str] = []
    height = 0.0
    for start in range(0, len(drawing.panels), per_row):
        tallest = 0.0
        for column, panel in enumerate(drawing.panels[start : start + per_row]):
            marks, used = _panel(panel, findings, drawing.per, column * (panel_width + gap), height, panel_width)
            body += marks
            tallest = max(tallest, used)
        height += tallest + 22
    return body, height


def _panel(  # one thousand people
    panel: IconPanel, findings: Mapping[str, Finding], per: int, x: float, y: float, width: float
) -> tuple[list[str], float]:
    treated, untreated = findings[panel.treated], findings[panel.untreated]
    with_it, anyway = _people(treated, per), _people(untreated, per)
    shared, more, spared = min(with_it, anyway), max(0, with_it - anyway), max(0, anyway - with_it)
    tones = (("untreated", shared), ("treated", more), ("spared", spared), ("none", per - shared - more - spared))
    head = canvas.wrap(panel.label, width)
    top = y + len(head) * 17 + 4
    marks = [canvas.label(x, y + 13, head, bold=True)]
    first = 0
    for tone, count in tones:
        if count:
            marks.append(canvas.element("path", d="".join(_dots(first, count, x, top)), class_=f"p {tone}"))
        first += count
    foot = top + (per // COLUMNS) * STEP + 16
    said = (
        (canvas.words(f"{show(treated, 'per_1000')} of {per:,} treated"), treated),
        (canvas.words(f"{show(untreated, 'per_1000')} of {per:,} untreated"), untreated),
    )
    marks.append(canvas.label(x, foot, said[0][0], size=12, tone="treated-text", finding=said[0][1].id))
    marks.append(
        canvas.label(x + width, foot, said[1][0], size=12, anchor="end", tone="untreated-text", finding=said[1][1].id)
    )
    return marks, foot - y


def _dots(first: int, count: int, x: float, y: float) -> Iterator[str]:
    """Round dots as a path of strokes of no length, the shortest way to write a thousand of them."""
    for person in range(first, first + count):
        row, column = divmod(person, COLUMNS)
        yield f"M{x + (column + 0.5) * STEP:.1f} {y + (row + 0.5) * STEP:.1f}h0"


def _people(finding: Finding, per: int) -> int:
    return round(float(finding.value or 0) * per)
