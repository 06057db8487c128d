"""Where does each record of a file go, when a record is a report and not a line?

`records = loaded + rejected` holds for every file, and a rejected record is kept whole with its number and the reason.
`find_files` and `Packed` give such files, plain, gzipped or inside zips, as streams.
"""

from __future__ import annotations

import gzip
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from primum.errors import SourceError
from primum.sources.archive import DAMAGED, sha256_of
from primum.sources.blocks import Keeper
from primum.sources.lines import ByteStream, FileAccount, Reject

DENSEST: Final = 400  # bytes of text in one of an archive; real ones hold 10 to 40, a bomb of zeros 1,000
SMALL: Final = 50 * 1024**2  # bytes of text below which density says nothing
MOST_MEMBERS: Final = 98  # files of a part that are told apart
RECORDS_OF_A_RUN: Final = 500
BYTES_OF_A_RUN: Final = 2 * 1024**2


@dataclass(frozen=True, slots=True)
class Piece:
    """A record as it is cut out of a file.

    Args:
        record: its bytes, or its text.
        reason: why it is no report; empty where nothing is wrong yet.
        node: what it holds, where cutting it out has told that already.
    """

    record: bytes | str
    reason: str = ""
    node: Any = None


@dataclass(slots=True)
class RecordFile:
    """A file of records that is being read, and where they went so far.

    Several processes may read one file: each cuts all of it, which is quick, and reads every other run of records.

    Args:
        member: its name.
        keep: takes what is rejected.
        share: which runs are read here, and of how many processes this is one: `(1, 2)` reads the second, the fourth...
        layout: what the file tells that it is.
        repairs: what was mended, and how often.
        loaded: records read here.
        rejected: records that are no report, of those read here.
        passed: records left to others.
    """

    member: str
    keep: Keeper
    share: tuple[int, int] = (0, 1)
    layout: str = ""
    repairs: Counter[str] = field(default_factory=Counter)
    loaded: int = 0
    rejected: int = 0
    passed: int = 0

    def runs(self, pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
        """The runs of records that are read here; a run ends with so many records or bytes, whoever reads it."""
        mine, of = self.share
        for number, run in enumerate(_runs(pieces)):
            if number % of == mine:
                yield run
            else:
                self.passed += len(run)

    def mend_whole(self, repair: str) -> None:
        """Count what was mended of the file itself; one of its readers tells it."""
        if self.share[0] == 0:
            self.repairs[repair] = 1

    def reject(self, record: bytes | str, reason: str) -> None:
        """Keep a record that is no report, whole, with its number in the file."""
        self.rejected += 1
        whole = record if isinstance(record, bytes) else record.encode("utf-8", "surrogateescape")
        self.keep.append(Reject(self.loaded + self.rejected + self.passed, reason, whole))

    def account(self) -> FileAccount:
        """Where the records of a file that was read to its end went; a record counts as a line."""
        return FileAccount(
            member=self.member,
            table="ICSR",
            layout=self.layout,
            columns=(),
            lines=self.loaded + self.rejected,
            header_lines=0,
            blank_lines=0,
            loaded=self.loaded,
            rejected=self.rejected,
            repairs={name: count for name, count in self.repairs.items() if count},
        )


def _runs(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    run: list[Piece] = []
    size = 0
    for piece in pieces:
        run.append(piece)
        size += len(piece.record)
        if len(run) == RECORDS_OF_A_RUN or size >= BYTES_OF_A_RUN:
            yield run
            run, size = [], 0
    if run:
        yield run


@dataclass(frozen=True, slots=True)
class Packed:
    """A file as it is given, with the files that it holds.

    Args:
        path: where it lies.
        name: what it is called; the same name is the same part.
        endings: how the files inside end that are read.
    """

    path: Path
    name: str
    endings: tuple[str, ...]

    def sha256(self) -> str:
        """Hash of the whole file."""
        return sha256_of(self.path)

    def members(self) -> Iterator[tuple[str, ByteStream]]:
        """The files inside, in the order of their names, each as a stream.

        Raises:
            SourceError: it is damaged, holds none, too many, or one that unpacks to far more than a real one.
        """
        if self.path.name.lower().endswith(".zip"):
            yield from self._unzipped()
        elif self.path.name.lower().endswith(".gz"):
            with gzip.open(self.path) as stream:
                yield self.path.name.removesuffix(".gz"), Guarded(self.path.name, stream)
        else:
            with self.path.open("rb") as stream:
                yield self.path.name, stream

    def _unzipped(self) -> Iterator[tuple[str, ByteStream]]:
        with readable(self.path.name):
            archive = zipfile.ZipFile(self.path)
        with archive:
            wanted = [i for i in archive.infolist() if not i.is_dir() and i.filename.lower().endswith(self.endings)]
            if not 0 < len(wanted) <= MOST_MEMBERS:
                given = f"{len(wanted)} files that end in {' or '.join(self.endings)}"
                raise SourceError.of(self.path.name, given, f"1 to {MOST_MEMBERS}", "Check the archive.")
            for info in sorted(wanted, key=lambda one: one.filename):
                if info.file_size > SMALL and info.file_size > DENSEST * max(info.compress_size, 1):
                    given = f"{info.filename} unpacks {info.compress_size:,} bytes to {info.file_size:,}"
                    raise SourceError.of(self.path.name, given, f"at most {DENSEST} for one", "Check the archive.")
                with readable(self.path.name):
                    stream = archive.open(info)
                with stream:
                    yield info.filename, Guarded(self.path.name, stream)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A packed file that is being read: damage is told in one line."""

    name: str
    stream: ByteStream

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; empty at the end.

        Raises:
            SourceError: the archive is damaged here.
        """
        with readable(self.name):
            return self.stream.read(size)


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn what is said about a damaged archive into one line."""
    try:
        yield
    except DAMAGED as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise SourceError.of(name, f"it cannot be read ({said})", "a whole file", "Get it again.") from error


def find_files(given: Iterable[Path], *, endings: tuple[str, ...], expected: str) -> tuple[Packed, ...]:
    """The files that paths and folders offer, a folder's own folders included, in the order of their names.

    A file is called by its own name and, within a folder that was given, by the folders on the way to it.

    Args:
        given: files and folders.
        endings: of the files wanted, in lower case; inside an archive too.
        expected: such a file, for the reader of an error.

    Raises:
        SourceError: a path is not there or offers none, or two files have one name.
    """
    found: dict[str, Packed] = {}
    packed = (*endings, *(ending + more for ending in endings for more in (".zip", ".gz")), ".zip")
    for path in given:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.is_file() and one.name.lower().endswith(packed))
            named = [(one.relative_to(path).as_posix(), one) for one in inside if _holds(one, endings)]
        elif path.is_file() and path.name.lower().endswith(packed):
            named = [(path.name, path)]
        elif path.exists():
            raise SourceError.of(path.name, "another kind of file", expected, "Check the file.")
        else:
            raise SourceError.of(str(path), "there is no such file or folder", expected, "Check the name.")
        if not named:
            raise SourceError.of(str(path), "no such file is in it", expected, "Check the folder.")
        for name, one in named:
            if name in found and found[name].path.resolve() != one.resolve():
                raise SourceError.of(name, "it is there twice", "one file of that name", "Give the folder above both.")
            found[name] = Packed(one, name, endings)
    return tuple(found.values())


def _holds(path: Path, endings: tuple[str, ...]) -> bool:
    """Whether a file that stands in a folder is meant: of zips those that hold such files, or cannot be read."""
    if not path.name.lower().endswith(".zip"):
        return True
    try:
        with readable(path.name), zipfile.ZipFile(path) as archive:
            return any(name.lower().endswith(endings) for name in archive.namelist())
    except SourceError:
        return True  # told when its turn comes
