"""Which invented reports tell of one event, and which only look so? Planted duplicates, and traps for who hunts them.

A duplicate is a report under a case number of its own that takes its story from another case of the same or of an
earlier quarter. Kinds, as they are met in reality:

- `resent`: the same maker sent the report again, with the same manufacturer number;
- `article`: another maker sent the same article (from 2014q3): the reference is spelt differently, the drug is that
  maker's product, the manufacturer number is another;
- `two tellers`: consumer and physician tell of one event: days and age differ a little, one tells of a drug or an event
  more, weight is mostly missing.

A trap is a group of reports of different people that share what duplicates share: `padded date` (first of January, one
drug, one event), `series` (one sender's reports of one drug and event), `twins` (of a trial: date, site, drug, age
within a year) and `popular pair` (a frequent drug and event on one day).

What a duplicate tells is blurred: each piece is told anew, with the missingness of all reports, with a probability that
depends on the kind and is multiplied by the noise level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from primum.terms import Quarter
from primum.testing.draws import Draws, Keys, Mask
from primum.testing.stories import (
    ARTICLES,
    BLOCK,
    FOLLOW_UPS,
    MOST_REPORTS,
    SLOTS,
    Calendar,
    Sightings,
    is_direct,
    is_follow_up_place,
    place,
    quarter_index,
    slot_at,
    story_of,
)

NONE, RESENT, ARTICLE, TWO_TELLERS = range(4)
PADDED, SERIES, TWINS, POPULAR = range(4, 8)
KINDS: Final = ("", "resent", "article", "two tellers", "padded date", "series", "twins", "popular pair")
KIND_WEIGHTS: Final = (0.35, 0.3, 0.35)  # of duplicates; traps are equally frequent
QUARTERS_BACK: Final = (0.5, 0.3, 0.1, 0.1)  # how far the original lies back
TRIES: Final = 6  # at finding an original
GROUP: Final = 5  # reports that share a trap, on average
ARTICLE_BLOCKS: Final = 4  # only one block in so many has an article that several makers send, so that groups form
FIRST_ARTICLE: Final = quarter_index(Quarter(2014, 3))  # the column of the reference begins then
PLAIN: Final = 100 - len(FOLLOW_UPS) - len(ARTICLES)  # places in a hundred that can hold duplicates and traps
# Probability that a piece is told anew instead of as in the original, at noise 1.
BLUR: Final[Mapping[str, tuple[float, float, float]]] = {
    "date": (0.05, 0.15, 0.25),
    "age": (0.04, 0.08, 0.2),
    "sex": (0.01, 0.03, 0.05),
    "weight": (0.1, 0.3, 0.9),
    "country": (0.01, 0.02, 0.01),
    "outcome": (0.1, 0.2, 0.4),
}
# Probability that a piece is changed, at noise 1.
CHANGE: Final[Mapping[str, tuple[float, float, float]]] = {
    "day": (0.03, 0.05, 0.35),
    "year of age": (0.02, 0.05, 0.25),
    "drug less": (0.05, 0.25, 0.25),
    "drug more": (0.05, 0.15, 0.15),
    "event less": (0.05, 0.2, 0.3),
    "event more": (0.05, 0.15, 0.25),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatePlan:
    """How many duplicates and traps, and how blurred.

    Args:
        share: of reports that are duplicates, in [0, 0.5].
        trap_share: of reports that are traps, in [0, 0.5]; both together at most 0.7.
        noise: factor on every probability of a blur, from 0 (true copies) on; probabilities end at 0.95.

    Raises:
        ValueError: a value is outside its range.
    """

    share: float = 0.0
    trap_share: float = 0.0
    noise: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.share <= 0.5 and 0 <= self.trap_share <= 0.5 and self.share + self.trap_share <= 0.7):
            raise ValueError(
                f"Duplicates {self.share} and traps {self.trap_share}: expected 0 to 0.5 each, at most 0.7 together."
            )
        if not self.noise >= 0:
            raise ValueError(f"Noise {self.noise}: expected 0 or more.")


@dataclass(frozen=True, slots=True, eq=False)
class Reports:
    """Reports of a quarter, and whose story each piece of them is taken from.

    Args:
        slot: in the quarter; shape `(n,)` like all others.
        own: the story under whose case number the report stands.
        version: of that case.
        kind: number in `KINDS`.
        told: the story that it tells; `own` but for duplicates.
        theme: the story that a trap shares with others of its group; `own` but for traps.
    """

    slot: Keys
    own: Keys
    version: Keys
    kind: Keys
    told: Keys
    theme: Keys

    def source(self, *kinds: int) -> Keys:
        """Where a piece comes from that these kinds of trap share."""
        return np.where(np.isin(self.kind, kinds), self.theme, self.told)

    def take(self, rows: Mask | Keys) -> Reports:
        """Some of the reports."""
        return Reports(*(getattr(self, name)[rows] for name in self.__slots__))


def told_reports(draws: Draws, calendar: Calendar, found: Sightings, plan: DuplicatePlan) -> Reports:
    """Decide which reports are duplicates and traps. A later version stays what its first was."""
    own = found.story
    plain = Reports(found.slot, own, found.version, np.zeros(len(own), dtype=np.int64), own, own)
    if not plan.share and not plan.trap_share:
        return plain
    eligible = _can_be_planted(own % SLOTS)
    lot = draws.uniform(own, "planted")
    duplicate = np.flatnonzero(eligible & (lot < plan.share * BLOCK / PLAIN))
    either = eligible & (lot < (plan.share + plan.trap_share) * BLOCK / PLAIN)
    trap = np.flatnonzero(either & (lot >= plan.share * BLOCK / PLAIN))
    kind, told, theme = plain.kind.copy(), own.copy(), own.copy()
    kind[duplicate], told[duplicate] = _originals(draws, calendar, own[duplicate], plan)
    kind[trap], theme[trap] = _themes(draws, calendar, own[trap], plan)
    return replace(plain, kind=kind, told=told, theme=theme)


def blurred(draws: Draws, reports: Reports, piece: str, plan: DuplicatePlan, *, of: Keys) -> Keys:
    """Whose way of telling a piece has: the original's, or where a duplicate tells it anew, its own."""
    anew = _happens(draws, reports, piece, BLUR[piece], plan)
    return np.where(anew, reports.own, of)


