"""What else was read: status by indication, practice, times, exposure, mechanism?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from primum.evidence.finding import Finding
from primum.provenance import COUNTED, Method
from primum.treatments.families.caveats import caveats, once, plain_range, whole
from primum.treatments.shares import Share, intervals
from primum.treatments.tables import EvidenceTable, Row

READ = Method("read", "as stated in the source, in our words")
_KINDS = {"disease": "diseases", "appearance": "indications of appearance"}
JUDGED = Method("judged", "our reading of the best evidence found")
PRINTED = Method("printed", "number as printed in the source")


def benefit_findings(table: EvidenceTable) -> Iterator[Finding]:
    """Status and verdict of each indication, and how many of each kind are approved."""
    for row in table:
        status = Finding(
            id=f"benefits.{row['key']}.status",
            label=f"{row['name']}: status with {row['authority']}",
            value=row["status"],
            unit="status",
            population=row["name"],
            window=row["year"],
            method=READ,
            sources=row.items("source"),
            warnings=caveats(row),
        )
        yield status
        yield replace(
            status,
            id=f"benefits.{row['key']}.verdict",
            label=f"{row['name']}: does it work",
            value=row["verdict"],
            unit="verdict",
            denominator=row.integer("people"),
            window="",
            method=JUDGED,
            certainty=f"{row['verdict']}: {row['evidence']}; {row['effect']}",
        )
    yield from _how_many(table, kind="disease", name="diseases")
    yield from _how_many(table, kind="appearance", name="appearance")


def _how_many(table: EvidenceTable, *, kind: str, name: str) -> Iterator[Finding]:
    rows = [row for row in table if row["kind"] == kind]
    for id, column, value in (
        ("approved", "status", "approved"),
        ("effective", "verdict", "effective"),
        ("not_effective", "verdict", "not effective"),
    ):
        holding = [row for row in rows if row[column] == value]
        if rows:
            yield Finding(
                id=f"benefits.{name}.{id}",
                label=f"{_KINDS[kind]} with the {column} {value}",
                value=len(holding),
                unit=_KINDS[kind],
                numerator=len(holding),
                denominator=len(rows),
                population=", ".join(row["name"] for row in rows),
                method=COUNTED,
                sources=once(source for row in rows for source in row.items("source")),
            )


def practice_findings(table: EvidenceTable) -> Iterator[Finding]:
    """Counts, shares and rules of how the treatment is prepared and given."""
    shares = [Share(row.integer("n"), _int(row, "count") if row["n"] else None, row["percent"]) for row in table]
    for row, share, interval in zip(table, shares, intervals(shares), strict=True):
        stated = Finding(
            id=f"practice.{row['key']}",
            label=row["item"],
            value=row["value"] or None,
            unit="statement",
            method=READ,
            sources=(row["source"],),
            warnings=caveats(row) if row["value"] else once(("the source gives no number", *caveats(row))),
        )
        if share.value is not None:
            yield replace(
                stated,
                value=share.value,
                interval=interval,
                unit="proportion",
                numerator=share.exact_events,
                denominator=share.n,
                population=row["value"],
                method=share.method,
                warnings=once((*share.warnings(), *caveats(row))),
            )
        elif row["count"]:
            value, unit = whole(float(row["count"])), row["unit"] or "count"
            yield replace(
                stated, value=value, unit=unit, population=row["value"], method=COUNTED, warnings=caveats(row)
            )
        else:
            yield stated


def time_findings(table: EvidenceTable) -> Iterator[Finding]:
    """When effects and complaints begin, peak and end; the value is the low end of a printed range."""
    for row in table:
        yield _ranged(row, id=f"time.{row['key']}", label=f"{row['kind']}: {row['what']}", words=row["words"])


def exposure_findings(table: EvidenceTable) -> Iterator[Finding]:
    """How many people were treated; the value is the low end of a printed range."""
    for row in table:
        yield _ranged(row, id=f"exposure.{row['key']}", label=row["label"], words="")


def mechanism_findings(table: EvidenceTable) -> Iterator[Finding]:
    """The steps of the mechanism: each a number with its unit, or a statement."""
    for row in table:
        yield _ranged(row, id=f"mechanism.{row['key']}", label=row["statement"], words=row["statement"])


def _ranged(row: Row, *, id: str, label: str, words: str) -> Finding:
    low, high = row.number("low"), row.number("high")
    value = words if low is None else whole(low)
    interval = None if low is None or high is None else plain_range(low, high)
    product = f"{row['product']}, " if "product" in row.cells else ""
    missing = () if value else ("the source read gives no number",)
    return Finding(
        id=id,
        label=label,
        value=value or None,
        interval=interval,
        unit=row["unit"] if low is not None else "statement",
        population=f"{product}{row.cells.get('population') or row.cells.get('system', '')}",
        window=row.cells.get("window", ""),
        method=READ if low is None else PRINTED,
        sources=(row["source"],),
        warnings=once((*missing, *caveats(row))),
    )


def _int(row: Row, column: str) -> int | None:
    number = row.number(column)
    return None if number is None else int(number)
