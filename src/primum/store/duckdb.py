"""How does DuckDB, the embedded default, carry the store?

Expressions are compiled by Ibis' own SQL compiler and run as text: the backend of Ibis 12 does not open a DuckDB 2
database (it asks for pandas and for functions that version 2 renamed), its compiler does.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

import duckdb
import numpy as np
from numpy.typing import NDArray

from primum.errors import SourceError, StoreError
from primum.sources.cleaned_rows import NUMBER, read_rows
from primum.store.engine import Columns, Engine
from primum.store.schema import IBIS_TYPES, TableSchema, schema_of

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

LITTLE_MEMORY: Final = "600MB"  # with Python beside it, less than 1 GB
MEMORY: Final = "1500MB"  # leaves room for Python within the 2 GB of a small machine
ROOM: Final = 5 * 10**9  # bytes that a workshop may take at most: linking 20 million reports stays below 8 GB in all
WORKSHOP: Final = "workshop"  # name of the database that a workshop's tables lie in
WIDE_INTEGERS: Final = ("HUGEINT", "UBIGINT", "UHUGEINT")  # what DuckDB's sum() of integers gives


class DuckDBEngine(Engine):
    """One DuckDB file.

    Args:
        path: the database file; None keeps everything in memory.
        read_only: open without the right to write; several readers may share a file, a writer is alone.

    Raises:
        StoreError: the file is in use, damaged, or cannot be read or written.
    """

    _LASTING = "TEMPORARY"  # what is staged lasts as long as the connection
    _STAGED_IN = "temp"

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        _WORKING.add(self)
        self._path = path
        self._seen: list[Exception] = []  # the last error that says more than that there was one
        self._known: dict[tuple[str, ...], list[tuple[Any, ...]]] | None = {} if read_only else None
        # Set when it opens: a second reader of the file shares what the first one has, and can change none of it.
        settings: dict[str, str | bool | int | float | list[str]] = {"memory_limit": MEMORY}
        if path is not None:
            settings["temp_directory"] = str(path.parent / "spill")
        try:
            self._connection = duckdb.connect(str(path) if path else ":memory:", read_only=read_only, config=settings)
        except (duckdb.Error, RuntimeError) as error:  # RuntimeError: a good header over a body that is not
            raise store_error(path, error) from error
        # In a notebook without ipywidgets DuckDB draws no bar, and refuses to be told so.
        with contextlib.suppress(duckdb.InvalidInputException):
            self._connection.execute("SET enable_progress_bar = false")

    def sql(self, expression: ir.Table) -> str:
        """The text that the expression is run as, for `--explain`."""
        return _compiled(expression.unbind().op())

    def run(self, expression: ir.Table) -> dict[str, NDArray[Any]]:
        """Run an expression; the answer as one array a column."""
        text = self.sql(expression)
        with self.told():
            result = self._connection.execute(text)
            types = {name: str(kind) for name, kind, *_ in result.description or ()}
            arrays = result.fetchnumpy()
        return {name: _plain(array, types[name]) for name, array in arrays.items()}

    def rows(self, expression: ir.Table) -> list[tuple[Any, ...]]:
        """Run an expression; the answer as rows of plain Python values."""
        return self._rows(self.sql(expression))

    def read(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        """Columns of a small table, ordered by them; read once where nobody can write while this is open."""
        if self._known is not None and (name, *columns) in self._known:
            return self._known[name, *columns]
        listed = ", ".join(_quoted(column) for column in columns)
        found = self._rows(f"SELECT {listed} FROM {_quoted(name)} ORDER BY ALL")
        if self._known is not None:
            self._known[name, *columns] = found
        return found

    def insert(self, name: str, expression: ir.Table) -> int:
        """Append an expression's rows to a table, columns matched by name; how many rows."""
        return self._changed(f"INSERT INTO {_quoted(name)} BY NAME {self.sql(expression)}")

    def replace_table(self, name: str, expressions: Iterable[ir.Table]) -> int:
        """Give a table of schema.csv the rows of expressions, one after the other, instead of its own; how many rows.

        All rows are in before the table gets its name: DuckDB 2.0.0 does not find again what is inserted into a table
        behind its renaming in the same transaction, as soon as that fills a row group.
        """
        fresh = TableSchema(f"fresh_{name}", schema_of(name).columns)  # a table beside it: rows are written only once
        self._execute(fresh.ddl)
        changed = sum(self.insert(fresh.name, expression) for expression in expressions)
        self._execute(f"DROP TABLE {_quoted(name)}")
        self._execute(f"ALTER TABLE {_quoted(fresh.name)} RENAME TO {_quoted(name)}")
        return changed

    def append(self, name: str, columns: Columns | pa.RecordBatchReader) -> int:
        """Append arrays, or batches of Arrow, to a table of schema.csv; columns left out are empty; how many rows."""
        schema_of(name)
        with self._registered(columns) as given:
            return self._changed(f"INSERT INTO {_quoted(name)} BY NAME SELECT * FROM {given}")

    def delete(self, name: str, column: str, first: int | str, last: int | str) -> None:
        """Delete the rows whose `column` lies between `first` and `last`, both included."""
        self._execute(
            f"DELETE FROM {_quoted(name)} WHERE {_quoted(column)} BETWEEN {_literal(first)} AND {_literal(last)}"
        )

    def delete_staged(self, name: str, column: str, staged: str, staged_column: str) -> None:
        """Delete the rows whose `column` is among the values of a staged table's column."""
        self._execute(
            f"DELETE FROM {_quoted(name)} WHERE {_quoted(column)} IN "
            f"(SELECT {_quoted(staged_column)} FROM {_quoted(staged)})"
        )

    def stage(self, name: str, columns: Columns) -> ir.Table:
        """Keep arrays as a temporary table of this connection and return it as an unbound Ibis table."""
        with self._registered(columns) as given:
            self._execute(f"CREATE OR REPLACE {self._LASTING} TABLE {_quoted(name)} AS SELECT * FROM {given}")
        return self._staged(name)

    def stage_rows(
        self, name: str, path: Path, *, prefix: str = "", constants: Mapping[str, int | str] | None = None
    ) -> ir.Table:
        """Show a file of cleaned rows (see `primum.sources.cleaned_rows`) as a temporary table of this connection."""
        rows = read_rows(path)
        self._register(f"raw_{name}", rows)
        named = (f"{_quoted(column)} AS {_quoted(prefix + column)}" for column in rows.column_names if column != NUMBER)
        select = f"SELECT {NUMBER}, {', '.join(named)} FROM {_quoted(f'raw_{name}')}"
        self._execute(_with_constants(name, select, constants or {}))
        return self._staged(name)

    def stage_file(self, name: str, path: Path) -> ir.Table:
        """Keep a CSV, gzipped CSV or Parquet file of somebody else as a temporary table, every column as text."""
        parquet = path.name.lower().endswith(".parquet")
        text = _literal(str(path))
        read = f"read_parquet({text})" if parquet else f"read_csv({text}, header = true, all_varchar = true)"
        try:
            self._stage_numbered(name, f"SELECT COLUMNS(*)::VARCHAR FROM {read}", number="staged_row")
        except (duckdb.Error, StoreError) as error:
            said = _first_line(error.__cause__ or error)
            raise SourceError.of(
                path.name,
                f"it cannot be read ({said})",
                "a CSV, gzipped CSV or Parquet table",
                "Check the file.",
            ) from error
        return self._staged(name)

    def stage_parquet(
        self,
        name: str,
        path: Path,
        columns: Mapping[str, str],
        *,
        where: Mapping[str, str],
        constants: Mapping[str, int | str] | None = None,
    ) -> ir.Table:
        """Keep columns of a Parquet file as `stage_rows` shows rows, of the rows that hold the texts of `where`."""
        read = f"read_parquet({_literal(str(path))})"
        try:
            there = {row[0] for row in self._rows(f"DESCRIBE SELECT * FROM {read}")}
        except (duckdb.Error, StoreError) as error:
            said = _first_line(error.__cause__ or error)
            raise SourceError.of(
                path.name, f"it cannot be read ({said})", "a Parquet file", "Get the release again."
            ) from error
        if missing := [column for column in dict.fromkeys((*columns.values(), *where)) if column not in there]:
            raise SourceError.of(
                path.name,
                f"no column {', '.join(missing)}",
                f"the columns {', '.join(columns.values())}",
                "Nothing of it was loaded; check that it is a release that Primum knows.",
            )
        listed = ", ".join(f"{_quoted(own)}::VARCHAR AS {_quoted(staged)}" for staged, own in columns.items())
        wanted = " AND ".join(f"{_quoted(column)} = {_literal(text)}" for column, text in where.items()) or "true"
        self._stage_numbered(
            name, f"SELECT {listed} FROM {read} WHERE {wanted}", number="row_number", constants=constants
        )
        return self._staged(name)

    def stage_expression(self, name: str, expression: ir.Table) -> ir.Table:
        """Keep an expression's rows as a temporary table of this connection."""
        self._execute(f"CREATE OR REPLACE {self._LASTING} TABLE {_quoted(name)} AS {self.sql(expression)}")
        return self._staged(name)

    def unstage(self, name: str) -> None:
        """Drop a temporary table."""
        kinds = self._rows(f"SELECT 'VIEW' FROM duckdb_views() WHERE view_name = {_literal(name)} AND temporary")
        if kinds:
            self._execute(f"DROP VIEW temp.{_quoted(name)}")
            name = f"raw_{name}"
            self._unregister(name)
        self._execute(f"DROP TABLE IF EXISTS {self._STAGED_IN}.{_quoted(name)}")

    def write_parquet(self, path: Path, expression: ir.Table, *, metadata: Mapping[str, str] | None = None) -> None:
        """Write an expression's rows as a Parquet file, with texts about the whole in its footer."""
        self._copy_to_parquet(path, self.sql(expression), metadata)

    def _copy_to_parquet(self, path: Path, select: str, metadata: Mapping[str, str] | None) -> None:
        texts = ", ".join(f"{_quoted(key)}: {_literal(text)}" for key, text in (metadata or {}).items())
        options = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3"
        options += f", KV_METADATA {{{texts}}}" if texts else ""
        self._execute(f"COPY ({select}) TO {_literal(str(path))} ({options})")

    def write_csv(self, path: Path, expression: ir.Table) -> None:
        """Write an expression's rows as CSV with a header line; an empty text is quoted, a missing value is nothing."""
        self._execute(f"COPY ({self.sql(expression)}) TO {_literal(str(path))} (FORMAT csv, HEADER)")

    def content_hash(self, name: str) -> str:
        """A hash of a table's rows that does not depend on their order."""
        # The sum over hashes, unlike their exclusive or, also sees a row that is there twice.
        text = f"SELECT count(*), sum(hash(t)::HUGEINT) FROM {_quoted(name)} AS t"
        rows, total = self._rows(text)[0]
        return f"{rows}:{total or 0}"

    def count(self, name: str) -> int:
        """Rows of a table."""
        return int(self._rows(f"SELECT count(*) FROM {_quoted(name)}")[0][0])

    @contextlib.contextmanager
    def workshop(self, folder: Path | None) -> Iterator[Engine]:
        """A second engine that reads the same tables and keeps what it stages in a file of its own."""
        here = self._rows("SELECT current_database()")[0][0]
        file = ":memory:" if folder is None else str(folder / f"{WORKSHOP}.duckdb")
        self._execute(f"ATTACH {_literal(file)} AS {WORKSHOP}")
        bench = _Workshop(self._path, self._connection.cursor(), self._seen)
        try:
            self._execute(f"SET memory_limit = '{_room()}MB'")
            bench._execute(f"SET search_path = {_literal(f'{WORKSHOP}.main,{here}.main')}")
            yield bench
        finally:
            bench.close()
            self._execute(f"DETACH {WORKSHOP}")
            self._execute(f"SET memory_limit = '{MEMORY}'")
            if folder is not None:
                Path(file).unlink(missing_ok=True)

    @contextlib.contextmanager
    def little_memory(self) -> Iterator[None]:
        """Inside, DuckDB keeps to `LITTLE_MEMORY`."""
        self._execute(f"SET memory_limit = '{LITTLE_MEMORY}'")
        try:
            yield
        finally:
            self._execute(f"SET memory_limit = '{MEMORY}'")

    def workshop_table(self, staged: ir.Table) -> ir.Table:
        """A table that a workshop staged, as this engine reads it for as long as the workshop is open."""
        import ibis

        return ibis.table(staged.schema(), name=staged.get_name(), catalog=WORKSHOP, database="main")

    @property
    def dialect(self) -> str:
        """The name of DuckDB's SQL."""
        return "duckdb"

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection in DuckDB's own terms, for a library that writes its own SQL."""
        return self._connection

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen together or, on an error or a kill, not at all."""
        self._execute("BEGIN TRANSACTION")
        try:
            yield
            self._execute("COMMIT")
        except BaseException:  # also a Ctrl-C must leave the store as it was
            with contextlib.suppress(duckdb.Error):  # a failed COMMIT has already rolled back
                self._connection.execute("ROLLBACK")
            raise

    def interrupt(self) -> None:
        """End what another thread asks for at this moment; that thread is told by `duckdb.InterruptException`."""
        self._connection.interrupt()

    def close(self) -> None:
        """Let the database go."""
        self._connection.close()

    def create(self, statements: Sequence[str]) -> None:
        """Run DDL; used by the store when it makes its tables."""
        for statement in statements:
            self._execute(statement)

    def columns_of(self, name: str) -> dict[str, str] | None:
        """Columns and types that a table really has; None where it does not exist."""
        found = self._rows(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = "
            f"{_literal(name)} AND NOT internal ORDER BY column_index"
        )
        return dict(found) or None

    def _stage_numbered(
        self, name: str, select: str, *, number: str, constants: Mapping[str, int | str] | None = None
    ) -> None:
        """Keep a file's rows with their number, counted from 1, and with constants.

        Rows keep the order of the file (preserve_insertion_order), so the position in the table is the row's number;
        positions begin at 0, or very high while the transaction that made the table is open.
        """
        raw = f"raw_{name}"
        self._execute(f"CREATE OR REPLACE TEMPORARY TABLE {_quoted(raw)} AS {select}")
        span = self._rows(f"SELECT count(*), min(rowid), max(rowid) FROM {_quoted(raw)}")[0]
        rows, first, last = int(span[0]), int(span[1] or 0), int(span[2] or 0)
        if rows and last - first + 1 != rows:
            raise StoreError.of(name, "staged rows are not numbered without gaps", "Please report this")
        numbered = f"SELECT *, (rowid - {first} + 1)::INTEGER AS {_quoted(number)} FROM {_quoted(raw)}"
        self._execute(_with_constants(name, numbered, constants or {}))

    def _staged(self, name: str) -> ir.Table:
        import ibis

        described = self._rows(f"DESCRIBE {_quoted(name)}")
        return ibis.table({column: IBIS_TYPES[kind] for column, kind, *_ in described}, name=name)

    @contextlib.contextmanager
    def _registered(self, columns: Columns | pa.RecordBatchReader) -> Iterator[str]:
        """The arrays as something to select from, for as long as the block lasts."""
        name = "given_arrays"
        given, replaced = self._readable(columns) if isinstance(columns, Mapping) else (columns, "")
        self._register(name, given)
        try:
            yield f"(SELECT *{replaced} FROM {name})"
        finally:
            self._unregister(name)

    def _register(self, name: str, given: Any) -> None:
        with self.told():
            self._connection.register(name, given)

    def _unregister(self, name: str) -> None:
        with self.told():
            self._connection.unregister(name)

    def _readable(self, columns: Columns) -> tuple[dict[str, NDArray[Any]], str]:
        """Arrays as DuckDB reads them, and what it must be told of their types."""
        # DuckDB reads neither turned round nor strided arrays (std::bad_cast).
        arrays = {column: np.ascontiguousarray(array) for column, array in columns.items()}
        dates = [column for column, array in arrays.items() if array.dtype.kind == "M"]
        empty = [column for column, array in arrays.items() if _all_missing(array)]
        # DuckDB reads datetime64 only in finer units; a date is taken back out of the timestamp.
        casts = [f"CAST({_quoted(c)} AS DATE) AS {_quoted(c)}" for c in dates]
        casts += [f"CAST(NULL AS VARCHAR) AS {_quoted(c)}" for c in empty]
        replaced = f" REPLACE ({', '.join(casts)})" if casts else ""
        readable = {c: a.astype("datetime64[us]") if a.dtype.kind == "M" else a for c, a in arrays.items()}
        return readable, replaced

    def _changed(self, text: str) -> int:
        return int(self._rows(text)[0][0])

    def _execute(self, text: str) -> None:
        with self.told():
            self._connection.execute(text)

    def _rows(self, text: str) -> list[tuple[Any, ...]]:
        with self.told():
            return self._connection.execute(text).fetchall()

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Inside, what DuckDB says of a Ctrl-C, or of what surrounds it, is told as what it is.

        Once a transaction is aborted or the database given up, every statement is refused with that alone, also those
        that clear up: the error before it is the one to tell.
        """
        try:
            yield
        except (duckdb.Error, RuntimeError) as error:
            first = self._seen[-1] if self._seen and any(sign in str(error) for sign in _AFTERMATH) else error
            self._seen[:] = [first]
            if not isinstance(first, StoreError) and any(sign in str(first) for sign in _INTERRUPTED):
                raise KeyboardInterrupt from error
            environment = (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException)
            if isinstance(first, environment) or any(sign in str(first) for sign in (*_DAMAGE, *_NOT_WRITTEN)):
                raise store_error(self._path, first) from error
            raise  # anything else is a fault of Primum and keeps its traceback


