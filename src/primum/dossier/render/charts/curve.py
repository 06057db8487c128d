"""How does the effect come and go? A line with its band over time."""

from __future__ import annotations

from collections.abc import Mapping

from primum.dossier.figures import Curve
from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import axis
from primum.dossier.render.numbers import number
from primum.evidence.finding import Finding

PLOT = 210.0


def draw(drawing: Curve, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture; the share axis always runs from 0 to 100 %."""
    left, right, top = 46.0, width - 14, 22.0
    time = axis([p.time for p in drawing.points], left=left, right=right, include=(0.0,))
    share = axis([0.0, 100.0], left=top + PLOT, right=top, include=(0.0, 100.0))
    upper = " ".join(f"L{time(p.time):.1f} {share(100 * p.upper):.1f}" for p in drawing.points)
    lower = " ".join(f"L{time(p.time):.1f} {share(100 * p.lower):.1f}" for p in reversed(drawing.points))
    middle = " ".join(f"L{time(p.time):.1f} {share(100 * p.middle):.1f}" for p in drawing.points)
    grid = [canvas.line(left, share(t), right, share(t), "grid") for t in share.ticks(4)]
    grid += [
        canvas.label(left - 8, share(t) + 4, f"{number(t)} %", anchor="end", size=11.5, tone="soft")
        for t in share.ticks(4)
    ]
    return [
        *time.drawn(top, top + PLOT, drawing.x_axis),
        *grid,
        canvas.label(0, 12, drawing.y_axis, size=11.5, tone="soft"),
        canvas.element("path", d=f"M{upper[1:]} {lower} Z", class_="band treated"),
        canvas.element("path", d=f"M{middle[1:]}", class_="path treated", data_finding=drawing.finding),
    ], top + PLOT + 46
