"""How does Apache Spark carry the store, for those who have outgrown one machine?

The tables are Parquet, one folder or file a table, as `primum export` writes them, on a local path or wherever Spark
can read and write (`s3a://...`). Expressions are the same as on DuckDB; Ibis' compiler for Spark writes their text.

Reports are loaded with DuckDB; what follows from them can be made here. A transaction writes the new tables beside the
old ones and puts them in place at its end, `store_facts` last: after a kill between two tables the store says that what
follows from its reports has to be made again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from primum.errors import StoreError, UnknownNameError
from primum.store.engine import Columns, Engine
from primum.store.export import LICENSED
from primum.store.schema import schema_of, tables

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from primum.store.folder import Store

LOCAL: Final = "spark-local"
"""What `--engine` calls Spark on this machine; anything else is the address of a master, such as `spark://host:7077`."""
_MASTERS: Final = ("spark://", "local", "yarn", "k8s://")
INSTALL: Final = 'Install it: pip install "primum[spark]", and Java 17 or newer'
LOAD_ELSEWHERE: Final = "Load reports without --engine, then primum export --to DIR, and name DIR with --store"
GIVE_SPARK_THE_WAY: Final = "Name the Hadoop module and the credentials of that store in spark-defaults.conf"
_FACTS: Final = "store_facts"
_LARGEST: Final = "drugs_in_report"
_BYTES_OF_A_PART: Final = 16 * 1024**2  # of that table in Parquet: a million and a half of its rows
_FEWEST_PARTS: Final = 8
_FRESH: Final = "_fresh"  # folder of tables that a transaction has not put in place yet; Spark ignores a leading _
_WORKSHOP: Final = "_workshop"  # folder of what a workshop staged
# Spark type -> what DuckDB calls it in schema.csv
_TYPES: Final = {
    "bigint": "BIGINT",
    "int": "INTEGER",
    "smallint": "SMALLINT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "date": "DATE",
    "boolean": "BOOLEAN",
    "binary": "BLOB",
}


class SparkEngine(Engine):
    """Tables in Parquet, seen through one Spark session.

    Args:
        location: folder or address that holds the tables.
        master: `spark-local`, or the address of a master.

    Raises:
        StoreError: Spark or Java is not installed, the master cannot be reached, or a table is missing.
    """

    def __init__(self, location: str, *, master: str = LOCAL) -> None:
        self._location = location.rstrip("/")
        self._session = _session(master)
        self._staged: dict[str, Any] = {}
        self._fresh: dict[str, str] = {}  # tables of the open transaction and where they lie
        self._written = 0
        self._open = False  # whether a transaction is
        self._reach()
        for schema in tables():
            if schema.name in LICENSED and not self._is_there(schema.name):  # what is never exported has no rows here
                self._empty(schema.name).createOrReplaceTempView(schema.name)
            else:
                self._see(schema.name, self._path_of(schema.name))
        if master == LOCAL:
            self._session.conf.set("spark.sql.shuffle.partitions", self._parts_of_this_machine())

    def sql(self, expression: ir.Table) -> str:
        """The text that the expression is run as, for `--explain`."""
        return _compiled(expression.unbind().op())

    def run(self, expression: ir.Table) -> dict[str, NDArray[Any]]:
        """Run an expression; the answer as one array a column."""
        answer = self._query(self.sql(expression)).toArrow()
        return {name: _plain(answer.column(name)) for name in answer.column_names}

    def rows(self, expression: ir.Table) -> list[tuple[Any, ...]]:
        """Run an expression; the answer as rows of plain Python values."""
        return [tuple(row) for row in self._query(self.sql(expression)).collect()]

    def read(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        """Columns of a small table, ordered by them."""
        return [tuple(row) for row in self._session.table(name).select(*columns).orderBy(*columns).collect()]

    def insert(self, name: str, expression: ir.Table) -> int:
        """Append an expression's rows to a table, columns matched by name; how many rows."""
        return self._add(name, self._query(self.sql(expression)))

    def replace_table(self, name: str, expressions: Iterable[ir.Table]) -> int:
        """Give a table of schema.csv the rows of expressions instead of its own; how many rows."""
        self._write(name, (_in_order(name, self._query(self.sql(expression))) for expression in expressions))
        return self.count(name)

    def append(self, name: str, columns: Columns | pa.RecordBatchReader) -> int:
        """Append arrays, or batches of Arrow, to a table of schema.csv; columns left out are empty; how many rows."""
        return self._add(name, self._frame(columns))

    def delete(self, name: str, column: str, first: int | str, last: int | str) -> None:
        """Delete the rows whose `column` lies between `first` and `last`, both included."""
        rows = self._session.table(name)
        kept = ~rows[column].between(first, last)
        self._write(name, [rows.where(kept | rows[column].isNull())])

    def delete_staged(self, name: str, column: str, staged: str, staged_column: str) -> None:
        """Delete the rows whose `column` is among the values of a staged table's column."""
        rows, gone = self._session.table(name), self._session.table(staged)
        self._write(name, [rows.join(gone, rows[column] == gone[staged_column], "left_anti")])

    def stage(self, name: str, columns: Columns) -> ir.Table:
        """Keep arrays as a temporary table of this session and return it as an unbound Ibis table."""
        return self._stage(name, self._frame(columns))

    def stage_expression(self, name: str, expression: ir.Table) -> ir.Table:
        """Keep an expression's rows as a temporary table of this session."""
        return self._stage(name, self._query(self.sql(expression)))

    def stage_rows(
        self, name: str, path: Path, *, prefix: str = "", constants: Mapping[str, int | str] | None = None
    ) -> ir.Table:
        """Spark does not load report files.

        Raises:
            StoreError: always.
        """
        raise StoreError.of(self._location, "Spark does not load report files", LOAD_ELSEWHERE)

    def stage_parquet(
        self,
        name: str,
        path: Path,
        columns: Mapping[str, str],
        *,
        where: Mapping[str, str],
        constants: Mapping[str, int | str] | None = None,
    ) -> ir.Table:
        """Spark does not load report files.

        Raises:
            StoreError: always.
        """
        raise StoreError.of(self._location, "Spark does not load report files", LOAD_ELSEWHERE)

    def stage_file(self, name: str, path: Path) -> ir.Table:
        """Spark does not load report files.

        Raises:
            StoreError: always.
        """
        raise StoreError.of(self._location, "Spark does not load report files", LOAD_ELSEWHERE)

    @contextlib.contextmanager
    def workshop(self, folder: Path | None) -> Iterator[Engine]:
        """A second engine over the same session; what it stages lies beside the tables, where every worker sees it."""
        bench = _Workshop(self._session, self._location)
        try:
            yield bench
        finally:
            bench.close()

    def workshop_table(self, staged: ir.Table) -> ir.Table:
        """A table that a workshop staged; both see it under its name."""
        return staged

    @property
    def dialect(self) -> str:
        """The name of Spark's SQL."""
        return "spark"

    @property
    def connection(self) -> Any:
        """The Spark session."""
        return self._session

    def unstage(self, name: str) -> None:
        """Drop a temporary table."""
        self._session.catalog.dropTempView(name)
        if (kept := self._staged.pop(name, None)) is not None:
            kept.unpersist()

    def write_parquet(self, path: Path, expression: ir.Table, *, metadata: Mapping[str, str] | None = None) -> None:
        """Write an expression's rows as a Parquet file, with texts about the whole in its footer."""
        _write_parquet(path, self._query(self.sql(expression)).toArrow(), metadata)

    def write_csv(self, path: Path, expression: ir.Table) -> None:
        """Write an expression's rows as CSV with a header line; an empty text is quoted, a missing value is nothing."""
        from pyarrow import csv

        csv.write_csv(self._query(self.sql(expression)).toArrow(), path)

    def content_hash(self, name: str) -> str:
        """A hash of a table's rows that does not depend on their order; it equals none of another engine."""
        listed = ", ".join(f"`{column}`" for column in schema_of(name).column_names)
        summed = f"SELECT count(*), sum(cast(xxhash64({listed}) AS decimal(38, 0))) FROM `{name}`"
        [(rows, total)] = self._query(summed).collect()
        return f"{rows}:{total or 0}"

    def count(self, name: str) -> int:
        """Rows of a table."""
        return int(self._session.table(name).count())

    def little_memory(self) -> contextlib.AbstractContextManager[None]:
        """Spark's memory is its own matter: no files are read into it row by row."""
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """New tables are written beside the old ones and put in place at the end, `store_facts` last."""
        self._open = True
        try:
            yield
            for name in sorted(self._fresh, key=lambda table: table == _FACTS):
                self._put_in_place(name, self._fresh[name])
        finally:
            changed, self._fresh, self._open = list(self._fresh), {}, False
            self._remove(f"{self._location}/{_FRESH}")
            for name in changed:
                self._see(name, self._path_of(name))

    def interrupt(self) -> None:
        """End every job of this program's session; whoever waits for one is told by an exception of Spark's."""
        self._session.sparkContext.cancelAllJobs()

    def close(self) -> None:
        """Let the session go."""
        for name in list(self._staged):
            self.unstage(name)
        self._session.stop()

    def _query(self, text: str) -> Any:
        return self._session.sql(text)

    def _parts_of_this_machine(self) -> int:
        """Into how many parts rows are shuffled: most of Spark's 200 would be empty, and too few do not fit."""
        path = self._path_of(_LARGEST)
        held = self._files(path).getContentSummary(self._hadoop(path)).getLength()
        return max(_FEWEST_PARTS, int(held) // _BYTES_OF_A_PART)

    def _path_of(self, name: str) -> str:
        return f"{self._location}/{name}.parquet"

    def _is_there(self, name: str) -> bool:
        path = self._path_of(name)
        return bool(self._files(path).exists(self._hadoop(path)))

    def _reach(self) -> None:
        """Ask whether the folder is there, before every table is asked for.

        Raises:
            StoreError: it is not, or Spark has no way to such an address.
        """
        from py4j.protocol import Py4JJavaError

        try:
            there = self._files(self._location).exists(self._hadoop(self._location))
        except Py4JJavaError as error:
            said = str(error.java_exception.toString()).splitlines()[0]
            raise StoreError.of(self._location, f"Spark cannot reach it ({said})", GIVE_SPARK_THE_WAY) from error
        if not there:
            raise StoreError.of(self._location, "no tables are there", LOAD_ELSEWHERE)

    def _empty(self, name: str) -> Any:
        columns = (f"`{column.name}` {_SPARK_TYPES[column.type]}" for column in schema_of(name).columns)
        return self._session.createDataFrame([], ", ".join(columns))

    def _see(self, name: str, path: str) -> None:
        """Show a table's files under its name."""
        from pyspark.errors import AnalysisException

        try:
            frame = self._session.read.parquet(path)
        except AnalysisException as error:
            raise StoreError.of(
                self._location, f"the table {name} is not there", "Write it: primum export --to DIR"
            ) from error
        wanted = {column.name: column.type for column in schema_of(name).columns}
        found = {column: _TYPES.get(kind, kind) for column, kind in frame.dtypes}
        if found != wanted:
            differs = sorted(set(wanted.items()) ^ set(found.items()))
            raise StoreError.of(
                self._location,
                f"its table {name} was made by another version of Primum (differs in: {differs[0][0]})",
                "Export the tables again",
            )
        frame.createOrReplaceTempView(name)

    def _frame(self, columns: Columns | pa.RecordBatchReader) -> Any:
        import pyarrow as pa

        if not isinstance(columns, Mapping):
            return self._session.createDataFrame(columns.read_all())
        return self._session.createDataFrame(pa.table({name: _arrow(array) for name, array in columns.items()}))

    def _add(self, name: str, rows: Any) -> int:
        before = self.count(name)  # what was written is counted from the files; the rows would be made twice
        self._write(name, [self._session.table(name), _in_order(name, rows)])
        return self.count(name) - before

    def _write(self, name: str, parts: Iterable[Any]) -> None:
        """Write a table anew, beside the one that is there until the transaction ends."""
        if not self._open:
            with self.transaction():
                self._write(name, parts)
            return
        self._written += 1
        path = f"{self._location}/{_FRESH}/{self._written}_{name}"
        self._session.table(name).limit(0).write.parquet(path)  # a table without a row has its columns too
        for rows in parts:
            rows.write.mode("append").parquet(path)
        self._fresh[name] = path
        self._see(name, path)

    def _put_in_place(self, name: str, path: str) -> None:
        self._remove(self._path_of(name))
        if not self._files(path).rename(self._hadoop(path), self._hadoop(self._path_of(name))):
            raise StoreError.of(
                self._location, f"the table {name} cannot be put in place", "Check the rights of the folder"
            )

    def _remove(self, path: str) -> None:
        self._files(path).delete(self._hadoop(path), True)

    def _hadoop(self, path: str) -> Any:
        return self._session._jvm.org.apache.hadoop.fs.Path(path)

    def _files(self, path: str) -> Any:
        """The file system that a path lies on."""
        return self._hadoop(path).getFileSystem(self._session._jsc.hadoopConfiguration())

    def _stage(self, name: str, rows: Any) -> ir.Table:
        kept = rows.persist()
        kept.createOrReplaceTempView(name)
        self._staged[name] = kept
        return _unbound(name, kept)


class _Workshop(SparkEngine):
    """The engine of a workshop: what it stages is written, so that no later step makes it again and no memory fills.

    Spark keeps how a table is made rather than its rows; after a few joins it would run the whole way of each of them
    for every question.
    """

    def __init__(self, session: Any, location: str) -> None:
        self._session, self._location = session, location
        self._folder = f"{location}/{_WORKSHOP}"
        self._paths: dict[str, str] = {}
        self._written = 0
        self._remove(self._folder)  # what a kill left

    def insert(self, name: str, expression: ir.Table) -> int:
        """Append an expression's rows to a staged table, columns matched by name; how many rows."""
        before, there = self.count(name), self._session.table(name)
        rows = self._query(self.sql(expression)).select(there.columns)
        rows.write.mode("append").parquet(self._paths[name])
        self._show(name)
        return self.count(name) - before

    def unstage(self, name: str) -> None:
        """Drop a staged table and its files."""
        self._session.catalog.dropTempView(name)
        if (path := self._paths.pop(name, None)) is not None:
            self._remove(path)

    def close(self) -> None:
        """Drop everything that was staged; the session stays."""
        for name in list(self._paths):
            self.unstage(name)
        self._remove(self._folder)

    def _stage(self, name: str, rows: Any) -> ir.Table:
        self._written += 1
        path = f"{self._folder}/{self._written}_{name}"
        rows.write.parquet(path)
        self.unstage(name)  # only now: the rows may come from the table of before
        self._paths[name] = path
        return _unbound(name, self._show(name))

    def _show(self, name: str) -> Any:
        """Show the files of a staged table under its name, also those that came since."""
        frame = self._session.read.parquet(self._paths[name])
        frame.createOrReplaceTempView(name)
        return frame


def _unbound(name: str, frame: Any) -> ir.Table:
    """A frame's columns as an unbound Ibis table."""
    import ibis

    from primum.store.schema import IBIS_TYPES

    types = {column: _TYPES.get(kind, kind) for column, kind in frame.dtypes}
    return ibis.table({column: IBIS_TYPES.get(kind, kind) for column, kind in types.items()}, name=name)


def open_spark(location: str, *, master: str = LOCAL) -> Store:
    """Open exported tables for answers on Spark.

    Args:
        location: folder or address that holds the tables, see `primum export`.
        master: `spark-local`, or the address of a master such as `spark://host:7077`.

    Raises:
        UnknownNameError: the master is neither.
        StoreError: Spark or Java is missing, the master cannot be reached, or the tables are not there.
    """
    from primum.store.folder import Store

    if master != LOCAL and not master.startswith(_MASTERS):
        raise UnknownNameError.of("engine", master, ("duckdb", LOCAL, *(f"{kind}..." for kind in _MASTERS)))
    if "://" not in location and not Path(location).is_dir():  # known before Spark has taken its seconds to start
        raise StoreError.of(location, "no tables are there", LOAD_ELSEWHERE)
    return Store(Path(location), SparkEngine(location, master=master))


def _session(master: str) -> Any:
    """A session; one that runs already in this program is used as it is."""
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise StoreError.of(f"--engine {master}", "Spark is not installed", INSTALL) from error
    builder = SparkSession.builder.appName("primum")
    builder = builder.master("local[*]" if master == LOCAL else master)
    for name, value in (_SETTINGS | (_ON_THIS_MACHINE if master == LOCAL else {})).items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, OSError, RuntimeError) as error:
        said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise StoreError.of(f"--engine {master}", f"Spark does not start ({said})", INSTALL) from error
    session.sparkContext.setLogLevel("ERROR")
    log4j = session._jvm.org.apache.logging.log4j
    log4j.core.config.Configurator.setLevel(_CODE_GENERATOR, log4j.Level.OFF)
    return session


