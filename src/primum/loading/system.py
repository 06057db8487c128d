"""How does a part of a reporting system go into the store, wholly or not at all?

A source gives a `Part`: what it is, and a function that reads its files and puts what it finds into a `PartWriter`.
Everything else is the same for all systems. The part is read into files beside the store, in batches, so that memory
does not grow with the file, and put into the store in one transaction. Faults and repairs are counted by file.
The same part again changes nothing, another of that name replaces it. What follows from all reports is made with the
last part.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from primum.errors import SourceError, StoreError
from primum.loading.derive import derive, derive_inside
from primum.loading.faers import Loaded
from primum.loading.workshop import room_beside
from primum.sources.archive import sha256_of
from primum.sources.lines import FileAccount, Reject
from primum.sources.systems import SYSTEMS, System
from primum.sources.texts import Places, Texts, paired, values_of
from primum.sources.values import Reading
from primum.store import Store
from primum.store.arrange import FILES_OF_A_PART, ROWS_OF_A_PART
from primum.store.engine import Engine
from primum.store.parts import PartFile, add_account, loaded_archive, remove_part, reports_of
from primum.store.row_batches import RowBatches

if TYPE_CHECKING:
    import pyarrow as pa

    Column: TypeAlias = Texts | pa.Array | NDArray[Any] | str | int

Keys = NDArray[np.int64]
REJECTS_AT_ONCE: Final = 500
REJECT_BYTES_AT_ONCE: Final = 1024**2


@dataclass(frozen=True, slots=True)
class Part:
    """What is loaded and replaced as a whole.

    Args:
        system: a name of `SYSTEMS`.
        number: its part number, within the range of the system.
        name: what the user is told; the same name is the same part.
        sha256: hash over all its bytes; the same hash is not loaded again.
        size: its bytes.
        read: puts its rows and files into a writer.
    """

    system: str
    number: int
    name: str
    sha256: str
    size: int
    read: Callable[[PartWriter], None]

    def __post_init__(self) -> None:
        known = SYSTEMS[self.system]
        if not known.first_part <= self.number < known.first_part + known.parts:
            raise ValueError(f"Part {self.number} is outside the range of {self.system}; ask SYSTEMS for the number.")


@dataclass(slots=True)
class _ClosedFile:
    """A file that was read to its end."""

    account: FileAccount
    repairs: Counter[str]
    faults: Counter[tuple[str, str]]


class PartWriter:
    """A part on its way into the store.

    Files are put in one after the other: their rows, faults, repairs and rejects, then `close_file`.
    """

    def __init__(self, folder: Path, part: Part) -> None:
        self.part = part
        self.folder = folder  # for what does not fit into memory; gone when the part is loaded
        self.repairs: Counter[str] = Counter()
        self.faults: Counter[tuple[str, str]] = Counter()  # column and fault
        self.rejected = 0
        self.repaired = 0
        self._batches = RowBatches(folder)
        self._rejects: list[tuple[int, Reject]] = []  # with the key of their file
        self._reject_bytes = 0
        self._numbered: Counter[str] = Counter()
        self._closed: list[_ClosedFile] = []

    @property
    def reports(self) -> int:
        """Reports put in so far."""
        return self._batches.written["reports"]

    def key(self, row: int) -> int:
        """Key of the report on a row; rows count from 1 through the part.

        Raises:
            SourceError: a part does not hold so many.
        """
        if row >= ROWS_OF_A_PART:
            raise SourceError.of(self.part.name, f"{row:,} reports", f"fewer than {ROWS_OF_A_PART:,}", "Split it.")
        return self.part.number * ROWS_OF_A_PART + row

    def numbers(self, table: str, rows: int) -> Places:
        """The next row numbers of a table, which count from 1 through the part."""
        self._numbered[table] += rows
        return np.arange(self._numbered[table] - rows + 1, self._numbered[table] + 1)

    def keys(self, rows: NDArray[Any]) -> Keys:
        """Keys of the reports on rows; as `key`."""
        if len(rows):
            self.key(int(rows.max()))
        return self.part.number * ROWS_OF_A_PART + rows.astype(np.int64)

    def put_reports(self, rows: NDArray[Any], **columns: Column) -> Keys:
        """Put in the reports of rows; their keys. Columns left out are empty."""
        keys = self.keys(rows)
        self.put("reports", keys, source=self.part.system, **columns)
        return keys

    def put(self, table: str, report_key: Keys, **columns: Column) -> None:
        """Put rows into a table of the store, column by column; columns left out are empty, and so are empty texts.

        Args:
            table: which.
            report_key: of the report of each row.
            columns: of as many rows; one text or number stands for every row.
        """
        rows = len(report_key)
        self._batches.put(
            table, {name: _column(given, rows) for name, given in {"report_key": report_key, **columns}.items()}, rows
        )

    def put_terms(
        self, table: str, report_key: Keys, row_number: NDArray[Any], texts: Texts, **columns: pa.Array
    ) -> None:
        """Put in terms, as printed and in capitals, of the rows that have one.

        Args:
            table: `reactions` or `indications`.
            report_key: of the report of each row.
            row_number: of each row.
            texts: the term of each row, empty where there is none.
            columns: more of each row.
        """
        told = texts.filled()
        terms, more = texts[told], {name: column.filter(told) for name, column in columns.items()}
        self.put(
            table, report_key[told], row_number=row_number[told], term=terms.map(str.upper), term_text=terms, **more
        )

    def read(
        self,
        column: str,
        texts: Texts | tuple[Texts, Texts],
        meaning: Callable[..., Reading],
        *,
        files: NDArray[np.intp] | None = None,
    ) -> tuple[pa.DictionaryArray, ...]:
        """What the texts of a column mean, each distinct one read once; its faults counted by row.

        Args:
            column: as the file calls it.
            texts: of each row; or of two columns that mean something together, such as a number and its unit.
            meaning: a text, None where it is empty -> its reading; of two columns, two texts.
            files: number of the closed file that each row comes from; the file that is being read unless given.

        Returns:
            One column for each value that a reading has.
        """
        import pyarrow as pa

        given: Sequence[tuple[str, ...]]
        if isinstance(texts, Texts):
            width, codes = 1, texts.codes
            given = [(text,) for text in texts.distinct.to_pylist()]
        else:
            width = 2
            given, codes = paired(*texts)
        readings = [meaning(*(text or None for text in one)) for one in given or [("",) * width]]
        if any(reading.fault for reading in readings):
            if files is None:
                _count_faults(column, readings, codes, self.faults)
            else:
                for file in np.unique(files).tolist():
                    _count_faults(column, readings, codes[files == file], self._closed[file].faults)
        values = zip(*(reading.values for reading in readings), strict=True)
        return tuple(values_of(pa.array(one), codes) for one in values)

    def append(self, reject: Reject) -> None:
        """Keep a rejected line of the file that is being read, whole."""
        self._rejects.append((self._file_key, reject))
        self._reject_bytes += len(reject.line)
        if len(self._rejects) >= REJECTS_AT_ONCE or self._reject_bytes >= REJECT_BYTES_AT_ONCE:
            self._write_rejects()

    def close_file(self, account: FileAccount) -> int:
        """Keep where the lines of the file went, with the repairs and faults counted since the file before.

        Returns:
            The number of the file, for what is known of it only later.

        Raises:
            SourceError: a part does not hold so many files.
        """
        if len(self._closed) >= FILES_OF_A_PART - 1:
            raise SourceError.of(self.part.name, "too many files", f"up to {FILES_OF_A_PART - 1}", "Split the folder.")
        repairs = Counter(account.repairs) + self.repairs
        self._closed.append(_ClosedFile(replace(account, repairs={}), repairs, self.faults))
        self.rejected += account.rejected
        self.repaired += repairs.total()
        self.repairs, self.faults = Counter(), Counter()
        return len(self._closed) - 1

    def leave_outside(self, file: int, rows: int) -> None:
        """Say of a closed file how many of its loaded rows were about no report of this part after all."""
        closed = self._closed[file]
        closed.account = replace(closed.account, loaded=closed.account.loaded - rows, outside=rows)

    def finish(self) -> None:
        """Write what still waits; no more can follow."""
        self._write_rejects()
        self._batches.close()

    def move_into(self, engine: Engine) -> None:
        """Put everything into the store, the accounts of all files too; inside of a transaction."""
        self._batches.move_into(engine)
        part = self.part
        for number, closed in enumerate(self._closed, start=1):
            key = part.number * FILES_OF_A_PART + number
            file = PartFile(key, part.system, None, part.name, part.sha256, part.size)
            faults = [(column, fault, rows) for (column, fault), rows in sorted(closed.faults.items())]
            add_account(engine, file, closed.account, repairs=closed.repairs, faults=faults)

    def _write_rejects(self) -> None:
        rejects = [reject for _, reject in self._rejects]
        columns = {
            "file_key": [key for key, _ in self._rejects],
            "line_number": [reject.line_number for reject in rejects],
            "reason": [reject.reason for reject in rejects],
            "line_bytes": [reject.line for reject in rejects],
        }
        self._batches.put("rejects", columns, len(rejects))
        self._rejects, self._reject_bytes = [], 0

    @property
    def _file_key(self) -> int:
        return self.part.number * FILES_OF_A_PART + len(self._closed) + 1


def _count_faults(
    column: str, readings: Sequence[Reading], codes: NDArray[np.int32], faults: Counter[tuple[str, str]]
) -> None:
    for reading, rows in zip(readings, np.bincount(codes, minlength=len(readings)).tolist(), strict=True):
        if reading.fault and rows:
            faults[column, reading.fault] += rows


def _column(given: Column, rows: int) -> pa.Array:
    import pyarrow as pa

    if isinstance(given, Texts):
        return given.column()
    if isinstance(given, str | int):
        return values_of(pa.array([given]), np.zeros(rows, np.int32))
    return pa.array(given)


def date_columns(name: str, read: Sequence[pa.Array], texts: Texts) -> dict[str, Column]:
    """The three columns of a date: what it means, how precisely it is told, and how it is printed.

    Args:
        name: of the first.
        read: as `PartWriter.read` gives what `primum.sources.days.read_day` told.
        texts: as printed.
    """
    return {name: read[0], f"{name}_precision": read[1], f"{name}_text": texts}


def check_file(path: Path, expected: str) -> None:
    """Refuse a file that is not there, before a store is made for it.

    Raises:
        SourceError: as said.
    """
    if not path.is_file():
        raise SourceError.no_file(path, expected)


def parts_of_files(system: System, files: Sequence[Path], read: Callable[[Path, PartWriter], None]) -> list[Part]:
    """Parts of a system that publishes single files, each known by its name.

    Args:
        system: one of `SYSTEMS`.
        files: they are there.
        read: puts the rows of a file into a writer.
    """
    return [
        Part(
            system=system.name,
            number=system.part_named(path.name),
            name=path.name,
            sha256=sha256_of(path),
            size=path.stat().st_size,
            read=partial(read, path),
        )
        for path in files
    ]


class Folder(Protocol):
    """Files of a system that are loaded together."""

    @property
    def name(self) -> str:
        """Of the folder."""

    @property
    def sha256(self) -> str:
        """Hash over the hashes of its files."""

    @property
    def size(self) -> int:
        """Their bytes together."""


AFolder = TypeVar("AFolder", bound=Folder)


def parts_of_folders(
    system: System, folders: Sequence[AFolder], read: Callable[[AFolder, PartWriter], None]
) -> list[Part]:
    """Parts of a system that publishes folders of files, each known by its name; arguments as `parts_of_files`."""
    return [
        Part(system.name, system.part_named(one.name), one.name, one.sha256, one.size, partial(read, one))
        for one in folders
    ]


def load_parts(store: Store, parts: Sequence[Part], *, progress: Callable[[str], None] | None = None) -> list[Loaded]:
    """Load parts; each is one transaction, and what follows from all is made once.

    Args:
        store: a store opened for writing.
        parts: in the order in which they are loaded.
        progress: is told the name of each part.

    Returns:
        What was loaded. The same part again changes nothing; another of that name replaces it.

    Raises:
        SourceError: a part cannot be read, or two names get the same number; the parts before are loaded.
        StoreError: the store cannot be written.
    """
    answers = []
    for number, part in enumerate(parts, start=1):
        if progress:
            progress(part.name)
        answers.append(_load(store, part, derive_too=number == len(parts)))
    if not store.is_derived():
        derive(store)
    return answers


def _load(store: Store, part: Part, *, derive_too: bool) -> Loaded:
    engine = store.engine
    before = loaded_archive(engine, part.number)
    if before is not None and before[0] != part.name:
        raise SourceError.of(part.name, f"its name gets the same keys as {before[0]}", "another name", "Rename it.")
    if before is not None and before[1] == part.sha256:
        return Loaded(part.name, part.name, "unchanged", reports_of(engine, part.number), 0, 0)
    with room_beside(store) as folder:
        writer = PartWriter(folder, part)
        with _telling_a_full_disk(folder):
            part.read(writer)
            writer.finish()
        with engine.little_memory(), engine.transaction():
            remove_part(engine, part.number, None)
            writer.move_into(engine)
            if derive_too:
                derive_inside(store)
    outcome = "replaced" if before else "loaded"
    return Loaded(part.name, part.name, outcome, writer.reports, writer.rejected, writer.repaired)


@contextmanager
def _telling_a_full_disk(folder: Path) -> Iterator[None]:
    """Inside, a disk without room for what waits is told as what it is."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StoreError.of(
            str(folder.parent),
            f"it cannot be written ({os.strerror(error.errno)})",
            "Check that the disk has room, then run the command again; the parts before are loaded",
        ) from error
