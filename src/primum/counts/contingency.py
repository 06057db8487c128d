"""How many reports hold a drug, an event, both: always counted as distinct reports.

Three questions, one answer in the same form (`CountTable`):

- every drug against every event of a population (`all_pairs`);
- one treatment or drug against everything else of a population (`exposed`);
- one cohort against another that shares no report with it (`contrast`).

A report with nine rows of one drug is one report. Margins and totals are counted from reports, never added up from
pairs: adding up counts a report once for each of its pairs.

There are two roads to the same numbers: the incidence arrays where they are given (`by_arrays`), and otherwise the
engine, by Ibis expressions that also run where one machine does not suffice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from primum.counts import by_arrays, by_engine
from primum.counts.by_arrays import Asked
from primum.counts.cells import CellHistogram
from primum.counts.coded import name_at, named_keys
from primum.counts.cohort import EVERYTHING, AllOf, Cohort, all_of
from primum.counts.fields import FIELDS
from primum.counts.incidence import DrugLevel, Incidence
from primum.counts.members import Scope, members, narrowed, with_role
from primum.counts.table import CountTable
from primum.errors import CohortError, UnknownNameError
from primum.terms import BoolArray, IntArray
from primum.vocab.drugs import named_drugs

if TYPE_CHECKING:
    import ibis

    from primum.store import Store

DRUG_LEVELS: Final[tuple[DrugLevel, ...]] = ("verbatim", "product", "substance", "treatment")


@dataclass(frozen=True, eq=False)
class Counts:
    """A table of counts and all cells of the population behind it, which a prior is fitted on.

    Args:
        table: the pairs asked for.
        count_cells: counts all drug-event cells of the population; None for a contrast of two cohorts, whose cells are
            the table, and where they were not asked for.
        who: the population, where it was counted from arrays.
        of_event: reports of each event of the population, those included that no row names; None where the engine
            counted the rows alone.
    """

    table: CountTable
    count_cells: Callable[[], CellHistogram] | None = None
    who: by_arrays.Population | None = None
    of_event: IntArray | None = None

    @cached_property
    def cells(self) -> CellHistogram | None:
        """All cells of the population, counted when they are first asked for."""
        return None if self.count_cells is None else self.count_cells()


def count(
    store: Store,
    asked: Asked | None = None,
    *,
    scope: Scope,
    cohort: Cohort = EVERYTHING,
    versus: Cohort | None = None,
    drug_level: DrugLevel = "substance",
    arrays: Incidence | None = None,
) -> CountTable:
    """Count drug-event pairs; the table of `count_with_cells` alone, without the work that only cells need."""
    return count_with_cells(
        store, asked, scope=scope, cohort=cohort, versus=versus, drug_level=drug_level, arrays=arrays, cells=False
    ).table


def count_with_cells(
    store: Store,
    asked: Asked | None = None,
    *,
    scope: Scope,
    cohort: Cohort = EVERYTHING,
    versus: Cohort | None = None,
    drug_level: DrugLevel = "substance",
    arrays: Incidence | None = None,
    cells: bool = True,
) -> Counts:
    """Count drug-event pairs of a cohort, with all cells of its population.

    Args:
        store: the loaded reports.
        asked: treatment or drug; None for every drug.
        scope: bins of the treatments, and the treatment that `use` speaks of.
        cohort: which reports. With a drug asked for, its conditions on the exposure (drug, product, substance,
            treatment, role, use) narrow the reports of that drug, and all others narrow drug and comparator alike.
        versus: comparator cohort; None for everything else of the same population.
        drug_level: names that a row of the table has; for a drug that is asked for by name, the level of that name.
        arrays: the store's incidence arrays, the fast road; None counts on the engine.
        cells: whether the cells are wanted; a prior is fitted on them, and they cost a count of every pair.

    Returns:
        Counts of distinct reports. Pairs that no report holds are left out, but for a contrast, where they say that the
        event was reported with the comparator only.

    Raises:
        CohortError: no report is left, or the two cohorts share reports.
    """
    if versus is not None:
        sides = _contrast(store, asked, scope, cohort, versus, arrays=arrays)
        return Counts(sides, of_event=sides.event_reports)
    if arrays is not None:
        who, exposed = counted_reports(arrays, asked, cohort, scope=scope, drug_level=drug_level)
        return _by_arrays(who, asked, exposed, cohort=cohort, cells=cells)
    exposure, people, level, scope = _parted(asked, cohort, scope, drug_level)
    with by_engine.population(store, people, scope, level) as whole:
        within = None if exposure == EVERYTHING else members(exposure, scope)
        table = by_engine.table_of(whole, asked, within, cohort=cohort)
        if asked is not None and not len(table):
            raise CohortError.without_reactions(asked.name, str(cohort))
        if not cells:
            return Counts(table)
        counted = by_engine.cells_of_all(whole)  # now: its tables are staged for as long as this question takes
        return Counts(table, lambda: counted)


def _by_arrays(
    who: by_arrays.Population, asked: Asked | None, exposed: BoolArray | None, *, cohort: Cohort, cells: bool
) -> Counts:
    """The fast road of `count_with_cells`: every pair is counted only where the table or the cells need it."""
    if asked is None:
        table = by_arrays.table_of_all(who, who.pairs, cohort=cohort)
        return Counts(table, (lambda: by_arrays.cells_of_all(who, table.kinds)) if cells else None, who, who.of_event)
    table = by_arrays.table_of_one(who, asked, exposed, cohort=cohort)
    if not len(table):
        raise CohortError.without_reactions(asked.name, str(cohort))
    return Counts(table, (lambda: by_arrays.cells_of_all(who, who.kinds)) if cells else None, who, who.of_event)


def counted_reports(
    arrays: Incidence, asked: Asked | None, cohort: Cohort, *, scope: Scope, drug_level: DrugLevel
) -> tuple[by_arrays.Population, BoolArray | None]:
    """The population of a cohort, and which reports the exposure may be in, None for all; arguments as above.

    Raises:
        CohortError: no report is left.
    """
    exposure, people, level, scope = _parted(asked, cohort, scope, drug_level)
    who = by_arrays.population(arrays, people, scope=scope, level=level, roles=scope.roles)
    return who, None if exposure == EVERYTHING else arrays.mask(exposure, scope)


def _parted(
    asked: Asked | None, cohort: Cohort, scope: Scope, drug_level: DrugLevel
) -> tuple[Cohort, Cohort, DrugLevel, Scope]:
    """What a cohort says of the exposure, what of the people, and the names and roles of the drugs that are counted."""
    exposure, people = (EVERYTHING, cohort) if asked is None else split_exposure(cohort)
    level = drug_level if asked is None or asked.level == "treatment" else asked.level
    return exposure, people, level, narrowed(cohort, scope)  # the roles asked for are those of the drugs counted


def split_exposure(cohort: Cohort) -> tuple[Cohort, Cohort]:
    """Part a cohort into what it says of the exposure and what it says of the people.

    Examples:
        >>> from primum.counts.cohort import parse
        >>> [str(part) for part in split_exposure(parse("use:cosmetic sex:F age:18-64"))]
        ['use:cosmetic', 'sex:F age:18-64']
    """
    parts = cohort.parts if isinstance(cohort, AllOf) else (cohort,)
    of_exposure = [part for part in parts if any(FIELDS[name].of_exposure for name in part.fields)]
    return all_of(*of_exposure), all_of(*(part for part in parts if part not in of_exposure))


def find_drug(
    store: Store, name: str, *, drug_level: DrugLevel = "substance", arrays: Incidence | None = None
) -> Asked:
    """A drug by any of its names: at the level asked for first, then as substance, product and verbatim name.

    Args:
        store: the loaded reports.
        name: in any case, with any blanks.
        drug_level: level of names that is looked at first.
        arrays: the store's incidence arrays; they hold the names of the levels that were counted, which spares the
            engine.

    Raises:
        UnknownNameError: no drug of the store has that name; the nearest are named.
    """
    wanted = " ".join(name.split()).casefold()
    levels = dict.fromkeys((drug_level, "substance", "product", "verbatim"))
    for level in levels:
        names = arrays.drug_names(level) if arrays is not None else None
        if names is None:  # the engine knows fewer ways to write a letter, so what it does not find is looked at below
            named = _names(level)
            names = [str(row[0]) for row in store.engine.rows(named.filter(named.name.lower() == wanted))]
        if found := [known for known in names if known.casefold() == wanted]:
            return Asked(min(found), level)
    every: set[str] = set()
    for level in levels:
        names = [str(row[0]) for row in store.engine.rows(_names(level))]
        if found := [known for known in names if known.casefold() == wanted]:
            return Asked(min(found), level)
        every.update(names)
    raise UnknownNameError.among_many("drug in the loaded reports", name, every)


def _names(level: DrugLevel) -> ibis.Table:
    return named_keys(level).select("name").filter(lambda t: t.name.notnull()).distinct()


def _contrast(
    store: Store, asked: Asked | None, scope: Scope, cohort: Cohort, versus: Cohort, *, arrays: Incidence | None
) -> CountTable:
    """Every event of two cohorts that share no report: the first stands in the drug's place."""
    label = side_label(asked, cohort)
    if arrays is not None:
        sides = by_arrays.two_sides(arrays, asked, scope, cohort, versus)
    else:
        ours = members(cohort, scope)
        if asked is not None:
            ours = ours.semi_join(holding(asked, scope), "report_key")
        sides = by_engine.two_sides(store, ours, members(versus, scope))
    check_sides(sides.sizes, sides.shared, (label, str(versus)))
    pairs = len(sides.event)
    return CountTable(
        drug=np.full(pairs, label, dtype=object),
        event=sides.event,
        observed=sides.observed,
        drug_reports=np.full(pairs, sides.sizes[0], dtype=np.int64),
        event_reports=sides.event_reports,
        total_reports=sum(sides.sizes),
        cohort=label,
        comparator=str(versus),
        snapshot=store.snapshot(),
    )


def side_label(asked: Asked | None, cohort: Cohort) -> str:
    """What the first of two cohorts is called; it stands where a drug does."""
    return str(cohort) if asked is None else f"{asked.name} {cohort}" if cohort != EVERYTHING else asked.name


def check_sides(sizes: tuple[int, int], shared: int, names: tuple[str, str]) -> None:
    """Refuse two cohorts that cannot be compared.

    Raises:
        CohortError: one of them holds no report, or they share some.
    """
    for size, what, text in zip(sizes, ("cohort", "comparator"), names, strict=True):
        if not size:
            raise CohortError.empty(what, text)
    if shared:
        raise CohortError.overlap(*names, shared)


def holding(asked: Asked, scope: Scope) -> ibis.Table:
    """Reports that hold the drug asked for in a role that counts."""
    return rows_of(asked, scope).select("report_key").distinct()


def rows_of(asked: Asked, scope: Scope, within: str | None = None) -> ibis.Table:
    """Rows of the drug asked for in a role that counts; `within` names a staged table of the reports wanted."""
    drugs = with_role(named_drugs(within), scope)
    same = drugs.treatment == asked.name if asked.level == "treatment" else name_at(drugs, asked.level) == asked.name
    return drugs.filter(same)
