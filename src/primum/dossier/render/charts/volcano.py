"""Which pairs are large and which are surprising? A mark a pair, thousands of them in two paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import axis
from primum.dossier.render.numbers import number
from primum.dossier.report_figures import Volcano
from primum.evidence.finding import Finding

_TOP: Final = 26.0
_BOTTOM: Final = 336.0
_LINE: Final = 15.0  # pixels that two names need between them
_HIGHEST: Final = 40.0  # surprise from which on marks stand at the top, so that the others are told apart


def draw(drawing: Volcano, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture; names stand on the side of their mark that has room."""
    left = 60.0 if width >= 560 else 40.0
    x = axis([mark.across for mark in drawing.marks], left=left, right=width - 20, include=(0.0,))
    far = any(mark.up > _HIGHEST for mark in drawing.marks)
    y = axis([min(mark.up, _HIGHEST) for mark in drawing.marks], left=_BOTTOM, right=_TOP, include=(0.0,))
    body = [*x.drawn(_TOP, _BOTTOM, drawing.x_axis, reference=0.0)]
    for tick in y.ticks(5):
        body.append(canvas.line(left, y(tick), width - 20, y(tick), "grid"))
        body.append(canvas.label(left - 8, y(tick) + 4, number(tick), anchor="end", size=11.5, tone="soft"))
    said = f"{drawing.y_axis}; {number(_HIGHEST)} and more at the top" if far else drawing.y_axis
    body.append(canvas.label(0, 12, said, size=11.5, tone="soft"))
    for stands_out, size, strength in ((False, 4.0, 0.4), (True, 7.0, None)):
        body.append(
            _marks(
                [(x(m.across), y(m.up)) for m in drawing.marks if m.stands_out == stands_out],
                size=size,
                strength=strength,
            )
        )
    named = sorted((m for m in drawing.marks if m.label), key=lambda m: (-m.up, -m.across))
    for mark, place in zip(named, _apart([y(mark.up) + 4 for mark in named]), strict=True):
        at = x(mark.across)
        onward = at > (left + width) / 2
        words = canvas.wrap(mark.label, (at - left if onward else width - at) - 8, 11.5)
        said = words[0] + "…" * (len(words) > 1)
        body.append(
            canvas.label(at - 7 if onward else at + 7, place, said, anchor="end" if onward else "start", size=11.5)
        )
    told = canvas.wrap(f"large and dark: {drawing.threshold}", width, 11.5)
    body.append(canvas.label(0, _BOTTOM + 56, told, size=11.5, tone="soft"))
    return body, _BOTTOM + 50 + 17 * len(told)


def _apart(places: Sequence[float]) -> list[float]:
    """Heights of names, rising, moved until no two stand on each other and none below the axis.

    Examples:
        >>> _apart([30.0, 31.0, 335.0, 336.0])
        [30.0, 45.0, 317.0, 332.0]
    """
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + _LINE) if moved else place)
    limit = _BOTTOM - 4
    for n in range(len(moved) - 1, -1, -1):
        moved[n] = min(moved[n], limit)
        limit = moved[n] - _LINE
    return moved


def _marks(places: Iterable[tuple[float, float]], *, size: float, strength: float | None) -> str:
    """Round marks of one kind as one path: strokes of no length with round ends."""
    path = "".join(f"M{x:.0f} {y:.1f}h0" for x, y in dict.fromkeys((round(x), round(y, 1)) for x, y in places))
    if not path:
        return ""
    return canvas.element(
        "path",
        d=path,
        fill="none",
        stroke="currentColor",
        stroke_width=size,
        stroke_linecap="round",
        opacity=None if strength is None else f"{strength:g}",
    )
