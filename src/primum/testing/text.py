"""How do columns become the lines of a report file, as fast as memory is read? As wide records, without the gaps.

A column is one constant, one array of bytes, or several of either that follow each other without a sign between them.
All columns of a block are laid into records of fixed width, NUL behind each short value; all NULs are then dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.bytes_]
Column = bytes | Bytes | tuple[bytes | Bytes, ...]

CHUNK: Final = 4  # digits that are looked up at once


def lines(columns: Sequence[Column], end: Column, *, rows: int) -> bytes:
    r"""Rows as text: `$` between columns, `end` behind each row.

    Args:
        columns: in the order of the file.
        end: line end; an array where it differs between rows.
        rows: how many.

    Examples:
        >>> lines([np.array([b"1", b"22"]), b"", (b"DRUG ", np.array([b"A", b""]))], b"\n", rows=2)
        b'1$$DRUG A\n22$$DRUG \n'
    """
    parts: list[bytes | Bytes] = []
    for place, column in enumerate((*columns, end)):
        if 0 < place < len(columns):
            parts.append(b"$")
        parts += column if isinstance(column, tuple) else (column,)
    merged: list[bytes | Bytes] = []
    for part in parts:
        if isinstance(part, bytes) and merged and isinstance(merged[-1], bytes):
            merged[-1] += part
        else:
            merged.append(part)
    filled = [part for part in merged if not isinstance(part, bytes) or part]
    widths = [len(part) if isinstance(part, bytes) else part.dtype.itemsize for part in filled]
    records = np.empty(rows, dtype=[(f"p{place}", f"S{width}") for place, width in enumerate(widths)])
    for place, part in enumerate(filled):
        records[f"p{place}"] = part
    return records.tobytes().translate(None, b"\0")


def digits(numbers: NDArray[np.int64], width: int) -> Bytes:
    """Numbers from 0 on as digits, with zeros in front.

    Examples:
        >>> digits(np.array([7, 123456]), 6).tolist()
        [b'000007', b'123456']
    """
    chunks = -(-width // CHUNK)
    found = np.empty((len(numbers), chunks), dtype=f"S{CHUNK}")
    rest = numbers
    for place in range(chunks - 1, -1, -1):
        rest, low = np.divmod(rest, 10**CHUNK) if place else (rest, rest)
        found[:, place] = _four_digits()[low]
    return narrow(found.view(f"S{CHUNK * chunks}").ravel(), CHUNK * chunks - width)


def narrow(texts: Bytes, drop: int) -> Bytes:
    """Texts of full width without their first bytes."""
    if not drop:
        return texts
    width = texts.dtype.itemsize
    letters = texts.view(np.uint8).reshape(-1, width)[:, drop:]
    return np.ascontiguousarray(letters).view(f"S{width - drop}").ravel()


@cache
def _four_digits() -> Bytes:
    return np.array([b"%04d" % number for number in range(10**CHUNK)])


@cache
def numbers_as_text(most: int) -> Bytes:
    """The numbers from 0 to `most - 1` as text without zeros in front, to be looked up."""
    return np.array([b"%d" % number for number in range(most)])
