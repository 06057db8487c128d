"""Section 6: how large are the doses, and how far are they from what is thought to be lethal?"""

from __future__ import annotations

from primum.dossier.context import Context, cite, part
from primum.dossier.figures import Ladder, Rung, Tone
from primum.dossier.model import Cell, Column, Figure, Part, Ref, Table, Text, paragraph
from primum.treatments.tables import Row

_USED = ("approved", "maximum", "trial", "misuse")
_TONE: dict[str, Tone] = {"cosmetic": "treated", "therapeutic": "untreated", "both": "muted", "none": "accent"}


def build(context: Context) -> Part:
    """A ladder for each product's own units, the margins, and what the sources disagree about."""
    rows = list(context.rows("doses"))
    margins = context.under("dose.margin.")
    blocks: list[Text | Table | Figure] = [
        paragraph(f"Doses are counted in {context.treatment.dose_unit}.", kind="caveat")
    ]
    blocks += [paragraph(text) for text in context.telling.text.get("dose", ())]
    for number, ((product, unit), group) in enumerate(_by_unit(rows).items()):
        blocks.append(_ladder(context, number, product, unit, group))
    blocks.append(
        Table(
            id="margins",
            title="How many times the dose the estimated lethal dose is",
            columns=(
                Column("Which dose, counted how"),
                Column("Fold (range between estimates)", number=True),
                Column("What it does not say"),
                Column("Source"),
            ),
            rows=tuple((f.label, (Ref(f.id, "with_interval"),), ". ".join(f.warnings), cite(f)) for f in margins),
            note="The two ways of counting give different answers; both stand here and neither is averaged away.",
        )
    )
    blocks.append(_others(context, rows))
    blocks += [paragraph(text, kind="caveat") for text in context.telling.caveats.get("dose", ())]
    missing = [] if margins else ["No distance to a lethal estimate can be computed from `doses.csv`."]
    return part("dose", blocks, missing=missing, also=context.under("dose."))


def _by_unit(rows: list[Row]) -> dict[tuple[str, str], list[Row]]:
    """Doses given to people, apart by product and unit; lethal estimates join the doses counted in the same unit."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row["quantity"] in _USED:
            groups.setdefault((row["product"], row["unit"]), []).append(row)
    for row in rows:
        if row["quantity"] == "lethal" and (row["product"], row["unit"]) in groups:
            groups[row["product"], row["unit"]].append(row)
    return groups


def _ladder(context: Context, number: int, product: str, unit: str, rows: list[Row]) -> Figure:
    ordered = sorted(rows, key=lambda row: (float(row["low"]), float(row["high"])))
    rungs = tuple(
        Rung(_name(row), f"dose.{row['key']}", "accent" if row["quantity"] == "lethal" else _TONE[row["use"]])
        for row in ordered
    )
    cells: list[tuple[Cell, ...]] = []
    for row in ordered:
        finding = context.findings[f"dose.{row['key']}"]
        said = ". ".join(w for w in finding.warnings if "cannot be converted" not in w)
        cells.append((_name(row), row["use"], (Ref(finding.id, "quantity_range"),), said, cite(finding)))
    return Figure(
        id=f"ladder_{number}",
        title=f"{product}: {unit}",
        description=(
            "Doses from the smallest to the largest on a logarithmic axis: full dots for cosmetic, hollow ones for "
            "therapeutic use, dark ones for a lethal estimate. Units of this product alone."
        ),
        drawing=Ladder(rungs, axis=f"{unit}, {product}, logarithmic axis"),
        twin=Table(
            id=f"ladder_{number}_twin",
            title=f"Doses of {product}",
            columns=(Column("Dose"), Column("Use"), Column("Amount"), Column("Caveat"), Column("Source")),
            rows=tuple(cells),
        ),
    )


def _name(row: Row) -> str:
    about = ", ".join(text for text in (row["indication"], row["quantity"]) if text)
    return about or row["key"]


def _others(context: Context, rows: list[Row]) -> Table:
    """Estimates per kilogram, masses, ratios: what the margins are computed from."""
    drawn = {row["key"] for group in _by_unit(rows).values() for row in group}
    cells: list[tuple[Cell, ...]] = []
    for row in rows:
        if row["key"] not in drawn:
            finding = context.findings[f"dose.{row['key']}"]
            cells.append(
                (finding.label, (Ref(finding.id, "quantity_range"),), ". ".join(finding.warnings), cite(finding))
            )
    return Table(
        id="estimates",
        title="What the distances are computed from, and other amounts",
        columns=(Column("What"), Column("Amount"), Column("Caveat"), Column("Source")),
        rows=tuple(cells),
    )
