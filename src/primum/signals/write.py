"""In which forms can a signal table leave Primum: plain data, CSV text, a spreadsheet, Parquet?

Text and bytes are given back, some rows at a time where there are many; replacing files is the caller's. A value that
is missing is `null`, an empty cell or a Parquet NaN, and the column `warnings` of its row says why.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from primum.counts.kernel import in_threads
from primum.errors import OutputError
from primum.signals.results import ResultTable, Tabular
from primum.signals.table import Scores, SignalTable
from primum.store.parquet import Chunk, ParquetFile, encode
from primum.store.spreadsheet import SHEET_ROWS, write_book
from primum.terms import IntArray

ROWS_AT_ONCE: Final = 100_000  # of CSV text in memory
ROW_GROUP: Final = 131_072  # rows of a Parquet file that are computed, encoded and compressed together
GROUPS_AT_ONCE: Final = 8  # that wait to be written

# What spreadsheet programs take for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def as_json(table: Tabular) -> dict[str, Any]:
    """The table as plain data: what is true of all of it, and one object a row.

    Returns:
        `{"schema", ... metadata ..., "columns": [...], "rows": [{column: value}]}`; a value that is missing is None.

    Examples:
        >>> from primum.signals.table import example
        >>> as_json(example())["rows"][0]["event"]
        'rash'
    """
    columns = table.columns()
    rows = [dict(zip(columns, row, strict=True)) for row in _rows(table)]
    return {"schema": table.schema, **table.metadata(), "columns": list(columns), "rows": rows}


def csv_text(table: Tabular) -> str:
    """The table as CSV, full precision, header first.

    A text that a spreadsheet program would run as a formula gets an apostrophe in front; numbers never do.

    Examples:
        >>> from primum.signals.table import example
        >>> csv_text(example()).splitlines()[1].split(",")[:3]
        ['A', 'rash', '8']
    """
    return "".join(_csv_of([table]))


def csv_blocks(scores: Scores, order: IntArray) -> Iterator[str]:
    """The text of `csv_text` of some rows in an order, piece by piece, so that millions of pairs need no memory.

    Args:
        scores: of every pair.
        order: positions of the rows wanted.
    """
    return _csv_of(scores.table(order[i : i + ROWS_AT_ONCE]) for i in range(0, max(len(order), 1), ROWS_AT_ONCE))


def _csv_of(tables: Iterable[Tabular]) -> Iterator[str]:
    for number, table in enumerate(tables):
        if not number:
            yield _csv([list(table.columns())])
        yield _csv([harmless(value) for value in row] for row in _rows(table))


def csv_rows(rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    """Rows of plain values as CSV text, made harmless as in `csv_text`."""
    yield _csv([harmless(value) for value in row] for row in rows)


def _csv(rows: Iterable[list[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def harmless(value: Any) -> Any:
    """A value of a CSV cell; a text that would be run as a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_parquet(scores: Scores | SignalTable | ResultTable, path: Path) -> None:
    """Write every pair as Parquet, in the order in which they were counted: sorted columns are half the size.

    Rows are spelt out, encoded and compressed block by block by all processors; what is true of the whole table stands
    in the footer under `primum`.

    Args:
        scores: of every pair, or a table.
        path: the file.
    """
    about = json.dumps({"schema": scores.schema, **scores.metadata()}, ensure_ascii=False)
    starts = range(0, max(len(scores), 1), ROW_GROUP)

    def group(first: int) -> dict[str, Chunk]:
        return encode(scores.columns_of(slice(first, first + ROW_GROUP)))

    with ParquetFile(path, about={"primum": about}) as file:
        for first in range(0, len(starts), GROUPS_AT_ONCE):
            for chunks in in_threads(group, starts[first : first + GROUPS_AT_ONCE]):
                file.write(chunks)


def xlsx_bytes(table: Tabular) -> bytes:
    """The table as a spreadsheet of two sheets, `signals` (or what else it holds) and `about`.

    Raises:
        OutputError: the table has more rows than a sheet can hold.
    """
    if len(table) >= SHEET_ROWS:
        raise OutputError.of(
            "a spreadsheet",
            f"{len(table)} rows, a sheet holds {SHEET_ROWS - 1}",
            "Write Parquet or CSV, or fewer rows.",
        )
    buffer = io.BytesIO()
    name = table.schema.removeprefix("primum.").partition("/")[0]
    rows = itertools.chain([list(table.columns())], _rows(table))
    write_book(buffer, {name: rows, "about": _about(table)})
    return buffer.getvalue()


def _rows(table: Tabular) -> Iterable[tuple[Any, ...]]:
    """Rows of plain values, None where a number is missing."""
    plain = []
    for column in table.columns().values():
        values = column.tolist()
        if column.dtype.kind == "f":
            finite = np.isfinite(column)
            if not finite.all():
                values = [value if fine else None for value, fine in zip(values, finite.tolist(), strict=True)]
        plain.append(values)
    return zip(*plain, strict=True)


def _about(table: Tabular) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = [("name", "value")]
    for name, value in table.metadata().items():
        if name == "methods":
            rows += [(f"method {m['id']}", f"{m['label']}. {m['formula']} [{m['citation']}]") for m in value]
        elif isinstance(value, Mapping):
            rows += [(f"{name} {key}", inner if inner != [] else None) for key, inner in value.items()]
        elif isinstance(value, list):
            rows += [(name, inner) for inner in value]
        else:
            rows.append((name, value))
    return rows
