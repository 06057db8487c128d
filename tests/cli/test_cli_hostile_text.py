"""Text of reports, of files and of a study is hostile: a terminal must show it and never obey it."""

from __future__ import annotations

import ast
import json
import unicodedata
from pathlib import Path

import pytest

import commands
import primum.cli
from primum.loading.table import load_table
from primum.store import open_store

CSI = "\x9b31m"  # a colour, told by one control character: U+009B is no control byte, so that no loader strips it
TITLE = "\x1b]0;pwn\x07"  # names the window
STUDY = rf"""
title = "Ask\u001b[31m{TITLE.encode("unicode_escape").decode().replace(chr(92) + "x", chr(92) + "u00")}"
question = "Does it hum?"
treatment = "anti-wrinkle"
methods = ["ic"]
[[analyses]]
id = "primary"
cohort = "sex:F"
"""


def obeyed(text: str) -> list[str]:
    """Control characters that a terminal would obey."""
    return [letter for letter in text if unicodedata.category(letter) == "Cc" and letter not in "\n\t"]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a SYNTHETIC long table whose drug and events would colour a screen, of a file that would too."""
    folder = tmp_path_factory.mktemp("hostile")
    file = folder / f"t{TITLE}.csv"
    file.write_text("CASEID,DRUG,AE\n" + "".join(f"{n},Botox,Humming {CSI}ear\n" for n in range(1, 6)) + f"7,X{CSI},Y")
    with open_store(folder / "store", write=True) as store:
        load_table(store, file)
    return folder / "store"


@pytest.mark.parametrize("words", [("signals", "anti-wrinkle"), ("case", "1"), ("case", "7"), ("status", "--files")])
def test_what_a_command_tells_of_reports_holds_no_control_character(hostile: Path, words: tuple[str, ...]) -> None:
    done = commands.primum(*words, "--store", hostile)
    assert (done.returncode, done.stderr) == (0, "")
    assert obeyed(done.stdout) == []
    assert "31m" in done.stdout.lower() or "pwn" in done.stdout  # it is there, as text


def test_a_study_is_named_without_its_control_characters(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(STUDY)
    done = commands.primum("study", "s.toml", "--check", cwd=tmp_path)
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "Ask[31m]0;pwn")


def test_an_error_names_what_was_given_without_its_control_characters(hostile: Path, tmp_path: Path) -> None:
    case = commands.primum("case", f"\x1b[31m{CSI}9", "--store", hostile)
    assert case.stderr.startswith('primum: No case or report "[31m31m9"')
    file = commands.primum("load", "table", f"a{TITLE}.csv", "--store", tmp_path / "store")
    assert (case.returncode, file.returncode) == (1, 1)
    assert [obeyed(done.stdout + done.stderr) for done in (case, file)] == [[], []]


def test_json_on_the_screen_writes_control_characters_as_escapes(hostile: Path) -> None:
    told = commands.primum("case", "1", "--json", "-", "--store", hostile).stdout
    assert obeyed(told) == []
    assert json.loads(told)["reactions"] == [f"HUMMING {CSI.upper()}EAR"]  # and loses nothing of the text


def test_every_command_prints_through_the_one_place_that_cleans() -> None:
    """A command that printed by itself would print uncleaned."""
    found = {
        f"{file.name}:{node.lineno}"
        for file in Path(primum.cli.__file__).parent.glob("*.py")
        if file.name != "output.py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if ast.unparse(node) in ("typer.echo", "typer.secho", "print", "sys.stdout.write")
    }
    assert found == set()
