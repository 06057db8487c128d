"""What is known of each report of a part while it is read, when there are more reports than memory should hold?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primum.sources.texts import Places

Numbers = NDArray[np.int64]
_AT_ONCE: Final = 65_536  # numbers that room is made for together


class KeptNumbers:
    """A whole number at each place from 0 on, zero until one is kept, in a file that is looked at where it is asked.

    Args:
        folder: holds the file; whoever made it takes it away.

    Examples:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     kept = KeptNumbers(Path(folder))
        ...     kept[np.array([3, 70_000])] = np.array([30, 7])
        ...     kept[np.array([3, 4, 70_000, 10**9])].tolist()
        [30, 0, 7, 0]
    """

    def __init__(self, folder: Path) -> None:
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            self._path = Path(file.name)
        self._size = 0

    def __getitem__(self, places: Places) -> Numbers:
        """The number at each place."""
        numbers = np.zeros(len(places), dtype=np.int64)
        within = np.flatnonzero(places < self._size)
        if len(within):
            numbers[within] = self._all("r")[places[within]]
        return numbers

    def __setitem__(self, places: Places, numbers: Numbers) -> None:
        """Keep a number at each place."""
        if len(places):
            self._make_room(int(places.max()) + 1)
            self._all("r+")[places] = numbers

    def _make_room(self, size: int) -> None:
        """Zeros are written before a number takes their place: a disk without room for them is an error then."""
        missing = -(-size // _AT_ONCE) * _AT_ONCE - self._size
        if missing > 0:
            with self._path.open("ab") as file:
                file.write(np.zeros(missing, dtype=np.int64).data)
            self._size += missing

    def _all(self, mode: str) -> Numbers:
        """All of them; they take no memory once they are let go."""
        return np.memmap(self._path, dtype=np.int64, mode=mode, shape=(self._size,))  # type: ignore[call-overload, no-any-return]
