"""What does so many in 1,000 look like? One dot a person: who would have had it anyway, who more with treatment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from primum.dossier.figures import IconPanel, Icons
from primum.dossier.render.charts import canvas
from primum.dossier.render.numbers import show
from primum.evidence.finding import Finding

COLUMNS = 50
STEP = 6.6
_GAP = 20.0
_KEY = (
    ("untreated", "had it {} too"),
    ("treated", "more with treatment"),
    ("spared", "fewer with treatment"),
    ("none", "did not have it"),
)


def draw(drawing: Icons, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture: several panels a row on a wide page, one on a phone."""
    per_row = drawing.a_row if width >= 560 else 1
    panel_width = min(COLUMNS * STEP, (width - _GAP * (per_row - 1)) / per_row)
    gap = (width - per_row * panel_width) / (per_row - 1) if per_row > 1 else 0.0
    other = "without treatment" if drawing.untreated == "no treatment" else f"on {drawing.untreated}"
    tones = [tone for tone, _ in _KEY if tone != "spared" or _any_spared(drawing, findings)]
    body, height = _key(width, tones, other)
    for start in range(0, len(drawing.panels), per_row):
        tallest = 0.0
        for column, panel in enumerate(drawing.panels[start : start + per_row]):
            marks, used = _panel(panel, findings, drawing.per, other, panel_width)
            place = f"translate({column * (panel_width + gap):.1f} {height:.1f})"
            body.append(canvas.element("g", *marks, transform=place))
            tallest = max(tallest, used)
        height += tallest + 30
    return body, height - 22


def _key(width: float, tones: list[str], other: str) -> tuple[list[str], float]:
    """What the colours say, in words beside them; wrapped on a phone."""
    marks: list[str] = []
    x, y = 0.0, 12.0
    for tone, template in _KEY:
        if tone not in tones:
            continue
        words = template.format(other)
        used = canvas.text_width(words) + 34
        if x + used > width and x > 0:
            x, y = 0.0, y + 20
        marks.append(canvas.element("circle", cx=x + 5, cy=y - 4.5, r=5, class_=f"k {tone}"))
        marks.append(canvas.label(x + 14, y, words))
        x += used
    return marks, y + 18


def _panel(
    panel: IconPanel, findings: Mapping[str, Finding], per: int, other: str, width: float
) -> tuple[list[str], float]:
    """One thousand people from (0, 0) on, with what was counted in words under them."""
    size = width / (COLUMNS * STEP)
    treated, untreated, gap = (findings[n] for n in (panel.treated, panel.untreated, panel.difference))
    with_it, anyway = _people(treated, per), _people(untreated, per)
    shared, more, spared = min(with_it, anyway), max(0, with_it - anyway), max(0, anyway - with_it)
    tones = (("untreated", shared), ("treated", more), ("spared", spared), ("none", per - shared - more - spared))
    head = canvas.wrap(panel.label, width)
    top = len(head) * 17 + 4.0
    people: list[str] = []
    first = 0
    for tone, count in tones:
        if count:
            people.append(canvas.element("path", d="".join(_dots(first, count)), class_=f"p {tone}"))
        first += count
    step = STEP * size
    place = f"translate({step / 2:.2f} {top + step / 2:.2f}) scale({step:.3f})"
    marks = [canvas.label(0, 13, head, bold=True), canvas.element("g", *people, transform=place)]
    foot = top + (per // COLUMNS) * STEP * size + 15
    said = (
        (f"{show(untreated, 'per_1000')} {other}", "untreated-text", untreated.id),
        (f"{show(gap, 'per_1000_signed')} with treatment", "treated-text", gap.id),
        (f"{show(treated, 'without_per_1000')} did not", "soft", treated.id),
    )
    x = 0.0
    for words, tone, finding in said:
        if x and x + canvas.text_width(words, 12) > width:
            x, foot = 0.0, foot + 16
        marks.append(canvas.label(x, foot, words, size=12, tone=tone, finding=finding))
        x += canvas.text_width(words, 12) + 14
    return marks, foot


def _dots(first: int, count: int) -> Iterator[str]:
    """Runs of people in a row, from one place to another; the style draws a dot at each whole step of a run.

    Examples:
        >>> list(_dots(48, 4))
        ['M48 0h1.1', 'M0 1h1.1']
    """
    while count:
        row, column = divmod(first, COLUMNS)
        run = min(count, COLUMNS - column)
        yield f"M{column} {row}h{run - 1}.1"
        first, count = first + run, count - run


def _people(finding: Finding, per: int) -> int:
    return round(float(finding.value or 0) * per)


def _any_spared(drawing: Icons, findings: Mapping[str, Finding]) -> bool:
    return any(
        _people(findings[panel.untreated], drawing.per) > _people(findings[panel.treated], drawing.per)
        for panel in drawing.panels
    )
