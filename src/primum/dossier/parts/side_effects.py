"""Section 5: how often do the complaints come, how soon, and how long do they last?"""

from __future__ import annotations

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite, part
from primum.dossier.contrasts import Contrast
from primum.dossier.figures import BarRow, Bars, PairRow, Pairs, Tone
from primum.dossier.model import Cell, Column, Figure, Part, Ref, Span, Table, Text, paragraph
from primum.dossier.parts.columns import DIFFERENCE, difference, other_head, rates, times
from primum.dossier.parts.short_answer import headline
from primum.dossier.telling import Outcome
from primum.evidence.finding import Finding
from primum.treatments.tables import Row

_KINDS = {
    "harm onset": "begins after",
    "harm duration": "lasts",
    "onset": "begins after",
    "peak": "is largest after",
    "duration": "lasts",
    "retreatment": "is repeated after",
}
_HARM = ("harm onset", "harm duration")
_DAYS = ("days", "weeks", "months")


def build(context: Context) -> Part:
    """The pairs of dots, the four columns of the table, the bars of time."""
    chosen = headline(context)
    known = [(row, context.findings[f"time.{row['key']}"]) for row in context.rows("time_course")]
    known.sort(key=lambda pair: list(_KINDS).index(pair[0]["kind"]))
    harm = [(row, finding) for row, finding in known if row["kind"] in _HARM]
    effect = [(row, finding) for row, finding in known if row["kind"] not in _HARM]
    blocks: list[Text | Table | Figure] = [paragraph(text) for text in context.telling.text.get("side_effects", ())]
    blocks += _pairs(context, chosen)
    if any(outcome.onset or outcome.duration for outcome, _ in chosen):
        blocks.append(_how_long(context, chosen))
    blocks += _bars(harm, "harm_times", "When complaints begin and how long they last")
    blocks += _bars(effect, "effect_times", "When the effect begins, peaks and ends, for comparison")
    blocks += [paragraph(text, kind="caveat") for text in context.telling.caveats.get("side_effects", ())]
    missing = [] if chosen else ["No harm counted against placebo or no treatment stands in `trials.csv`."]
    missing += [] if harm else ["No time of a complaint stands in `time_course.csv`."]
    return part("side_effects", blocks, missing=missing, also=context.under("time."))


def _pairs(context: Context, chosen: list[tuple[Outcome, Contrast]]) -> list[Figure]:
    """One picture an order of size, so that rare complaints are not squeezed against the axis by common ones."""
    figures = []
    for number, group in enumerate(_by_size(context, chosen)):
        other = other_head(c for _, c in group)
        rows = tuple(PairRow(o.label, c.treated, c.control, c.difference) for o, c in group)
        twin = Table(
            id=f"pairs_{number}_twin",
            title="Complaints, of 1,000 people",
            columns=(
                Column("Complaint"),
                Column("Treated", number=True),
                Column(other, number=True),
                *DIFFERENCE,
                Column("Source"),
            ),
            rows=tuple(
                (
                    o.label,
                    *rates(c),
                    *difference(c),
                    cite(context.findings[c.difference]),
                )
                for o, c in group
            ),
            note=f"Counted over: {'; '.join(dict.fromkeys(c.window for _, c in group))}.",
        )
        title = "Complaints per 1,000 people" + (", the less frequent ones on their own axis" if number else "")
        description = (
            "Per row a full dot for treated people, a hollow dot for the others, and the difference with its interval."
        )
        figures.append(Figure(f"pairs_{number}", title, description, Pairs(rows, untreated=other.lower()), twin))
    return figures


def _by_size(context: Context, chosen: list[tuple[Outcome, Contrast]]) -> list[list[tuple[Outcome, Contrast]]]:
    """Outcomes in their order, split where one is more than four times as frequent as the next in size."""
    by_rate = sorted(chosen, key=lambda pair: -_rate(context, pair[1]))
    for place in range(1, len(by_rate)):
        if _rate(context, by_rate[place - 1][1]) > 4 * _rate(context, by_rate[place][1]):
            head = [pair for pair in chosen if pair in by_rate[:place]]
            return [head, [pair for pair in chosen if pair not in head]]
    return [chosen] if chosen else []


def _rate(context: Context, contrast: Contrast) -> float:
    return max(float(context.findings[name].value or 0) for name in (contrast.treated, contrast.control))


def _how_long(context: Context, chosen: list[tuple[Outcome, Contrast]]) -> Table:
    caveats = Caveats()

    def said(names: tuple[str, ...]) -> tuple[Span, ...]:
        return times(context, names, caveats) or ("not found in the sources read",)

    rows: list[tuple[Cell, ...]] = [
        (o.label, (Ref(c.difference, "per_1000_signed"),), said(o.onset), said(o.duration)) for o, c in chosen
    ]
    return Table(
        id="how_long",
        title="How many more of 1,000, how soon, and for how long",
        columns=(
            Column("Complaint"),
            Column("More of 1,000", number=True),
            Column("Begins"),
            Column("Lasts"),
        ),
        rows=tuple(rows),
        caveats=caveats.lines(),
    )


def _bars(times: list[tuple[Row, Finding]], name: str, title: str) -> list[Figure]:
    """Ranges of time; a source that gives words and no number stands in the table alone."""
    drawn = [(row, f) for row, f in times if not isinstance(f.value, str) and f.unit in _DAYS]
    if not times:
        return []
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = [
        (f"{_KINDS[row['kind']]}: {row['what']}", (Ref(f.id, "quantity_range"), caveats.of(f)), f.population, cite(f))
        for row, f in times
    ]
    columns = (Column("What"), Column("Time"), Column("Whose"), Column("Source"))
    twin = Table(id=f"{name}_twin", title=title, columns=columns, rows=tuple(rows), caveats=caveats.lines())
    tone: Tone = "untreated" if name == "harm_times" else "treated"
    bars = tuple(BarRow(f"{row['what']} ({f.population})", f.id, _KINDS[row["kind"]], tone) for row, f in drawn)
    description = "One bar a source, from the shortest to the longest time it gives, in days on a logarithmic axis."
    drawing = Bars(bars, axis="days after the treatment, or days of duration", ranges=True, scale="log", days=True)
    return [Figure(name, title, description, drawing, twin)]
