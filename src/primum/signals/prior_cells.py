"""On which cells is the prior of EBGM fitted: those of a whole population, or those that a table spans?"""

from __future__ import annotations

import numpy as np

from primum.counts.cells import CellHistogram
from primum.counts.table import CountTable
from primum.signals.ebgm_cells import Cells, cells_of


def cells_from(cells: CellHistogram) -> Cells:
    """All cells of a population in the form that the prior is fitted on."""
    zero_expected, zero_weight = cells.zero_cells()
    return cells_of(
        cells.observed, cells.expected, weight=cells.weight, zero_expected=zero_expected, zero_weight=zero_weight
    )


def own_cells(counts: CountTable) -> Cells:
    """The cells a table spans: its rows, and every pairing of its drugs and events that has no row and so no report.

    The expectation of a cell without a row is the unstratified product of its margins.
    """
    drugs = dict(zip(counts.drug.tolist(), counts.drug_reports.tolist(), strict=True))
    events = dict(zip(counts.event.tolist(), counts.event_reports.tolist(), strict=True))
    drug_margins, drug_count = np.unique(np.array(list(drugs.values()), dtype=np.int64), return_counts=True)
    event_margins, event_count = np.unique(np.array(list(events.values()), dtype=np.int64), return_counts=True)
    listed = CellHistogram(
        observed=counts.observed,
        drug_reports=counts.drug_reports,
        event_reports=counts.event_reports,
        weight=np.ones(len(counts), dtype=np.int64),
        drug_margins=drug_margins,
        drugs=drug_count,
        event_margins=event_margins,
        events=event_count,
        total_reports=counts.total_reports,
    )
    zero_expected, zero_weight = listed.zero_cells()
    return cells_of(counts.observed, counts.expected_reports, zero_expected=zero_expected, zero_weight=zero_weight)
