"""How are hundreds of millions of (drug, event) pairs of reports counted in a few passes over arrays?

A report is a number from 0; lists of numbers lie end to end in one array (`Lists`). For every drug the events of its
reports are laid out one after the other once (`Joined`), so that counting reads memory from front to back and never
jumps. A drug with many events is counted into one cell an event; drugs with few are sorted together.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from primum.counts.compiled import compiled_for
from primum.errors import CountError
from primum.terms import BoolArray, IntArray

Codes = NDArray[np.integer[Any]]
T = TypeVar("T")
R = TypeVar("R")

ENTRIES_AT_ONCE: Final = 1_000_000  # of a block: a few arrays of it stay near the processor
LISTS_AT_ONCE: Final = 32_768  # that are gathered, for the same reason
DENSE_SHARE: Final = 8  # a drug with more than 1/8 as many entries as there are events gets a cell an event


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """Lists of codes, end to end: list `i` is `values[start[i]:start[i + 1]]`, rising, each code once.

    Raises:
        CountError: `start` does not cover the values.

    Examples:
        >>> lists = Lists(np.array([0, 2, 2, 3]), np.array([4, 7, 1]))
        >>> len(lists), lists.of(0).tolist(), lists.of(1).tolist()
        (3, [4, 7], [])
    """

    start: Codes
    values: Codes

    def __post_init__(self) -> None:
        if not len(self.start) or int(self.start[0]) != 0 or int(self.start[-1]) != len(self.values):
            raise CountError(f"{len(self.values)} values do not lie between the first and last start of their lists.")

    def __len__(self) -> int:
        return len(self.start) - 1

    def of(self, which: int) -> Codes:
        """One list."""
        return self.values[int(self.start[which]) : int(self.start[which + 1])]

    @property
    def sizes(self) -> IntArray:
        """Length of each list."""
        return np.diff(self.start).astype(np.int64)

    def gather(self, which: Codes) -> tuple[Codes, IntArray]:
        """The values of several lists end to end, and the length of each."""
        first = self.start[which]
        sizes = (self.start[np.asarray(which, dtype=np.int64) + 1] - first).astype(np.int64)
        ends = np.cumsum(sizes)
        narrow = np.int32 if len(self.values) < 2**31 else np.int64  # half the memory to move
        places = np.repeat((first - (ends - sizes)).astype(narrow), sizes)
        places += np.arange(len(places), dtype=narrow)
        return self.values[places], sizes

    def tally(self, which: Codes, width: int) -> IntArray:
        """In how many of several lists each value below `width` stands.

        Examples:
            >>> Lists(np.array([0, 2, 3]), np.array([0, 1, 1])).tally(np.array([0, 1]), 3).tolist()
            [1, 2, 0]
        """
        loop = compiled_for(add_lists, len(which), called=LISTS_AT_ONCE, imported=None)

        def count(starts: Iterator[int]) -> IntArray:
            counted = np.zeros(width, dtype=np.int64)
            for first in starts:
                some = which[first : first + LISTS_AT_ONCE]
                if loop is not None:
                    loop(self.start, self.values, some, counted)
                else:
                    counted += np.bincount(self.gather(some)[0], minlength=width)
            return counted

        return np.asarray(np.sum(shared_out(count, range(0, len(which), LISTS_AT_ONCE)), axis=0))

    def inverted(self, width: int) -> Lists:
        """For each code below `width`, the numbers of the lists that hold it.

        Examples:
            >>> Lists(np.array([0, 2, 3]), np.array([0, 1, 1])).inverted(2).of(1).tolist()
            [0, 1]
        """
        from scipy import sparse

        shape = (len(self), max(width, 1))
        small = np.int32 if max(len(self.values), *shape) < 2**31 else np.int64
        held = np.ones(len(self.values), dtype=np.int8)
        turned = sparse.csr_array((held, self.values.astype(small), self.start.astype(small)), shape=shape).tocsc()
        return Lists(turned.indptr[: width + 1].astype(np.int64), turned.indices)


def add_lists(start: Codes, values: Codes, which: Codes, counted: IntArray) -> None:
    """Raise the count of each value of some lists; written to be compiled (`primum.counts.compiled`)."""
    for one in which:
        for place in range(start[one], start[one + 1]):
            counted[values[place]] += 1


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """For every drug, its reports and their events, in the order of the reports.

    Args:
        reports: the reports of each drug.
        sizes: events of each of these reports; shape of `reports.values`.
        events: the events of each drug's reports, end to end, a drug a list (an event as often as reports hold it).
    """

    reports: Lists
    sizes: Codes
    events: Lists

    def __post_init__(self) -> None:
        if self.sizes.shape != self.reports.values.shape or len(self.events.start) != len(self.reports.start):
            raise CountError("Joined lists do not fit together; build them with primum.counts.kernel.joined.")


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Every pair that a report holds, in the order of drug and event, with its number of reports."""

    drug: Codes
    event: Codes
    observed: Codes

    def __len__(self) -> int:
        return len(self.observed)


