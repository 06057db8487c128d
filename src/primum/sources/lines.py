"""Where does each physical line of a file go: into a row, into the rejects, or nowhere because it is blank?

A file is read block by block. Clean lines (the right number of dollar signs, a number as key, no control byte) are
found with array operations and copied; only odd lines meet `repairs.read_line`, one by one. What comes out is *cleaned
text*: one row a line, `$` between fields, LF at the end, UTF-8, no empty last field, and a field that holds `$` itself
between two 0x01 bytes. `primum.sources.cleaned_rows` keeps it as columns.

The identity `lines = loaded + rejected + header + blank + joins - splits + outside` holds for every file;
`FileAccount` refuses to be made where it does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from primum.errors import SourceError
from primum.sources.layouts import Header
from primum.sources.repairs import (
    CONTROLS,
    LONGEST_KEY,
    LONGEST_LINE,
    Expected,
    LineRead,
    join_broken_lines,
    read_line,
    row_text,
)

BLOCK: Final = 1024**2  # bytes read at once: what is found out about them stays in the processor's cache
LONGEST_CARRY: Final = 64 * 1024**2  # bytes without a line end at which a file is given up
LONGEST_JOIN: Final = 50  # physical lines that one row may be cut into
CONTROL_FLAGS: Final = bytes(n in CONTROLS for n in range(256))  # 1 for each byte that a line must not hold
LF, CR, BLANK, DOLLAR, ZERO, NINE, DEL = b"\n\r $09\x7f"

IndexArray = NDArray[np.intp]
Mask = NDArray[np.bool_]


class ByteStream(Protocol):
    """Anything that gives bytes."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; empty at the end."""
        ...


class ByteSink(Protocol):
    """Anything that takes bytes."""

    def write(self, text: bytes, /) -> int:
        """Take whole rows."""
        ...


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that could not be read, whole."""

    line_number: int
    reason: str
    line: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAccount:
    """Where the physical lines of one file went.

    `outside` are lines about reports that are not in this part, of a file that speaks of every year (MAUDE).

    Raises:
        SourceError: the identity of the lines does not hold; that would be a fault of Primum.
    """

    member: str
    table: str
    layout: str
    columns: tuple[str, ...]
    lines: int
    header_lines: int
    blank_lines: int
    loaded: int
    rejected: int
    joins: int = 0
    splits: int = 0
    outside: int = 0
    repairs: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        placed = self.loaded + self.rejected + self.header_lines + self.blank_lines + self.joins - self.splits
        if self.lines != placed + self.outside:
            raise SourceError.of(
                self.member,
                f"{self.lines} lines of which {placed + self.outside} are placed",
                "all of them",
                "Please report this.",
            )


@dataclass(slots=True)
class Tally:
    """Counts while a file is read.

    `not_ascii` counts rows with a byte above 0x7F; `latin1` tells that the cleaned text is not UTF-8.
    """

    lines: int = 0
    blank: int = 0
    loaded: int = 0
    rejected: int = 0
    joins: int = 0
    splits: int = 0
    not_ascii: int = 0
    latin1: bool = False
    repairs: Counter[str] = field(default_factory=Counter)


def clean_lines(
    stream: ByteStream,
    text: ByteSink,
    *,
    first: bytes,
    header: Header,
    expected: Expected,
    reject: Callable[[Reject], None],
) -> Tally:
    """Read the lines behind the header and write the cleaned text.

    Args:
        stream: the file, at the byte behind `first`.
        text: where the cleaned text goes; not yet re-encoded, see `Tally.latin1`.
        first: what was read of the file behind the header already.
        header: the file's header.
        expected: what a row must look like.
        reject: takes each line that could not be read.

    Returns:
        Counts of what was met.

    Raises:
        SourceError: 64 MB without a line end.
    """
    tally = Tally(lines=1)
    cleaner = _Cleaner(text, header, expected, reject, tally)
    carry = first
    while block := stream.read(BLOCK):
        cut = block.rfind(b"\n") + 1
        if cut:
            lines = b"".join((carry, memoryview(block)[:cut]))
            kept = cleaner.block(lines, last=False)
            carry = lines[len(lines) - kept :] + block[cut:]
        else:
            carry += block
        if len(carry) > LONGEST_CARRY:
            raise SourceError.of(
                expected.table, f"no line end within {LONGEST_CARRY:,} bytes", "lines", "Check the archive."
            )
    if carry:
        cleaner.block(carry if carry.endswith(b"\n") else carry + b"\n", last=True)
    return tally


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of one block: where each begins and ends, and how its row ends."""

    block: bytes
    array: NDArray[np.uint8]
    starts: IndexArray  # first byte
    stops: IndexArray  # byte of the LF
    ends: IndexArray  # byte behind the last one of the row: no CR, no empty last field
    returns: Mask  # whether it ends with a CR
    clean: Mask
    alike: bool  # whether all clean lines end alike: so many bytes behind the row, with or without a CR

    def raw(self, i: int) -> bytes:
        """Line i without LF."""
        return self.block[self.starts[i] : self.stops[i]]


