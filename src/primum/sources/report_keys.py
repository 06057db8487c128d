"""Which reports of a part have a number, when the part holds more of them than memory should?

Numbers are put in order a million at a time. What is in order lies in files, one of which is looked at at a time: some
50 MB are in memory, however many reports a part holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primum.sources.sorted_runs import Run
from primum.sources.texts import Places

Numbers = NDArray[np.int64]
_AT_ONCE: Final = 1_000_000  # numbers that are put in order together


class ReportKeys:
    """Rows of reports by number, counted from 1 as they are added; `extend` by all, then `close`, then `find`.

    Args:
        folder: holds the files; whoever made it takes it away.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     keys = ReportKeys(Path(folder))
        ...     keys.extend(np.array([30, 7, 30]), versions=np.array([0, 0, 5]))
        ...     again = keys.close()
        ...     places, rows = keys.find_all(np.array([30, 8, 7]))
        ...     newest = keys.find(np.array([30, 8, 7]))
        >>> again, places.tolist(), rows.tolist(), newest.tolist()
        (1, [0, 0, 2], [3, 1, 2], [3, 0, 2])
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[tuple[Numbers, Numbers]] = []  # numbers and versions
        self._waits = self._rows = self._again = 0
        self._runs: list[Run] = []

    def extend(self, numbers: Numbers, *, versions: Numbers | None = None) -> None:
        """Keep reports; of those of one number that with the highest version is the newest."""
        given = numbers.astype(np.int64)
        self._waiting.append((given, np.zeros(len(given), np.int64) if versions is None else versions.astype(np.int64)))
        self._waits += len(given)
        if self._waits >= _AT_ONCE:
            self._put_away()

    def close(self) -> int:
        """No more will come; how many share their number with another."""
        self._put_away()
        return self._again

    def find_all(self, numbers: Numbers) -> tuple[Places, Places]:
        """The rows of reports with each of some numbers: which number it is, and the row; the newest first."""
        found = list(self._matches(numbers))
        if not found:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        places, rows, versions = (np.concatenate(parts) for parts in zip(*found, strict=True))
        if np.all(places[1:] > places[:-1]):  # as nearly always: one row each, all of one run
            return places, rows
        order = np.lexsort((rows, -versions, places))
        return places[order], rows[order]

    def find(self, numbers: Numbers) -> Places:
        """The row of the newest report with each number; 0 where there is none."""
        places, rows = self.find_all(numbers)
        newest = np.zeros(len(numbers), np.intp)
        newest[places[::-1]] = rows[::-1]
        return newest

    def _matches(self, numbers: Numbers) -> Iterator[tuple[Places, Places, Numbers]]:
        for run in self._runs:
            asked = np.flatnonzero((numbers >= run.first) & (numbers <= run.last))
            if not len(asked):
                continue
            known, rows, versions = run.columns()
            begin = np.searchsorted(known, numbers[asked])
            lengths = np.searchsorted(known, numbers[asked], side="right") - begin
            at = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths - begin, lengths)
            yield np.repeat(asked, lengths), rows[at].astype(np.intp), versions[at]

    def _put_away(self) -> None:
        """Write what waits as a run."""
        if not self._waits:
            return
        numbers, versions = (np.concatenate(parts) for parts in zip(*self._waiting, strict=True))
        rows = np.arange(self._rows + 1, self._rows + len(numbers) + 1)
        distinct = np.unique(numbers)
        self._again += len(numbers) - int(np.sum(self.find(distinct) == 0))
        self._runs.append(Run.of(self._folder, numbers, rows, versions))
        self._rows += len(numbers)
        self._waiting, self._waits = [], 0
