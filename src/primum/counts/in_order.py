"""How do the processors put what each finds behind one another, in order, without keeping it twice?"""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from primum.terms import FloatArray

Memory = tuple[NDArray[np.int32], FloatArray]
"""Codes and sums of the pairs of a run; shapes `(3, pairs)` and `(6, pairs)`."""


class InOrder:
    """Columns of pairs that are found run by run, by several threads.

    What a run has found is put behind that of the run before it as soon as it can be, and where it was found is written
    over by a later run: fresh memory is dearer than a copy.

    Args:
        at_most: pairs of all runs; what they leave of it is never touched.
        of_run: pairs of one run at most.

    Examples:
        >>> found = InOrder(4, 2)
        >>> for number, drug in ((1, 8), (0, 7)):
        ...     memory = found.memory()
        ...     memory[0][:] = drug
        ...     found.add(number, 2, memory)
        >>> found.columns()[0].tolist()
        [7, 7, 8, 8]
    """

    def __init__(self, at_most: int, of_run: int) -> None:
        self._columns = [np.empty(at_most, dtype) for dtype in (*[np.int32] * 3, *[np.float64] * 6)]
        self._of_run = of_run
        self._spare: list[Memory] = []
        self._done: dict[int, tuple[int, Memory]] = {}
        self._next = self._pairs = 0
        self._settling = Lock()

    def memory(self) -> Memory:
        """Where the codes and sums of a run may be put."""
        try:
            return self._spare.pop()
        except IndexError:
            return np.empty((3, self._of_run), dtype=np.int32), np.empty((6, self._of_run))

    def add(self, number: int, pairs: int, memory: Memory) -> None:
        """Take what was found in a run; it may have to wait for those before it."""
        self._done[number] = pairs, memory
        if self._settling.acquire(blocking=False):  # whoever has it settles this run too, or the next one does
            try:
                self._settle()
            finally:
                self._settling.release()

    def columns(self) -> list[NDArray[Any]]:
        """All that was found, when no run is left."""
        self._settle()
        return [column[: self._pairs] for column in self._columns]

    def _settle(self) -> None:
        while (found := self._done.pop(self._next, None)) is not None:
            pairs, memory = found
            for column, mine in zip(self._columns, (*memory[0], *memory[1]), strict=True):
                column[self._pairs : self._pairs + pairs] = mine[:pairs]
            self._spare.append(memory)
            self._next, self._pairs = self._next + 1, self._pairs + pairs
