"""Which report tells whose story? Versions of cases across quarters, without anything being remembered.

Every quarter has slots, one a report. A story is a number made of the quarter and the slot in which its case came
first; all that is told about the person, the drugs and the events is drawn from that number. A fifth of the slots hold
a later version of a case that an earlier quarter published: which one is a matter of arithmetic, so that no case gets
a version twice and a quarter can be written without the others.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np

from primum.terms import Quarter
from primum.testing.draws import Draws, Keys, Mask

FIRST_QUARTER, LAST_QUARTER = Quarter(2004, 1), Quarter(2039, 4)  # case numbers and days are laid out for these
SLOTS: Final = 2**24  # of a quarter; stories that no report has (themes of traps) lie above MOST_REPORTS
MOST_REPORTS: Final = 2_000_000  # a quarter; real ones have some 450,000
FIRST_CASE, FIRST_ISR = 100_000_000, 200_000_000
BLOCK: Final = 100  # slots; each place in a block has one use
SPREAD, BACK = 37, 73  # 37 x 73 = 2701: multiplying by one undoes the other, modulo 100
# For each place that holds a later version: quarters back, and place of the version before it there.
FOLLOW_UPS: Final = (
    *((1, 1), (2, 2), (1, 20), (1, 21), (1, 22), (1, 23), (1, 24), (2, 25), (2, 26), (2, 3)),
    *((3, 27), (3, 28), (4, 29), (4, 30), (5, 31), (6, 32), (8, 4), (12, 33), (20, 34), (1, 5)),
)
MOST_VERSIONS: Final = 4  # the longest chain of places above
FIRST_FAERS: Final = 35  # number of 2012q4
DIRECT: Final = (0.11, 0.03)  # of cases: about as in the samples of FDA's 2004q1 and 2017q2
ARTICLES: Final = range(60, 65)  # places whose reports come from an article; 5 in 100, as in FDA's 2017q2 sample


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """How many reports each quarter holds, by its number from 2004q1 on.

    Args:
        sizes: reports of each quarter, up to the one that is written; shape `(number + 1,)`.
        known: for each quarter the first of those without a gap before it whose archives are there, by number;
            duplicates reach back no further.
    """

    sizes: Keys
    known: Keys

    @property
    def now(self) -> int:
        """Number of the quarter that is written."""
        return len(self.sizes) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Reports of a quarter: the story that each tells, and in which version.

    Args:
        slot: in the quarter; shape `(n,)`.
        story: number of the story; shape `(n,)`.
        version: of the case, from 1; shape `(n,)`.
    """

    slot: Keys
    story: Keys
    version: Keys


def quarter_index(quarter: Quarter) -> int:
    """Number of a quarter, 0 for 2004q1.

    Examples:
        >>> quarter_index(Quarter(2005, 2))
        5
    """
    return (quarter.year - FIRST_QUARTER.year) * 4 + quarter.number - 1


def place(slot: Keys) -> Keys:
    """Use of a slot: its place within its block, spread so that also the first few slots have all uses."""
    return slot * SPREAD % BLOCK


def slot_at(block: Keys, wanted: Keys) -> Keys:
    """The slot of a block that has a place."""
    return block * BLOCK + wanted * BACK % BLOCK


def sightings(calendar: Calendar, slot: Keys) -> Sightings:
    """Follow later versions back to the quarter in which their case came first.

    Args:
        calendar: sizes of the quarters.
        slot: in the last of them.
    """
    lags, targets = (np.array([pair[part] for pair in FOLLOW_UPS]) for part in (0, 1))
    quarter, first, version = np.full(len(slot), calendar.now), slot.copy(), np.ones(len(slot), dtype=np.int64)
    going = np.arange(len(slot))
    for _ in range(MOST_VERSIONS - 1):
        going = going[place(first[going]) < len(FOLLOW_UPS)]
        use = place(first[going])
        before, there = quarter[going] - lags[use], slot_at(first[going] // BLOCK, targets[use])
        met = (before >= 0) & (there < calendar.sizes[np.maximum(before, 0)])
        going, before, there = going[met], before[met], there[met]
        quarter[going], first[going] = before, there
        version[going] += 1
    return Sightings(slot, story_of(quarter, first), version)


def story_of(quarter: Keys | int, slot: Keys) -> Keys:
    """Number of the story whose case came first in a slot of a quarter."""
    return np.asarray(quarter, dtype=np.int64) * SLOTS + slot


def is_follow_up_place(slot: Keys) -> Mask:
    """Whether the slot is meant for later versions; where the earlier one is not there, it holds a new case."""
    return place(slot) < len(FOLLOW_UPS)


def case_number(story: Keys) -> Keys:
    """Number of the case that told a story first: nine digits, also in the older system."""
    return FIRST_CASE + story // SLOTS * MOST_REPORTS + story % SLOTS


def isr_number(quarter: int, slot: Keys) -> Keys:
    """Number of a report in the older system."""
    return FIRST_ISR + quarter * MOST_REPORTS + slot


def received_day(draws: Draws, story: Keys) -> Keys:
    """Day on which the first version came, counted from 1970-01-01: within the story's quarter."""
    first, days = _days_of_quarters(int(story.max(initial=0)) // SLOTS + 1)
    quarter = story // SLOTS
    return first[quarter] + draws.below(story, "received", days[quarter])


def first_day(story: Keys) -> Keys:
    """First day of the story's quarter, counted from 1970-01-01."""
    first, _ = _days_of_quarters(int(story.max(initial=0)) // SLOTS + 1)
    return first[story // SLOTS]


def is_direct(draws: Draws, story: Keys) -> Mask:
    """Whether a case came to FDA from a person, without a maker; seldom in the newer system."""
    return draws.chance(story, "direct", np.where(story // SLOTS < FIRST_FAERS, *DIRECT))


def _days_of_quarters(many: int) -> tuple[Keys, Keys]:
    starts = [dt.date(FIRST_QUARTER.year + n // 4, 1 + n % 4 * 3, 1).toordinal() for n in range(many + 1)]
    days = np.array(starts, dtype=np.int64) - dt.date(1970, 1, 1).toordinal()
    return days[:-1], np.diff(days)
