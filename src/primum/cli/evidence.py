"""What do trials and labels say? `primum evidence`: shares with and without treatment, and their sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from primum.evidence.finding import Finding
    from primum.provenance import Source
    from primum.treatments import Treatment
    from primum.treatments.tables import EvidenceTable, Row

SCHEMA: Final = "primum.evidence/1"
_WIDTHS: Final = (20, 15, 15, 17, 4)
_PARTS: Final = (
    "treated",
    "placebo",
    "untreated",
    "comparator",
    "risk_difference",
    "risk_difference_score",
    "risk_ratio",
    "published",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evidence")(evidence)


def evidence(
    treatment: Annotated[str, typer.Argument(help="A treatment, such as anti-wrinkle, or a folder of tables.")],
    *,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="F", help="Write the answer as JSON; - for the screen.")
    ] = None,
) -> None:
    """Show trial and label numbers: harm and effect, treated and not, with their sources."""
    from primum.cli.output import write_json
    from primum.treatments import load_treatment

    about = load_treatment(treatment)
    if json_file is not None:
        write_json(json_file, _plain(about))
    if str(json_file) != "-":
        typer.echo("\n".join(_lines(about)))


def _findings(about: Treatment, table: EvidenceTable) -> list[Finding]:
    """Findings of a table of arms, contrast by contrast."""
    contrasts = dict.fromkeys(row["contrast"] for row in table)
    ids = (f"{contrast}.{part}" for contrast in contrasts for part in _PARTS)
    return [about.findings[id] for id in ids if id in about.findings]


def _plain(about: Treatment) -> dict[str, Any]:
    """The numbers as plain data, with their sources."""
    told = {name: _findings(about, about.tables[name]) for name in ("trials", "efficacy")}
    sources = _sources(about, [finding for findings in told.values() for finding in findings])
    return {
        "schema": SCHEMA,
        "treatment": about.id,
        "evidence_to": about.evidence_to,
        "evidence_hash": about.evidence_hash,
        **{name: [finding.as_json() for finding in findings] for name, findings in told.items()},
        "sources": [asdict(source) for source in sources],
    }


def _sources(about: Treatment, findings: Iterable[Finding]) -> list[Source]:
    """The sources of findings, in the order in which they are first named."""
    return [about.sources[id] for id in dict.fromkeys(id for finding in findings for id in finding.sources)]


def _lines(about: Treatment) -> list[str]:
    """The answer for the screen, at most 80 columns."""
    from primum.cli.columns import paragraph, row_lines, rule

    told = [finding for name in ("trials", "efficacy") for finding in _findings(about, about.tables[name])]
    numbers = {source.id: i for i, source in enumerate(_sources(about, told), start=1)}
    lines = paragraph(f"Trial and label numbers on {about.name}, evidence to {about.evidence_to}.")
    for name, title in (("trials", "HARM"), ("efficacy", "EFFECT")):
        heads = (title, "treated", "others*", "more if treated", "[]")
        lines += ["", *row_lines(heads, _WIDTHS), rule(_WIDTHS)]
        group = ""
        for row in _first_rows(about.tables[name]):
            told_of = _contrast_lines(about, row, numbers)
            lines += ["", *paragraph(_group(row))] if told_of and _group(row) != group else []
            lines += told_of
            group = _group(row) if told_of else group
    lines += ["", "* placebo, no treatment or another product: --json says which", "", "SOURCES"]
    for source in _sources(about, told):
        title = f"{source.title}, {source.year}" if source.year else source.title
        told_of_it = f"Grade {source.grade}. Funding: {source.funding}. {source.url}"
        lines += paragraph(f"[{numbers[source.id]}] {title}. {told_of_it}".strip())
    return [*lines, "", *paragraph("Intervals are 95 %. Warnings, counts and methods of each number: --json.")]


def _group(row: Row) -> str:
    given = f"{row['product']}, {row['dose']}" if row["dose"] else row["product"]
    return f"{row['indication']}; {given}; {row['window']} ({row['trial']}; {row['design']}; {row['use']} use)"


def _first_rows(table: EvidenceTable) -> Iterable[Row]:
    """The row of each contrast that says what was given."""
    rows: dict[str, Row] = {}
    for row in table:
        if row["arm"] not in ("placebo", "untreated"):
            rows.setdefault(row["contrast"], row)
    return rows.values()


def _contrast_lines(about: Treatment, row: Row, numbers: Mapping[str, int]) -> list[str]:
    """One comparison: numbers, below them their intervals; nothing for arms without a number."""
    from primum.cli.columns import paragraph, row_lines

    found = {part: about.findings.get(f"{row['contrast']}.{part}") for part in _PARTS}
    if not any(found.values()):
        return []
    columns = (
        found["treated"],
        found["placebo"] or found["untreated"] or found["comparator"],
        found["risk_difference"] or found["published"],
    )
    lines = row_lines((row["outcome"], *map(_cell, columns), f"[{numbers[row['source']]}]"), _WIDTHS)
    if row["printed_contradiction"]:
        lines += paragraph(f"! the source contradicts itself: {row['printed_contradiction']}", indent=2)
    return lines


def _cell(finding: Finding | None) -> str:
    from primum.dossier.render.numbers import show

    return "" if finding is None else f"{show(finding, 'quantity')}\n{show(finding, 'interval')}".strip()
