"""Which day does a date mean that a system prints in a form of its own?

The forms do not overlap, so one reader serves all: 01/31/2021, 2021-01-31 or 2021/01/31 (a time behind it is left
alone), 20210131, 202101 and 2021 as far as printed, 31-JAN-21 and 31-JAN-2021. Of two digits 65 to 99 are of the last
century, because the oldest system of them (Canada Vigilance) begins in 1965.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Final

from primum.sources.values import FIRST_DAY, NOT_A_DATE, OUT_OF_RANGE, Reading

FIRST_YEAR_OF_TWO_DIGITS: Final = 65
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_FORMS: Final = (
    re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})(?: .*)?", re.ASCII),
    re.compile(r"(?P<year>\d{4})(?P<mark>[-/])(?P<month>\d{1,2})(?:(?P=mark)(?P<day>\d{1,2})(?:[T ].*)?)?", re.ASCII),
    re.compile(r"(?P<year>\d{4})(?:(?P<month>\d{2})(?P<day>\d{2})?)?", re.ASCII),
    re.compile(r"(?P<day>\d{1,2})-(?P<name>[A-Za-z]{3})-(?P<year>\d{4}|\d{2})(?: .*)?", re.ASCII),
)


@lru_cache(maxsize=100_000)
def read_day(text: str | None, until: dt.date = dt.date.max, *, since: dt.date = FIRST_DAY) -> Reading:
    """First day of a date as far as it was printed, and its precision.

    Args:
        text: as printed, trimmed; None where the field is empty.
        until: no date lies behind it.
        since: no date lies before it.

    Examples:
        >>> read_day("01/31/2021").values, read_day("2021-01-31 00:00:00").values
        ((datetime.date(2021, 1, 31), 'D'), (datetime.date(2021, 1, 31), 'D'))
        >>> read_day("01-AUG-04").values, read_day("202108").values
        ((datetime.date(2004, 8, 1), 'D'), (datetime.date(2021, 8, 1), 'M'))
        >>> read_day("13/31/2021").fault, read_day("01-AUG-71").fault
        ('not a date', 'out of range')
    """
    if text is None:
        return Reading((None, None))
    match = next((found for form in _FORMS if (found := form.fullmatch(text))), None)
    if match is None:
        return Reading((None, None), NOT_A_DATE)
    told = match.groupdict()
    year = int(told["year"])
    if len(told["year"]) == 2:
        year += 1900 if year >= FIRST_YEAR_OF_TWO_DIGITS else 2000
    try:
        month = _MONTHS.index(told["name"].upper()) + 1 if told.get("name") else int(told.get("month") or 1)
        day = dt.date(year, month, int(told.get("day") or 1))
    except ValueError:
        return Reading((None, None), NOT_A_DATE)
    if not since <= day <= until:
        return Reading((None, None), OUT_OF_RANGE)
    named = told.get("month") or told.get("name")
    return Reading((day, "D" if told.get("day") else "M" if named else "Y"))
