"""Which report of a part has a number, when the part holds tens of millions of them?

A dictionary of Python's takes some hundred bytes a report; two sorted arrays take sixteen.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import Final

import numpy as np
from numpy.typing import NDArray

NOTHING: Final = ()


class ReportKeys:
    """Rows of reports by number; `add` them all, then `close`, then `find`.

    Examples:
        >>> keys = ReportKeys()
        >>> for row, (number, version) in enumerate([(30, 0), (7, 0), (30, 5)], start=1):
        ...     keys.add(number, row, version=version)
        >>> keys.close()
        1
        >>> keys.find(30), keys.find(7), keys.find(8)
        ((3, 1), (2,), ())
    """

    def __init__(self) -> None:
        self._numbers = array("q")
        self._rows = array("i")
        self._versions = array("i")

    def add(self, number: int, row: int, *, version: int = 0) -> None:
        """Keep the row of a report; a higher version of the same number is the newer one."""
        self._numbers.append(number)
        self._rows.append(row)
        self._versions.append(version)

    def extend(self, numbers: NDArray[np.int64], rows: NDArray[np.intp]) -> None:
        """As `add`, for many reports of the same version."""
        self._numbers.frombytes(numbers.astype(np.int64).tobytes())
        self._rows.frombytes(rows.astype(np.int32).tobytes())
        self._versions.frombytes(bytes(4 * len(rows)))

    def close(self) -> int:
        """Put them in order; how many share their number with another."""
        numbers = np.frombuffer(self._numbers, dtype=np.int64) if self._numbers else np.empty(0, np.int64)
        rows = np.frombuffer(self._rows, dtype=np.int32) if self._rows else np.empty(0, np.int32)
        versions = np.frombuffer(self._versions, dtype=np.int32) if self._versions else np.empty(0, np.int32)
        order = np.lexsort((rows, -versions, numbers))  # of one number the newest first, then as they came
        ordered, placed = numbers[order], rows[order]
        del numbers, rows, versions
        self._numbers, self._rows, self._versions = (
            array("q", ordered.tobytes()),
            array("i", placed.tobytes()),
            array("i"),
        )
        return int(np.sum(ordered[1:] == ordered[:-1]))

    def find(self, number: int) -> tuple[int, ...]:
        """Rows of the reports with that number, the newest first; none where there is none."""
        first = bisect_left(self._numbers, number)
        if first == len(self._numbers) or self._numbers[first] != number:
            return NOTHING
        last = first + 1
        while last < len(self._numbers) and self._numbers[last] == number:
            last += 1
        return tuple(self._rows[first:last])

    def find_each(self, numbers: NDArray[np.int64]) -> NDArray[np.int32]:
        """For each number the row that `find` names first; 0 where there is none.

        Examples:
            >>> keys = ReportKeys()
            >>> keys.extend(np.array([30, 7, 30]), np.array([1, 2, 3]))
            >>> keys.close(), keys.find_each(np.array([7, 30, 8])).tolist()
            (1, [2, 1, 0])
        """
        known = np.frombuffer(self._numbers, dtype=np.int64)
        at = np.minimum(np.searchsorted(known, numbers), max(0, len(known) - 1))
        if not len(known):
            return np.zeros(len(numbers), dtype=np.int32)
        rows: NDArray[np.int32] = np.where(known[at] == numbers, np.frombuffer(self._rows, dtype=np.int32)[at], 0)
        return rows
