"""In how many people do neutralising antibodies appear, by source, product and use, and over indications?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from primum.evidence.finding import Finding
from primum.evidence.pooling import OneArm, Pooled, pool
from primum.terms import Interval
from primum.treatments.families.caveats import caveats, once
from primum.treatments.shares import Share, intervals
from primum.treatments.tables import EvidenceTable, Row

FEWEST = 3  # two groups do not tell how far groups differ
NO_POSITIVE = "none was positive: the upper bound is what that many people still allow"


def antibody_findings(table: EvidenceTable) -> Iterator[Finding]:
    """Every share of people with antibodies, with its interval; then the indications of one source and use together.

    Args:
        table: `antibodies`, checked.
    """
    yield from _each(table)
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in table:
        if row["use"] != "both" and row["n"] and row["positive"]:
            groups.setdefault((row["source"], row["use"], row["timepoint"]), []).append(row)
    yield from (_together(*key, rows) for key, rows in groups.items() if len(rows) >= FEWEST)


def _together(source: str, use: str, timepoint: str, rows: list[Row]) -> Finding:
    """The share over several indications by the binomial-normal model; groups without anybody positive count."""
    answer = _pooled(tuple((row["indication"], int(row["positive"]), int(row["n"])) for row in rows))
    share, interval, _ = answer.natural
    return Finding(
        id=f"resistance.pooled.{source}.{use}.{re.sub('[^a-z0-9]+', '_', timepoint)}",
        label=f"neutralising antibodies over {len(rows)} indications, {use} use, {timepoint}",
        value=share,
        interval=interval,
        unit="proportion",
        population=f"{use} use: {', '.join(row['indication'] for row in rows)}",
        window=timepoint,
        method=answer.method,
        sources=(source,),
        warnings=once(((answer.reason,) if answer.reason else ()) + answer.warnings),
    )


@lru_cache(maxsize=32)
def _pooled(groups: tuple[tuple[str, int, int], ...]) -> Pooled:
    """A quarter of a second a fit, and the same tables are loaded again and again."""
    names, events, people = zip(*groups, strict=True)
    table = OneArm(study=names, events=np.array(events), n=np.array(people))
    return pool(table, measure="PLO", method="um")


def _each(table: EvidenceTable) -> Iterator[Finding]:
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
