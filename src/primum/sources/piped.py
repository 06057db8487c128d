"""Where does each physical line of a pipe-delimited file without quotes go?

A row begins with the number of its report; a line that does not belongs to the row before it. In a file of free text
the text may hold pipes and line breaks of its own: they go into its last column. In any other file a row has exactly
the fields of its header; lines that make none are rejected, each whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import IO, ClassVar, Final

import numpy as np

from primum.errors import SourceError
from primum.sources.batch import Batch
from primum.sources.blocks import BlockFile, Mended
from primum.sources.lines import Reject
from primum.sources.plain_lines import BlockLines, lines_of
from primum.sources.repairs import CONTROLS, LONGEST_KEY, strip_control_bytes
from primum.sources.report_keys import Numbers
from primum.sources.texts import Mask, Places, Texts

LONGEST_ROW: Final = 4_000_000  # bytes; a narrative of several thousand lines
NO_NUMBER: Final = "it begins with no number of a report"
_KEY: Final = re.compile(rb'["\s]*([0-9]{1,18})(?:\.0*)?["\s]*')
_BEGINS_ROW: Final = re.compile(rb'["\s]*[0-9]{1,18}(?:\.[0-9]*)?["\s]*(?:\||\r?$)')
_PIPE: Final = ord("|")
_PIPE_OF_A_TEXT: Final = "\x01"  # while rows are parted at pipes; control bytes are stripped before


@dataclass(slots=True)
class PipedFile(BlockFile):
    """A pipe-delimited file that is being read; the first of its columns is the number of a report, in digits.

    Args:
        also: other names of columns, as older files call them.
        headless: its columns where no header stands, by their number.
        free_text: its last column may hold pipes and line breaks.
    """

    delimiter: str = "|"
    also: Mapping[str, str] = field(default_factory=dict)
    headless: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    free_text: bool = False
    _quotes: ClassVar[bool] = False

    def leave_outside(self, batch: Batch, outside: Mask) -> Batch:
        """The rows of a batch less those of reports that are not in this part; their lines are counted as such."""
        if not outside.any():
            return batch
        lines, gone = 0, batch.lines.of(outside)
        recoded, repair = gone.recoded
        self.repairs[repair] -= int(np.sum(recoded))
        for row, told in gone.repairs.items():
            self.repairs.subtract(told)
            lines += gone.block.count(b"\n", int(gone.starts[row]), int(gone.stops[row]))
        rows = int(np.sum(outside))
        self._counted.update(loaded=-rows, joins=-lines, outside=rows + lines)
        return batch.of(~outside)

    def rows(self, stream: IO[bytes]) -> Iterator[tuple[Batch, Numbers]]:
        """The rows of the file with the numbers of their reports; of the columns those that are read.

        Raises:
            SourceError: the header has no such columns, or a line has no end.
        """
        for batch in self.batches(stream, only=(self.known[0], *self.read)):
            numbers = batch[self.columns[0]]
            yield batch, numbers.distinct.cast("int64").to_numpy()[numbers.codes]

    def _begin(self, line: bytes) -> bytes:
        text = self._without_mark(line)
        width = text.count(b"|") + 1
        if self.headless and (not text.strip() or _BEGINS_ROW.match(text)):
            if text.strip() and width not in self.headless:
                wanted = " or ".join(map(str, self.headless))
                raise SourceError.of(self.member, f"{width} columns", f"{wanted} where no header stands", "Check it.")
            self.columns = self.headless[width if text.strip() else next(iter(self.headless))]
            return text
        self._counted.update(lines=1, header=1)
        self.columns = self._header(text)
        return b""

    def _header(self, text: bytes) -> tuple[str, ...]:
        given = [name.strip().strip('"').upper() for name in self.encoding.decode(text.rstrip(b"\r\n"))[0].split("|")]
        columns = [self.also.get(name, name) or f"column {place}" for place, name in enumerate(given, start=1)]
        faults = [f"no column {name}" for name in self.needed if name not in columns]
        faults += [f"column {name[:40]!r} twice" for name in dict.fromkeys(columns) if columns.count(name) > 1]
        if not faults and columns[0] != self.known[0]:
            faults = [f"its first column is {columns[0][:40]!r}"]
        if b"\r" in text.rstrip(b"\r\n") and not text.endswith(b"\n"):
            faults = ["its lines end in CR alone"]
        if faults:
            raise SourceError.of(
                self.member,
                "; ".join(faults),
                f"a header with {'|'.join(self.needed)}, {self.known[0]} first",
                "Nothing of this folder was loaded; check the file.",
            )
        self.repairs += Counter(
            leave_unknown_column=sum(name not in self.known for name, told in zip(columns, given, strict=True) if told),
            miss_known_column=sum(name not in columns for name in self.read),
        )
        return tuple(columns)

    def _lines(self, block: bytes) -> BlockLines:
        lines = lines_of(block, delimiter="|", width=len(self.columns), quotes=False)
        return replace(lines, plain=lines.plain & _begin_with_digits(lines))

    def _mend(self, lines: BlockLines, *, last: bool) -> tuple[list[Mended], Mask, int]:
        begins, blank = _begin_or_blank(lines)
        there = np.flatnonzero(~blank)
        if not len(there):
            self._counted["blank"] += len(lines)
            return [], lines.plain, len(lines)
        begins[there[0]] = True
        heads = np.flatnonzero(begins[there])  # places in `there` at which a row begins
        ends = np.append(heads[1:], len(there))
        end = len(lines)
        tail = int(there[heads[-1]])
        if not last and lines.stops[-1] - lines.starts[tail] < LONGEST_ROW:  # it may go on in the next block
            end, heads, ends = tail, heads[:-1], ends[:-1]
        kept = lines.plain.copy()
        kept[end:] = False
        mended: list[Mended] = []
        for row in np.flatnonzero((ends - heads > 1) | ~lines.plain[there[heads]]).tolist():
            kept[there[heads[row]]] = False
            mended += self._alone(lines, there[heads[row] : ends[row]])
        inside = sum(int(np.sum(blank[row.line : row.line + row.taken])) for row in mended)
        self._counted["blank"] += int(np.sum(blank[:end])) - inside
        return mended, kept, end

    def _alone(self, lines: BlockLines, at: Places) -> list[Mended]:
        """The row of these lines, if they make one; the others are rejected."""
        raws = [lines.raw(line).rstrip(b"\r") for line in at.tolist()]
        taken = len(raws)
        fields, repairs = self._fields(raws)
        if taken > 1 and not self.free_text:
            alone = self._fields(raws[:1])
            if alone[0] is not None:  # whole without what follows, which is no row then
                (fields, repairs), taken = alone, 1
        key = _KEY.fullmatch(raws[0].partition(b"|")[0])
        numbers = (self._counted["lines"] + 1 + at).tolist()
        if fields is None or key is None:
            reason = f"no whole row of {len(self.columns)} fields" if key else NO_NUMBER
            self._reject([Reject(number, reason, raw) for number, raw in zip(numbers, raws, strict=True)])
            return []
        reason = f"{NO_NUMBER}, and the row before it is whole"
        rest = zip(numbers[taken:], raws[taken:], strict=True)
        self._reject([Reject(number, reason, raw) for number, raw in rest])
        digits = key[1].decode()
        if fields[0] != digits:
            repairs = (*repairs, "mend_key")
        text = "|".join((digits, *fields[1:])).encode() + b"\n"
        return [Mended(int(at[0]), int(at[taken - 1] - at[0]) + 1, text, repairs)]

    def _fields(self, raws: Sequence[bytes]) -> tuple[list[str] | None, tuple[str, ...]]:
        """The fields of lines that are one row, and what it took; None where they are none."""
        line = b" ".join(raws)
        repairs: tuple[str, ...] = ("join_broken_lines",) if len(raws) > 1 else ()
        if line.translate(None, CONTROLS) != line:
            line, repairs = strip_control_bytes(line), (*repairs, "strip_control_bytes")
        text, recoded = self.encoding.decode(line.replace(b"\r", b" "))
        if recoded:
            repairs = (*repairs, self.encoding.repair)
        fields, width = text.split("|"), len(self.columns)
        if len(fields) > width and self.free_text:
            return [*fields[: width - 1], _PIPE_OF_A_TEXT.join(fields[width - 1 :])], (*repairs, "join_surplus_fields")
        if len(fields) == width + 1 and not fields[-1].strip():
            return fields[:width], (*repairs, "drop_empty_last_field")
        return (fields if len(fields) == width else None), repairs

    def _columns(self, text: bytes, wanted: Sequence[str]) -> dict[str, Texts]:
        import pyarrow.compute as pc

        columns = BlockFile._columns(self, text, wanted)
        if self.free_text and (last := columns.get(self.columns[-1])) is not None:
            whole = pc.replace_substring(last.distinct, _PIPE_OF_A_TEXT, "|")
            columns[self.columns[-1]] = Texts(whole, last.codes)
        return columns


def _begin_or_blank(lines: BlockLines) -> tuple[Mask, Mask]:
    """Which lines begin a row, and which hold nothing."""
    begins, blank = lines.plain.copy(), np.zeros(len(lines), dtype=bool)
    for line in np.flatnonzero(~lines.plain).tolist():
        raw = lines.raw(line)
        begins[line], blank[line] = _BEGINS_ROW.match(raw) is not None, not raw.strip()
    return begins, blank


def _begin_with_digits(lines: BlockLines) -> Mask:
    """Which lines begin with a number and a pipe."""
    array = np.frombuffer(lines.block, dtype=np.uint8)
    digits = np.ones(len(lines), dtype=bool)
    ended = np.zeros(len(lines), dtype=bool)
    for place in range(LONGEST_KEY + 1):
        byte = array[np.minimum(lines.starts + place, len(array) - 1)]
        ended |= (byte == _PIPE) & digits & (place > 0)
        digits &= ((byte >= ord("0")) & (byte <= ord("9"))) | ended
    return ended
