"""Where does each physical line of a pipe-delimited file without quotes go?

A row begins with the number of its report; a line that does not belongs to the row before it. In a file of free text
the text may hold pipes and line breaks of its own: they go into its last column. In any other file a row has exactly
the fields of its header; lines that make none are rejected, each whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import IO, Final

from primum.errors import SourceError
from primum.sources.encodings import Encoding
from primum.sources.layouts import BOMS
from primum.sources.lines import FileAccount, Reject
from primum.sources.quoted import Keeper, physical_lines
from primum.sources.repairs import CONTROLS, strip_control_bytes

LONGEST_ROW: Final = 4_000_000  # bytes; a narrative of several thousand lines
OUTSIDE: Final = "outside"  # what `place` says of a row whose report is not in this part
_KEY: Final = re.compile(rb'["\s]*([0-9]{1,18})(?:\.0*)?["\s]*')
_BEGINS_ROW: Final = re.compile(rb'["\s]*[0-9]{1,18}(?:\.[0-9]*)?["\s]*(?:\||\r?\n?$)')

Row = tuple[str, ...]
Placing = Callable[[int, Row], str]


@dataclass(slots=True)
class PipedFile:
    """A pipe-delimited file that is being read, and where its lines went so far.

    Args:
        member: its name.
        table: what it holds.
        known: the columns that such a file may have, the number of the report first.
        read: those of them that a row is made of.
        needed: the columns without which it cannot be read.
        also: other names of columns, as older files call them.
        headless: its columns where no header stands, by their number.
        free_text: its last column may hold pipes and line breaks.
        place: what becomes of a row: nothing to say where it is loaded, `OUTSIDE`, or why it is rejected.
        keep: takes the rejected lines.
        repairs: what was mended, and how often.
    """

    member: str
    table: str
    known: Sequence[str]
    read: Sequence[str]
    needed: Sequence[str]
    place: Placing
    also: dict[str, str] = field(default_factory=dict)
    headless: dict[int, tuple[str, ...]] = field(default_factory=dict)
    free_text: bool = False
    keep: Keeper = field(default_factory=list[Reject])
    repairs: Counter[str] = field(default_factory=Counter)
    columns: tuple[str, ...] = ()
    _count: Counter[str] = field(default_factory=Counter)
    _header_lines: int = 0

    def rows(self, stream: IO[bytes]) -> Iterator[tuple[int, Row]]:
        """The number of the report and the columns read of every row that is loaded, trimmed, in order.

        Args:
            stream: the file from its beginning.

        Raises:
            SourceError: the header has no such columns, or a line has no end.
        """
        lines = physical_lines(stream, self.member)
        first = self._header(next(lines, b""))
        pick = self._picker()
        waiting: list[tuple[int, bytes]] = []
        size = 0
        for number, line in enumerate(lines if first is None else _with(first, lines), start=1 + self._header_lines):
            if not line.strip():
                self._count["blank"] += 1
            elif waiting and size < LONGEST_ROW and not _BEGINS_ROW.match(line):
                waiting.append((number, line))
                size += len(line)
            else:
                if waiting:
                    yield from self._placed(waiting, pick)
                waiting, size = [(number, line)], len(line)
        if waiting:
            yield from self._placed(waiting, pick)

    def account(self) -> FileAccount:
        """Where the lines of a file that was read to its end went."""
        count = self._count
        placed = sum(count[name] for name in ("blank", "loaded", "rejected", "joins", OUTSIDE))
        return FileAccount(
            member=self.member,
            table=self.table,
            layout="by header" if self._header_lines else f"{len(self.columns)} columns without a header",
            columns=self.columns,
            lines=placed + self._header_lines,
            header_lines=self._header_lines,
            blank_lines=count["blank"],
            loaded=count["loaded"],
            rejected=count["rejected"],
            joins=count["joins"],
            outside=count[OUTSIDE],
            repairs=dict(self.repairs),
        )

    def _placed(self, waiting: list[tuple[int, bytes]], pick: Callable[[list[str]], Row]) -> Iterator[tuple[int, Row]]:
        """The row of these lines, if they make one that is loaded; every line of them gets its place."""
        taken, rest = waiting, waiting[:0]
        fields, repairs = self._fields([line for _, line in waiting])
        if len(waiting) > 1 and not self.free_text:
            alone = self._fields([waiting[0][1]])
            if alone[0] is not None:  # whole without what follows, which is no row then
                (fields, repairs), taken, rest = alone, waiting[:1], waiting[1:]
        key = _KEY.fullmatch(waiting[0][1].partition(b"|")[0].rstrip(b"\r\n"))
        if fields is None or key is None:
            reason = f"no whole row of {len(self.columns)} fields" if key else "it begins with no number of a report"
            self._reject(waiting, reason)
            return
        report, row = int(key[1]), pick(fields)
        reason = self.place(report, row)
        if reason == OUTSIDE:
            self._count[OUTSIDE] += len(taken)
        elif reason:
            self._reject(taken, reason)
        else:
            self._count["loaded"] += 1
            self._count["joins"] += len(taken) - 1
            self.repairs.update(repairs)
            if fields[0] != key[1].decode():
                self.repairs["mend_key"] += 1
            yield report, row
        self._reject(rest, "it begins with no number of a report, and the row before it is whole")

    def _fields(self, lines: Sequence[bytes]) -> tuple[list[str] | None, tuple[str, ...]]:
        """The fields of lines that are one row, and what it took; None where they are none."""
        line = lines[0].rstrip(b"\r\n") if len(lines) == 1 else b" ".join(one.rstrip(b"\r\n") for one in lines)
        repairs: tuple[str, ...] = ("join_broken_lines",) if len(lines) > 1 else ()
        if line.translate(None, CONTROLS) != line:
            line, repairs = strip_control_bytes(line), (*repairs, "strip_control_bytes")
        text, latin1 = Encoding().decode(line)
        if latin1:
            repairs = (*repairs, "read_as_latin1")
        fields, width = text.split("|"), len(self.columns)
        if len(fields) > width and self.free_text:
            return [*fields[: width - 1], "|".join(fields[width - 1 :])], (*repairs, "join_surplus_fields")
        if len(fields) == width + 1 and not fields[-1].strip():
            return fields[:width], (*repairs, "drop_empty_last_field")
        return (fields if len(fields) == width else None), repairs

    def _reject(self, lines: Sequence[tuple[int, bytes]], reason: str) -> None:
        for number, line in lines:
            self.keep.append(Reject(number, reason, line.rstrip(b"\r\n")))
        self._count["rejected"] += len(lines)

    def _header(self, line: bytes) -> bytes | None:
        """Read the columns off the first line; the line itself where it is a row of a file without a header."""
        text = line
        while text.startswith(BOMS):
            text = text[len(next(bom for bom in BOMS if text.startswith(bom))) :]
            self.repairs["strip_byte_order_mark"] = 1
        width = text.count(b"|") + 1
        if self.headless and (not text.strip() or _BEGINS_ROW.match(text)):
            if text.strip() and width not in self.headless:
                wanted = " or ".join(map(str, self.headless))
                raise SourceError.of(self.member, f"{width} columns", f"{wanted} where no header stands", "Check it.")
            self.columns = self.headless[width if text.strip() else next(iter(self.headless))]
            return text
        self._header_lines = 1
        given = tuple(name.strip().strip('"').upper() for name in Encoding().decode(text.rstrip(b"\r\n"))[0].split("|"))
        columns = tuple(self.also.get(name, name) for name in given)
        missing = [name for name in self.needed if name not in columns]
        if missing or columns[0] != self.known[0]:
            faults = [f"no column {name}" for name in missing] or [f"its first column is {columns[0][:40]!r}"]
            raise SourceError.of(
                self.member,
                "; ".join(faults),
                f"a header with {'|'.join(self.needed)}, {self.known[0]} first",
                "Nothing of this folder was loaded; check the file.",
            )
        self.columns = columns
        self.repairs += Counter(
            leave_unknown_column=sum(name not in self.known for name in columns if name),
            miss_known_column=sum(name not in columns for name in self.read),
        )
        return None

    def _picker(self) -> Callable[[list[str]], Row]:
        """The columns read of the fields of a row; empty where the file has no such column."""
        places = [self.columns.index(name) if name in self.columns else None for name in self.read]
        there = [place for place in places if place is not None]
        if len(there) == len(places) and len(there) > 1:
            pick = itemgetter(*there)
            return lambda fields: tuple(map(str.strip, pick(fields)))
        return lambda fields: tuple("" if place is None else fields[place].strip() for place in places)


def _with(first: bytes, lines: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from lines
