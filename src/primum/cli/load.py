"""primum load: bring report files into the store."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from primum.study.load import Loaded

StoreOption = Annotated[Path | None, typer.Option("--store", metavar="DIR", help="Folder of the store.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(help="Load report files into the store.", no_args_is_help=True, rich_markup_mode=None)
    family.command("faers")(load_faers)
    family.command("table")(load_table)
    app.add_typer(family, name="load")


def load_faers(
    quarters: Annotated[
        list[str] | None, typer.Argument(metavar="[QUARTERS]", help="Such as 2014q3 or 2004q1..2017q2; all by default.")
    ] = None,
    given: Annotated[
        Path | None, typer.Option("--from", metavar="DIR_OR_ZIP", help="A zip, or a folder of zips, from FDA's page.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Load FAERS quarters from FDA's ASCII archives; each quarter wholly or not at all."""
    from primum.store import open_store
    from primum.study.load import load_archives, no_download_yet, read_quarters

    wanted = read_quarters(quarters or [])
    if given is None:
        raise no_download_yet(wanted)
    with _watched() as progress, open_store(store, write=True) as opened:
        answer = load_archives(opened, given, quarters=wanted, progress=progress)
    for loaded in answer.loaded:
        _tell(loaded)
    if answer.not_found:
        typer.echo(f"not found in {given}: {', '.join(map(str, answer.not_found))}")


def load_table(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, gzipped CSV or Parquet.")],
    store: StoreOption = None,
) -> None:
    """Load a long table with the columns CASEID,DRUG,AE; every drug counts as primary suspect."""
    from primum.store import open_store
    from primum.study.load_table import check_table_file, load_table

    check_table_file(file)  # a wrong name makes no store
    with _watched() as progress, open_store(store, write=True) as opened:
        progress(file.name)
        loaded = load_table(opened, file)
    _tell(loaded)


def _tell(loaded: Loaded) -> None:
    if loaded.outcome == "unchanged":
        typer.echo(f"{loaded.part}: {loaded.archive} is loaded already ({loaded.reports:,} reports)")
        return
    typer.echo(
        f"{loaded.part}: {loaded.outcome} {loaded.reports:,} reports; {loaded.rejected:,} lines rejected, "
        f"{loaded.repaired:,} rows repaired"
    )


@contextmanager
def _watched() -> Iterator[Callable[[str], None]]:
    """A line on standard error that says what is read now; nothing where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("Loading") as status:
        yield lambda text: status.update(f"Loading {text}")
