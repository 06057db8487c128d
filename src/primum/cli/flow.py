"""How do the files come down to the reports of a cohort? `primum flow`: the steps, with counts and reasons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from primum.cli.options import EngineName, StorePlace
from primum.cli.output import say

if TYPE_CHECKING:
    from primum.counts.flow import FlowStep

SCHEMA: Final = "primum.flow/1"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("flow")(flow)


def flow(
    what: Annotated[
        str, typer.Argument(metavar="TREATMENT|DRUG", help="Only reports with it as a suspect; none: any.")
    ] = "",
    cohort: Annotated[
        list[str] | None, typer.Argument(metavar="COHORT", help="Which reports, such as use:cosmetic sex:F.")
    ] = None,
    *,
    store: StorePlace = None,
    engine: EngineName = "duckdb",
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="F", help="Write the steps as JSON; - for the screen.")
    ] = None,
    svg_file: Annotated[Path | None, typer.Option("--svg", metavar="F", help="Draw the steps as a picture.")] = None,
) -> None:
    """Show how the lines of the files come down to the reports of any cohort, and why the others leave."""
    from primum.cli.columns import paragraph
    from primum.cli.output import write_json, write_text
    from primum.cli.signals import drug_and_cohort
    from primum.dossier.loaded_flow import flow_figure
    from primum.dossier.loaded_numbers import Writer
    from primum.dossier.render import charts
    from primum.study import reports

    name, meant = drug_and_cohort(what, cohort or [])
    with reports.open(store, engine=engine) as opened:
        steps = opened.flow(name, meant)
        synthetic = opened.store.synthetic()
    if json_file is not None:
        told = [{"step": s.step, "count": s.count, "unit": s.unit, "reason": s.reason} for s in steps]
        write_json(json_file, {"schema": SCHEMA, "synthetic": synthetic, "cohort": meant or "*", "steps": told})
    if svg_file is not None:
        writer = Writer("all reports loaded")
        figure = flow_figure(writer, steps)
        write_text(svg_file, charts.alone(figure, writer.findings, said=synthetic))
    if str(json_file) != "-":
        say("\n".join([*(paragraph(synthetic) if synthetic else []), *_lines(steps)]))


def _lines(steps: tuple[FlowStep, ...]) -> list[str]:
    from primum.cli.columns import row_lines, rule

    widths = (13, 8, 55)
    lines = [*row_lines(["number", "of what", "step, or why these leave"], widths), rule(widths)]
    for step in steps:
        number = f"{f'- {step.count:,}' if step.reason else f'{step.count:,}':>{widths[0]}}"
        lines += row_lines([number, step.unit, f"{step.step}: {step.reason}" if step.reason else step.step], widths)
    return lines
