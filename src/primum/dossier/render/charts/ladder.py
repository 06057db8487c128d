"""How far apart are the doses? Rungs on a logarithmic axis, where a fold is a distance."""

from __future__ import annotations

from collections.abc import Mapping

from primum.dossier.figures import Ladder, Rung
from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import Axis, axis
from primum.dossier.render.numbers import show
from primum.evidence.finding import Finding

ROW = 30.0


def draw(drawing: Ladder, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture."""
    wide = width >= 560
    names = 245.0 if wide else width
    scale = axis(
        [v for rung in drawing.rungs for v in _ends(findings[rung.finding])],
        left=names + 15 if wide else 14,
        right=width - (110 if wide else 96),
        scale="log",
    )
    y, body = _key(drawing)
    top = y
    for rung in drawing.rungs:
        head, middle, height = canvas.head_of_row(rung.label, y, names=names, wide=wide, least=ROW)
        body += [head, *_rung(rung, findings[rung.finding], middle, scale, width)]
        y += height
    return [*scale.drawn(top, y, drawing.axis), *body], y + 46


def _key(drawing: Ladder) -> tuple[float, list[str]]:
    """What the tones mean, in a line above the ladder."""
    shown = [(tone, words) for tone, words in drawing.key if any(rung.tone == tone for rung in drawing.rungs)]
    body: list[str] = []
    x = 6.0
    for tone, words in shown:
        body += [canvas.dot(x, 10, tone, hollow=tone == "untreated"), canvas.label(x + 10, 14, words)]
        x += canvas.text_width(words) + 32
    return (26.0 if shown else 6.0), body


def _rung(rung: Rung, finding: Finding, y: float, scale: Axis, width: float) -> list[str]:
    low, high = _ends(finding)
    said = show(finding, "interval") if low != high else show(finding)
    marks = [canvas.line(scale(low), y, scale(high), y, f"range {rung.tone}")] if low != high else []
    marks += [canvas.dot(scale(v), y, rung.tone, hollow=rung.tone == "untreated") for v in sorted({low, high})]
    return [*marks, canvas.label(width, y + 4, said, anchor="end", size=12, finding=finding.id)]


def _ends(finding: Finding) -> tuple[float, float]:
    if finding.interval is not None:
        return finding.interval.lower, finding.interval.upper
    value = float(finding.value or 0)
    return value, value
