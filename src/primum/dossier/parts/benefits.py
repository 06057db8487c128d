"""Section 4: what is it good for, and where is there no trial?"""

from __future__ import annotations

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite, part
from primum.dossier.contrasts import Contrast, contrasts
from primum.dossier.figures import Forest, ForestRow, Matrix, MatrixRow, Tone
from primum.dossier.model import Cell, Cite, Column, Figure, Part, Ref, Table, Text, paragraph
from primum.dossier.parts.columns import DIFFERENCE, counts, difference
from primum.dossier.parts.pools import pools, together
from primum.treatments.tables import Row

_STATUS = ("approved", "off-label", "investigational")
_PLURAL = {"disease": "diseases", "appearance": "indications of appearance"}
_TONES: dict[str, Tone] = {"approved": "treated", "off-label": "untreated", "investigational": "muted"}


def build(context: Context) -> Part:
    """Status and best evidence of each indication, then the effect against what it was compared with."""
    rows = list(context.rows("indications"))
    every = contrasts(context.rows("efficacy"), context.findings)
    compared = [c for c in every if c.compared]
    blocks: list[Text | Table | Figure] = [paragraph(text) for text in context.telling.text.get("benefits", ())]
    kinds = dict.fromkeys(row["kind"] for row in rows)
    blocks += [_matrix(context, kind, [row for row in rows if row["kind"] == kind]) for kind in kinds]
    if compared:
        blocks.append(_forest(context, compared))
    title = "Trials of the same endpoint together, each against placebo"
    blocks += together(context, pools(context, "efficacy"), name="benefit_pools", title=title)
    blocks += _networks(context)
    blocks.append(_others(context, [c for c in every if not c.compared]))
    blocks += [paragraph(text, kind="caveat") for text in context.telling.caveats.get("benefits", ())]
    missing = [] if rows else ["No indication stands in `indications.csv`."]
    missing += [] if compared else ["No endpoint counted in two arms stands in `efficacy.csv`, so no effect is drawn."]
    return part("benefits", blocks, missing=missing, also=[*context.under("benefits."), *context.under("network.")])


def _matrix(context: Context, kind: str, rows: list[Row]) -> Figure:
    plural = _PLURAL[kind]
    drawn = tuple(
        MatrixRow(row["name"], row["status"], row["verdict"], f"benefits.{row['key']}.status", _TONES[row["status"]])
        for row in rows
    )
    cells: list[tuple[Cell, ...]] = []
    for row in rows:
        status = (
            Ref(f"benefits.{row['key']}.status"),
            f" ({row['authority']}{', ' + row['year'] if row['year'] else ''})",
        )
        effect = "; ".join(text for text in (row["evidence"], row["effect"]) if text)
        cells.append(
            (
                row["name"],
                status,
                row["dose"],
                effect,
                (Ref(f"benefits.{row['key']}.verdict"), Cite(row.items("source"))),
            )
        )
    return Figure(
        id=f"status_{kind}",
        title=f"The {plural}: status with the authority, and our reading of the best evidence",
        description=(
            f"One row each of {len(rows)} {plural}; a dot stands under approved, off-label or investigational, the "
            "words beside it are our reading of the best evidence found."
        ),
        drawing=Matrix(_STATUS, drawn),
        twin=Table(
            id=f"status_{kind}_twin",
            title=f"The {plural}, their evidence and what it found",
            columns=(
                Column("Disease" if kind == "disease" else "Indication"),
                Column("Status"),
                Column("Dose"),
                Column("Best evidence and its result"),
                Column("Our reading, a human judgement"),
            ),
            rows=tuple(cells),
        ),
    )


