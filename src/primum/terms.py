"""The small value types that every room speaks in: a count with its whole, an interval with its level, a period."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
StrArray = NDArray[np.object_]

SYNTHETIC: Final = "SYNTHETIC"  # first word of every invented report's sender, and a word of every answer with one


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column of texts by number: row `i` is `names[code[i]]`. Millions of rows share some thousand texts.

    Args:
        code: number of each row's text, in any type of integer; shape `(rows,)`.
        names: the texts; shape `(names,)`.

    Examples:
        >>> column = Coded(np.array([1, 1, 0]), np.array(["pain", "rash"], dtype=object))
        >>> column.texts.tolist(), column.where("pain").tolist()
        (['rash', 'rash', 'pain'], [False, False, True])
    """

    code: NDArray[np.integer[Any]]
    names: StrArray

    @property
    def texts(self) -> StrArray:
        """The column as texts; shape `(rows,)`."""
        texts: StrArray = self.names[self.code]
        return texts

    def take(self, rows: NDArray[Any] | slice) -> Coded:
        """Some rows of the column, in the order given (positions, a mask or a slice)."""
        return Coded(self.code[rows], self.names)

    def where(self, *texts: str) -> BoolArray:
        """Which rows have one of these texts."""
        wanted: BoolArray = np.array([name in texts for name in self.names.tolist()], dtype=bool)[self.code]
        return wanted


Use = Literal["cosmetic", "therapeutic", "mixed", "unknown"]
USES: Final[tuple[Use, ...]] = ("cosmetic", "therapeutic", "mixed", "unknown")
HARM: Final = "harm"
"""Bin of the reaction terms that no table puts into another."""
OF_HARM: Final = (HARM, "")
"""Bins of the pairs that are shown as harm: pairs whose terms nobody has sorted are among them."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of values and what it means.

    Args:
        lower: lower end, in the unit of the value it belongs to.
        upper: upper end, at least `lower`.
        level: probability that the method gives to the interval, in (0, 1); None for a plain range between sources.

    Raises:
        ValueError: `upper < lower`, an end is not a number, or `level` is outside (0, 1).

    Examples:
        >>> Interval(0.03, 0.09, level=0.95).lower
        0.03
    """

    lower: float
    upper: float
    level: float | None = 0.95

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:  # also catches NaN
            raise ValueError(f"Interval from {self.lower} to {self.upper}: the lower end must not exceed the upper.")
        if self.level is not None and not 0 < self.level < 1:
            raise ValueError(f"Interval level {self.level}: expected a probability between 0 and 1, such as 0.95.")


@dataclass(frozen=True, slots=True)
class Count:
    """So many of so many: events in people, reports in reports.

    Raises:
        ValueError: a count is negative, or `events` exceeds `total`.

    Examples:
        >>> round(Count(38, 3431).share, 4)
        0.0111
    """

    events: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.events <= self.total:
            raise ValueError(f"{self.events} of {self.total}: events must lie between 0 and the total.")

    @property
    def share(self) -> float:
        """Events over total; not a number when the total is 0."""
        return self.events / self.total if self.total else float("nan")


_QUARTER: Final = re.compile(r"(?P<year>\d{4})\s*[qQ]\s*(?P<quarter>[1-4])")


@dataclass(frozen=True, order=True, slots=True)
class Quarter:
    """A calendar quarter, the unit in which reports are published.

    Examples:
        >>> Quarter.parse("2014Q3").next()
        Quarter(year=2014, number=4)
        >>> str(Quarter(2014, 3)), Quarter(2014, 3).last_day.isoformat()
        ('2014q3', '2014-09-30')
    """

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1900 <= self.year <= 2999 and 1 <= self.number <= 4):
            raise ValueError(f"Quarter {self.year}q{self.number}: expected a year and a number from 1 to 4.")

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """Read `2014q3` in either case.

        Raises:
            ValueError: the text is not a quarter.
        """
        match = _QUARTER.fullmatch(text.strip())
        if match is None:
            raise ValueError(f'Quarter "{text}": expected a year, q and a number from 1 to 4, such as 2014q3.')
        return cls(int(match["year"]), int(match["quarter"]))

    def next(self) -> Quarter:
        """The quarter after this one."""
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def first_day(self) -> dt.date:
        """Its first day."""
        return dt.date(self.year, 3 * self.number - 2, 1)

    @property
    def last_day(self) -> dt.date:
        """Its last day."""
        return self.next().first_day - dt.timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.year}q{self.number}"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included.

    Raises:
        ValueError: `last` is before `first`.

    Examples:
        >>> Period.parse("2014q1..2014q2").last.isoformat()
        '2014-06-30'
        >>> Period.parse("2001..2002-11").first.isoformat()
        '2001-01-01'
    """

    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"Period {self.first}..{self.last}: it ends before it begins.")

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read `A..B` or `A`, each a year, a quarter, a month or a day.

        Raises:
            ValueError: an end cannot be read, or the period ends before it begins.
        """
        first, dots, last = text.partition("..")
        return cls(_span(first)[0], _span(last if dots else first)[1])

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"


def _span(text: str) -> tuple[dt.date, dt.date]:
    """First and last day of a year, quarter, month or day."""
    text = text.strip()
    if _QUARTER.fullmatch(text):
        quarter = Quarter.parse(text)
        return quarter.first_day, quarter.last_day
    try:
        if re.fullmatch(r"\d{4}", text):
            return dt.date(int(text), 1, 1), dt.date(int(text), 12, 31)
        if re.fullmatch(r"\d{4}-\d{2}", text):
            first = dt.date.fromisoformat(f"{text}-01")
            following = (first + dt.timedelta(days=32)).replace(day=1)
            return first, following - dt.timedelta(days=1)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = dt.date.fromisoformat(text)
            return day, day
    except ValueError:
        pass  # falls through to the one message below
    raise ValueError(
        f'Date "{text}": expected a year, quarter, month or day, such as 2014, 2014q3, 2014-09, 2014-09-30.'
    )
