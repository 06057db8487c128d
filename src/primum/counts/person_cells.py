"""How many reports of each sex and age hold each event, so that a cohort of persons is a sum and no count?

Scores compare the reports of a drug with all others of the cohort, so that every question about a new cohort counts the
events of all its reports: a third of the time of a page. Most cohorts are of sex and age, and of these there are some
hundred kinds. A part of the incidence arrays, `cells-METHOD`, holds for each kind (a cell) how many reports hold each
event, one report of each event that was told several times, by the links of a method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from primum.cases.linked import OFF
from primum.counts.cohort import AllOf, Cohort, Condition, all_of
from primum.counts.kernel import starts
from primum.counts.masks import told_by_people
from primum.counts.parts import Draft, Part
from primum.counts.people import NO_AGE
from primum.terms import BoolArray, IntArray

if TYPE_CHECKING:
    from primum.counts.holdings import Events

OF_PERSONS: Final = frozenset({"sex", "age"})
_AGES: Final = 2**16


def of_persons(cohort: Cohort) -> tuple[Cohort, str] | None:
    """What a cohort says of persons, and the method by whose links one report of each event counts.

    None where it speaks of anything else than sex and whole years of age.

    Examples:
        >>> from primum.counts.cohort import parse
        >>> who, method = of_persons(parse("sex:F age:18-64 duplicates:exact"))
        >>> str(who), method
        ('sex:F age:18-64', 'exact')
        >>> [of_persons(parse(text)) for text in ("sex:F country:US", "age:0.5-2")]
        [None, None]
    """
    parts = cohort.parts if isinstance(cohort, AllOf) else (cohort,)
    of_links = [part for part in parts if isinstance(part, Condition) and part.field == "duplicates"]
    others = [part for part in parts if part not in of_links]
    methods = [method for part in of_links for method in part.values]
    if len(methods) > 1 or not all(part.fields <= OF_PERSONS and told_by_people(part) for part in others):
        return None
    return all_of(*others), methods[0] if methods else OFF


def build_cells(draft: Draft, people: Part, events: Events, kept: BoolArray) -> None:
    """Fill a part with the persons of each cell and its reports of each event.

    Args:
        draft: what is filled.
        people: the part of that name.
        events: of the reports.
        kept: which reports count.
    """
    sex, age = people.arrays["sex"], people.arrays["age"]
    kind = sex.astype(np.int32) * _AGES + (age.astype(np.int32) - NO_AGE)
    there = np.flatnonzero(np.bincount(kind))
    number = np.zeros(there[-1] + 1 if len(there) else 0, dtype=np.uint16)
    number[there] = np.arange(len(there))
    cell = number[kind]
    order = np.argsort(cell, kind="stable")
    ends = starts(np.bincount(cell, minlength=len(there)))
    width = len(events.names)
    draft.names["sex"] = people.names["sex"]
    draft.keep("sex", (there // _AGES).astype(sex.dtype))
    draft.keep("age", (there % _AGES + NO_AGE).astype(age.dtype))
    held = draft.new("held", len(there) * width, np.int32)
    for place in range(len(there)):
        reports = order[ends[place] : ends[place + 1]]
        held[place * width : (place + 1) * width] = events.of_report.tally(reports[kept[reports]], width)


def margins_of(cells: Part, inside: BoolArray, *, width: int) -> IntArray:
    """How many reports of some cells hold each event.

    Args:
        cells: made by `build_cells`.
        inside: which cells; shape `(cells,)`.
        width: how many events there are.
    """
    held = cells.arrays["held"].reshape(len(inside), width)
    counted: IntArray = held[inside].sum(axis=0, dtype=np.int64)
    return counted
