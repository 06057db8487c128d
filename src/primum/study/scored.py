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
from primum.signals.caveats import coded
from primum.signals.columns import SignalTable
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
    "No row was checked for one sender, stimulated reporting, units or masking: that needs the arrays beside a store "
    "of this machine."
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
    caveats: Sequence[str] | None = None,
) -> Scores:
    """The statistics of each pair of a count.

    Args:
        store: that was counted.
        counts: of it.
        bin_of: the kind of a term.
        methods: statistics to compute.
        caveats: of each pair; None where none were looked for.
    """
    event = counts.table.coded.get("event") or coded(counts.table.event)
    synthetic = store.synthetic()
    prior = kept_prior(counts) if needs_cells(methods) else None
    scores = score(
        counts.table,
        cells=counts.cells if prior is None else None,
        prior=prior,
        methods=methods,
        bins=Coded(event.code, bin_of.each(event.names)),
        warnings=_warned(SYNTHETIC if synthetic else "", caveats),
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
    caveats = None
    if found.strata is not None:
        counted = meant.cohort & any_of(*found.strata.cohorts)  # what lies in no stratum is not in the table
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
    if needs_cells(methods):
        notes.append("EBGM: the prior is that of the crude expectations, the scores are those of the strata.")
    comparator = f"everything else in the same stratum of {', '.join(by)}"
    scores = replace(scores, about=replace(scores.about, comparator=comparator))
    return StratifiedScores(noted(scores, (*notes, *meant.notes)), found.strata)


def has_caveats(meant: Meant) -> bool:
    """Whether the rows of a question are checked for bias: those of one drug against everything else."""
    return meant.asked is not None and meant.versus is None


def caveats_of_rows(arrays: Incidence | None, table: CountTable, meant: Meant, cohort: Cohort) -> list[str] | None:
    """Where the bias checks fire, by row; None where counting is left to the engine, or none is asked for."""
    if arrays is None or not has_caveats(meant):
        return None
    asked = cast("Asked", meant.asked)
    who, exposure = counted_reports(arrays, asked, cohort, scope=meant.scope, drug_level=meant.drug_level)
    exposed = exposed_reports(who, asked, exposure)
    return _together(caveats_of(who, exposed, table), masking_caveats(who, exposed, table))


def rows_with_caveats(scores: Scores, rows: IntArray, caveats: Sequence[str]) -> SignalTable:
    """Some rows spelt out, with caveats that were looked for in these alone.

    Args:
        scores: of every row, without these caveats.
        rows: places of those wanted.
        caveats: of each of them.
    """
    texts = _together(scores.given.take(rows).texts.tolist(), caveats)
    code = np.zeros(len(scores), dtype=np.int64)
    code[rows] = np.arange(len(rows))
    return replace(scores, given=Coded(code, np.array(texts, dtype=object))).table(rows)


def noted(scores: Scores, notes: Sequence[str]) -> Scores:
    """Scores with more to be said of all of them."""
    return replace(scores, about=replace(scores.about, notes=(*scores.about.notes, *notes)))


def _warned(all_rows: str, caveats: Sequence[str] | None) -> str | list[str]:
    """The caveat of every row, with those of each."""
    if caveats is None:
        return all_rows
    return _together([all_rows] * len(caveats), caveats)


def _together(texts: Iterable[str], others: Sequence[str]) -> list[str]:
    return ["; ".join(text for text in pair if text) for pair in zip(texts, others, strict=True)]
