"""How do rows that Python makes one by one reach the store's tables without all of them being in memory?"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from primum.store.engine import Engine
from primum.store.schema import TableSchema, schema_of

BATCH: Final = 20_000  # rows of a table that are written together
LONG_BATCH: Final = 500  # of one whose rows hold long texts
LONG_TABLES: Final = ("narratives", "rejects")
_MISSING: Final = {"DATE": np.datetime64("NaT"), "DOUBLE": np.nan}
_DTYPES: Final = {"DATE": "datetime64[D]", "DOUBLE": "float64", "BIGINT": "int64", "INTEGER": "int32"}


class RowBatches:
    """Rows on their way into tables; `flush` writes the last of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.written: defaultdict[str, int] = defaultdict(int)

    def add(self, table: str, **values: Any) -> None:
        """Put a row behind the others of its table; columns left out and None are empty."""
        rows = self._rows[table]
        rows.append(values)
        self.written[table] += 1
        if len(rows) >= (LONG_BATCH if table in LONG_TABLES else BATCH):
            self._write(table)

    def flush(self) -> None:
        """Write what is still waiting."""
        for table in list(self._rows):
            self._write(table)

    def _write(self, table: str) -> None:
        if rows := self._rows.pop(table, []):
            self._engine.append(table, _columns(schema_of(table), rows))


def _columns(schema: TableSchema, rows: list[dict[str, Any]]) -> dict[str, NDArray[Any]]:
    named = {name for row in rows for name in row}
    columns: dict[str, NDArray[Any]] = {}
    for column in schema.columns:
        if column.name in named:
            missing = _MISSING.get(column.type)
            values = [missing if row.get(column.name) is None else row[column.name] for row in rows]
            # Text, and whole numbers of which some are missing, stand as objects.
            as_objects = column.type in ("VARCHAR", "BLOB") or None in values
            columns[column.name] = np.array(values, dtype=object if as_objects else _DTYPES.get(column.type))
    return columns
