"""What do the three yearly files of VAERS hold, and what does a row of them mean?

`{YYYY}VAERSDATA.csv` has one row a report, `VAX` one a vaccine given, `SYMPTOMS` one for every five terms;
`NonDomestic` stands for the year in the files of foreign reports. They are read by their headers. Free text (what
happened, laboratory, history, other medicines) has no place in the store and stays in the files.

Source: VAERS Data Use Guide (CDC and FDA) for the columns and flags; 21 CFR 600.80(a) for what makes a report serious,
so that a visit to a doctor or an emergency room is no outcome here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from primum.errors import SourceError
from primum.sources.archive import sha256_of
from primum.sources.blocks import Keeper
from primum.sources.quoted import QuotedFile
from primum.sources.values import UNKNOWN_CODE, Reading, codes, read_csv

_COLUMNS: Final = read_csv("vaers_columns.csv")
TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    table: tuple(row["column"] for row in _COLUMNS if row["table"] == table) for table in ("DATA", "VAX", "SYMPTOMS")
}
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    table: tuple(row["column"] for row in _COLUMNS if row["table"] == table and row["needed"] == "yes")
    for table in TABLES
}
FLAGS: Final[Mapping[str, str]] = {
    row["column"]: row["goes_to"].removeprefix("outcome ") for row in _COLUMNS if row["goes_to"].startswith("outcome ")
}
OUTCOMES: Final[Mapping[str, tuple[str, ...]]] = {
    outcome: tuple(flag for flag, told in FLAGS.items() if told == outcome) for outcome in dict.fromkeys(FLAGS.values())
}
FOREIGN: Final = "FR"  # of the column STATE: any country but the United States, not France
FILE_NAME: Final = re.compile(r"(?i)(?P<set>(?:19|20)\d\d|NonDomestic)VAERS(?P<table>DATA|VAX|SYMPTOMS)\.csv")
_ID: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class VaersSet:
    """The three files of one year, or of the foreign reports.

    Args:
        name: such as `2021VAERS` or `NonDomesticVAERS`.
        year: its year; 0 for the foreign reports.
        files: path of each table.
        sha256: hash over the hashes of the three.
        size: their bytes together.
    """

    name: str
    year: int
    files: Mapping[str, Path]
    sha256: str
    size: int


def find_sets(given: Iterable[Path]) -> tuple[VaersSet, ...]:
    """The sets of three among files and folders, the foreign reports first, then by year.

    Raises:
        SourceError: a file is not there or not one of VAERS, a set is not whole, or one stands there twice.
    """
    found: dict[str, dict[str, Path]] = {}
    for path in (path for one in given for path in _files(one)):
        match = FILE_NAME.fullmatch(path.name)
        if match is None:
            raise SourceError.of(path.name, "another name", "one such as 2021VAERSDATA.csv", "Check the file.")
        name = "NonDomestic" if not match["set"].isdigit() else match["set"]
        tables = found.setdefault(name, {})
        table = match["table"].upper()
        if tables.setdefault(table, path).resolve() != path.resolve():
            raise SourceError.of(path.name, "it is there twice", "one file of that name", "Name one of them.")
    return tuple(_whole(name, found[name]) for name in sorted(found, key=_year))


def open_table(member: str, table: str, *, keep: Keeper) -> QuotedFile:
    """A file of VAERS, ready to be read: DATA, VAX or SYMPTOMS."""
    read = [row["column"] for row in _COLUMNS if row["table"] == table and row["goes_to"]]
    return QuotedFile(member, table, TABLES[table], read, NEEDED[table], keep=keep)


def is_id(text: str) -> bool:
    """Whether a text is the number of a report.

    Examples:
        >>> is_id("1000001"), is_id("1e6"), is_id("")
        (True, False, False)
    """
    return _ID.fullmatch(text) is not None


def read_state(text: str | None) -> Reading:
    """The country that a state tells: the United States, or none where the report is foreign.

    Examples:
        >>> read_state("TX").values, read_state("FR").values, read_state("XB").fault
        (('US',), (None,), 'unknown code')
    """
    if text is None or text.upper() == FOREIGN:
        return Reading((None,))
    return Reading(("US",)) if text.upper() in codes("state") else Reading((None,), UNKNOWN_CODE)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        inside = sorted(file for file in path.iterdir() if FILE_NAME.fullmatch(file.name))
        if not inside:
            raise SourceError.of(
                str(path), "no file of VAERS is in it", "files such as 2021VAERSDATA.csv", "Check the folder."
            )
        return inside
    if not path.is_file():
        raise SourceError.no_file(path, "files such as 2021VAERSDATA.csv")
    return [path]


def _whole(name: str, files: Mapping[str, Path]) -> VaersSet:
    missing = [table for table in TABLES if table not in files]
    if missing:
        raise SourceError.of(
            f"{name}VAERS", f"no {' and no '.join(missing)} file", "DATA, VAX and SYMPTOMS together", "Add it."
        )
    digests = "\n".join(sha256_of(files[table]) for table in TABLES)
    size = sum(file.stat().st_size for file in files.values())
    return VaersSet(f"{name}VAERS", _year(name), files, hashlib.sha256(digests.encode()).hexdigest(), size)


def _year(name: str) -> int:
    return int(name) if name.isdigit() else 0
