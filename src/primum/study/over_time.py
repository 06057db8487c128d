"""When did the pairs of a drug first stand out in the loaded quarters?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from primum.counts.by_arrays import population
from primum.counts.cohort import condition
from primum.counts.groups import reports_with
from primum.counts.profile import quarters
from primum.errors import CohortError, UnknownNameError
from primum.signals.trend import Trend
from primum.signals.trend import trend as trend_of
from primum.study.reports import Reports
from primum.terms import IntArray, StrArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrendOfDrug:
    """Every event of a drug, quarter by quarter.

    Args:
        quarter: of publication of a case's current version; shape `(quarters,)`.
        event: names of the events that the drug has in any; shape `(events,)`.
        observed: reports with both in each quarter; shape `(quarters, events)`.
        trend: information component of each quarter, and cumulated.
    """

    quarter: tuple[str, ...]
    event: StrArray
    observed: IntArray
    trend: Trend


def trend(reports: Reports, what: str, *, level: float = 0.95) -> TrendOfDrug:
    """Information component of each event of a drug by quarter, and cumulated over quarters.

    A case counts in the quarter of its current version, so that a case which is sent again moves to the later quarter.

    Args:
        reports: the loaded reports.
        what: a drug or treatment by any of its names.
        level: of the intervals, in (0, 1).

    Raises:
        UnknownNameError: no drug of that name; the nearest are named.
        CohortError: no report has a quarter.
        StoreError: the store's arrays are switched off.
    """
    asked, scope = reports.asked(what)
    if asked is None:
        raise UnknownNameError.of("drug", what, ("one drug or treatment",))
    arrays = reports.needed_arrays()
    known = quarters(reports.store)
    if not known:
        raise CohortError.empty("cohort", "quarter:any")
    held, events = reports_with(arrays, asked), arrays.events()
    of_drug, of_event, drug, total = [], [], [], []
    for quarter in known:
        who = population(arrays, condition("quarter", quarter), scope=scope, level="substance", roles=None)
        mask = held if who.mask is None else held & who.mask
        of_drug.append(events.margins(mask))
        of_event.append(who.of_event)
        drug.append(int(np.count_nonzero(mask)))
        total.append(who.total)
    observed = np.array(of_drug, dtype=np.int64)
    seen = observed.any(axis=0)
    found = trend_of(
        observed[:, seen],
        np.array(drug)[:, None],
        np.array(of_event, dtype=np.int64)[:, seen],
        np.array(total)[:, None],
        level=level,
    )
    return TrendOfDrug(quarter=known, event=events.names[seen], observed=observed[:, seen], trend=found)