# It prints pages where one method of its Java code would be too large, and then does what is asked in smaller ones;
# the comparisons of a link are such a method.
_CODE_GENERATOR: Final = "org.apache.spark.sql.catalyst.expressions.codegen.CodeGenerator"
_SETTINGS: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # a number that does not fit is an error, as on DuckDB
    # Staged tables keep the parts they were made in: what is then joined by report is not sent about once more.
    "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "false",
    "spark.sql.autoBroadcastJoinThreshold": "16m",  # the names of drugs with their numbers
    # Spark takes the size of a file for that of its rows, and keys of reports are packed to a tenth: 16 million of them
    # were sent to every worker (docs/decisions/0059).
    "spark.sql.sources.fileCompressionFactor": "8",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
_ON_THIS_MACHINE: Final = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "4g",
}


@lru_cache(maxsize=512)
def _compiled(operation: Any) -> str:
    """An expression as Spark's SQL."""
    import ibis
    from ibis.backends.sql.compilers.pyspark import PySparkCompiler

    if ibis.options.pyspark is None:
        # Ibis' compiler for Spark asks for an option that only its backend makes, and the backend imports pandas.
        ibis.options.pyspark = _compiler_options()
    text: str = PySparkCompiler().to_sqlglot(operation.to_expr()).sql("spark")
    return text


