"""Arguments and options that several commands take in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

TreatmentName = Annotated[str, typer.Argument(help="A treatment, such as anti-wrinkle, or a folder of tables.")]
StoreFolder = Annotated[Path | None, typer.Option("--store", metavar="DIR", help="Folder of the store.")]
StorePlace = Annotated[
    str | None, typer.Option("--store", metavar="DIR", help="Folder of the store; with --engine, of its export.")
]
EngineName = Annotated[
    str, typer.Option("--engine", metavar="E", help="duckdb; spark-local or a Spark master, over exported tables.")
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="F", help="Write the answer as JSON; - for the screen.")
]
CsvFile = Annotated[Path | None, typer.Option("--csv", metavar="F", help="Write every row as CSV.")]
ParquetFile = Annotated[Path | None, typer.Option("--parquet", metavar="F", help="... as Parquet.")]
XlsxFile = Annotated[Path | None, typer.Option("--xlsx", metavar="F", help="... as a spreadsheet.")]
RowsShown = Annotated[int, typer.Option("--limit", min=1, help="Rows shown on the screen.")]
CohortWords = Annotated[
    list[str] | None, typer.Argument(metavar="COHORT", help="Which people, such as sex:F age:18-64.")
]
UseRulesName = Annotated[
    str, typer.Option("--use-rules", metavar="SET", help="all, or strict: no use is told by a weak rule.")
]
DuplicatesMethod = Annotated[
    str | None,
    typer.Option(
        "--duplicates", metavar="METHOD", help="off, exact or probabilistic; the best links there are unless given."
    ),
]
