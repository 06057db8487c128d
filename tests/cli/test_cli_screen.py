"""Does `primum ask --screen` ask, `--answers` answer, and neither ever judge?"""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

import commands
from commands import Done

VERDICT_WORDS = re.compile(r"\b(safe|unsafe|suitable|eligible|go ahead|cleared|approved for you)\b", re.IGNORECASE)


def primum(*arguments: str, stdin: int | None = subprocess.DEVNULL) -> Done:
    return commands.primum("ask", "anti-wrinkle", *arguments, stdin=stdin)


def answers(tmp_path: Path, text: str, name: str = "answers.toml") -> str:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_an_answer_that_matters_stands_with_its_reason_source_and_question_to_ask(tmp_path: Path) -> None:
    done = primum("--answers", answers(tmp_path, 'pregnant = "yes"\nauthorised = "yes"\n'))
    assert (done.returncode, done.stderr) == (0, "")
    matter, still_open = done.stdout.split("OPEN: FIND OUT FIRST")
    words = " ".join(matter.split())
    assert (
        "ANSWERS THAT MATTER Are you pregnant, could you be, or are you breastfeeding? Yes. Why: No adequate" in words
    )
    assert "no adequate studies; not recommended [1] Ask: Say so before anything else" in words
    assert re.search(r"\[1\] .*Grade B\. https?://", " ".join(still_open.split()))
    assert "sealed package" not in done.stdout  # a yes there does not matter
    assert "nerves or muscles, such as myasthenia gravis? Not answered." in " ".join(still_open.split())


@pytest.mark.slow
def test_nothing_is_ever_judged_and_lines_fit_80_columns(tmp_path: Path) -> None:
    for word in ("yes", "no", "unknown"):
        plain = json.loads(primum("--answers", answers(tmp_path, ""), "--json", "-").stdout)
        text = "".join(f'{item["key"]} = "{word}"\n' for item in plain["answers"])
        shown = primum("--answers", answers(tmp_path, text)).stdout
        told, _, _ = shown.partition("SOURCES")
        assert not VERDICT_WORDS.search(told)
        assert "This is no verdict and no medical advice." in shown
        assert max(len(line) for line in told.splitlines()) <= 80


@pytest.mark.slow
def test_json_and_toml_answers_give_the_same_json_with_findings_and_sources(tmp_path: Path) -> None:
    toml = primum("--answers", answers(tmp_path, 'milk_allergy = true\nstorage = "no"\n'), "--json", "-")
    same = primum("--answers", answers(tmp_path, '{"milk_allergy": "yes", "storage": false}', "a.json"), "--json", "-")
    assert toml.stdout == same.stdout
    plain = json.loads(toml.stdout)
    assert plain["schema"] == "primum.screening/1"
    states = {item["key"]: item["state"] for item in plain["answers"]}
    assert (states["milk_allergy"], states["storage"], states["heart"]) == ("matters", "matters", "not known")
    findings, sources = ({row["id"] for row in plain[name]} for name in ("findings", "sources"))
    for item in plain["answers"]:
        assert item["facts"]
        assert set(item["facts"]) <= findings
        assert set(item["sources"]) <= sources


def test_on_a_terminal_it_asks_one_by_one_and_asks_again_what_it_cannot_read(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    file = tmp_path / "screen.json"
    command = [sys.executable, "-m", "primum", "ask", "anti-wrinkle", "--screen", "--json", str(file)]
    asking = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.close(theirs)
    os.write(ours, b"perhaps\ny\n" + b"n\n" * 10 + b"?\n" + b"\n" * 5)
    shown, asked = asking.communicate(timeout=60)
    os.close(ours)
    assert asking.returncode == 0, asked
    assert '"perhaps"; expected y, n or ?' in asked
    assert asked.index("About you") < asked.index("About who treats")
    given = [item["answer"] for item in json.loads(file.read_text(encoding="utf-8"))["answers"]]
    assert given == ["yes", *["no"] * 10, *["unknown"] * 6]
    assert "of 17 questions, 1 have an answer that matters and 6 are open" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        (
            'pregnat = "yes"\ndry_eye = 3\n',
            "a.toml",
            ['no question "pregnat"', 'did you mean "pregnant"', "dry_eye is 3"],
        ),
        ('pregnant = "maybe"', "a.toml", ["pregnant is 'maybe'; expected yes, no or unknown"]),
        ("pregnant = ", "a.toml", ["expected TOML with one answer a question"]),
        ("[1]", "a.json", ["a list and no table of answers; expected JSON"]),
    ],
)
def test_bad_answers_fail_in_one_line_that_names_all_faults(
    tmp_path: Path, text: str, name: str, told: list[str]
) -> None:
    done = primum("--answers", answers(tmp_path, text, name))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    for words in told:
        assert words in done.stderr


def test_without_a_terminal_it_says_how_to_answer() -> None:
    done = primum("--screen")
    assert done.returncode == 1
    assert (
        done.stderr
        == "primum: --screen asks on a terminal, and the input is none; give the answers with --answers FILE.\n"
    )


def test_options_of_the_dossier_do_not_go_with_the_screening_list(tmp_path: Path) -> None:
    assert primum("--answers", answers(tmp_path, ""), "--html", str(tmp_path / "a.html")).returncode == 2
