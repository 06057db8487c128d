"""Which dictionaries of drug names are in use? `primum names`: use one, forget one; what follows is made again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.options import StoreFolder
from primum.cli.output import say


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(
        help="Map drug names by dictionaries of your own.", no_args_is_help=True, rich_markup_mode=None
    )
    family.command("use")(use)
    family.command("forget")(forget)
    app.add_typer(family, name="names")


def use(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|DIR",
            help="A CSV name,substance[,product], FDA's list of UNII names, or a folder of RxNorm's RRF files.",
        ),
    ],
    store: StoreFolder = None,
) -> None:
    """Map drug names by a dictionary too; it stands in the store with its hash until it is forgotten.

    A CSV speaks before what the rows teach, a reference list behind it; treatments' own names and FDA's coded
    ingredient come before both.
    """
    from primum.cli.progress import watched
    from primum.loading.derive import open_to_change
    from primum.loading.words import use_names

    with watched() as watcher, open_to_change(store) as opened:
        watcher.say(path.name)
        used = use_names(opened, path)
        status = opened.status()
    left_out = f"; {used.left_out:,} that mean several things are left out" if used.left_out else ""
    release = f", release {used.version}" if used.version else ""
    say(f"{used.name} ({used.format}{release}): names {len(used.meanings):,}{left_out}")
    say(status.told_of_names)


def forget(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="As primum status lists it; all of them.")
    ] = None,
    store: StoreFolder = None,
) -> None:
    """Take dictionaries out again, and map names as if they had never been in use."""
    from primum.cli.progress import watched
    from primum.loading.derive import open_to_change
    from primum.loading.words import forget_names

    with watched() as watcher, open_to_change(store) as opened:
        watcher.say("names")
        gone = forget_names(opened, name)
    say(f"forgotten: {', '.join(gone)}" if gone else "no dictionary is in use")
