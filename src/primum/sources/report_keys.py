"""Which report of a part has a number, when the part holds tens of millions of them?

A dictionary of Python's takes some hundred bytes a report. Two sorted arrays take twelve, and twenty-four while they
are put in order.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import Final

import numpy as np
from numpy.typing import NDArray

NOTHING: Final = ()
_AT_ONCE: Final = 1_000_000  # numbers put into their places together


class ReportKeys:
    """Rows of reports by number, counted from 1 as they are added; `add` them all, then `close`, then `find`.

    Examples:
        >>> keys = ReportKeys()
        >>> for number, version in [(30, 0), (7, 0), (30, 5)]:
        ...     keys.add(number, version=version)
        >>> keys.close()
        1
        >>> keys.find(30), keys.find(7), keys.find(8)
        ((3, 1), (2,), ())
    """

    def __init__(self) -> None:
        self._given = array("q")
        self._versions = array("i")  # of the reports up to the last that has one
        self._numbers = np.empty(0, np.int64)  # in order
        self._rows = np.empty(0, np.int32)
        self._seen = self._numbers.data  # bisect is five times as fast on it as on the array

    def add(self, number: int, *, version: int = 0) -> None:
        """Keep a report; a higher version of the same number is the newer one."""
        if version:
            self._versions.extend([0] * (len(self._given) - len(self._versions)))
            self._versions.append(version)
        self._given.append(number)

    def extend(self, numbers: NDArray[np.int64]) -> None:
        """Keep many reports without a version."""
        self._given.frombytes(numbers.astype(np.int64).tobytes())

    def close(self) -> int:
        """Put them in order, of one number the newest first, then as they came; how many share theirs with another."""
        given, self._given = np.frombuffer(self._given, dtype=np.int64), array("q")
        self._rows = np.argsort(given).astype(np.int32)
        self._numbers = np.empty(len(given), dtype=np.int64)
        for first in range(0, len(given), _AT_ONCE):  # whole, its places would take eight bytes each once more
            within = slice(first, first + _AT_ONCE)
            self._numbers[within] = given[self._rows[within]]
        again = np.flatnonzero(self._numbers[1:] == self._numbers[:-1])
        if len(again):
            shared = np.union1d(again, again + 1)
            rows = self._rows[shared]
            order = np.lexsort((rows, -self._versions_of(rows), self._numbers[shared]))
            self._rows[shared] = rows[order]
        self._rows += 1
        self._versions = array("i")
        self._seen = self._numbers.data
        return len(again)

    def find(self, number: int) -> tuple[int, ...]:
        """Rows of the reports with that number, the newest first; none where there is none."""
        first = last = bisect_left(self._seen, number)
        while last < len(self._seen) and self._seen[last] == number:
            last += 1
        return tuple(self._rows[first:last].tolist()) if last > first else NOTHING

    def find_each(self, numbers: NDArray[np.int64]) -> NDArray[np.int32]:
        """For each number the row that `find` names first; 0 where there is none.

        Examples:
            >>> keys = ReportKeys()
            >>> keys.extend(np.array([30, 7, 30]))
            >>> keys.close(), keys.find_each(np.array([7, 30, 8])).tolist()
            (1, [2, 1, 0])
        """
        if not len(self._numbers):
            return np.zeros(len(numbers), dtype=np.int32)
        at = np.minimum(np.searchsorted(self._numbers, numbers), len(self._numbers) - 1)
        rows: NDArray[np.int32] = np.where(self._numbers[at] == numbers, self._rows[at], 0)
        return rows

    def _versions_of(self, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        known = np.frombuffer(self._versions or array("i", [0]), dtype=np.int32)
        versions: NDArray[np.int32] = np.where(rows < len(known), known[np.minimum(rows, len(known) - 1)], 0)
        return versions
