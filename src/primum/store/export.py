"""How do tables leave the store, for somebody who has no Primum? As Parquet, CSV or spreadsheets, as schema.csv says.

Beside the tables go `schema.csv`, the rows of those that lie there, the snapshot of the store that they are from, and
with invented reports a file that says so. A folder holds tables of one snapshot: no other is written beside them.
What a licence of the user's own covers (`LICENSED`) never leaves. Rows are ordered by their key, so that two stores
with the same content give the same bytes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from primum.errors import OutputError, StoreError, UnknownNameError
from primum.store.folder import Store
from primum.store.schema import TableSchema, schema_of, table, tables
from primum.store.spreadsheet import ROWS_AT_ONCE, SHEET_ROWS, write_book
from primum.terms import SYNTHETIC

Format = Literal["parquet", "csv", "xlsx"]
FORMATS: Final[tuple[Format, ...]] = ("parquet", "csv", "xlsx")
LICENSED: Final = ("term_groups", "user_names")
"""Tables with the content of files that a user brought under a licence of their own."""
SCHEMA_FILE: Final = "schema.csv"
SYNTHETIC_FILE: Final = "SYNTHETIC.txt"
SNAPSHOT_FILE: Final = "snapshot.txt"


@dataclass(frozen=True, slots=True)
class Exported:
    """A table that was written."""

    table: str
    path: Path
    rows: int


def format_named(name: str) -> Format:
    """A format by its name.

    Raises:
        UnknownNameError: there is no such format.
    """
    for known in FORMATS:
        if known == name:
            return known
    raise UnknownNameError.of("format", name, FORMATS)


def export(
    store: Store,
    names: Sequence[str],
    folder: Path,
    *,
    format: Format,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Exported, ...]:
    r"""Write tables of the store into a folder, each whole or not at all.

    Args:
        store: an open store.
        names: which tables; none: all but `LICENSED`.
        folder: made where it is missing; files of the same name are replaced.
        format: `parquet`; or `csv` in UTF-8 with a header line, in which an empty text is `""` and a missing value is
            nothing at all; or `xlsx`, a spreadsheet for each table, with a sheet that says what it is. In both of
            the latter, bytes are written as `\xNN`.
        say: told which table is written now.

    Raises:
        UnknownNameError: the store has no such table.
        OutputError: the folder cannot be written, it holds tables of another state of a store that would stay, a
            table may not leave the store, or it has more rows than a sheet, which is told before any is written.
    """
    for name in set(names) & set(LICENSED):
        raise OutputError.of(
            str(folder), f"{name} holds what a licence of yours covers", "Leave it out; it stays in the store."
        )
    wanted = [schema_of(name) for name in dict.fromkeys(names)]
    wanted = wanted or [one for one in tables() if one.name not in LICENSED]
    if format == "xlsx":
        _refuse_long(store, folder, wanted)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_mixture(folder, {f"{schema.name}.{format}" for schema in wanted}, store.snapshot())
        if synthetic := store.synthetic():
            _write_text(folder / SYNTHETIC_FILE, synthetic + "\n")
        written = tuple(_write(store, schema, folder, format, say) for schema in wanted)
        if not synthetic:
            (folder / SYNTHETIC_FILE).unlink(missing_ok=True)
        _write_text(folder / SCHEMA_FILE, _described([schema for schema in tables() if _files_of(folder, schema)]))
        _write_text(folder / SNAPSHOT_FILE, store.snapshot() + "\n")
    except OutputError:  # an OSError that is told already
        raise
    except OSError as error:
        raise OutputError.of(
            str(folder), error.strerror or str(error), "Name a folder that can be made and written, with --to."
        ) from error
    return written


def _files_of(folder: Path, schema: TableSchema) -> list[str]:
    """The names of the files of a table that lie in a folder."""
    names = (f"{schema.name}.{format}" for format in FORMATS)
    return [name for name in names if (folder / name).is_file()]


def _refuse_mixture(folder: Path, written: set[str], snapshot: str) -> None:
    """No table is written beside one of another snapshot; where all are replaced, what lay there is forgotten."""
    told = folder / SNAPSHOT_FILE
    if told.is_file() and told.read_text(encoding="utf-8").strip() == snapshot:
        return
    there = [name for schema in tables() for name in _files_of(folder, schema)]
    if stay := [name for name in there if name not in written]:
        raise OutputError.of(
            str(folder), f"{stay[0]} there is of another state of a store", "Name another folder with --to."
        )
    if there:
        told.unlink(missing_ok=True)
    else:  # at once: what lies there when the disk is full is of this snapshot too
        _write_text(told, snapshot + "\n")


def _refuse_long(store: Store, folder: Path, wanted: Sequence[TableSchema]) -> None:
    """No spreadsheet is begun where a table has more rows than a sheet below its heading."""
    counted = ((schema.name, store.engine.count(schema.name)) for schema in wanted)
    if long := [f"{name} has {rows:,} rows" for name, rows in counted if rows >= SHEET_ROWS]:
        raise OutputError.of(
            str(folder),
            f"{', '.join(long)}; a sheet holds {SHEET_ROWS - 1:,}",
            "Name the tables to write without it, or use --format parquet or csv.",
        )


def _write(store: Store, schema: TableSchema, folder: Path, format: Format, say: Callable[[str], None]) -> Exported:
    say(schema.name)
    path = folder / f"{schema.name}.{format}"
    fresh = folder / f".{schema.name}.{format}.part"
    through = fresh.with_name(f"{fresh.name}.rows")
    rows = table(schema.name).order_by(list(schema.key))
    about = {"primum.snapshot": store.snapshot(), "primum.synthetic": store.synthetic()}
    try:
        match format:
            case "parquet":
                store.engine.write_parquet(fresh, rows, metadata=about)
            case "csv":
                store.engine.write_csv(fresh, rows)
            case "xlsx":
                store.engine.write_parquet(through, rows)  # of which every engine's rows can be read some at a time
                write_book(fresh, {_sheet_name(schema, store): _rows(schema, through), "about": _about(schema, store)})
        fresh.replace(path)
    except StoreError as error:
        _, named, said = str(error).partition(fresh.name)
        if not named:
            raise  # of the store itself
        reason = re.match(r"[^:]*: ([\w ]+)", said)
        raise OutputError.of(str(folder), reason[1] if reason else "it is refused", "Make room there.") from error
    finally:
        fresh.unlink(missing_ok=True)
        through.unlink(missing_ok=True)
    return Exported(schema.name, path, store.engine.count(schema.name))


def _sheet_name(schema: TableSchema, store: Store) -> str:
    """What the tab of a table's sheet says; invented rows are named there, where nobody can miss it."""
    return f"{SYNTHETIC} {schema.name}" if store.synthetic() else schema.name


