"""Since which quarter does a pair of a drug stand out? `primum signals DRUG --over-time`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from primum.cli import output

if TYPE_CHECKING:
    from primum.study.over_time import TrendOfDrug
    from primum.terms import IntArray

SCHEMA: Final = "primum.signals-over-time/1"
_HEADS: Final = (
    *("drug", "event", "quarter", "observed", "ic", "ic_lower", "ic_upper"),
    *("ic_cumulated", "ic_cumulated_lower", "ic_cumulated_upper", "stands_out_since"),
)
_WIDTHS: Final = (36, 8, 10, 10, 8)
NOTES: Final = (
    "IC of each quarter against that quarter, and cumulated up to and with it; a pair stands out since the first "
    "quarter whose cumulated lower bound is above 0.",
    "Looking every quarter makes false alarms likelier than 1 in 40; Primum's maxSPRT, in Python, allows for that.",
    "A case counts in the quarter of its current version. No duplicates are set aside.",
)


def write(found: TrendOfDrug, what: str, *, csv: Path | None, json: Path | None, synthetic: str) -> None:
    """Write every event in every quarter.

    Raises:
        OutputError: a file cannot be written.
    """
    from primum.signals.write import csv_rows

    rows = [_row(found, what, event, quarter) for event in _order(found) for quarter in range(len(found.quarter))]
    if csv is not None:
        output.write_text(csv, "".join(csv_rows([_HEADS, *rows])))
    if json is not None:
        notes = [*([synthetic] if synthetic else []), *NOTES]
        told = {"schema": SCHEMA, "drug": what, "quarters": list(found.quarter), "notes": notes}
        output.write_json(json, {**told, "rows": [dict(zip(_HEADS, row, strict=True)) for row in rows]})


def lines(found: TrendOfDrug, what: str, limit: int, synthetic: str) -> list[str]:
    """The events that stand out most by now, each with the quarter since when."""
    from primum.cli.columns import paragraph, row_lines, rule

    last, order = len(found.quarter) - 1, _order(found)
    told = paragraph(synthetic) if synthetic else []
    told += paragraph(f"{what}, {found.quarter[0]} to {found.quarter[last]}, against everything else in each quarter:")
    standing = int((found.trend.first >= 0).sum())
    told += paragraph(f"{len(order):,} events, {standing:,} stood out in some quarter; {len(found.quarter)} quarters.")
    heads = ["event", f"{'reports':>8}", f"{'since':>10}", f"{'IC low now':>10}", f"{'IC now':>8}"]
    told += ["", *row_lines(heads, _WIDTHS), rule(_WIDTHS)]
    for event in order[:limit].tolist():
        row = dict(zip(_HEADS, _row(found, what, event, last), strict=True))
        cells = [f"{found.observed[:, event].sum():>8,}", f"{row['stands_out_since'] or '-':>10}"]
        ends = [f"{row['ic_cumulated_lower']:>10.2f}", f"{row['ic_cumulated']:>8.2f}"]
        told += row_lines([row["event"], *cells, *ends], _WIDTHS)
    told += ["", "Every event and quarter: --csv F or --json F.", ""] if len(order) > limit else [""]
    return [*told, *(line for note in NOTES for line in paragraph(note))]


def _order(found: TrendOfDrug) -> IntArray:
    """Events, the largest cumulated lower bound of the last quarter first."""
    import numpy as np

    return np.argsort(-found.trend.cumulated.lower[-1], kind="stable")


def _row(found: TrendOfDrug, what: str, event: int, quarter: int) -> tuple[Any, ...]:
    numbers = [
        float(column[quarter, event])
        for series in (found.trend.of_period, found.trend.cumulated)
        for column in (series.value, series.lower, series.upper)
    ]
    since = int(found.trend.first[event])
    return (
        *(what, str(found.event[event]), found.quarter[quarter], int(found.observed[quarter, event])),
        *(number if math.isfinite(number) else None for number in numbers),
        found.quarter[since] if since >= 0 else "",
    )
