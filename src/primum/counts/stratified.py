"""How many reports of a drug and an event lie in each stratum of sex, age or year?

A stratum is a cohort of its own (`sex:F age:18-44`), so that each line of a stratified table can be asked for alone.
Reports that lie in no stratum, such as those without an age, are left out of all counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primum.counts import by_arrays
from primum.counts.by_arrays import Asked, Population
from primum.counts.cohort import Cohort, all_of, any_of, condition
from primum.counts.contingency import Counts, check_sides, side_label, split_exposure
from primum.counts.fields import REPORTERS
from primum.counts.incidence import DrugLevel, Incidence
from primum.counts.members import Scope, narrowed
from primum.counts.strata import NO_STRATUM, MantelHaenszelSums, by_stratum, count_strata
from primum.counts.table import CountTable
from primum.errors import CohortError, UnknownNameError
from primum.terms import BoolArray, Coded, FloatArray, IntArray

AGE_BANDS: Final = ("-17", "18-44", "45-64", "65-74", "75-")


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    """The strata of one question.

    Args:
        cohorts: one a stratum.
        code: stratum of each report, `NO_STRATUM` where it lies in none.
    """

    cohorts: tuple[Cohort, ...]
    code: NDArray[np.uint8]

    @property
    def all(self) -> Cohort:
        """The reports that lie in a stratum."""
        return any_of(*self.cohorts)


@dataclass(frozen=True, slots=True, eq=False)
class ByStratum:
    """Counts of each pair in each stratum.

    Args:
        cohorts: one a stratum.
        observed: reports with drug and event; shape `(strata, pairs)`.
        drug_reports: reports with the drug; same shape.
        event_reports: reports with the event; same shape.
        total_reports: reports of each stratum; shape `(strata, 1)`.
    """

    cohorts: tuple[Cohort, ...]
    observed: IntArray
    drug_reports: IntArray
    event_reports: IntArray
    total_reports: IntArray

    @property
    def expected(self) -> FloatArray:
        """Reports expected under independence within strata; shape `(pairs,)`."""
        product_of = self.drug_reports.astype(np.float64) * self.event_reports
        return np.asarray((product_of / np.maximum(self.total_reports, 1)).sum(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class StratifiedCounts:
    """What `count_stratified` answers.

    Args:
        counts: over the reports that lie in a stratum, with the expectation of the strata.
        strata: counts in each stratum; None for every pair, which would be too many.
        sums: for the pooled odds ratio of every pair; None where there are `strata`.
        left_out: reports of the population that lie in no stratum.
    """

    counts: Counts
    strata: ByStratum | None
    sums: MantelHaenszelSums | None
    left_out: int


def _ages(arrays: Incidence) -> list[Cohort]:
    return [condition("age", band) for band in AGE_BANDS]


def _years(arrays: Incidence) -> list[Cohort]:
    first = arrays.people().arrays["received_first"]
    days = np.unique(first[(first > 0) & (first < np.iinfo(first.dtype).max)])
    years = np.unique((np.datetime64("1900-01-01") + days.astype(np.int64)).astype("datetime64[Y]").astype(int) + 1970)
    return [condition("received", str(year)) for year in years.tolist()]


_BY: Final[dict[str, Callable[[Incidence], list[Cohort]]]] = {
    "sex": lambda _: [condition("sex", "F"), condition("sex", "M")],
    "age": _ages,
    "year": _years,
    "reporter": lambda _: [condition("reporter", code) for code in REPORTERS.values()],
}


def strata_of(arrays: Incidence, by: Sequence[str], scope: Scope) -> Strata:
    """Part the reports of a store into strata.

    Args:
        arrays: of the store.
        by: what by: `sex`, `age`, `year` or `reporter`, one or more.
        scope: as for any cohort.

    Raises:
        UnknownNameError: there is no such stratum.
        CohortError: they would be more than 255, or reporting systems, which are never added up.
    """
    if "source" in by:
        raise CohortError(
            "Strata by source would add up reporting systems. Expected source alone, which shows them side by side: "
            "primum signals DRUG --by source. Within one system: primum signals DRUG source:NAME --by sex."
        )
    for name in by:
        if name not in _BY:
            raise UnknownNameError.of("stratum", name, _BY)
    parts = [_BY[name](arrays) for name in dict.fromkeys(by)]
    cohorts = tuple(all_of(*several) for several in product(*parts))
    if not 0 < len(cohorts) <= NO_STRATUM:
        raise CohortError(f"{' and '.join(by)} make {len(cohorts)} strata; expected 1 to {NO_STRATUM}. Leave one out.")
    code = np.zeros(arrays.total, dtype=np.int64)
    inside = np.ones(arrays.total, dtype=bool)
    for several in parts:
        place = np.full(arrays.total, -1, dtype=np.int64)
        for number, cohort in enumerate(several):
            place[arrays.mask(cohort, scope)] = number
        inside &= place >= 0
        code = code * len(several) + place
    return Strata(cohorts, np.where(inside, code, NO_STRATUM).astype(np.uint8))


def count_stratified(
    arrays: Incidence,
    asked: Asked | None,
    by: Sequence[str],
    *,
    scope: Scope,
    cohort: Cohort,
    drug_level: DrugLevel = "substance",
    cells: bool = True,
) -> StratifiedCounts:
    """Count pairs within strata; arguments as in `primum.counts.contingency.count_with_cells`.

    Raises:
        CohortError: no report is left.
    """
    strata = strata_of(arrays, by, scope)
    exposure, people = (all_of(), cohort) if asked is None else split_exposure(cohort)
    level = drug_level if asked is None or asked.level == "treatment" else asked.level
    scope = narrowed(cohort, scope)
    whole = by_arrays.population(arrays, people, scope=scope, level=level, roles=scope.roles)
    who = by_arrays.population(arrays, people & strata.all, scope=scope, level=level, roles=scope.roles)
    left_out = whole.total - who.total
    code = strata.code if who.mask is None else np.where(who.mask, strata.code, NO_STRATUM).astype(np.uint8)
    if asked is None:
        found = count_strata(who.drugs.joined, code, of_event=arrays.events().reports, strata=len(strata.cohorts))
        table = replace(by_arrays.table_of_all(who, found.pairs, cohort=cohort), expected=found.expected)
        counts = Counts(table, (lambda: by_arrays.cells_of_all(who, table.kinds)) if cells else None, who)
        return StratifiedCounts(counts, None, found.sums, left_out)
    exposed = None if exposure == all_of() else arrays.mask(exposure, scope)
    table = by_arrays.table_of_one(who, asked, exposed, cohort=cohort)
    if not len(table):
        raise CohortError.without_reactions(asked.name, str(cohort))
    inside = _by_stratum(who, asked, exposed, table, Strata(strata.cohorts, code))
    table = replace(table, expected=inside.expected)
    counts = Counts(table, (lambda: by_arrays.cells_of_all(who, who.kinds)) if cells else None, who)
    return StratifiedCounts(counts, inside, None, left_out)


def count_two_stratified(
    arrays: Incidence, asked: Asked | None, by: Sequence[str], *, scope: Scope, cohort: Cohort, versus: Cohort
) -> StratifiedCounts:
    """Count the events of two cohorts within strata, the first in the place of a drug; arguments as above.

    Args:
        arrays: of the store.
        asked: drug or treatment that the first cohort is narrowed to; None for none.
        by: what strata are made of.
        scope: as for any cohort.
        cohort: the first cohort.
        versus: the second.

    Raises:
        CohortError: a cohort without a report, in all or in the strata, or two that share reports.
    """
    strata, names = strata_of(arrays, by, scope), (side_label(asked, cohort), str(versus))
    masks = by_arrays.two_masks(arrays, asked, scope, cohort, versus)
    sizes = [int(np.count_nonzero(mask)) for mask in masks]
    check_sides((sizes[0], sizes[1]), int(np.count_nonzero(masks[0] & masks[1])), names)
    codes = [np.where(mask, strata.code, NO_STRATUM).astype(np.uint8) for mask in masks]
    events, many = arrays.events(), range(len(strata.cohorts))
    counted = np.array([[events.counts(np.flatnonzero(code == one)) for one in many] for code in codes])
    inside = np.array([np.bincount(code, minlength=NO_STRATUM)[: len(many), None] for code in codes])
    first, second = (int(within.sum()) for within in inside)
    check_sides((first, second), 0, (f"{names[0]} in a stratum", f"{names[1]} in a stratum"))
    seen = np.flatnonzero(counted.any(axis=(0, 1)))
    observed, both = counted[0][:, seen].astype(np.int64), counted.sum(axis=0)[:, seen].astype(np.int64)
    of_first = np.broadcast_to(inside[0], observed.shape).astype(np.int64)
    total = inside.sum(axis=0).astype(np.int64)
    found = ByStratum(strata.cohorts, observed, of_first, both, total)
    table = CountTable(
        drug=np.full(len(seen), names[0], dtype=object),
        event=events.names[seen],
        observed=observed.sum(axis=0),
        drug_reports=of_first.sum(axis=0),
        event_reports=both.sum(axis=0),
        total_reports=int(total.sum()),
        expected=found.expected,
        cohort=names[0],
        comparator=names[1],
        snapshot=arrays.store.snapshot(),
    )
    return StratifiedCounts(Counts(table), found, None, sum(sizes) - int(total.sum()))


def _by_stratum(
    who: Population, asked: Asked, exposed: BoolArray | None, table: CountTable, strata: Strata
) -> ByStratum:
    """The counts of each pair of a table in each stratum."""
    events, many = who.arrays.events(), len(strata.cohorts)
    of_event = by_stratum(events.reports, strata.code, many).astype(np.int64)
    total = np.bincount(strata.code, minlength=256)[:many, None]
    rows: Coded = table.coded["drug"]
    event = table.coded["event"].code
    shape = (many, len(table))
    observed, of_drug = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for drug, reports in by_arrays.exposed_reports(who, asked, exposed):
        mine = np.flatnonzero(rows.code == drug)
        code = strata.code[reports]
        values, sizes = events.of_report.gather(reports)
        key = np.repeat(code.astype(np.int64), sizes) * len(events.names) + values
        counted = np.bincount(key, minlength=256 * len(events.names)).reshape(256, -1)
        observed[:, mine] = counted[:many, event[mine]]
        of_drug[:, mine] = np.bincount(code, minlength=256)[:many, None]
    return ByStratum(strata.cohorts, observed, of_drug, of_event[event].T, total)
