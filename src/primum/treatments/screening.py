"""What should be asked before the treatment, and which answers matter? Questions over the facts of practice.

An answer is yes, no or unknown. A question that nobody answered counts as unknown. What comes out is a list of what to
talk about, each with its source; it is never a verdict.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from primum.errors import AnswersError
from primum.treatments.families.caveats import once
from primum.treatments.load import Treatment
from primum.treatments.tables import hint

Answer = Literal["yes", "no", "unknown"]
ANSWERS: Final[tuple[Answer, ...]] = ("yes", "no", "unknown")
State = Literal["matters", "not known", "does not matter"]
NO_VERDICT: Final = (
    "This is no verdict and no medical advice. It lists what labels, authorities and studies say about your answers; "
    "a question that is not here was not asked."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of the screening list.

    Args:
        key: name under which it is answered.
        about: whether it is about the person treated or about the practice that treats.
        question: the question.
        matters: the answer that matters.
        because: why that answer matters.
        ask: what to tell or ask of whoever treats.
        facts: ids of the findings it rests on.
    """

    key: str
    about: str
    question: str
    matters: str
    because: str
    ask: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question with its answer.

    Args:
        question: the question.
        answer: yes, no or unknown.
        given: whether anybody answered; where nobody did, the answer is unknown.
        sources: ids of the sources behind its facts.
    """

    question: Question
    answer: Answer
    given: bool
    sources: tuple[str, ...]

    @property
    def state(self) -> State:
        """What follows from the answer."""
        if self.answer == "unknown":
            return "not known"
        return "matters" if self.answer == self.question.matters else "does not matter"

    def as_json(self) -> dict[str, Any]:
        """The answer as plain data, the form in which it stands in `--json`."""
        asked = self.question
        return {
            "key": asked.key,
            "about": asked.about,
            "question": asked.question,
            "answer": self.answer,
            "given": self.given,
            "state": self.state,
            "because": asked.because,
            "ask": asked.ask,
            "facts": list(asked.facts),
            "sources": list(self.sources),
        }


def questions(treatment: Treatment) -> tuple[Question, ...]:
    """The screening list of a treatment, in the order of its table.

    Examples:
        >>> from primum.treatments.load import load_treatment
        >>> first = questions(load_treatment("anti-wrinkle"))[0]
        >>> first.key, first.facts
        ('pregnant', ('practice.population.pregnancy',))
    """
    return tuple(
        Question(
            key=row["key"],
            about=row["about"],
            question=row["question"],
            matters=row["matters"],
            because=row["because"],
            ask=row["ask"],
            facts=tuple(f"practice.{key}" for key in row.items("facts")),
        )
        for row in treatment.tables["screening"]
    )


def screen(treatment: Treatment, answers: Mapping[str, Answer]) -> tuple[Answered, ...]:
    """Every question with its answer, in the order of the list.

    Args:
        treatment: the treatment.
        answers: answers by key of the question; what is not answered is unknown.

    Raises:
        AnswersError: an answer to a question that is not asked.
    """
    asked = questions(treatment)
    _stop_at("The answers", _strange(answers, asked))
    return tuple(
        Answered(
            question=question,
            answer=answers.get(question.key, "unknown"),
            given=question.key in answers,
            sources=once(source for fact in question.facts for source in treatment.findings[fact].sources),
        )
        for question in asked
    )


def read_answers(path: Path, asked: tuple[Question, ...]) -> dict[str, Answer]:
    """Answers from a file: TOML, or JSON where its name ends in `.json`; one key a question.

    Args:
        path: the file; a value is yes, no or unknown, or true or false.
        asked: the questions that may be answered.

    Raises:
        AnswersError: the file cannot be read, or holds unknown keys or other values; all faults are told together.
    """
    given = _read(path)
    by_word: dict[object, Answer] = {word: word for word in ANSWERS}
    faults = _strange(given, asked)
    answers: dict[str, Answer] = {}
    for key, value in given.items():
        word = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
        if isinstance(word, str) and word in by_word:
            answers[key] = by_word[word]
        else:
            faults.append(f"{key} is {value!r}; expected {', '.join(ANSWERS[:-1])} or {ANSWERS[-1]}")
    _stop_at(str(path), faults)
    return answers


def _read(path: Path) -> dict[str, Any]:
    kind = "JSON" if path.suffix.casefold() == ".json" else "TOML"
    try:
        text = path.read_text(encoding="utf-8")
        given = json.loads(text) if kind == "JSON" else tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise AnswersError.unreadable(str(path), getattr(error, "strerror", None) or str(error), kind) from error
    if not isinstance(given, dict):
        raise AnswersError.unreadable(str(path), f"a {type(given).__name__} and no table of answers", kind)
    return given


def _strange(given: Mapping[str, object], asked: tuple[Question, ...]) -> list[str]:
    known = [question.key for question in asked]
    return [
        f'no question "{key}"; expected one of {", ".join(known)}{hint(key, known)}'
        for key in given
        if key not in known
    ]


def _stop_at(what: str, faults: list[str]) -> None:
    if faults:
        raise AnswersError.from_faults(what, faults)
