"""How few different pairs are there? Millions of pairs share their three counts, and so every statistic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from primum.counts.kernel import Codes
from primum.terms import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """The pairs of a count, each combination of observed count and margins once.

    Args:
        observed: reports with drug and event; shape `(kinds,)`, rising.
        drug_reports: reports with the drug; same shape.
        event_reports: reports with the event; same shape.
        weight: pairs of each kind.
        of_pair: kind of each pair; shape `(pairs,)`.
    """

    observed: IntArray
    drug_reports: IntArray
    event_reports: IntArray
    weight: IntArray
    of_pair: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.observed)


def kinds_of(observed: IntArray, drug_reports: IntArray, event_reports: IntArray) -> Kinds:
    """Put pairs with the same three counts into one kind.

    Args:
        observed: reports with drug and event of each pair, at least 0; shape `(pairs,)`.
        drug_reports: reports with the drug; same shape.
        event_reports: reports with the event; same shape.

    Examples:
        >>> kinds = kinds_of(np.array([2, 1, 2]), np.array([5, 5, 5]), np.array([3, 4, 3]))
        >>> kinds.observed.tolist(), kinds.weight.tolist(), kinds.of_pair.tolist()
        ([1, 2], [1, 2], [1, 0, 1])
    """
    key = np.zeros(len(observed), dtype=np.int64)
    values = []
    for counts in (observed, drug_reports, event_reports):  # their places among the distinct ones fit one number
        found, place = distinct(counts)
        key *= max(len(found), 1)
        key += place
        values.append(found)
    order = np.argsort(key)
    key = key[order]
    new = np.concatenate(([True], key[1:] != key[:-1])) if len(key) else np.zeros(0, dtype=bool)
    of_pair = np.empty(len(key), dtype=np.int32)
    of_pair[order] = np.cumsum(new, dtype=np.int32) - np.int32(1)
    first = np.flatnonzero(new)
    rest, event = np.divmod(key[first], max(len(values[2]), 1))
    count, drug = np.divmod(rest, max(len(values[1]), 1))
    weight = np.diff(first, append=len(key))
    return Kinds(values[0][count], values[1][drug], values[2][event], weight, of_pair)


def distinct(counts: Codes) -> tuple[IntArray, IntArray]:
    """The distinct values of some numbers, none below 0, rising, and the place of each number among them."""
    top = int(counts.max(initial=0))
    if top > 4 * len(counts) + 1000:  # a table of every value up to `top` would be larger than the pairs
        values, place = np.unique(counts, return_inverse=True)
        return values.astype(np.int64), place.astype(np.int64)
    present = np.zeros(top + 1, dtype=bool)
    present[counts] = True
    return np.flatnonzero(present), (np.cumsum(present, dtype=np.int32) - np.int32(1))[counts]
