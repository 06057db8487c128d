"""Section 9: what does the treatment do for 1,000 people, and what to them, in one table?"""

from __future__ import annotations

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite, part
from primum.dossier.contrasts import NOT_TREATED, Contrast, contrasts
from primum.dossier.figures import Forest, ForestRow, Tone, Tornado, TornadoRow
from primum.dossier.model import Cell, Column, Figure, Part, Ref, Table, Text, paragraph
from primum.dossier.parts.columns import CERTAINTY, DIFFERENCE, JUDGED, certainty, difference, other_head, rates
from primum.dossier.parts.short_answer import headline
from primum.dossier.telling import Outcome
from primum.evidence.finding import Finding

_UNWEIGHED = "No threshold weights are computed: `weighed.csv` of this treatment names no benefit and harm."
_APART = "No source read counts benefit and harm in the same people over the same time."
_WORTH = "Sensitivity: how many people with the benefit one person with the complaint would have to be worth"
_GIVEN = "Sensitivity: the balance with the weights you gave, of 1,000 people treated"
_SENSITIVITY = (
    "How much a benefit is worth against a complaint is the reader's to say. The table turns the question round: one "
    "person with the complaint would have to be worth so many people with the benefit for the two to cancel out. Where "
    "you put a complaint below that, the benefit weighs more. Value of information is left out: it needs a price of a "
    "wrong decision, which nobody has set."
)
_Kinds = tuple[tuple[str, Tone, list[tuple[Outcome, Contrast]]], ...]


def build(context: Context) -> Part:
    """Favourable and unfavourable effects in one unit, each with its window."""
    gains = benefits(context)
    losses = harms(context)
    caveats = Caveats()
    kinds: _Kinds = (("benefit", "treated", gains), ("harm", "accent", losses))
    rows = [
        _row(context, kind, outcome, contrast, caveats) for kind, _, chosen in kinds for outcome, contrast in chosen
    ]
    windows = {contrast.window for _, contrast in (*gains, *losses)}
    apart = (
        "Benefit and harm were counted over different times, named in each row; they are not subtracted. "
        if len(windows) > 1
        else "Benefit and harm were counted over the same time. "
    )
    both = apart if gains and losses else ""
    table = Table(
        id="effects",
        title="Effects of the treatment, each of 1,000 people",
        columns=(
            Column("Effect"),
            Column("Kind"),
            Column("Treated", number=True),
            Column(other_head(c for _, c in (*gains, *losses)), number=True),
            *DIFFERENCE,
            Column("Over which time"),
            CERTAINTY,
            Column("Source"),
        ),
        rows=tuple(rows),
        note=f"{both}{JUDGED}",
        caveats=caveats.lines(),
    )
    blocks: list[Text | Table | Figure] = [paragraph(text) for text in context.telling.text.get("effects_table", ())]
    blocks += [_drawn(context, kinds), table]
    blocks += _weights(context)
    blocks += _yours(context) if context.under("weighed.") else []
    blocks += [paragraph(text, kind="caveat") for text in context.telling.caveats.get("effects_table", ())]
    missing = [] if context.under("weighed.") else [_UNWEIGHED]
    missing += [_APART] if gains and losses and len(windows) > 1 else []
    missing += [] if gains else ["No benefit counted against placebo or no treatment stands in `efficacy.csv`."]
    missing += [] if losses else ["No harm counted against placebo or no treatment stands in `trials.csv`."]
    return part("effects_table", blocks, missing=missing, also=context.under("weighed."))


def _drawn(context: Context, kinds: _Kinds) -> Figure:
    """Benefits and harms on one axis."""
    every = [(kind, tone, outcome, contrast) for kind, tone, chosen in kinds for outcome, contrast in chosen]
    return Figure(
        id="effects_drawn",
        title="Benefits and harms on one axis",
        description=(
            "One row an effect, benefits first, then harms: how many more of 1,000 people have it with treatment, with "
            "the 95 % interval; right of 0 more have it."
        ),
        drawing=Forest(
            tuple(ForestRow(outcome.label, contrast.difference, kind, tone) for kind, tone, outcome, contrast in every),
            axis="more of 1,000 people (95 % interval)",
            unit="per_1000",
        ),
        twin=Table(
            id="effects_drawn_twin",
            title="Benefits and harms, more of 1,000 people with treatment",
            columns=(Column("Effect"), Column("Kind"), *DIFFERENCE, Column("Over which time"), Column("Source")),
            rows=tuple(
                (
                    outcome.label,
                    kind,
                    *difference(contrast),
                    contrast.window,
                    cite(context.findings[contrast.difference]),
                )
                for kind, _, outcome, contrast in every
            ),
        ),
    )


