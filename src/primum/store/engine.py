"""What must a database do to carry the store?

The contract is small so that a second engine is an afternoon's work: run an Ibis expression, write tables, read cleaned
text, do it in one transaction. Expressions are built from the unbound tables of `primum.store.schema`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Columns = Mapping[str, NDArray[Any]]


class Engine(ABC):
    """A database that holds the tables of schema.csv."""

    @abstractmethod
    def run(self, expression: ir.Table) -> dict[str, NDArray[Any]]:
        """Run an expression; the answer as one array a column.

        Text is an object array with None where empty, numbers are float64 with NaN where a value is missing (integers
        without missing values stay int64), dates are `datetime64[D]` with NaT, truth values are bool, or objects with
        None where a value is missing.
        """

    @abstractmethod
    def rows(self, expression: ir.Table) -> list[tuple[Any, ...]]:
        """Run an expression; the answer as rows of plain Python values."""

    @abstractmethod
    def read(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        """Columns of a small table, ordered by them; needs no expression, and so not the seconds to import Ibis."""

    @abstractmethod
    def sql(self, expression: ir.Table) -> str:
        """The text that the expression is run as, for `--explain`."""

    @abstractmethod
    def insert(self, name: str, expression: ir.Table) -> int:
        """Append an expression's rows to a table, columns matched by name; how many rows."""

    @abstractmethod
    def replace_table(self, name: str, expressions: Iterable[ir.Table]) -> int:
        """Give a table of schema.csv the rows of expressions, one after the other, instead of its own; how many rows.

        An expression is asked for when those before it have run, so that it may be staged on the way.
        """

    @abstractmethod
    def append(self, name: str, columns: Columns | pa.RecordBatchReader) -> int:
        """Append arrays, or batches of Arrow, to a table of schema.csv; columns left out are empty; how many rows."""

    @abstractmethod
    def delete(self, name: str, column: str, first: int | str, last: int | str) -> None:
        """Delete the rows whose `column` lies between `first` and `last`, both included."""

    @abstractmethod
    def delete_staged(self, name: str, column: str, staged: str, staged_column: str) -> None:
        """Delete the rows whose `column` is among the values of a staged table's column."""

    @abstractmethod
    def stage(self, name: str, columns: Columns) -> ir.Table:
        """Keep arrays as a temporary table of this connection and return it as an unbound Ibis table."""

    @abstractmethod
    def stage_rows(
        self, name: str, path: Path, *, prefix: str = "", constants: Mapping[str, int | str] | None = None
    ) -> ir.Table:
        """Show a file of cleaned rows (see `primum.sources.cleaned_rows`) as a temporary table of this connection.

        Every column is text, None where empty, under `prefix` and its name; `row_number` counts the rows from 1 in the
        order of the file. Each of `constants` stands beside every row under its name. The file must stay for as long
        as the table does.
        """

    @abstractmethod
    def stage_file(self, name: str, path: Path) -> ir.Table:
        """Keep a CSV, gzipped CSV or Parquet file of somebody else as a temporary table, every column as text.

        `staged_row` counts the rows from 1 in the order of the file.

        Raises:
            SourceError: it is not such a file.
        """

    @abstractmethod
    def stage_parquet(
        self,
        name: str,
        path: Path,
        columns: Mapping[str, str],
        *,
        where: Mapping[str, str],
        constants: Mapping[str, int | str] | None = None,
    ) -> ir.Table:
        """Keep columns of a Parquet file as `stage_rows` shows rows, of the rows that hold the texts of `where`.

        `columns` gives each the name that it is staged under: its own by the staged one.

        Raises:
            SourceError: it is no such file, or has no such column.
        """

    @abstractmethod
    def stage_expression(self, name: str, expression: ir.Table) -> ir.Table:
        """Keep an expression's rows as a temporary table of this connection."""

    @abstractmethod
    def unstage(self, name: str) -> None:
        """Drop a temporary table."""

    @abstractmethod
    def write_parquet(self, path: Path, expression: ir.Table, *, metadata: Mapping[str, str] | None = None) -> None:
        """Write an expression's rows as a Parquet file, with texts about the whole in its footer."""

    @abstractmethod
    def write_csv(self, path: Path, expression: ir.Table) -> None:
        """Write an expression's rows as CSV with a header line; an empty text is quoted, a missing value is nothing."""

    @abstractmethod
    def content_hash(self, name: str) -> str:
        """A hash of a table's rows that does not depend on their order, to compare two stores of one engine version."""

    @abstractmethod
    def count(self, name: str) -> int:
        """Rows of a table."""

    @abstractmethod
    def workshop(self, folder: Path | None) -> AbstractContextManager[Engine]:
        """A second engine that reads the same tables and keeps what it stages in a file of its own.

        For work whose intermediate tables would not fit into memory and have no place in the store. The file lies in
        `folder` (None: in memory) and is gone when the block ends; tables staged there can be read from this engine
        as `workshop_table` names them.
        """

    @abstractmethod
    def workshop_table(self, staged: ir.Table) -> ir.Table:
        """A table that a workshop staged, as this engine reads it for as long as the workshop is open."""

    @property
    @abstractmethod
    def dialect(self) -> str:
        """The name of its SQL, `duckdb` or `spark`, for a library that writes its own (Splink)."""

    @property
    @abstractmethod
    def connection(self) -> Any:
        """The connection in the terms of the engine's own library, for one that writes its own SQL (Splink)."""

    def told(self) -> AbstractContextManager[None]:
        """Inside, what the engine says of a Ctrl-C or of a disk, to a library that asks it, is told as what it is."""
        return nullcontext()

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside happen together or, on an error or a kill, not at all."""

    @abstractmethod
    def little_memory(self) -> AbstractContextManager[None]:
        """Inside, the engine keeps little in memory, because the caller's own work needs the room."""

    @abstractmethod
    def interrupt(self) -> None:
        """End what another thread asks for at this moment; that thread is told by an error of the engine's."""

    @abstractmethod
    def close(self) -> None:
        """Let the database go."""
