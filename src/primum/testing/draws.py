"""What would chance give for this report, whoever asks and whenever? Random numbers as a function of a key.

A generator with a state gives other numbers when it is asked in another order. Here every number is computed from the
seed, from what it is for, and from the key of the report: a later version of a case, its duplicate in another quarter
and the seven tables find the same person again without anything being remembered, and batches of any size give the same
bytes. The mixing is that of splitmix64.

Source: Steele, Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014, doi:10.1145/2660193.2660195.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

STEP: Final = np.uint64(0x9E3779B97F4A7C15)  # between keys
ROW_STEP: Final = np.uint64(0xD1B54A32D192ED03)  # between rows of a key
MANY: Final = 200  # a Poisson count above this has no chance that a double can tell from none


@dataclass(frozen=True, slots=True)
class Draws:
    """Random numbers of one seed.

    Args:
        seed: any number from 0.

    Examples:
        >>> keys = np.arange(4)
        >>> draws = Draws(1)
        >>> bool((draws.uniform(keys, "age")[2:] == draws.uniform(keys[2:], "age")).all())
        True
        >>> bool((draws.uniform(keys, "age") == draws.uniform(keys, "sex")).any())
        False
    """

    seed: int

    def bits(self, keys: Keys, what: str, rows: Keys | int = 0) -> NDArray[np.uint64]:
        """64 random bits for each key.

        Args:
            keys: of the reports, 0 or more; shape `(n,)`.
            what: what they are for; another word, other numbers.
            rows: number of the row within the report, where one key needs several.
        """
        mixed = keys.astype(np.uint64)
        mixed *= STEP
        mixed += np.uint64(_start(self.seed, what))
        if not isinstance(rows, int):
            mixed += rows.astype(np.uint64) * ROW_STEP
        return _mix(mixed)

    def uniform(self, keys: Keys, what: str, rows: Keys | int = 0) -> Floats:
        """Numbers from [0, 1), one a key."""
        numbers: Floats = (self.bits(keys, what, rows) >> np.uint64(11)).astype(np.float64)
        numbers *= 2.0**-53
        return numbers

    def below(self, keys: Keys, what: str, most: NDArray[Any] | int, rows: Keys | int = 0) -> Keys:
        """Whole numbers from 0 to `most - 1`, one a key."""
        return (self.uniform(keys, what, rows) * most).astype(np.int64)

    def chance(self, keys: Keys, what: str, share: NDArray[Any] | float, rows: Keys | int = 0) -> Mask:
        """Whether something with this probability happens, one answer a key."""
        return self.uniform(keys, what, rows) < share

    def pick(self, keys: Keys, what: str, weights: Sequence[float], rows: Keys | int = 0) -> Keys:
        """Places in a list of weights, each as likely as its weight."""
        steps = np.cumsum(weights)
        return _place_in(steps[:-1], self.uniform(keys, what, rows) * steps[-1])

    def poisson(self, keys: Keys, what: str, mean: float) -> Keys:
        """Counts of a Poisson law."""
        terms = np.exp(-mean) * np.cumprod(np.append(1.0, mean / np.arange(1, MANY)))
        return _place_in(np.cumsum(terms), self.uniform(keys, what))


def _place_in(steps: Floats, numbers: Floats) -> Keys:
    return np.searchsorted(steps, numbers, side="right").astype(np.int64, copy=False)


def _start(seed: int, what: str) -> int:
    start = np.array([(seed * 0x100000001B3 + crc32(what.encode())) % 2**64], dtype=np.uint64)
    return int(_mix(start + STEP)[0])


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state ^= state >> np.uint64(30)
    state *= np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(27)
    state *= np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return state
