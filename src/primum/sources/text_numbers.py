"""Which number has a text, when a part holds millions of different ones?

A dictionary of Python's takes some hundred bytes and more a text. Here a text is sixteen bytes of a hash and four of a
number, in arrays that are kept in order; two of about one size are merged, so that few are searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

_BYTES: Final = 16  # of a hash: of ten million texts, two share one with a probability below 1e-24
_NOBODY: Final = -1


class TextNumbers:
    """Texts numbered from 0 as they are first met.

    Examples:
        >>> numbers = TextNumbers()
        >>> numbers.add(["b", "a"]).tolist(), numbers.add(["a", "c"]).tolist(), len(numbers)
        ([0, 1], [1, 2], 3)
        >>> numbers.find(["c", "x"]).tolist()
        [2, -1]
    """

    def __init__(self) -> None:
        self._count = 0
        self._sorted: list[tuple[NDArray[np.bytes_], NDArray[np.int32]]] = []  # hashes and their numbers, largest first

    def __len__(self) -> int:
        return self._count

    def add(self, texts: Sequence[str]) -> Numbers:
        """The number of each text, none of which stands here twice; those not met before get the next."""
        hashes = _hashes(texts)
        found = self._found(hashes)
        new = np.flatnonzero(found == _NOBODY)
        found[new] = np.arange(self._count, self._count + len(new))
        self._count += len(new)
        self._keep(hashes[new], found[new].astype(np.int32))
        return found

    def find(self, texts: Sequence[str]) -> Numbers:
        """The number of each text; -1 where it was not met."""
        return self._found(_hashes(texts))

    def _found(self, hashes: NDArray[np.bytes_]) -> Numbers:
        found = np.full(len(hashes), _NOBODY, dtype=np.int64)
        for known, numbers in self._sorted:
            at = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
            there = known[at] == hashes
            found[there] = numbers[at[there]]
        return found

    def _keep(self, hashes: NDArray[np.bytes_], numbers: NDArray[np.int32]) -> None:
        if not len(hashes):
            return
        while self._sorted and len(self._sorted[-1][0]) <= 2 * len(hashes):
            others, their_numbers = self._sorted.pop()
            hashes, numbers = np.concatenate((others, hashes)), np.concatenate((their_numbers, numbers))
        order = np.argsort(hashes, kind="stable")
        self._sorted.append((hashes[order], numbers[order]))


def _hashes(texts: Sequence[str]) -> NDArray[np.bytes_]:
    digests = b"".join([blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_BYTES).digest() for text in texts])
    return np.frombuffer(digests, dtype=f"S{_BYTES}")


def with_room(kept: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """An array whose last axis holds at least `size` places, zeros behind what it held; twice as long where it grows.

    Examples:
        >>> with_room(np.array([5, 6]), 3).tolist(), with_room(np.array([5, 6]), 1).tolist()
        ([5, 6, 0, 0], [5, 6])
    """
    held = kept.shape[-1]
    if size <= held:
        return kept
    more = np.zeros((*kept.shape[:-1], max(size, 2 * held) - held), dtype=np.int64)
    return np.concatenate((kept, more), axis=-1)
