"""How is a picture written down? Elements with escaped text, sizes estimated without a font at hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

# Mean advance of a letter in em for a sans face, by class of letter; measured on Liberation Sans, rounded up a little.
_NARROW: Final = frozenset("iljtfrI.,:;'|!()[] -")
_WIDE: Final = frozenset("mwMW%@")
TEXT_SIZE: Final = 13.0


def text_width(text: str, size: float = TEXT_SIZE) -> float:
    """Estimated width of a line of text in pixels; a little too wide rather than too narrow."""
    em = sum(0.32 if c in _NARROW else 0.88 if c in _WIDE else 0.66 if c.isupper() else 0.56 for c in text)
    return em * size


def wrap(text: str, width: float, size: float = TEXT_SIZE) -> list[str]:
    """Text broken into lines no wider than `width`; a single long word stays whole.

    Examples:
        >>> wrap("influenza-like illness of any kind", 110)
        ['influenza-like', 'illness of any', 'kind']
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines or [""]


def element(tag: str, *inside: str, **attributes: str | float | None) -> str:
    """One element; attribute `class_` is `class`, underscores become hyphens, numbers are cut to a tenth of a pixel.

    Args:
        tag: name of the element.
        inside: markup already made by this function, or text already escaped with `words`.
        attributes: names and values; None leaves one out.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{written}>{''.join(inside)}</{tag}>" if inside else f"<{tag}{written}/>"


def words(text: str) -> str:
    r"""Text made harmless for markup; letters that XML forbids are dropped.

    Examples:
        >>> words("<b>\x00 & more")
        '&lt;b&gt; &amp; more'
    """
    return escape("".join(c for c in text if c in "\t\n" or ord(c) >= 32), quote=True)


def label(  # every picture sets its words through here
    x: float,
    y: float,
    text: str | Sequence[str],
    *,
    anchor: str = "start",
    size: float = TEXT_SIZE,
    tone: str = "ink",
    bold: bool = False,
    finding: str | None = None,
) -> str:
    """One or several lines of text from (x, y) downwards; `finding` marks a number with the finding it shows."""
    lines = [text] if isinstance(text, str) else list(text)
    marks = " ".join(["t", *([tone] if tone != "ink" else []), *(["b"] if bold else [])])
    letters = None if size == TEXT_SIZE else size  # the style sheet's size unless another is asked for
    if len(lines) == 1:
        return element(
            "text",
            words(lines[0]),
            x=x,
            y=y,
            class_=marks,
            text_anchor=None if anchor == "start" else anchor,
            font_size=letters,
            data_finding=finding,
        )
    spans = "".join(element("tspan", words(line), x=x, y=y + i * size * 1.25) for i, line in enumerate(lines))
    return element(
        "text",
        spans,
        class_=marks,
        text_anchor=None if anchor == "start" else anchor,
        font_size=letters,
        data_finding=finding,
    )


def head_of_row(text: str, y: float, *, names: float, wide: bool, least: float) -> tuple[str, float, float]:
    """The words of a row, left of its mark on a wide page and above it on a phone.

    Args:
        text: the words.
        y: where the row begins.
        names: pixels for the words.
        wide: whether they stand left of the mark.
        least: pixels that a row of one line takes on a wide page.

    Returns:
        The words as an element, where the row's mark stands, and the height of the row.
    """
    lines = wrap(text, names)
    if wide:
        height = max(least, len(lines) * 16 + 8)
        middle = y + height / 2
        return label(0, middle + 4 - (len(lines) - 1) * 8, lines), middle, height
    above = len(lines) * 16
    return label(0, y + 12, lines), y + above + (least - 8) / 2, above + least


def picture(body: Iterable[str], *, width: float, height: float, name: str, title: str, description: str) -> str:
    """The whole picture: named and described for readers who cannot see it."""
    return element(
        "svg",
        element("title", words(title), id=f"{name}-title"),
        element("desc", words(description), id=f"{name}-desc"),
        *body,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        viewBox=f"0 0 {width:g} {math.ceil(height)}",
        width=width,
        height=math.ceil(height),
    )


def line(x1: float, y1: float, x2: float, y2: float, tone: str = "rule") -> str:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_="l" if tone == "rule" else f"l {tone}")


def interval(low: float, high: float, y: float, tone: str, *, caps: Iterable[float]) -> str:
    """A level bar from `low` to `high`, with a short upright stroke at each of the caps."""
    ends = "".join(f"M{_attribute(cap)} {_attribute(y - 4)}v8" for cap in caps)
    return element("path", d=f"M{_attribute(low)} {_attribute(y)}H{_attribute(high)}{ends}", class_=f"l bar {tone}")


def dot(x: float, y: float, tone: str, *, hollow: bool = False, radius: float = 5.0, finding: str | None = None) -> str:
    """A round mark; hollow ones tell the pair apart without colour."""
    return element("circle", cx=x, cy=y, r=radius, class_=f"{'h' if hollow else 'd'} {tone}", data_finding=finding)


def _attribute(value: str | float) -> str:
    if isinstance(value, str):
        return words(value)
    return f"{value:.1f}".removesuffix(".0")