def _compiler_options() -> Any:
    from ibis.config import Config

    class PySparkOptions(Config):  # type: ignore[misc]  # Ibis' own configuration is not typed
        treat_nan_as_null: bool = False

    return PySparkOptions()


def _in_order(name: str, rows: Any) -> Any:
    """Rows with the columns of a table of schema.csv, in its order and its types; columns left out are empty."""
    from pyspark.sql import functions

    there = set(rows.columns)
    return rows.select(
        [
            (functions.col(column.name) if column.name in there else functions.lit(None))
            .cast(_SPARK_TYPES[column.type])
            .alias(column.name)
            for column in schema_of(name).columns
        ]
    )


_SPARK_TYPES: Final = {duck: spark for spark, duck in _TYPES.items()}


def _arrow(array: NDArray[Any]) -> Any:
    """An array as Arrow: NaN and NaT are missing, a column without a value is text."""
    import pyarrow as pa

    match array.dtype.kind:
        case "f":
            return pa.array(array, from_pandas=True)
        case "M":
            return pa.array(array.astype("datetime64[D]"))
        case "O" | "U":
            values = array.tolist()
            return pa.array(values, pa.string() if all(value is None for value in values) else None)
        case _:
            return pa.array(np.ascontiguousarray(array))


def _plain(column: Any) -> NDArray[Any]:
    """A column of Spark's answer in the form that `Engine.run` promises."""
    import pyarrow as pa

    if pa.types.is_date(column.type):
        return np.asarray(column.cast(pa.int32()).to_numpy(zero_copy_only=False)).astype("datetime64[D]")
    if pa.types.is_integer(column.type) and not column.null_count:
        return np.asarray(column.to_numpy(zero_copy_only=False)).astype(np.int64)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
    if pa.types.is_boolean(column.type) and not column.null_count:
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=bool)
    return np.array(column.to_pylist(), dtype=object)


def _write_parquet(path: Path, table: Any, metadata: Mapping[str, str] | None) -> None:
    from pyarrow import parquet

    parquet.write_table(table.replace_schema_metadata(dict(metadata or {})), path, compression="zstd")
