"""Which statistic tells known harms from known non-harms in the loaded reports? `primum evaluate`."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.options import StoreFolder
from primum.cli.output import say

if TYPE_CHECKING:
    from primum.study.evaluate import Evaluation


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(evaluate)


def evaluate(
    *,
    reference: Annotated[
        str,
        typer.Option(
            "--reference", metavar="NAME|FILE", help="omop, euadr, harpaz, ohdsi, or a CSV drug,outcome,truth."
        ),
    ],
    reference_dir: Annotated[
        Path | None,
        typer.Option(
            "--reference-dir",
            metavar="DIR",
            envvar="PRIMUM_REFERENCE_DIR",
            help="Folder of the published sets, which do not come with Primum.",
        ),
    ] = None,
    broad: Annotated[
        bool,
        typer.Option("--broad/--narrow", help="Terms of an outcome: signs and near terms too, or its names alone."),
    ] = False,
    terms: Annotated[
        Path | None, typer.Option("--terms", metavar="FILE", help="Term lists of your own: a CSV outcome,level,term.")
    ] = None,
    methods: Annotated[
        str, typer.Option("--methods", metavar="LIST", help="prr ror ic ebgm chi2 midp rrr bcpnn, with commas between.")
    ] = "",
    store: StoreFolder = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="F", help="Write all of it as JSON; - for the screen.")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="F", help="Write every control with its counts and scores as CSV.")
    ] = None,
    svg_file: Annotated[
        Path | None, typer.Option("--svg", metavar="F", help="Draw the calibration plot of the negative controls.")
    ] = None,
) -> None:
    """Measure the statistics on drug-outcome pairs whose truth is known."""
    from primum.cli import output
    from primum.errors import ReferenceSetError
    from primum.study import reports
    from primum.study.calibration_plot import calibration_plot
    from primum.study.evaluate import DEFAULT
    from primum.study.evaluate import evaluate as measure
    from primum.study.reference_set import read_reference, read_terms

    known = read_reference(reference, reference_dir)
    own = None if terms is None else read_terms(terms)
    wanted = tuple(name.strip() for name in methods.split(",") if name.strip()) or DEFAULT
    with reports.open(store) as opened:
        found = measure(opened, known, width="broad" if broad else "narrow", terms=own, methods=wanted)
    if csv_file is not None:
        output.write_text(csv_file, _csv(found))
    if json_file is not None:
        output.write_json(json_file, found.as_json())
    if svg_file is not None:
        if found.coverage is None or found.null is None:
            raise ReferenceSetError.of(
                reference,
                "too few negative controls have reports to learn an error from",
                "at least 6",
                "Leave --svg out, or load more reports.",
            )
        title = f"{found.reference.name}, {found.width} terms"
        output.write_text(svg_file, calibration_plot(found.coverage, title=title, controls=found.null.controls) + "\n")
    if str(json_file) != "-":
        say("\n".join(_lines(found)))


def _lines(found: Evaluation) -> list[str]:
    """The table for the screen."""
    from primum.cli.columns import paragraph, row_lines, rule

    positives, counted = int(found.truth.sum()), len(found.controls)
    lines = paragraph(
        f"{found.reference.name}, {found.width} terms: {counted} of {len(found.reference.controls)} controls counted, "
        f"{positives} positive and {counted - positives} negative; "
        f"{int((found.table.observed > 0).sum())} of them have a common report."
    )
    for why, which in found.not_found.items():
        lines += paragraph(f"Left out, {why}: {len(which)}.")
    widths = (12, 6, 14, 14, 14)
    heads = ["score", "AUC", "95 % interval", "sens. at 90 %", "sens. at 95 %"]
    lines += ["", *row_lines(heads, widths), rule(widths)]
    for result in found.results:
        area = result.area
        interval = f"{area.lower:.3f} to {area.upper:.3f}" if math.isfinite(area.lower) else "-"
        sensitivity = [f"{at.sensitivity:.2f}" for at in result.at] or ["-", "-"]
        lines += row_lines([result.score, _number(area.auc), interval, *sensitivity], widths)
    reasons = {result.area.reason for result in found.results if result.area.reason}
    lines += ["", *(line for reason in sorted(reasons) for line in paragraph(f"{reason[0].upper()}{reason[1:]}."))]
    if found.null is not None and found.false_alarms is not None:
        plain, calibrated = found.false_alarms
        lines += paragraph(
            f"Negative controls with a reporting odds ratio: {found.null.controls}; they are reported "
            f"{math.exp(found.null.mean):.2f} times as often as the method expects, spread {found.null.sd:.2f} on the "
            f"log scale. p < 0.05 in {plain:.0%} of them, after calibration in {calibrated:.0%}. A control without a "
            "common report has no such ratio and is not in it."
        )
    else:
        lines += paragraph("Too few negative controls have reports to learn the method's error from; 6 are needed.")
    for note in found.notes:
        lines += paragraph(note)
    return lines + paragraph(f"Store {found.table.snapshot[:16]}.")


def _number(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "-"


def _csv(found: Evaluation) -> str:
    """One row a control: names, truth, counts, scores; an empty cell where a number is missing."""
    from primum.signals.write import harmless

    rows = found.as_json()["pairs"]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows([int(v) if isinstance(v, bool) else harmless(v) for v in row.values()] for row in rows)
    return buffer.getvalue()
