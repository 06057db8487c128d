"""How many reports of a cohort hold each event, counted at about the speed of memory?

Most reports hold four events or fewer. The first four of every report stand side by side as one value of 8 bytes (16
where there are more than 65,535 events), so that taking the reports of a cohort is one copy a report, without its
list's start and length. The few reports with more have further such values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from primum.counts.compiled import compiled_for
from primum.counts.kernel import Codes, Lists, code_type, in_threads, shared_out, starts
from primum.errors import CountError
from primum.terms import BoolArray, IntArray

IN_A_WORD: Final = 4
_AT_ONCE: Final = 300_000  # words of a block that is filled
_COUNTED_AT_ONCE: Final = 131_072  # that are counted: what is taken of them stays near the processor
_WORTH_CALLING: Final = 2_000_000  # reports, see `primum.counts.compiled`
New = Callable[[str, int, Any], NDArray[Any]]
"""Makes an array of a name, a length and a type; see `primum.counts.parts.Draft.new`."""


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The codes of each report, four in a word; places that are left over hold `width`.

    Args:
        first: the first word of each report; shape `(reports,)`.
        more: the further words of reports with more than four codes, in the order of the reports.
        owner: the report of each further word.
        width: codes lie below it.

    Raises:
        CountError: the further words and their owners are not as many.

    Examples:
        >>> held = words_of(Lists(np.array([0, 2, 7]), np.array([0, 1, 0, 1, 2, 3, 4])), width=5)
        >>> held.count(np.array([True, True])).tolist(), held.count(np.array([False, True])).tolist()
        ([2, 2, 1, 1, 1], [1, 1, 1, 1, 1])
    """

    first: NDArray[Any]
    more: NDArray[Any]
    owner: Codes
    width: int

    def __post_init__(self) -> None:
        if len(self.more) != len(self.owner):
            raise CountError(f"{len(self.more)} further words have {len(self.owner)} owners; expected one each.")

    def count(self, mask: BoolArray) -> IntArray:
        """In how many reports of the mask each code stands; shape `(width,)`."""
        kind = code_type(self.width + 1)
        blocks = [(words, at) for words in (self.first, self.more) for at in range(0, len(words), _COUNTED_AT_ONCE)]
        loop = compiled_for(count_words, len(self.first), called=_WORTH_CALLING, imported=None)

        def count(blocks: Iterator[tuple[NDArray[Any], int]]) -> IntArray:
            counted = np.zeros(self.width + 1, dtype=np.int64)
            which = np.empty(_COUNTED_AT_ONCE, dtype=np.int64)
            for words, at in blocks:
                some = slice(at, at + _COUNTED_AT_ONCE)
                wanted = mask[some] if words is self.first else mask.take(self.owner[some])
                if loop is not None:
                    eights = wanted[: len(wanted) // 8 * 8].view(np.uint64)
                    loop(words[some].view(kind), wanted, eights, which, counted)
                else:
                    taken = words[some].take(np.flatnonzero(wanted))
                    counted += np.bincount(taken.view(kind), minlength=self.width + 1)
            return counted

        return np.asarray(np.sum(shared_out(count, blocks), axis=0)[: self.width])


def count_words(
    codes: NDArray[Any], wanted: BoolArray, eights: NDArray[np.uint64], which: NDArray[Any], counted: NDArray[Any]
) -> None:
    """Add the codes of some words to their counts; written to be compiled (`primum.counts.compiled`).

    Args:
        codes: of all words, four a word.
        wanted: which words to count.
        eights: the same, eight words in one number as far as they go: of most cohorts, most eights hold none.
        which: room for the number of each wanted word; at least as many as words.
        counted: is raised by one at each code.
    """
    found = 0
    for eight in range(len(eights)):
        if eights[eight] != 0:
            for word in range(8 * eight, 8 * eight + 8):  # without a branch, which half of the time is foreseen wrongly
                which[found] = word
                found += wanted[word]
    for word in range(8 * len(eights), len(wanted)):
        which[found] = word
        found += wanted[word]
    for number in range(found):
        for place in range(IN_A_WORD * which[number], IN_A_WORD * which[number] + IN_A_WORD):
            counted[codes[place]] += 1


def words_of(lists: Lists, *, width: int, new: New | None = None) -> Words:
    """Codes below `width` of each report as words.

    Args:
        lists: codes of each report.
        width: codes lie below it.
        new: where the arrays are made, under the names `words_first`, `words_more` and `words_owner`; None: in memory.
    """
    made = new or _in_memory
    kind = code_type(width + 1)
    word = np.dtype(np.uint64 if kind is np.uint16 else np.complex128)  # of four codes; never used as a number
    further = np.maximum(-(-lists.sizes // IN_A_WORD) - 1, 0)
    owner = made("words_owner", int(further.sum()), np.int32)
    owner[...] = np.repeat(np.arange(len(lists), dtype=np.int32), further)
    first, more = made("words_first", len(lists), word), made("words_more", len(owner), word)
    number = np.arange(len(owner)) - np.repeat(starts(further)[:-1], further)  # of each further word of its report

    def fill(block: tuple[NDArray[Any], int]) -> None:
        words, at = block
        some = slice(at, at + _AT_ONCE)
        reports = np.arange(at, min(at + _AT_ONCE, len(words))) if words is first else owner[some].astype(np.int64)
        begin = lists.start[reports].astype(np.int64)
        if words is more:
            begin += IN_A_WORD * (number[some] + 1)
        left = lists.start[reports + 1] - begin
        codes = np.full((len(reports), IN_A_WORD), width, dtype=kind)
        for place in range(IN_A_WORD):
            there = np.flatnonzero(left > place)
            codes[there, place] = lists.values[begin[there] + place]
        words[some] = codes.view(word).ravel()

    in_threads(fill, [(words, at) for words in (first, more) for at in range(0, len(words), _AT_ONCE)])
    return Words(first, more, owner, width)


def _in_memory(name: str, length: int, kind: Any) -> NDArray[Any]:
    return np.zeros(length, dtype=kind)
