"""Do two drugs in one report do more than each alone? `primum together`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from primum.cli.options import (
    CohortWords,
    CsvFile,
    DuplicatesMethod,
    JsonFile,
    ParquetFile,
    RowsShown,
    StorePlace,
    XlsxFile,
)
from primum.cli.output import say

if TYPE_CHECKING:
    from primum.signals.results import ResultTable

_HEADS: Final = {"event": 30, "both": 6, "Omega, 95 %": 22, "ratio": 6, "excess": 6}
_NOTES: Final = (
    "Omega: reports with both against those expected if the excess of each alone added up, bits, shrunk; a lower bound "
    "above 0 is more than that. ratio: odds ratio of both over the product of each alone. excess: odds ratio of both, "
    "less those of each alone, plus 1.",
    "Many events are looked at, so that some lower bounds lie above 0 by chance.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("together")(together)


def together(
    first: Annotated[str, typer.Argument(metavar="DRUG", help="A treatment or a drug.")],
    second: Annotated[str, typer.Argument(metavar="OTHER", help="Another.")],
    cohort: CohortWords = None,
    *,
    duplicates: DuplicatesMethod = None,
    limit: RowsShown = 20,
    store: StorePlace = None,
    json_file: JsonFile = None,
    csv_file: CsvFile = None,
    parquet_file: ParquetFile = None,
    xlsx_file: XlsxFile = None,
) -> None:
    """Look for events that two drugs have more often together than each of them alone explains."""
    from primum.cli import result_files
    from primum.study import reports
    from primum.study.together import interaction

    files = result_files.Files(json_file, csv_file, parquet_file, xlsx_file)
    with reports.open(store) as opened:
        table = interaction(opened, first, second, " ".join(cohort or []), duplicates=duplicates).table()
    result_files.write(table, files)
    if not files.on_screen:
        say("\n".join(_lines(table, limit)))


def _lines(table: ResultTable, limit: int) -> list[str]:
    """The table for the screen: reactions first, then what is no reaction."""
    from primum.cli import result_files
    from primum.cli.footnotes import Footnotes
    from primum.terms import OF_HARM

    about = table.about
    within = "" if about["cohort"] == "*" else f" ({about['cohort']})"
    lines = result_files.beginning(
        table.notes,
        f"{about['first']} and {about['second']} in one report{within}, against each alone and neither:",
        f"{about['total_reports']:,} reports: {about['reports_with_both']:,} with both, "
        f"{about['reports_with_first']:,} with {about['first']}, {about['reports_with_second']:,} with "
        f"{about['second']}; {len(table):,} events.",
    )
    rows = result_files.rows_of(table)
    above = sum(row["omega_lower"] > 0 for row in rows)
    lines += [f"{above:,} events have a lower bound of Omega above 0."]
    harm = [row for row in rows if row["bin"] in OF_HARM]
    other = [row for row in rows if row["bin"] not in OF_HARM]
    few, notes = other[: max(limit // 3, 1)], Footnotes()
    shown = len(harm[:limit]) + len(few)
    for name, some, all_of in (("Reactions", harm[:limit], harm), ("Not reactions, kept apart", few, other)):
        if some:
            heading = f"{name}: {len(some):,} of {len(all_of):,} events, ranked by the lower bound of Omega"
            lines += result_files.block(heading, _HEADS, [_cells(row, notes.mark(row["warnings"])) for row in some])
    if notes.numbers:
        lines += ["", *notes.lines()]
    return lines + result_files.ending(table.notes, about["snapshot"], *_NOTES, more=len(rows) > shown)


def _cells(row: dict[str, Any], mark: str) -> list[str]:
    from primum.cli.columns import number, with_interval
    from primum.terms import OF_HARM

    kind = "" if row["bin"] in OF_HARM else f" ({row['bin'].replace('_', ' ')})"
    return [
        f"{row['event']}{kind}{mark}",
        f"{row['both_event']:,}",
        with_interval(row["omega"], row["omega_lower"], row["omega_upper"]),
        number(row["ratio"]),
        number(row["excess"]),
    ]
