"""What does a clinician need before treating? Four pages: screening and practice, then harm, benefit, dose."""

from __future__ import annotations

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite
from primum.dossier.contrasts import Contrast
from primum.dossier.model import Block, Brief, Cell, Chapter, Cite, Column, Ref, Span, Table, sentence
from primum.dossier.parts.columns import JUDGED, certainty, other_head, rates, times
from primum.dossier.parts.dose import margins
from primum.dossier.parts.effects_table import benefits, harms
from primum.dossier.parts.pools import pools
from primum.dossier.parts.practice import says
from primum.dossier.parts.short_answer import headline
from primum.dossier.telling import Outcome

_WARNINGS = ("boxed warning", "contraindication", "warning", "interaction", "population")
_BOTH = "More with treatment (95 %)"
_WITHIN = (
    "Within groups of trials: like compared with like, by Mantel-Haenszel; the other columns add all people up. Where "
    "an interval holds 0, the trials do not show that the treatment adds any."
)


def brief(context: Context) -> Brief:
    """The pages for a clinician; what a section of the dossier tells at length stands here in one row."""
    chapters = (
        ("ask", "Ask before treating", _ask(context)),
        ("labels", "What the labels warn of", _facts(context, _WARNINGS)),
        ("prepare", "How it is kept, mixed and spaced", _facts(context, ("storage", "reconstitution", "interval"))),
        ("harm", "Harm, of 1,000 people: how many, how soon, how long", _harm(context)),
        ("does", *_benefit_or_uses(context)),
        ("dose", "How many times the dose the estimated lethal dose is", margins(context, use=context.telling.use)),
        ("repeat", "People with neutralising antibodies", _antibodies(context)),
        ("incidents", "What happened where product or setting were wrong", _facts(context, ("incident",))),
    )
    kept = [Chapter(name, title, _block(table, title)) for name, title, table in chapters if table.rows]
    empty = [title for _, title, table in chapters if not table.rows]
    if empty:
        said = f"Nothing that was read tells it: {'; '.join(title[0].lower() + title[1:] for title in empty)}."
        kept.append(Chapter("missing", "Not on these pages", (sentence(said),)))
    return Brief(reader="clinician", title=f"For a clinician: {context.treatment.short_name}", chapters=tuple(kept))


def _block(table: Table, title: str) -> tuple[Block, ...]:
    """The table under the title of its chapter."""
    return (Table(table.id, title, table.columns, table.rows, table.note, table.caveats),)


def _ask(context: Context) -> Table:
    """The screening list without what a patient is told to say."""
    rows: list[tuple[Cell, ...]] = []
    for row in context.rows("screening"):
        sources = cite(*(context.findings[f"practice.{key}"] for key in row.items("facts")))
        rows.append((row["question"], row["matters"], (f"{row['because']} ", sources)))
    columns = (Column("Question"), Column("Matters if"), Column("Because"))
    return Table("questions", "questions", columns, tuple(rows))


def _facts(context: Context, topics: tuple[str, ...]) -> Table:
    """Facts of practice of some kinds, one a row."""
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = []
    for topic in topics:
        for row in context.rows("practice"):
            if row["topic"] == topic:
                shown, notes = says(context, row)
                rows.append(((row["item"], caveats.mark(notes)), (*shown, " ", Cite((row["source"],)))))
    return Table(
        id="facts",
        title="facts",
        columns=(Column("What"), Column("What holds")),
        rows=tuple(rows),
        caveats=caveats.lines(),
    )


