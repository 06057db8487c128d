"""Could a count be high for a reason that has nothing to do with the drug? Caveats that travel with the row.

Each check asks where the reports of a pair come from, beside those of the drug as a whole: a drug with one maker is
sent by one maker, so a share counts only where chance would hardly draw it from all reports of the drug.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from primum.counts import by_arrays
from primum.counts.by_arrays import Asked
from primum.counts.cohort import EVERYTHING, Cohort
from primum.counts.contingency import split_exposure
from primum.counts.incidence import DrugLevel, Drugs, Incidence
from primum.counts.kernel import Codes
from primum.counts.members import Scope, narrowed
from primum.counts.table import CountTable
from primum.terms import BoolArray, FloatArray, IntArray

AT_LEAST: Final = 5  # reports of a pair: of fewer a share says nothing
ONE_SENDER: Final = 0.8
ONE_QUARTER: Final = 0.5
LAWYERS: Final = 0.5
BY_CHANCE: Final = 0.001  # binomial probability of so many or more, from the share among all reports of the drug
DOSE_WORDS: Final = ("DOSE", "OVERDOSE", "UNDERDOSE")


@dataclass(frozen=True, slots=True)
class _Most:
    """Of each event, the code that most of its reports have, their share, and how likely chance would draw it."""

    code: IntArray
    share: FloatArray
    chance: FloatArray

    def stands_out(self, least: float) -> BoolArray:
        return np.asarray((self.share >= least) & (self.chance < BY_CHANCE))


def caveats_of(
    arrays: Incidence, asked: Asked, table: CountTable, *, scope: Scope, cohort: Cohort, drug_level: DrugLevel
) -> list[str]:
    """Caveats of each pair of a drug that was asked for: one sender, stimulated reporting, unit artefact.

    Args:
        arrays: of the store.
        asked: the drug or treatment.
        table: its pairs, as counted from the arrays.
        scope: as it was counted with.
        cohort: as it was counted with.
        drug_level: as it was counted with.

    Returns:
        One text a row; empty where no check fires.
    """
    exposure, people = split_exposure(cohort)
    scope = narrowed(cohort, scope)
    level = drug_level if asked.level == "treatment" else asked.level
    who = by_arrays.population(arrays, people, scope=scope, level=level, roles=scope.roles)
    exposed = None if exposure == EVERYTHING else arrays.mask(exposure, scope)
    texts = [""] * len(table)
    rows, events = table.coded["drug"].code, table.coded["event"].code
    for drug, reports in by_arrays.exposed_reports(who, asked, exposed):
        mine = np.flatnonzero(rows == drug)
        found = _of_drug(arrays, reports, events[mine], table.observed[mine])
        units = _differing_units(who.drugs, drug)
        for row, told in zip(mine.tolist(), found, strict=True):
            words = [*told, *_unit_artefact(str(table.event[row]), units)]
            texts[row] = "; ".join(words)
    return texts


def _of_drug(arrays: Incidence, reports: Codes, events: Codes, observed: IntArray) -> list[list[str]]:
    """What stands out among the reports of each event of one drug."""
    people, senders = arrays.people(), arrays.part("senders")
    told: list[list[str]] = [[] for _ in range(len(events))]
    enough = observed >= AT_LEAST
    most = _most(arrays, reports, events, senders.arrays["sender"])
    for i in np.flatnonzero(enough & (most.code > 0) & most.stands_out(ONE_SENDER)).tolist():
        told[i].append(f"one sender: {senders.names['text'][most.code[i] - 1]} sent {most.share[i]:.0%}")
    most = _most(arrays, reports, events, people.arrays["quarter"])
    for i in np.flatnonzero(enough & (most.code > 0) & most.stands_out(ONE_QUARTER)).tolist():
        told[i].append(f"stimulated reporting: {people.names['quarter'][most.code[i]]} holds {most.share[i]:.0%}")
    reporters = people.names["reporter"]
    if "LW" in reporters:
        is_lawyer = (people.arrays["reporter"] == reporters.index("LW")).astype(np.uint16)
        most = _most(arrays, reports, events, is_lawyer)
        for i in np.flatnonzero(enough & (most.code == 1) & most.stands_out(LAWYERS)).tolist():
            told[i].append(f"stimulated reporting: lawyers sent {most.share[i]:.0%}")
    return told


def _most(arrays: Incidence, reports: Codes, events: Codes, code_of_report: Codes) -> _Most:
    """The most frequent code among the reports of each event."""
    code = code_of_report[reports].astype(np.int64)
    width = int(code.max(initial=0)) + 1
    values, sizes = arrays.events().of_report.gather(reports)
    key, many = np.unique(values.astype(np.int64) * width + np.repeat(code, sizes), return_counts=True)
    event = key // width
    last = np.lexsort((many, event))  # of each event, the code with the most reports comes last
    first = np.searchsorted(event[last], events, side="left")
    best = last[np.searchsorted(event[last], events, side="right") - 1]
    ends = np.concatenate(([0], np.cumsum(many[last])))
    total = ends[np.searchsorted(event[last], events, side="right")] - ends[first]
    whole = np.bincount(code, minlength=width) / max(len(code), 1)
    found = key[best] % width
    chance = special.betainc(many[best], np.maximum(total - many[best], 0) + 1, whole[found])  # P(X >= k), binomial
    return _Most(found, many[best] / np.maximum(total, 1), np.asarray(chance, dtype=np.float64))


def _differing_units(drugs: Drugs, drug: int) -> int:
    """How many drugs the treatment of a drug has; units of different ones are not the same."""
    treatments = {name for name, other in drugs.treated_as if other == drug}
    return max((sum(name == other for other, _ in drugs.treated_as) for name in treatments), default=0)


def _unit_artefact(event: str, drugs: int) -> list[str]:
    if drugs < 2 or not set(DOSE_WORDS) & set(event.split()):
        return []
    return [f"unit artefact: {drugs} drugs of this treatment are dosed in units that are not the same"]
