"""Small things that templates draw: an interval within its row, a caveat in few words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from markupsafe import Markup

from primum.dossier.render.charts.canvas import element
from primum.terms import SYNTHETIC

WIDTH: Final = 120.0
_HEIGHT: Final = 14.0
_OF_A_METHOD: Final = re.compile(r"(?P<method>[a-z_]+): (?P<reason>.+)", re.DOTALL)


def span(rows: Iterable[Mapping[str, Any]], lower: str, upper: str, middle: float) -> tuple[float, float]:
    """The ends of the axis that the intervals of some rows share.

    Args:
        rows: of a table.
        lower: column of the lower bounds.
        upper: column of the upper bounds.
        middle: value that must lie on it: no difference.

    Examples:
        >>> span([{"low": -1.0, "high": 2.0}, {"low": None, "high": None}], "low", "high", 0.0)
        (-1.0, 2.0)
    """
    ends = [row[name] for row in rows for name in (lower, upper) if row[name] is not None]
    low, high = min([middle, *ends]), max([middle, *ends])
    return (low, high) if high > low else (low - 1, high + 1)


def interval(value: float | None, lower: float | None, upper: float | None, ends: tuple[float, float]) -> Markup:
    """A value and its interval on the axis of its column, with the mark of no difference at 0.

    The numbers stand beside it, so it is hidden from readers who cannot see it.
    """
    if value is None or lower is None or upper is None:
        return Markup("")
    low, high = ends

    def x(at: float) -> float:
        return 4 + (WIDTH - 8) * (min(max(at, low), high) - low) / (high - low)

    middle = _HEIGHT / 2
    body = [
        element("line", x1=x(0), x2=x(0), y1=0.0, y2=_HEIGHT, class_="zero"),
        element("line", x1=x(lower), x2=x(upper), y1=middle, y2=middle, class_="reach"),
        element("circle", cx=x(value), cy=middle, r=3.0, class_="value"),
    ]
    size = {"width": WIDTH, "height": _HEIGHT}
    return Markup(element("svg", *body, class_="interval", aria_hidden="true", **size))


def bits(weight: float, most: float) -> Markup:
    """What a comparison says for one event (to the right) or against it (to the left), as a bar from the middle."""
    half = WIDTH / 2
    length = half * min(abs(weight) / most, 1.0) if most else 0.0
    bar = element(
        "rect",
        x=half if weight >= 0 else half - length,
        y=2.0,
        width=length,
        height=10.0,
        class_="for" if weight >= 0 else "against",
    )
    middle = element("line", x1=half, x2=half, y1=0.0, y2=_HEIGHT, class_="zero")
    return Markup(element("svg", bar, middle, class_="interval", aria_hidden="true", width=WIDTH, height=_HEIGHT))


def day(printed: str) -> str:
    """A date as FDA prints it, with its year, month and day apart; what is no date stays as it is.

    Examples:
        >>> day("20120511"), day("201205"), day("about 2012")
        ('2012-05-11', '2012-05', 'about 2012')
    """
    if not (printed.isdigit() and len(printed) in (6, 8)):
        return printed
    return "-".join(part for part in (printed[:4], printed[4:6], printed[6:]) if part)


def caveats(told: str) -> list[str]:
    """The caveats of a row, one each; what several statistics say alike is said once, what the page says is left out.

    Examples:
        >>> caveats("SYNTHETIC; prr: no report elsewhere; ror: no report elsewhere; one sender")
        ['PRR, ROR: no report elsewhere', 'one sender']
    """
    by_reason: dict[str, list[str]] = {}
    for one in told.split("; "):
        if not one or one == SYNTHETIC:
            continue
        match = _OF_A_METHOD.fullmatch(one)
        by_reason.setdefault(match["reason"] if match else one, []).extend([match["method"].upper()] if match else [])
    return [f"{', '.join(names)}: {reason}" if names else reason for reason, names in by_reason.items()]
