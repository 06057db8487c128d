"""Which reports under different case numbers are one event? `primum link`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from primum.cli.options import EngineName, StorePlace
from primum.cli.output import say

if TYPE_CHECKING:
    from primum.loading.link import LinkRun

SCHEMA: Final = "primum.link/1"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("link")(link)


def link(
    *,
    methods: Annotated[
        str, typer.Option("--methods", metavar="LIST", help="exact, probabilistic or both with a comma between.")
    ] = "exact,probabilistic",
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", metavar="P", help="Match probability from which two reports are one event; 0.5."),
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Look at all pairs again, not only at those of new reports.")
    ] = False,
    store: StorePlace = None,
    engine: EngineName = "duckdb",
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="F", help="Write what was found as JSON; - for the screen.")
    ] = None,
) -> None:
    """Find reports that tell of one event under several case numbers; nothing is deleted.

    Stop it at any time: the links are written together at the end, or not at all. Run it again after a load: only pairs
    with a new report are looked at. `primum case ID` says why two reports were judged one.
    """
    from primum.cases.link import THRESHOLD
    from primum.cli.output import write_json
    from primum.cli.progress import watched
    from primum.loading.derive import open_to_change
    from primum.loading.link import link_reports

    names = [name.strip() for name in methods.split(",") if name.strip()]
    least = THRESHOLD if threshold is None else threshold
    with watched("Linking") as watcher, open_to_change(store, engine=engine) as opened:
        run = link_reports(opened, methods=names, threshold=least, anew=anew, progress=watcher.say)
        synthetic = opened.synthetic()
    if json_file is not None:
        write_json(json_file, {"schema": SCHEMA, "synthetic": synthetic, **_plain(run)})
    if str(json_file) != "-":
        from primum.cli.columns import paragraph

        say("\n".join([*(paragraph(synthetic) if synthetic else []), *_lines(run)]))


def _plain(run: LinkRun) -> dict[str, object]:
    from dataclasses import asdict

    return {"anew": run.anew, "model": run.model, "methods": [asdict(state) for state in run.states]}


def _lines(run: LinkRun) -> list[str]:
    from primum.cli.columns import paragraph, row_lines, rule

    widths = (13, 10, 10, 10, 10)
    lines = row_lines(["method", f"{'reports':>10}", f"{'links':>10}", f"{'events':>10}", f"{'set aside':>10}"], widths)
    lines.append(rule(widths))
    for state in run.states:
        numbers = (state.reports, state.pairs, state.clusters, state.set_aside)
        lines += row_lines([state.method, *(f"{number:>10,}" for number in numbers)], widths)
    lines.append("")
    if run.model:
        sought = "among all reports" if run.anew else "for the reports that came since"
        lines += paragraph(f"Probabilistic links were sought {sought}; model {run.model}.")
    return lines + paragraph(
        "Nothing was deleted. Analyses keep one report of each event unless duplicates:off is asked for; "
        "primum case ID says why two reports were judged one."
    )
