"""What is drawn of a table of signals, and of days to onset? The road from numbers to marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from primum.dossier.report_figures import OnsetPanel, PairMark, Volcano
from primum.signals.columns import STANDS_OUT, SignalTable, stands_out
from primum.signals.onset import Onset
from primum.terms import IntArray

NAMED: Final = 5  # pairs of a volcano
SMALLEST_P: Final = 1e-300  # below it there is no telling how much smaller


def volcano_of(table: SignalTable, *, named: int = NAMED) -> tuple[Volcano, IntArray]:
    """What a volcano of a table draws, and the rows that it does: those that have a place.

    Args:
        table: pairs, with `ic` and `p_midp`.
        named: how many of those that stand out have their name beside them, the most surprising ones.
    """
    surprise = -np.log10(np.maximum(table.p_midp, SMALLEST_P))
    drawn = np.flatnonzero(np.isfinite(table.ic) & np.isfinite(surprise))
    filled = stands_out(table.ic_lower, table.fdr)
    first = [i for i in drawn[np.argsort(-surprise[drawn], kind="stable")].tolist() if filled[i]][:named]
    marks = tuple(
        PairMark(float(table.ic[i]), float(surprise[i]), bool(filled[i]), pair_name(table, i) if i in first else "")
        for i in drawn.tolist()
    )
    across = "information component, bits; 0 is as many reports as expected"
    return Volcano(marks, across, "-log10 of the mid-p", STANDS_OUT), drawn


def onset_panel(name: str, days: Sequence[int], fit: Onset) -> OnsetPanel:
    """What an onset curve draws of one group, its fit in words above it."""
    return OnsetPanel(f"{name.capitalize()}: {_fit_told(fit)}", tuple(days), fit.shape, fit.scale)


def _fit_told(fit: Onset) -> str:
    """What was fitted to the days, or why nothing was."""
    median = f"{fit.reports:,} reports, median {fit.median:g} days"
    if fit.shape_interval is None:
        return f"{median}; {fit.reason}"
    ends = f"{fit.shape_interval.lower:.2f} to {fit.shape_interval.upper:.2f}"
    return f"{median}; Weibull shape {fit.shape:.2f} ({ends}), scale {fit.scale:.3g} days"


def pair_name(table: SignalTable, row: int) -> str:
    """What a pair is called where several stand beside each other: its event, and its drug where there are several."""
    event = str(table.event[row]).capitalize()
    return event if (table.drug == table.drug[0]).all() else f"{table.drug[row]}: {event}"
