"""How are dates and lists said in plain words?"""

from __future__ import annotations

import re
from typing import Final

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec")
_MONTH: Final = re.compile(r"(?<![\d-])(\d{4})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?(?![\d-])")
_RANGE: Final = re.compile(r"(?<=\w)\s*\.\.\s*(?=\w)")


def period(text: str) -> str:
    """A window such as `1989-12..2003-05` in words; other text stays as it is.

    Examples:
        >>> period("1989-12..2003-05 and 2001-12..2002-11"), period("..2026-07-30"), period("day 30")
        ('Dec 1989 to May 2003 and Dec 2001 to Nov 2002', 'to 30 July 2026', 'day 30')
    """
    said = _RANGE.sub(" to ", text)
    said = re.sub(r"(?<!\S)\.\.(?=\w)", "to ", said)
    return _MONTH.sub(_month, said)


def _month(match: re.Match[str]) -> str:
    year, month, day = match.groups()
    named = f"{_MONTHS[int(month) - 1]} {year}"
    return f"{int(day)} {named}" if day else named
