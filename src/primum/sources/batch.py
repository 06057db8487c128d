"""What are the rows that one block of a file gave, column by column, and which of them are refused after all?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from primum.sources.lines import Reject
from primum.sources.texts import Mask, Texts


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the rows of a batch stand in their file.

    Args:
        block: the bytes that the places count in.
        numbers: of the first line of each row.
        starts: its first byte.
        stops: the byte behind the row, its line end left out.
        recoded: which rows took the repair of their encoding alone, and its name.
        repairs: what each other row took; rows without any are left out.
    """

    block: bytes
    numbers: NDArray[np.intp]
    starts: NDArray[np.intp]
    stops: NDArray[np.intp]
    recoded: tuple[Mask, str]
    repairs: Mapping[int, tuple[str, ...]]

    def repairs_of(self, row: int) -> tuple[str, ...]:
        """What a row took."""
        mended, name = self.recoded
        return (name,) if mended[row] else self.repairs.get(row, ())

    def rejects(self, row: int, reason: str) -> list[Reject]:
        """The lines of a row, whole."""
        lines = self.block[self.starts[row] : self.stops[row]].split(b"\n")
        return [Reject(int(self.numbers[row]) + n, reason, line.rstrip(b"\r")) for n, line in enumerate(lines)]

    def of(self, kept: Mask) -> Lines:
        """Where some of the rows stand."""
        places = np.cumsum(kept) - 1
        repairs = {int(places[row]): told for row, told in self.repairs.items() if kept[row]}
        recoded = (self.recoded[0][kept], self.recoded[1])
        return Lines(self.block, self.numbers[kept], self.starts[kept], self.stops[kept], recoded, repairs)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a file.

    Args:
        columns: by the names of the file's columns.
        rows: how many.
        lines: where they stand in the file.
        refused: is told of a row that is none, what it took and its lines.
    """

    columns: Mapping[str, Texts]
    rows: int
    lines: Lines
    refused: Callable[[list[Reject], tuple[str, ...]], None]

    def __getitem__(self, name: str) -> Texts:
        """A column; empty texts where the file has none of that name."""
        return self.columns[name] if name in self.columns else Texts.same("", self.rows)

    def changed(self, change: Callable[[str], str | None]) -> Batch:
        """The rows with every text changed."""
        columns = {name: texts.map(change) for name, texts in self.columns.items()}
        return Batch(columns, self.rows, self.lines, self.refused)

    def fields_filled(self) -> NDArray[np.int16]:
        """Fields of each row that are not blank."""
        counted = np.zeros(self.rows, dtype=np.int16)
        for texts in self.columns.values():
            counted += texts.filled()
        return counted

    def without(self, bad: Mask, reason: str) -> Batch:
        """The rows that are not bad; the lines of the others are rejected for that reason."""
        if not bad.any():
            return self
        for row in np.flatnonzero(bad).tolist():
            self.refused(self.lines.rejects(row, reason), self.lines.repairs_of(row))
        return self.of(~bad)

    def of(self, kept: Mask) -> Batch:
        """Some of the rows."""
        columns = {name: texts[kept] for name, texts in self.columns.items()}
        return Batch(columns, int(np.sum(kept)), self.lines.of(kept), self.refused)