def _rows(schema: TableSchema, path: Path) -> Iterator[Sequence[Any]]:
    """The heading and the rows of a Parquet file of a table, some in memory at a time."""
    from pyarrow import parquet

    yield schema.column_names
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
            columns = [column.to_pylist() for column in batch.columns]
            for place, column in enumerate(schema.columns):
                if column.type == "BLOB":
                    columns[place] = [None if value is None else _told_bytes(value) for value in columns[place]]
            yield from zip(*columns, strict=True)


def _told_bytes(value: bytes) -> str:
    r"""Bytes as DuckDB tells them.

    Examples:
        >>> _told_bytes(b"5 mg\xff")
        '5 mg\\xFF'
    """
    return "".join(chr(byte) if 32 <= byte < 127 and chr(byte) not in "\"'\\" else f"\\x{byte:02X}" for byte in value)


def _about(schema: TableSchema, store: Store) -> list[tuple[str, str]]:
    """What a spreadsheet says of itself, because it is sent without the files that lie beside it."""
    of_store = [("snapshot", store.snapshot())] + [(SYNTHETIC, store.synthetic())] * bool(store.synthetic())
    units = (f" ({column.unit})" if column.unit else "" for column in schema.columns)
    meanings = [(column.name, column.meaning + unit) for column, unit in zip(schema.columns, units, strict=True)]
    return [("name", "value"), *of_store, *meanings]


def _described(wanted: Sequence[TableSchema]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("table", "column", "type", "key", "unit", "meaning"))
    for schema in wanted:
        for column in schema.columns:
            key = "primary" if column.key else ""
            writer.writerow((schema.name, column.name, column.type, key, column.unit, column.meaning))
    return text.getvalue()


def _write_text(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.part")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
