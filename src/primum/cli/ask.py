"""Is this treatment safe? `primum ask`: the answer in the terminal, the dossier as a page, the same as JSON."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.options import DuplicatesMethod, EngineName, StorePlace, UseRulesName
from primum.cli.output import say

if TYPE_CHECKING:
    from primum.dossier.render.terminal import Screen


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ask")(ask)


def ask(
    treatment: Annotated[str, typer.Argument(help="A treatment, such as anti-wrinkle.")],
    cohort: Annotated[str | None, typer.Argument(help="Which of the loaded reports, such as sex:F age:18-64.")] = None,
    *,
    html_file: Annotated[
        Path | None, typer.Option("--html", help="Write the dossier there; primum-TREATMENT.html unless given.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the answer as JSON; - for the screen and nothing else there.")
    ] = None,
    store: StorePlace = None,
    engine: EngineName = "duckdb",
    reader: Annotated[
        str | None,
        typer.Option("--for", metavar="WHO", help="A few pages for a patient or a clinician in place of the dossier."),
    ] = None,
    weights_file: Annotated[
        Path | None,
        typer.Option("--weights", metavar="F", help="Your own weights of benefit and harms, TOML; sensitivity only."),
    ] = None,
    use_rules: UseRulesName = "all",
    duplicates: DuplicatesMethod = None,
    screen: Annotated[
        bool,
        typer.Option("--screen", help="Ask what should be asked before the treatment, and say which answers matter."),
    ] = False,
    answers_file: Annotated[
        Path | None,
        typer.Option("--answers", metavar="F", help="Answers to the screening list, TOML or JSON, instead of asking."),
    ] = None,
) -> None:
    """Answer whether a treatment is safe: all sections, every number with its source."""
    if screen or answers_file is not None:
        named = (cohort, html_file, store, reader, weights_file, duplicates)
        if any(given is not None for given in named) or engine != "duckdb":
            raise typer.BadParameter(
                "a COHORT, --html, --store, --engine, --for, --weights and --duplicates belong to the dossier; leave "
                "them out to screen."
            )
        from primum.cli.screen import screening

        screening(treatment, answers_file=answers_file, json_file=json_file)
        return
    from primum.cli.output import can_write, write_json, write_text
    from primum.counts.fields import use_rules_named
    from primum.dossier.model import READERS
    from primum.dossier.render import html, terminal
    from primum.dossier.render.json import as_json
    from primum.study.ask import ask as answer

    if reader is not None and reader not in READERS:
        raise typer.BadParameter(f'"{reader}"; expected {" or ".join(READERS)}.', param_hint="--for")
    dossier = answer(
        treatment,
        store=store,
        engine=engine,
        cohort=cohort,
        use_rules=use_rules_named(use_rules),
        duplicates=duplicates,
        weights=weights_file,
    )
    page = html_file or Path(f"primum-{dossier.treatment}{f'-{reader}' if reader else ''}.html")
    can_write(page, json_file)  # both targets before either is written: no half an answer
    write_text(page, html.render_brief(dossier, reader) if reader else html.render(dossier))
    if json_file is not None:
        write_json(json_file, as_json(dossier))
    if str(json_file) != "-":
        written = f"Pages for a {reader}" if reader else "Full dossier"
        say(terminal.render(dossier, _screen(), html=str(page), written=written), end="", painted=True)


def _screen() -> Screen:
    """What standard output can show; colour for a person at a terminal who did not refuse it."""
    from primum.dossier.render.terminal import Screen

    return Screen(
        width=shutil.get_terminal_size(fallback=(80, 24)).columns,
        colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
        unicode=_can_write("\N{BLACK CIRCLE}\N{BOX DRAWINGS LIGHT VERTICAL AND RIGHT}"),
    )


def _can_write(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
