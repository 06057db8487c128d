"""Section 8: what must be asked before, how is it prepared, and what happened where that went wrong?"""

from __future__ import annotations

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite, part
from primum.dossier.figures import BarRow, Bars, Happened, Timeline
from primum.dossier.model import Cell, Cite, Column, Figure, Part, Ref, Span, Table, Text, paragraph
from primum.treatments.tables import Row

_GROUPS = (
    (
        "screening",
        "Ask before treating: what the labels warn of",
        ("boxed warning", "contraindication", "warning", "interaction", "population"),
        "No warning of a label",
    ),
    (
        "preparation",
        "How it is kept, mixed and spaced",
        ("storage", "reconstitution", "interval", "approval"),
        "Nothing on how it is kept, mixed and spaced",
    ),
    ("incidents", "What happened where product or setting were wrong", ("incident",), "No incident"),
    ("injectors", "Who gives it, and what is told beforehand", ("injector", "statement"), "Nothing on who gives it"),
)
_SEPARATE = (
    "This section is about how the treatment is made and given. It is evidence apart from that about the drug itself."
)


def build(context: Context) -> Part:
    """A table for each group of facts, and the counts of incidents as bars."""
    rows = list(context.rows("practice"))
    blocks: list[Text | Table | Figure] = [paragraph(_SEPARATE)] if rows else []
    blocks += [paragraph(text) for text in context.telling.text.get("practice", ())]
    blocks += _questions(context)
    for name, title, topics, _ in _GROUPS:
        group = [row for topic in topics for row in rows if row["topic"] == topic]
        if name == "incidents":
            blocks += [*_timeline(context, rows), *_counts(context, group)]
        blocks.append(_table(context, name, title, group))
    load = (
        f"Reports of errors in giving it stand here where report files are loaded: `{context.telling.load}` adds them."
    )
    blocks += context.reports.errors if context.reports is not None else [paragraph(load)] if rows else []
    blocks += [paragraph(text, kind="caveat") for text in context.telling.caveats.get("practice", ())]
    there = {row["topic"] for row in rows}
    dated = any(row["year"] for row in rows)
    missing = [] if dated or not rows else ["Nothing in `practice.csv` is dated, so no timeline is drawn."]
    missing += [f"{lacks} stands in `practice.csv`." for *_, of, lacks in _GROUPS if not there & set(of)]
    return part("practice", blocks, missing=missing, also=context.under("practice."))


def _questions(context: Context) -> list[Text | Table]:
    """The screening list, and the command that walks through it."""
    rows: list[tuple[Cell, ...]] = [
        (
            row["question"],
            row["matters"],
            row["because"],
            row["ask"],
            cite(*(context.findings[f"practice.{key}"] for key in row.items("facts"))),
        )
        for row in context.rows("screening")
    ]
    if not rows:
        return []
    command = f"`primum ask {context.treatment.id} --screen`"
    return [
        paragraph(f"{command} asks these questions one by one and lists which answers matter; it gives no verdict."),
        Table(
            id="questions",
            title="What to ask before the treatment",
            columns=(
                Column("Question"),
                Column("The answer that matters"),
                Column("Why"),
                Column("What to tell or ask of whoever treats"),
                Column("Source"),
            ),
            rows=tuple(rows),
        ),
    ]


def _table(context: Context, name: str, title: str, rows: list[Row]) -> Table:
    caveats = Caveats()
    cells: list[tuple[Cell, ...]] = []
    for row in rows:
        shown, notes = says(context, row)
        cells.append((row["topic"], (row["item"], caveats.mark(notes)), shown, Cite((row["source"],))))
    return Table(
        id=name,
        title=title,
        columns=(Column("Kind"), Column("What"), Column("What holds"), Column("Source")),
        rows=tuple(cells),
        caveats=caveats.lines(),
    )


def says(context: Context, row: Row) -> tuple[tuple[Span, ...], tuple[str, ...]]:
    """What a fact of practice holds, and what must be known beside it."""
    finding = context.findings.get(f"practice.{row['key']}")
    if finding is None:
        return (row["value"],), (row["note"],)
    if isinstance(finding.value, str):
        return (Ref(finding.id),), finding.warnings
    shown = Ref(finding.id, "with_interval" if finding.interval else "quantity")
    return (shown, f" {row['value']}" if row["value"] else ""), finding.warnings


def _timeline(context: Context, rows: list[Row]) -> list[Figure]:
    """Approvals and incidents by their year; nothing where fewer than two are dated."""
    dated = [row for row in rows if row["year"] and f"practice.{row['key']}" in context.findings]
    dated.sort(key=lambda row: int(row["year"]))
    if len(dated) < 2:
        return []
    caveats = Caveats()
    cells: list[tuple[Cell, ...]] = []
    for row in dated:
        finding = context.findings[f"practice.{row['key']}"]
        cells.append((row["year"], row["item"], (Ref(finding.id, "quantity"), caveats.of(finding)), cite(finding)))
    events = tuple(
        Happened(
            row["item"],
            int(row["year"]),
            f"practice.{row['key']}",
            "treated" if row["topic"] == "approval" else "untreated",
        )
        for row in dated
    )
    return [
        Figure(
            "timeline",
            "Approvals and incidents by year",
            "One row an event at its year: full dots are approvals, hollow ones incidents where product or setting "
            "were wrong; to the right what was counted.",
            Timeline(events),
            Table(
                "timeline_twin",
                "Approvals and incidents by year",
                (Column("Year"), Column("What"), Column("Counted", number=True), Column("Source")),
                tuple(cells),
                caveats=caveats.lines(),
            ),
        )
    ]


def _counts(context: Context, rows: list[Row]) -> list[Figure]:
    found = [context.findings.get(f"practice.{row['key']}") for row in rows]
    people = [
        f
        for f in found
        if f is not None and isinstance(f.value, int | float) and f.unit in ("people", "cases", "deaths")
    ]
    if len(people) < 2:
        return []
    twin: list[tuple[Cell, ...]] = [(f.label, (Ref(f.id, "quantity"),), cite(f)) for f in people]
    return [
        Figure(
            "incident_counts",
            "People in incidents, as counted by authorities",
            "One bar a count, as long as the number of people.",
            Bars(tuple(BarRow(f.label, f.id, tone="untreated") for f in people), axis="people"),
            Table(
                "incident_counts_twin",
                "People in incidents",
                (Column("Incident"), Column("People", number=True), Column("Source")),
                tuple(twin),
            ),
        )
    ]
