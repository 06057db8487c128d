"""Had somebody looked every quarter, when would it have been seen? `primum signals DRUG --versus C --over-time`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from primum.cli import result_files

if TYPE_CHECKING:
    from primum.study.watched import Watched

_HEADS: Final = {"event": 27, "reports": 7, "expected": 8, "compar.": 7, "since": 8, "p": 6}


def lines(found: Watched, limit: int) -> list[str]:
    """The events that chance explains least, each with the quarter that signalled."""
    from primum.cli.columns import number

    order, since, last = found.order(), found.since(), len(found.quarter) - 1
    signalled = int((found.watch.first >= 0).sum())
    told = [
        f"{found.cohort}, looked at every quarter from {found.quarter[0]} to {found.quarter[last]}, against "
        f"{found.versus}:",
        f"{found.reports.sum():,} reports against {found.comparator_reports.sum():,}; {len(order):,} events, "
        f"{signalled:,} signalled.",
    ]
    rows = [
        [
            str(found.event[i]),
            f"{found.observed[:, i].sum():,}",
            number(float(found.watch.expected[last, i])),
            f"{found.comparator[:, i].sum():,}",
            str(since[i]) or "-",
            _p(float(found.watch.p[i])),
        ]
        for i in order[:limit].tolist()
    ]
    heading = f"{len(rows):,} of {len(order):,} events, the least likely by chance first"
    notes = (
        f"maxSPRT: the chance of a false signal over all {len(found.quarter)} quarters is at most "
        f"{found.watch.alpha:.0%} for each event alone: of so many events without an effect up to "
        f"{found.watch.alpha * len(order):,.0f} would. expected: of the reports with the event, the drug's share of "
        "all reports of both in the quarter; since: the quarter whose look signalled.",
        "A case counts in the quarter of its current version.",
    )
    return [
        *result_files.beginning(found.notes, *told),
        *result_files.block(heading, _HEADS, rows),
        *result_files.ending(found.notes, found.snapshot, *notes, more=True),
    ]


def _p(value: float) -> str:
    """A chance in six columns; one that was not computed lies above what signals."""
    if math.isnan(value):
        return ">0.05"
    return "<.0001" if value < 0.0001 else f"{value:.4f}"
