"""How do rows on their way into the store's tables stay out of memory, made one by one or column by column?

They are written batch by batch into a workshop (`Engine.workshop`), each batch for good: rows that wait for the end of
one long transaction stay in memory. Once all are there, one transaction moves them into the store.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from primum.store.engine import Engine
from primum.store.schema import TableSchema, schema_of, table

if TYPE_CHECKING:
    import pyarrow as pa

BATCH: Final = 20_000  # rows of a table that are written together
LONG_BATCH: Final = 500  # of one whose rows hold long texts
LONG_TABLES: Final = ("narratives", "rejects")
_MISSING: Final = {"DATE": np.datetime64("NaT"), "DOUBLE": np.nan}
_DTYPES: Final = {"DATE": "datetime64[D]", "DOUBLE": "float64", "BIGINT": "int64", "INTEGER": "int32"}


Waiting = dict[tuple[str, ...], list[tuple[Any, ...]]]  # rows by their columns


class RowBatches:
    """Rows on their way into tables, by way of a workshop; `flush` writes the last of them there."""

    def __init__(self, bench: Engine) -> None:
        self._bench = bench
        self._rows: defaultdict[str, Waiting] = defaultdict(dict)
        self._waiting: defaultdict[str, int] = defaultdict(int)
        self._made: set[str] = set()
        self.written: defaultdict[str, int] = defaultdict(int)

    def add(self, name: str, **values: Any) -> None:
        """Put a row behind the others of its table; columns left out and None are empty."""
        rows = self._rows[name]
        columns = tuple(values)  # nearly every row of a table has the same
        if columns in rows:
            rows[columns].append(tuple(values.values()))
        else:
            rows[columns] = [tuple(values.values())]
        self.written[name] += 1
        self._waiting[name] += 1
        if self._waiting[name] >= (LONG_BATCH if name in LONG_TABLES else BATCH):
            self._write(name)

    def put(self, name: str, rows: pa.Table) -> None:
        """Write rows that stand in columns already; columns left out are empty."""
        if rows.num_rows:
            self._make(name)
            self._bench.append(name, rows)
            self.written[name] += rows.num_rows

    def flush(self) -> None:
        """Write what is still waiting."""
        for name in list(self._rows):
            self._write(name)

    def move_into(self, engine: Engine) -> None:
        """Put the rows of the workshop into the store that it belongs to."""
        for name in sorted(self._made):
            engine.insert(name, engine.workshop_table(table(name)))

    def _write(self, name: str) -> None:
        rows = self._rows.pop(name, {})
        self._waiting[name] = 0
        if rows:
            self._make(name)
        for columns, values in rows.items():
            self._bench.append(name, _arrays(schema_of(name), columns, values))

    def _make(self, name: str) -> None:
        if name not in self._made:
            self._bench.stage_expression(name, table(name).limit(0))
            self._made.add(name)


def _arrays(schema: TableSchema, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> dict[str, NDArray[Any]]:
    """Rows as one array a column; what is missing among numbers and days is NaN or NaT, elsewhere None."""
    types = {column.name: column.type for column in schema.columns}
    arrays: dict[str, NDArray[Any]] = {}
    for name, given in zip(columns, zip(*rows, strict=True), strict=True):
        missing = _MISSING.get(types[name])
        filled = missing is not None and None in given
        values = [missing if value is None else value for value in given] if filled else given
        # Text, and whole numbers of which some are missing, stand as objects.
        as_objects = types[name] in ("VARCHAR", "BLOB") or None in values
        arrays[name] = np.array(values, dtype=object if as_objects else _DTYPES.get(types[name]))
    return arrays
