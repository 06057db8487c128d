"""How is a line mended that is not a clean row?

Each repair is a function with a name; the name and the number of rows it touched stand in the store. The order of
attempts is that of `read_line`: nothing is guessed before the plain readings have failed, and what no repair fits is
rejected with its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from primum.terms import Quarter

Fields = tuple[bytes, ...]

LONGEST_LINE: Final = 500_000  # bytes; real lines have a few thousand
LONGEST_KEY: Final = 18  # digits that a BIGINT holds; real keys have 7 to 10
QUOTE: Final = b"\x01"  # around a field that holds a dollar sign; no text holds it, control bytes are stripped
_BLANKS: Final = bytes(range(9, 14))  # tab, line feed, vertical tab, form feed, carriage return
CONTROLS: Final = bytes(n for n in range(32) if n not in (10, 13)) + b"\x7f"  # LF and CR are looked at separately
_TO_BLANK: Final = bytes(32 if n in _BLANKS else n for n in range(256))
_DROPPED: Final = bytes(n for n in range(32) if n not in _BLANKS) + b"\x7f"
_KEY: Final = re.compile(rb"[0-9]{1,18}")

# (quarter, table, key) -> position (from 0) of the field that was cut in two by a dollar sign of its own
CUT_FIELDS: Final[Mapping[tuple[str, str, bytes], int]] = {("2012q1", "DEMO", b"8129732"): 9}
# (quarter, table, key of the second record): lines known to hold two records
GLUED: Final = frozenset(
    {("2011q2", "DRUG", b"7475791"), ("2011q3", "DRUG", b"7652730"), ("2011q4", "DRUG", b"7941354")}
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a row of a file must look like.

    Args:
        quarter: quarter of the archive.
        table: table of the file.
        width: number of columns.
        surplus: nameless columns that the header has behind them.
        caseid: position of the caseid (DEMO of every era); None where there is none.
        known_key: whether a number is the key of a report of this quarter.
    """

    quarter: Quarter
    table: str
    width: int
    surplus: int
    caseid: int | None
    known_key: Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class LineRead:
    """What a line holds: its rows and the repairs they took, or the reason why it holds none."""

    rows: tuple[Fields, ...] = ()
    repairs: tuple[str, ...] = ()
    reason: str = ""
    short: bool = False


def read_line(line: bytes, expected: Expected) -> LineRead:
    r"""Read one line without its line end.

    Examples:
        >>> from primum.terms import Quarter
        >>> expected = Expected(Quarter(2011, 4), "DRUG", 3, 0, None, lambda key: key == b"12")
        >>> read_line(b"12$BOTOX\x7f$1", expected)
        LineRead(rows=((b'12', b'BOTOX', b'1'),), repairs=('strip_control_bytes',), reason='', short=False)
    """
    if len(line) > LONGEST_LINE:
        return LineRead(reason=f"{len(line)} bytes, expected at most {LONGEST_LINE}")
    repairs: list[str] = []
    clean = strip_control_bytes(line)
    if clean != line:
        repairs.append("strip_control_bytes")
    fields = tuple(clean.split(b"$"))
    whole = drop_empty_last_field(fields, width=expected.width, surplus=expected.surplus)
    if len(whole) == expected.width:
        if not is_key(whole[0]):
            return LineRead(reason="the key is not a number")
        if len(fields) > expected.width:
            repairs.append("drop_empty_last_field")
        return LineRead((whole,), tuple(repairs))
    for repair in (join_cut_field, split_glued_records):
        rows = repair(fields, expected)
        if rows and all(is_key(row[0]) for row in rows):
            return LineRead(rows, (*repairs, repair.__name__))
    reason = f"{len(fields)} fields, expected {expected.width}"
    return LineRead(reason=reason, short=len(fields) < expected.width)


def strip_control_bytes(line: bytes) -> bytes:
    r"""Q06: control bytes and DEL inside a line; the blank ones become a blank, the others go.

    Examples:
        >>> strip_control_bytes(b"ARICEPT\x7f 5\tMG")
        b'ARICEPT 5 MG'
    """
    return line.translate(_TO_BLANK, _DROPPED)


def drop_empty_last_field(fields: Fields, *, width: int, surplus: int) -> Fields:
    """Q01: one dollar sign too many at the end of a row, or the empty cells of the header's nameless columns.

    Examples:
        >>> drop_empty_last_field((b"4204616", b"ABDOMINAL PAIN", b""), width=2, surplus=0)
        (b'4204616', b'ABDOMINAL PAIN')
    """
    extra = len(fields) - width
    if 0 < extra <= surplus + 1 and not any(fields[width:]):
        return fields[:width]
    return fields


def join_cut_field(fields: Fields, expected: Expected) -> tuple[Fields, ...]:
    """Q07: a known line of 2012q1 has a dollar sign inside its manufacturer number; by key, never by guess."""
    cut = CUT_FIELDS.get((str(expected.quarter), expected.table, fields[0]))
    if cut is None or len(fields) <= expected.width:
        return ()
    joined = (*fields[:cut], fields[cut] + b"$" + fields[cut + 1], *fields[cut + 2 :])
    whole = drop_empty_last_field(joined, width=expected.width, surplus=expected.surplus)
    return (whole,) if len(whole) == expected.width else ()


def split_glued_records(fields: Fields, expected: Expected) -> tuple[Fields, ...]:
    """Q03 to Q05: two records on one line; the second must begin with the key of a report of the quarter."""
    width = expected.width
    whole = drop_empty_last_field(fields, width=2 * width, surplus=0)
    if len(whole) != 2 * width:
        return ()
    first, second = whole[:width], whole[width:]
    known = (str(expected.quarter), expected.table, second[0]) in GLUED or expected.known_key(second[0])
    if expected.caseid is not None:  # DEMO itself: no other file knows its keys
        known = is_key(second[0]) and is_key(second[expected.caseid])
    return (first, second) if known else ()


def join_broken_lines(lines: tuple[bytes, ...], expected: Expected) -> LineRead:
    r"""A line feed inside a field has cut a row: the pieces, joined with a blank, must give one whole row.

    Examples:
        >>> from primum.terms import Quarter
        >>> expected = Expected(Quarter(2026, 2), "DRUG", 3, 0, None, lambda key: False)
        >>> join_broken_lines((b"12$81 mg", b"daily$1"), expected).rows
        ((b'12', b'81 mg daily', b'1'),)
    """
    read = read_line(b" ".join(lines), expected)
    if len(read.rows) != 1:
        return LineRead(reason=read.reason or "the joined lines hold two records", short=read.short)
    return LineRead(read.rows, (*read.repairs, "join_broken_lines"))


def is_key(field: bytes) -> bool:
    """Whether a field can be the key of a report: digits only."""
    return _KEY.fullmatch(field) is not None


def row_text(fields: Fields) -> bytes:
    """A row as cleaned text; a field that holds a dollar sign stands in quote bytes."""
    return b"$".join(QUOTE + field + QUOTE if b"$" in field else field for field in fields) + b"\n"
