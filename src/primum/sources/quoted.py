"""Where does each physical line of a quoted CSV file go, when a record may run over many lines?

A record begins on a line and ends where its quotes are closed. A line that begins no whole record (its quote never
closes, or the number of fields is wrong) is rejected alone, with its bytes, and reading goes on with the next line: one
stray quote costs one line and not the rest of the file.
"""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Final, Protocol

from primum.errors import SourceError
from primum.sources.layouts import BOMS
from primum.sources.lines import FileAccount, Reject
from primum.sources.repairs import CONTROLS, strip_control_bytes

LONGEST_LINE: Final = 16_000_000  # bytes without a line end at which a file is given up
LONGEST_RECORD: Final = 500_000  # bytes; the longest narrative has 32,000 characters
MOST_LINES: Final = 5_000  # physical lines of one record

_NOT_PLAIN: Final = CONTROLS + b"\r\n"

Record = Mapping[str, str]


class Keeper(Protocol):
    """Anything that takes rejected lines, such as a list."""

    def append(self, reject: Reject, /) -> None:
        """Keep a rejected line."""
        ...


def physical_lines(stream: IO[bytes], member: str) -> Iterator[bytes]:
    """The lines of a file with their ends, none longer than memory bears.

    Raises:
        SourceError: a line has no end.
    """
    while line := stream.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise SourceError.of(member, f"no line end within {LONGEST_LINE:,} bytes", "lines", "Check the file.")
        yield line


def text_of(line: bytes) -> tuple[str, bool]:
    """A line as text, and whether it had to be read as latin-1."""
    try:
        return line.decode("utf-8"), False
    except UnicodeDecodeError:
        return line.decode("latin-1"), True


def value_of(record: Record, column: str) -> str | None:
    """A field without blanks around it; None where it is empty or there is no such column."""
    return record.get(column, "").strip() or None


