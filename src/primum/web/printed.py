"""How does a number stand on a page? With as many digits as its size is worth, and a dash where there is none.

Functions and no macros: a table has hundreds of numbers, and a macro takes ten times as long.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, Final

NONE: Final = "–"
_MINUS: Final = "−"


def number(value: Any, digits: int = 2) -> str:
    """A number of a table; a text stays as it is.

    Args:
        value: the number; None where there is none.
        digits: behind the point, below 100.

    Examples:
        >>> number(None), number(12345), number(12345.6), number(-123.456), number(0.256), number(0.25678, 4)
        ('–', '12,345', '12,346', '−123.5', '0.26', '0.2568')
    """
    if value is None:
        return NONE
    if isinstance(value, str):
        return value
    if isinstance(value, Integral):
        return f"{value:,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{1 if abs(value) >= 100 else digits}f}".replace("-", _MINUS)


def ends(low: float | None, high: float | None) -> str:
    """An interval; nothing where an end is missing.

    Examples:
        >>> ends(0.5, 2.25), ends(None, 2.0)
        ('0.50 to 2.25', '')
    """
    return "" if low is None or high is None else f"{number(low)} to {number(high)}"


def percent(share: float | None) -> str:
    """A share in percent.

    Examples:
        >>> percent(0.123), percent(None)
        ('12.3 %', '–')
    """
    return NONE if share is None else f"{100 * share:.1f} %"


def small(value: float | None) -> str:
    """A probability to four places.

    Examples:
        >>> small(0.05), small(0.00001), small(None)
        ('0.0500', '< 0.0001', '–')
    """
    if value is None:
        return NONE
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"
