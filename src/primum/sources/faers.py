"""What do the files of a FAERS quarter hold, line by line?

`read_archive` checks the archive; `clean_member` streams one of its seven tables into cleaned rows and says where
every line went; `read_deleted` reads its lists of deleted cases. No engine here: the store reads the cleaned rows.
Every oddity is described in docs/reference/oddities.md and stands in the account under the name of its repair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primum.errors import SourceError
from primum.sources.archive import Archive, Member, find_archives, read_archive
from primum.sources.cleaned_rows import RowsFile, key_number, recode_latin1, sorted_keys
from primum.sources.layouts import Header, match_header
from primum.sources.lines import BLOCK, FileAccount, Reject, clean_lines
from primum.sources.repairs import Expected, is_key
from primum.terms import Quarter

__all__ = [
    "INDEX_PAGE",
    "Archive",
    "DeletedList",
    "FileAccount",
    "KnownKeys",
    "Member",
    "Reject",
    "archive_name",
    "clean_member",
    "find_archives",
    "part_number",
    "read_archive",
    "read_deleted",
]

LONGEST_HEADER: Final = 65_536  # bytes; real headers have a few hundred


def part_number(quarter: Quarter) -> int:
    """The number that report and file keys of a quarter begin with.

    Examples:
        >>> part_number(Quarter(2017, 2))
        20172
    """
    return quarter.year * 10 + quarter.number


INDEX_PAGE: Final = "https://fis.fda.gov/extensions/FPD-QDE-FAERS/FPD-QDE-FAERS.html"
FIRST_FAERS: Final = Quarter(2012, 4)


def archive_name(quarter: Quarter) -> str:
    """Name of a quarter's ASCII archive on FDA's page, where the q is a capital in some years.

    Examples:
        >>> archive_name(Quarter(2012, 3)), archive_name(Quarter(2012, 4))
        ('aers_ascii_2012q3.zip', 'faers_ascii_2012q4.zip')
    """
    return f"{'faers' if quarter >= FIRST_FAERS else 'aers'}_ascii_{quarter}.zip"


class KnownKeys:
    """The keys of a quarter's reports, read from the cleaned rows of DEMO when somebody first asks for one.

    Only lines that may hold two records ask, so most quarters never pay for it.
    """

    def __init__(self, demo_rows: Path) -> None:
        self._demo_rows = demo_rows
        self._keys: NDArray[np.int64] | None = None

    def __call__(self, key: bytes) -> bool:
        """Whether a field is the key of a report of the quarter."""
        if not is_key(key):
            return False
        if self._keys is None:
            self._keys = sorted_keys(self._demo_rows)
        number = key_number(key)
        place = int(np.searchsorted(self._keys, number))
        return place < len(self._keys) and int(self._keys[place]) == number


def no_key_known(key: bytes) -> bool:
    """For DEMO itself, whose keys nobody knows before it is read."""
    return False


def clean_member(
    archive: Archive,
    member: Member,
    rows: Path,
    *,
    reject: Callable[[Reject], None],
    known_key: Callable[[bytes], bool] = no_key_known,
) -> FileAccount:
    """Stream one table of an archive into cleaned rows.

    Args:
        archive: the checked archive.
        member: one of its seven tables.
        rows: the file that its rows go to (see `primum.sources.cleaned_rows`).
        reject: takes each line that could not be read, whole.
        known_key: whether a number is the key of a report of the quarter; decides whether a line is two records.

    Returns:
        Where every physical line went, and the repairs.

    Raises:
        SourceError: the header has an unknown or missing column, or the archive is damaged.
    """
    with archive.open(member) as stream:
        start = stream.read(BLOCK)
        line, header = _header(start, archive, member)
        expected = Expected(
            quarter=archive.quarter,
            table=member.table,
            width=len(header.columns),
            surplus=header.surplus,
            caseid=header.columns.index("caseid") if member.table == "DEMO" else None,
            known_key=known_key,
        )
        with RowsFile(rows, header.columns) as text:
            tally = clean_lines(stream, text, first=start[len(line) :], header=header, expected=expected, reject=reject)
    repairs = Counter(header.repairs) + tally.repairs
    if member.suffix:
        repairs["accept_member_suffix"] = 1
    if tally.latin1:
        recode_latin1(rows)
        repairs["read_as_latin1"] = tally.not_ascii
    return FileAccount(
        member=member.name,
        table=member.table,
        layout=header.layout,
        columns=header.columns,
        lines=tally.lines,
        header_lines=1,
        blank_lines=tally.blank,
        loaded=tally.loaded,
        rejected=tally.rejected,
        joins=tally.joins,
        splits=tally.splits,
        repairs=dict(repairs),
    )


@dataclass(frozen=True, slots=True)
class DeletedList:
    """A list of deleted cases, read.

    Args:
        caseids: each case once, in the order of the list.
        account: where its lines went; a case named again is a loaded line and a counted repair.
        rejects: lines that are not the number of a case.
    """

    caseids: tuple[str, ...]
    account: FileAccount
    rejects: tuple[Reject, ...]


def read_deleted(archive: Archive, member: Member) -> DeletedList:
    """Read a list of deleted cases: one number a line, no header, blank lines allowed (Q18, Q19).

    Raises:
        SourceError: the archive is damaged there.
    """
    with archive.open(member) as stream:
        parts = []
        while block := stream.read(BLOCK):
            parts.append(block)
    lines = b"".join(parts).split(b"\n")
    if not lines[-1]:
        lines.pop()  # behind the last line end there is no line
    trimmed = [line.strip() for line in lines]
    named = [line for line in trimmed if is_key(line)]
    rejects = tuple(
        Reject(number, "not the number of a case", lines[number - 1])
        for number, line in enumerate(trimmed, start=1)
        if line and not is_key(line)
    )
    caseids = tuple(dict.fromkeys(line.decode("ascii") for line in named))
    repeated = len(named) - len(caseids)
    account = FileAccount(
        member=member.name,
        table="DELETED",
        layout="deleted_list",
        columns=("caseid",),
        lines=len(lines),
        header_lines=0,
        blank_lines=len(lines) - len(named) - len(rejects),
        loaded=len(named),
        rejected=len(rejects),
        repairs={"drop_repeated_deletion": repeated} if repeated else {},
    )
    return DeletedList(caseids, account, rejects)


def _header(start: bytes, archive: Archive, member: Member) -> tuple[bytes, Header]:
    end = start.find(b"\n", 0, LONGEST_HEADER)
    line = start[: end + 1] if end >= 0 else start
    if not line.strip() or len(line) > LONGEST_HEADER:
        given = "the file is empty" if not start.strip() else "no header within its first 64 KB"
        raise SourceError.of(
            f"{archive.path.name}, {member.name}",
            given,
            f"the header of {member.table}",
            "Nothing of this quarter was loaded; download the archive again.",
        )
    where = f"{archive.path.name}, {member.name}"
    return line, match_header(line, table=member.table, quarter=archive.quarter, member=where)
