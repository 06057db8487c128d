"""How many of 1,000 treated, how many untreated, and what is the difference? Two dots and an interval a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from primum.dossier.figures import PairRow, Pairs
from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import Axis, axis
from primum.dossier.render.numbers import per_1000, scaled, show
from primum.evidence.finding import Finding

ROW = 34.0


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the columns stand: names, rates, differences, their words; names above the row on a phone."""

    name_width: float
    rates: tuple[float, float]
    differences: tuple[float, float]
    words: float
    stacked: bool


def _layout(width: float) -> _Layout:
    if width >= 560:
        return _Layout(170, (210, 420), (470, width - 125), width, stacked=False)
    return _Layout(width, (26, 128), (168, width - 98), width, stacked=True)


def draw(drawing: Pairs, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture."""
    layout = _layout(width)
    rates = axis(
        [_rate(findings[n]) for row in drawing.rows for n in (row.treated, row.untreated)],
        left=layout.rates[0],
        right=layout.rates[1],
        include=(0.0,),
    )
    differences = axis(
        [v for row in drawing.rows for v in _ends(findings[row.difference])],
        left=layout.differences[0],
        right=layout.differences[1],
        include=(0.0,),
    )
    top, body, y = 44.0, [], 44.0
    for row in drawing.rows:
        lines = canvas.wrap(row.label, layout.name_width)
        if layout.stacked:
            body.append(canvas.label(0, y + 12, lines))
            middle = y + 12 + len(lines) * 16
        else:
            middle = y + ROW / 2
            body.append(canvas.label(0, middle + 4 - (len(lines) - 1) * 8, lines))
        body += _row(row, findings, middle, layout, rates=rates, differences=differences)
        y = middle + ROW / 2
    grid = [
        *rates.drawn(top, y, "of 1,000 people"),
        *differences.drawn(top, y, "more with treatment, of 1,000", reference=0.0),
    ]
    return [*_heads(drawing, layout), *grid, *body], y + 42


def _heads(drawing: Pairs, layout: _Layout) -> list[str]:
    """The key, set as the head of the first column of dots."""
    x = layout.rates[0] if not layout.stacked else 6
    second = x + canvas.text_width(drawing.treated) + 34
    return [
        canvas.dot(x, 16, "treated"),
        canvas.label(x + 10, 20, drawing.treated),
        canvas.dot(second, 16, "untreated", hollow=True),
        canvas.label(second + 10, 20, drawing.untreated),
        canvas.label(layout.words, 20, "difference", anchor="end", tone="soft", size=11.5),
    ]


def _row(  # one row of marks and numbers
    row: PairRow, findings: Mapping[str, Finding], y: float, layout: _Layout, *, rates: Axis, differences: Axis
) -> list[str]:
    treated, untreated, gap = (findings[n] for n in (row.treated, row.untreated, row.difference))
    x1, x2 = rates(_rate(treated)), rates(_rate(untreated))
    left, right = (treated, untreated) if x1 <= x2 else (untreated, treated)
    low, high = _ends(gap)
    return [
        canvas.line(x1, y, x2, y, "link"),
        canvas.dot(x2, y, "untreated", hollow=True, finding=untreated.id),
        canvas.dot(x1, y, "treated", finding=treated.id),
        canvas.label(min(x1, x2) - 9, y + 4, show(left, "per_1000"), anchor="end", size=12, finding=left.id),
        canvas.label(max(x1, x2) + 9, y + 4, show(right, "per_1000"), size=12, finding=right.id),
        canvas.line(differences(low), y, differences(high), y, "bar accent"),
        canvas.dot(differences(_rate(gap)), y, "accent", radius=4, finding=gap.id),
        canvas.label(
            layout.words,
            y + 4,
            f"{per_1000(float(gap.value or 0), signed=True)} ({show(gap, 'per_1000_interval')})",
            anchor="end",
            size=12,
            finding=gap.id,
        ),
    ]


def _rate(finding: Finding) -> float:
    return scaled(float(finding.value or 0), "per_1000")


def _ends(finding: Finding) -> tuple[float, float]:
    if finding.interval is None:
        return _rate(finding), _rate(finding)
    return scaled(finding.interval.lower, "per_1000"), scaled(finding.interval.upper, "per_1000")
