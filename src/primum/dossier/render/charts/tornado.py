"""Which choice moves a balance most? A bar a choice, from the balance without it to the balance with it twice."""

from __future__ import annotations

from collections.abc import Mapping

from primum.dossier.figures import Tornado, TornadoRow
from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import Axis, axis
from primum.dossier.render.numbers import per_1000, scaled
from primum.evidence.finding import Finding

ROW = 34.0


def draw(drawing: Tornado, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture; the widest bar stands first."""
    wide = width >= 560
    names = 225.0 if wide else width
    values = {name: _value(findings[name]) for name in drawing.findings()}
    middle = values[drawing.balance]
    scale = axis(list(values.values()), left=names + 60 if wide else 60, right=width - 60, include=(0.0,))
    y, body = 24.0, [canvas.label(scale(middle), 14, per_1000(middle / 1000, signed=True), anchor="middle", size=12)]
    for row in sorted(drawing.rows, key=lambda row: -abs(values[row.none] - values[row.double])):
        head, level, height = canvas.head_of_row(row.label, y, names=names, wide=wide, least=ROW)
        body += [head, *_bar(row, values, level, scale)]
        y += height
    body.append(canvas.line(scale(middle), 20, scale(middle), y, "rule"))
    return [*scale.drawn(20, y, drawing.axis, reference=0.0), *body], y + 46


def _bar(row: TornadoRow, values: Mapping[str, float], y: float, scale: Axis) -> list[str]:
    """The bar with its two ends in numbers."""
    ends = sorted((row.none, row.double), key=lambda name: values[name])
    left, right = (scale(values[name]) for name in ends)
    return [
        canvas.element("rect", x=left, y=y - 7, width=max(right - left, 2.0), height=14, rx=2, class_="d muted"),
        *(
            canvas.label(
                x + shift, y + 4, per_1000(values[name] / 1000, signed=True), anchor=anchor, size=12, finding=name
            )
            for name, x, shift, anchor in ((ends[0], left, -6, "end"), (ends[1], right, 6, "start"))
        ),
    ]


def _value(finding: Finding) -> float:
    assert isinstance(finding.value, int | float)  # a balance always has one
    return scaled(float(finding.value), "per_1000")
