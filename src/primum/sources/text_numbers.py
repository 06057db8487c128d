"""Which number has a text, when a part holds millions of different ones?

A dictionary of Python's takes some hundred bytes and more a text. Here a text is 24 bytes, its own where it has fewer
and of a hash where it has not, and four of a number, in arrays that are kept in order; two of about one size are
merged, so that few are searched. What a million of them have become goes into a file, and memory grows no further.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from primum.sources.sorted_runs import Run

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.int64]
Keys = NDArray[np.bytes_]

# Of a key, one more than what the number of a case with its count has. Where it is a hash: of ten million texts, two
# share one with a probability below 1e-24.
_BYTES: Final = 24
_NOBODY: Final = -1
_AT_ONCE: Final = 1_000_000  # texts in memory


class TextNumbers:
    """Texts numbered from 0 as they are first met; none holds a control byte, as those of `Texts` do not.

    Args:
        folder: holds the files; whoever made it takes it away.

    Examples:
        >>> import pyarrow as pa
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     numbers = TextNumbers(Path(folder))
        ...     given = numbers.add(pa.array(["b", "a"])), numbers.add(pa.array(["a", "c"]))
        ...     found = numbers.find(pa.array(["c", "x"]))
        >>> [given.tolist() for given in given], len(numbers), found.tolist()
        ([[0, 1], [1, 2]], 3, [2, -1])
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._sorted: list[tuple[Keys, NDArray[np.int32]]] = []  # keys and their numbers, most first
        self._runs: list[Run] = []

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

    def _found(self, keys: Keys) -> Numbers:
        found = np.full(len(keys), _NOBODY, dtype=np.int64)
        for known, numbers in self._sorted:
            _look_up(keys, known, numbers, found, np.arange(len(keys)))
        for run in self._runs:
            asked = np.flatnonzero((found == _NOBODY) & (keys >= run.first) & (keys <= run.last))
            if len(asked):
                known, numbers = run.columns()
                _look_up(keys[asked], known, numbers, found, asked)
        return found

    def _keep(self, keys: Keys, numbers: NDArray[np.int32]) -> None:
        if not len(keys):
            return
        whole = sum(len(known) for known, _ in self._sorted) + len(keys) >= _AT_ONCE
        while self._sorted and (whole or len(self._sorted[-1][0]) <= 2 * len(keys)):
            others, their_numbers = self._sorted.pop()
            keys, numbers = np.concatenate((others, keys)), np.concatenate((their_numbers, numbers))
        if whole:
            self._runs.append(Run.of(self._folder, keys, numbers))
        else:
            order = np.argsort(keys, kind="stable")
            self._sorted.append((keys[order], numbers[order]))


def _look_up(keys: Keys, known: Keys, numbers: NDArray[np.int32], found: Numbers, places: Numbers) -> None:
    """Put the number of each key that is known at its place."""
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    there = known[at] == keys
    found[places[there]] = numbers[at[there]]


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
