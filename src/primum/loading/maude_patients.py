"""Which patients does a report of MAUDE speak of, and which rows did a newer file replace?

The file of patients tells age, sex, weight and outcomes, which belong on the row of the report: it is read first and
waits on the disk until the reports come by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primum.loading.system import PartWriter
from primum.sources.batch import Batch
from primum.sources.maude import MaudeFile, MaudeFolder, open_file, told
from primum.sources.piped import PipedFile
from primum.sources.report_keys import Numbers, ReportKeys
from primum.sources.texts import Places, Texts

REPLACED: Final = "a row of a newer file replaces it"
OUTCOME, AGE, SEX, WEIGHT = "SEQUENCE_NUMBER_OUTCOME", "PATIENT_AGE", "PATIENT_SEX", "PATIENT_WEIGHT"
_COLUMNS: Final = (OUTCOME, AGE, SEX, WEIGHT)


class Replaced:
    """Which reports have rows of a table in a newer file: the older rows were replaced."""

    def __init__(self, writer: PartWriter) -> None:
        self._writer = writer
        self._newer: list[ReportKeys] = []

    def times(self, numbers: Numbers) -> Places:
        """In how many newer files each report has rows of this table."""
        times = np.zeros(len(numbers), np.intp)
        for keys in self._newer:
            times += keys.find(numbers) > 0
        return times

    def passing(self, file: MaudeFile, reader: PipedFile) -> Iterator[tuple[Batch, Numbers]]:
        """The rows of a file with the numbers of their reports; those of an Add or Change file replace what follows."""
        keys = ReportKeys(self._writer.folder)
        with file.path.open("rb") as stream:
            for batch, numbers in reader.rows(stream):
                if file.rank:
                    keys.extend(np.unique(numbers))
                yield batch, numbers
        keys.close()
        if file.rank:
            self._newer.append(keys)


@dataclass(frozen=True, slots=True)
class PatientsOf:
    """The patients of some reports.

    Args:
        first: age, sex and weight of the first patient of each report.
        files: number of the file that the first patient of each report stands in.
        owners: which of the reports each patient belongs to.
        outcomes: of each patient.
    """

    first: Mapping[str, Texts]
    files: NDArray[np.intp]
    owners: Places
    outcomes: Texts


class Patients:
    """What the patients of a folder are, until their reports are put in; one bit of each is in memory."""

    def __init__(self, given: MaudeFolder, writer: PartWriter) -> None:
        self._writer = writer
        self._keys = ReportKeys(writer.folder)
        self._ends: list[int] = []  # patients up to the end of each file
        self._files: list[int] = []  # and its number
        self._rows = _RowsOnDisk(writer.folder / "patients.arrow")
        replaced = Replaced(writer)
        for file in given.of("PATIENT"):
            reader = open_file(file, keep=writer)
            for batch, numbers in replaced.passing(file, reader):
                late = replaced.times(numbers) > 0
                self._keys.extend(numbers[~late])
                self._rows.append(told(batch.without(late, REPLACED)))
            self._files.append(writer.close_file(reader.account()))
            self._ends.append(self._rows.count)
        self._used = np.zeros(self._rows.count // 8 + 1, np.uint8)
        self._keys.close()
        self._rows.close()

    def of(self, numbers: Numbers) -> PatientsOf:
        """The patients of some reports."""
        owners, rows = self._keys.find_all(numbers)
        rows -= 1
        np.bitwise_or.at(self._used, rows >> 3, (1 << (rows & 7)).astype(np.uint8))
        columns = self._rows.take(rows)
        first = np.full(len(numbers), -1)
        first[owners[::-1]] = np.arange(len(owners))[::-1]
        file_of = np.append(self._files, 0)  # a report without a patient has no text that could be at fault
        files = file_of[np.searchsorted(self._ends, np.append(rows, self._rows.count), side="right")][first]
        return PatientsOf(
            {name: columns[name].at(first) for name in (AGE, SEX, WEIGHT)}, files, owners, columns[OUTCOME]
        )

    def tell_unused(self) -> None:
        """Say of each file how many of its patients belong to no report of the folder."""
        used = np.unpackbits(self._used, bitorder="little")
        for file, first, end in zip(self._files, [0, *self._ends], self._ends, strict=False):
            self._writer.leave_outside(file, end - first - int(np.sum(used[first:end])))


class _RowsOnDisk:
    """Rows of some columns of text, by their place; `append` them all, then `close`, then `take`."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        self._path = path
        self._schema = pa.schema([(name, pa.string()) for name in _COLUMNS])
        self._writer = pa.ipc.new_file(str(path), self._schema)
        self._ends: list[int] = []  # rows up to the end of each batch

    @property
    def count(self) -> int:
        """Rows so far."""
        return self._ends[-1] if self._ends else 0

    def append(self, batch: Batch) -> None:
        """Write rows behind the others."""
        import pyarrow as pa

        columns = [batch[name].distinct.take(pa.array(batch[name].codes)) for name in _COLUMNS]
        self._writer.write_batch(pa.record_batch(columns, self._schema))
        self._ends.append(self.count + batch.rows)

    def close(self) -> None:
        """No more will come."""
        self._writer.close()

    def take(self, rows: Places) -> dict[str, Texts]:
        """The columns of some rows, in their order."""
        import pyarrow as pa

        order = np.argsort(rows, kind="stable")
        ends = np.searchsorted(rows[order], self._ends)
        with pa.memory_map(str(self._path)) as file:
            batches = pa.ipc.open_file(file)
            found = [
                batches.get_batch(number).take(pa.array(rows[order[first:end]] - start))
                for number, (first, end, start) in enumerate(
                    zip([0, *ends.tolist()], ends.tolist(), [0, *self._ends], strict=False)
                )
                if end > first
            ]
            table = pa.Table.from_batches(found, self._schema).combine_chunks()
        back = np.empty(len(order), np.intp)
        back[order] = np.arange(len(order))
        return {name: Texts.of(table[name].to_pylist())[back] for name in _COLUMNS}
