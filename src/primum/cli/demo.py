"""Does it work at all? `primum demo`: SYNTHETIC quarters with a known truth, loaded and searched."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from primum.cli.output import say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    *,
    reports: Annotated[
        int, typer.Option("--reports", help="Invented reports, in all quarters together; at least 2,000.")
    ] = 20_000,
    quarters: Annotated[
        list[str] | None, typer.Option("--quarters", metavar="QUARTERS", help="Such as 2004q1..2004q4; repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same archives.")] = 1,
    folder: Annotated[
        Path | None, typer.Option("--in", metavar="DIR", help="Keep archives and store there; else they are removed.")
    ] = None,
) -> None:
    """Invent report archives with planted signals, load them and find the signals; all of it says SYNTHETIC."""
    from primum.cli.progress import watched
    from primum.errors import PrimumError
    from primum.loading.faers import read_quarters
    from primum.terms import SYNTHETIC
    from primum.testing.demo import demo_lines, run_demo

    wanted = sorted(read_quarters(quarters or ["2012q3..2012q4", "2026q1"]))
    with watched(f"{SYNTHETIC}:") as watcher, tempfile.TemporaryDirectory(prefix="primum-demo-") as temporary:
        done = run_demo(folder or Path(temporary, "demo"), reports=reports, quarters=wanted, seed=seed, say=watcher.say)
    lines = demo_lines(done)
    if folder is not None:
        lines.append(f"{SYNTHETIC}  ask it: primum ask anti-wrinkle --store {done.store}")
    say("\n".join(lines))
    missed = [one.signal.drug for one in done.planted if not one.found]
    if missed:
        raise PrimumError(
            f"{len(missed)} of {len(done.planted)} planted signals were not found ({', '.join(missed)}); expected all. "
            "Take another --seed, or more --reports; if they stay hidden, this is a fault of Primum: please report it."
        )
