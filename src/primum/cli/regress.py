"""Which drugs explain an event when all drugs of its reports are looked at together? `primum regress`."""

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

_HEADS: Final = {"drug": 24, "reports": 7, "ROR": 6}
_MORE: Final = {  # column that tells whether a method ran: its heading, and the width
    "or_lasso": ("adjusted, 95 %", 22),
    "cisl_share": ("CISL", 5),
    "or_propensity": ("propens.", 8),
}
_NOTES: Final = {
    "or_lasso": "adjusted: odds ratio with all other drugs of the model held fixed, chosen by lasso and BIC; its "
    "interval takes the choice for known and is too narrow.",
    "cisl_share": "CISL: share of the models of 100 subsamples that blame the drug; kept where it is above 0 in nine "
    "of ten subsamples.",
    "or_propensity": "propens.: odds ratio among reports that were as likely to name the drug by the other drugs they "
    "name; of the drug asked for and of the kept ones with the most reports.",
}
_FEWEST: Final = 3  # reports of a drug that is said to stand out (Evans and others 2001, doi:10.1002/pds.677)
_NAMED: Final = "A model adjusts for drugs that are named in the report, and for nothing else."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("regress")(regress)


def regress(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="A preferred term, as reports name it.")],
    cohort: CohortWords = None,
    *,
    drug: Annotated[
        str, typer.Option("--drug", metavar="DRUG", help="A substance whose row is shown in any case.")
    ] = "",
    methods: Annotated[
        str, typer.Option("--methods", metavar="LIST", help="Of lasso_bic, lasso_cisl, propensity; commas between.")
    ] = "lasso_bic",
    duplicates: DuplicatesMethod = None,
    limit: RowsShown = 20,
    store: StorePlace = None,
    json_file: JsonFile = None,
    csv_file: CsvFile = None,
    parquet_file: ParquetFile = None,
    xlsx_file: XlsxFile = None,
) -> None:
    """Say which drugs explain an event when all drugs of a report are looked at together, and which travel along."""
    from primum.cli import result_files
    from primum.study import reports
    from primum.study.regression import regression

    wanted = [name.strip() for name in methods.split(",") if name.strip()] or ["lasso_bic"]
    if wanted == ["propensity"] and not drug:
        raise typer.BadParameter("propensity alone needs --drug DRUG: strata are made for a drug, or for chosen ones.")
    files = result_files.Files(json_file, csv_file, parquet_file, xlsx_file)
    with reports.open(store) as opened:
        people = " ".join(cohort or [])
        found = regression(opened, [event], people, drug=drug, methods=wanted, duplicates=duplicates)
    table = found.table()
    result_files.write(table, files)
    if not files.on_screen:
        say("\n".join(_lines(table, found.asked, limit)))


def _lines(table: ResultTable, asked: str, limit: int) -> list[str]:
    """The drug that was asked for, those that the models keep, and those that stand out alone and are left out."""
    from primum.cli import result_files
    from primum.cli.footnotes import Footnotes

    about, rows = table.about, result_files.rows_of(table)
    within = "" if about["cohort"] == "*" else f" ({about['cohort']})"
    lines = result_files.beginning(
        table.notes,
        f"{', '.join(about['event'])}{within}: which drugs explain it, all of a report looked at together?",
        f"{about['event_reports']:,} of {about['total_reports']:,} reports have the event; they name "
        f"{len(rows):,} drugs.",
    )
    ran = [name for name in _MORE if name in table.columns()]
    heads = {**_HEADS, **dict(_MORE[name] for name in ran)}
    kept = [row for row in rows if row["chosen"]]
    alone = [row for row in rows if not row["chosen"] and row["observed"] >= _FEWEST and row["ror_lower"] > 1]
    alone.sort(key=lambda row: -float(row["ror_lower"]))
    shown, notes = 0, Footnotes()
    for name, some in (
        ("The drug asked for", [row for row in rows if row["drug"] == asked]),
        ("Kept by a model", kept),
        ("Standing out alone, left out beside the others", alone),
    ):
        if some:
            few = some[:limit]
            heading = f"{name}: {len(few):,} of {len(some):,} drugs"
            marks = ["" if some is alone else notes.mark(row["warnings"]) for row in few]  # the heading says why
            cells = [_cells(row, mark, ran) for row, mark in zip(few, marks, strict=True)]
            lines += result_files.block(heading, heads, cells)
            shown += len(few)
    if not kept and ran != ["or_propensity"]:
        lines += ["", "No drug is kept: the event is explained as well without any."]
    if notes.numbers:
        lines += ["", *notes.lines()]
    return lines + result_files.ending(
        table.notes, about["snapshot"], *(_NOTES[name] for name in ran), _NAMED, more=len(rows) > shown
    )


def _cells(row: dict[str, Any], mark: str, ran: list[str]) -> list[str]:
    from primum.cli.columns import number, with_interval

    told = {
        "or_lasso": lambda: with_interval(row["or_lasso"], row["or_lasso_lower"], row["or_lasso_upper"]),
        "cisl_share": lambda: f"{row['cisl_share']:.2f}",
        "or_propensity": lambda: number(row["or_propensity"]),
    }
    return [f"{row['drug']}{mark}", f"{row['observed']:,}", number(row["ror"]), *(told[name]() for name in ran)]
