"""How are two cohorts compared within strata of people, event by event?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from primum.counts.by_arrays import Asked, two_sides
from primum.counts.cohort import Cohort, all_of, parse
from primum.counts.incidence import Incidence
from primum.counts.members import Scope
from primum.errors import CohortError, UnknownNameError
from primum.terms import IntArray, StrArray

STRATA: Final[Mapping[str, tuple[str, ...]]] = {
    "sex": ("sex:F", "sex:M"),
    "age": ("age:-17", "age:18-44", "age:45-64", "age:65-"),
    "reporter": ("reporter:MD", "reporter:PH", "reporter:HP,OT,RN", "reporter:CN,LW"),
}
"""What people can be split by; a report in no part is left out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContrastByStrata:
    """Reports of two cohorts by event and stratum.

    Args:
        event: names of the events that either reports in a stratum; shape `(events,)`.
        observed: reports of the first with each; shape `(strata, events)`.
        event_reports: reports of both with each; same shape.
        cohort_reports: reports of the first; shape `(strata,)`.
        comparator_reports: reports of the second; same shape.
        strata: text of each stratum.
        left_out: reports of both cohorts that lie in no stratum.
    """

    event: StrArray
    observed: IntArray
    event_reports: IntArray
    cohort_reports: IntArray
    comparator_reports: IntArray
    strata: tuple[str, ...]
    left_out: int


def count_contrast(
    arrays: Incidence, asked: Asked | None, scope: Scope, *, cohort: Cohort, versus: Cohort, by: Sequence[str]
) -> ContrastByStrata:
    """Count the events of two cohorts within every stratum.

    Args:
        arrays: of the store.
        asked: drug or treatment that the first cohort is narrowed to; None for none.
        scope: bins of the treatments.
        cohort: the first cohort.
        versus: the second; it must share no report with the first.
        by: names of `STRATA`, each with each.

    Raises:
        UnknownNameError: a name that is not in `STRATA`.
        CohortError: a cohort without a report, in all or in the strata, or two cohorts that share reports.
    """
    for name in by:
        if name not in STRATA:
            raise UnknownNameError.of("kind of stratum", name, STRATA)
    whole = two_sides(arrays, asked, scope, cohort, versus)
    for size, what, text in zip(whole.sizes, ("cohort", "comparator"), (str(cohort), str(versus)), strict=True):
        if not size:
            raise CohortError.empty(what, text)
    if whole.shared:
        raise CohortError.overlap(str(cohort), str(versus), whole.shared)
    texts = tuple(" ".join(parts) for parts in product(*(STRATA[name] for name in by)))
    found = [
        two_sides(arrays, asked, scope, all_of(cohort, parse(text)), all_of(versus, parse(text))) for text in texts
    ]
    place = {event: i for i, event in enumerate(whole.event.tolist())}
    observed = np.zeros((len(texts), len(place)), dtype=np.int64)
    of_event = np.zeros_like(observed)
    for row, side in enumerate(found):
        at = [place[event] for event in side.event.tolist()]
        observed[row, at], of_event[row, at] = side.observed, side.event_reports
    sizes = np.array([side.sizes for side in found], dtype=np.int64)
    seen = of_event.any(axis=0)
    return ContrastByStrata(
        event=whole.event[seen],
        observed=observed[:, seen],
        event_reports=of_event[:, seen],
        cohort_reports=sizes[:, 0],
        comparator_reports=sizes[:, 1],
        strata=texts,
        left_out=sum(whole.sizes) - int(sizes.sum()),
    )