def as_lists(owner: Codes, values: Codes, *, owners: int, width: int) -> Lists:
    """Pairs (owner, value) in any order and with repeats as lists, each value once in a list.

    Examples:
        >>> lists = as_lists(np.array([1, 0, 1]), np.array([2, 5, 2]), owners=2, width=6)
        >>> lists.start.tolist(), lists.values.tolist()
        ([0, 1, 2], [5, 2])
    """
    key = np.asarray(owner, dtype=np.int64) * max(width, 1)
    key += values
    key.sort()
    if len(key):
        key = key[np.concatenate(([True], key[1:] != key[:-1]))]
    held, codes = np.divmod(key, max(width, 1))
    return Lists(starts(np.bincount(held, minlength=owners)), codes.astype(code_type(width)))


def starts(sizes: Codes | BoolArray) -> IntArray:
    """Where lists of these lengths begin, and where the last one ends."""
    result = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=result[1:])
    return result


def code_type(width: int) -> type[np.uint16] | type[np.int32]:
    """The narrower type that holds codes below `width`: half the memory is half the time."""
    return np.uint16 if width <= 2**16 else np.int32


def blocks(sizes: Codes, *, at_once: int = ENTRIES_AT_ONCE) -> list[tuple[int, int]]:
    """Cut a row of lists into runs of about `at_once` entries; a longer list is a run of its own.

    Examples:
        >>> blocks(np.array([2, 2, 9, 1]), at_once=4)
        [(0, 2), (2, 3), (3, 4)]
    """
    ends = np.cumsum(sizes)
    result: list[tuple[int, int]] = []
    first, before = 0, 0
    while first < len(sizes):
        last = max(first + 1, int(np.searchsorted(ends, before + at_once, side="right")))
        result.append((first, last))
        first, before = last, int(ends[last - 1])
    return result


