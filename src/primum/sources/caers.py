"""What does the file of CAERS (now HFCS), FDA's reports on foods, supplements and cosmetics, hold?

One row a product; what is told of the person, the terms and the outcomes is the same on every row of a report. The
names of the columns have changed with every edition: `caers_columns.csv` lists those that are known. Terms stand in one
cell with commas between, and some terms hold a comma themselves.

Source: the names of openFDA's food/event pipeline, and the headers of the editions of 2014 to 2017 and since.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from typing import Final

from primum.sources.blocks import Keeper
from primum.sources.code_texts import read_code
from primum.sources.quoted import QuotedFile
from primum.sources.values import Reading, read_csv

_COLUMNS: Final = read_csv("caers_columns.csv")
COLUMNS: Final = tuple(row["column"] for row in _COLUMNS)
READ: Final = tuple(row["column"] for row in _COLUMNS if row["goes_to"])
NEEDED: Final = tuple(row["column"] for row in _COLUMNS if row["needed"] == "yes")
_ALSO: Final = {name: row["column"] for row in _COLUMNS for name in row["also"].split()}
SUSPECT: Final = "PS"
_MOST_PARTS: Final = 4  # pieces between commas that one term may have


def open_caers(member: str, *, keep: Keeper) -> QuotedFile:
    """A file of CAERS, ready to be read."""
    return QuotedFile(member, "PRODUCTS", COLUMNS, READ, NEEDED, keep=keep, column_name=column_name)


def column_name(printed: str) -> str:
    """A column as `caers_columns.csv` calls it.

    Examples:
        >>> column_name("Report ID"), column_name("SYM_One Row Coded Symptoms"), column_name("Colour")
        ('REPORT_ID', 'CASE_MEDDRA_PREFERRED_TERMS', 'COLOUR')
    """
    plain = re.sub(r"[^A-Z0-9]+", "_", printed.upper()).strip("_")
    return _ALSO.get(plain, plain)


def split_terms(cell: str, known: Collection[str]) -> tuple[str, ...]:
    """The terms of a cell: where pieces make a known term with a comma, the longest such term.

    Args:
        cell: terms with commas between.
        known: terms that hold a comma, in capitals.

    Examples:
        >>> split_terms("Nausea, Hallucination, Visual, Rash,, Nausea", {"HALLUCINATION, VISUAL"})
        ('Nausea', 'Hallucination, Visual', 'Rash')
    """
    pieces = [piece for part in cell.split(",") if (piece := " ".join(part.split()))]
    found: list[str] = []
    first = 0
    while first < len(pieces):
        longest = min(_MOST_PARTS, len(pieces) - first)
        taken = next((n for n in range(longest, 1, -1) if ", ".join(pieces[first : first + n]).upper() in known), 1)
        found.append(", ".join(pieces[first : first + taken]))
        first += taken
    return tuple(dict.fromkeys(found))


@cache
def terms_with_commas() -> frozenset[str]:
    """The terms with a comma that ship with Primum; a store knows more."""
    return frozenset(row["term"] for row in read_csv("caers_terms.csv"))


def split_outcomes(cell: str) -> tuple[str, ...]:
    """The outcomes of a cell.

    Examples:
        >>> split_outcomes("Death, , Visited Emergency Room")
        ('Death', 'Visited Emergency Room')
    """
    return tuple(piece for part in cell.split(",") if (piece := part.strip()))


def read_role(text: str | None) -> Reading:
    """The role of a product; a suspect where none is told.

    Examples:
        >>> read_role("CONCOMITANT").values, read_role(None).values, read_role("SPARE").fault
        (('C',), ('PS',), 'unknown code')
    """
    role = read_code("caers", "PRODUCT_TYPE", text)
    return Reading((role.values[0] or SUSPECT,), role.fault)
