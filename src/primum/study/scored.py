"""How do counts become scores that may be read: with their prior, their bins, and the caveats of every row?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from primum.counts.bias import caveats_of
from primum.counts.by_arrays import exposed_reports
from primum.counts.cohort import Cohort, any_of
from primum.counts.contingency import Counts, counted_reports
from primum.counts.incidence import Incidence
from primum.counts.stratified import ByStratum, StratifiedCounts
from primum.counts.table import CountTable
from primum.counts.units import drugs_compared, unit_artefacts
from primum.errors import CohortError
from primum.signals.caveats import BETWEEN, coded, joined, texts
from primum.signals.columns import SignalTable
from primum.signals.lrt_of_rows import ONE_DRUG
from primum.signals.mantel_haenszel import COLUMNS as POOLED
from primum.signals.mantel_haenszel import METHOD as MANTEL_HAENSZEL
from primum.signals.mantel_haenszel import mantel_haenszel, pooled_from_sums
from primum.signals.scores import Scores
from primum.signals.table import needs_cells, score
from primum.store import Store
from primum.study.masked import masking_caveats
from primum.study.priors import kept_prior
from primum.study.question import KindOfTerm, Meant
from primum.terms import SYNTHETIC, Coded, IntArray

if TYPE_CHECKING:
    from primum.counts.by_arrays import Asked
    from primum.counts.strata import MantelHaenszelSums

UNCHECKED: Final = (
    "No row was checked for one sender, stimulated reporting or masking: that is done for one drug or treatment "
    "against everything else, on the arrays beside a store of this machine."
)


@dataclass(frozen=True, slots=True, eq=False)
class StratifiedScores:
    """Statistics within strata.

    Args:
        scores: of each pair over all strata.
        strata: counts of each pair in each stratum; None for every pair.
    """

    scores: Scores
    strata: ByStratum | None


def scored(
    store: Store,
    counts: Counts,
    bin_of: KindOfTerm,
    *,
    methods: Sequence[str],
    caveats: Coded,
) -> Scores:
    """The statistics of each pair of a count.

    Args:
        store: that was counted.
        counts: of it.
        bin_of: the kind of a term.
        methods: statistics to compute.
        caveats: of each pair.
    """
    event = counts.table.coded.get("event") or coded(counts.table.event)
    synthetic = store.synthetic()
    prior = kept_prior(counts) if needs_cells(methods) else None
    scores = score(
        counts.table,
        cells=counts.cells if prior is None else None,
        prior=prior,
        of_event=counts.of_event,
        methods=methods,
        bins=Coded(event.code, bin_of.each(event.names)),
        warnings=_beside(SYNTHETIC if synthetic else "", caveats),
    )
    notes = (*([synthetic] if synthetic else []), *scores.about.notes)
    return replace(scores, about=replace(scores.about, notes=notes))


def scored_by_strata(
    store: Store,
    found: StratifiedCounts,
    meant: Meant,
    *,
    by: Sequence[str],
    methods: Sequence[str],
    arrays: Incidence,
) -> StratifiedScores:
    """The statistics of each pair within strata, with the odds ratio pooled over them.

    Args:
        store: that was counted.
        found: the counts.
        meant: what was asked.
        by: what the strata are made of.
        methods: statistics to compute beside.
        arrays: what caveats are read from.
    """
    counted = meant.cohort
    if found.strata is not None:
        counted &= any_of(*found.strata.cohorts)  # what lies in no stratum is not in the table
    caveats = caveats_of_rows(arrays, found.counts.table, meant, counted)
    scores = scored(store, found.counts, meant.bin_of, methods=methods, caveats=caveats)
    value, lower, upper, test = POOLED
    names = (value, lower, upper)
    if (inside := found.strata) is not None:
        pooled = mantel_haenszel(inside.observed, inside.drug_reports, inside.event_reports, inside.total_reports)
        scores = scores.with_estimate(MANTEL_HAENSZEL, pooled.estimate, names)
        scores = scores.with_column(test, pooled.p_heterogeneity, pooled.why_no_test)
    else:
        estimate = pooled_from_sums(cast("MantelHaenszelSums", found.sums))
        scores = scores.with_estimate(MANTEL_HAENSZEL, estimate, names)
    notes = [f"Within strata of {', '.join(by)}; {found.left_out:,} reports that lie in none are left out."]
    if needs_cells(methods) and meant.versus is None:
        notes.append("EBGM: the prior is that of the crude expectations, the scores are those of the strata.")
    others = "everything else" if meant.versus is None else str(meant.versus)
    comparator = f"{others} in the same stratum of {', '.join(by)}"
    scores = replace(scores, about=replace(scores.about, comparator=comparator))
    return StratifiedScores(noted(scores, (*notes, *meant.notes)), found.strata)


def check_methods(methods: Sequence[str], meant: Meant, arrays: Incidence | None) -> None:
    """Refuse, before anything is counted, a method that this question has no answer of.

    Raises:
        CohortError: a likelihood ratio test without a drug, or of one drug on another engine, which counts no event
            that the drug has no report of.
    """
    asked = next((name for name in methods if name in ONE_DRUG), None)
    if asked is None or meant.versus is not None:
        return
    if meant.asked is None:
        raise CohortError(
            f"{asked} holds the chance of a false alarm among the events of one drug; expected a drug or treatment. "
            f"Name one, or leave {asked} out of the methods."
        )
    if arrays is None:
        raise CohortError(
            f"{asked} looks at every event that there is, from the arrays beside a store of this machine; expected no "
            f"other engine. Leave the engine out, or {asked} out of the methods."
        )


def has_caveats(meant: Meant) -> bool:
    """Whether reports are looked at for the rows of a question: those of one drug against everything else."""
    return meant.asked is not None and meant.versus is None


def caveats_of_rows(arrays: Incidence | None, table: CountTable, meant: Meant, cohort: Cohort) -> Coded:
    """Where the bias checks fire, by row: units in every row, the others where `has_caveats` says so.

    Args:
        arrays: of the store; None where counting is left to the engine, which tells units alone.
        table: the rows.
        meant: what was asked.
        cohort: reports that were counted.
    """
    units = units_of_rows(table, meant)
    if arrays is None or not has_caveats(meant):
        return units
    asked = cast("Asked", meant.asked)
    who, exposure = counted_reports(arrays, asked, cohort, scope=meant.scope, drug_level=meant.drug_level)
    exposed = exposed_reports(who, asked, exposure)
    looked = _together(caveats_of(who, exposed, table), units.texts.tolist())
    return coded(texts(_together(looked, masking_caveats(who, exposed, table))))


def units_of_rows(table: CountTable, meant: Meant) -> Coded:
    """Which rows speak of doses where units of several drugs meet, told by names alone."""
    if meant.versus is None:
        return unit_artefacts(table, meant.units)
    asked = "" if meant.asked is None else meant.asked.name
    return unit_artefacts(table, meant.units, compared=drugs_compared(meant.units, (meant.cohort, meant.versus), asked))


def rows_with_caveats(scores: Scores, rows: IntArray, caveats: Coded) -> SignalTable:
    """Some rows spelt out, with caveats that were looked for in these alone.

    Args:
        scores: of every row, without these caveats.
        rows: places of those wanted.
        caveats: of each of them.
    """
    given = joined(scores.given.take(rows), caveats)
    code = np.zeros(len(scores), dtype=np.int64)
    code[rows] = given.code
    return replace(scores, given=Coded(code, given.names)).table(rows)


def noted(scores: Scores, notes: Sequence[str]) -> Scores:
    """Scores with more to be said of all of them."""
    return replace(scores, about=replace(scores.about, notes=(*scores.about.notes, *notes)))


def _beside(all_rows: str, caveats: Coded) -> Coded:
    """The caveat of every row, with those of each."""
    return Coded(
        caveats.code, texts([BETWEEN.join(t for t in (all_rows, name) if t) for name in caveats.names.tolist()])
    )


def _together(some: Iterable[str], others: Sequence[str]) -> list[str]:
    return [BETWEEN.join(text for text in pair if text) for pair in zip(some, others, strict=True)]
