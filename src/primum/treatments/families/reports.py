"""How many reports did published series count, and over which windows?

A total that has parts is computed from them. A total whose parts were counted over different windows says so. A count
of zero gets the upper bound of what was to be expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from primum.evidence.finding import Finding
from primum.evidence.proportions import garwood
from primum.provenance import COUNTED, Method
from primum.terms import Interval
from primum.treatments.families.caveats import caveats, once, whole
from primum.treatments.tables import EvidenceTable, Row

SUMMED = Method("sum", "sum of its parts, checked against the total printed", "total = sum of the parts")
GARWOOD = Method(
    "count_garwood",
    "counted as printed; exact Poisson interval of the expected count",
    "0 to chi2(0.975, 2x + 2)/2 at x = 0",
    "Garwood 1936, doi:10.1093/biomet/28.3-4.437",
)
PUBLISHED = Method("published", "as printed in the source")
NOT_INCIDENCE = "spontaneous reports: neither every event nor proof of a cause; never a rate among people treated"
_COUNTS = ("reports", "adverse events", "terms")


def report_findings(table: EvidenceTable) -> Iterator[Finding]:
    """Every finding of the published report series.

    Args:
        table: `reports`, its sums already checked.
    """
    rows = table.by_key()
    for row in table:
        if row["grade"] == "not verified":
            yield _unverified(row)
        elif row["sum_of"]:
            yield _total(row, rows)
        else:
            yield _counted(row)


def _counted(row: Row) -> Finding:
    count = float(row["count"])
    zero = count == 0 and row["unit"] in _COUNTS
    bounds = garwood(0) if zero else None
    proportion = row["unit"] == "percent"
    about = (NOT_INCIDENCE,) if row["unit"] in _COUNTS else ()
    bound = ("no report: the upper bound speaks of reports to expect, not of people harmed",) if zero else ()
    return Finding(
        id=f"reports.{row['key']}",
        label=row["label"],
        value=count / 100 if proportion else whole(count),
        interval=Interval(float(bounds[0]), float(bounds[1])) if bounds is not None else None,
        unit="proportion" if proportion else row["unit"],
        numerator=int(count) if row["unit"] in _COUNTS else None,
        population=row["population"],
        window=row["window"],
        method=GARWOOD if zero else COUNTED if row["unit"] in _COUNTS else PUBLISHED,
        sources=(row["source"],),
        warnings=once((*bound, *caveats(row), *about)),
    )


def _total(row: Row, rows: Mapping[str, Row]) -> Finding:
    parts = [rows[key] for key in row.items("sum_of")]
    windows = once(window for part in parts for window in _windows(part, rows))
    mixed: tuple[str, ...] = ()
    if len(windows) > 1:
        mixed = (
            f"its parts were counted over different windows ({' and '.join(windows)}): no share may be taken of it",
        )
    total = sum(float(part["count"]) for part in parts)
    return Finding(
        id=f"reports.{row['key']}",
        label=row["label"],
        value=whole(total),
        unit=row["unit"],
        numerator=int(total),
        population=row["population"],
        window=" and ".join(windows),
        method=SUMMED,
        sources=once((row["source"], *(part["source"] for part in parts))),
        warnings=once((*mixed, *caveats(row), NOT_INCIDENCE)),
    )


def _windows(row: Row, rows: Mapping[str, Row]) -> tuple[str, ...]:
    """The windows of a count: its own, or those of its parts."""
    if not row["sum_of"]:
        return (row["window"],)
    return once(window for key in row.items("sum_of") for window in _windows(rows[key], rows))


def _unverified(row: Row) -> Finding:
    return Finding(
        id=f"reports.{row['key']}",
        label=row["label"],
        value=None,
        unit=row["unit"],
        population=row["population"],
        window=row["window"],
        method=Method("not_verified", "not verified"),
        sources=(row["source"],),
        warnings=(f"not verified: {row['note']}",),
    )
