"""How do rows on their way into the store stay out of memory?

They come column by column and are written batch by batch into files of Arrow's, in a folder that goes when the load
ends. Once all are there, one statement a file puts them into the store: rows that are inserted batch by batch within
one long transaction would stay in the engine's memory, and a database in between would write everything twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from primum.store.engine import Engine
from primum.store.schema import schema_of

if TYPE_CHECKING:
    import pyarrow as pa


class RowBatches:
    """Rows on their way into tables, by way of files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[tuple[str, pa.Schema], pa.RecordBatchStreamWriter] = {}
        self.written: defaultdict[str, int] = defaultdict(int)

    def put(self, name: str, columns: Mapping[str, pa.Array], rows: int) -> None:
        """Write rows that stand in columns already; columns left out are empty."""
        if rows:
            self._write(name, columns)
            self.written[name] += rows

    def close(self) -> None:
        """No more will follow."""
        for writer in self._writers.values():
            writer.close()

    def move_into(self, engine: Engine) -> None:
        """Put all rows into the store, once closed."""
        import pyarrow as pa

        for number, (name, _) in enumerate(self._writers):
            with pa.OSFile(str(self._file(number))) as file, pa.ipc.open_stream(file) as reader:
                engine.append(name, reader)

    def _write(self, name: str, columns: Mapping[str, Any]) -> None:
        import pyarrow as pa

        types = arrow_types(name)
        batch = pa.record_batch({column: _typed(given, types[column]) for column, given in columns.items()})
        writer = self._writers.get((name, batch.schema))
        if writer is None:
            writer = pa.ipc.new_stream(str(self._file(len(self._writers))), batch.schema)
            self._writers[name, batch.schema] = writer
        writer.write_batch(batch)

    def _file(self, number: int) -> Path:
        return self._folder / f"{number}.arrow"


@cache
def arrow_types(name: str) -> Mapping[str, pa.DataType]:
    """The columns of a table with their types in Arrow."""
    import pyarrow as pa

    types = {
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "SMALLINT": pa.int16(),
        "DOUBLE": pa.float64(),
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "BLOB": pa.binary(),
    }
    return {column.name: types[column.type] for column in schema_of(name).columns}


def _typed(given: Any, kind: pa.DataType) -> pa.Array:
    """Values of a column as the store's type; distinct ones with their codes stay so."""
    import pyarrow as pa

    if isinstance(given, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(given.indices, given.dictionary.cast(kind))
    return given.cast(kind) if isinstance(given, pa.Array) else pa.array(given, kind)