class _Workshop(DuckDBEngine):
    """The engine of a workshop: a cursor on the store's database whose new tables go into the attached one."""

    def __init__(self, path: Path | None, cursor: duckdb.DuckDBPyConnection, seen: list[Exception]) -> None:
        _WORKING.add(self)
        self._path, self._connection, self._seen = path, cursor, seen

    _LASTING = ""  # its tables go with its file
    _STAGED_IN = WORKSHOP


_WORKING: Final[WeakSet[DuckDBEngine]] = WeakSet()


def interrupt_all() -> None:
    """End what every engine of this process does at this moment, as `DuckDBEngine.interrupt` does."""
    for engine in list(_WORKING):
        with contextlib.suppress(duckdb.ConnectionException, AttributeError):  # closed, or not opened yet
            engine.interrupt()


def _room() -> int:
    """Megabytes that a workshop may take: half of what the machine has, within bounds."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1500, min(machine // 2, ROOM) // 10**6)


def store_error(path: Path | None, error: Exception) -> StoreError:
    """The one line for what DuckDB says about a database that is in use, damaged, full or forbidden."""
    folder = str(path.parent if path else "in memory")
    said = _first_line(error)
    if "Could not set lock" in said or "different configuration" in said:
        return StoreError.of(
            folder, "another program is using it", "Wait until it has finished, or name another folder with --store"
        )
    if any(sign in said for sign in _DAMAGE):
        return StoreError.of(
            folder, f"it is damaged ({said})", "Move the folder away and load the reports again; nothing was changed"
        )
    if "Permission denied" in said or "read-only" in said:
        return StoreError.of(
            folder, "it cannot be written", "Check the rights of the folder, or name another one with --store"
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return StoreError.of(folder, f"the memory does not suffice ({said})", "Run it where more memory is free")
    return StoreError.of(
        folder, said, "Check that the disk has room and the folder can be written, then run the command again"
    )


# DuckDB 2.0's answers to a Ctrl-C: as a bare RuntimeError, or what Python said when it was asked about an array.
_INTERRUPTED: Final = ("Query interrupted", "KeyboardInterrupt")
# What it says to every statement behind the one that went wrong.
_AFTERMATH: Final = ("Current transaction is aborted", "invalidated because of a previous fatal error")
_NOT_WRITTEN: Final = ("Failed to commit",)  # as an error of the transaction, whatever the disk said
# What DuckDB 2.0 says of a file with a wrong header, a wrong checksum, a wrong structure, or cut short.
_DAMAGE: Final = (
    "not a valid DuckDB database",
    "Corrupt database file",
    "checksum",
    "Failed to deserialize",
    "Serialization Error",
    "Could not read enough bytes",
)


def _with_constants(name: str, select: str, constants: Mapping[str, int | str]) -> str:
    """The statement that makes a temporary view of rows, each with the same constants beside it."""
    kinds = {column: "BIGINT" if isinstance(value, int) else "VARCHAR" for column, value in constants.items()}
    more = "".join(f", {_literal(value)}::{kinds[c]} AS {_quoted(c)}" for c, value in constants.items())
    return f"CREATE OR REPLACE TEMPORARY VIEW {_quoted(name)} AS SELECT *{more} FROM ({select})"


@lru_cache(maxsize=512)
def _compiled(operation: Any) -> str:
    """An expression as text; a plan that is run for every quarter is compiled once, which takes longer than its run."""
    from ibis.backends.sql.compilers.duckdb import DuckDBCompiler

    text: str = DuckDBCompiler().to_sqlglot(operation.to_expr()).sql("duckdb")
    return text


def _plain(array: NDArray[Any], kind: str) -> NDArray[Any]:
    """An array of DuckDB's answer in the form that `Engine.run` promises."""
    missing = np.ma.getmaskarray(array) if isinstance(array, np.ma.MaskedArray) else np.zeros(array.shape, dtype=bool)
    values = np.asarray(array.data if isinstance(array, np.ma.MaskedArray) else array)
    if kind == "DATE":
        days = values.astype("datetime64[D]")
        days[missing] = np.datetime64("NaT")
        return days
    if values.dtype.kind in "iu" or kind in WIDE_INTEGERS:
        return np.where(missing, np.nan, values.astype(np.float64)) if missing.any() else values.astype(np.int64)
    if values.dtype.kind == "f":
        return np.where(missing, np.nan, values.astype(np.float64))
    if values.dtype.kind == "b" and not missing.any():
        return values
    objects = values.astype(object)
    objects[missing] = None
    return objects


def _all_missing(array: NDArray[Any]) -> bool:
    return array.dtype == object and all(value is None for value in array)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: int | str) -> str:
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("'", "''") + "'"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
