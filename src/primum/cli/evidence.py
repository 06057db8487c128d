"""What do trials and labels say? `primum evidence`: shares with and without treatment, and their sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from primum.cli.options import JsonFile, TreatmentName

if TYPE_CHECKING:
    from primum.evidence.finding import Finding
    from primum.provenance import Source
    from primum.treatments.load import Treatment
    from primum.treatments.tables import EvidenceTable, Row

SCHEMA: Final = "primum.evidence/1"
_WIDTHS: Final = (20, 15, 15, 17, 4)
_POOL_WIDTHS: Final = (44, 8, 24)
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
    treatment: TreatmentName,
    *,
    pooled: Annotated[
        bool, typer.Option("--pool", help="Show the trials pooled: each, added up, within studies, each left out.")
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Show trial and label numbers: harm and effect, treated and not, with their sources."""
    from primum.cli.output import tell
    from primum.treatments.load import load_treatment

    about = load_treatment(treatment)
    tell(json_file, lambda: _plain(about), lambda: _pool_lines(about) if pooled else _lines(about))


def _findings(about: Treatment, table: EvidenceTable) -> list[Finding]:
    """Findings of a table of arms, contrast by contrast."""
    contrasts = dict.fromkeys(row["contrast"] for row in table)
    ids = (f"{contrast}.{part}" for contrast in contrasts for part in _PARTS)
    return [about.findings[id] for id in ids if id in about.findings]


def _plain(about: Treatment) -> dict[str, Any]:
    """The numbers as plain data, with their sources."""
    told = {name: _findings(about, about.tables[name]) for name in ("trials", "efficacy")}
    pooled = [finding for id, finding in about.findings.items() if id.startswith(("pooled.", "network."))]
    sources = _sources(about, [finding for findings in (*told.values(), pooled) for finding in findings])
    return {
        "schema": SCHEMA,
        "treatment": about.id,
        "evidence_to": about.evidence_to,
        "evidence_hash": about.evidence_hash,
        **{name: [finding.as_json() for finding in findings] for name, findings in told.items()},
        "pooled": [finding.as_json() for finding in pooled],
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


def _pool_lines(about: Treatment) -> list[str]:
    """The pools for the screen: of 1,000 people, how many more with treatment."""
    from primum.cli.columns import paragraph, row_lines, rule
    from primum.dossier.render.numbers import show

    pools: dict[str, list[Row]] = {}
    for row in about.tables["pools"]:
        pools.setdefault(row["pool"], []).append(row)
    if not pools:
        return paragraph(
            f"No outcome of {about.name} was counted in two studies (pools.csv is empty): nothing to pool."
        )
    lines = paragraph(f"Trials of {about.name}: of 1,000 people, how many more with treatment (95 % interval).")
    for name, rows in pools.items():
        found = about.findings[f"pooled.{name}.risk_difference"]
        told = [(row["study"], f"study.{place}") for place, row in enumerate(rows)]
        told += [("all, added up", "crude"), ("all, within studies", "risk_difference"), ("one more study", "another")]
        told += [(f"all without {row['study']}", f"without.{place}") for place, row in enumerate(rows)]
        lines += ["", *paragraph(f"{rows[0]['label']}; {found.window}"), rule(_POOL_WIDTHS)]
        for text, last in told:
            number = about.findings.get(f"pooled.{name}.{last}")
            if number is not None:
                value, interval = (show(number, how) for how in ("per_1000_signed", "per_1000_interval"))
                lines += row_lines((text, "" if last == "another" else value, interval), _POOL_WIDTHS)
        lines += [line for warning in found.warnings for line in paragraph(f"! {warning}", indent=2)]
    return [*lines, "", *paragraph("Every estimator, methods and sources: --json.")]


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