def in_threads(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Results in the order of the items; NumPy lets the other processors work while it counts.

    Whoever asks works too, and each takes the next item as soon as it has done the last: a hand-over an item would
    take longer than a small one does.
    """
    workers = min(os.cpu_count() or 1, len(items), 8)
    if workers < 2:
        return [work(item) for item in items]
    left, found = iter(range(len(items))), dict[int, R]()

    def some() -> None:
        for place in left:
            found[place] = work(items[place])

    with ThreadPoolExecutor(workers - 1) as pool:
        others = [pool.submit(some) for _ in range(workers - 1)]
        some()
        for one in others:
            one.result()
    return [found[place] for place in range(len(items))]


def shared_out(work: Callable[[Iterator[T]], R], items: Sequence[T]) -> list[R]:
    """What each processor makes of its items: it takes the next one as soon as it has done the last.

    Args:
        work: goes through the items it is given, with memory of its own from one to the next.
        items: in the order in which they are begun.

    Examples:
        >>> sum(shared_out(sum, [1, 2, 3]))
        6
    """
    left = iter(items)
    return in_threads(work, [left] * min(os.cpu_count() or 1, max(len(items), 1), 8))


def joined(reports_of_drug: Lists, events_of_report: Lists, *, events: Codes | None = None) -> Joined:
    """Lay out the events of each drug's reports.

    Args:
        reports_of_drug: reports of each drug.
        events_of_report: events of each report.
        events: an array to write the events into (a memory map, so that memory stays bounded); None makes one.
    """
    of_report = events_of_report.sizes
    of_report = of_report.astype(np.uint8 if of_report.max(initial=0) < 2**8 else np.int32)
    sizes = of_report[reports_of_drug.values]
    total = np.zeros(len(reports_of_drug), dtype=np.int64)
    runs = blocks(reports_of_drug.sizes)
    for first, last in runs:
        start = reports_of_drug.start[first : last + 1].astype(np.int64)
        total[first:last] = np.diff(starts(sizes[start[0] : start[-1]])[start - start[0]])
    begin = starts(total)
    if events is None:
        events = np.empty(int(begin[-1]), dtype=events_of_report.values.dtype)
    laid_out = events

    def lay_out(run: tuple[int, int]) -> None:
        first, last = int(reports_of_drug.start[run[0]]), int(reports_of_drug.start[run[1]])
        place = int(begin[run[0]])
        for some in range(first, last, ENTRIES_AT_ONCE):  # one drug can be a run of many reports
            found, _ = events_of_report.gather(reports_of_drug.values[some : min(some + ENTRIES_AT_ONCE, last)])
            laid_out[place : place + len(found)] = found
            place += len(found)

    in_threads(lay_out, runs)
    return Joined(reports_of_drug, sizes, Lists(begin, events))


def joined_size(reports_of_drug: Lists, events_of_report: Lists) -> int:
    """Entries that `joined` lays out."""
    return int(np.dot(np.bincount(reports_of_drug.values, minlength=len(events_of_report)), events_of_report.sizes))


def count_pairs(
    held: Joined, *, events: int, mask: BoolArray | None = None, drugs: Iterable[int] | None = None
) -> Pairs:
    """In how many reports does each drug meet each event?

    Args:
        held: the drugs' reports and events.
        events: how many events there are.
        mask: reports to count; None for all of them.
        drugs: drugs to count, rising; None for all of them.

    Examples:
        >>> drugs, events = Lists(np.array([0, 1, 2]), np.array([0, 0])), Lists(np.array([0, 2]), np.array([0, 1]))
        >>> pairs = count_pairs(joined(drugs.inverted(1), Lists(np.array([0, 1, 3]), np.array([1, 0, 1]))), events=2)
        >>> pairs.drug.tolist(), pairs.event.tolist(), pairs.observed.tolist()
        ([0, 0], [0, 1], [1, 2])
    """
    runs = blocks(held.events.sizes) if drugs is None else [(drug, drug + 1) for drug in drugs]
    found = in_threads(lambda run: _count_run(held, *run, events=events, mask=mask), runs)
    if not found:
        found = [(np.zeros(0, dtype=np.int32),) * 3]
    return Pairs(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _count_run(
    held: Joined, first: int, last: int, *, events: int, mask: BoolArray | None
) -> tuple[Codes, Codes, Codes]:
    """The pairs of neighbouring drugs: frequent drugs one by one, the others together."""
    begin = held.events.start[first : last + 1].astype(np.int64)
    values = held.events.values[begin[0] : begin[-1]]
    if mask is not None:
        start = held.reports.start[first : last + 1].astype(np.int64)
        kept = np.flatnonzero(mask.take(held.reports.values[start[0] : start[-1]]))
        of_report = Lists(starts(held.sizes[start[0] : start[-1]]), values)
        values, sizes = of_report.gather(kept)
        begin = starts(sizes)[np.searchsorted(kept, start - start[0])]
    begin = begin - begin[0]
    if last - first == 1:
        counted = np.bincount(values, minlength=events)
        event = np.flatnonzero(counted)
        return np.full(len(event), first, np.int32), event.astype(np.int32), counted[event].astype(np.int32)
    return _count_together(values, begin, first, events)


def _count_together(values: Codes, begin: IntArray, first: int, events: int) -> tuple[Codes, Codes, Codes]:
    drugs = len(begin) - 1
    if drugs * events <= DENSE_SHARE * len(values):
        key = np.repeat(np.arange(drugs, dtype=np.int64) * events, np.diff(begin))
        key += values
        counted = np.bincount(key)
        place = np.flatnonzero(counted)
        observed = counted[place]
    else:
        kind: type[np.unsignedinteger[Any]] = np.uint32 if drugs * events < 2**32 else np.uint64
        key = np.repeat((np.arange(drugs) * events).astype(kind), np.diff(begin))
        key += values.astype(kind)
        key.sort()
        new = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else np.zeros(0, np.int64)
        place = key[new].astype(np.int64)
        observed = np.diff(new, append=len(key))
    drug, event = np.divmod(place, max(events, 1))
    return (drug + first).astype(np.int32), event.astype(np.int32), observed.astype(np.int32)


def held_in(lists: Lists, mask: BoolArray) -> IntArray:
    """How many numbers of each list are in the mask.

    Examples:
        >>> held_in(Lists(np.array([0, 2, 2, 3]), np.array([0, 1, 1])), np.array([False, True])).tolist()
        [1, 0, 1]
    """

    def of_run(run: tuple[int, int]) -> IntArray:
        start = lists.start[run[0] : run[1] + 1].astype(np.int64)
        inside: BoolArray = mask.take(lists.values[start[0] : start[-1]])
        counted: IntArray = np.diff(starts(inside)[start - start[0]])
        return counted

    return np.concatenate([np.zeros(0, np.int64), *in_threads(of_run, blocks(lists.sizes))])
