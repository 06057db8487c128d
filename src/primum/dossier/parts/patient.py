"""What does a person need who has to decide? Two pages in plain words, every number counted in 1,000 people."""

from __future__ import annotations

from typing import Final

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite
from primum.dossier.contrasts import Contrast
from primum.dossier.model import (
    Block,
    Brief,
    Cell,
    Chapter,
    Cite,
    Column,
    Ref,
    Span,
    Table,
    Text,
    Verdict,
    paragraph,
    prose,
)
from primum.dossier.parts.columns import other_head
from primum.dossier.parts.effects_table import benefits
from primum.dossier.parts.short_answer import headline, pictures
from primum.dossier.telling import Outcome
from primum.treatments.families.caveats import CONTEXT_ONLY

_CLAIMS: Final = 8
_BENEFITS: Final = 3
_A_ROW: Final = 4  # pictures beside each other, so that the page stays short
_ABOUT: Final = {"person": "About you", "practice": "About the person who treats you"}
_BRACKETS: Final = (
    "The numbers in brackets show how sure the count is: the true number is likely to lie between them. Where 0 lies "
    "between them, the trials do not show that the treatment adds any."
)
_SAID: Final = "a page says so; no study that we read counted it"
_NOT_COUNTED: Final = (
    "No trial we read counted complaints with and without this treatment. So we cannot say how many people of 1,000 "
    "get one."
)


def brief(context: Context) -> Brief:
    """The page for a patient."""
    treatment = context.treatment
    chapters = (
        Chapter(
            "decision",
            "What you decide",
            (Text(((treatment.decision,), (f"Compared with: {treatment.comparison}.",))),),
        ),
        Chapter("of_1000", "What happens to 1,000 people", tuple(_counted(context))),
        Chapter("does", "What it does for people", tuple(_does(context))),
        Chapter("works", "How it works", tuple(_works(context))),
        Chapter("before", "Before you say yes", tuple(_before(context))),
        Chapter("alarm", "When to call for help", tuple(map(paragraph, context.telling.patient.alarm))),
        Chapter("said", "What people say about it", tuple(_said(context))),
        Chapter("unknown", "What nobody knows", tuple(_unknown(context))),
    )
    kept = tuple(chapter for chapter in chapters if chapter.blocks)
    return Brief(reader="patient", title="For a person who decides", chapters=kept)


def _counted(context: Context) -> list[Block]:
    """Pictures, then each complaint in both framings, with its times."""
    chosen = headline(context)
    if not chosen:
        return [paragraph(_NOT_COUNTED), _lines(context)]
    blocks: list[Block] = [*pictures(context, chosen, a_row=_A_ROW)]
    blocks.append(_complaints(context, chosen))
    sure: dict[str, list[str]] = {}
    for outcome, contrast in chosen:
        word = context.findings[contrast.difference].certainty.partition(":")[0] or "nobody has judged"
        sure.setdefault(word, []).append(outcome.label)
    said = "; ".join(f"{', '.join(labels)}: {word}" for word, labels in sure.items())
    blocks.append(
        paragraph(f"{_BRACKETS} How sure are we of these numbers, in our judgement? {said[0].upper()}{said[1:]}.")
    )
    blocks += [paragraph(text) for text in context.telling.patient.counted]
    blocks.append(_lines(context))
    return blocks


def _complaints(context: Context, chosen: list[tuple[Outcome, Contrast]]) -> Table:
    """Each complaint in both framings: how many had it, how many did not, treated and not."""
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = [
        (
            f"{outcome.label[0].upper()}{outcome.label[1:]}",
            _both(contrast.treated),
            _both(contrast.control),
            _difference(context, contrast),
            _time(context, outcome.onset, caveats),
            _time(context, outcome.duration, caveats),
        )
        for outcome, contrast in chosen
    ]
    return Table(
        id="complaints",
        title="Of 1,000 people each",
        columns=(
            Column("Complaint"),
            Column("Treated", number=True),
            Column(other_head(contrast for _, contrast in chosen), number=True),
            Column("The difference", number=True),
            Column("Starts"),
            Column("Lasts"),
        ),
        rows=tuple(rows),
        caveats=caveats.lines(),
    )


