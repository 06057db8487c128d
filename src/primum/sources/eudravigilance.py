"""What does a line listing of EudraVigilance hold, and what do its cells mean?

One row a report, and lists inside cells: `PT (duration - outcome - seriousness),<BR><BR>` and
`NAME [SUBSTANCE] (character - indication - action - [duration - dose - route]),<BR><BR>`. A listing is fetched for one
substance, tells age as groups and country as inside or outside the EEA, and holds spontaneous reports alone.

Source: the columns of the export of adrreports.eu.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from primum.sources.blocks import Keeper
from primum.sources.quoted import QuotedFile
from primum.sources.values import read_csv

_COLUMNS: Final = read_csv("eudravigilance_columns.csv")
COLUMNS: Final = tuple(row["column"] for row in _COLUMNS)
READ: Final = tuple(row["column"] for row in _COLUMNS if row["goes_to"])
NEEDED: Final = tuple(row["column"] for row in _COLUMNS if row["needed"] == "yes")
_BREAK: Final = re.compile(r",?\s*<br\s*/?>(?:\s*<br\s*/?>)*\s*", re.IGNORECASE)
_DASH: Final = str.maketrans("\u2013\u2014", "--")
_MARK: Final = "\ufeff"
_NOTHING: Final = frozenset({"", "-", "N/A", "NOT AVAILABLE", "NOT REPORTED", "NOT SPECIFIED", "UNKNOWN"})


@dataclass(frozen=True, slots=True)
class ListedReaction:
    """A reaction of a cell: its term, how it ended, and what made it serious."""

    term: str
    course: str
    seriousness: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedDrug:
    """A drug of a cell."""

    name: str
    substances: str | None
    role: str
    indication: str | None
    dose: str | None
    route: str | None


def open_listing(member: str, *, keep: Keeper) -> QuotedFile:
    """A line listing, ready to be read; its fields are parted by commas, tabs or semicolons."""
    return QuotedFile(member, "LISTING", COLUMNS, READ, NEEDED, keep=keep, column_name=column_name, delimiters=",\t;")


def column_name(printed: str) -> str:
    """A column as `eudravigilance_columns.csv` calls it, whatever dashes and marks stand in it.

    Examples:
        >>> column_name("\ufeff\ufeffEU Local Number"), column_name("Patient  Sex"), column_name("Colour")
        ('LOCAL_NUMBER', 'SEX', 'COLOUR')
    """
    plain = _plain(printed)
    return _named().get(plain, plain.upper())


def split_cell(cell: str) -> tuple[str, ...]:
    """The items of a cell.

    Examples:
        >>> split_cell("Rash (n/a - Recovered - ),<BR><BR>Pain (2d - Unknown - ),<BR><BR>")
        ('Rash (n/a - Recovered - )', 'Pain (2d - Unknown - )')
    """
    return tuple(item for piece in _BREAK.split(cell) if (item := piece.strip(" ,")) not in ("", "-"))


def read_reaction(item: str) -> ListedReaction:
    """A reaction with what stands in its brackets; no term where it is not reported.

    Examples:
        >>> read_reaction("Eyelid ptosis (2d - Recovered/Resolved - Life Threatening, Disabling)")
        ListedReaction(term='Eyelid ptosis', course='Recovered/Resolved', seriousness=('Life Threatening', 'Disabling'))
    """
    term, inside = _brackets(item)
    parts = (*_parts(inside, 3), "", "", "")
    return ListedReaction(
        _some(term) or "", parts[1], tuple(one for text in parts[2].split(",") if (one := text.strip()))
    )


def read_drug(item: str) -> ListedDrug:
    """A drug with what stands in its brackets, the first dose of several; no name where it is not reported.

    Examples:
        >>> read_drug("BOTOX [BOTULINUM TOXIN TYPE A] (S - Skin wrinkling - Unknown - [n/a - 20U - Intramuscular])")
        ListedDrug(name='BOTOX', substances='BOTULINUM TOXIN TYPE A', role='S', indication='Skin wrinkling', dose='20U',
                   route='Intramuscular')
        >>> read_drug("[CLOBAZAM] (C - n/a - Not applicable - [n/a - n/a - n/a])").name
        'CLOBAZAM'
    """
    before, inside = _brackets(item)
    inside, _, given = inside.partition("[")
    role, indication, *_ = (*_parts(inside, 3), "", "")
    _, dose, route, *_ = (*_parts(given.partition("]")[0], 3), "", "", "")
    name, bracket, substances = before.rpartition("[") if before.endswith("]") else (before, "", "")
    held = _some(substances.rstrip("] ")) if bracket else None
    return ListedDrug(_some(name) or held or "", held, role.upper(), _some(indication), _some(dose), _some(route))


def _brackets(item: str) -> tuple[str, str]:
    """What stands before the last brackets of an item, and inside them; brackets may hold brackets."""
    if not item.endswith(")"):
        return item.strip(), ""
    depth = 0
    for place in range(len(item) - 1, -1, -1):
        depth += (item[place] == ")") - (item[place] == "(")
        if depth == 0:
            return item[:place].strip(), item[place + 1 : -1].strip()
    return item.strip(), ""


def _parts(text: str, most: int) -> list[str]:
    return [part.strip(" -") for part in text.translate(_DASH).split(" - ", most - 1)]


def _some(text: str) -> str | None:
    return None if text.strip().upper() in _NOTHING else text.strip()


def _plain(text: str) -> str:
    return " ".join(text.replace(_MARK, "").translate(_DASH).split())


def _named() -> Mapping[str, str]:
    return {_plain(row["printed"]): row["column"] for row in _COLUMNS}
