"""How do arrays become one Parquet file, some rows at a time, so that a table need not stand in memory?

The engine writes a Parquet file from rows that it holds whole. A signal table of every pair is computed block by block
instead: each block becomes a row group, encoded and compressed wherever it was computed. Numbers are written plain,
texts by number with their dictionary; no value is optional (a missing number is NaN).

Source:
    Apache Parquet format 2.11 (Encodings.md, parquet.thrift); Thrift compact protocol.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from primum.errors import OutputError
from primum.terms import Coded

if TYPE_CHECKING:
    from backports import zstd
elif sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Column = NDArray[Any] | Coded

LEVEL: Final = -1  # of numbers more gains little but time: 1 is 3 % smaller and takes 40 % longer
_MAGIC: Final = b"PAR1"
_DOUBLE, _INT64, _TEXT = 5, 2, 6  # parquet.thrift: Type
_PLAIN, _RLE, _BY_NUMBER = 0, 3, 8  # Encoding
_ZSTD: Final = 6  # CompressionCodec
_DATA_PAGE, _DICTIONARY_PAGE = 0, 2  # PageType


@dataclass(frozen=True, slots=True)
class Chunk:
    """One column of a row group, encoded.

    Args:
        kind: its type in the file.
        pages: its pages one after the other, headers included.
        data_at: where the page of data begins; 0 where there is no dictionary before it.
        plain_size: bytes before compression, headers included.
        rows: values.
    """

    kind: int
    pages: bytes
    data_at: int
    plain_size: int
    rows: int


def encode(columns: Mapping[str, Column]) -> dict[str, Chunk]:
    """Encode the columns of a row group; it needs no file, so that several can be encoded side by side.

    Args:
        columns: of one length: 64-bit floats, integers, or texts (by number or as objects).

    Examples:
        >>> {name: chunk.rows for name, chunk in encode({"n": np.arange(3)}).items()}
        {'n': 3}
    """
    return {
        name: _of_texts(_coded(column)) if _is_text(column) else _of_numbers(column) for name, column in columns.items()
    }


class ParquetFile:
    """A Parquet file that grows by row groups; a context manager that ends it with its footer.

    Args:
        path: the file.
        about: texts about the whole, for the footer.

    Raises:
        OutputError: a row group has other columns than the first.
    """

    def __init__(self, path: Path, *, about: Mapping[str, str] | None = None) -> None:
        self._path, self._about = path, dict(about or {})
        self._kinds: dict[str, int] = {}
        self._groups: list[_Struct] = []
        self._rows = 0

    def __enter__(self) -> ParquetFile:
        self._file: IO[bytes] = self._path.open("wb")
        self._file.write(_MAGIC)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file as file:
            if error is None:
                footer = self._footer()
                file.write(footer + struct.pack("<i", len(footer)) + _MAGIC)

    def write(self, chunks: Mapping[str, Chunk]) -> None:
        """Append a row group."""
        kinds = {name: chunk.kind for name, chunk in chunks.items()}
        if self._groups and kinds != self._kinds:
            wanted = f"the columns of the first rows: {', '.join(self._kinds)}"
            raise OutputError.of(str(self._path), f"columns {', '.join(kinds)} in some rows", f"Give {wanted}.")
        self._kinds = kinds
        told, begin = [], self._file.tell()
        for name, chunk in chunks.items():
            told.append(_chunk_metadata(name, chunk, self._file.tell()))
            self._file.write(chunk.pages)
        rows = next((chunk.rows for chunk in chunks.values()), 0)
        size = sum(chunk.plain_size for chunk in chunks.values())
        self._groups.append(_Struct().structs(1, told).i64(2, size).i64(3, rows).i64(5, begin))
        self._rows += rows

    def _footer(self) -> bytes:
        schema = [_Struct().text(4, "rows").i32(5, len(self._kinds))]
        for name, kind in self._kinds.items():
            element = _Struct().i32(1, kind).i32(3, 0).text(4, name)  # 0: required
            schema.append(element.i32(6, 0).struct(10, _Struct().struct(1, _Struct())) if kind == _TEXT else element)
        about = [_Struct().text(1, name).text(2, text) for name, text in self._about.items()]
        footer = _Struct().i32(1, 1).structs(2, schema).i64(3, self._rows).structs(4, self._groups)
        footer = footer.structs(5, about) if about else footer
        return footer.text(6, "primum").end()


def _chunk_metadata(name: str, chunk: Chunk, at: int) -> _Struct:
    encodings = [_RLE, _BY_NUMBER, _PLAIN] if chunk.data_at else [_PLAIN]
    told = _Struct().i32(1, chunk.kind).i32s(2, encodings).texts(3, [name]).i32(4, _ZSTD).i64(5, chunk.rows)
    told = told.i64(6, chunk.plain_size).i64(7, len(chunk.pages)).i64(9, at + chunk.data_at)
    if chunk.data_at:
        told = told.i64(11, at)
    return _Struct().i64(2, at).struct(3, told)


def _is_text(column: Column) -> bool:
    return isinstance(column, Coded) or column.dtype.kind == "O"


def _coded(column: Column) -> Coded:
    if isinstance(column, Coded):
        return column
    names = list(dict.fromkeys(column.tolist()))
    number = {name: i for i, name in enumerate(names)}
    made = np.empty(len(names), dtype=object)
    made[:] = names
    return Coded(np.array([number[name] for name in column.tolist()], dtype=np.int64), made)


def _of_numbers(column: Any) -> Chunk:
    kind, form = (_DOUBLE, "<f8") if column.dtype.kind == "f" else (_INT64, "<i8")
    values = column.astype(form, copy=False)
    page, size = _page(_DATA_PAGE, np.ascontiguousarray(values).view(np.uint8).data, len(values), _PLAIN)
    return Chunk(kind, page, 0, size, len(values))


def _of_texts(column: Coded) -> Chunk:
    """Only the texts that occur, each once, then the number of each row among them."""
    present = np.bincount(column.code, minlength=len(column.names)) > 0
    texts = [str(name).encode() for name in column.names[present].tolist()]
    words = b"".join(struct.pack("<i", len(text)) + text for text in texts)
    rows = len(column.code)
    width = 1 if len(texts) <= 2**8 else 2 if len(texts) <= 2**16 else 4
    # One bit-packed run; at widths of 8, 16 and 32 bits it is the array itself, filled up to a multiple of eight.
    place = np.zeros(-(-rows // 8) * 8, dtype=f"<u{width}")
    place[:rows] = (np.cumsum(present) - 1)[column.code]
    run = bytes([8 * width]) + _varint((len(place) // 8) << 1 | 1) + place.tobytes()
    dictionary, dictionary_size = _page(_DICTIONARY_PAGE, words, len(texts), _PLAIN)
    data, size = _page(_DATA_PAGE, run, rows, _BY_NUMBER)
    return Chunk(_TEXT, dictionary + data, len(dictionary), dictionary_size + size, rows)


def _page(kind: int, content: bytes | memoryview, values: int, encoding: int) -> tuple[bytes, int]:
    """A page with its header, and its size before compression."""
    packed = zstd.compress(content, level=LEVEL)
    told = _Struct().i32(1, values).i32(2, encoding)
    is_data = kind == _DATA_PAGE
    if is_data:  # how levels would be written; there are none
        told = told.i32(3, _RLE).i32(4, _RLE)
    sizes = _Struct().i32(1, kind).i32(2, len(content)).i32(3, len(packed))
    header = sizes.struct(5 if is_data else 7, told).end()
    return header + packed, len(header) + len(content)


# --- Thrift's compact protocol, as far as a footer needs it ---


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _zigzag(value: int) -> bytes:
    return _varint(value << 1 ^ value >> 63)


def _string(text: str) -> bytes:
    raw = text.encode()
    return _varint(len(raw)) + raw


@dataclass(slots=True)
class _Struct:
    """A struct that is written field by field, in rising order of their numbers."""

    raw: bytearray = field(default_factory=bytearray)
    last: int = 0

    def i32(self, number: int, value: int) -> _Struct:
        return self._field(number, 5, _zigzag(value))

    def i64(self, number: int, value: int) -> _Struct:
        return self._field(number, 6, _zigzag(value))

    def text(self, number: int, value: str) -> _Struct:
        return self._field(number, 8, _string(value))

    def struct(self, number: int, value: _Struct) -> _Struct:
        return self._field(number, 12, value.end())

    def i32s(self, number: int, values: list[int]) -> _Struct:
        return self._list(number, 5, [_zigzag(value) for value in values])

    def texts(self, number: int, values: list[str]) -> _Struct:
        return self._list(number, 8, [_string(value) for value in values])

    def structs(self, number: int, values: list[_Struct]) -> _Struct:
        return self._list(number, 12, [value.end() for value in values])

    def end(self) -> bytes:
        return bytes(self.raw) + b"\0"

    def _field(self, number: int, kind: int, content: bytes) -> _Struct:
        self.raw += bytes([(number - self.last) << 4 | kind]) + content
        self.last = number
        return self

    def _list(self, number: int, kind: int, items: Iterable[bytes]) -> _Struct:
        listed = list(items)
        many = len(listed) >= 15
        head = bytes([0xF0 | kind]) + _varint(len(listed)) if many else bytes([len(listed) << 4 | kind])
        return self._field(number, 9, head + b"".join(listed))
