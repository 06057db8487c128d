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
    blocks.append(Figure("antibodies", "Share of people with neutralising antibodies", description, forest, twin))
    blocks += [paragraph(text, kind="caveat") for text in context.telling.caveats.get("resistance", ())]
    return part("resistance", blocks, also=context.under("resistance."))
