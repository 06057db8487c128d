"""Which groups of reaction terms are known? `primum terms`: use a licensed MedDRA folder, or forget it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.options import StoreFolder
from primum.cli.output import say


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(
        help="Know the classes, groups and queries of a MedDRA release.", no_args_is_help=True, rich_markup_mode=None
    )
    family.command("use")(use)
    family.command("forget")(forget)
    app.add_typer(family, name="terms")


def use(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A MedAscii folder, or one that holds it.")],
    release: Annotated[
        str | None, typer.Option("--release", metavar="R", help="Refuse any other release, such as 29.0.")
    ] = None,
    store: StoreFolder = None,
) -> None:
    """Read a MedAscii folder for the conditions soc, hlgt, hlt, smq and smq_broad of a cohort.

    It needs a licence of MSSO. Its names stand in the store alone and are never exported.
    """
    from primum.loading.derive import open_to_change
    from primum.loading.words import use_terms

    with open_to_change(store) as opened:
        used = use_terms(opened, folder, release=release)
    levels = [level for level, _ in used.groups]
    counted = ", ".join(f"{levels.count(level):,} {level}" for level in dict.fromkeys(sorted(set(levels))))
    say(f"MedDRA {used.version}: {used.terms:,} terms in {counted}")


def forget(store: StoreFolder = None) -> None:
    """Take the terminology out of the store again."""
    from primum.loading.derive import open_to_change
    from primum.loading.words import forget_terms

    with open_to_change(store) as opened:
        forget_terms(opened)
    say("forgotten")