@dataclass(frozen=True, slots=True)
class _Cleaner:
    text: ByteSink
    header: Header
    expected: Expected
    reject: Callable[[Reject], None]
    tally: Tally

    def block(self, block: bytes, *, last: bool) -> int:
        """Place every line of a block, which ends with one; how many bytes at its end must wait for the next block."""
        lines = self._look_at(block)
        before = self.tally.lines
        done = 0
        odd = np.flatnonzero(~lines.clean)
        position = 0
        while position < len(odd):
            i = int(odd[position])
            self._copy(lines, done, i)
            taken = self._odd(lines, i, number=before + i + 1, last=last)
            if taken == 0:  # a cut row whose other half is in the next block
                self.tally.lines = before + i
                return len(block) - int(lines.starts[i])
            done = i + taken
            position = int(np.searchsorted(odd, done))
        self._copy(lines, done, len(lines.starts))
        self.tally.lines = before + len(lines.starts)
        return 0

    def _look_at(self, block: bytes) -> _Lines:
        array = np.frombuffer(block, dtype=np.uint8)
        marks = np.flatnonzero((array == LF) | (array == DOLLAR))  # one search for both: it costs most of all here
        last_marks = np.flatnonzero(array[marks] == LF)  # of each line, by position among the marks
        first_marks = np.concatenate(([0], last_marks[:-1] + 1))
        stops = marks[last_marks]
        starts = np.concatenate(([0], stops[:-1] + 1))
        returns = (stops > starts) & (array[np.maximum(stops - 1, 0)] == CR)
        ends = stops - returns
        extra = last_marks - first_marks - (self.expected.width - 1)
        clean = extra == 0
        row_ends = ends.copy()
        for n in range(1, self.expected.surplus + 2):
            rows = np.flatnonzero(extra == n)
            for back in range(1, n + 1):
                rows = rows[array[ends[rows] - back] == DOLLAR]
            clean[rows] = True
            row_ends[rows] -= n
        clean &= stops - starts <= LONGEST_LINE
        clean &= _are_keys(array, starts, marks[first_marks] - starts, clean)
        clean &= ~_with_controls(block, array, starts, stops, ends)
        endings = 2 * (stops - row_ends)[clean] + returns[clean]
        alike = bool((endings == endings[:1]).all())
        return _Lines(block, array, starts, stops, row_ends, returns, clean, alike)

    def _copy(self, lines: _Lines, first: int, behind: int) -> None:
        """Write the clean lines from `first` up to `behind`."""
        if behind <= first:
            return
        start, stop = int(lines.starts[first]), int(lines.stops[behind - 1]) + 1
        if lines.alike:
            piece, trailing = self._alike(lines, first, behind, lines.block[start:stop])
        else:
            stops = lines.stops[first:behind]
            cut = stops - lines.ends[first:behind]
            keep = np.ones(stop - start, dtype=bool)
            for back in range(1, int(cut.max()) + 1):
                keep[stops[cut >= back] - back - start] = False
            piece = lines.array[start:stop][keep].tobytes()
            trailing = int(np.count_nonzero(cut > lines.returns[first:behind]))
        if trailing:
            self.tally.repairs["drop_empty_last_field"] += trailing
        self._write(piece, rows=behind - first)

    def _alike(self, lines: _Lines, first: int, behind: int, piece: bytes) -> tuple[bytes, int]:
        """Rows that all end alike, without that ending, and how many had an empty last field; most blocks are so."""
        end, stop = int(lines.ends[first]), int(lines.stops[first])
        if end == stop:
            return piece, 0
        # Behind no other field can this ending stand: a line holds one LF, at its end.
        rows = piece.replace(lines.block[end:stop] + b"\n", b"\n")
        return rows, behind - first if stop - end > lines.returns[first] else 0

    def _odd(self, lines: _Lines, i: int, *, number: int, last: bool) -> int:
        """Place the odd line i; how many lines that took, 0 when the block ends too early to know."""
        line = lines.raw(i)
        ended = line.endswith(b"\r")
        content = line[:-1] if ended else line
        if not content.strip():
            self.tally.blank += 1
            return 1
        read = read_line(content, self.expected)
        if not read.rows and read.short and self.header.crlf and not ended:
            joined, taken = self._join(lines, i, last=last)
            if joined is None:
                return 0
            if joined.rows:
                self.tally.joins += taken - 1
                self._rows(joined)
                return taken
        if read.rows:
            self.tally.splits += len(read.rows) - 1
            self._rows(read)
        else:
            self.tally.rejected += 1
            self.reject(Reject(number, read.reason, line))
        return 1

    def _join(self, lines: _Lines, i: int, *, last: bool) -> tuple[LineRead | None, int]:
        """Join line i, cut by a bare LF, with the lines behind it; None when the block ends too early to know."""
        pieces = [lines.raw(i)]
        read = LineRead(short=True)
        for j in range(i + 1, min(i + LONGEST_JOIN, len(lines.starts))):
            if lines.clean[j]:  # a row of its own belongs to nobody else
                return LineRead(), 1
            raw = lines.raw(j)
            ended = raw.endswith(b"\r")
            pieces.append(raw[:-1] if ended else raw)
            read = join_broken_lines(tuple(pieces), self.expected)
            if read.rows or ended or not read.short:
                return read, len(pieces)
        whole = last or len(pieces) == LONGEST_JOIN
        return (LineRead(), 1) if whole else (None, 0)

    def _rows(self, read: LineRead) -> None:
        self.tally.repairs.update(read.repairs)
        self._write(b"".join(row_text(row) for row in read.rows), rows=len(read.rows))

    def _write(self, piece: bytes, *, rows: int) -> None:
        if not piece.isascii():
            self.tally.not_ascii += sum(not line.isascii() for line in piece.split(b"\n"))
            if not self.tally.latin1:
                try:
                    piece.decode("utf-8")
                except UnicodeDecodeError:
                    self.tally.latin1 = True
        self.text.write(piece)
        self.tally.loaded += rows


