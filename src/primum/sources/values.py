"""What does a printed text mean: a date as far as it was given, an age in years, a weight in kilograms?

Each rule takes the texts of one or two columns and the last day of the quarter, and gives a `Reading`: the typed
values, and the fault where the text has none. A bad value never costs a row: the text stays beside the empty typed
column, and the fault is counted. The rules are asked once for each distinct text of a file, so plain Python will do.

Sources: FDA's ASC_NTS document for the codes; the bounds (1985, 122 years, 635 kg, 50 years) and the factors are those
of the published cleaning script of DiAna (Fusaroli et al.), except that hours, minutes and seconds of age are divided
by the length of a year here.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Final

Value = str | int | float | dt.date | None
Texts = tuple[str | None, ...]

FIRST_DAY: Final = dt.date(1985, 1, 1)
OLDEST_YEARS: Final = 122.0
HEAVIEST_KG: Final = 635.0
LONGEST_DAYS: Final = 50 * 365.0
LARGEST_VERSION: Final = 2**31 - 1

NOT_A_DATE: Final = "not a date"
NOT_A_NUMBER: Final = "not a number"
NO_UNIT: Final = "no unit"
OUT_OF_RANGE: Final = "out of range"
UNKNOWN_CODE: Final = "unknown code"
NOT_A_COUNTRY: Final = "not a country"
JUNK_VERSION: Final = "not a number, counted as version 0"
NEGATIVE_AGE: Final = "negative, taken as positive"
DECADES_AS_YEARS: Final = "too many decades, taken as years"
TAKEN_OTHERWISE: Final = frozenset({JUNK_VERSION, NEGATIVE_AGE, DECADES_AS_YEARS})  # there is a value, not as printed

_NUMBER: Final = re.compile(r"(?P<sign>[+-]?)(?P<size>\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_DIGITS: Final = re.compile(r"\d+", re.ASCII)
_SEX: Final[Mapping[str, str | None]] = {"F": "F", "M": "M", "UNK": None, "NS": None}
_NO_COUNTRY: Final = frozenset({"COUNTRY NOT SPECIFIED", "UNKNOWN", "NOT SPECIFIED"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text means.

    Args:
        values: one typed value for each target column; None where the text has none.
        fault: why a value is missing or was not taken as printed; None where all is well.
    """

    values: tuple[Value, ...]
    fault: str | None = None


def read_date(texts: Texts, until: dt.date) -> Reading:
    """First day of a date as far as it was printed, and its precision.

    Examples:
        >>> read_date(("201409",), dt.date(2014, 12, 31))
        Reading(values=(datetime.date(2014, 9, 1), 'M'), fault=None)
        >>> read_date(("91990201",), dt.date(2014, 12, 31)).fault
        'out of range'
    """
    text = _trimmed(texts[0])
    if text is None:
        return Reading((None, None))
    if not _DIGITS.fullmatch(text) or len(text) not in (4, 6, 8):
        return Reading((None, None), NOT_A_DATE)
    try:
        day = dt.date(int(text[:4]), int(text[4:6] or 1), int(text[6:8] or 1))
    except ValueError:
        return Reading((None, None), NOT_A_DATE)
    if not FIRST_DAY <= day <= until:
        return Reading((None, None), OUT_OF_RANGE)
    return Reading((day, {4: "Y", 6: "M", 8: "D"}[len(text)]))


def read_version(texts: Texts, until: dt.date) -> Reading:
    """Version of a case; blank is the first report, 0, and so is junk such as `#1`.

    Examples:
        >>> read_version((None,), FIRST_DAY).values, read_version(("#1",), FIRST_DAY).values
        ((0,), (0,))
    """
    text = _trimmed(texts[0])
    if text is None:
        return Reading((0,))
    if _DIGITS.fullmatch(text) and len(text) <= 10 and int(text) <= LARGEST_VERSION:
        return Reading((int(text),))
    return Reading((0,), JUNK_VERSION)


def read_number(texts: Texts, until: dt.date) -> Reading:
    """A plain number that is not negative; free text such as `18-54` has none."""
    text = _trimmed(texts[0])
    if text is None:
        return Reading((None,))
    number = _number(text)
    if number is None:
        return Reading((None,), NOT_A_NUMBER)
    return Reading((number,)) if 0 <= number < math.inf else Reading((None,), OUT_OF_RANGE)


