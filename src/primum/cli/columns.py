"""How does a table fit a screen of 80 columns? Each cell is wrapped in its own column."""

from __future__ import annotations

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
