"""Had somebody looked every quarter, when would an event of a drug have stood out against a comparator?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from primum.counts.by_arrays import two_masks
from primum.counts.contingency import check_sides, side_label
from primum.counts.incidence import Incidence
from primum.errors import CohortError
from primum.signals.maxsprt import METHOD
from primum.signals.maxsprt_looks import Watch, maxsprt_comparator
from primum.signals.results import ResultTable
from primum.study.question import Question
from primum.study.reports import Reports
from primum.terms import BoolArray, IntArray, StrArray

SCHEMA: Final = "primum.signals-watched/1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watched:
    """Every event of two cohorts, quarter by quarter.

    Args:
        cohort: the first, and its drug.
        versus: the second.
        quarter: of publication of a case's current version; shape `(quarters,)`.
        event: names of the events that a report of either has; shape `(events,)`.
        observed: new reports of the first with each event; shape `(quarters, events)`.
        comparator: new reports of the second with it; same shape.
        reports: of the first in each quarter; shape `(quarters,)`.
        comparator_reports: of the second; same shape.
        watch: the test at every quarter.
        snapshot: hash of the store.
        notes: what is to be said of all of it.
    """

    cohort: str
    versus: str
    quarter: tuple[str, ...]
    event: StrArray
    observed: IntArray
    comparator: IntArray
    reports: IntArray
    comparator_reports: IntArray
    watch: Watch
    snapshot: str
    notes: tuple[str, ...]

    def order(self) -> IntArray:
        """Events, the least likely first; those without p last, by their last statistic."""
        return np.lexsort((-self.watch.statistic[-1], np.where(np.isnan(self.watch.p), 2.0, self.watch.p)))

    def since(self) -> StrArray:
        """The quarter that signalled, of each event; empty where none did."""
        return np.array([*self.quarter, ""], dtype=object)[self.watch.first]

    def table(self) -> ResultTable:
        """A row an event and quarter, events in `order`."""
        order, looks = self.order(), len(self.quarter)

        def each(values: np.ndarray) -> np.ndarray:
            return np.repeat(values[order], looks)

        columns = {
            "event": each(self.event),
            "quarter": np.tile(np.array(self.quarter, dtype=object), len(order)),
            "observed": self.observed[:, order].T.ravel(),
            "comparator_observed": self.comparator[:, order].T.ravel(),
            "drug_reports": np.tile(self.reports, len(order)),
            "comparator_reports": np.tile(self.comparator_reports, len(order)),
            "expected_cumulated": self.watch.expected[:, order].T.ravel(),
            "llr": self.watch.statistic[:, order].T.ravel(),
            "p_maxsprt": each(self.watch.p),
            "signal_since": each(self.since()),
            "warnings": each(np.where(self.watch.reason == "", "", "p_maxsprt: " + self.watch.reason).astype(object)),
        }
        about = {
            "cohort": self.cohort,
            "comparator": self.versus,
            "snapshot": self.snapshot,
            "alpha": self.watch.alpha,
            "quarters": list(self.quarter),
        }
        return ResultTable(schema=SCHEMA, column=columns, about=about, methods=(METHOD,), notes=self.notes)


def watched(reports: Reports, question: Question, *, alpha: float = 0.05) -> Watched:
    """Sequential test of every event, a drug or cohort against a comparator, with a look at each loaded quarter.

    What is expected needs no model of the event and none of its reports: of the reports of a quarter with the event,
    the drug's share is expected that it has of all reports of both in that quarter.

    Args:
        reports: the loaded reports.
        question: drug, cohort and comparator.
        alpha: chance of a false signal over all quarters, of each event.

    Raises:
        UnknownNameError: no drug of that name; the nearest are named.
        CohortError: no comparator, a cohort without a report, two that share reports, or no report with a quarter.
        StoreError: the store's arrays are switched off.
    """
    arrays, meant = reports.needed_arrays(), reports.meant(question)
    if meant.versus is None:
        raise CohortError("A sequential test needs a comparator; expected one. Name it: --versus COHORT.")
    masks = two_masks(arrays, meant.asked, meant.scope, meant.cohort, meant.versus)
    names = (side_label(meant.asked, meant.cohort), str(meant.versus))
    sizes = [int(np.count_nonzero(mask)) for mask in masks]
    check_sides((sizes[0], sizes[1]), int(np.count_nonzero(masks[0] & masks[1])), names)
    quarters = tuple(arrays.people().names["quarter"][1:])
    (observed, ours), (comparator, theirs) = (_by_quarter(arrays, mask, len(quarters)) for mask in masks)
    if not quarters or not ours.any() or not theirs.any():
        raise CohortError.empty("cohort or comparator", "quarter:any")
    seen = np.flatnonzero((observed + comparator).any(axis=0))
    observed, comparator = observed[:, seen], comparator[:, seen]
    share = ours / np.maximum(ours + theirs, 1)
    synthetic = reports.store.synthetic()
    return Watched(
        cohort=names[0],
        versus=names[1],
        quarter=quarters,
        event=arrays.events().names[seen],
        observed=observed,
        comparator=comparator,
        reports=ours,
        comparator_reports=theirs,
        watch=maxsprt_comparator(observed, comparator, share=share, alpha=alpha),
        snapshot=reports.store.snapshot(),
        notes=(*([synthetic] if synthetic else []), *meant.notes),
    )


def _by_quarter(arrays: Incidence, mask: BoolArray, quarters: int) -> tuple[IntArray, IntArray]:
    """Reports of a mask with each event in each quarter, shape `(quarters, events)`, and all of them in each."""
    reports = np.flatnonzero(mask)
    code = arrays.people().arrays["quarter"][reports]
    events = arrays.events()
    counted = [events.counts(reports[code == number]) for number in range(1, quarters + 1)]
    shape = (quarters, len(events.names))
    total = np.bincount(code, minlength=quarters + 1)[1:]
    return np.array(counted, dtype=np.int64).reshape(shape), total.astype(np.int64)
