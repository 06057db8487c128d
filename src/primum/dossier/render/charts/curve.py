"""How does the effect come and go? A line with its band over time, and dots for what trials saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from primum.dossier.figures import Curve, CurvePoint
from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import Axis, axis
from primum.dossier.render.numbers import number
from primum.evidence.finding import Finding

PLOT: Final = 220.0
_TOP: Final = 60.0


def draw(drawing: Curve, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture; the share axis always runs from 0 to 100 %."""
    left, right = 46.0, width - 14
    time = axis([p.time for p in drawing.points], left=left, right=right, include=(0.0,))
    share = axis([0.0, 100.0], left=_TOP + PLOT, right=_TOP, include=(0.0, 100.0))
    grid = [canvas.line(left, share(t), right, share(t), "grid") for t in share.ticks(4)]
    grid += [
        canvas.label(left - 8, share(t) + 4, f"{number(t)} %", anchor="end", size=11.5, tone="soft")
        for t in share.ticks(4)
    ]
    firm = [p for p in drawing.points if drawing.firm_to is None or p.time <= drawing.firm_to]
    beyond = drawing.points[len(firm) - 1 :] if len(firm) < len(drawing.points) else ()
    return [
        *_key(drawing, width),
        *time.drawn(_TOP, _TOP + PLOT, drawing.x_axis),
        *grid,
        canvas.label(0, _TOP - 10, drawing.y_axis, size=11.5, tone="soft"),
        canvas.element("path", d=_band(firm, time, share), class_="band treated"),
        canvas.element("path", d=_band(beyond, time, share), class_="band treated far") if beyond else "",
        canvas.element(
            "path", d=_line([(p.time, p.without) for p in drawing.points], time, share), class_="path untreated"
        ),
        canvas.element(
            "path",
            d=_line([(p.time, p.middle) for p in firm], time, share),
            class_="path treated",
            data_finding=drawing.finding,
        ),
        canvas.element("path", d=_line([(p.time, p.middle) for p in beyond], time, share), class_="path treated far")
        if beyond
        else "",
        *(
            canvas.dot(
                time(seen.time),
                share(100 * seen.share),
                "treated" if seen.treated else "untreated",
                hollow=not seen.treated,
                radius=4,
            )
            for seen in drawing.seen
        ),
    ], _TOP + PLOT + 46


def _key(drawing: Curve, width: float) -> list[str]:
    """What line, band and dots mean, in one row or, on a phone, two."""
    said = [("treated", "with it, 95 % band"), ("untreated", "without it")]
    marks: list[str] = []
    x = 2.0
    for tone, text in said:
        marks.append(canvas.element("path", d=f"M{x:.1f} 8 L{x + 22:.1f} 8", class_=f"path {tone}"))
        marks.append(canvas.label(x + 28, 12, text, size=11.5, tone="soft"))
        x += 44 + canvas.text_width(text, 11.5)
    if drawing.seen:
        y = 8.0
        if x + 180 > width:
            x, y = 2.0, 26.0
        marks.append(canvas.dot(x + 5, y, "treated", radius=4))
        marks.append(canvas.dot(x + 19, y, "untreated", hollow=True, radius=4))
        marks.append(canvas.label(x + 30, y + 4, "seen in trials, all doses", size=11.5, tone="soft"))
    return marks


def _line(points: Sequence[tuple[float, float]], time: Axis, share: Axis) -> str:
    return "M" + " L".join(f"{time(t):.1f} {share(100 * s):.1f}" for t, s in points)


def _band(points: Sequence[CurvePoint], time: Axis, share: Axis) -> str:
    edge = [(p.time, p.upper) for p in points] + [(p.time, p.lower) for p in reversed(points)]
    return _line(edge, time, share) + " Z"
