"""How does cleaned text (see `primum.sources.lines`) wait for the store?

As columns of texts in a file of Arrow's, made while the text is cleaned: the engine scans that file where it lies, as
often as it wants, without reading text or keeping a copy. Batches are as long as what an engine keeps together, so that
it need not put them together once more, and none is larger than memory allows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_TOGETHER: Final = 122_880  # DuckDB's row group
BYTES_TOGETHER: Final = 64 * 1024**2  # of a batch, where its rows are long
TEXT_AT_ONCE: Final = 1024**2  # bytes that are cut into columns together: they stay in the processor's cache
TEXTS_AHEAD: Final = 8  # that may wait for it
QUOTE: Final = "\x01"  # cleaned text holds it around a field with `$` and nowhere else
NUMBER: Final = "row_number"


class RowsFile:
    r"""A file that text is written to and columns are read from.

    Args:
        path: the file; it is made anew.
        columns: the names of the fields of a row, in their order. A column `row_number` counts the rows from 1.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "rows")
        ...     with RowsFile(path, ["key", "text"]) as rows:
        ...         _ = rows.write(b"1$a\n2$\n"), rows.write(b"3$\x01b$c\x01\n")
        ...     read_rows(path).to_pylist()[1:]
        [{'row_number': 2, 'key': '2', 'text': None}, {'row_number': 3, 'key': '3', 'text': 'b$c'}]
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        import pyarrow as pa
        from pyarrow import csv

        self._columns = list(columns)
        schema = pa.schema([(NUMBER, pa.int32()), *((column, pa.string()) for column in columns)])
        self._file: pa.RecordBatchFileWriter = pa.ipc.new_file(str(path), schema)
        self._text: list[bytes] = []
        self._text_size = 0
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="columns")
        self._under_way: deque[Future[None]] = deque()
        self._batches: list[pa.RecordBatch] = []
        self._rows = self._size = self._written = 0
        self._fields = csv.ParseOptions(delimiter="$", quote_char=QUOTE)
        self._values = csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            check_utf8=False,  # who cleans the text sees to it
        )

    def write(self, text: bytes, /) -> int:
        """Put whole rows behind those before; cutting them into columns goes on beside the caller's own work."""
        self._text.append(text)
        self._text_size += len(text)
        if self._text_size >= TEXT_AT_ONCE:
            self._hand_on()
        return len(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file, self._beside:
            if kind is None:
                self._hand_on()
                while self._under_way:
                    self._under_way.popleft().result()
                self._write(self._batches)

    def _hand_on(self) -> None:
        text = b"".join(self._text)
        self._text, self._text_size = [], 0
        self._under_way.append(self._beside.submit(self._cut_into_columns, text))
        if len(self._under_way) > TEXTS_AHEAD:
            self._under_way.popleft().result()

    def _cut_into_columns(self, text: bytes) -> None:
        import pyarrow as pa
        from pyarrow import csv

        if not text:
            return
        read = csv.read_csv(
            pa.BufferReader(text),
            read_options=csv.ReadOptions(column_names=self._columns, block_size=len(text), use_threads=False),
            parse_options=self._fields,
            convert_options=self._values,
        )
        for batch in read.to_batches():
            self._add(batch)

    def _add(self, batch: pa.RecordBatch) -> None:
        while self._rows + len(batch) >= ROWS_TOGETHER:
            taken = ROWS_TOGETHER - self._rows
            self._write([*self._batches, batch.slice(0, taken)])
            batch = batch.slice(taken)
        if len(batch):
            self._batches.append(batch)
            self._rows += len(batch)
            self._size += batch.nbytes
        if self._size >= BYTES_TOGETHER:
            self._write(self._batches)

    def _write(self, batches: list[pa.RecordBatch]) -> None:
        import pyarrow as pa

        if batches:
            together = pa.concat_batches(batches)
            numbers = pa.array(np.arange(self._written + 1, self._written + len(together) + 1, dtype=np.int32))
            self._file.write_batch(together.add_column(0, NUMBER, numbers))
            self._written += len(together)
        self._batches, self._rows, self._size = [], 0, 0


def read_rows(path: Path) -> pa.Table:
    """What a `RowsFile` wrote, scanned where it lies."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as file:
        return pa.ipc.open_file(file).read_all()


def sorted_keys(path: Path) -> NDArray[np.int64]:
    """The keys of the rows of a file, in order, each as `key_number` gives it."""
    import pyarrow.compute as pc

    texts = read_rows(path).column(1)
    found: NDArray[np.int64] = pc.binary_join_element_wise("1", texts, "").cast("int64").to_numpy()
    return np.sort(found)


def key_number(key: bytes) -> int:
    """A key of 1 to 18 digits as a number: its digits behind a 1, so that no zero in front is lost.

    Examples:
        >>> key_number(b"7"), key_number(b"07")
        (17, 107)
    """
    return int(b"1" + key)


def recode_latin1(path: Path) -> None:
    """Rewrite rows whose text is not UTF-8 as UTF-8, each byte above 0x7F read as latin-1."""
    import pyarrow as pa

    rows, fresh = read_rows(path), path.with_suffix(".utf8")
    with pa.ipc.new_file(str(fresh), rows.schema) as file:
        for batch in rows.to_batches():
            columns = [_from_latin1(batch.column(n)) for n in range(1, batch.num_columns)]
            file.write_batch(pa.record_batch([batch.column(0), *columns], schema=rows.schema))
    fresh.replace(path)


def _from_latin1(texts: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.all(pc.string_is_ascii(texts)).as_py() is not False:
        return texts
    read = texts.cast(pa.binary()).to_pylist()
    return pa.array([None if text is None else text.decode("latin-1") for text in read], pa.string())
