"""Which lines of a block of delimited text are whole records with nothing to mend?

Found by one search over the bytes: a line is plain where its quotes open behind a separator and close before one (or
mean nothing at all), where it has the right number of separators outside of them, and no control byte. Every other line
is looked at alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primum.sources.lines import CONTROL_FLAGS, CR, LF
from primum.sources.repairs import CONTROLS

QUOTE: Final = ord('"')
LONGEST_PLAIN: Final = 131_072  # bytes; what the csv module takes as the longest field

Mask = NDArray[np.bool_]
IndexArray = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class BlockLines:
    """The lines of a block.

    Args:
        block: its bytes.
        starts: the first byte of each line.
        stops: the byte of its LF, or the end of the block.
        plain: whether it is a whole record with nothing to mend.
    """

    block: bytes
    starts: IndexArray
    stops: IndexArray
    plain: Mask

    def raw(self, line: int) -> bytes:
        """A line without its LF."""
        return self.block[self.starts[line] : self.stops[line]]

    def __len__(self) -> int:
        return len(self.starts)


def lines_of(block: bytes, *, delimiter: str, width: int, quotes: bool = True) -> BlockLines:
    r"""The lines of a block, and which are plain.

    Args:
        block: whole lines; the last may lack its LF.
        delimiter: one ASCII character.
        width: fields of a record.
        quotes: whether quotes may stand around a field; else they are letters like others.

    Examples:
        >>> lines_of(b'1,a\n2,"b, ""c"", d"\n3\n"4,x\n5,"a"b\n', delimiter=",", width=2).plain.tolist()
        [True, True, False, False, False]
    """
    array = np.frombuffer(block, dtype=np.uint8)
    quoted = quotes and b'"' in block
    mark = array == LF
    mark |= array == ord(delimiter)
    if quoted:
        mark |= array == QUOTE
    marks = np.flatnonzero(mark)
    if block[-1] != LF:
        marks = np.append(marks, len(block))
    kinds = array[np.minimum(marks, len(block) - 1)]
    if block[-1] != LF:
        kinds[-1] = LF
    ends = np.flatnonzero(kinds == LF)
    stops = marks[ends]
    starts = np.concatenate(([0], stops[:-1] + 1))
    firsts = np.concatenate(([0], ends[:-1] + 1))
    if quoted:
        fields = _fields_well_quoted(array, marks, kinds, firsts, ends, beside=(ord(delimiter), LF, CR, QUOTE))
    else:
        fields = ends - firsts + 1
    plain = fields == width
    plain &= stops - starts <= LONGEST_PLAIN
    plain &= ~_with_controls(block, array, starts, stops, delimiter)
    return BlockLines(block, starts, stops, plain if width > 1 else np.zeros_like(plain))


def _fields_well_quoted(
    array: NDArray[np.uint8],
    marks: IndexArray,
    kinds: NDArray[np.uint8],
    firsts: IndexArray,
    ends: IndexArray,
    *,
    beside: tuple[int, ...],
) -> IndexArray:
    """Fields of each line that closes every quote it opens, as a writer of CSV does; 0 of any other.

    `beside` is what may stand before a quote that opens and behind one that closes; a doubled quote closes and opens.
    """
    is_quote = kinds == QUOTE
    before = np.cumsum(is_quote, dtype=np.int32) - is_quote  # quotes before each mark
    inside = ((before - np.repeat(before[firsts], ends - firsts + 1)) & 1).astype(bool)
    quotes = np.flatnonzero(is_quote)
    places, closing = marks[quotes], inside[quotes]
    neighbours = array[np.clip(np.where(closing, places + 1, places - 1), 0, len(array) - 1)]
    allowed = np.zeros(256, dtype=bool)
    allowed[list(beside)] = True
    wrong = np.zeros(len(marks), dtype=bool)
    wrong[quotes[~allowed[neighbours]]] = True
    fields = _sums(~(is_quote | inside), firsts, ends)  # the end of the line among them
    return np.where(inside[ends] | (_sums(wrong, firsts, ends) > 0), 0, fields)


def _sums(values: Mask, firsts: IndexArray, ends: IndexArray) -> IndexArray:
    """The sum of a value over the marks of each line."""
    total = np.concatenate(([0], np.cumsum(values)))
    sums: IndexArray = total[ends + 1] - total[firsts]
    return sums


def _with_controls(
    block: bytes, array: NDArray[np.uint8], starts: IndexArray, stops: IndexArray, delimiter: str
) -> Mask:
    """Which lines hold a control byte that is not the delimiter, DEL, or a CR that is not at their end."""
    found = np.zeros(len(starts), dtype=bool)
    if len(block.translate(None, CONTROLS.replace(delimiter.encode(), b""))) != len(block):
        is_control = np.frombuffer(block.translate(CONTROL_FLAGS), dtype=np.bool_) & (array != ord(delimiter))
        found[np.searchsorted(stops, np.flatnonzero(is_control))] = True
    if returns_at_all := block.count(b"\r"):
        ended = (stops > starts) & (array[np.maximum(stops - 1, 0)] == CR)
        if returns_at_all != int(np.sum(ended)):
            returns = np.flatnonzero(array == CR)
            line = np.searchsorted(stops, returns)
            found[line[returns != stops[line] - 1]] = True
    return found
