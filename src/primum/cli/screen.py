"""Which answers matter before the treatment? `primum ask TREATMENT --screen`, one question after the other."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from primum.cli.output import say

if TYPE_CHECKING:
    from primum.treatments.load import Treatment
    from primum.treatments.screening import Answer, Answered, Question

SCHEMA: Final = "primum.screening/1"
_ABOUT: Final = {"person": "About you", "practice": "About who treats, and with what"}


def screening(treatment: str, *, answers_file: Path | None, json_file: Path | None) -> None:
    """Ask the questions, or read the answers, and print which of them matter."""
    from primum.cli.output import write_json
    from primum.errors import AnswersError
    from primum.treatments.load import load_treatment
    from primum.treatments.screening import questions, read_answers, screen

    about = load_treatment(treatment)
    asked = questions(about)
    if not asked:
        raise AnswersError.nothing_to_ask(about.id)
    if answers_file is None and not sys.stdin.isatty():
        raise AnswersError.no_terminal()
    given = _ask(asked) if answers_file is None else read_answers(answers_file, asked)
    answered = screen(about, given)
    if json_file is not None:
        write_json(json_file, _plain(about, answered))
    if str(json_file) != "-":
        say("\n".join(_lines(about, answered)))


def _ask(asked: tuple[Question, ...]) -> dict[str, Answer]:
    """Every question on the terminal; the questions go to stderr, so that the answer alone can be written to a file."""
    say(f"{len(asked)} questions; answer y, n, or ? where you do not know.", err=True)
    heading = ""
    answers: dict[str, Answer] = {}
    for number, question in enumerate(asked, start=1):
        if question.about != heading:
            heading = question.about
            say(f"\n{_ABOUT[heading]}", err=True)
        answers[question.key] = _one(f"{number:>2}. {question.question}")
    say("", err=True)
    return answers


def _one(text: str) -> Answer:
    """One answer, asked for until it can be read."""
    words: dict[str, Answer] = {"y": "yes", "yes": "yes", "n": "no", "no": "no", "?": "unknown", "unknown": "unknown"}
    while True:
        given = str(typer.prompt(f"{text} [y/n/?]", err=True, default="?", show_default=False))
        if given.strip().casefold() in words:
            return words[given.strip().casefold()]
        say(f'    "{given}"; expected y, n or ?.', err=True)


def _plain(about: Treatment, answered: tuple[Answered, ...]) -> dict[str, Any]:
    """The answers as plain data, with the findings and sources that they name."""
    from primum.treatments.screening import NO_VERDICT

    facts = dict.fromkeys(id for item in answered for id in item.question.facts)
    sources = dict.fromkeys(id for item in answered for id in item.sources)
    return {
        "schema": SCHEMA,
        "treatment": about.id,
        "evidence_to": about.evidence_to,
        "evidence_hash": about.evidence_hash,
        "note": NO_VERDICT,
        "answers": [item.as_json() for item in answered],
        "findings": [about.findings[id].as_json() for id in facts],
        "sources": [asdict(about.sources[id]) for id in sources],
    }


def _lines(about: Treatment, answered: tuple[Answered, ...]) -> list[str]:
    """The answer for the screen, at most 80 columns."""
    from primum.cli.columns import paragraph
    from primum.treatments.screening import NO_VERDICT

    matter = [item for item in answered if item.state == "matters"]
    open_ = [item for item in answered if item.state == "not known"]
    shown = dict.fromkeys(id for item in (*matter, *open_) for id in item.sources)
    numbers = {id: number for number, id in enumerate(shown, start=1)}
    lines = paragraph(
        f"{about.short_name.capitalize()}: of {len(answered)} questions, {len(matter)} have an answer that matters and "
        f"{len(open_)} are open."
    )
    lines += paragraph(NO_VERDICT)
    for title, group in (("ANSWERS THAT MATTER", matter), ("OPEN: FIND OUT FIRST", open_)):
        lines += ["", title] if group else []
        for item in group:
            lines += _item(about, item, numbers)
    lines += ["", "SOURCES"] if shown else []
    for id, number in numbers.items():
        source = about.sources[id]
        title = f"{source.title}, {source.year}" if source.year else source.title
        lines += paragraph(f"[{number}] {title}. Grade {source.grade}. {source.url}".strip())
    return lines


def _item(about: Treatment, item: Answered, numbers: Mapping[str, int]) -> list[str]:
    from primum.cli.columns import paragraph
    from primum.dossier.render.numbers import show

    said = item.answer if item.given else "not answered"
    lines = ["", *paragraph(f"{item.question.question} {said.capitalize()}.")]
    lines += paragraph(f"Why: {item.question.because}", indent=2)
    for id in item.question.facts:
        finding = about.findings[id]
        marks = ", ".join(f"[{numbers[source]}]" for source in finding.sources)
        lines += paragraph(f"- {finding.label}: {show(finding, 'quantity_range')} {marks}", indent=4)
        lines += [line for warning in finding.warnings for line in paragraph(f"({warning})", indent=6)]
    return lines + paragraph(f"Ask: {item.question.ask}", indent=2)