def read_age(texts: Texts, until: dt.date) -> Reading:
    """Age in years from a number and its unit; years when there is no unit.

    A minus sign is dropped (and counted), except before a leading zero: `-08` is seen as junk, not as minus eight.

    Examples:
        >>> read_age(("18", "MON"), FIRST_DAY).values
        (1.5,)
        >>> read_age(("45", "DEC"), FIRST_DAY)
        Reading(values=(45.0,), fault='too many decades, taken as years')
    """
    text, unit = _trimmed(texts[0]), (_trimmed(texts[1]) or "").upper()
    if text is None:
        return Reading((None,))
    number = _number(text)
    if number is None or re.match(r"-0\d", text):
        return Reading((None,), NOT_A_NUMBER)
    factor = _units("age").get(unit)
    if factor is None:
        return Reading((None,), UNKNOWN_CODE)
    fault = NEGATIVE_AGE if number < 0 else None
    years = abs(number) * factor
    if years <= OLDEST_YEARS:
        return Reading((years,), fault)
    if unit == "DEC" and abs(number) <= OLDEST_YEARS:
        return Reading((abs(number),), DECADES_AS_YEARS)
    return Reading((None,), OUT_OF_RANGE)


def read_weight(texts: Texts, until: dt.date) -> Reading:
    """Weight in kilograms from a number and its unit; kilograms when there is no unit.

    Examples:
        >>> read_weight(("150", "LBS"), FIRST_DAY).values
        (68.0388,)
    """
    return _measured(texts, "weight", HEAVIEST_KG)


def read_duration(texts: Texts, until: dt.date) -> Reading:
    """Duration in days from a number and its unit; without a unit it has none.

    Examples:
        >>> read_duration(("2", "WK"), FIRST_DAY).values, read_duration(("5-9", "DAY"), FIRST_DAY).fault
        ((14.0,), 'not a number')
    """
    return _measured(texts, "duration", LONGEST_DAYS)


def read_sex(texts: Texts, until: dt.date) -> Reading:
    """F or M; UNK and NS say that it is not known, other codes are counted as faults."""
    text = _trimmed(texts[0])
    if text is None:
        return Reading((None,))
    return Reading((_SEX[text.upper()],)) if text.upper() in _SEX else Reading((None,), UNKNOWN_CODE)


def read_country(texts: Texts, until: dt.date) -> Reading:
    """ISO code of a country given by its code (since 2012q4) or by its English name in capitals (before).

    Examples:
        >>> read_country(("NA",), FIRST_DAY).values, read_country(("UNITED STATES",), FIRST_DAY).values
        (('NA',), ('US',))
        >>> read_country(("EU",), FIRST_DAY).fault
        'not a country'
    """
    text = _trimmed(texts[0])
    if text is None or text.upper() in _NO_COUNTRY:
        return Reading((None,))
    code = countries().get(" ".join(text.upper().split()))
    return Reading((code,)) if code else Reading((None,), NOT_A_COUNTRY)


# The rules that need a reading; `text`, `code`, `term` and `integer` are plain expressions of the store.
READERS: Final[Mapping[str, Callable[[Texts, dt.date], Reading]]] = {
    "date": read_date,
    "version": read_version,
    "number": read_number,
    "age": read_age,
    "weight": read_weight,
    "duration": read_duration,
    "sex": read_sex,
    "country": read_country,
}


@cache
def codes(column: str) -> frozenset[str]:
    """The codes that FDA documents or that were seen in a column.

    Examples:
        >>> sorted(codes("role_cod"))
        ['C', 'DN', 'I', 'PS', 'SS']
    """
    return frozenset(row["code"] for row in read_csv("codes.csv") if row["column"] == column)


def read_csv(name: str) -> list[dict[str, str]]:
    """Rows of one of this room's tables."""
    text = resources.files("primum.sources").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _measured(texts: Texts, quantity: str, largest: float) -> Reading:
    text, unit = _trimmed(texts[0]), (_trimmed(texts[1]) or "").upper()
    if text is None:
        return Reading((None,))
    number = _number(text)
    if number is None:
        return Reading((None,), NOT_A_NUMBER)
    factor = _units(quantity).get(unit)
    if factor is None:
        return Reading((None,), UNKNOWN_CODE if unit else NO_UNIT)
    value = number * factor
    return Reading((value,)) if 0 <= value <= largest else Reading((None,), OUT_OF_RANGE)


def _number(text: str) -> float | None:
    match = _NUMBER.fullmatch(text)
    return float(text) if match else None


def _trimmed(text: str | None) -> str | None:
    return (text or "").strip() or None


@cache
def _units(quantity: str) -> Mapping[str, float]:
    rows = [row for row in read_csv("units.csv") if row["quantity"] == quantity]
    return {row["unit"]: _factor(row["factor"]) for row in rows}


def _factor(text: str) -> float:
    over, _, under = text.partition("/")
    return float(Fraction(over) / Fraction(under or "1"))


@cache
def countries() -> Mapping[str, str]:
    """ISO code of each country, by that code and by each of its English names in capitals."""
    by_name: dict[str, str] = {}
    for row in read_csv("countries.csv"):
        for name in (row["code"], *row["names"].split("|")):
            by_name[name] = row["code"]
    return by_name
