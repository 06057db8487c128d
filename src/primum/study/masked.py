"""Which pairs of a drug may be hidden by another drug that holds most reports of the event? A caveat of the row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from primum.counts.by_arrays import Population
from primum.counts.kernel import Codes
from primum.counts.maskers import Masker, find_maskers
from primum.counts.table import CountTable
from primum.signals.masking import masking, without_drug

TIMES: Final = 2.0
"""A masking ratio of 2 takes a pair that is reported as expected to 2 times the expectation, and from there on three
reports were first taken for a signal: Evans, Waller, Davis 2001, Pharmacoepidemiol Drug Saf 10(6):483-486,
doi:10.1002/pds.677. A drug with such a ratio holds at least half of the event's reports (Maignen's formula)."""
REPORTS: Final = 3


def masking_caveats(who: Population, exposed: Sequence[tuple[int, Codes]], table: CountTable) -> list[str]:
    """A caveat for each pair that another drug may hide; arguments as in `primum.counts.bias.caveats_of`.

    A pair is told where it stays below twice its expectation, one other drug has a masking ratio of at least 2 on its
    event, and leaving that drug's reports out at least doubles observed to expected, with three reports left.

    Returns:
        One text a row; empty where nothing is hidden.
    """
    product = table.drug_reports.astype(np.float64) * table.event_reports / max(table.total_reports, 1)
    low = (table.observed >= REPORTS) & (table.observed < TIMES * product)
    texts = [""] * len(table)
    events = table.coded["event"].code
    for drug, reports in exposed:
        rows = np.flatnonzero(low & (table.coded["drug"].code == drug))
        row_of = dict(zip(events[rows].tolist(), rows.tolist(), strict=True))
        for masker in find_maskers(who, drug, reports, events[rows]):
            row = row_of[masker.event]
            texts[row] = _told(masker, table, row)
    return texts


def _told(masker: Masker, table: CountTable, row: int) -> str:
    """What is to be said of one pair and the drug that holds most of its event."""
    observed, drug, event = (int(c[row]) for c in (table.observed, table.drug_reports, table.event_reports))
    counts = (observed, drug, event, table.total_reports)
    ratio = masking([masker.observed], masker.drug_reports, event, table.total_reports).value[0]
    left = without_drug(
        counts,
        shared_observed=masker.shared_observed,
        shared_drug=masker.shared_drug,
        masking_event=masker.observed,
        masking_drug=masker.drug_reports,
    )
    if not ratio >= TIMES or int(left[0]) < REPORTS:
        return ""
    before, after = (float(n * total / (of_drug * of_event)) for n, of_drug, of_event, total in (counts, left))
    if after < TIMES * before:
        return ""
    share = masker.observed / event
    return (
        f"masking: {masker.drug} holds {share:.0%} of this event's reports; without it observed to expected is "
        f"{after:.1f} instead of {before:.1f}"
    )
