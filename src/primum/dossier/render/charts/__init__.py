"""Pictures as text: each kind of drawing in a file of its own, drawn once for a wide page and once for a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib import resources
from typing import Any, Final

from primum.dossier import figures, report_figures
from primum.dossier.model import Figure
from primum.dossier.render.charts import (
    bars,
    canvas,
    curve,
    dose_band,
    flow,
    forest,
    heat,
    icons,
    ladder,
    matrix,
    meters,
    onset,
    pairs,
    pathway,
    timeline,
    tornado,
    trend,
    volcano,
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
    figures.DoseBand: dose_band.draw,
    figures.Ways: ways.draw,
    figures.Tornado: tornado.draw,
    figures.Timeline: timeline.draw,
    figures.Flow: flow.draw,
    report_figures.Volcano: volcano.draw,
    report_figures.HeatMap: heat.draw,
    report_figures.Trend: trend.draw,
    report_figures.OnsetCurves: onset.draw,
}


def svg(figure: Figure, findings: Mapping[str, Finding], *, width: float = WIDE) -> str:
    """One figure as an SVG element, named and described.

    Args:
        figure: what to draw.
        findings: the dossier's findings by id.
        width: pixels of the page it is drawn for; words keep their size, so a phone gets another layout.
    """
    return _picture(figure, findings, width, ())


def pictures(figure: Figure, findings: Mapping[str, Finding], *, width: float = WIDE) -> list[str]:
    """One figure as one picture, or a tall forest as several on one axis, none of which a sheet of paper would cut.

    Args:
        figure: what to draw.
        findings: the dossier's findings by id.
        width: as for `svg`.
    """
    pieces = forest.split(figure.drawing) if isinstance(figure.drawing, figures.Forest) else [figure.drawing]
    if len(pieces) == 1:
        return [svg(figure, findings, width=width)]
    named = (
        replace(figure, id=f"{figure.id}_{n}", title=f"{figure.title} ({n} of {len(pieces)})", drawing=piece)
        for n, piece in enumerate(pieces, start=1)
    )
    return [svg(piece, findings, width=width) for piece in named]


def alone(figure: Figure, findings: Mapping[str, Finding], *, said: str = "") -> str:
    """One figure as a file of its own, which brings its colours along.

    Args:
        figure: what to draw.
        findings: those that it draws, by id.
        said: what must stand in the picture itself, such as that its numbers are SYNTHETIC.
    """
    style = resources.files("primum.dossier").joinpath("templates/style.css").read_text(encoding="utf-8")
    first = [canvas.element("style", canvas.words(style))]
    return _picture(figure, findings, WIDE, first, said=said) + "\n"


def _picture(
    figure: Figure, findings: Mapping[str, Finding], width: float, first: Iterable[str], *, said: str = ""
) -> str:
    name = f"{figure.id}-{width:g}"
    body, height = _DRAW[type(figure.drawing)](figure.drawing, findings, width, name)
    lines = canvas.wrap(said, width) if said else []
    body = [*first, *body, *([canvas.label(0, height + 14, lines, bold=True)] if lines else [])]
    height += 18 * len(lines)
    return canvas.picture(
        body, width=width, height=height, name=name, title=figure.title, description=figure.description
    )
