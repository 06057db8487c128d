"""How are the questions of `contingency` answered from the incidence arrays? The fast road; its counts are the same.

A cohort is a mask of reports, `None` where it is every report. Margins are counted from reports within the mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from primum.counts.cells import CellHistogram, all_cells
from primum.counts.cohort import EVERYTHING, Cohort
from primum.counts.holdings import Drugs
from primum.counts.incidence import DrugLevel, Incidence
from primum.counts.kernel import Codes, Pairs, count_pairs
from primum.counts.kinds import Kinds, kinds_of
from primum.counts.members import Scope
from primum.counts.table import CountTable
from primum.errors import CohortError
from primum.terms import BoolArray, Coded, IntArray, StrArray


@dataclass(frozen=True, slots=True)
class Asked:
    """The drug or treatment that is asked about, as the store knows it.

    Args:
        name: the treatment's id, or the drug as it stands in the store.
        level: level of names that it is one of.
    """

    name: str
    level: DrugLevel


@dataclass(frozen=True, eq=False)
class Population:
    """The reports that are counted.

    Args:
        arrays: of the store.
        people: conditions that made it.
        mask: its reports; None for every report.
        total: how many they are.
        drugs: its drugs at the level and in the roles asked for.
        of_event: how many of its reports hold each event.
    """

    arrays: Incidence
    people: Cohort
    mask: BoolArray | None
    total: int
    drugs: Drugs
    of_event: IntArray

    @cached_property
    def of_drug(self) -> IntArray:
        """How many of its reports hold each drug."""
        return self.drugs.margins(self.mask)

    @cached_property
    def pairs(self) -> Pairs:
        """Every pair that a report of the population holds."""
        return count_pairs(self.drugs.joined, events=len(self.arrays.events().names), mask=self.mask)

    @cached_property
    def kinds(self) -> Kinds:
        """Every pair, those with the same three counts in one."""
        pairs = self.pairs
        return kinds_of(pairs.observed.astype(np.int64), self.of_drug[pairs.drug], self.of_event[pairs.event])


def population(
    arrays: Incidence, people: Cohort, *, scope: Scope, level: DrugLevel, roles: tuple[str, ...] | None
) -> Population:
    """The reports of a cohort.

    Raises:
        CohortError: no report is left.
    """
    mask = None if people == EVERYTHING else arrays.mask(people, scope)
    total = arrays.total if mask is None else arrays.size(people, scope)
    if not total:
        raise CohortError.empty("cohort", str(people))
    of_event = arrays.event_margins(people, scope)
    return Population(arrays, people, mask, total, arrays.drugs(level, roles), of_event)


def table_of_all(who: Population, pairs: Pairs, *, cohort: Cohort) -> CountTable:
    """Every pair of a population with its margins, in the order of drug and event."""
    return _table(who, pairs, who.of_drug[pairs.drug], cohort=cohort)


def table_of_one(who: Population, asked: Asked, exposure: BoolArray | None, *, cohort: Cohort) -> CountTable:
    """The pairs of one drug, or of each drug of one treatment, whose reports are in the exposure."""
    counted = exposed_reports(who, asked, exposure)
    found = [(drug, reports, _events_of(who.arrays, reports)) for drug, reports in counted]
    kept = [(drug, len(reports), events, observed) for drug, reports, (events, observed) in found]
    drug = np.concatenate([np.zeros(0, np.int64), *(np.full(len(e), d) for d, _, e, _ in kept)])
    of_drug = np.concatenate([np.zeros(0, np.int64), *(np.full(len(e), n) for _, n, e, _ in kept)])
    event = np.concatenate([np.zeros(0, np.int64), *(e for *_, e, _ in kept)])
    observed = np.concatenate([np.zeros(0, np.int64), *(a for *_, a in kept)])
    return _table(who, Pairs(drug, event, observed), of_drug, cohort=cohort)


def exposed_reports(who: Population, asked: Asked, exposure: BoolArray | None) -> list[tuple[int, Codes]]:
    """The drugs asked for, each with its reports of the population and the exposure."""
    return [(drug, reports[_inside(reports, who.mask, exposure)]) for drug, reports in reports_of(who.drugs, asked)]


def cells_of_all(who: Population, kinds: Kinds) -> CellHistogram:
    """All cells of a population: observed ones by their three counts, the others through the margins."""
    return all_cells(kinds, of_drug=who.of_drug, of_event=who.of_event, total=who.total)


@dataclass(frozen=True, slots=True, eq=False)
class TwoSides:
    """Events of two cohorts that share no report.

    Args:
        event: names of the events that either reports.
        observed: reports of the first with each.
        event_reports: reports of both with each.
        sizes: reports of the two cohorts.
        shared: reports in both; the counts mean something only where it is 0.
    """

    event: StrArray
    observed: IntArray
    event_reports: IntArray
    sizes: tuple[int, int]
    shared: int


def two_sides(arrays: Incidence, asked: Asked | None, scope: Scope, cohort: Cohort, versus: Cohort) -> TwoSides:
    """Count the events of two cohorts; the first is narrowed to the reports of a drug where one is asked for."""
    first, second = two_masks(arrays, asked, scope, cohort, versus)
    events = arrays.events()
    of_first, of_second = (events.margins(mask) for mask in (first, second))
    there = np.flatnonzero(of_first + of_second)
    sizes = (int(np.count_nonzero(first)), int(np.count_nonzero(second)))
    shared = int(np.count_nonzero(first & second))
    return TwoSides(events.names[there], of_first[there], (of_first + of_second)[there], sizes, shared)


def two_masks(
    arrays: Incidence, asked: Asked | None, scope: Scope, cohort: Cohort, versus: Cohort
) -> tuple[BoolArray, BoolArray]:
    """Which reports are in either of two cohorts; the first is narrowed to a drug where one is asked for."""
    first, second = arrays.mask(cohort, scope), arrays.mask(versus, scope)
    if asked is None:
        return first, second
    holding = np.zeros(arrays.total, dtype=bool)
    level: DrugLevel = "substance" if asked.level == "treatment" else asked.level
    for _, reports in reports_of(arrays.drugs(level, scope.roles), asked):
        holding[reports] = True
    return first & holding, second


def reports_of(drugs: Drugs, asked: Asked) -> list[tuple[int, Codes]]:
    """The drugs asked for, each with its reports."""
    if asked.level == "treatment":
        return drugs.of_treatment(asked.name)
    return [(int(drug), drugs.reports.of(int(drug))) for drug in np.flatnonzero(drugs.names == asked.name)]


def _inside(reports: Codes, *masks: BoolArray | None) -> BoolArray:
    inside = np.ones(len(reports), dtype=bool)
    for mask in masks:
        if mask is not None:
            inside &= mask.take(reports)
    return inside


def _events_of(arrays: Incidence, reports: Codes) -> tuple[IntArray, IntArray]:
    """The events of some reports, and how many of them hold each."""
    counted = arrays.events().counts(reports)
    events = np.flatnonzero(counted)
    return events, counted[events]


def _table(who: Population, pairs: Pairs, of_drug: IntArray, *, cohort: Cohort) -> CountTable:
    return table_of_pairs(
        pairs,
        of_drug,
        who.of_event[pairs.event],
        names=(who.drugs.names, who.arrays.events().names),
        people=who.people,
        total=who.total,
        cohort=cohort,
        snapshot=who.arrays.store.snapshot(),
    )


def table_of_pairs(
    pairs: Pairs,
    drug_reports: IntArray,
    event_reports: IntArray,
    *,
    names: tuple[StrArray, StrArray],
    people: Cohort,
    total: int,
    cohort: Cohort,
    snapshot: str,
) -> CountTable:
    """Pairs by number as a table, compared with everything else of their population.

    Args:
        pairs: in the order of drug and event.
        drug_reports: of the drug of each pair; shape `(pairs,)`.
        event_reports: of the event of each pair; same shape.
        names: of the drugs and of the events, by number.
        people: conditions that made the population.
        total: its reports.
        cohort: what the table is called.
        snapshot: hash of the store they were counted from.
    """
    coded = {"drug": Coded(pairs.drug, names[0]), "event": Coded(pairs.event, names[1])}
    return CountTable(
        drug=coded["drug"].texts,
        event=coded["event"].texts,
        observed=pairs.observed.astype(np.int64),
        drug_reports=drug_reports,
        event_reports=event_reports,
        total_reports=total,
        cohort=str(cohort),
        comparator="everything else" + ("" if people == EVERYTHING else f" within {people}"),
        snapshot=snapshot,
        coded=coded,
    )
