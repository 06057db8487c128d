"""How does a value show itself in a notebook? As a small table whose every word is escaped.

Jupyter asks a value for `_repr_html_`; the values that people meet there answer with what stands here. Nothing is
styled beyond what the notebook brings, no script runs, and words from data are text.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from primum.terms import Interval

ROWS: Final = 20  # of a long table; the rest is said to be there


def number(value: float | str | None) -> str:
    """A number of three significant digits with thousands separators; words as they are, nothing as `not known`.

    Examples:
        >>> number(1437), number(0.015644), number(None), number("approved"), number(float("inf"))
        ('1,437', '0.0156', 'not known', 'approved', 'open')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "not known"
    if isinstance(value, str):
        return value
    if math.isinf(value):
        return "open"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"


def between(interval: Interval | None) -> str:
    """An interval in words, with its level; an open end is called so.

    Examples:
        >>> between(Interval(0.0008, 0.0305)), between(Interval(2, 7, level=None)), between(None)
        ('0.0008 to 0.0305 (95 %)', '2 to 7', '')
    """
    if interval is None:
        return ""
    level = "" if interval.level is None else f" ({100 * interval.level:g} %)"
    return f"{number(interval.lower)} to {number(interval.upper)}{level}"


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, below: Iterable[str] = ()) -> str:
    """A table as HTML, the first cell of a row its head.

    Args:
        title: its caption.
        heads: of the columns; none where the rows are names and values.
        rows: words, one a column.
        below: sentences under it, such as caveats; empty ones are left out.

    Examples:
        >>> table("<b>", (), [("who", "a & b")], below=["note"])
        '<table><caption>&lt;b&gt;</caption><tbody><tr><th>who</th><td>a &amp; b</td></tr></tbody></table><p>note</p>'
    """
    head = "".join(f"<th>{said(text)}</th>" for text in heads)
    body = "".join(
        f"<tr><th>{said(row[0])}</th>{''.join(f'<td>{said(cell)}</td>' for cell in row[1:])}</tr>" for row in rows
    )
    return (
        f"<table><caption>{said(title)}</caption>{f'<thead><tr>{head}</tr></thead>' if head else ''}"
        f"<tbody>{body}</tbody></table>{paragraphs(below)}"
    )


def paragraphs(lines: Iterable[str]) -> str:
    """Sentences as HTML, a paragraph each; empty ones are left out."""
    return "".join(f"<p>{said(line)}</p>" for line in lines if line)


def picture(svg: str, described: str) -> str:
    """A picture as an image of its own, so that its style stays in it; with words for who cannot see it."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{said(described)}" src="data:image/svg+xml;base64,{data}">'


def said(text: str) -> str:
    r"""Text made harmless for markup; control letters are dropped.

    Examples:
        >>> said("<i>\x1b[2J")
        '&lt;i&gt;[2J'
    """
    return escape("".join(c for c in text if c in "\t\n" or ord(c) >= 32))
