"""How are the questions of `contingency` answered where there are no incidence arrays? On the engine, by expressions.

They also run where one machine does not suffice, so what is shuffled there is kept small: reports, drugs and events are
numbers, a report's drugs and events are made distinct once and staged, and what the names and margins of a pair are is
looked up here, in arrays, when the pairs are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from primum.counts.by_arrays import Asked, TwoSides, table_of_pairs
from primum.counts.cells import CellHistogram, all_cells
from primum.counts.coded import CodedDrugs, CodedEvents, coded_drugs, coded_events, texts_of
from primum.counts.cohort import Cohort
from primum.counts.kernel import Pairs
from primum.counts.kinds import kinds_of
from primum.counts.members import Scope, members
from primum.counts.table import CountTable
from primum.errors import CohortError
from primum.terms import IntArray

if TYPE_CHECKING:
    import ibis

    from primum.counts.incidence import DrugLevel
    from primum.store import Store

_REPORTS, _DRUGS, _EVENTS, _ASKED = "population", "population_drugs", "population_events", "asked_drugs"
_FIRST, _SECOND = "cohort_reports", "comparator_reports"


Counted = tuple[Pairs, IntArray]  # pairs in the order of drug and event, and how many reports hold each drug


@dataclass(frozen=True, eq=False)
class Population:
    """The reports that are counted, while they are staged.

    Args:
        store: they lie in.
        people: conditions that made it.
        total: how many they are.
        drugs: their drug rows.
        event_names: names of the events, by number.
        events: `report_key, event`, each pair once; staged.
        of_event: how many of the reports hold each event.
    """

    store: Store
    people: Cohort
    total: int
    drugs: CodedDrugs
    event_names: list[str]
    events: ibis.Table
    of_event: IntArray

    @cached_property
    def counted(self) -> Counted:
        """Every pair of the population."""
        return _counted(self, self.drugs.rows)


@contextmanager
def population(store: Store, people: Cohort, scope: Scope, level: DrugLevel) -> Iterator[Population]:
    """Keep a population's reports and events as temporary tables for as long as one question takes.

    Raises:
        CohortError: no report is left.
    """
    engine = store.engine
    with ExitStack() as staged:

        def keep(name: str, expression: ibis.Table) -> ibis.Table:
            staged.callback(engine.unstage, name)
            return engine.stage_expression(name, expression)

        reports = keep(_REPORTS, members(people, scope))
        total = engine.count(_REPORTS)
        if not total:
            raise CohortError.empty("cohort", str(people))
        coded = staged.enter_context(coded_events(engine))
        rows = coded.rows.semi_join(reports, "report_key")
        events = keep(_EVENTS, rows.select("report_key", event=rows.code).distinct())
        of_event = _margins(store, events, "event", len(coded.names))
        drugs = staged.enter_context(coded_drugs(engine, level, scope))
        within = CodedDrugs(drugs.names, drugs.treatments, drugs.rows.semi_join(reports, "report_key"))
        yield Population(store, people, total, within, list(coded.names), events, of_event)


def table_of(who: Population, asked: Asked | None, exposed: ibis.Table | None, *, cohort: Cohort) -> CountTable:
    """Every pair that a report of the population holds, or those of one drug.

    Args:
        who: the population.
        asked: treatment or drug; None for every drug.
        exposed: the reports whose drug is counted; None for all of the population.
        cohort: what the table is called.
    """
    if asked is None:
        pairs, of_drug = who.counted
    else:
        rows = _of_asked(who.drugs, asked)
        pairs, of_drug = _counted(who, rows if exposed is None else rows.semi_join(exposed, "report_key"))
    return table_of_pairs(
        pairs,
        of_drug[pairs.drug],
        who.of_event[pairs.event],
        names=(texts_of(who.drugs.names), texts_of(who.event_names)),
        people=who.people,
        total=who.total,
        cohort=cohort,
        snapshot=who.store.snapshot(),
    )


def cells_of_all(who: Population) -> CellHistogram:
    """All cells of the population."""
    pairs, of_drug = who.counted
    kinds = kinds_of(pairs.observed.astype(np.int64), of_drug[pairs.drug], who.of_event[pairs.event])
    return all_cells(kinds, of_drug=of_drug, of_event=who.of_event, total=who.total)


def _of_asked(drugs: CodedDrugs, asked: Asked) -> ibis.Table:
    of_treatment = asked.level == "treatment"
    names, codes = (drugs.treatments, drugs.rows.treated) if of_treatment else (drugs.names, drugs.rows.code)
    return drugs.rows.filter(codes.isin([code for code, name in enumerate(names) if name == asked.name]))


def _counted(who: Population, rows: ibis.Table) -> Counted:
    """Every pair of these drug rows and the events of their reports, in order, and how many reports hold each drug."""
    engine = who.store.engine
    try:
        drugs = engine.stage_expression(_DRUGS, rows.select("report_key", drug=rows.code).distinct())
        of_drug = _margins(who.store, drugs, "drug", len(who.drugs.names))
        both = drugs.join(who.events, "report_key").group_by("drug", "event")
        found = {name: _integers(column) for name, column in engine.run(both.agg(observed=lambda t: t.count())).items()}
    finally:
        engine.unstage(_DRUGS)
    order = np.argsort(found["drug"] * len(who.event_names) + found["event"])
    return Pairs(found["drug"][order], found["event"][order], found["observed"][order]), of_drug


def _margins(store: Store, rows: ibis.Table, column: str, width: int) -> IntArray:
    """How many reports hold each of the names of a column."""
    found = store.engine.run(rows.group_by(column).agg(reports=lambda t: t.count()))
    margins = np.zeros(width, dtype=np.int64)
    margins[_integers(found[column])] = found["reports"]
    return margins


def two_sides(store: Store, ours: ibis.Table, theirs: ibis.Table) -> TwoSides:
    """Count the events of two cohorts, each given as its reports."""
    engine = store.engine
    try:
        first, second = engine.stage_expression(_FIRST, ours), engine.stage_expression(_SECOND, theirs)
        sizes = (engine.count(_FIRST), engine.count(_SECOND))
        shared = len(engine.rows(first.semi_join(second, "report_key")))
        with coded_events(engine) as events:
            counted = [_events_of(store, events, reports) for reports in (first, second)]
            names = texts_of(events.names)
    finally:
        engine.unstage(_FIRST)
        engine.unstage(_SECOND)
    both = counted[0] + counted[1]
    there = np.flatnonzero(both)
    return TwoSides(names[there], counted[0][there], both[there], sizes, shared)


def _events_of(store: Store, events: CodedEvents, reports: ibis.Table) -> IntArray:
    rows = events.rows.semi_join(reports, "report_key")
    return _margins(store, rows.select("report_key", event=rows.code).distinct(), "event", len(events.names))


def _integers(values: Any) -> IntArray:
    return np.asarray(values, dtype=np.int64)
