"""Section 11: what do we not know, and what would change the answer?"""

from __future__ import annotations

from primum.dossier.context import Context, part
from primum.dossier.model import Cell, Cite, Column, Figure, Part, Table, Text, paragraph
from primum.dossier.parts.pools import left_out, pools, ways

_NOT_COMPUTED = "No outcome of this treatment was counted in two studies, so none can be left out to see what changes."
_WAYS = (
    "A number can depend on one study, or on how studies are put together. The pictures show each pooled number by "
    "every estimator over every choice of studies; none of these choices was made after looking at the others."
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
    blocks: list[Text | Table | Figure] = [paragraph(text) for text in context.telling.text.get("unknowns", ())]
    pooled = [*pools(context, "trials"), *pools(context, "efficacy")]
    blocks.append(open_questions)
    if pooled:
        blocks += [paragraph(_WAYS), *(ways(context, pool) for pool in pooled if pool.rows[0]["curve"] == "yes")]
        blocks.append(left_out(context, pooled))
    blocks += context.reports.robust if context.reports is not None else ()
    blocks += [_contradictions(context), _not_verified(context)]
    blocks += [paragraph(text, kind="caveat") for text in context.telling.caveats.get("unknowns", ())]
    missing = [] if rows else ["No open question stands in `unknowns.csv`; that cannot be right."]
    missing += [] if pooled else [_NOT_COMPUTED]
    return part("unknowns", blocks, missing=missing, also=context.under("pooled."))


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
