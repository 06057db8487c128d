"""Which number has a text, when a part holds millions of different ones?

A dictionary of Python's takes some hundred bytes and more a text. Here a text is 24 bytes, its own where it has fewer
and of a hash where it has not, and four of a number, in arrays that are kept in order; two of about one size are
merged, so that few are searched.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.int64]

# Of a key, one more than what the number of a case with its count has. Where it is a hash: of ten million texts, two
# share one with a probability below 1e-24.
_BYTES: Final = 24
_NOBODY: Final = -1


class TextNumbers:
    """Texts numbered from 0 as they are first met; none holds a control byte, as those of `Texts` do not.

    Examples:
        >>> import pyarrow as pa
        >>> numbers = TextNumbers()
        >>> numbers.add(pa.array(["b", "a"])).tolist(), numbers.add(pa.array(["a", "c"])).tolist(), len(numbers)
        ([0, 1], [1, 2], 3)
        >>> numbers.find(pa.array(["c", "x"])).tolist()
        [2, -1]
    """

    def __init__(self) -> None:
        self._count = 0
        self._sorted: list[tuple[NDArray[np.bytes_], NDArray[np.int32]]] = []  # keys and their numbers, most first

    def __len__(self) -> int:
        return self._count

    def add(self, texts: pa.StringArray) -> Numbers:
        """The number of each text, none of which stands here twice; those not met before get the next."""
        keys = _keys(texts)
        found = self._found(keys)
        new = np.flatnonzero(found == _NOBODY)
        found[new] = np.arange(self._count, self._count + len(new))
        self._count += len(new)
        self._keep(keys[new], found[new].astype(np.int32))
        return found

    def find(self, texts: pa.StringArray) -> Numbers:
        """The number of each text; -1 where it was not met."""
        return self._found(_keys(texts))

    def _found(self, keys: NDArray[np.bytes_]) -> Numbers:
        found = np.full(len(keys), _NOBODY, dtype=np.int64)
        for known, numbers in self._sorted:
            at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
            there = known[at] == keys
            found[there] = numbers[at[there]]
        return found

    def _keep(self, keys: NDArray[np.bytes_], numbers: NDArray[np.int32]) -> None:
        if not len(keys):
            return
        while self._sorted and len(self._sorted[-1][0]) <= 2 * len(keys):
            others, their_numbers = self._sorted.pop()
            keys, numbers = np.concatenate((others, keys)), np.concatenate((their_numbers, numbers))
        order = np.argsort(keys, kind="stable")
        self._sorted.append((keys[order], numbers[order]))


def _keys(texts: pa.StringArray) -> NDArray[np.bytes_]:
    """Each text itself, with zeros behind it, where that leaves one; its hash where it does not."""
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    letters = np.frombuffer(data or b"", np.uint8)
    starts, lengths = ends[:-1], np.diff(ends)
    keys = np.zeros((len(texts), _BYTES), np.uint8)
    for place in range(min(_BYTES - 1, max(lengths, default=0))):
        longer = np.flatnonzero(lengths > place)
        keys[longer, place] = letters[starts[longer] + place]
    if len(long := np.flatnonzero(lengths >= _BYTES)):
        whole = (text.encode() for text in texts.take(long).to_pylist())
        hashes = b"".join([blake2b(text, digest_size=_BYTES).digest() for text in whole])
        keys[long] = np.frombuffer(hashes, np.uint8).reshape(-1, _BYTES)
    return keys.view(f"S{_BYTES}").ravel()


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
