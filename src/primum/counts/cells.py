"""What do all cells of a count look like, never-seen ones included, without writing them down?

A prior is fitted on every drug-event pair that could have been reported. Twenty million reports make some 685 million
pairs that nobody reported; their expected counts follow from the two lists of margins alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from primum.counts.kinds import Kinds
from primum.errors import CountError
from primum.terms import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellHistogram:
    """All cells of a population: the observed ones by their counts, the others through the margins.

    Args:
        observed: reports in the observed cells, each >= 1; shape `(kinds,)`. Cells with the same three counts are one.
        drug_reports: drug margin of these cells; same shape.
        event_reports: event margin of these cells; same shape.
        weight: how many cells have these three counts; same shape.
        drug_margins: distinct drug margins; shape `(distinct drug margins,)`, rising.
        drugs: how many drugs have each.
        event_margins: distinct event margins, rising.
        events: how many events have each.
        total_reports: distinct reports of the population.

    Raises:
        CountError: shapes differ, a margin of an observed cell is not among the margins, or more cells are observed at
            a pair of margins than there are.

    Examples:
        >>> n = lambda *values: np.array(values)
        >>> cells = CellHistogram(observed=n(2), drug_reports=n(3), event_reports=n(2), weight=n(1),
        ...     drug_margins=n(1, 3), drugs=n(1, 1), event_margins=n(2), events=n(2), total_reports=4)
        >>> expected, weight = cells.zero_cells()
        >>> expected.tolist(), weight.tolist()
        ([0.5, 1.5], [2.0, 1.0])
    """

    observed: IntArray
    drug_reports: IntArray
    event_reports: IntArray
    weight: IntArray
    drug_margins: IntArray
    drugs: IntArray
    event_margins: IntArray
    events: IntArray
    total_reports: int

    def __post_init__(self) -> None:
        for name in ("drug_reports", "event_reports", "weight"):
            if getattr(self, name).shape != self.observed.shape:
                raise CountError(f"{name} has shape {getattr(self, name).shape}; expected that of observed.")
        for name, of in (("drug_reports", "drug_margins"), ("event_reports", "event_margins")):
            if not _among(getattr(self, name), getattr(self, of)):
                raise CountError(
                    f"{name} holds a margin that is not among {of}; give the margins of the same population."
                )
        if self.weight.sum() > int(self.drugs.sum()) * int(self.events.sum()):
            raise CountError("More cells are observed than pairs of a drug and an event exist; check the weights.")

    @property
    def expected(self) -> FloatArray:
        """Reports expected in the observed cells under independence; shape `(kinds,)`."""
        return self.drug_reports.astype(np.float64) * self.event_reports / max(self.total_reports, 1)

    @property
    def cells(self) -> int:
        """Pairs of a drug and an event, observed or not."""
        return int(self.drugs.sum()) * int(self.events.sum())

    def zero_cells(self, *, bin_width: float = 0.005) -> tuple[FloatArray, FloatArray]:
        """Expected counts of the cells that no report is in, and how many cells have each.

        For each pair of margins: drugs with the one times events with the other, less the cells observed there.

        Args:
            bin_width: margins above 1/bin_width that lie this close (as a share) are taken together at their mean, so
                that the work stays bounded; smaller margins stay exact.

        Returns:
            `(expected, weight)`, rising in expected.

        Numerics:
            The weights sum exactly to the number of unobserved cells. The expected count of a cell is off by at most
            about `2 * bin_width` of itself.
        """
        drug_margin, drugs, drug_bin = _binned(self.drug_margins, self.drugs, bin_width)
        event_margin, events, event_bin = _binned(self.event_margins, self.events, bin_width)
        unseen = np.outer(drugs, events).astype(np.int64)
        rows = drug_bin[np.searchsorted(self.drug_margins, self.drug_reports)]
        columns = event_bin[np.searchsorted(self.event_margins, self.event_reports)]
        np.subtract.at(unseen, (rows, columns), self.weight)
        if np.any(unseen < 0):
            raise CountError("More cells are observed at a pair of margins than there are; check the margins.")
        expected = np.outer(drug_margin, event_margin) / max(self.total_reports, 1)
        kept = unseen > 0
        values, place = np.unique(expected[kept], return_inverse=True)
        return values, np.bincount(place, weights=unseen[kept], minlength=len(values)).astype(np.float64)


def all_cells(kinds: Kinds, *, of_drug: IntArray, of_event: IntArray, total: int) -> CellHistogram:
    """All cells of a population: observed ones by their three counts, the others through the margins.

    Args:
        kinds: its observed pairs.
        of_drug: how many of its reports hold each drug, 0 where none does; shape `(drugs,)`.
        of_event: how many hold each event; shape `(events,)`.
        total: its reports.
    """
    drug_margins, drugs = np.unique(of_drug[of_drug > 0], return_counts=True)
    event_margins, events = np.unique(of_event[of_event > 0], return_counts=True)
    return CellHistogram(
        observed=kinds.observed,
        drug_reports=kinds.drug_reports,
        event_reports=kinds.event_reports,
        weight=kinds.weight,
        drug_margins=drug_margins,
        drugs=drugs,
        event_margins=event_margins,
        events=events,
        total_reports=total,
    )


def _among(values: IntArray, known: IntArray) -> bool:
    """Whether all values are among the known ones, which rise."""
    if not len(values) or not len(known):
        return not len(values)
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return bool(np.array_equal(known[place], values))


def _binned(margins: IntArray, counts: IntArray, bin_width: float) -> tuple[FloatArray, IntArray, IntArray]:
    """Mean margin and count of each bin, and the bin of each distinct margin."""
    exact = margins <= 1 / bin_width
    key = np.where(exact, margins, 0).astype(np.float64)
    key[~exact] = 1 / bin_width + 1 + np.floor(np.log(margins[~exact]) / bin_width)
    _, place = np.unique(key, return_inverse=True)
    total = np.bincount(place, weights=counts)
    mean = np.bincount(place, weights=counts * margins.astype(np.float64)) / total
    return mean, total.astype(np.int64), place.astype(np.int64)
