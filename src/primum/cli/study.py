"""How is one question answered from start to end, so that anyone can run it again? `primum study`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.options import StoreFolder
from primum.cli.output import say

if TYPE_CHECKING:
    from primum.study.run import StudyResult


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("study")(study)


def study(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="A study file, TOML.")] = None,
    *,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="PATH", help="Folder of the results; with --new, the file to write."),
    ] = None,
    new: Annotated[
        str | None, typer.Option("--new", metavar="TREATMENT", help="Write a study file to begin with, and stop.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Read the file, say what it asks, and count nothing.")] = False,
    store: StoreFolder = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="F", help="Write what came out as JSON; - for the screen.")
    ] = None,
) -> None:
    """Run a study file: results, methods text with its citations, READUS-PV items, manifest."""
    if (file is None) == (new is None):
        raise typer.BadParameter("give a study file, or --new TREATMENT to begin one.")
    if new is not None:
        _begin(new, to)
        return
    from primum.study.spec import read_study

    assert file is not None
    asked = read_study(file)
    if check:
        count = f"{len(asked.analyses)} {'analysis' if len(asked.analyses) == 1 else 'analyses'}"
        say(f"{asked.title}: {count} of {asked.about}, no fault found. Names are looked up when it runs.")
        return
    from primum.cli.output import write_json
    from primum.cli.progress import watched
    from primum.study.folder import write_study
    from primum.study.reports import open as open_reports
    from primum.study.run import as_json, run_study

    folder = to or file.with_suffix("")
    with open_reports(store) as reports, watched() as watcher:
        result = run_study(asked, reports, progress=watcher.say)
        files = write_study(result, study_file=file, folder=folder)
    if json_file is not None:
        write_json(json_file, as_json(result))
    if str(json_file) != "-":
        say("\n".join([*_told(result), "", f"{len(files)} files in {folder}; begin with methods.md."]))


def _begin(treatment: str, to: Path | None) -> None:
    from primum.cli.output import write_text
    from primum.errors import OutputError
    from primum.study.spec import new_study
    from primum.treatments.load import load_treatment
    from primum.treatments.vocabulary import vocabulary

    about = load_treatment(treatment)
    path = to or Path(f"{about.id}.toml")
    if path.exists():
        raise OutputError.of(str(path), "it is there already", "Name another file with --to.")
    uses = dict.fromkeys(rule.use for rule in vocabulary(about.id).rules.rules)
    write_text(path, new_study(about.id, question=about.question, uses=uses))
    say(f"{path} written; fill it in, then: primum study {path}")


def _told(result: StudyResult) -> list[str]:
    """What came out, on a screen."""
    from primum.cli.columns import paragraph
    from primum.study.run import stands_out

    lines = [result.study.title, *paragraph(result.study.question), ""]
    for warning in result.warnings:
        lines += [*paragraph(f"Warning: {warning}"), ""]
    if result.synthetic:
        lines += [*paragraph(result.synthetic), ""]
    for outcome in result.outcomes:
        if outcome.table is None:
            lines += paragraph(f"{outcome.analysis.id}: not counted. {outcome.why_not}")
            continue
        above = int(stands_out(result.study, outcome.table).sum())
        lines += paragraph(f"{outcome.analysis.id}: {len(outcome.table):,} pairs, {above:,} reach the thresholds.")
    return [*lines, "", *paragraph("Counts are reports, never people harmed and never a rate.")]
