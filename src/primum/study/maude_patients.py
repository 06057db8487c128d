"""Which patient does a report of MAUDE speak of, and which rows did a newer file replace?

The file of patients tells age, sex, weight and outcomes, which belong on the row of the report: it is read first and
kept in arrays until the reports come by, two bytes for each of the texts: nearly all are among some thousand.
"""

from __future__ import annotations

from array import array
from functools import partial
from pathlib import Path
from typing import Final

from primum.sources.maude import MaudeFile, MaudeFolder, open_file
from primum.sources.piped import Row
from primum.sources.report_keys import ReportKeys
from primum.study.load_system import PartWriter

REPLACED: Final = "a row of a newer file replaces it"


_RARE: Final = 65_535  # the place of a text that came when two bytes had no place left


class _Column:
    """The texts of a column, two bytes a row."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._texts: list[str] = []
        self._rows = array("H")
        self._rare: dict[int, str] = {}

    def append(self, text: str) -> None:
        """Keep the text of the next row."""
        place = self._places.get(text)
        if place is None:
            if len(self._texts) == _RARE:
                self._rare[len(self._rows)] = text
                place = _RARE
            else:
                place = self._places[text] = len(self._texts)
                self._texts.append(text)
        self._rows.append(place)

    def __getitem__(self, row: int) -> str:
        place = self._rows[row]
        return self._rare[row] if place == _RARE else self._texts[place]


class Patients:
    """What the patients of a folder are, some twenty bytes each, until their reports are put in."""

    def __init__(self, given: MaudeFolder, writer: PartWriter) -> None:
        self._keys = ReportKeys()
        self._columns = [_Column() for _ in range(4)]  # outcome, age, sex, weight
        patients = 0
        self._files: list[tuple[int, int]] = []  # number of the file, rows up to its end
        self._writer = writer
        replaced = Replaced()
        for file in given.of("PATIENT"):
            reader = open_file(file, partial(replaced.place, file), keep=writer)
            with file.path.open("rb") as stream:
                for number, row in reader.rows(stream):
                    self._keys.add(number)
                    patients += 1
                    for column, text in zip(self._columns, row, strict=True):
                        column.append(text)
            self._files.append((writer.close_file(reader.account()), patients))
        self._used = bytearray(patients)
        self._keys.close()

    def of(self, number: int) -> tuple[tuple[str, str, str], tuple[str, ...], int | None]:
        """Age, sex and weight of the first patient of a report, the outcomes of each, and the number of their file."""
        rows = [row - 1 for row in self._keys.find(number)]
        for row in rows:
            self._used[row] = 1
        if not rows:
            return ("", "", ""), (), None
        told, age, sex, weight = self._columns
        outcomes = tuple(told[row] for row in rows)
        return (
            (age[rows[0]], sex[rows[0]], weight[rows[0]]),
            outcomes,
            next(file for file, end in self._files if rows[0] < end),
        )

    def tell_unused(self) -> None:
        """Say of each file how many of its patients belong to no report of the folder."""
        first = 0
        for file, end in self._files:
            self._writer.leave_outside(file, self._used.count(0, first, end))
            first = end


class Replaced:
    """Which reports have rows of a table in a newer file: the older rows were replaced."""

    def __init__(self) -> None:
        self._newer: dict[int, list[Path]] = {}

    def times(self, file: MaudeFile, number: int) -> int:
        """In how many newer files a report has rows of this table; keeps that it has some in this one."""
        files = self._newer.get(number)
        if file.rank and (files is None or files[-1] != file.path):
            files = self._newer.setdefault(number, [])
            files.append(file.path)
        return 0 if files is None else len(files) - (files[-1] == file.path)

    def place(self, file: MaudeFile, number: int, row: Row) -> str:
        """Why a row is rejected: a newer file has rows of the same report."""
        return REPLACED if self.times(file, number) else ""