def _are_keys(array: NDArray[np.uint8], starts: IndexArray, lengths: IndexArray, wanted: Mask) -> Mask:
    """Which lines begin with 1 to 18 digits before their first dollar sign; looked at only where `wanted`."""
    good = wanted & (lengths >= 1) & (lengths <= LONGEST_KEY)
    rows = np.flatnonzero(good)
    if not len(rows):
        return good
    begin, length = starts[rows], lengths[rows]
    digits = np.ones(len(rows), dtype=bool)
    for offset in range(int(length.max())):
        inside = offset < length
        byte = array[np.where(inside, begin + offset, begin)]
        digits &= byte - ZERO <= NINE - ZERO  # bytes below the zero wrap round to large ones
    good[rows] = digits
    return good


def _with_controls(
    block: bytes, array: NDArray[np.uint8], starts: IndexArray, stops: IndexArray, ends: IndexArray
) -> Mask:
    """Which lines hold a control byte, DEL, or a CR that is not at their end."""
    found = np.zeros(len(starts), dtype=bool)
    returns_at_all = int(np.count_nonzero(array == CR))
    if np.count_nonzero(array < BLANK) != len(stops) + returns_at_all or np.count_nonzero(array == DEL):
        controls = np.flatnonzero(np.frombuffer(block.translate(CONTROL_FLAGS), dtype=np.bool_))
        found[np.searchsorted(stops, controls)] = True
    if returns_at_all != int(np.sum(stops - ends)):
        returns = np.flatnonzero(array == CR)
        line = np.searchsorted(stops, returns)
        inside = returns != stops[line] - 1
        found[line[inside]] = True
    return found