def _weights(context: Context) -> list[Text | Table | Figure]:
    """Threshold weights of the harms, and what all weights together would say; sensitivity only."""
    found = context.under("weighed.threshold.")
    if not found:
        return []
    caveats = Caveats()
    labels = {row["key"]: row["label"] for row in context.rows("weighed")}
    benefit = next(row["label"] for row in context.rows("weighed") if row["role"] == "benefit")
    rows: list[tuple[Cell, ...]] = [
        (
            (labels[finding.id.rpartition(".")[2]], caveats.of(finding)),
            Ref(finding.id, "value"),
            Ref(finding.id, "interval"),
            finding.window,
            cite(finding),
        )
        for finding in found
    ]
    everything = context.findings["weighed.acceptability"]
    shown = Ref(everything.id, "percent")
    twin = Table(
        id="weights",
        title=_WORTH,
        columns=(
            Column("Complaint"),
            Column("People with the benefit", number=True),
            Column("95 % interval", number=True),
            Column("Over which time"),
            Column("Source"),
        ),
        rows=tuple(rows),
        note=f"The benefit: {benefit}.",
        caveats=caveats.lines(),
    )
    drawn = tuple(
        ForestRow(labels[finding.id.rpartition(".")[2]], finding.id) for finding in found if finding.value is not None
    )
    figure = Figure(
        id="weights_drawn",
        title=_WORTH,
        description=(
            "One row a complaint on a logarithmic axis, with the 95 % interval; a bar without a stroke at its end goes "
            "on: the trials do not show that there is more of the complaint."
        ),
        drawing=Forest(drawn, axis="people with the benefit, logarithmic axis", scale="log", reference=1.0),
        twin=twin,
    )
    return [
        paragraph(_SENSITIVITY),
        figure if drawn else twin,
        Text(
            (
                (
                    f"{everything.label[0].upper()}{everything.label[1:]}: ",
                    shown,
                    ". ",
                    *_said(everything),
                    cite(everything),
                ),
            )
        ),
    ]


def _yours(context: Context) -> list[Text | Table | Figure]:
    """The balance with the reader's own weights; nothing where none were given."""
    if "weighed.yours.balance" not in context.findings:
        command = f"`primum ask {context.treatment.id} --weights FILE`"
        return [paragraph(f"{command} computes the balance with weights of your own.")]
    balance, favours = (context.findings[f"weighed.yours.{last}"] for last in ("balance", "favours"))
    shown = [balance, *(f for f in context.under("weighed.yours.") if f.id not in (balance.id, favours.id))]
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = [
        (
            (f.label, caveats.of(f)),
            Ref(f.id, "per_1000_signed"),
            Ref(f.id, "per_1000_interval"),
            cite(f),
        )
        for f in shown
    ]
    twin = Table(
        id="yours",
        title=_GIVEN,
        columns=(
            Column("Weights"),
            Column("Balance", number=True),
            Column("95 % interval", number=True),
            Column("Source"),
        ),
        rows=tuple(rows),
        note=(
            "Above 0 the benefit weighs more with these weights, below 0 the complaints do; counted in people with "
            "the benefit."
        ),
        caveats=caveats.lines(),
    )
    swings = tuple(
        TornadoRow(row["label"], f"weighed.yours.none.{row['key']}", f"weighed.yours.double.{row['key']}")
        for row in context.rows("weighed")
        if row["role"] == "harm"
    )
    return [
        Figure(
            id="yours_drawn",
            title=_GIVEN,
            description=(
                "One bar a complaint, the widest first: from the balance with the complaint not counted to the balance "
                "with it counted twice as much. The upright line is the balance with the weights you gave; the "
                "intervals stand in the table."
            ),
            drawing=Tornado(balance.id, swings, axis="balance of 1,000 treated, in benefits"),
            twin=twin,
        ),
        Text(((f"{favours.label.capitalize()}: ", Ref(favours.id, "percent"), " ", cite(favours)),)),
    ]


def _said(finding: Finding) -> tuple[str, ...]:
    """What a reader must know beside a number that stands in a sentence."""
    return tuple(f"{warning[0].upper()}{warning[1:]}. " for warning in finding.warnings)


def benefits(context: Context) -> list[tuple[Outcome, Contrast]]:
    """The benefits that the treatment names, else those in the use that the question is about."""
    compared = {c.id: c for c in contrasts(context.rows("efficacy"), context.findings) if c.compared}
    if context.telling.benefits:
        return [(o, compared[o.contrast]) for o in context.telling.benefits if o.contrast in compared]
    use = context.telling.use
    fitting = [c for c in compared.values() if c.against in NOT_TREATED and (not use or c.use == use)]
    return [(Outcome(c.id, f"{c.outcome} ({c.indication})"), c) for c in fitting]


def harms(context: Context) -> list[tuple[Outcome, Contrast]]:
    """The harms that the treatment sets against its benefits, else those of the short answer."""
    compared = {c.id: c for c in contrasts(context.rows("trials"), context.findings) if c.compared}
    chosen = [(o, compared[o.contrast]) for o in context.telling.harms if o.contrast in compared]
    return chosen or headline(context)


def _row(context: Context, kind: str, outcome: Outcome, contrast: Contrast, caveats: Caveats) -> tuple[Cell, ...]:
    gap = context.findings[contrast.difference]
    return (
        outcome.label,
        kind,
        *rates(contrast),
        *difference(contrast),
        contrast.window,
        certainty(gap, caveats),
        cite(gap),
    )
