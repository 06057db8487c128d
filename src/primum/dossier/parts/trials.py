"""Section 3: what harm did trials count, against placebo, and who paid for them?"""

from __future__ import annotations

from itertools import groupby

from primum.dossier.context import Context, cite, part
from primum.dossier.contrasts import Contrast, contrasts
from primum.dossier.figures import Forest, ForestRow
from primum.dossier.model import Cell, Column, Figure, Part, Ref, Table, Text, paragraph

_DRAWN = 14  # rows of one forest; the rest stands in its table
_NONE = "No trial against placebo with counts of people stands in `trials.csv`."


def build(context: Context) -> Part:
    """A forest and a table for each comparison, the use in question first; then what has no placebo beside it."""
    every = contrasts(context.rows("trials"), context.findings)
    first = context.telling.use
    compared = sorted((c for c in every if c.compared), key=lambda c: (c.use != first, c.against != "placebo"))
    alone = [c for c in every if not c.compared and (c.treated or c.control)]
    blocks: list[Text | Table | Figure] = [paragraph(text) for text in context.telling.text.get("trials", ())]
    for number, (key, group) in enumerate(groupby(compared, key=_comparison)):
        blocks.append(_forest(context, number, key, list(group)))
    blocks.append(_single(context, alone))
    blocks += [paragraph(text, kind="caveat") for text in context.telling.caveats.get("trials", ())]
    return part("trials", blocks, missing=() if compared else (_NONE,), also=context.under("trials."))


def _comparison(contrast: Contrast) -> tuple[str, str, str, str, str]:
    return contrast.trial, contrast.indication, contrast.window, contrast.against, contrast.use


def _forest(context: Context, number: int, key: tuple[str, str, str, str, str], group: list[Contrast]) -> Figure:
    trial, indication, window, against, use = key
    drawn = group[:_DRAWN]
    people = context.findings[group[0].treated], context.findings[group[0].control]
    size = f"{people[0].denominator:,} treated, {people[1].denominator:,} {against}"
    title = f"{indication} ({use} use): {trial}; {size}"
    more = (
        f" The first {_DRAWN} of {len(group)} outcomes are drawn, all stand in the table."
        if len(group) > _DRAWN
        else ""
    )
    return Figure(
        id=f"harms_{number}",
        title=title,
        description=(
            f"One row an outcome: how many more of 1,000 people had it with treatment than with {against}, with the "
            f"95 % interval; right of the line of 0 means more with treatment. Counted over: {window}.{more}"
        ),
        drawing=Forest(
            tuple(ForestRow(c.outcome, c.difference) for c in drawn),
            axis=f"more of 1,000 people with treatment than with {against} (95 % interval)",
            unit="per_1000",
        ),
        twin=_table(context, number, key, group),
    )


def _table(context: Context, number: int, key: tuple[str, str, str, str, str], group: list[Contrast]) -> Table:
    trial, indication, window, against, _ = key
    rows: list[tuple[Cell, ...]] = []
    paid: dict[str, None] = {}
    for c in group:
        gap = context.findings[c.difference]
        paid[context.funding(gap)] = None
        ratio: Cell = (
            (Ref(c.ratio, "with_interval"),) if c.ratio and context.findings[c.ratio].value is not None else "none"
        )
        rows.append(
            (
                c.outcome,
                Ref(c.treated, "counts"),
                Ref(c.control, "counts"),
                (Ref(c.difference, "per_1000_signed"), " (", Ref(c.difference, "per_1000_interval"), ")"),
                ratio,
                cite(gap),
            )
        )
    return Table(
        id=f"harms_{number}_twin",
        title=f"{indication}: {trial}",
        columns=(
            Column("Outcome"),
            Column("Treated", number=True),
            Column(against.capitalize(), number=True),
            Column("More of 1,000 (95 % interval)", number=True),
            Column("Risk ratio (95 % interval)", number=True),
            Column("Source"),
        ),
        rows=tuple(rows),
        note=f"Counted over: {window}. Design: {group[0].design}. Funding: {'; '.join(paid)}.",
    )


def _single(context: Context, alone: list[Contrast]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for c in sorted(alone, key=lambda c: c.use != context.telling.use):
        shown = context.findings[c.treated or c.control]
        rows.append(
            (
                c.outcome,
                f"{c.indication}, {c.product}{', ' + c.dose if c.dose else ''} ({c.use})",
                (Ref(shown.id, "with_interval"),),
                Ref(shown.id, "counts") if shown.numerator is not None else "",
                c.window,
                ". ".join(shown.warnings),
                context.funding(shown),
                cite(shown),
            )
        )
    return Table(
        id="without_control",
        title="Shares that no control stands beside in what was read",
        columns=(
            Column("Outcome"),
            Column("Who"),
            Column("Share (95 % interval)", number=True),
            Column("Counted", number=True),
            Column("Over which time"),
            Column("Caveat"),
            Column("Funding"),
            Column("Source"),
        ),
        rows=tuple(rows),
        note="Without people who were not treated, such a share holds what would have happened anyway.",
    )
