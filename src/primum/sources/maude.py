"""What do the files of MAUDE, FDA's reports on devices, hold, and what does a row of them mean?

FDA publishes six kinds of files, each in pieces: the reports themselves (`mdrfoi`), their devices (`foidev`, `device`),
patients, texts, and the problems of device and patient as codes. Files whose name ends in Add or Change come monthly:
a row of a Change file replaces the earlier rows of its report. They are read by their headers.

Source: FDA's description of the MAUDE files for the columns; openFDA's published list of MAUDE's codes for
`maude_codes.csv`; for its countries FIPS PUB 10-4 and ISO 3166-1, and the makers' countries of real reports (UK, SZ,
GM, EI), from which it is inferred that those of reporters are of one list with them; 21 CFR 803.3, by which every
injury that must be reported is a serious one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from primum.errors import SourceError
from primum.sources.archive import sha256_of
from primum.sources.batch import Batch
from primum.sources.blocks import Keeper, csv_fields, physical_lines
from primum.sources.encodings import Encoding
from primum.sources.lines import FileAccount
from primum.sources.piped import PipedFile
from primum.sources.utf16 import from_utf16
from primum.sources.values import UNKNOWN_CODE, Reading, read_country, read_csv

_COLUMNS: Final = read_csv("maude_columns.csv")
TABLES: Final = ("MDRFOI", "PATIENT", "DEVICE", "FOIDEVPROBLEM", "PATIENTPROBLEMCODE", "FOITEXT")
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    table: tuple(row["column"] for row in _COLUMNS if row["table"] == table) for table in TABLES
}
READ: Final[Mapping[str, tuple[str, ...]]] = {
    table: tuple(row["column"] for row in _COLUMNS if row["table"] == table and row["goes_to"])[1:] for table in TABLES
}
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    table: tuple(row["column"] for row in _COLUMNS if row["table"] == table and row["needed"] == "yes")
    for table in TABLES
}
PROBLEM_NAMES: Final = ("DEVICEPROBLEMNAMES", "PATIENTPROBLEMNAMES")
UNCLEAR: Final = "unclear"  # of a country's code, in `maude_codes.csv`
TWO_COUNTRIES: Final = "code of two countries"
_HEADLESS: Final[Mapping[str, dict[int, tuple[str, ...]]]] = {
    "FOIDEVPROBLEM": {2: COLUMNS["FOIDEVPROBLEM"]},
    "PATIENTPROBLEMCODE": {
        2: ("MDR_REPORT_KEY", "PROBLEM_CODE"),
        3: COLUMNS["PATIENTPROBLEMCODE"][:3],
        5: COLUMNS["PATIENTPROBLEMCODE"],
    },
}
_NAMES: Final[Mapping[str, re.Pattern[str]]] = {
    "DEVICEPROBLEMNAMES": re.compile(r"(?i)deviceproblemcodes?\.(?:txt|csv)"),
    "PATIENTPROBLEMNAMES": re.compile(r"(?i)patientproblem(?:codes|data)\.(?:txt|csv)"),
    "FOIDEVPROBLEM": re.compile(r"(?i)foidevproblem(?P<piece>.*)\.txt"),
    "PATIENTPROBLEMCODE": re.compile(r"(?i)patientproblemcode(?P<piece>.*)\.txt"),
    "MDRFOI": re.compile(r"(?i)mdrfoi(?P<piece>.*)\.txt"),
    "DEVICE": re.compile(r"(?i)(?:foi)?dev(?:ice)?(?P<piece>.*)\.txt"),
    "PATIENT": re.compile(r"(?i)patient(?P<piece>.*)\.txt"),
    "FOITEXT": re.compile(r"(?i)foitext(?P<piece>.*)\.txt"),
}


@dataclass(frozen=True, slots=True)
class MaudeFile:
    """One file.

    Args:
        path: where it lies.
        table: one of `TABLES` or `PROBLEM_NAMES`.
        rank: 2 for a Change file, 1 for an Add file, 0 for the others.
    """

    path: Path
    table: str
    rank: int


@dataclass(frozen=True, slots=True)
class MaudeFolder:
    """Files that are loaded together.

    Args:
        name: name of the folder.
        files: of each table the newest first.
        sha256: hash over the hashes of all.
        size: their bytes together.
    """

    name: str
    files: tuple[MaudeFile, ...]
    sha256: str
    size: int

    def of(self, table: str) -> tuple[MaudeFile, ...]:
        """The files of a table, Change before Add before the others."""
        return tuple(file for file in self.files if file.table == table)


def find_folder(folder: Path) -> MaudeFolder:
    """The files of MAUDE in a folder; other files are left alone.

    Raises:
        SourceError: there is no such folder, or it holds no reports or no devices.
    """
    if not folder.is_dir():
        raise SourceError.of(str(folder), "there is no such folder", "one with files such as mdrfoi.txt", "Check it.")
    found = [file for path in sorted(folder.iterdir()) if path.is_file() and (file := _recognised(path))]
    missing = [
        what for table, what in (("MDRFOI", "mdrfoi"), ("DEVICE", "device")) if table not in {f.table for f in found}
    ]
    if missing:
        raise SourceError.of(
            str(folder),
            f"no {' and no '.join(missing)} file is in it",
            "unpacked files of MAUDE such as mdrfoi.txt, device2020.txt and patient.txt",
            "Unpack them into one folder.",
        )
    found.sort(key=lambda file: (-file.rank, file.path.name))
    digests = "\n".join(f"{file.path.name} {sha256_of(file.path)}" for file in found)
    size = sum(file.path.stat().st_size for file in found)
    return MaudeFolder(folder.resolve().name, tuple(found), hashlib.sha256(digests.encode()).hexdigest(), size)


def open_file(file: MaudeFile, *, keep: Keeper) -> PipedFile:
    """A file of MAUDE, ready to be read; `keep` takes the rejected lines."""
    table = file.table
    also = {row["also"]: row["column"] for row in _COLUMNS if row["table"] == table and row["also"]}
    return PipedFile(
        file.path.name, table, COLUMNS[table], READ[table], NEEDED[table], keep=keep, also=also,
        headless=_HEADLESS.get(table, {}), free_text=table == "FOITEXT",
    )  # fmt: skip


def told(batch: Batch) -> Batch:
    """The rows with nothing where `*` stands."""
    return batch.changed(lambda text: None if text == "*" else text)


def read_problem_names(file: MaudeFile) -> tuple[dict[str, str], FileAccount]:
    """The names of problems by their code, from a list with commas or pipes, and where its lines went."""
    names: dict[str, str] = {}
    lines = blank = other = 0
    with file.path.open("rb") as raw:
        mark = raw.read(2)
        stream = from_utf16(raw, mark)
        if stream is None:
            raw.seek(0)
        for line in physical_lines(stream or raw, file.path.name):
            lines += 1
            fields = _code_and_name(line, file.path.name)
            if not fields:
                blank += 1
            elif len(fields) >= 2 and fields[0].isdigit() and fields[1]:
                names[fields[0]] = fields[1]
            else:
                other += 1
    account = FileAccount(
        member=file.path.name, table=file.table, layout="code and name", columns=("code", "name"), lines=lines,
        header_lines=other, blank_lines=blank, loaded=lines - blank - other, rejected=0,
    )  # fmt: skip
    return names, account


def _code_and_name(line: bytes, member: str) -> list[str]:
    text = Encoding().decode(line.strip().removeprefix(b"\xef\xbb\xbf"))[0]
    return [field.strip() for field in csv_fields(text, "|" if "|" in text else ",", member)]


@cache
def codes_of(column: str) -> Mapping[str, str]:
    """What the codes of a column stand for in the store; empty where that is nothing.

    Examples:
        >>> codes_of("SEQUENCE_NUMBER_OUTCOME")["H"], codes_of("EVENT_TYPE")["M"]
        ('HO', '')
    """
    return {row["code"]: row["value"] for row in read_csv("maude_codes.csv") if row["column"] == column}


def read_code(column: str, text: str | None) -> Reading:
    """What a code stands for in the store.

    Examples:
        >>> read_code("SEQUENCE_NUMBER_OUTCOME", "H").values, read_code("EVENT_TYPE", "Q").fault
        (('HO',), 'unknown code')
    """
    known = codes_of(column)
    return Reading((known.get(text or "") or None,), None if text is None or text in known else UNKNOWN_CODE)


def read_country_code(text: str | None) -> Reading:
    """ISO code of a country. MAUDE prints codes as FIPS 10-4 has them; which list is meant shows not on every code.

    A code of one country in FIPS and of another in ISO is left open, those aside that real reports show.

    Examples:
        >>> read_country_code("GM").values, read_country_code("JA").values, read_country_code("FR").values
        (('DE',), ('JP',), ('FR',))
        >>> read_country_code("AU")
        Reading(values=(None,), fault='code of two countries')
    """
    known = codes_of("REPORTER_COUNTRY_CODE").get((text or "").upper())
    if known == UNCLEAR:
        return Reading((None,), TWO_COUNTRIES)
    return Reading((known,)) if known else read_country((text,), dt.date.max)


def split_codes(text: str) -> tuple[str, ...]:
    """The codes of a field that may number and join them.

    Examples:
        >>> split_codes("1,L;2,R;"), split_codes("01,05"), split_codes("*")
        (('L', 'R'), ('01', '05'), ())
    """
    parts = [part.strip(" .") for part in re.split(r"[;,]", text.upper())]
    if ";" in text:  # pairs of a number and a code
        parts = [part for part in parts if not part.isdigit()]
    return tuple(dict.fromkeys(part for part in parts if part not in ("", "*")))


def _recognised(path: Path) -> MaudeFile | None:
    for table, pattern in _NAMES.items():
        if match := pattern.fullmatch(path.name):
            piece = match.groupdict().get("piece", "").lower()
            return MaudeFile(path, table, 2 if "change" in piece else 1 if "add" in piece else 0)
    return None
