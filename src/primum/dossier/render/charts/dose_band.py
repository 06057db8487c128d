"""Does more do more? A line with its band over the doses given, and what each arm of the trial saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from primum.dossier.figures import DoseBand
from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import Axis, axis
from primum.dossier.render.numbers import number
from primum.evidence.finding import Finding
from primum.terms import Interval

PLOT: Final = 220.0
_TOP: Final = 60.0


def draw(drawing: DoseBand, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture; the share axis always runs from 0 to 100 %."""
    left, right = 46.0, width - 20
    dose = axis([point.dose for point in drawing.points], left=left + 14, right=right, include=(0.0,))
    share = axis([0.0, 100.0], left=_TOP + PLOT, right=_TOP, include=(0.0, 100.0))
    grid = [canvas.line(left, share(t), right, share(t), "grid") for t in share.ticks(4)]
    grid += [
        canvas.label(left - 8, share(t) + 4, f"{number(t)} %", anchor="end", size=11.5, tone="soft")
        for t in share.ticks(4)
    ]
    line = [(point.dose, _three(findings[point.fitted])) for point in drawing.points if point.fitted]
    edge = [(at, ends.upper) for at, (_, ends) in line] + [(at, ends.lower) for at, (_, ends) in reversed(line)]
    first = next(point.fitted for point in drawing.points if point.fitted)
    middle = [(at, value) for at, (value, _) in line]
    return [
        *_key(width, placebo=any(not point.fitted for point in drawing.points)),
        *dose.drawn(_TOP, _TOP + PLOT, drawing.axis),
        *grid,
        canvas.label(0, _TOP - 10, drawing.y_axis, size=11.5, tone="soft"),
        canvas.element("path", d=f"{_path(edge, dose, share)} Z", class_="band treated"),
        canvas.element("path", d=_path(middle, dose, share), class_="path treated", data_finding=first),
        *(
            mark
            for point in drawing.points
            for mark in _seen(findings[point.seen], dose(point.dose), share, placebo=not point.fitted)
        ),
    ], _TOP + PLOT + 46


def _seen(finding: Finding, x: float, share: Axis, *, placebo: bool) -> list[str]:
    """The share that an arm saw, with its interval upright."""
    value, ends = _three(finding)
    low, high = share(100 * ends.lower), share(100 * ends.upper)
    tone = "untreated" if placebo else "treated"
    bar = canvas.element("path", d=f"M{x:.1f} {low:.1f}V{high:.1f}", class_=f"l bar {tone}")
    return [bar, canvas.dot(x, share(100 * value), tone, hollow=placebo, finding=finding.id)]


def _key(width: float, *, placebo: bool) -> list[str]:
    """What line, band and dots mean, in one row or, on a phone, two."""
    words = "by the line through all doses, 95 % band"
    marks = [
        canvas.element("path", d="M2 8 L24 8", class_="path treated"),
        canvas.label(30, 12, words, size=11.5, tone="soft"),
    ]
    x, y = 46 + canvas.text_width(words, 11.5), 8.0
    if x + 170 > width:
        x, y = 2.0, 26.0
    marks.append(canvas.dot(x + 5, y, "treated", radius=4))
    marks += [canvas.dot(x + 19, y, "untreated", hollow=True, radius=4)] if placebo else []
    said = "seen in the trial, with placebo" if placebo else "seen in the trial"
    return [*marks, canvas.label(x + 30, y + 4, said, size=11.5, tone="soft")]


def _three(finding: Finding) -> tuple[float, Interval]:
    """A share and its interval, both in [0, 1]; what is drawn here has both."""
    assert isinstance(finding.value, int | float)
    assert finding.interval is not None
    return float(finding.value), finding.interval


def _path(points: list[tuple[float, float]], dose: Axis, share: Axis) -> str:
    return "M" + " L".join(f"{dose(at):.1f} {share(100 * value):.1f}" for at, value in points)
