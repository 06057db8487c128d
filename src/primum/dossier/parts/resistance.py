"""Section 7: does the treatment stop working when it is repeated?"""

from __future__ import annotations

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite, part
from primum.dossier.figures import Forest, ForestRow, Tone
from primum.dossier.model import Cell, Column, Figure, Part, Ref, Table, Text, paragraph

_TONES: dict[str, Tone] = {"cosmetic": "treated", "therapeutic": "untreated", "both": "muted"}


def build(context: Context) -> Part:
    """Antibodies by use, product and time of the test."""
    rows = [(row, context.findings[f"resistance.antibody.{row['key']}"]) for row in context.rows("antibodies")]
    uses = [context.telling.use, "cosmetic", "therapeutic", "both"]
    rows.sort(key=lambda pair: uses.index(pair[0]["use"]))
    blocks: list[Text | Table | Figure] = [paragraph(text) for text in context.telling.text.get("resistance", ())]
    drawn = [(row, finding) for row, finding in rows if finding.interval is not None]
    caveats = Caveats()
    cells: list[tuple[Cell, ...]] = [
        (
            f"{row['indication']} ({row['use']} use)",
            row["product"],
            row["timepoint"],
            Ref(finding.id, "counts") if finding.numerator is not None else "",
            (Ref(finding.id, "with_interval"), caveats.of(finding)),
            context.funding(finding),
            cite(finding),
        )
        for row, finding in rows
    ]
    twin = Table(
        id="antibodies_twin",
        title="People with neutralising antibodies",
        columns=(
            Column("Who was treated"),
            Column("Product"),
            Column("Tested when"),
            Column("Counted", number=True),
            Column("Share (95 % interval)", number=True),
            Column("Funding"),
            Column("Source"),
        ),
        rows=tuple(cells),
        caveats=caveats.lines(),
    )
    forest = Forest(
        tuple(
            ForestRow(
                f"{row['indication']}; {row['product']}; {row['timepoint']}",
                finding.id,
                "both uses" if row["use"] == "both" else f"{row['use']} use",
                _TONES[row["use"]],
            )
            for row, finding in drawn
        ),
        axis="percent of the people tested (95 % interval)",
        reference=0.0,
        unit="percent",
    )
    description = (
        "One row a group of people tested: the share with neutralising antibodies and its interval, 0 at the left."
    )
    blocks += [_disagreement(context), _together(context)]
    blocks.append(Figure("antibodies", "Share of people with neutralising antibodies", description, forest, twin))
    blocks += [paragraph(text, kind="caveat") for text in context.telling.caveats.get("resistance", ())]
    missing = [] if rows else ["No count of people with antibodies stands in `antibodies.csv`."]
    return part("resistance", blocks, missing=missing, also=context.under("resistance."))


def _disagreement(context: Context) -> Table:
    """The shares that sources give for the same question, side by side, and why they are not one number."""
    rows: list[tuple[Cell, ...]] = []
    ranges = [
        row for row in context.rows("derived") if row["measure"] == "range" and row["id"].startswith("resistance.")
    ]
    behind = {f"resistance.antibody.{row['key']}": row for row in context.rows("antibodies")}
    for name in (name for row in ranges for name in row.items("inputs")):
        found, row = context.findings[name], behind[name]
        rows.append(
            (
                f"{row['indication']}, {row['product']}",
                (Ref(found.id, "with_interval"),),
                Ref(found.id, "denominator") if found.denominator is not None else "not printed",
                row["timepoint"],
                "counted by the authors" if row["basis"] == "counted" else "pooled by the authors from studies",
                cite(found),
            )
        )
    return Table(
        id="disagreement",
        title="The shares that are quoted, side by side",
        columns=(
            Column("Who, which product"),
            Column("Share (95 %)", number=True),
            Column("People", number=True),
            Column("Tested or searched when"),
            Column("How"),
            Column("Source"),
        ),
        rows=tuple(rows),
        note=" ".join(f"Why they differ: {row['warning']}." for row in ranges if row["warning"]),
    )


def _together(context: Context) -> Table:
    """The indications of one use together, by a model in which groups without anybody positive count."""
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = [
        (
            (found.population, caveats.of(found)),
            found.window,
            Ref(found.id, "with_interval") if found.value is not None else Ref(found.id, "interval"),
            context.funding(found),
            cite(found),
        )
        for found in context.under("resistance.pooled.")
    ]
    return Table(
        id="by_use",
        title="People with neutralising antibodies, the indications of a use together",
        columns=(
            Column("Who"),
            Column("Tested when"),
            Column("Share (95 %)", number=True),
            Column("Funding"),
            Column("Source"),
        ),
        rows=tuple(rows),
        note=(
            "Binomial-normal model: shares may differ between indications. Two groups do not tell how far groups "
            "differ and are not pooled."
        ),
        caveats=caveats.lines(),
    )
