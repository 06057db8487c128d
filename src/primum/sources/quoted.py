"""Where does each physical line of a quoted CSV file go, when a record may run over many lines?

A record begins on a line and ends where its quotes are closed. A line that begins no whole record (its quote never
closes, or the number of fields is wrong) is rejected alone, with its bytes, and reading goes on with the next line: one
stray quote costs one line and not the rest of the file.

The file is read block by block. Plain lines are found by one search and taken as they are; every other line is read
alone and written anew as a plain one. What comes out, well-formed UTF-8, goes to Arrow's reader as a whole.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Final, Protocol

import numpy as np

from primum.errors import SourceError
from primum.sources.batch import Batch, Lines
from primum.sources.encodings import Encoding, InUtf8
from primum.sources.layouts import BOMS
from primum.sources.lines import BLOCK, FileAccount, Reject
from primum.sources.plain_lines import BlockLines, lines_of
from primum.sources.repairs import CONTROLS, strip_control_bytes
from primum.sources.texts import Mask, Texts

LONGEST_LINE: Final = 16_000_000  # bytes without a line end at which a file is given up
LONGEST_RECORD: Final = 500_000  # bytes; the longest narrative has 32,000 characters
MOST_LINES: Final = 5_000  # physical lines of one record


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


@dataclass(frozen=True, slots=True)
class _Mended:
    """A row that was read alone: its first line, how many it took, its text as a plain line, and the repairs."""

    line: int
    taken: int
    text: bytes
    repairs: tuple[str, ...]


@dataclass(slots=True)
class QuotedFile:
    """A file of quoted records that is being read, and where its lines went so far.

    Args:
        member: its name.
        table: what it holds.
        known: the columns that such a file may have.
        read: those of them that are read.
        needed: the columns without which it cannot be read.
        delimiter: between fields.
        headless: its columns where the file has no header line.
        encoding: of its lines.
        column_name: the name of a column as the header prints it -> as `known` calls it.
        keep: takes the rejected lines.
        repairs: what was mended, and how often.
    """

    member: str
    table: str
    known: Sequence[str]
    read: Sequence[str]
    needed: Sequence[str]
    delimiter: str = ","
    headless: tuple[str, ...] = ()
    encoding: Encoding = field(default_factory=Encoding)
    column_name: Callable[[str], str] = lambda name: name.strip().upper()
    keep: Keeper = field(default_factory=list[Reject])
    repairs: Counter[str] = field(default_factory=Counter)
    columns: tuple[str, ...] = ()
    _counted: Counter[str] = field(default_factory=Counter)

    def batches(self, stream: IO[bytes], *, only: Collection[str] = ()) -> Iterator[Batch]:
        """The rows of the file, in order, as many at once as a block holds.

        Args:
            stream: the file from its beginning.
            only: the columns that are wanted; all where none is named.

        Raises:
            SourceError: the header has no such columns, or a line has no end.
        """
        waiting = b""
        if self.headless:
            self.columns = self.headless
            waiting = self._without_mark(next(physical_lines(stream, self.member), b""))
        else:
            self.columns = self._header(next(physical_lines(stream, self.member), b""))
            self._counted["lines"] = 1
        last = False
        while not last:
            more = stream.read(BLOCK)
            block, last = waiting + more, not more
            cut = len(block) if last else block.rfind(b"\n") + 1
            if len(block) - cut > LONGEST_LINE:
                raise SourceError.of(
                    self.member, f"no line end within {LONGEST_LINE:,} bytes", "lines", "Check the file."
                )
            done = 0
            if cut:
                batch, done = self._batch(
                    block[:cut], [name for name in self.columns if name in only or not only], last=last
                )
                if batch.rows:
                    yield batch
            waiting = block[done:]

    def account(self) -> FileAccount:
        """Where the lines of a file that was read to its end went."""
        count = self._counted
        return FileAccount(
            member=self.member,
            table=self.table,
            layout=f"{len(self.columns)} columns without a header" if self.headless else "by header",
            columns=self.columns,
            lines=count["lines"],
            header_lines=0 if self.headless else 1,
            blank_lines=count["blank"],
            loaded=count["loaded"],
            rejected=count["rejected"],
            joins=count["joins"],
            repairs=dict(+self.repairs),
        )

    def _batch(self, block: bytes, wanted: Sequence[str], *, last: bool) -> tuple[Batch, int]:
        """The rows of a block, and how many of its bytes they took: a record may end in the next one."""
        lines = lines_of(block, delimiter=self.delimiter, width=len(self.columns))
        mended, kept, end = self._mend(lines, last=last)
        recoded = InUtf8(lines, self.encoding)
        pieces: list[bytes] = []
        done = 0
        for row in mended:
            pieces += [*_runs(recoded, kept, done, row.line), row.text]
            done = row.line + row.taken
        pieces += _runs(recoded, kept, done, end)
        where = self._where(lines, mended, kept[:end], recoded.mended[:end])
        rows = len(where.numbers)
        self._counted.update(lines=end, loaded=rows, joins=sum(row.taken - 1 for row in mended))
        self.repairs[self.encoding.repair] += int(where.recoded[0].sum())
        for told in where.repairs.values():
            self.repairs.update(told)
        columns = self._columns(b"".join(pieces), wanted) if rows else {}
        taken = len(block) if end == len(lines) else int(lines.starts[end])
        return Batch(columns, rows, where, self._refused), taken

    def _where(self, lines: BlockLines, mended: Sequence[_Mended], kept: Mask, recoded: Mask) -> Lines:
        """Where the rows of a block stand in the file, the plain ones and those that were read alone."""
        alone = np.array([row.line for row in mended], dtype=np.intp)
        first_lines = np.union1d(np.flatnonzero(kept), alone)
        places = np.searchsorted(first_lines, alone)
        last_lines = first_lines.copy()
        last_lines[places] += np.array([row.taken - 1 for row in mended], dtype=np.intp)
        return Lines(
            block=lines.block,
            numbers=self._counted["lines"] + 1 + first_lines,
            starts=lines.starts[first_lines],
            stops=lines.stops[last_lines],
            recoded=((kept & recoded)[first_lines], self.encoding.repair),
            repairs={place: row.repairs for place, row in zip(places.tolist(), mended, strict=True) if row.repairs},
        )

    def _mend(self, lines: BlockLines, *, last: bool) -> tuple[list[_Mended], Mask, int]:
        """Read the lines that are not plain: their rows, the plain lines that stand alone, and the lines placed."""
        mended: list[_Mended] = []
        kept, done = lines.plain.copy(), 0
        for line in np.flatnonzero(~lines.plain).tolist():
            if line < done:
                continue
            raw = lines.raw(line)
            done = line + 1
            if not raw.strip():
                self._counted["blank"] += 1
                continue
            taken = self._record(lines, line, last=last)
            if taken is None:
                return mended, kept, line
            fields, raws = taken
            if fields is None:
                number = self._counted["lines"] + line + 1
                reason = f"no whole record of {len(self.columns)} fields begins here"
                self._reject([Reject(number, reason, raw.rstrip(b"\r"))])
                continue
            done = line + len(raws)
            kept[line:done] = False
            mended.append(_Mended(line, len(raws), self._plain_line(fields), self._repairs(raws)))
        return mended, kept, len(lines)

    def _record(self, lines: BlockLines, line: int, *, last: bool) -> tuple[list[str] | None, list[bytes]] | None:
        """The fields of the record that begins on a line, and its lines; None where the block ends too early."""
        raws = [lines.raw(line)]
        size, quotes = len(raws[0]), raws[0].count(b'"')
        fields = self._split(raws)
        while fields is None and quotes % 2 and size <= LONGEST_RECORD and len(raws) < MOST_LINES:
            if line + len(raws) == len(lines):
                if last:
                    break
                return None
            raws.append(lines.raw(line + len(raws)))
            size, quotes = size + len(raws[-1]), quotes + raws[-1].count(b'"')
            if quotes % 2 == 0:
                fields = self._split(raws)
                break
        return fields, raws

    def _split(self, raws: Sequence[bytes]) -> list[str] | None:
        body = b" ".join([line.rstrip(b"\r") for line in raws])
        text = self.encoding.decode(strip_control_bytes(body))[0]
        try:
            [fields] = csv.reader([text], strict=True, delimiter=self.delimiter)
        except (csv.Error, ValueError):
            return None
        return fields if len(fields) == len(self.columns) else None

    def _plain_line(self, fields: Sequence[str]) -> bytes:
        quoted = (f'"{text}"' for text in (text.replace('"', '""') for text in fields))
        return f"{self.delimiter.join(quoted)}\n".encode()

    def _repairs(self, raws: Sequence[bytes]) -> tuple[str, ...]:
        body = b"".join(raws)
        told = {
            "strip_control_bytes": body.translate(None, CONTROLS) != body,
            self.encoding.repair: not body.isascii() and self.encoding.decode(body)[1],
            "join_quoted_lines": len(raws) > 1,
        }
        return tuple(name for name, needed in told.items() if needed)

    def _columns(self, text: bytes, wanted: Sequence[str]) -> dict[str, Texts]:
        """The columns of plain lines."""
        import pyarrow as pa
        from pyarrow import csv as arrow

        kind = pa.dictionary(pa.int32(), pa.string())
        if text.startswith(BOMS[0]):
            text = b"\n" + text  # Arrow would take it for the mark of the encoding; an empty line it passes over
        table = arrow.read_csv(
            pa.BufferReader(text),
            arrow.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=self.columns),
            arrow.ParseOptions(delimiter=self.delimiter, quote_char='"' if b'"' in text else False),
            arrow.ConvertOptions(
                column_types=dict.fromkeys(wanted, kind), include_columns=wanted, strings_can_be_null=False
            ),
        )
        return {name: Texts.of(table[name].chunk(0)) for name in wanted}

    def _reject(self, rejects: Sequence[Reject]) -> None:
        for reject in rejects:
            self.keep.append(reject)
        self._counted["rejected"] += len(rejects)

    def _refused(self, rejects: list[Reject], repairs: tuple[str, ...]) -> None:
        """A row that was counted as loaded is none."""
        self._reject(rejects)
        self.repairs.subtract(repairs)
        self._counted["loaded"] -= 1
        self._counted["joins"] -= len(rejects) - 1

    def _without_mark(self, line: bytes) -> bytes:
        while line.startswith(BOMS):
            line = line[len(next(bom for bom in BOMS if line.startswith(bom))) :]
            self.repairs["strip_byte_order_mark"] = 1
        return line

    def _header(self, line: bytes) -> tuple[str, ...]:
        text = self.encoding.decode(self._without_mark(line.rstrip(b"\r\n")))[0]
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


def _runs(recoded: InUtf8, kept: Mask, first: int, behind: int) -> list[bytes]:
    """The plain lines between two lines, run by run."""
    lines = np.flatnonzero(kept[first:behind]) + first
    if not len(lines):
        return []
    breaks = np.flatnonzero(np.diff(lines) > 1) + 1
    return [recoded.text(int(run[0]), int(run[-1]) + 1) for run in np.split(lines, breaks)]
