"""Does the number depend on how it was computed? Every way from the smallest to the largest, and the choices below."""

from __future__ import annotations

from collections.abc import Mapping

from primum.dossier.figures import Ways
from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.forest import three
from primum.dossier.render.charts.scale import Axis, axis
from primum.dossier.render.numbers import number
from primum.evidence.finding import Finding

PLOT = 170.0
ROW = 18.0


def draw(drawing: Ways, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture; a way without an estimate is left to the table."""
    wide = width >= 560
    left, right, top = (190.0 if wide else 46.0), width - 8, 24.0
    known = [
        (three(findings[way.finding], drawing.unit), way)
        for way in drawing.ways
        if findings[way.finding].value is not None
    ]
    known.sort(key=lambda pair: (pair[0][1], pair[1].finding))
    ends, shown = [ends for ends, _ in known], [way for _, way in known]
    scale = axis([v for three in ends for v in three], left=top + PLOT, right=top, include=(0.0,))
    step = (right - left) / max(len(shown), 1)
    places = [left + (place + 0.5) * step for place in range(len(shown))]
    body = [canvas.label(0, 12, drawing.axis, size=11.5, tone="soft"), *_grid(scale, left, right)]
    for x, way, (low, middle, high) in zip(places, shown, ends, strict=True):
        tone = "muted" if low <= 0 <= high else "treated"
        body.append(canvas.line(x, scale(low), x, scale(high), f"bar {tone}"))
        body.append(canvas.dot(x, scale(middle), tone, radius=min(4.0, step / 2.6), finding=way.finding))
    y = top + PLOT + 16
    for kind, (heading, choices) in enumerate(drawing.kinds):
        body.append(canvas.label(0, y + 12, heading, size=11.5, bold=True))
        y += 20
        for choice in choices:
            lines = canvas.wrap(choice, (left if wide else width) - 12, 11.5)
            body.append(canvas.label(0, y + 12, lines, size=11.5))
            y += (len(lines) - (1 if wide else 0)) * 14.5
            body.append(canvas.line(left, y + 8, right, y + 8, "grid"))
            taken = (x for x, way in zip(places, shown, strict=True) if way.choices[kind] == choice)
            body += [canvas.dot(x, y + 8, "accent", radius=min(3.6, step / 2.8)) for x in taken]
            y += ROW
        y += 6
    return body, y


def _grid(scale: Axis, left: float, right: float) -> list[str]:
    lines = []
    for tick in scale.ticks(5):
        lines.append(canvas.line(left, scale(tick), right, scale(tick), "axis" if tick == 0 else "grid"))
        lines.append(canvas.label(left - 8, scale(tick) + 4, number(tick), anchor="end", size=11.5, tone="soft"))
    return lines
