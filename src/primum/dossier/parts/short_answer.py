"""Section 0: what happens to 1,000 people with the treatment and to 1,000 without it?"""

from __future__ import annotations

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite, part
from primum.dossier.contrasts import NOT_TREATED, Contrast, contrasts
from primum.dossier.figures import IconPanel, Icons
from primum.dossier.model import Cell, Column, Facts, Figure, Part, Ref, Span, Table, Text, paragraph, prose, sentence
from primum.dossier.parts.columns import DIFFERENCE, JUDGED, difference, other_head, rates
from primum.dossier.telling import Outcome
from primum.terms import USES

_COMPARED = ("double-blind", "open-label")
_MOST = 6  # rows of the facts box where the treatment names none
_HOW_TO_READ = (
    "Read a row across: of 1,000 people treated so many had it, of 1,000 in the other group so many had it too, and "
    "the difference is what the treatment adds, with its 95 % interval. Where the interval holds 0, the trials do not "
    "show that the treatment adds any."
)


def build(context: Context) -> Part:
    """The short answer: the decision, the facts box, the picture, the sentences."""
    chosen = headline(context)
    telling = context.telling
    blocks: list[Text | Table | Figure] = [
        sentence(f"The decision: {context.treatment.decision} Compared with: {context.treatment.comparison}.")
    ]
    if chosen:
        blocks += [_facts_box(context, chosen), *pictures(context, chosen)]
        if telling.basis:
            blocks.append(paragraph(telling.basis))
    blocks.append(Text(_lines(context), kind="list"))
    blocks += [paragraph(text, kind="caveat") for text in telling.caveats.get("short_answer", ())]
    missing = (
        ()
        if chosen
        else ("`trials.csv` holds no harm counted against placebo or no treatment: nothing can be said per 1,000.",)
    )
    return part("short_answer", blocks, missing=missing)


def headline(context: Context) -> list[tuple[Outcome, Contrast]]:
    """The harms that stand first: those the treatment names, else those of its largest trial."""
    compared = {c.id: c for c in contrasts(context.rows("trials"), context.findings) if c.compared}
    if context.telling.outcomes:
        return [(o, compared[o.contrast]) for o in context.telling.outcomes if o.contrast in compared]
    blind = [c for c in compared.values() if c.against in NOT_TREATED and c.design in _COMPARED]
    if not blind:
        return []
    largest = max(blind, key=lambda c: context.findings[c.treated].denominator or 0)
    same = [
        c for c in blind if (c.trial, c.indication, c.window) == (largest.trial, largest.indication, largest.window)
    ]
    return [(Outcome(c.id, c.outcome), c) for c in same[:_MOST]]


def facts(context: Context) -> Facts:
    """The same for a screenful."""
    return Facts(
        outcomes=tuple((o.label, c.treated, c.control, c.difference) for o, c in headline(context)),
        untreated=other_head(c for _, c in headline(context)).lower(),
        basis=prose(context.telling.basis),
        lines=_lines(context),
    )


def _lines(context: Context) -> tuple[tuple[Span, ...], ...]:
    """The other sentences, and where reports are loaded how many there are by use."""
    lines = [prose(line.text) for line in context.telling.lines]
    if context.reports is not None:
        said = ", ".join(f"{use} {{reports.loaded.use.{use}|value}}" for use in USES)
        counted = f": {said} [@{context.reports.source.id}]. Reports, not rates."
        # The cohort is text from outside; it stands as it is, and is never read as a template.
        of_cohort = f" of the cohort {context.reports.cohort}" if context.reports.cohort else ""
        lines.insert(1, (f"Reports loaded{of_cohort}, by use of the treatment", *prose(counted)))
    return tuple(lines)


def _facts_box(context: Context, chosen: list[tuple[Outcome, Contrast]]) -> Table:
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = []
    for outcome, contrast in chosen:
        gap = context.findings[contrast.difference]
        rows.append(
            (
                (outcome.label, caveats.mark([gap.certainty or "not judged"])),
                *rates(contrast),
                *difference(contrast),
                Ref(contrast.treated, "without_per_1000"),
                cite(gap),
            )
        )
    windows = list(dict.fromkeys(contrast.window for _, contrast in chosen))
    designs = list(dict.fromkeys(f"{contrast.trial} ({contrast.design})" for _, contrast in chosen))
    paid = list(dict.fromkeys(context.funding(context.findings[contrast.difference]) for _, contrast in chosen))
    return Table(
        id="facts",
        title="Of 1,000 people",
        columns=(
            Column("Who had"),
            Column("Treated", number=True),
            Column(other_head(c for _, c in chosen), number=True),
            *DIFFERENCE,
            Column("Treated who had none", number=True),
            Column("Source"),
        ),
        rows=tuple(rows),
        note=(
            f"{_HOW_TO_READ} Counted over: {'; '.join(windows)}. Trials: {'; '.join(designs)}. "
            f"Funding: {'; '.join(paid)}. {JUDGED}"
        ),
        caveats=caveats.lines(),
    )


def pictures(context: Context, chosen: list[tuple[Outcome, Contrast]], *, a_row: int = 2) -> list[Figure]:
    """A thousand people each for the complaints that the treatment wants drawn, so many of them a row."""
    wanted = context.telling.pictured or tuple(contrast.id for _, contrast in chosen[:2])
    shown = [(outcome, contrast) for outcome, contrast in chosen if contrast.id in wanted]
    if not shown:
        return []
    panels = tuple(
        IconPanel(outcome.label, contrast.treated, contrast.control, contrast.difference) for outcome, contrast in shown
    )
    other = other_head(contrast for _, contrast in shown)
    twin = Table(
        id="people_twin",
        title="One thousand people each",
        columns=(
            Column("Who had"),
            Column("Treated", number=True),
            Column(other, number=True),
            *DIFFERENCE,
            Column("Source"),
        ),
        rows=tuple(
            (
                outcome.label,
                *rates(contrast),
                *difference(contrast),
                cite(context.findings[contrast.treated]),
            )
            for outcome, contrast in shown
        ),
    )
    description = (
        "Each picture holds 1,000 dots, one a treated person. The first dots are as many as had it in the other "
        "group, the next those more with treatment, the pale rest had none of it."
    )
    title = "One thousand treated people each, one dot a person"
    return [Figure("people", title, description, Icons(panels, untreated=other.lower(), a_row=a_row), twin)]