def _forest(context: Context, compared: list[Contrast]) -> Figure:
    ordered = sorted(compared, key=lambda c: (c.use != context.telling.use, c.indication))
    rows = tuple(ForestRow(f"{c.outcome}, {c.window} ({_given(c)})", c.difference, c.indication) for c in ordered)
    caveats = Caveats()
    cells: list[tuple[Cell, ...]] = [
        (
            (f"{c.indication}: {c.outcome}", caveats.of(context.findings[c.difference])),
            f"{_given(c)} against {c.against}",
            c.window,
            *counts(c),
            *difference(c),
            context.funding(context.findings[c.difference]),
            cite(context.findings[c.difference]),
        )
        for c in ordered
    ]
    return Figure(
        id="effects",
        title="How many more of 1,000 people reached the endpoint with treatment",
        description="One row a comparison, grouped by what was treated; right of 0 means more with treatment.",
        drawing=Forest(rows, axis="more of 1,000 people than in the other arm (95 % interval)", unit="per_1000"),
        twin=Table(
            id="effects_twin",
            title="Endpoints counted in two arms",
            columns=(
                Column("Endpoint"),
                Column("What against what"),
                Column("When"),
                Column("Treated", number=True),
                Column("Other arm", number=True),
                *DIFFERENCE,
                Column("Funding"),
                Column("Source"),
            ),
            rows=tuple(cells),
            note="Differences of 1,000 people.",
            caveats=caveats.lines(),
        ),
    )


def _networks(context: Context) -> list[Figure]:
    """Products that no trial compared with each other, each against placebo and so against each other."""
    figures = []
    for name in dict.fromkeys(row["network"] for row in context.rows("networks")):
        found = context.under(f"network.{name}.")
        label = found[0].label.partition(":")[0]
        caveats = Caveats(leave_out=found[0].warnings)
        said = {f.id: f.label.partition(": ")[2] for f in found}
        rows = tuple(
            ForestRow(said[f.id], f.id, "between products, indirectly" if "_over_" in f.id else "against placebo")
            for f in found
        )
        cells: list[tuple[Cell, ...]] = [
            (
                (said[f.id], caveats.of(f)),
                Ref(f.id, "per_1000_signed"),
                Ref(f.id, "per_1000_interval"),
                context.funding(f),
                cite(f),
            )
            for f in found
        ]
        twin = Table(
            id=f"network_{name}_twin",
            title=f"Products beside each other: {label}",
            columns=(Column("What against what"), *DIFFERENCE, Column("Funding"), Column("Source")),
            rows=tuple(cells),
            note=f"Differences of 1,000 people. {'. '.join(w[0].upper() + w[1:] for w in found[0].warnings)}.",
            caveats=caveats.lines(),
        )
        description = "One row a product against placebo, then one a pair of products that share no trial."
        drawing = Forest(rows, axis="more of 1,000 people than with the other (95 % interval)", unit="per_1000")
        figures.append(Figure(f"network_{name}", f"Products beside each other: {label}", description, drawing, twin))
    return figures


def _given(contrast: Contrast) -> str:
    return f"{contrast.product}, {contrast.dose}" if contrast.dose else contrast.product


def _other(context: Context, contrast: Contrast) -> str:
    """What the other arm got, where one is printed; another product by its name."""
    named = [
        f"{row['product']}, {row['dose']}" if row["dose"] else row["product"]
        for row in context.rows("efficacy")
        if row["contrast"] == contrast.id and row["arm"] == "comparator"
    ]
    return f" against {named[0] if named else contrast.against}" if contrast.control else ""


def _others(context: Context, every: list[Contrast]) -> Table:
    """Endpoints that are means, scores or shares whose people were not printed: as the sources print them."""
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = []
    for c in sorted(every, key=lambda c: c.use != context.telling.use):
        between = f"{c.id}.published" if f"{c.id}.published" in context.findings else ""
        names = [c.treated, c.control, between]
        shown = [context.findings[name] for name in names if name]
        if shown:
            rows.append(
                (
                    (f"{c.indication}: {c.outcome}", caveats.of(*shown)),
                    f"{_given(c)}{_other(context, c)}, {c.window}",
                    *((Ref(name, "quantity_range") if name else "") for name in names),
                    context.funding(shown[0]),
                    cite(*shown),
                )
            )
    return Table(
        id="other_endpoints",
        title="Endpoints as printed, whose arms cannot be compared by count",
        columns=(
            Column("Endpoint"),
            Column("Given, when"),
            Column("Treated", number=True),
            Column("Other arm", number=True),
            Column("Between the arms", number=True),
            Column("Funding"),
            Column("Source"),
        ),
        rows=tuple(rows),
        caveats=caveats.lines(),
        folded=True,
    )
