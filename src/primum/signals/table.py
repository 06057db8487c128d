"""Which pairs of a count stand out: the statistics of each pair in one table, with the caveats of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from primum.counts.cells import CellHistogram
from primum.counts.kinds import Kinds
from primum.counts.table import CountTable
from primum.signals.caveats import bins_of, caveats_given, reasons_of
from primum.signals.columns import COLUMNS, SignalTable
from primum.signals.draft import DEFAULT_METHODS, MORE_METHODS, Draft, needs_cells, run
from primum.signals.ebgm_prior import EbgmFit
from primum.signals.lrt_of_rows import ONE_DRUG
from primum.signals.prior_cells import cells_from, own_cells
from primum.signals.scores import Scores
from primum.terms import Coded, IntArray, StrArray

__all__ = [
    "COLUMNS",
    "DEFAULT_METHODS",
    "MORE_METHODS",
    "Scores",
    "SignalTable",
    "cells_from",
    "example",
    "needs_cells",
    "own_cells",
    "score",
    "signal_table",
]


def score(
    counts: CountTable,
    *,
    cells: CellHistogram | None = None,
    prior: EbgmFit | None = None,
    of_event: IntArray | None = None,
    methods: Sequence[str] = DEFAULT_METHODS,
    level: float = 0.95,
    bins: Mapping[str, str] | StrArray | Coded | None = None,
    warnings: str | Sequence[str] | StrArray | Coded = "",
) -> Scores:
    """Compute the statistics of each pair of a count, each kind of pair once, and spell no row out.

    Args:
        counts: as in `signal_table`.
        cells: as in `signal_table`.
        prior: of EBGM, where it was fitted before on all cells of the same population; None fits it.
        of_event: reports of each event of the population, which the likelihood ratio test needs; None: the table's.
        methods: as in `signal_table`.
        level: as in `signal_table`.
        bins: as in `signal_table`, or the kinds of the rows by number.
        warnings: as in `signal_table`, or texts of the rows by number.

    Returns:
        The statistics; `table()` spells them out.

    Raises:
        UnknownNameError: a method that does not exist.
        CountError: `warnings` or `bins` do not have one value a row, or counts that cannot be.

    Source:
        Of each method in `Scores.about.methods`.

    Examples:
        >>> counts = CountTable(
        ...     drug=np.array(["A", "A"], dtype=object), event=np.array(["rash", "pain"], dtype=object),
        ...     observed=np.array([8, 2]), drug_reports=np.array([20, 20]), event_reports=np.array([30, 25]),
        ...     total_reports=300,
        ... )
        >>> score(counts, methods=("ror",)).table().ror.round(2).tolist()
        [7.82, 1.24]
    """
    by_drug = any(name in ONE_DRUG for name in methods)  # no function of the three counts alone
    kinds = counts.kinds if counts.expected is None and not by_drug else None
    of_kinds = counts if kinds is None else _without_names(counts, kinds)
    draft = Draft(counts, of_kinds, None if kinds is None else kinds.weight, cells, level, prior, of_event)
    given, bin_of_row = caveats_given(warnings, len(counts)), bins_of(counts, bins)
    run(draft, methods)
    nothing: dict[str, Any] = dict.fromkeys(COLUMNS, np.zeros(0))
    about = SignalTable(
        **nothing,
        level=level,
        methods=tuple(draft.methods),
        ebgm_fit=draft.fit,
        unit=counts.unit,
        cohort=counts.cohort,
        comparator=counts.comparator,
        snapshot=counts.snapshot,
        notes=tuple(draft.notes),
    )
    return Scores(
        counts=counts,
        kinds=kinds,
        columns={"expected": of_kinds.expected_reports, **draft.columns},
        reasons=reasons_of(len(of_kinds), draft.reasons),
        bins=bin_of_row,
        given=given,
        about=about,
    )


def signal_table(
    counts: CountTable,
    *,
    cells: CellHistogram | None = None,
    methods: Sequence[str] = DEFAULT_METHODS,
    level: float = 0.95,
    bins: Mapping[str, str] | StrArray | None = None,
    warnings: str | Sequence[str] | StrArray = "",
) -> SignalTable:
    """Compute the statistics of each pair of a count.

    Args:
        counts: distinct reports of each pair. `drug_reports`, `event_reports` and `total_reports` are margins of the
            cohort and its comparator together.
        cells: all cells of the population that the EBGM prior is to be learned from, never-seen ones included. Without
            it the prior is fitted on the cells that this table spans, and a note says so.
        methods: which of `DEFAULT_METHODS` and `MORE_METHODS`; `fdr` brings `midp` along, `bayes_fdr` brings `ebgm`.
        level: of the intervals of prr, ror and ic, in (0, 1). EB05 and EB95 stay what their names say.
        bins: kind of term, by event, or one a row.
        warnings: caveats already known, one a row or one for all; the reasons of empty values are added to them.

    Returns:
        The table, rows in the order of `counts`.

    Raises:
        UnknownNameError: a method that does not exist.
        CountError: `warnings` or `bins` do not have one value a row, or counts that cannot be.

    Examples:
        >>> table = example()
        >>> table.ror.round(2).tolist(), table.ic_lower.round(2).tolist()
        ([7.82, 1.24], [0.6, -2.38])
    """
    return score(counts, cells=cells, methods=methods, level=level, bins=bins, warnings=warnings).table()


def example() -> SignalTable:
    """A SYNTHETIC table of two pairs, for examples in docstrings and documentation."""
    counts = CountTable(
        drug=np.array(["A", "A"], dtype=object),
        event=np.array(["rash", "pain"], dtype=object),
        observed=np.array([8, 2]),
        drug_reports=np.array([20, 20]),
        event_reports=np.array([30, 25]),
        total_reports=300,
        cohort="SYNTHETIC",
    )
    return signal_table(counts)


def _without_names(counts: CountTable, kinds: Kinds) -> CountTable:
    """The kinds of pairs as a count of their own."""
    nameless = np.broadcast_to(np.array("", dtype=object), (len(kinds),))
    return replace(
        counts,
        drug=nameless,
        event=nameless,
        observed=kinds.observed,
        drug_reports=kinds.drug_reports,
        event_reports=kinds.event_reports,
        coded={},
    )
