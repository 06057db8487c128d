"""Write the reference pages that follow from the code and the data that ship with it.

Usage: python docs/make_reference.py [--check]. With --check it writes nothing, and exits with 1 when a page is stale.
"""

from __future__ import annotations

import csv
import inspect
import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main
from fit_page import dose_effect_fit
from notebook_page import first_notebook

from primum.cli.main import app

DOCS = Path(__file__).parent
SCHEMA = DOCS.parent / "src/primum/store/schema.csv"


def command_line() -> str:
    """Every command, argument and option, from the code that parses them."""
    root = typer.main.get_command(app)
    lines = [
        "# Command line",
        "",
        "Made from the code by `docs/make_reference.py`.",
        "",
        "Exit status: 0 answered; 1 a fault of input or data, told in one line that says what was given, what was",
        "expected and what to do; 2 wrong usage. Progress goes to standard error.",
    ]
    for path, command in walk(root, ("primum",)):
        context = command.context_class(command, info_name=" ".join(path))
        usage = " ".join(command.collect_usage_pieces(context))
        lines += ["", f"## {' '.join(path)}", "", f"```text\n{' '.join(path)} {usage}\n```", "", help_text(command)]
        rows = [cells for parameter in command.get_params(context) if (cells := describe(parameter, context))]
        if rows:
            lines += ["", "| option | meaning |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in rows)]
    return "\n".join(lines) + "\n"


def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The command and everything below it, in the order of the code."""
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, (*path, name))


def help_text(command: Any) -> str:
    """The command's help as Markdown text."""
    return "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))


def describe(parameter: Any, context: Any) -> tuple[str, str] | None:
    """Name and meaning of an option or argument."""
    record = parameter.get_help_record(context)
    if record is None:
        return None
    name, text = record
    return name.replace("|", "\\|"), " ".join(text.split()).replace("|", "\\|")


def store_tables() -> str:
    """Every table and column of the store, from its schema."""
    lines = [
        "# The store's tables",
        "",
        "Made from `src/primum/store/schema.csv`, the one truth, by `docs/make_reference.py`. Text as printed stands",
        "beside every typed value.",
    ]
    with SCHEMA.open(encoding="utf-8", newline="") as file:
        for table, columns in itertools.groupby(csv.DictReader(file), key=lambda row: row["table"]):
            lines += ["", f"## {table}", "", "| column | type | unit | meaning |", "|---|---|---|---|"]
            for row in columns:
                key = " (key)" if row["key"] else ""
                lines.append(f"| `{row['column']}`{key} | {row['type']} | {row['unit']} | {row['meaning']} |")
    return "\n".join(lines) + "\n"


def cohort_language() -> str:
    """The words of the cohort language, from the fields that read them."""
    from primum.counts import cohort
    from primum.counts.fields import FIELDS

    lines = [
        "# The cohort language",
        "",
        "Made from `src/primum/counts/fields.py` by `docs/make_reference.py`.",
        "",
        *inspect.getdoc(cohort).splitlines(),
        "",
        "A cohort has one text form: what Python prints can be given on the command line, and the other way round.",
        "",
        "| field | meaning | values |",
        "|---|---|---|",
        *(f"| `{field.name}` | {field.meaning} | {field.expected} |" for field in FIELDS.values()),
    ]
    return "\n".join(lines) + "\n"


def signal_table() -> str:
    """The columns of the signal table, from the class that holds them."""
    from primum.signals.draft import COLUMNS_OF, MORE_METHODS
    from primum.signals.ebgm_prior import EbgmFit
    from primum.signals.mantel_haenszel import COLUMNS as POOLED
    from primum.signals.table import COLUMNS, SignalTable

    lines = [
        "# The signal table",
        "",
        "Made from `src/primum/signals/columns.py` by `docs/make_reference.py`. The same columns stand in `--json`,",
        "`--csv`, `--parquet` and `--xlsx`. An empty value has its reason in `warnings`.",
        "",
        "| column | meaning |",
        "|---|---|",
    ]
    meanings = arguments(SignalTable)
    lines += [f"| `{name}` | {meanings.get(name, 'bound of the column before it')} |" for name in COLUMNS]
    lines += ["", "## By request (`--methods`)", "", "| method | columns |", "|---|---|"]
    lines += [f"| `{name}` | {', '.join(f'`{column}`' for column in COLUMNS_OF[name])} |" for name in MORE_METHODS]
    lines += ["", "What each answers stands in [which method](../explanation/which-method.md)."]
    lines += ["", "## Within strata (`--by`)", "", "| column | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {text} |" for name, text in POOLED.items()]
    lines += ["", "## True of the whole table", "", "| key | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {text} |" for name, text in meanings.items() if name not in COLUMNS]
    lines += ["", "## The certificate of the EBGM fit (`ebgm_fit`)", "", "| key | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {text} |" for name, text in arguments(EbgmFit).items()]
    return "\n".join(lines) + "\n"


def arguments(documented: type) -> dict[str, str]:
    """Names and meanings under `Args:` of a class's docstring."""
    section = (inspect.getdoc(documented) or "").partition("Args:\n")[2].partition("\n\n")[0]
    found = re.findall(r"^    (\w[\w, ]*): (.+(?:\n      .+)*)", section, flags=re.MULTILINE)
    return {name: " ".join(text.split()).replace("|", "\\|") for names, text in found for name in names.split(", ")}


def case_safety_reports() -> str:
    """Every element of a case safety report, and what becomes of it."""
    sources = DOCS.parent / "src/primum/sources"
    with (sources / "icsr_elements.csv").open(encoding="utf-8", newline="") as file:
        elements = list(csv.DictReader(file))
    with (sources / "icsr_codes.csv").open(encoding="utf-8", newline="") as file:
        codes = list(csv.DictReader(file))
    lines = [
        "# Case safety reports",
        "",
        "Made from `src/primum/sources/icsr_elements.csv` and `icsr_codes.csv` by `docs/make_reference.py`.",
        "",
        "Elements of E2B(R2), as FDA's XML twins and openFDA print them, with the element of E2B(R3) that is read into",
        "each. What is left stays in the file.",
    ]
    for level, rows in itertools.groupby(elements, key=lambda row: row["level"]):
        lines += ["", f"## {level}", "", "| element | R3 | goes to | meaning |", "|---|---|---|---|"]
        for row in rows:
            goes = {"left": "left", "nest": "see below", "flag": f"outcome {row['goes_to']}"}.get(row["rule"])
            where = goes or " ".join(f"`{name}`" for name in row["goes_to"].split())
            lines.append(f"| `{row['element']}` | {row['r3']} | {where} | {row['meaning']} |")
    lines += ["", "## Codes", "", "| element | code | stands for | meaning |", "|---|---|---|---|"]
    lines += [f"| `{c['element']}` | `{c['code']}` | {c['value']} | {c['meaning']} |" for c in codes]
    return "\n".join(lines) + "\n"


PAGES = {
    "reference/case-safety-reports.md": case_safety_reports,
    "reference/cli.md": command_line,
    "reference/store.md": store_tables,
    "reference/cohorts.md": cohort_language,
    "reference/signal-table.md": signal_table,
    "reference/dose-effect-fit.md": dose_effect_fit,
    "tutorial/first-notebook.md": first_notebook,
}


def main() -> None:
    """Write the pages, or with --check compare them."""
    stale = [name for name, make in PAGES.items() if not (DOCS / name).exists() or (DOCS / name).read_text() != make()]
    if "--check" in sys.argv[1:]:
        sys.exit(f"out of date: {', '.join(stale)}; run python docs/make_reference.py" if stale else 0)
    for name in stale:
        (DOCS / name).write_text(PAGES[name](), encoding="utf-8")


if __name__ == "__main__":
    main()
