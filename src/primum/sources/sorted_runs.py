"""How do columns of numbers or texts lie on the disk, in the order of their keys, to be looked at now and then?"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Run:
    """Columns in a file, one behind the other; the first holds the keys, in order.

    Args:
        path: of the file.
        kinds: of the columns.
        length: rows.
        first: the least key.
        last: the greatest.

    Examples:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = Run.of(Path(folder), np.array([7, 3]), np.array([b"x", b"yz"]))
        ...     [column.tolist() for column in run.columns()]
        [[3, 7], [b'yz', b'x']]
        >>> int(run.first), int(run.last)
        (3, 7)
    """

    path: Path
    kinds: tuple[np.dtype[Any], ...]
    length: int
    first: Any
    last: Any

    @staticmethod
    def of(folder: Path, keys: NDArray[Any], *others: NDArray[Any]) -> Run:
        """Write rows, of which there is one at least, in the order of their keys, of equal ones as they came."""
        order = np.argsort(keys, kind="stable")
        columns = (keys, *others)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            for column in columns:
                file.write(column[order].data)
        kinds = tuple(column.dtype for column in columns)
        return Run(Path(file.name), kinds, len(keys), keys[order[0]], keys[order[-1]])

    def columns(self) -> list[NDArray[Any]]:
        """The columns; they take no memory once they are let go."""
        found: list[NDArray[Any]] = []
        begin = 0
        for kind in self.kinds:
            found.append(np.memmap(self.path, dtype=kind, mode="r", offset=begin, shape=(self.length,)))
            begin += self.length * kind.itemsize
        return found
