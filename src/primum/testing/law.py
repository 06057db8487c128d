"""How often is each name used? Laws with the heavy tail of the real files.

The verbatim names of primary suspects of 2004q1-2026q2 (24,812,425 rows, one a report): 139,460 names, 84,208 of them
used once; the first 1,000 make 79.6 % of rows, the first 10,000 make 98.1 % (public log of a load of all quarters,
October 2026). A law with three straight pieces on log scales and an end at three million names gives these four figures
within one part in a hundred; its three slopes were fitted to them. For reaction terms only their number is published,
about 20,000 in use; their law is chosen so that the first has about two rows in a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from primum.testing.draws import Draws, Floats, Keys

DRUG_NAMES: Final = 3_000_000  # names that could be drawn; most never are
EVENT_TERMS: Final = 20_000
SLOPES: Final = (0.6143, 2.6528, 1.5790)  # of ranks to 1,000, to 10,000 and beyond
FIRST_BEND, SECOND_BEND = 1_000, 10_000
EVENT_SLOPE, EVENT_SHIFT = 1.25, 15


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """A law of ranks: a table for the first, a power law for those behind it, if there are any.

    Args:
        steps: cumulated shares of the first ranks; the last is their share of all.
        slope: exponent of the power law behind the table.
        names: how many ranks there are.
    """

    steps: Floats
    slope: float
    names: int

    def ranks(self, draws: Draws, keys: Keys, what: str, rows: Keys | int = 0) -> Keys:
        """Ranks from 0, one a key."""
        uniform = draws.uniform(keys, what, rows)
        ranks: Keys = np.searchsorted(self.steps, uniform, side="right").astype(np.int64, copy=False)
        if self.names <= len(self.steps):
            return np.minimum(ranks, self.names - 1)
        tail = np.flatnonzero(ranks >= len(self.steps))
        if len(tail):
            share = (uniform[tail] - self.steps[-1]) / (1 - self.steps[-1])
            ranks[tail] = self._tail(share)
        return ranks

    def _tail(self, share: Floats) -> Keys:
        power = 1 - self.slope
        low, high = (len(self.steps) + 0.5) ** power, (self.names + 0.5) ** power
        ranks = np.rint((low + share * (high - low)) ** (1 / power)).astype(np.int64) - 1
        within: Keys = np.clip(ranks, len(self.steps), self.names - 1)
        return within


@cache
def drug_law(names: int) -> Law:
    """The law of verbatim drug names, cut at a number of names.

    Examples:
        >>> law = drug_law(DRUG_NAMES)
        >>> round(float(law.steps[999]), 2), round(float(law.steps[9_999]), 2)
        (0.8, 0.99)
    """
    rank = np.arange(1, min(names, SECOND_BEND) + 1, dtype=np.float64)
    one, two, three = SLOPES
    table = np.where(rank <= FIRST_BEND, rank**-one, FIRST_BEND**-one * (rank / FIRST_BEND) ** -two)
    at_bend = FIRST_BEND**-one * (SECOND_BEND / FIRST_BEND) ** -two
    low, high = ((end + 0.5) / SECOND_BEND for end in (SECOND_BEND, max(names, SECOND_BEND)))
    tail = at_bend * SECOND_BEND * (low ** (1 - three) - high ** (1 - three)) / (three - 1)
    return Law(np.cumsum(table) / (table.sum() + tail), three, names)


@cache
def event_law(terms: int) -> Law:
    """The law of reaction terms."""
    weights = (np.arange(1, terms + 1) + EVENT_SHIFT) ** -EVENT_SLOPE
    return Law(np.cumsum(weights) / weights.sum(), EVENT_SLOPE, terms)
