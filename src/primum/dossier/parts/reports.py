"""Section 2: what was reported to authorities, as reports and never as the number of people harmed?"""

from __future__ import annotations

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite, part
from primum.dossier.model import Cell, Column, Figure, Part, Ref, Table, Text, paragraph
from primum.dossier.wording import period
from primum.evidence.finding import Finding
from primum.treatments.vocabulary import installed

_NOT_A_RATE = (
    "Reports are what people chose to send in. They hold events that the treatment did not cause and miss most of "
    "those it did, so no number of this section is the share of people harmed. Reports raise questions; trials count "
    "people."
)
_LOAD = (
    "No report files are loaded: `{load}` adds them.",
    "This section stands on published series alone. `primum load table FILE` adds a table of cases.",
)
_MORE = "`{load}` adds reports that may speak of it."
_NO_NAMES = (
    "Loaded reports cannot be searched for this treatment: it brings no drug names (`names.csv`). They are read from "
    "treatments that ship with the package alone.",
)


def build(context: Context) -> Part:
    """Published series first, then what is loaded."""
    telling = context.telling
    published = [f for f in context.under("reports.") if not f.id.startswith("reports.loaded.")]
    first = [f for f in published if f.id.startswith(telling.series)] if telling.series else published
    rest = [f for f in published if f not in first]
    blocks: list[Text | Table | Figure] = [paragraph(_NOT_A_RATE, kind="caveat")]
    blocks += [paragraph(text) for text in telling.text.get("reports", ())]
    blocks.append(_table("series", "Published series of reports", first))
    blocks += [paragraph(text, kind="caveat") for text in telling.caveats.get("reports", ())]
    blocks += context.reports.blocks if context.reports is not None else ()
    blocks.append(_table("other_series", "Further published counts", rest, folded=bool(first)))
    blocks.append(_table("exposure", "How many people were treated, for scale", context.under("exposure.")))
    if context.reports is not None:
        more = (_MORE.format(load=telling.load),) if context.reports.missing else ()
        missing = (*context.reports.missing, *more)
    else:
        found = context.treatment.id in installed()
        missing = tuple(text.format(load=telling.load) for text in _LOAD) if found else _NO_NAMES
    return part("reports", blocks, missing=missing, also=[*published, *context.under("exposure.")])


def _table(name: str, title: str, findings: list[Finding], *, folded: bool = False) -> Table:
    caveats = Caveats(leave_out=("spontaneous reports:",))  # stands above the table
    rows: list[tuple[Cell, ...]] = [
        (
            (f.label, caveats.of(f)),
            Ref(f.id, "with_interval" if f.unit == "reports" else "quantity_range"),
            f.population,
            period(f.window),
            cite(f),
        )
        for f in findings
        if f.value is not None  # what could not be verified stands among the unknowns
    ]
    return Table(
        id=name,
        title=title,
        columns=(
            Column("What was counted"),
            Column("Number", number=True),
            Column("Whose"),
            Column("Over which time"),
            Column("Source"),
        ),
        rows=tuple(rows),
        caveats=caveats.lines(),
        folded=folded,
    )