def _both(name: str) -> tuple[Span, ...]:
    return (Ref(name, "per_1000"), " had it, ", Ref(name, "without_per_1000"), " did not")


def _difference(context: Context, contrast: Contrast) -> tuple[Span, ...]:
    name = contrast.difference
    source = cite(context.findings[name])
    return (Ref(name, "per_1000_signed"), " (", Ref(name, "per_1000_interval"), ") ", source)


def _time(context: Context, names: tuple[str, ...], caveats: Caveats) -> Cell:
    """The first time that the sources give, marked with whose it is; the dossier has them all."""
    if not names:
        return "not counted"
    finding = context.findings[names[0]]
    said = any(warning.startswith(CONTEXT_ONLY) for warning in finding.warnings)
    return Ref(names[0], "quantity_range"), " ", caveats.mark([_SAID if said else finding.population]), cite(finding)


def _lines(context: Context) -> Text:
    """The other sentences of the short answer, but for what stands in a chapter of its own or among the claims."""
    elsewhere = ("unknowns", "resistance")
    return Text(tuple(prose(line.text) for line in context.telling.lines if line.topic not in elsewhere), kind="list")


def _does(context: Context) -> list[Block]:
    rows = [
        (
            f"{outcome.label[0].upper()}{outcome.label[1:]}: ",
            Ref(contrast.treated, "per_1000"),
            f" of 1,000 treated people{'' if contrast.window in outcome.label else f', {contrast.window}'}; with "
            f"{contrast.against} ",
            Ref(contrast.control, "per_1000"),
            ". Difference: ",
            *_difference(context, contrast),
            ".",
        )
        for outcome, contrast in benefits(context)[:_BENEFITS]
    ]
    return [Text(tuple(rows or _for_what(context)), kind="list")]


def _for_what(context: Context) -> list[tuple[Span, ...]]:
    """What it is good for, where nothing read counts it in 1,000 people."""
    rows: list[tuple[Span, ...]] = [
        (
            f"{row['name'][0].upper()}{row['name'][1:]}: {row['status']} ({row['authority']}). {told.rstrip('.')}. "
            f"Our reading: {row['verdict']}. ",
            Cite(row.items("source")),
        )
        for row in context.rows("indications")
        if (told := "; ".join(text for text in (row["evidence"], row["effect"]) if text))
    ]
    return rows or [("Nothing that we read says it.",)]


def _works(context: Context) -> list[Block]:
    return [paragraph(text) for text in context.telling.patient.how or context.telling.text.get("mechanism", ())]


def _before(context: Context) -> list[Block]:
    """The questions of the screening list, with what to do about the answer that matters."""
    blocks: list[Block] = []
    for about, heading in _ABOUT.items():
        rows = [row for row in context.rows("screening") if row["about"] == about]
        lines = tuple((f"{row['question']} If {row['matters']}: {row['ask']}",) for row in rows)
        if lines:
            blocks += [Text(((heading,),), kind="heading"), Text(lines, kind="boxes")]
    return blocks


def _said(context: Context) -> list[Block]:
    wanted = context.telling.patient.claims
    results = [r for r in context.treatment.claims if not wanted or r.claim.id in wanted][: len(wanted) or _CLAIMS]
    if not results:
        return []
    return [
        Table(
            id="claims",
            title="Some of the claims we checked",
            columns=(Column("Claim"), Column("Does it hold?"), Column("Why")),
            rows=tuple(
                (result.claim.claim, Verdict(result.claim.verdict), (f"{result.claim.reason} ", Cite(result.sources)))
                for result in results
            ),
        )
    ]


def _unknown(context: Context) -> list[Block]:
    lines = [prose(line.text) for line in context.telling.lines if line.topic == "unknowns"]
    return [Text(tuple(lines))] if lines else []
