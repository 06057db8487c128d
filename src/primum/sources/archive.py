"""Is this file an archive of one FAERS quarter, whole and with its seven tables?

Everything is checked before the first line is read: nothing of a wrong archive reaches the store. Members are read as
streams and never written under a name that the archive chooses.
"""

from __future__ import annotations

import hashlib
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from primum.errors import SourceError
from primum.sources.inflate import InflatedMember, is_inflatable
from primum.sources.layouts import TABLES
from primum.terms import Quarter

ARCHIVE_NAME: Final = re.compile(r"(?i)(?P<year>(?:19|20)\d\d)q(?P<number>[1-4])")
OTHER_FORMS: Final = re.compile(r"(?i)xml|sgml")  # the twins of the ASCII archives
TABLE_MEMBER: Final = re.compile(
    r"(?i)(?:^|/)(?P<table>demo|drug|reac|outc|rpsr|ther|indi)(?P<quarter>\d\dq[1-4])(?P<suffix>_[^./]+)?\.txt$"
)
DELETED_MEMBER: Final = re.compile(r"(?i)delet.*\.txt$")
LARGEST_MEMBER: Final = 8 * 1024**3  # bytes of text; the largest real one has 151 MB (2026q2 DRUG)
DENSEST: Final = 200  # real archives hold about 5 bytes of text in one; a bomb of zeros holds 1,000
LARGEST_LIST: Final = 64 * 1024**2  # bytes of a list of deleted cases, which is read at once; the largest has 0.8 MB
MOST_LISTS: Final = 90  # lists of deleted cases; real archives have one or two, and file keys have room for 92
MOST_MEMBERS: Final = 10_000  # files in an archive; real ones have about 20
SMALL: Final = 50 * 1024**2  # bytes of text below which density says nothing
WHOLE: Final = "a FAERS quarter with one file for each of DEMO DRUG REAC OUTC RPSR THER INDI"
DOWNLOAD_AGAIN: Final = "Download it again from FDA's quarterly data page."

# What zipfile raises over a damaged, encrypted (RuntimeError) or unknown (NotImplementedError) archive.
DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside an archive.

    Args:
        name: its name there.
        table: one of the seven tables, or DELETED.
        position: 1 to 7 for the tables, 8 and on for the lists of deleted cases.
        suffix: an addition to the usual name, such as `_new`; empty as a rule.
        size: bytes of its text, as the archive tells.
    """

    name: str
    table: str
    position: int
    suffix: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Archive:
    """A checked archive of one quarter.

    Args:
        path: where it lies.
        quarter: its quarter.
        sha256: hash of the whole file.
        size: its bytes.
        tables: the seven tables in the order of `TABLES`.
        deleted: its lists of deleted cases.
    """

    path: Path
    quarter: Quarter
    sha256: str
    size: int
    tables: tuple[Member, ...]
    deleted: tuple[Member, ...]

    @contextmanager
    def open(self, member: Member) -> Iterator[MemberStream]:
        """Read a member as a stream.

        Raises:
            SourceError: the archive is damaged at that member.
        """
        with _readable(self.path):
            archive = zipfile.ZipFile(self.path)
        with archive:
            with _readable(self.path):
                info = archive.getinfo(member.name)
                stream = InflatedMember(self.path, info) if is_inflatable(info) else archive.open(info)
            with stream:
                yield MemberStream(self.path, stream)


@dataclass(frozen=True, slots=True)
class MemberStream:
    """A member that is being read: an error of the archive is told in one line, one of the reader is left alone."""

    path: Path
    stream: InflatedMember | IO[bytes]

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; empty at the end.

        Raises:
            SourceError: the archive is damaged here.
        """
        with _readable(self.path):
            return self.stream.read(size)


def read_archive(path: Path) -> Archive:
    """Check an archive and list what it holds.

    Raises:
        SourceError: it is not there, not a zip, damaged, or not a FAERS quarter with its seven tables.
    """
    if not path.is_file():
        raise SourceError.no_file(path, WHOLE)
    with path.open("rb") as file:
        start = file.read(512)
    if start.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise SourceError.of(path.name, "it is a web page, not a zip archive", WHOLE, DOWNLOAD_AGAIN)
    with _readable(path), zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise SourceError.of(path.name, f"it holds {len(infos):,} files", WHOLE, DOWNLOAD_AGAIN)
    tables = _tables(path, infos)
    quarter = _quarter(path, infos)
    deleted = [i for i in infos if DELETED_MEMBER.search(i.filename) and not i.is_dir()]
    lists = [i for i in deleted if not TABLE_MEMBER.search(i.filename)]
    if len(lists) > MOST_LISTS:
        raise SourceError.of(
            path.name, f"{len(lists):,} lists of deleted cases", f"at most {MOST_LISTS}", DOWNLOAD_AGAIN
        )
    for info in lists:
        _refuse_bomb(path, info, LARGEST_LIST)
    members = [info.filename for info in lists]
    return Archive(
        path=path,
        quarter=quarter,
        sha256=sha256_of(path),
        size=path.stat().st_size,
        tables=tables,
        deleted=tuple(Member(name, "DELETED", len(TABLES) + 1 + n) for n, name in enumerate(sorted(members))),
    )


