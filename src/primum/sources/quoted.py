"""Where does each physical line of a quoted CSV file go, when a record may run over many lines?

A record begins on a line and ends where its quotes are closed. A line that begins no whole record (its quote never
closes, or the number of fields is wrong) is rejected alone, with its bytes, and reading goes on with the next line: one
stray quote costs one line and not the rest of the file.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from primum.errors import SourceError
from primum.sources.blocks import BlockFile, Mended, csv_fields
from primum.sources.lines import Reject
from primum.sources.plain_lines import BlockLines, lines_of
from primum.sources.repairs import CONTROLS, strip_control_bytes
from primum.sources.texts import Mask

LONGEST_RECORD: Final = 500_000  # bytes; the longest narrative has 32,000 characters
MOST_LINES: Final = 5_000  # physical lines of one record


@dataclass(slots=True)
class QuotedFile(BlockFile):
    """A file of quoted records that is being read.

    Args:
        headless: its columns where the file has no header line.
        column_name: the name of a column as the header prints it -> as `known` calls it.
        delimiters: what may part the fields, where a system does not settle it; the header tells.
    """

    headless: tuple[str, ...] = ()
    column_name: Callable[[str], str] = lambda name: name.strip().upper()
    delimiters: str = ""

    def _begin(self, line: bytes) -> bytes:
        if self.headless:
            self.columns = self.headless
            return self._without_mark(line)
        self.columns = self._header(line)
        self._counted.update(lines=1, header=1)
        return b""

    def _lines(self, block: bytes) -> BlockLines:
        return lines_of(block, delimiter=self.delimiter, width=len(self.columns))

    def _mend(self, lines: BlockLines, *, last: bool) -> tuple[list[Mended], Mask, int]:
        mended: list[Mended] = []
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
            mended.append(Mended(line, len(raws), self._plain_line(fields), self._repairs(raws)))
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
        text = self.encoding.decode(self._without_controls(body))[0]
        try:
            [fields] = csv.reader([text], strict=True, delimiter=self.delimiter)
        except (csv.Error, ValueError):
            return None
        return fields if len(fields) == len(self.columns) else None

    def _without_controls(self, body: bytes) -> bytes:
        mark = self.delimiter.encode()
        return mark.join(map(strip_control_bytes, body.split(mark))) if mark in CONTROLS else strip_control_bytes(body)

    def _plain_line(self, fields: Sequence[str]) -> bytes:
        quoted = (f'"{text}"' for text in (text.replace('"', '""') for text in fields))
        return f"{self.delimiter.join(quoted)}\n".encode()

    def _repairs(self, raws: Sequence[bytes]) -> tuple[str, ...]:
        body = b"".join(raws)
        told = {
            "strip_control_bytes": len(body.translate(None, CONTROLS.replace(self.delimiter.encode(), b"")))
            != len(body),
            self.encoding.repair: not body.isascii() and self.encoding.decode(body)[1],
            "join_quoted_lines": len(raws) > 1,
        }
        return tuple(name for name, needed in told.items() if needed)

    def _header(self, line: bytes) -> tuple[str, ...]:
        text = self.encoding.decode(self._without_mark(line.rstrip(b"\r\n")))[0]
        self.delimiter = max(self.delimiters, key=text.count, default=self.delimiter)
        columns = tuple(map(self.column_name, csv_fields(text, self.delimiter, self.member)))
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
