"""Pictures as text: each kind of drawing in a file of its own, drawn once for a wide page and once for a phone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from primum.dossier import figures
from primum.dossier.model import Figure
from primum.dossier.render.charts import (
    bars,
    canvas,
    curve,
    forest,
    icons,
    ladder,
    matrix,
    meters,
    pairs,
    pathway,
    ways,
)
from primum.evidence.finding import Finding

WIDE: Final = 720.0
NARROW: Final = 340.0

_Draw = Callable[[Any, Mapping[str, Finding], float, str], tuple[list[str], float]]
_DRAW: Final[Mapping[type, _Draw]] = {
    figures.Pairs: pairs.draw,
    figures.Forest: forest.draw,
    figures.Icons: icons.draw,
    figures.Ladder: ladder.draw,
    figures.Matrix: matrix.draw,
    figures.Bars: bars.draw,
    figures.Meters: meters.draw,
    figures.Pathway: pathway.draw,
    figures.Curve: curve.draw,
    figures.Ways: ways.draw,
}


def svg(figure: Figure, findings: Mapping[str, Finding], *, width: float = WIDE) -> str:
    """One figure as an SVG element, named and described.

    Args:
        figure: what to draw.
        findings: the dossier's findings by id.
        width: pixels of the page it is drawn for; words keep their size, so a phone gets another layout.
    """
    name = f"{figure.id}-{width:g}"
    body, height = _DRAW[type(figure.drawing)](figure.drawing, findings, width, name)
    return canvas.picture(
        body, width=width, height=height, name=name, title=figure.title, description=figure.description
    )
