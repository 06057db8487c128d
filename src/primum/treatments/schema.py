"""Which columns does an evidence table have, and what may stand in each? Read from `schema.csv`, the one truth."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

SCHEMA_FILE: Final = Path(__file__).with_name("schema.csv")

_PATTERNS: Final[Mapping[str, tuple[str, str]]] = {
    "text": (r"(?s).*", "text"),
    "id": (r"[a-z0-9_]+", "a short name of small letters, digits and _"),
    "word": (r"[A-Za-z0-9_]+", "a name of letters, digits and _"),
    "dotted": (r"[a-z0-9_]+(\.[a-z0-9_]+)*", "a dotted name of small letters, digits and _"),
    "finding": (r"[a-z0-9_]+(\.[a-z0-9_]+)+", "a finding's name such as trials.cosmetic.headache"),
    "integer": (r"-?\d+", "a whole number"),
    "number": (r"-?\d+(\.\d+)?([eE][+-]?\d+)?", "a number"),
    "decimal": (r"\d+(\.\d+)?", "a percentage with its printed decimals, such as 7.1"),
    "url": (r"https?://\S+", "an address that begins with http"),
    "source": (r"[a-z0-9_]+", "the id of a source"),
    "sources": (r"[a-z0-9_]+(;[a-z0-9_]+)*", "ids of sources separated by ;"),
    "keys": (r"[a-z0-9_.]+(;[a-z0-9_.]+)*", "keys separated by ;"),
    "findings": (r"[a-z0-9_.]+(;[a-z0-9_.]+)*", "ids of findings separated by ;"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an evidence table.

    Args:
        name: its heading.
        kind: a type of `_PATTERNS`, or `choice` with `choices` filled.
        choices: the words allowed; empty for other types.
        required: whether each row must fill it.
        key: whether it is part of what makes a row unique.
        meaning: what stands in it, in words.
    """

    name: str
    kind: str
    choices: tuple[str, ...]
    required: bool
    key: bool
    meaning: str

    def expected(self) -> str:
        """What would be right in a cell of this column.

        Examples:
            >>> Column("grade", "choice", ("A", "B"), True, False, "").expected()
            'one of A, B'
        """
        return f"one of {', '.join(self.choices)}" if self.kind == "choice" else _PATTERNS[self.kind][1]

    def accepts(self, text: str) -> bool:
        """Whether a filled cell is right in itself.

        Examples:
            >>> percent = Column("percent", "decimal", (), False, False, "")
            >>> percent.accepts("7.1"), percent.accepts("7,1 %")
            (True, False)
        """
        if self.kind == "choice":
            return text in self.choices
        return re.fullmatch(_PATTERNS[self.kind][0], text) is not None


@dataclass(frozen=True, slots=True)
class TableSchema:
    """The columns of one evidence table, in the order in which they are written."""

    name: str
    columns: tuple[Column, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the columns that together make a row unique."""
        return tuple(column.name for column in self.columns if column.key)


@cache
def evidence_schema() -> Mapping[str, TableSchema]:
    """The schema of every evidence table, by table.

    Examples:
        >>> evidence_schema()["trials"].key
        ('contrast', 'arm')
    """
    columns: dict[str, list[Column]] = {}
    with SCHEMA_FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            kind, _, choices = row["type"].partition(":")
            column = Column(
                name=row["column"],
                kind=kind,
                choices=tuple(choices.split("|")) if choices else (),
                required=row["required"] == "yes",
                key=row["key"] == "yes",
                meaning=row["meaning"],
            )
            columns.setdefault(row["table"], []).append(column)
    return {name: TableSchema(name, tuple(listed)) for name, listed in columns.items()}
