"""How do I take the tables elsewhere? `primum export`: Parquet, CSV or spreadsheets, with their columns described."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.options import EngineName, StorePlace
from primum.cli.output import say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="[TABLE]...", help="Such as reports reactions; all by default.")
    ] = None,
    *,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder of the files; made where it is missing.")],
    format: Annotated[str, typer.Option("--format", metavar="F", help="parquet, csv or xlsx.")] = "parquet",
    store: StorePlace = None,
    engine: EngineName = "duckdb",
) -> None:
    """Write tables of the store as files, and schema.csv that says what each column means."""
    from primum.cli.progress import watched
    from primum.loading.derive import open_derived
    from primum.store.export import export as write
    from primum.store.export import format_named

    asked = format_named(format)
    with watched() as watcher, open_derived(store, engine=engine) as opened:
        written = write(opened, tables or [], to, format=asked, say=watcher.say)
        synthetic = opened.synthetic()
    if synthetic:
        say(synthetic)
    for one in written:
        say(f"{one.rows:>14,}  {one.path}")
