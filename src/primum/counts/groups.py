"""How many reports hold any drug of a group and any event of a group, or two drugs at once?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from primum.counts import by_arrays
from primum.counts.by_arrays import Asked
from primum.counts.cohort import EVERYTHING
from primum.counts.contingency import Counts
from primum.counts.incidence import DrugLevel, Incidence
from primum.counts.kernel import Codes, Lists
from primum.counts.members import Scope
from primum.counts.table import CountTable
from primum.terms import BoolArray, IntArray, StrArray

Group = Mapping[str, IntArray]
"""Label of a group -> numbers of its drugs or events in the arrays."""


def count_groups(arrays: Incidence, drugs: Group, events: Group, pairs: list[tuple[str, str]]) -> Counts:
    """Count pairs of a drug group and an event group; a report with two members of a group counts once.

    Args:
        arrays: of the store; drugs at the level of substances, in the roles that are exposures.
        drugs: numbers of the substances of each drug group.
        events: numbers of the terms of each event group.
        pairs: labels of the drug and event groups to count.

    Returns:
        One row a pair, in the order given, pairs without a report included; and all cells of the store's own drugs and
        terms, which a prior is learned from.
    """
    who = by_arrays.population(arrays, EVERYTHING, scope=Scope({}), level="substance", roles=None)
    with_event = {label: _any(arrays.events().reports, codes, who.total) for label, codes in events.items()}
    with_drug = {label: np.flatnonzero(_any(who.drugs.reports, codes, who.total)) for label, codes in drugs.items()}
    table = CountTable(
        drug=np.array([drug for drug, _ in pairs], dtype=object),
        event=np.array([event for _, event in pairs], dtype=object),
        observed=np.array([with_event[event][with_drug[drug]].sum() for drug, event in pairs], dtype=np.int64),
        drug_reports=np.array([len(with_drug[drug]) for drug, _ in pairs], dtype=np.int64),
        event_reports=np.array([with_event[event].sum() for _, event in pairs], dtype=np.int64),
        total_reports=who.total,
        cohort="*",
        snapshot=arrays.store.snapshot(),
    )
    return Counts(table, lambda: by_arrays.cells_of_all(who, who.kinds), who)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoDrugs:
    """Reports of each event that name one drug, another, or both.

    Args:
        event: names of the events that a report with either drug has; shape `(events,)`.
        both_event: reports with both drugs and the event; same shape.
        first_event: reports with the first drug and the event, whatever the second.
        second_event: reports with the second drug and the event, whatever the first.
        event_reports: reports with the event.
        both: reports with both drugs.
        first: reports with the first drug.
        second: reports with the second drug.
        total_reports: all reports.
    """

    event: StrArray
    both_event: IntArray
    first_event: IntArray
    second_event: IntArray
    event_reports: IntArray
    both: int
    first: int
    second: int
    total_reports: int


def count_two_drugs(arrays: Incidence, first: Asked, second: Asked, *, people: BoolArray | None = None) -> TwoDrugs:
    """Count every event of the reports with two drugs, one alone, and neither.

    Args:
        arrays: of the store; drugs count in the roles that are exposures.
        first: a drug or treatment.
        second: another.
        people: which reports are counted; None for all.
    """
    held = [reports_with(arrays, asked) for asked in (first, second)]
    if people is not None:
        held = [mask & people for mask in held]
    masks = [held[0] & held[1], *held]
    events = arrays.events()
    both, one, two = (events.margins(mask) for mask in masks)
    seen = (one > 0) | (two > 0)
    sizes = [int(np.count_nonzero(mask)) for mask in masks]
    return TwoDrugs(
        event=events.names[seen],
        both_event=both[seen],
        first_event=one[seen],
        second_event=two[seen],
        event_reports=events.margins(people)[seen],
        both=sizes[0],
        first=sizes[1],
        second=sizes[2],
        total_reports=arrays.total if people is None else int(np.count_nonzero(people)),
    )


def reports_with(arrays: Incidence, asked: Asked) -> BoolArray:
    """Which reports name a drug, or any drug of a treatment."""
    held = np.zeros(arrays.total, dtype=bool)
    held[places_with(arrays, asked)] = True
    return held


def places_with(arrays: Incidence, asked: Asked) -> Codes:
    """Numbers of the reports that name a drug, or any drug of a treatment, rising."""
    level: DrugLevel = "substance" if asked.level == "treatment" else asked.level
    lists = [reports for _, reports in by_arrays.reports_of(arrays.drugs(level), asked)]
    return lists[0] if len(lists) == 1 else np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *lists]))


def _any(reports: Lists, members: Codes, total: int) -> BoolArray:
    """Which reports hold any member of a group."""
    held = np.zeros(total, dtype=bool)
    held[reports.gather(members)[0]] = True
    return held
