"""Which tables does the store hold, and what does each column mean?

`schema.csv` is the one truth: the tables' DDL, the unbound Ibis tables that expressions are built from, the check of a
store that is opened, and the documentation page are all made from it.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from primum.errors import UnknownNameError

if TYPE_CHECKING:
    import ibis.expr.types as ir

# SQL type in schema.csv -> type of the Ibis column
IBIS_TYPES: Final = {
    "BIGINT": "int64",
    "INTEGER": "int32",
    "SMALLINT": "int16",
    "DOUBLE": "float64",
    "VARCHAR": "string",
    "DATE": "date",
    "BOOLEAN": "boolean",
    "BLOB": "binary",
    "INTEGER[]": "array<int32>",
    "BIGINT[]": "array<int64>",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Args:
        name: its name.
        type: SQL type, one of `IBIS_TYPES`.
        key: True where the column is part of what makes a row unique.
        unit: unit of its values; empty for text and plain numbers.
        meaning: one line for the reader of the data.

    Raises:
        ValueError: the type is not one that the store knows.
    """

    name: str
    type: str
    key: bool
    unit: str
    meaning: str

    def __post_init__(self) -> None:
        if self.type not in IBIS_TYPES:
            raise ValueError(f"Column {self.name}: type {self.type}; expected one of {', '.join(IBIS_TYPES)}.")


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One table: its name and its columns in order.

    Raises:
        ValueError: a column's name occurs twice.
    """

    name: str
    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        if len(set(self.column_names)) != len(self.columns):
            raise ValueError(f"Table {self.name}: a column occurs twice.")

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns in order."""
        return tuple(column.name for column in self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that together make a row unique; the loader promises it, a test of the store checks it."""
        return tuple(column.name for column in self.columns if column.key)

    @property
    def ddl(self) -> str:
        """The statement that makes the table where it does not exist.

        Keys are promised and tested, not declared: an index on 100 million drug rows would cost more than the rows.
        """
        body = ", ".join(f'"{column.name}" {column.type}' for column in self.columns)
        return f'CREATE TABLE IF NOT EXISTS "{self.name}" ({body})'


@cache
def tables() -> tuple[TableSchema, ...]:
    """All tables of the store, in the order of schema.csv.

    Examples:
        >>> [t.name for t in tables()][:4]
        ['store_facts', 'derived_parts', 'files', 'repairs']
    """
    text = resources.files("primum.store").joinpath("schema.csv").read_text(encoding="utf-8")
    columns: dict[str, list[Column]] = {}
    for row in csv.DictReader(text.splitlines()):
        column = Column(row["column"], row["type"], row["key"] == "primary", row["unit"], row["meaning"])
        columns.setdefault(row["table"], []).append(column)
    return tuple(TableSchema(name, tuple(listed)) for name, listed in columns.items())


def schema_of(name: str) -> TableSchema:
    """The schema of one table.

    Raises:
        UnknownNameError: the store has no such table.

    Examples:
        >>> schema_of("reactions").key
        ('report_key', 'row_number')
    """
    for schema in tables():
        if schema.name == name:
            return schema
    raise UnknownNameError.of("table of the store", name, [schema.name for schema in tables()])


def table(name: str) -> ir.Table:
    """One table as an unbound Ibis table, to build expressions from.

    Raises:
        UnknownNameError: the store has no such table.

    Examples:
        >>> table("outcomes").columns
        ('report_key', 'row_number', 'outcome')
    """
    import ibis

    return ibis.table({column.name: IBIS_TYPES[column.type] for column in schema_of(name).columns}, name=name)


@cache
def schema_version() -> str:
    """First 16 digits of the hash over names and types: two stores with the same one hold the same tables."""
    text = ";".join(schema.ddl for schema in tables())
    return hashlib.sha256(text.encode()).hexdigest()[:16]
