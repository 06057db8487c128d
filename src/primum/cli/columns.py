"""How does a table fit a screen of 80 columns? Each cell is wrapped in its own column."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Final

WIDTH: Final = 80
_GAP: Final = "  "


def row_lines(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    """The lines of one row, its cells wrapped side by side.

    Args:
        cells: text of each cell; a line break in it is kept.
        widths: columns of each cell; two blanks stand between cells.

    Examples:
        >>> row_lines(["C01", "In use for decades."], [3, 10])
        ['C01  In use for', '     decades.']
    """
    wrapped = [
        [line for part in cell.split("\n") for line in textwrap.wrap(part, width, break_on_hyphens=False) or [""]]
        for cell, width in zip(cells, widths, strict=True)
    ]
    return [
        _GAP.join(f"{part:<{width}}" for part, width in zip(parts, widths, strict=True)).rstrip()
        for parts in zip_longest(*wrapped, fillvalue="")
    ]


def paragraph(text: str, *, indent: int = 0) -> list[str]:
    """A sentence wrapped to the screen.

    Examples:
        >>> paragraph("short", indent=2)
        ['  short']
    """
    margin = " " * indent
    return textwrap.wrap(text, WIDTH, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False)


def rule(widths: Iterable[int]) -> str:
    """A line under the headings.

    Examples:
        >>> rule([3, 4])
        '---  ----'
    """
    return _GAP.join("-" * width for width in widths)


def number(value: float) -> str:
    """A number in at most six columns; a dash where there is none.

    Examples:
        >>> number(0.0012), number(3.14159), number(123.45), number(1e6), number(math.nan)
        ('0.0012', '3.14', '123.5', '1e+06', '-')
    """
    if not math.isfinite(value):
        return "-"
    if abs(value) >= 1_000_000:
        return f"{value:.0e}"
    if abs(value) >= 1000:
        return f"{value:.0f}"
    if 0 < abs(value) < 0.01:
        return f"{value:.4f}"[:6]
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.1f}"


def with_interval(value: float, lower: float, upper: float) -> str:
    """A number with its bounds; a dash for what there is not.

    Examples:
        >>> with_interval(2.0, 1.5, 2.66), with_interval(2.0, math.nan, math.nan)
        ('2.00 (1.50 to 2.66)', '2.00')
    """
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return number(value)
    return f"{number(value)} ({number(lower)} to {number(upper)})"