def _harm(context: Context) -> Table:
    """The headline harms, then those that stand against the benefits alone: added up, within groups, their times."""
    first = headline(context)
    named = {outcome.label for outcome, _ in first}
    shown = [*first, *((outcome, contrast) for outcome, contrast in harms(context) if outcome.label not in named)]
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = [
        (
            (outcome.label, caveats.mark(_another_window(contrast, first))),
            *rates(contrast),
            _more(contrast.difference),
            _within(context, contrast),
            (*_when(context, "begins", outcome.onset, caveats), *_when(context, "lasts", outcome.duration, caveats)),
            certainty(context.findings[contrast.difference], caveats),
            cite(context.findings[contrast.difference]),
        )
        for outcome, contrast in shown
    ]
    return Table(
        id="harm",
        title="harm",
        columns=(
            Column("Complaint"),
            Column("Treated", number=True),
            Column(other_head(c for _, c in shown), number=True),
            Column(_BOTH, number=True),
            Column("Within groups of trials (95 %)", number=True),
            Column("How soon, how long"),
            Column("Certainty"),
            Column("Source"),
        ),
        rows=tuple(rows),
        note=f"{_WITHIN} {JUDGED} Counted over: {_windows(first)}." if shown else "",
        caveats=caveats.lines(),
    )


def _windows(shown: list[tuple[Outcome, Contrast]]) -> str:
    return "; ".join(dict.fromkeys(contrast.window for _, contrast in shown))


def _another_window(contrast: Contrast, first: list[tuple[Outcome, Contrast]]) -> list[str]:
    """That a row was counted over another time than the note says."""
    return [] if contrast.window in {c.window for _, c in first} else [f"counted over {contrast.window}"]


def _more(name: str) -> tuple[Span, ...]:
    return (Ref(name, "per_1000_signed"), " (", Ref(name, "per_1000_interval"), ")")


def _within(context: Context, contrast: Contrast) -> Cell:
    """The difference of the same outcome within groups of trials, where it was pooled."""
    outcome = contrast.id.rpartition(".")[2]
    for pool in pools(context, "trials"):
        if all(row["control"].rpartition(".")[2] == outcome for row in pool.rows):
            return _more(pool.id("risk_difference"))
    return ""


def _when(context: Context, word: str, names: tuple[str, ...], caveats: Caveats) -> tuple[Span, ...]:
    return (f"{word} ", *times(context, names, caveats), " ") if names else ()


def _benefit(context: Context) -> Table:
    shown = benefits(context)
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = [
        (
            outcome.label,
            *rates(contrast),
            _more(contrast.difference),
            contrast.window,
            certainty(context.findings[contrast.difference], caveats),
            cite(context.findings[contrast.difference]),
        )
        for outcome, contrast in shown
    ]
    return Table(
        id="benefit",
        title="benefit",
        columns=(
            Column("Benefit"),
            Column("Treated", number=True),
            Column(other_head(c for _, c in shown), number=True),
            Column(_BOTH, number=True),
            Column("When"),
            Column("Certainty"),
            Column("Source"),
        ),
        rows=tuple(rows),
        note="Benefit and harm are not subtracted from one another." if shown else "",
        caveats=caveats.lines(),
    )


def _benefit_or_uses(context: Context) -> tuple[str, Table]:
    """Benefit as numbers; where nothing read counts it, what it is given for and our reading of the evidence."""
    if (counted := _benefit(context)).rows:
        return "Benefit, of 1,000 people", counted
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            row["name"],
            f"{row['status']} ({row['authority']})",
            "; ".join(text for text in (row["evidence"], row["effect"]) if text),
            (row["verdict"], " ", Cite(row.items("source"))),
        )
        for row in context.rows("indications")
    )
    columns = (Column("For"), Column("Status"), Column("Best evidence and its result"), Column("Our reading"))
    return "What it is given for; no benefit of 1,000 people was read", Table("uses", "uses", columns, rows)


def _antibodies(context: Context) -> Table:
    """Neutralising antibodies in the use that the question is about."""
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = []
    for row in context.rows("antibodies"):
        found = context.findings[f"resistance.antibody.{row['key']}"]
        if row["use"] == context.telling.use and found.interval is not None:
            share = (Ref(found.id, "with_interval"), caveats.of(found))
            rows.append((f"{row['indication']}, {row['product']}", row["timepoint"], share, cite(found)))
    return Table(
        id="antibodies",
        title="antibodies",
        columns=(Column("Who"), Column("Tested when"), Column("Share (95 %)", number=True), Column("Source")),
        rows=tuple(rows),
        caveats=caveats.lines(),
    )
