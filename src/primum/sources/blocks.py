"""How is a file of lines read block by block, and where does each of its lines go?

What differs between forms is which lines are whole rows with nothing to mend (plain), and how any other line is mended.
Plain lines are taken as they are; every other row is read alone and written anew as a plain line. What comes out,
well-formed UTF-8, goes to Arrow's reader as a whole, column by column.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, ClassVar, Final, Protocol

import numpy as np

from primum.errors import SourceError
from primum.sources.batch import Batch, Lines
from primum.sources.encodings import Encoding, InUtf8
from primum.sources.layouts import BOMS
from primum.sources.lines import FileAccount, Reject
from primum.sources.plain_lines import BlockLines
from primum.sources.texts import Mask, Texts
from primum.sources.utf16 import from_utf16

BLOCK: Final = 4 * 1024**2  # bytes read at once: a text that comes again in a block is read once
_RETURN: Final = "\r"
LONGEST_LINE: Final = 16_000_000  # bytes without a line end at which a file is given up


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


def csv_fields(text: str, delimiter: str, member: str) -> list[str]:
    """The fields of a line; none of an empty one.

    Raises:
        SourceError: it is none, such as one of a file whose lines end in CR alone.
    """
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error as error:
        raise SourceError.of(
            member,
            f"a line is none of CSV ({'it holds a carriage return' if _RETURN in text else error})",
            "text in UTF-8 or UTF-16, and lines that end in LF or CR LF",
            "Save it anew as CSV in UTF-8; nothing of this set was loaded.",
        ) from error


@dataclass(frozen=True, slots=True)
class Mended:
    """A row that was read alone: its first line, how many it took, its text as a plain line, and the repairs."""

    line: int
    taken: int
    text: bytes
    repairs: tuple[str, ...]


@dataclass(slots=True)
class BlockFile:
    """A file that is being read, and where its lines went so far.

    Args:
        member: its name.
        table: what it holds.
        known: the columns that such a file may have.
        read: those of them that are read.
        needed: the columns without which it cannot be read.
        keep: takes the rejected lines.
        repairs: what was mended, and how often.
        columns: those of this file, once its header was read.
        encoding: of its lines.
        delimiter: between fields.
    """

    member: str
    table: str
    known: Sequence[str]
    read: Sequence[str]
    needed: Sequence[str]
    keep: Keeper = field(default_factory=list[Reject])
    repairs: Counter[str] = field(default_factory=Counter)
    columns: tuple[str, ...] = ()
    encoding: Encoding = field(default_factory=Encoding)
    delimiter: str = ","
    _counted: Counter[str] = field(default_factory=Counter)
    _quotes: ClassVar[bool] = True  # whether a field may stand in quotes

    def batches(self, stream: IO[bytes], *, only: Collection[str] = ()) -> Iterator[Batch]:
        """The rows of the file, in order, as many at once as a block holds.

        Args:
            stream: the file from its beginning.
            only: the columns that are wanted; all where none is named.

        Raises:
            SourceError: the header has no such columns, or a line has no end.
        """
        line = next(physical_lines(stream, self.member), b"")
        if (recoded := from_utf16(stream, line)) is not None:
            self.repairs["read_as_utf16"] = 1
            stream, line = recoded, next(physical_lines(recoded, self.member), b"")
        waiting = self._begin(line)
        wanted = [name for name in self.columns if name in only or not only]
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
                batch, done = self._batch(block[:cut], wanted, last=last)
                if batch.rows:
                    yield batch
            waiting = block[done:]

    def account(self) -> FileAccount:
        """Where the lines of a file that was read to its end went."""
        count = self._counted
        return FileAccount(
            member=self.member,
            table=self.table,
            layout="by header" if count["header"] else f"{len(self.columns)} columns without a header",
            columns=self.columns,
            lines=count["lines"],
            header_lines=count["header"],
            blank_lines=count["blank"],
            loaded=count["loaded"],
            rejected=count["rejected"],
            joins=count["joins"],
            outside=count["outside"],
            repairs=dict(+self.repairs),
        )

    def _begin(self, line: bytes) -> bytes:
        """Settle the columns by the first line; what of it is a row already.

        Raises:
            SourceError: the header has no such columns.
        """
        raise NotImplementedError

    def _lines(self, block: bytes) -> BlockLines:
        """The lines of a block, and which are whole rows with nothing to mend."""
        raise NotImplementedError

    def _mend(self, lines: BlockLines, *, last: bool) -> tuple[list[Mended], Mask, int]:
        """Read the lines that are not plain: their rows, the plain lines that stand alone, and the lines placed."""
        raise NotImplementedError

    def _batch(self, block: bytes, wanted: Sequence[str], *, last: bool) -> tuple[Batch, int]:
        """The rows of a block, and how many of its bytes they took: a record may end in the next one."""
        lines = self._lines(block)
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

    def _where(self, lines: BlockLines, mended: Sequence[Mended], kept: Mask, recoded: Mask) -> Lines:
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
            arrow.ParseOptions(delimiter=self.delimiter, quote_char='"' if self._quotes and b'"' in text else False),
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


def _runs(recoded: InUtf8, kept: Mask, first: int, behind: int) -> list[bytes]:
    """The plain lines between two lines, run by run."""
    lines = np.flatnonzero(kept[first:behind]) + first
    if not len(lines):
        return []
    breaks = np.flatnonzero(np.diff(lines) > 1) + 1
    return [recoded.text(int(run[0]), int(run[-1]) + 1) for run in np.split(lines, breaks)]
