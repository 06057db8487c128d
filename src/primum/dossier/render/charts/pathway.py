"""Where does it act? From the nerve to the skin, with the treatment's own words at each numbered place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from primum.dossier.figures import Pathway
from primum.dossier.render.charts import canvas
from primum.evidence.finding import Finding

# Where the number of each place stands on the drawing, which is 340 wide and 230 high.
_PLACES: Final[Mapping[str, tuple[float, float]]] = {
    "nerve": (52, 40),
    "terminal": (128, 66),
    "vesicle": (170, 112),
    "muscle": (244, 168),
    "skin": (52, 196),
}


def draw(drawing: Pathway, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture: the drawing, and the numbered words beside or below it."""
    wide = width >= 560
    body = [*_nerve(), *_muscle(), *_skin()]
    x, y, column = (372.0, 22.0, width - 400) if wide else (0.0, 252.0, width - 30)
    for number, station in enumerate(drawing.stations, start=1):
        body += _badge(*_PLACES[station.place], number)
        lines = canvas.wrap(station.label, column)
        body += _badge(x + 11, y, number)
        body.append(canvas.label(x + 28, y + 4.5, lines))
        y += len(lines) * 16.5 + 14
    return body, max(y, 236.0)


def _badge(x: float, y: float, number: int) -> list[str]:
    return [
        canvas.element("circle", cx=x, cy=y, r=10, class_="d accent"),
        canvas.label(x, y + 4.3, str(number), anchor="middle", size=12, tone="on", bold=True),
    ]


def _nerve() -> list[str]:
    """The axon comes down from the left and widens into the terminal; vesicles wait inside it, some at its edge."""
    axon = "M8 22 C70 22 96 26 118 44 C140 30 214 42 222 84 C228 112 206 132 168 134 C126 136 92 118 92 88 C92 62 60 50 8 50 Z"
    waiting = ((146, 72), (176, 66), (200, 84), (128, 92), (152, 96), (188, 102))
    released = ((132, 126), (160, 130), (190, 126))
    return [
        canvas.element("path", d=axon, class_="shape nerve"),
        *(canvas.element("circle", cx=x, cy=y, r=7, class_="shape vesicle") for x, y in (*waiting, *released)),
        *(
            canvas.element("circle", cx=x + dx, cy=y + dy, r=1.8, class_="d treated")
            for x, y in (*waiting, *released)
            for dx, dy in ((-2.4, -1.4), (2.2, -1.8), (0, 2.4))
        ),
        *(canvas.element("circle", cx=x, cy=144, r=1.8, class_="d treated") for x in range(126, 206, 13)),
    ]


def _muscle() -> list[str]:
    """The muscle fibre below the gap, with its folded receiving side and its stripes."""
    folds = "".join(" q4.5 12 9 0 q4.5 -8 9 0" for _ in range(8))
    fibre = f"M84 156{folds} L310 156 Q326 170 310 186 L40 186 Q26 170 40 156 Z"
    stripes = [canvas.line(x, 176, x, 184, "grid") for x in range(52, 306, 12)]
    return [canvas.element("path", d=fibre, class_="shape muscle"), *stripes]


def _skin() -> list[str]:
    """The skin over the muscle, with a fold where the muscle pulls."""
    wave = " ".join(
        f"L{x} {208 + (7 * math.exp(-(((x - 170) / 14) ** 2)) if 120 < x < 220 else 0):.1f}" for x in range(8, 333, 6)
    )
    return [canvas.element("path", d=f"M8 208 {wave} L332 228 L8 228 Z", class_="shape skin")]
