"""In how many people do neutralising antibodies appear, by source, product and use?"""

from __future__ import annotations

from collections.abc import Iterator

from primum.evidence.finding import Finding
from primum.terms import Interval
from primum.treatments.families.caveats import caveats, once
from primum.treatments.shares import Share, intervals
from primum.treatments.tables import EvidenceTable, Row

NO_POSITIVE = "none was positive: the upper bound is what that many people still allow"


def antibody_findings(table: EvidenceTable) -> Iterator[Finding]:
    """Every share of people with antibodies, with its interval.

    Args:
        table: `antibodies`, checked.
    """
    shares = [_share(row) for row in table]
    for row, share, interval in zip(table, shares, intervals(shares), strict=True):
        value = share.value
        zero = (NO_POSITIVE,) if share.exact_events == 0 else ()
        yield Finding(
            id=f"resistance.antibody.{row['key']}",
            label=f"neutralising antibodies, {row['product']}, {row['indication']}",
            value=value,
            interval=interval,
            unit="proportion",
            numerator=share.exact_events,
            denominator=row.integer("n"),
            population=f"{row['indication']} ({row['use']} use)",
            window=row["timepoint"],
            method=share.method,
            sources=(row["source"],),
            warnings=once((*zero, *share.warnings(), *caveats(row))),
        )


def _share(row: Row) -> Share:
    lower, upper = row.number("lower"), row.number("upper")
    estimated = row["basis"] == "pooled estimate"
    printed = Interval(lower / 100, upper / 100) if lower is not None and upper is not None and estimated else None
    return Share(row.integer("n"), row.integer("positive"), row["percent"], estimated, printed)
