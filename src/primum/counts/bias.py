"""Could a count be high for a reason that has nothing to do with the drug? Caveats that travel with the row.

Each check asks where the reports of a pair come from, beside those of the drug as a whole: a drug with one maker is
sent by one maker, so a share counts only where chance would hardly draw it from all reports of the drug.

The limits are choices of this module: that publicity and lawsuits can move reports is published, a share from which
they do is not. They err on the side of silence, and what they say is a caveat that hides no row.

Source:
    Hoffman, Demakas, Dimbil, Tatonetti, Erdman 2014, Drug Saf 37(11):971-980, doi:10.1007/s40264-014-0225-0: after an
    alert the reports of a few drugs of a hundred rose, of most not. Rogers and others 2019, Drug Saf 42(1):85-93,
    doi:10.1007/s40264-018-0703-x: reports by lawyers moved the PRR of isotretinoin and birth defects from 2.9 to 3.3
    in 2006, and from 2.2 to 1.9 in 2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from primum.counts.by_arrays import Population
from primum.counts.incidence import Incidence
from primum.counts.kernel import Codes
from primum.counts.kinds import distinct
from primum.counts.table import CountTable
from primum.terms import BoolArray, FloatArray, IntArray

AT_LEAST: Final = 5
"""Reports of a pair. Of four a share stands out (`BY_CHANCE`) only where less than 0.18 of the drug's reports are alike
(0.18^4 = 0.001); of five all from one source, where a quarter are (0.25^5 = 0.00098)."""
ONE_SENDER: Final = 0.8
"""More than half: the largest maker of a drug sends most reports of most of its events, which is no fault of them."""
ONE_QUARTER: Final = 0.5
"""With half of the reports in one quarter all others together hold no more, however many years are loaded."""
LAWYERS: Final = 0.5
"""With half of the reports no other kind of reporter sent more than lawyers did."""
BY_CHANCE: Final = 0.001
"""Binomial probability of so many or more, from the share among all reports of the drug. With the hundreds of events of
a drug that have five reports, chance alone gives less than one caveat of each kind."""


@dataclass(frozen=True, slots=True)
class _Most:
    """Of each event, the code that most of its reports have, their share, and how likely chance would draw it."""

    code: IntArray
    share: FloatArray
    chance: FloatArray

    def stands_out(self, least: float) -> BoolArray:
        return np.asarray((self.share >= least) & (self.chance < BY_CHANCE))


def caveats_of(who: Population, exposed: Sequence[tuple[int, Codes]], table: CountTable) -> list[str]:
    """Caveats of each pair of a drug that was asked for: one sender, stimulated reporting.

    Args:
        who: the reports that were counted.
        exposed: the drugs asked for, each with its reports among them (`by_arrays.exposed_reports`).
        table: their pairs, as counted from the arrays.

    Returns:
        One text a row; empty where no check fires.
    """
    texts = [""] * len(table)
    rows, events = table.coded["drug"].code, table.coded["event"].code
    for drug, reports in exposed:
        mine = np.flatnonzero(rows == drug)
        found = _of_drug(who.arrays, reports, events[mine], table.observed[mine])
        for row, told in zip(mine.tolist(), found, strict=True):
            texts[row] = "; ".join(told)
    return texts


def _of_drug(arrays: Incidence, reports: Codes, events: Codes, observed: IntArray) -> list[list[str]]:
    """What stands out among the reports of each event of one drug."""
    people, senders = arrays.people(), arrays.part("senders")
    told: list[list[str]] = [[] for _ in range(len(events))]
    enough = np.flatnonzero(observed >= AT_LEAST)
    values, sizes = arrays.events().of_report.gather(reports)
    row_of = np.full(len(arrays.events().names), -1, dtype=np.int32)
    row_of[events[enough]] = np.arange(len(enough))
    row, report = row_of[values], np.repeat(np.arange(len(reports)), sizes)
    held = _Held(row[row >= 0], report[row >= 0], observed[enough])
    most = held.most(senders.arrays["sender"][reports])
    for i in np.flatnonzero((most.code > 0) & most.stands_out(ONE_SENDER)).tolist():
        told[enough[i]].append(f"one sender: {senders.names['text'][most.code[i] - 1]} sent {most.share[i]:.0%}")
    most = held.most(people.arrays["quarter"][reports])
    for i in np.flatnonzero((most.code > 0) & most.stands_out(ONE_QUARTER)).tolist():
        quarter = people.names["quarter"][most.code[i]]
        told[enough[i]].append(f"stimulated reporting: {quarter} holds {most.share[i]:.0%}")
    reporters = people.names["reporter"]
    if "LW" in reporters:
        most = held.most((people.arrays["reporter"][reports] == reporters.index("LW")).astype(np.uint16))
        for i in np.flatnonzero((most.code == 1) & most.stands_out(LAWYERS)).tolist():
            told[enough[i]].append(f"stimulated reporting: lawyers sent {most.share[i]:.0%}")
    return told


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """Which reports hold which events: one entry for each report of each event that is looked at.

    Args:
        row: place of the event.
        report: place of the report.
        observed: reports of each event.
    """

    row: Codes
    report: Codes
    observed: IntArray

    def most(self, code_of_report: Codes) -> _Most:
        """The most frequent code among the reports of each event, the largest of those as frequent."""
        codes, code = distinct(code_of_report)
        key, many = np.unique(self.row * np.int64(len(codes)) + code[self.report], return_counts=True)
        row, of = np.divmod(key, max(len(codes), 1))
        best = np.lexsort((many, row))[np.cumsum(np.bincount(row, minlength=len(self.observed))) - 1]
        whole = np.bincount(code, minlength=len(codes)) / max(len(code), 1)
        # P(X >= k), binomial
        chance = special.betainc(many[best], self.observed - many[best] + 1, whole[of[best]])
        return _Most(codes[of[best]].astype(np.int64), many[best] / self.observed, np.asarray(chance, dtype=np.float64))