@dataclass(slots=True)
class QuotedFile:
    """A file of quoted records that is being read, and where its lines went so far.

    Args:
        member: its name.
        table: what it holds.
        known: the columns that such a file may have.
        read: those of them that are read.
        needed: the columns without which it cannot be read.
        refuse: why a record with all its fields is no row; empty where it is one.
        delimiter: between fields.
        headless: its columns where the file has no header line.
        decode: a line as text, and whether that took a repair.
        decoded_as: the name of that repair.
        column_name: the name of a column as the header prints it -> as `known` calls it.
        keep: takes the rejected lines.
        repairs: what was mended, and how often.
    """

    member: str
    table: str
    known: Sequence[str]
    read: Sequence[str]
    needed: Sequence[str]
    refuse: Callable[[Record], str]
    delimiter: str = ","
    headless: tuple[str, ...] = ()
    decode: Callable[[bytes], tuple[str, bool]] = text_of
    decoded_as: str = "read_as_latin1"
    column_name: Callable[[str], str] = lambda name: name.strip().upper()
    keep: Keeper = field(default_factory=list[Reject])
    repairs: Counter[str] = field(default_factory=Counter)
    columns: tuple[str, ...] = ()
    _waiting: deque[bytes] = field(default_factory=deque)
    _counted: Counter[str] = field(default_factory=Counter)

    def records(self, stream: IO[bytes]) -> Iterator[Record]:
        """The rows of the file, each by the names of its columns, in order.

        Args:
            stream: the file from its beginning.

        Raises:
            SourceError: the header has no such columns, or a line has no end.
        """
        lines = physical_lines(stream, self.member)
        if self.headless:
            self.columns = self.headless
            if first := next(lines, b""):
                self._waiting.append(self._without_mark(first))
        else:
            self.columns = self._header(next(lines, b""))
        while (line := self._next(lines)) is not None:
            if not line.strip():
                self._counted["blank"] += 1
                continue
            fields, taken = self._plain(line), [line]
            plain = fields is not None
            if fields is None:
                fields, taken = self._record(line, lines)
            if fields is None:
                self._reject([line], f"no whole record of {len(self.columns)} fields begins here")
                continue
            record = dict(zip(self.columns, fields, strict=True))
            if reason := self.refuse(record):
                self._reject(taken, reason)
                continue
            self._counted["loaded"] += 1
            if not plain:
                self._counted["joins"] += len(taken) - 1
                self._tell_repairs(taken)
            yield record

    def account(self) -> FileAccount:
        """Where the lines of a file that was read to its end went."""
        count = self._counted
        return FileAccount(
            member=self.member,
            table=self.table,
            layout=f"{len(self.columns)} columns without a header" if self.headless else "by header",
            columns=self.columns,
            lines=self._line_number - 1,
            header_lines=0 if self.headless else 1,
            blank_lines=count["blank"],
            loaded=count["loaded"],
            rejected=count["rejected"],
            joins=count["joins"],
            repairs=dict(self.repairs),
        )

    @property
    def _line_number(self) -> int:
        count = self._counted
        return (1 if self.headless else 2) + count["blank"] + count["loaded"] + count["joins"] + count["rejected"]

    def _next(self, lines: Iterator[bytes]) -> bytes | None:
        return self._waiting.popleft() if self._waiting else next(lines, None)

    def _plain(self, line: bytes) -> list[str] | None:
        """The fields of a line that has nothing to mend or to quote; None of any other."""
        body = line.rstrip(b"\r\n")
        if b'"' in body or body.translate(None, _NOT_PLAIN) != body:
            return None
        text, repaired = self.decode(body)
        fields = text.split(self.delimiter)
        return fields if len(fields) == len(self.columns) and not repaired else None

    def _record(self, line: bytes, lines: Iterator[bytes]) -> tuple[list[str] | None, list[bytes]]:
        """The fields of the record that begins on a line, and its lines; lines read in vain are read again."""
        taken, size, quotes = [line], len(line), line.count(b'"')
        fields = self._split(taken)
        while fields is None and quotes % 2 and size <= LONGEST_RECORD and len(taken) < MOST_LINES:
            more = self._next(lines)
            if more is None:
                break
            taken.append(more)
            size, quotes = size + len(more), quotes + more.count(b'"')
            if quotes % 2 == 0:
                fields = self._split(taken)
                break
        if fields is None:
            self._waiting.extendleft(reversed(taken[1:]))
        return fields, taken

    def _split(self, taken: Sequence[bytes]) -> list[str] | None:
        body = b" ".join([line.rstrip(b"\r\n") for line in taken])
        text = self.decode(strip_control_bytes(body))[0]
        try:
            [fields] = csv.reader([text], strict=True, delimiter=self.delimiter)
        except (csv.Error, ValueError):
            return None
        return fields if len(fields) == len(self.columns) else None

    def _reject(self, taken: Sequence[bytes], reason: str) -> None:
        for line in taken:
            self.keep.append(Reject(self._line_number, reason, line.rstrip(b"\r\n")))
            self._counted["rejected"] += 1

    def _tell_repairs(self, taken: Sequence[bytes]) -> None:
        body = b"".join([line.rstrip(b"\r\n") for line in taken])
        if body.translate(None, CONTROLS) != body:
            self.repairs["strip_control_bytes"] += 1
        if not body.isascii() and self.decode(body)[1]:
            self.repairs[self.decoded_as] += 1
        if len(taken) > 1:
            self.repairs["join_quoted_lines"] += 1

    def _without_mark(self, line: bytes) -> bytes:
        while line.startswith(BOMS):
            line = line[len(next(bom for bom in BOMS if line.startswith(bom))) :]
            self.repairs["strip_byte_order_mark"] = 1
        return line

    def _header(self, line: bytes) -> tuple[str, ...]:
        text = self.decode(self._without_mark(line.rstrip(b"\r\n")))[0]
        columns = tuple(map(self.column_name, next(csv.reader([text], delimiter=self.delimiter), [])))
        missing = [name for name in self.needed if name not in columns]
        twice = [name for name in dict.fromkeys(columns) if columns.count(name) > 1]
        if missing or twice:
            given = [f"no column {name}" for name in missing] + [f"column {name[:40]!r} twice" for name in twice]
            raise SourceError.of(
                self.member,
                "; ".join(given),
                f"a header with {','.join(self.needed)}",
                "Nothing of this set was loaded; check the file.",
            )
        self.repairs += Counter(
            leave_unknown_column=sum(name not in self.known for name in columns),
            miss_known_column=sum(name not in columns for name in self.read),
        )
        return columns
