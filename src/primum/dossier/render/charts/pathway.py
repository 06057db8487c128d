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
    "nerve": (44, 200),
    "terminal": (108, 166),
    "vesicle": (168, 124),
    "muscle": (296, 67),
    "skin": (60, 20),
}


def draw(drawing: Pathway, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture: the drawing, and the numbered words beside or below it."""
    wide = width >= 560
    body = [*_nerve(), *_muscle(), *_skin(), *_drug(), *_names()]
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
    """The axon comes up from the left and widens into the terminal; vesicles wait inside it, some held at its edge."""
    axon = (
        "M8 214 C70 214 96 210 118 192 C140 206 214 194 222 152 C228 124 206 104 168 102 "
        "C126 100 92 118 92 148 C92 174 60 186 8 186 Z"
    )
    waiting = ((146, 164), (176, 170), (200, 152), (128, 144), (152, 140), (188, 134))
    held = ((132, 112), (160, 108), (190, 112))  # at the edge, and unable to open
    return [
        canvas.element("path", d=axon, class_="shape nerve"),
        *(canvas.element("circle", cx=x, cy=y, r=7, class_="shape vesicle") for x, y in (*waiting, *held)),
        *(
            canvas.element("circle", cx=x + dx, cy=y + dy, r=1.8, class_="d treated")
            for x, y in (*waiting, *held)
            for dx, dy in ((-2.4, -1.4), (2.2, -1.8), (0, 2.4))
        ),
        *(canvas.element("circle", cx=x, cy=93, r=1.8, class_="d treated") for x in (140, 178, 204)),  # few get out
    ]


def _drug() -> list[str]:
    """The drug: two parts together outside the ending, one part alone inside, and the ties that it has cut."""
    outside = ((66, 118), (80, 108), (70, 100))
    inside = ((122, 128), (150, 118), (196, 128))
    ties = ((139, 103), (167, 99), (196, 104))
    return [
        *(canvas.element("path", d=_diamond(x, y, 4.5), class_="d untreated") for x, y in outside),
        *(canvas.element("path", d=_diamond(x + 8, y, 4.5), class_="h untreated") for x, y in outside),
        *(canvas.element("path", d=_diamond(x, y, 4.5), class_="d untreated") for x, y in inside),
        *(
            canvas.line(x - 3, y - 4, x - 1, y - 1, "link") + canvas.line(x + 1, y + 1, x + 3, y + 4, "link")
            for x, y in ties
        ),
        canvas.element("path", d="M90 118 Q104 128 114 128", class_="arrow"),
        canvas.element("path", d="M109 123.5 L115 128 L109 132.5", class_="arrow"),
    ]


def _diamond(x: float, y: float, half: float) -> str:
    return f"M{x:g} {y - half:g} L{x + half:g} {y:g} L{x:g} {y + half:g} L{x - half:g} {y:g} Z"


def _names() -> list[str]:
    """What each thing drawn is, at the thing itself."""
    named = (
        ("skin", 300, 24),
        ("muscle fibre", 212, 72),
        ("gap", 234, 97),
        ("nerve ending", 230, 150),
        ("nerve", 74, 205),
    )
    return [
        *(canvas.label(x, y, text, size=11, tone="soft") for text, x, y in named),
        canvas.element("path", d=_diamond(236, 190, 4.5), class_="d untreated"),
        canvas.label(246, 194, "drug, cuts", size=11, tone="soft"),
        canvas.element("path", d=_diamond(236, 206, 4.5), class_="h untreated"),
        canvas.label(246, 210, "drug, binds", size=11, tone="soft"),
        canvas.element("circle", cx=236, cy=222, r=1.8, class_="d treated"),
        canvas.label(246, 226, "messenger", size=11, tone="soft"),
    ]


def _muscle() -> list[str]:
    """The muscle fibre above the gap, with its folded receiving side and its stripes."""
    folds = " q4.5 -12 9 0 q4.5 8 9 0" * 8
    fibre = f"M84 82{folds} L310 82 Q326 68 310 52 L40 52 Q26 68 40 82 Z"
    stripes = [canvas.line(x, 55, x, 63, "grid") for x in range(52, 306, 12)]
    return [canvas.element("path", d=fibre, class_="shape muscle"), *stripes]


def _skin() -> list[str]:
    """The skin over the muscle, with a fold where the muscle pulls."""

    def edge(y: float, *, back: bool = False) -> str:
        xs = range(332, 7, -6) if back else range(8, 333, 6)
        return " ".join(f"L{x} {y + 9 * math.exp(-(((x - 170) / 13) ** 2)):.1f}" for x in xs)

    return [canvas.element("path", d=f"M8 10 {edge(10)} L332 30 {edge(30, back=True)} Z", class_="shape skin")]