def changed(draws: Draws, reports: Reports, piece: str, plan: DuplicatePlan) -> Mask:
    """Which reports differ from their original in a piece."""
    return _happens(draws, reports, piece, CHANGE[piece], plan)


def _happens(
    draws: Draws, reports: Reports, piece: str, shares: tuple[float, float, float], plan: DuplicatePlan
) -> Mask:
    by_kind = np.zeros(len(KINDS))
    by_kind[RESENT : TWO_TELLERS + 1] = np.minimum(np.array(shares) * plan.noise, 0.95)
    happens = np.zeros(len(reports.own), dtype=bool)
    rows = np.flatnonzero(is_duplicate(reports.kind))
    happens[rows] = draws.chance(reports.own[rows], f"blur {piece}", by_kind[reports.kind[rows]])
    return happens


def is_duplicate(kind: Keys) -> Mask:
    """Whether a kind is one of a duplicate."""
    return (kind >= RESENT) & (kind <= TWO_TELLERS)


def _can_be_planted(slot: Keys) -> Mask:
    return ~is_follow_up_place(slot) & ~np.isin(place(slot), ARTICLES)


def _is_original(draws: Draws, story: Keys, plan: DuplicatePlan) -> Mask:
    """Whether a slot is surely a case of its own: neither planted nor meant for a later version."""
    slot = story % SLOTS
    planted = _can_be_planted(slot) & (draws.uniform(story, "planted") < (plan.share + plan.trap_share) * BLOCK / PLAIN)
    return ~planted & ~is_follow_up_place(slot)


def _originals(draws: Draws, calendar: Calendar, own: Keys, plan: DuplicatePlan) -> tuple[Keys, Keys]:
    """Kind and original of duplicates; where none is found the report stays a case of its own."""
    now = own // SLOTS
    kind = RESENT + draws.pick(own, "kind of duplicate", KIND_WEIGHTS)
    kind = np.where((kind == ARTICLE) & (now < FIRST_ARTICLE), TWO_TELLERS, kind)
    back = now - draws.pick(own, "quarters back", QUARTERS_BACK)
    earliest = np.where(kind == ARTICLE, FIRST_ARTICLE, 0)
    quarter = np.where(back >= np.maximum(earliest, calendar.known[now]), back, now)
    found = np.zeros(len(own), dtype=bool)
    told = own.copy()
    for attempt in range(TRIES):
        block = draws.below(own, f"block {attempt}", -(-calendar.sizes[quarter] // BLOCK))
        use = len(FOLLOW_UPS) + draws.below(own, f"place {attempt}", BLOCK - len(FOLLOW_UPS))
        slot = slot_at(block, use)
        with_article = slot_at(block // ARTICLE_BLOCKS * ARTICLE_BLOCKS, np.full(len(own), ARTICLES[0]))
        slot = np.where(kind == ARTICLE, with_article, slot)
        original = story_of(quarter, slot)
        good = ~found & (slot < calendar.sizes[quarter]) & (original != own) & _is_original(draws, original, plan)
        good &= ~((kind == RESENT) & is_direct(draws, original))
        told = np.where(good, original, told)
        found |= good
    return np.where(found, kind, NONE), told


def _themes(draws: Draws, calendar: Calendar, own: Keys, plan: DuplicatePlan) -> tuple[Keys, Keys]:
    """Kind of trap, and the story that the group shares; groups keep to one quarter."""
    now = own // SLOTS
    groups = np.maximum(1, calendar.sizes[now] * plan.trap_share / GROUP).astype(np.int64)
    group = draws.below(own, "group of traps", groups)
    return PADDED + group % 4, story_of(now, MOST_REPORTS + group)
