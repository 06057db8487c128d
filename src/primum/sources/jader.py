"""What do the files of JADER, the reports on drugs in Japan, hold, and what does a row of them mean?

Four CSV files: people (demo), drugs (drug), reactions (reac), history (hist). Their letters are those of Windows in
Japan (cp932), the same letter may stand in full or half width, and age, weight and date are told in steps.

Source: the layout that PMDA publishes beside the files. A fiscal year of Japan begins in April.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from primum.errors import SourceError
from primum.sources.archive import sha256_of
from primum.sources.batch import Batch
from primum.sources.blocks import Keeper
from primum.sources.code_texts import read_code
from primum.sources.encodings import Encoding
from primum.sources.quoted import QuotedFile
from primum.sources.values import NOT_A_DATE, NOT_A_NUMBER, Reading, read_csv

_COLUMNS: Final = read_csv("jader_columns.csv")
TABLES: Final = ("JADER_DEMO", "JADER_DRUG", "JADER_REAC", "JADER_HIST")
PRINTED: Final[Mapping[str, Mapping[str, str]]] = {
    table: {row["printed"]: row["column"] for row in _COLUMNS if row["table"] == table} for table in TABLES
}
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    table: tuple(row["column"] for row in _COLUMNS if row["table"] == table and row["needed"] == "yes")
    for table in TABLES
}
ENCODING: Final = Encoding("cp932", utf8_is_usual=False, repair="read_as_other_encoding")
FILE_NAME: Final = re.compile(r"(?i)(demo|drug|reac|hist)\d{6}(?:-\d+)?\.csv")
_DECADE: Final = re.compile(r"(\d{1,3})(歳|kg)(代|台)", re.ASCII)
_UNDER_TEN: Final = re.compile(r"10(歳|kg)未満", re.ASCII)
_QUARTER: Final = re.compile(r"(\d{4})(?:年度)?[・･.]?第?([一二三四1-4])(?:四半期)?", re.ASCII)
_FIRST_MONTHS: Final = {"一": (0, 4), "二": (0, 7), "三": (0, 10), "四": (1, 1)}  # years after the first, month
_DIGITS: Final = str.maketrans("1234", "一二三四")
_NOT_KNOWN: Final = ("不明", "")  # as the files print it, or nothing


@dataclass(frozen=True, slots=True)
class JaderFolder:
    """The files of one publication.

    Args:
        name: name of the folder.
        files: paths of each table, in the order of their names.
        sha256: hash over the hashes of them.
        size: their bytes together.
    """

    name: str
    files: Mapping[str, tuple[Path, ...]]
    sha256: str
    size: int


def find_publication(folder: Path) -> JaderFolder:
    """The files of JADER in a folder; other files are left alone.

    Raises:
        SourceError: there is no such folder, or people, drugs or reactions are not in it.
    """
    if not folder.is_dir():
        raise SourceError.of(
            str(folder), "there is no such folder", "one with files such as demo202311.csv", "Check it."
        )
    found = [(match[1].upper(), path) for path in sorted(folder.iterdir()) if (match := FILE_NAME.fullmatch(path.name))]
    files = {table: tuple(path for kind, path in found if f"JADER_{kind}" == table) for table in TABLES}
    if missing := [table.removeprefix("JADER_").lower() for table in TABLES[:3] if not files[table]]:
        raise SourceError.of(
            str(folder), f"no {' and no '.join(missing)} file is in it", "files such as demo202311.csv", "Add them."
        )
    paths = [path for table in TABLES for path in files[table]]
    digests = "\n".join(f"{path.name} {sha256_of(path)}" for path in paths)
    size = sum(path.stat().st_size for path in paths)
    return JaderFolder(folder.resolve().name, files, hashlib.sha256(digests.encode()).hexdigest(), size)


def open_table(path: Path, table: str, *, keep: Keeper) -> QuotedFile:
    """A file of JADER, ready to be read."""
    known = tuple(PRINTED[table].values())
    return QuotedFile(
        path.name, table, known, known, NEEDED[table], encoding=ENCODING,
        column_name=lambda printed: PRINTED[table].get(plain(printed), plain(printed)), keep=keep,
    )  # fmt: skip


def in_plain_letters(batch: Batch) -> Batch:
    """The rows with every text as `plain` gives it; those in ASCII are so already."""
    import pyarrow.compute as pc

    columns = {
        name: texts if pc.all(pc.string_is_ascii(texts.distinct)).as_py() else texts.map(plain)
        for name, texts in batch.columns.items()
    }
    return replace(batch, columns=columns)


@lru_cache(maxsize=100_000)
def plain(text: str) -> str:
    """A text without blanks around it, its letters in one width.

    Examples:
        >>> plain("ﾎﾞﾄｯｸｽ，１００単位 ")
        'ボトックス,100単位'
    """
    return unicodedata.normalize("NFKC", text).strip()


def told(text: str) -> str | None:
    """A text that says something.

    Examples:
        >>> told("経口"), told("不明")
        ('経口', None)
    """
    return None if text in _NOT_KNOWN else text


@lru_cache(maxsize=10_000)
def read_step(text: str) -> Reading:
    """The middle of a step of ten years or kilograms; none of a stage of life.

    Examples:
        >>> read_step("60歳代").values, read_step("10歳未満").values, read_step("50kg台").values
        ((65.0,), (5.0,), (55.0,))
        >>> read_step("成人"), read_step("六十").fault
        (Reading(values=(None,), fault=None), 'not a number')
    """
    if match := _DECADE.fullmatch(text):
        return Reading((float(match[1]) + 5.0,))
    if _UNDER_TEN.fullmatch(text):
        return Reading((5.0,))
    known = text in _NOT_KNOWN or read_code("jader", "age", text).fault is None
    return Reading((None,), None if known else NOT_A_NUMBER)


@lru_cache(maxsize=10_000)
def read_quarter(text: str) -> Reading:
    """First day of a quarter of a fiscal year, which begins in April.

    Examples:
        >>> read_quarter("2023・第一").values, read_quarter("2023・第四").values
        ((datetime.date(2023, 4, 1), 'Q'), (datetime.date(2024, 1, 1), 'Q'))
    """
    if text in _NOT_KNOWN:
        return Reading((None, None))
    match = _QUARTER.fullmatch(text)
    if match is None:
        return Reading((None, None), NOT_A_DATE)
    years, month = _FIRST_MONTHS[match[2].translate(_DIGITS)]
    return Reading((dt.date(int(match[1]) + years, month, 1), "Q"))
