"""primum status: what is loaded, and is every line accounted for?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.options import EngineName, StorePlace
from primum.cli.output import say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(
    store: StorePlace = None,
    engine: EngineName = "duckdb",
    files: Annotated[bool, typer.Option("--files", help="One line for each file of each archive.")] = False,
    json: Annotated[Path | None, typer.Option("--json", metavar="F", help="Write it as JSON; - is the screen.")] = None,
) -> None:
    """Show what is loaded: lines, rejects, repairs, values without a type, hashes."""
    from primum.cli.output import write_json
    from primum.loading.derive import open_as_it_is
    from primum.store.status import status_lines

    with open_as_it_is(store, engine=engine) as opened:
        found = opened.status()
    if json is not None:
        write_json(json, found.to_json())
    if json is None or str(json) != "-":
        for line in status_lines(found, files=files):
            say(line)
