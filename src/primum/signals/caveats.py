"""Which words stand beside a row: the kind of its event, the caveats given, and the reason of every empty value?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from primum.counts.table import CountTable
from primum.errors import CountError
from primum.signals.estimate import CodeArray, distinct_counts
from primum.terms import Coded, StrArray

BETWEEN: Final = "; "
_HEADED: Final = re.compile(r"; (?=[a-z][a-z0-9_ ]*: )")
Reasons = tuple[str, CodeArray, tuple[str, ...]]
"""Name of a method, the number of its reason for each kind of pair, and its reasons; the first is empty."""


def bins_of(counts: CountTable, bins: Mapping[str, str] | StrArray | Coded | None) -> Coded:
    """Kind of term of each row, by event, one a row or by number; empty where none was given.

    Raises:
        CountError: not one value a row.
    """
    if bins is None:
        return one_text("", len(counts))
    if isinstance(bins, Coded):
        return bins
    if not isinstance(bins, Mapping):
        return coded(_one_a_row("bins", bins, len(counts)))
    event = counts.coded.get("event") or coded(counts.event)
    return Coded(event.code, texts([bins.get(name, "") for name in event.names.tolist()]))


def caveats_given(given: str | Sequence[str] | StrArray | Coded, rows: int) -> Coded:
    """Caveats given of each row, also by number; one text is that of every row.

    Raises:
        CountError: not one value a row.
    """
    if isinstance(given, Coded):
        return given
    return one_text(given, rows) if isinstance(given, str) else coded(_one_a_row("warnings", given, rows))


def reasons_of(kinds: int, reasons: Sequence[Reasons]) -> Coded:
    """The reason of each method that has one, joined, of each kind of pair."""
    key = np.zeros(kinds, dtype=np.int64)
    for _, code, words in reasons:
        key *= len(words)
        key += code
    found, place = distinct_counts(key)
    return Coded(place.astype(np.int32), texts([_words(int(number), reasons) for number in found.tolist()]))


def joined(one: Coded, two: Coded) -> Coded:
    """Two columns of texts as one, their texts side by side."""
    pairs = [(a, b) for a in one.names.tolist() for b in two.names.tolist()]
    code = one.code.astype(np.int64) * len(two.names) + two.code
    return Coded(code, texts([BETWEEN.join(text for text in pair if text) for pair in pairs]))


def one_text(text: str, rows: int) -> Coded:
    """The same text in every row; it takes no memory."""
    return Coded(np.broadcast_to(np.uint8(0), (rows,)), texts([text]))


def texts(values: list[str]) -> StrArray:
    """Texts as an array of objects."""
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def coded(values: StrArray) -> Coded:
    """A column of texts by number, numbered as they are met."""
    number: dict[str, int] = {}
    code = np.array([number.setdefault(text, len(number)) for text in values.tolist()], dtype=np.int64)
    return Coded(code, texts(list(number)))


def parts_of(warnings: str) -> list[str]:
    """The caveats of a row one by one; each has a head, and what follows it may hold the sign between them as well.

    Examples:
        >>> parts_of("masking: X holds 60%; without it 2.0; ror: no report has both: a ratio needs one")
        ['masking: X holds 60%; without it 2.0', 'ror: no report has both: a ratio needs one']
    """
    return [part for part in _HEADED.split(warnings) if part]


def reason_of(method: str, warnings: str) -> str:
    """What a row says of one method, such as why it has no value; empty where it says nothing.

    Examples:
        >>> reason_of("ror", "one sender: X sent 90%; ror: no report has both: a ratio needs one")
        'no report has both: a ratio needs one'
    """
    head = f"{method}: "
    return next((part.removeprefix(head) for part in parts_of(warnings) if part.startswith(head)), "")


def _one_a_row(name: str, given: Sequence[str] | StrArray, rows: int) -> StrArray:
    values = texts(list(given))
    if len(values) != rows:
        raise CountError(f"{name} has {len(values)} values for {rows} pairs; expected one a pair.")
    return values


def _words(key: int, reasons: Sequence[Reasons]) -> str:
    found = []
    for name, _, words in reversed(reasons):
        key, code = divmod(key, len(words))
        if code:
            found.append(f"{name}: {words[code]}")
    return BETWEEN.join(reversed(found))
