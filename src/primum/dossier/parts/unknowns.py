"""Section 11: what do we not know, and what would change the answer?"""

from __future__ import annotations

from primum.dossier.context import Context, part
from primum.dossier.model import Cell, Cite, Column, Part, Table, Text, paragraph

_NOT_COMPUTED = (
    "How the answer moves when one study is left out, a threshold is changed or duplicates are kept is not computed "
    "yet; no command brings it in this version."
)


def build(context: Context) -> Part:
    """Open questions, why they are open, what would settle them, and where sources contradict themselves."""
    rows: list[tuple[Cell, ...]] = [
        (
            row["question"],
            row["why"],
            row["would_change"],
            Cite(row.items("sources")) if row["sources"] else "none read",
        )
        for row in context.rows("unknowns")
    ]
    open_questions = Table(
        id="unknowns",
        title="Open questions",
        columns=(Column("Not known"), Column("Why"), Column("What would change the answer"), Column("Source")),
        rows=tuple(rows),
    )
    blocks: list[Text | Table] = [paragraph(text) for text in context.telling.text.get("unknowns", ())]
    blocks += [open_questions, _contradictions(context), _not_verified(context)]
    missing = (
        [_NOT_COMPUTED] if rows else ["No open question stands in `unknowns.csv`; that cannot be right.", _NOT_COMPUTED]
    )
    return part("unknowns", blocks, missing=missing)


def _contradictions(context: Context) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name in ("reports", "trials", "efficacy", "antibodies"):
        for row in context.rows(name):
            if row["printed_contradiction"]:
                what = row.cells.get("label") or f"{row.cells.get('outcome', '')}, {row.cells.get('indication', '')}"
                rows.append((what, row["printed_contradiction"], Cite((row["source"],))))
    return Table(
        id="contradictions",
        title="Where a source contradicts itself",
        columns=(Column("What"), Column("How"), Column("Source")),
        rows=tuple(rows),
        note="Shown as they stand, corrected by nobody.",
    )


def _not_verified(context: Context) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (finding.label, ". ".join(finding.warnings), Cite(finding.sources))
        for finding in context.findings.values()
        if finding.value is None and finding.interval is None
    ]
    return Table(
        id="not_verified",
        title="Numbers that are told and could not be verified or computed",
        columns=(Column("What"), Column("Why no number stands here"), Column("Source")),
        rows=tuple(rows),
        folded=True,
    )
