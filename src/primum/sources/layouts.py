"""Which columns does a FAERS file have, in whatever order and spelling its header gives them?

Five layouts since 2004, as data in `layouts.csv` (headers exactly as in the files) and `aliases.csv`; `columns.csv`
says where each column goes in the store. A header is matched by name, never by position. A column that is unknown or
missing stops the quarter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from primum.errors import SourceError, nearest
from primum.sources.values import read_csv
from primum.terms import Quarter

TABLES: Final = ("DEMO", "DRUG", "REAC", "OUTC", "RPSR", "THER", "INDI")
BOMS: Final = (b"\xef\xbb\xbf", b"\xc3\xaf\xc2\xbb\xc2\xbf")  # as UTF-8, and as UTF-8 that was read as latin-1 once
_DUMMY: Final = re.compile(r"v\d+|")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one file table in one era.

    Args:
        name: short name of the era.
        first: first quarter that has it.
        last: last quarter that has it; None while it lasts.
        table: DEMO, DRUG, REAC, OUTC, RPSR, THER or INDI.
        columns: names of the columns, old spellings already replaced, in the usual order.
        header: the header line as it stands in the files.
    """

    name: str
    first: Quarter
    last: Quarter | None
    table: str
    columns: tuple[str, ...]
    header: str

    def covers(self, quarter: Quarter) -> bool:
        """Whether the quarter lies in the era."""
        return self.first <= quarter and (self.last is None or quarter <= self.last)


@dataclass(frozen=True, slots=True)
class Header:
    """A file's header, read.

    Args:
        layout: name of the layout whose columns it has.
        columns: its columns in the order of the file.
        surplus: nameless columns behind them that hold nothing.
        crlf: whether its line ends with CR LF.
        repairs: what had to be mended, and how often.
    """

    layout: str
    columns: tuple[str, ...]
    surplus: int
    crlf: bool
    repairs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Field:
    """Where one or two columns of a file go in the store.

    Args:
        file_table: table of the file.
        columns: column, or a column and its unit.
        rule: how it is read: `text`, `code`, `term`, `integer`, or one of `values.READERS`.
        table: table of the store.
        targets: columns of the store that it fills.
    """

    file_table: str
    columns: tuple[str, ...]
    rule: str
    table: str
    targets: tuple[str, ...]


@cache
def layouts() -> tuple[Layout, ...]:
    """All layouts, oldest first."""
    return tuple(
        Layout(
            name=row["layout"],
            first=Quarter.parse(row["first_quarter"]),
            last=Quarter.parse(row["last_quarter"]) if row["last_quarter"] else None,
            table=row["table"],
            columns=tuple(_renamed(row["table"], name) for name in row["header"].split("$")),
            header=row["header"],
        )
        for row in read_csv("layouts.csv")
    )


def layout_of(table: str, quarter: Quarter) -> Layout:
    """The layout that a table has in a quarter.

    Raises:
        SourceError: there was no such file in that quarter.

    Examples:
        >>> layout_of("REAC", Quarter(2015, 1)).columns
        ('primaryid', 'caseid', 'pt', 'drug_rec_act')
    """
    for layout in layouts():
        if layout.table == table and layout.covers(quarter):
            return layout
    raise SourceError.of(str(quarter), f"no {table} file is known", "a quarter from 2004q1", "Check the quarter.")


@cache
def fields(file_table: str) -> tuple[Field, ...]:
    """Where the columns of a file table go in the store."""
    return tuple(
        Field(
            row["file_table"],
            tuple(row["columns"].split()),
            row["rule"],
            row["table"],
            tuple(row["targets"].split()),
        )
        for row in read_csv("columns.csv")
        if row["file_table"] == file_table
    )


def match_header(line: bytes, *, table: str, quarter: Quarter, member: str) -> Header:
    r"""Read a header line by its names.

    Args:
        line: the first line of the file with its line end.
        table: which of the seven tables the file's name says it is.
        quarter: quarter of the archive; decides between layouts with the same columns.
        member: name of the file, for the message.

    Raises:
        SourceError: a column is unknown, missing or there twice.

    Examples:
        >>> quarter = Quarter(2012, 4)
        >>> head = match_header(b"primaryid$caseid$outc_code\r\n", table="OUTC", quarter=quarter, member="OUTC12Q4.txt")
        >>> head.layout, head.columns, head.repairs
        ('faers_2012q4', ('primaryid', 'caseid', 'outc_cod'), {'rename_misspelt_column': 1})
    """
    repairs: dict[str, int] = {}
    text = line.rstrip(b"\r\n")
    while text.startswith(BOMS):
        text = text[len(next(bom for bom in BOMS if text.startswith(bom))) :]
        repairs["strip_byte_order_mark"] = 1
    printed = text.decode("latin-1").split("$")
    trimmed = [name.strip().lower() for name in printed]
    surplus = 0
    while len(trimmed) > 1 and _DUMMY.fullmatch(trimmed[-1]):
        trimmed.pop()
        surplus += 1
    if surplus:
        repairs["drop_nameless_column"] = surplus
    blanks = sum(name != name.strip() for name in printed)
    if blanks:
        repairs["trim_column_name"] = blanks
    misspelt = sum(_misspelt(table, name) for name in trimmed)
    if misspelt:
        repairs["rename_misspelt_column"] = misspelt
    columns = tuple(_renamed(table, name) for name in trimmed)
    layout = _layout_with(columns, table, quarter, member)
    return Header(layout.name, columns, surplus, line.endswith(b"\r\n"), repairs)


def _layout_with(columns: tuple[str, ...], table: str, quarter: Quarter, member: str) -> Layout:
    of_table = [layout for layout in layouts() if layout.table == table]
    same = [layout for layout in of_table if sorted(layout.columns) == sorted(columns)]
    if same:
        return next((layout for layout in same if layout.covers(quarter)), same[0])
    usual = next((layout for layout in of_table if layout.covers(quarter)), of_table[-1])
    unknown = [name for name in dict.fromkeys(columns) if name not in usual.columns]
    missing = [name for name in usual.columns if name not in columns]
    twice = [name for name in dict.fromkeys(columns) if columns.count(name) > 1]
    given = [f"unknown column {_short(name)}{nearest(name, missing)}" for name in unknown[:5]]
    given += [f"missing column {name}" for name in missing[:5]] + [f"column {_short(name)} twice" for name in twice[:5]]
    raise SourceError.of(
        member,
        "; ".join(given),
        f"the header of {table}: {'$'.join(usual.columns)}",
        "Nothing of this quarter was loaded; check the archive, or report the new layout.",
    )


def _short(name: str) -> str:
    shown = name if len(name) <= 40 else f"{name[:40]}..."
    return f'"{shown}"' if shown.isprintable() else repr(shown)


def _renamed(table: str, name: str) -> str:
    low = name.strip().lower()
    return next((alias["column"] for alias in _aliases(table) if alias["header"] == low), low)


def _misspelt(table: str, name: str) -> bool:
    return any(alias["header"] == name and alias["kind"] == "misspelt" for alias in _aliases(table))


@cache
def _aliases(table: str) -> tuple[Mapping[str, str], ...]:
    return tuple(row for row in read_csv("aliases.csv") if row["table"] in ("*", table))
