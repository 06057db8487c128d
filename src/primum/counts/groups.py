"""How many reports hold any drug of a group and any event of a group?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from primum.counts import by_arrays
from primum.counts.cohort import EVERYTHING
from primum.counts.contingency import Counts
from primum.counts.incidence import Incidence
from primum.counts.kernel import Codes, Lists
from primum.counts.members import Scope
from primum.counts.table import CountTable
from primum.terms import BoolArray, IntArray

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
    return Counts(table, by_arrays.cells_of_all(who, who.pairs))


def _any(reports: Lists, members: Codes, total: int) -> BoolArray:
    """Which reports hold any member of a group."""
    held = np.zeros(total, dtype=bool)
    held[reports.gather(members)[0]] = True
    return held
