"""The reference names every command, option, table, column, method, rule and repair of the code with its meaning."""

from __future__ import annotations

import inspect
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main

import primum.signals
from primum.cases.link_exact import RULES
from primum.cases.link_model import comparisons
from primum.cases.use import KINDS
from primum.cli.main import app
from primum.counts.fields import FIELDS
from primum.evidence.pooling import MEASURES, METHODS
from primum.signals.table import COLUMNS, DEFAULT_METHODS, MORE_METHODS
from primum.store.schema import tables
from primum.study.spec import new_study
from primum.terms import USES

DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def commands(command: Any = None, path: tuple[str, ...] = ("primum",)) -> list[tuple[str, Any]]:
    """Every command, and what stands below it."""
    command = command or typer.main.get_command(app)
    below = getattr(command, "commands", {})
    return [
        (" ".join(path), command),
        *(one for name, child in below.items() for one in commands(child, (*path, name))),
    ]


@pytest.mark.parametrize(("name", "command"), commands(), ids=[name for name, _ in commands()])
def test_every_command_and_option_stands_in_the_reference_with_its_meaning(name: str, command: Any) -> None:
    text = page("reference/cli.md")
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    assert section, name
    assert (command.help or "").strip(), f"{name} has no help"
    for parameter in command.params:
        for option in parameter.opts:
            if option.startswith("--"):
                row = re.search(rf"^\| `[^`]*{option}\b[^`]*` \| (.*) \|$", section[1], flags=re.MULTILINE)
                assert row, f"{name} {option}"
                assert row[1].strip(), f"{name} {option} has no meaning"


def test_every_command_stands_in_the_readme_and_its_meaning_is_its_own() -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    helps = [command.help for _, command in commands() if not getattr(command, "commands", {})]
    assert len(set(helps)) == len(helps)
    for name, _ in commands():
        if name.count(" ") == 1:
            assert re.search(rf"`{name}\b", readme), name


def test_every_table_and_column_of_the_store_has_a_meaning() -> None:
    text = page("reference/store.md")
    for table in tables():
        section = re.search(rf"^## {table.name}\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
        assert section, table.name
        for column in table.columns:
            row = re.search(rf"^\| `{column.name}`[^|]* \| [^|]+ \| [^|]* \| (.+) \|$", section[1], flags=re.MULTILINE)
            assert row, f"{table.name}.{column.name}"
            assert row[1].strip(), f"{table.name}.{column.name} has no meaning"


def test_every_column_of_the_signal_table_has_a_meaning() -> None:
    text = page("reference/signal-table.md")
    for column in COLUMNS:
        row = re.search(rf"^\| `{column}` \| (.+) \|$", text, flags=re.MULTILINE)
        assert row, column
        assert row[1].strip()


def test_every_field_of_the_cohort_language_has_a_meaning_and_its_values() -> None:
    text = page("reference/cohorts.md")
    for field in FIELDS.values():
        assert re.search(rf"^\| `{field.name}` \| .+ \| .+ \|$", text, flags=re.MULTILINE), field.name


def test_every_statistic_is_explained_by_its_question_and_documented_in_its_source() -> None:
    explained = page("explanation/which-method.md") + page("explanation/reports-are-not-rates.md")
    for name in (*DEFAULT_METHODS, *MORE_METHODS):
        assert re.search(rf"`[^`]*\b{name}\b[^`]*`", explained), name
    public = {name: thing for name, thing in vars(primum.signals).items() if inspect.isfunction(thing)}
    assert len(public) >= 25
    for name, thing in public.items():
        assert f"`{name}`" in explained, f"{name} answers no question of which-method.md"
        module = inspect.getmodule(thing)
        assert module
        if name == "drug_matrix":
            continue  # what others are given, and no statistic
        assert re.search(r"Source|doi:|\d{4}", f"{thing.__doc__} {module.__doc__}"), f"{name} names no source"


def test_every_way_of_pooling_and_every_measure_is_explained() -> None:
    text = page("explanation/pooling-rare-events.md") + page("how-to/pool-a-table.md")
    assert [name for name in METHODS if f"`{name}`" not in text] == []
    assert [name for name in MEASURES if f"`{name}`" not in text] == []


def test_every_rule_and_comparison_of_linking_is_explained() -> None:
    text = page("explanation/linkage.md")
    assert [rule.name for rule in RULES if f"| {rule.name} |" not in text] == []
    assert [one.name for one in comparisons() if f"*{one.name}*" not in text] == []


def test_every_use_and_every_kind_of_rule_that_tells_it_is_explained() -> None:
    text = page("explanation/use-classification.md")
    assert [use for use in USES if use not in text] == []
    said = {"indication": "given for", "cosmetic_only": "looks only", "dose": "dose small"}
    assert [kind for kind in KINDS if said[kind] not in text] == []


def test_every_repair_of_a_line_or_head_stands_among_the_oddities() -> None:
    text = page("reference/oddities.md")
    sources = DOCS.parent / "src/primum/sources"
    code = "".join(file.read_text(encoding="utf-8") for file in sources.glob("*.py"))
    verbs = "strip|drop|join|split|rename|trim"
    counted = re.findall(rf'"((?:{verbs})_[a-z_]+)"', code)  # names under which repairs are counted
    written = re.findall(rf"^def ((?:{verbs})_[a-z_]+)\(", (sources / "repairs.py").read_text(), re.MULTILINE)
    named = {*counted, *written}
    assert len(named) >= 9
    assert [name for name in sorted(named) if f"`{name}`" not in text] == []


def test_every_entry_of_a_study_file_is_explained() -> None:
    text = page("how-to/run-a-study.md")
    given = tomllib.loads(new_study("anti-wrinkle", question="?", uses=["cosmetic", "therapeutic"]))
    entries = {*given, *(key for analysis in given["analyses"] for key in analysis), "drug", "drug_level"}
    assert [name for name in sorted(entries) if name not in text] == []
    words = {"background", "funding", "conflicts", "ethics", "registration", "case review", "validity"}
    assert {name.replace("_", " ") for name in given["declared"]} == words
    assert [word for word in sorted(words) if word not in text] == []
