"""Section 1: how does it work, step by step, and how does the effect come and go?"""

from __future__ import annotations

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite, part
from primum.dossier.curves import curve_blocks
from primum.dossier.figures import Pathway
from primum.dossier.model import Cell, Column, Figure, Part, Ref, Table, Text, paragraph
from primum.treatments.tables import Row


def build(context: Context) -> Part:
    """Statements with sources, the pathway, the curve of the dose-effect model where there is one."""
    telling = context.telling
    rows = sorted(context.rows("mechanism"), key=lambda row: row.integer("order") or 0)
    steps = _steps(context, rows)
    blocks: list[Text | Table | Figure] = [paragraph(text) for text in telling.text.get("mechanism", ())]
    if telling.stations:
        blocks.append(_pathway(context))
    blocks.append(steps)
    missing = [] if rows else ["No statement stands in `mechanism.csv`."]
    missing += [] if telling.stations else ["The pathway is not drawn: `telling.toml` names no stations."]
    if context.modelled is None:
        missing.append("No fitted dose-effect model of this treatment is here, so no curve is drawn.")
    else:
        blocks += curve_blocks(context.modelled)
        if context.reports is not None:
            blocks += context.reports.onsets
    blocks += [paragraph(text, kind="caveat") for text in telling.caveats.get("mechanism", ())]
    return part("mechanism", blocks, missing=missing, also=context.under("mechanism."))


def _steps(context: Context, rows: list[Row]) -> Table:
    caveats = Caveats()
    cells: list[tuple[Cell, ...]] = []
    for row in rows:
        finding = context.findings[f"mechanism.{row['key']}"]
        says: Cell = "" if isinstance(finding.value, str) else (Ref(finding.id, "quantity_range"), caveats.of(finding))
        cells.append((row["statement"], says, row["system"], cite(finding)))
    return Table(
        id="steps",
        title="What is known, in the order in which it happens",
        columns=(Column("What happens"), Column("Number"), Column("Seen in"), Column("Source")),
        rows=tuple(cells),
        caveats=caveats.lines(),
    )


def _pathway(context: Context) -> Figure:
    stations = context.telling.stations
    twin = Table(
        id="pathway_twin",
        title="The places of the picture",
        columns=(Column("Place"), Column("What happens there")),
        rows=tuple((f"{n}. {station.place}", station.label) for n, station in enumerate(stations, start=1)),
    )
    said = "; ".join(f"{n}, {station.label}" for n, station in enumerate(stations, start=1))
    return Figure(
        "pathway",
        "Where it acts",
        f"A drawing, not to scale, of a nerve ending above a muscle fibre and the skin, with numbered places: {said}.",
        Pathway(stations),
        twin,
    )