def find_archives(given: Path, quarters: frozenset[Quarter] | None = None) -> tuple[Path, ...]:
    """The archives that a file or folder offers, oldest quarter first; a quarter is read from the file's name.

    Args:
        given: a zip, or a folder of zips (XML and SGML twins are passed over).
        quarters: only these; None: all.

    Raises:
        SourceError: there is none, or two for one quarter.
    """
    if given.is_file():
        if quarters is not None and (quarter := read_archive(given).quarter) not in quarters:
            asked = ", ".join(map(str, sorted(quarters)))
            raise SourceError.of(given.name, f"it holds {quarter}", asked, "Name another archive or its own quarter.")
        return (given,)
    if not given.is_dir():
        raise SourceError.of(str(given), "there is no such file or folder", "a zip or a folder of zips", "Check it.")
    found: dict[Quarter, Path] = {}
    for path in sorted(given.iterdir()):
        match = ARCHIVE_NAME.search(path.name)
        if path.suffix.lower() != ".zip" or match is None or OTHER_FORMS.search(path.name):
            continue
        quarter = Quarter(int(match["year"]), int(match["number"]))
        if quarters is not None and quarter not in quarters:
            continue
        if quarter in found:
            raise SourceError.of(
                str(given),
                f"two archives for {quarter}: {found[quarter].name} and {path.name}",
                "one archive a quarter",
                "Move one of them away.",
            )
        found[quarter] = path
    if not found:
        wanted = "archives such as faers_ascii_2017q2.zip" + (" of the quarters asked for" if quarters else "")
        raise SourceError.of(str(given), "no archive found", wanted, "Name a folder that holds some.")
    return tuple(found[quarter] for quarter in sorted(found))


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what zipfile says about a damaged archive into one line."""
    try:
        yield
    except DAMAGED as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise SourceError.of(path.name, f"it cannot be read ({said})", WHOLE, DOWNLOAD_AGAIN) from error


def _tables(path: Path, infos: Sequence[zipfile.ZipInfo]) -> tuple[Member, ...]:
    found: dict[str, list[tuple[zipfile.ZipInfo, str]]] = {table: [] for table in TABLES}
    for info in infos:
        match = TABLE_MEMBER.search(info.filename)
        if match and not info.is_dir():
            found[match["table"].upper()].append((info, match["suffix"] or ""))
    missing = [table for table in TABLES if not found[table]]
    twice = [table for table in TABLES if len(found[table]) > 1]
    if missing or twice:
        faults = [f"no file for {' '.join(missing)}"] if missing else []
        faults += [f"more than one file for {' '.join(twice)}"] if twice else []
        raise SourceError.of(path.name, "; ".join(faults), WHOLE, "Check that it is the ASCII archive of a quarter.")
    for [(info, _)] in found.values():
        _refuse_bomb(path, info, LARGEST_MEMBER)
    one = {table: listed[0] for table, listed in found.items()}
    return tuple(
        Member(one[t][0].filename, t, n, suffix=one[t][1], size=one[t][0].file_size)
        for n, t in enumerate(TABLES, start=1)
    )


def _refuse_bomb(path: Path, info: zipfile.ZipInfo, largest: int) -> None:
    """Refuse a file that unpacks to far more than a real one; zipfile never gives more than the size that it tells."""
    dense = info.file_size > SMALL and info.file_size > DENSEST * max(info.compress_size, 1)
    if info.file_size > largest or dense:
        size = f"{info.filename} unpacks {info.compress_size:,} bytes to {info.file_size:,}"
        most = f"at most {largest:,}, and at most {DENSEST} for one"
        raise SourceError.of(path.name, size, most, DOWNLOAD_AGAIN)


def _quarter(path: Path, infos: Sequence[zipfile.ZipInfo]) -> Quarter:
    """Quarter of the members; the name of the archive, where it has one, must agree."""
    said = {m["quarter"].lower() for i in infos if (m := TABLE_MEMBER.search(i.filename)) and not i.is_dir()}
    match = ARCHIVE_NAME.search(path.name)
    if match:
        said.add(f"{match['year'][2:]}q{match['number']}")
    if len(said) != 1:
        raise SourceError.of(path.name, f"its names speak of {', '.join(sorted(said))}", "one quarter", "Check it.")
    year, number = said.pop().split("q")
    return Quarter(2000 + int(year), int(number))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
