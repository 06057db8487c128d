"""Which drugs or events does each report hold, and how many reports of a cohort hold each of them?

The values that are counted with, once they lie in memory; `primum.counts.incidence` makes and keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from primum.counts.kernel import Codes, Joined, Lists, held_in
from primum.counts.words import Words
from primum.terms import BoolArray, IntArray, StrArray

FEW: Final = 16  # up to 1/16 of all reports are looked up one by one
FEW_OF_A_MASK: Final = 64  # likewise of those in a mask, which is read anyway: words are as quick from 1 % on


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """The events of the reports, both ways.

    Args:
        names: of the events, in the order of their texts.
        of_report: events of each report.
        reports: reports of each event.
        words: events of each report in another form, for counting those of many reports.
    """

    names: StrArray
    of_report: Lists
    reports: Lists
    words: Words

    def margins(self, mask: BoolArray | None = None) -> IntArray:
        """How many reports of a mask hold each event; of all reports without a mask.

        Numerics:
            Of a mask and its complement the smaller is counted; the other follows by subtraction, exactly.
        """
        if mask is None:
            return self.reports.sizes
        inside = int(np.count_nonzero(mask))
        if 2 * inside > len(mask):
            return self.reports.sizes - self.margins(~mask)
        return self.words.count(mask) if FEW_OF_A_MASK * inside > len(mask) else self.counts(np.flatnonzero(mask))

    def counts(self, reports: Codes) -> IntArray:
        """How many of some reports hold each event."""
        if FEW * len(reports) <= len(self.of_report):
            return self.of_report.tally(reports, len(self.names))
        mask = np.zeros(len(self.of_report), dtype=bool)
        mask[reports] = True
        return self.words.count(mask)


@dataclass(frozen=True, slots=True, eq=False)
class Drugs:
    """The drugs of the reports at one level of names, in the roles that count.

    Args:
        part: name of the arrays; it tells the level and the roles.
        names: of the drugs, in the order of their texts.
        of_report: drugs of each report.
        joined: reports of each drug with their events.
        treated_as: treatment and drug of each list of `treated`.
        treated: reports that hold a drug under a name that a treatment's table mapped.
    """

    part: str
    names: StrArray
    of_report: Lists
    joined: Joined
    treated_as: tuple[tuple[str, int], ...]
    treated: Lists

    def margins(self, mask: BoolArray | None = None) -> IntArray:
        """How many reports of a mask hold each drug; of all reports without a mask."""
        return self.reports.sizes if mask is None else held_in(self.reports, mask)

    @property
    def reports(self) -> Lists:
        """Reports of each drug."""
        return self.joined.reports

    def of_treatment(self, treatment: str) -> list[tuple[int, Codes]]:
        """Drugs that a treatment's table mapped, each with its reports."""
        return [(drug, self.treated.of(i)) for i, (name, drug) in enumerate(self.treated_as) if name == treatment]
