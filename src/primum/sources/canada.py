"""What do the files of Canada Vigilance hold, and what does a row of them mean?

The extract has eleven or twelve files, fields between dollar signs and quotes, no line of headers; English and French
stand side by side and the English is read. Six files are read: reports, drugs, reactions, indications, links between
reports, and the ingredients of products. The others repeat what stands in these.

Source: Health Canada's description of the extract; positions checked against a published parser.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from primum.errors import SourceError
from primum.sources.archive import sha256_of
from primum.sources.blocks import LONGEST_LINE, Keeper
from primum.sources.quoted import QuotedFile
from primum.sources.values import read_csv

_COLUMNS: Final = read_csv("canada_columns.csv")
TABLES: Final = tuple(dict.fromkeys(row["table"] for row in _COLUMNS))
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    table: tuple(row["column"] for row in _COLUMNS if row["table"] == table) for table in TABLES
}
NEEDED_FILES: Final = ("REPORTS", "REPORT_DRUG", "REACTIONS")
FLAGS: Final[Mapping[str, str]] = {
    row["column"]: row["goes_to"].removeprefix("outcome ")
    for row in _COLUMNS
    if re.fullmatch("outcome [A-Z]{2}", row["goes_to"])
}
YES: Final = "1"  # of the flags; 2 is no


@dataclass(frozen=True, slots=True)
class CanadaFolder:
    """An unpacked extract.

    Args:
        name: name of the folder.
        files: path of each table that is there.
        sha256: hash over the hashes of them.
        size: their bytes together.
    """

    name: str
    files: Mapping[str, Path]
    sha256: str
    size: int


def find_extract(folder: Path) -> CanadaFolder:
    """The files of an extract in a folder; other files are left alone.

    Raises:
        SourceError: there is no such folder, reports, drugs or reactions are not in it, or lines end in CR alone.
    """
    if not folder.is_dir():
        raise SourceError.of(str(folder), "there is no such folder", "an unpacked extract_extrait.zip", "Check it.")
    files = {path.stem.upper(): path for path in sorted(folder.iterdir()) if path.suffix.lower() == ".txt"}
    files = {table: files[table] for table in TABLES if table in files}
    if missing := [table.lower() for table in NEEDED_FILES if table not in files]:
        raise SourceError.of(
            str(folder),
            f"no {'.txt and no '.join(missing)}.txt is in it",
            "an unpacked extract_extrait.zip",
            "Unpack it.",
        )
    for path in files.values():
        _refuse_cr_alone(path)
    digests = "\n".join(f"{table} {sha256_of(path)}" for table, path in files.items())
    size = sum(path.stat().st_size for path in files.values())
    return CanadaFolder(folder.resolve().name, files, hashlib.sha256(digests.encode()).hexdigest(), size)


def _refuse_cr_alone(path: Path) -> None:
    """Without a line of headers such a file would be one long line that is no row, and nothing would say why."""
    with path.open("rb") as file:
        beginning = file.read(LONGEST_LINE).strip()
    if b"\r" in beginning and b"\n" not in beginning:
        raise SourceError.of(
            str(path),
            "its lines end in CR alone",
            "lines that end in LF or CR LF",
            "Unpack the extract again, or save the file anew; nothing of this folder was loaded.",
        )


def open_table(path: Path, table: str, *, keep: Keeper) -> QuotedFile:
    """A file of the extract, ready to be read."""
    return QuotedFile(path.name, table, (), (), (), delimiter="$", headless=COLUMNS[table], keep=keep)
