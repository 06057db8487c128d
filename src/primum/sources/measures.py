"""What do an age and a weight mean that are printed with the unit in words?"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Final

from primum.sources.values import NOT_A_NUMBER, Reading, read_age, read_weight

_UNITS: Final = {
    "Y": "YR", "YR": "YR", "YEAR": "YR", "MO": "MON", "MON": "MON", "MONTH": "MON", "WK": "WK", "WEEK": "WK",
    "D": "DY", "DA": "DY", "DY": "DY", "DAY": "DY", "H": "HR", "HR": "HR", "HOUR": "HR", "MIN": "MIN", "MINUTE": "MIN",
    "SEC": "SEC", "SECOND": "SEC", "DEC": "DEC", "DECADE": "DEC", "K": "KG", "KG": "KG", "KILOGRAM": "KG", "L": "LBS",
    "LB": "LBS", "POUND": "LBS", "G": "GMS", "GM": "GMS", "GRAM": "GMS",
}  # fmt: skip
_MEASURE: Final = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))\s*(?P<unit>[A-Za-z() ]*?)\.?", re.ASCII)


def unit_code(word: str) -> str:
    """The code of `units.csv` for a unit in words; the word in capitals where it is none.

    Examples:
        >>> unit_code("Year(s)"), unit_code("months"), unit_code("KGS."), unit_code("moons")
        ('YR', 'MON', 'KG', 'MOONS')
    """
    plain = word.upper().strip(" .").removesuffix("(S)")
    return _UNITS.get(plain) or _UNITS.get(plain.removesuffix("S")) or plain


@lru_cache(maxsize=100_000)
def read_age_with_unit(text: str | None) -> Reading:
    """Age in years from one text with number and unit; years when there is no unit.

    Examples:
        >>> read_age_with_unit("18 Months").values, read_age_with_unit("45 YR").values, read_age_with_unit("NI").fault
        ((1.5,), (45.0,), 'not a number')
    """
    if text is None:
        return Reading((None,))
    match = _MEASURE.fullmatch(text.strip())
    return (
        read_age((match["number"], unit_code(match["unit"])), dt.date.max) if match else Reading((None,), NOT_A_NUMBER)
    )


@lru_cache(maxsize=100_000)
def read_weight_with_unit(text: str | None) -> Reading:
    """Weight in kilograms from one text with number and unit; kilograms when there is no unit.

    Examples:
        >>> read_weight_with_unit("150 LBS").values
        (68.0388,)
    """
    if text is None:
        return Reading((None,))
    match = _MEASURE.fullmatch(text.strip())
    return (
        read_weight((match["number"], unit_code(match["unit"])), dt.date.max)
        if match
        else Reading((None,), NOT_A_NUMBER)
    )
