"""Section 3: what harm did trials count, against placebo or no treatment, and who paid for them?"""

from __future__ import annotations

from dataclasses import dataclass

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite, part
from primum.dossier.contrasts import NOT_TREATED, Contrast, contrasts
from primum.dossier.figures import Forest, ForestRow
from primum.dossier.model import Cell, Column, Figure, Part, Ref, Table, Text, paragraph
from primum.dossier.parts.columns import DIFFERENCE, counts, difference
from primum.dossier.parts.pools import pools, together

_FEWEST = 4  # outcomes from which on a comparison gets a picture of its own
_NONE = "No trial against placebo or no treatment with counts of people stands in `trials.csv`."


@dataclass(frozen=True, slots=True)
class _Comparison:
    """The outcomes of the same two arms over the same time."""

    contrasts: tuple[Contrast, ...]

    @property
    def one(self) -> Contrast:
        """Any of them; they share trial, indication, window and arms."""
        return self.contrasts[0]


def build(context: Context) -> Part:
    """A forest for the largest comparison of each trial, the use in question first; the others in tables."""
    every = contrasts(context.rows("trials"), context.findings)
    compared = _comparisons(context, [c for c in every if c.compared])
    drawn = _drawn(context, compared)
    rest = [c for comparison in compared if comparison not in drawn for c in comparison.contrasts]
    alone = [c for c in every if not c.compared and (c.treated or c.control)]
    blocks: list[Text | Table | Figure] = [paragraph(text) for text in context.telling.text.get("trials", ())]
    title = "The trials by group, and together"
    blocks += together(context, pools(context, "trials"), name="together", title=title)
    blocks.append(_recomputed(context))
    blocks += [_forest(context, number, comparison) for number, comparison in enumerate(drawn)]
    blocks += [_printed(context), _rest(context, rest), _single(context, alone, folded=bool(compared))]
    blocks += [paragraph(text, kind="caveat") for text in context.telling.caveats.get("trials", ())]
    return part("trials", blocks, missing=() if compared else (_NONE,), also=context.under("trials."))


def _comparisons(context: Context, compared: list[Contrast]) -> list[_Comparison]:
    """Outcomes put together by their arms, the use in question first, then untreated people before other products."""
    groups: dict[tuple[str, ...], list[Contrast]] = {}
    for c in compared:
        groups.setdefault((c.trial, c.indication, c.window, c.against), []).append(c)
    found = [_Comparison(tuple(group)) for group in groups.values()]
    return sorted(found, key=lambda group: (group.one.use != context.telling.use, group.one.against not in NOT_TREATED))


def _drawn(context: Context, compared: list[_Comparison]) -> list[_Comparison]:
    """Of each trial and time the comparison with the most people, where it counted enough outcomes for a picture."""
    largest: dict[tuple[str, str], _Comparison] = {}
    for group in compared:
        key = (group.one.trial, group.one.window)
        if key not in largest or _people(context, group) > _people(context, largest[key]):
            largest[key] = group
    return [group for group in compared if group in largest.values() and len(group.contrasts) >= _FEWEST]


def _people(context: Context, group: _Comparison) -> int:
    return context.findings[group.one.treated].denominator or 0


def _forest(context: Context, number: int, group: _Comparison) -> Figure:
    one = group.one
    treated, control = context.findings[one.treated], context.findings[one.control]
    size = f"{treated.denominator:,} treated, {control.denominator:,} {one.against}"
    ordered = sorted(group.contrasts, key=lambda c: -float(context.findings[c.difference].value or 0))
    return Figure(
        id=f"harms_{number}",
        title=f"{one.indication.capitalize()}: {one.trial}, {one.window}; {size}",
        description=(
            f"One row an outcome: how many more of 1,000 people had it with treatment than with {one.against}, with "
            "the 95 % interval; right of the line of 0 means more with treatment."
        ),
        drawing=Forest(
            tuple(ForestRow(c.outcome, c.difference) for c in ordered),
            axis=f"more of 1,000 people with treatment than with {one.against} (95 % interval)",
            unit="per_1000",
        ),
        twin=_twin(context, number, one, ordered),
        folded=bool(context.telling.use) and one.use != context.telling.use,
    )


def _twin(context: Context, number: int, one: Contrast, ordered: list[Contrast]) -> Table:
    caveats = Caveats()
    paid = dict.fromkeys(context.funding(context.findings[c.difference]) for c in ordered)
    rows: list[tuple[Cell, ...]] = [
        (
            (c.outcome, caveats.of(context.findings[c.difference])),
            *counts(c),
            *difference(c),
            _ratio(context, c),
            cite(context.findings[c.difference]),
        )
        for c in ordered
    ]
    return Table(
        id=f"harms_{number}_twin",
        title=f"{one.indication.capitalize()}: {one.trial}",
        columns=(
            Column("Outcome"),
            Column("Treated", number=True),
            Column(one.against.capitalize(), number=True),
            *DIFFERENCE,
            Column("Risk ratio (95 %)", number=True),
            Column("Source"),
        ),
        rows=tuple(rows),
        note=(
            f"Differences of 1,000 people. Counted over: {one.window}. Design: {one.design}. "
            f"Funding: {'; '.join(paid)}."
        ),
        caveats=caveats.lines(),
    )


def _ratio(context: Context, c: Contrast) -> Cell:
    known = c.ratio and context.findings[c.ratio].value is not None
    return (Ref(c.ratio, "with_interval"),) if known else "none"


def _recomputed(context: Context) -> Table:
    """What a review printed beside the nearest number computed here, and why they are not the same."""
    rows: list[tuple[Cell, ...]] = []
    for row in context.rows("recomputed"):
        published, here = context.findings[row["published"]], context.findings[row["here"]]
        rows.append(
            (
                row["label"],
                (Ref(published.id, "with_interval"), f" {published.unit} ", cite(published)),
                (Ref(here.id, "with_interval"), f" {here.unit} ", cite(here)),
                row["why"],
                context.funding(here),
            )
        )
    return Table(
        id="recomputed",
        title="What a review of trials printed, and the nearest that can be recomputed",
        columns=(
            Column("What"),
            Column("Printed (95 %)"),
            Column("Computed here (95 %)"),
            Column("Why they differ"),
            Column("Funding"),
        ),
        rows=tuple(rows),
    )


def _rest(context: Context, rest: list[Contrast]) -> Table:
    """Comparisons without a picture: parts of a trial, and trials with few outcomes."""
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = [
        (
            (f"{c.indication}: {c.outcome}", caveats.of(context.findings[c.difference])),
            f"{c.trial}, {c.window} ({c.design})",
            *counts(c),
            *difference(c),
            context.funding(context.findings[c.difference]),
            cite(context.findings[c.difference]),
        )
        for c in rest
    ]
    return Table(
        id="further",
        title="Further comparisons: areas of a trial, and trials with few outcomes",
        columns=(
            Column("Who and what"),
            Column("Trial"),
            Column("Treated", number=True),
            Column("Other arm", number=True),
            *DIFFERENCE,
            Column("Funding"),
            Column("Source"),
        ),
        rows=tuple(rows),
        note="Differences of 1,000 people.",
        caveats=caveats.lines(),
        folded=True,
    )


def _printed(context: Context) -> Table:
    """Comparisons that a source prints as an estimate, without the people of each arm."""
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = []
    for row in context.rows("trials"):
        found = context.findings.get(f"{row['contrast']}.published")
        if row["arm"] == "between" and found is not None:
            rows.append(
                (
                    (f"{row['indication']}: {row['outcome']}", caveats.of(found)),
                    f"{row['product']}; {row['trial']} ({row['design']})",
                    row["window"],
                    (Ref(found.id, "with_interval"), f" {found.unit}"),
                    context.funding(found),
                    cite(found),
                )
            )
    return Table(
        id="printed",
        title="Comparisons as the sources print them",
        columns=(
            Column("Who and what"),
            Column("Compared how"),
            Column("Over which time"),
            Column("Printed (95 %)"),
            Column("Funding"),
            Column("Source"),
        ),
        rows=tuple(rows),
        note="A ratio above 1 means that more of the treated people had it. The arms were not in what was read.",
        caveats=caveats.lines(),
    )


def _single(context: Context, alone: list[Contrast], *, folded: bool) -> Table:
    """Arms whose other side was not counted in what was read."""
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = []
    for c in sorted(alone, key=lambda c: c.use != context.telling.use):
        treated, control = context.findings.get(c.treated), context.findings.get(c.control)
        shown = [finding for finding in (treated, control) if finding is not None]
        rows.append(
            (
                (f"{c.indication}: {c.outcome}", caveats.of(*shown)),
                f"{c.product}{', ' + c.dose if c.dose else ''} ({c.use})",
                c.window,
                Ref(c.treated, "with_interval") if treated else "",
                Ref(c.control, "with_interval") if control else "",
                context.funding(shown[0]),
                cite(*shown),
            )
        )
    return Table(
        id="without_control",
        title="Shares whose two arms cannot be compared by count",
        columns=(
            Column("Who and what"),
            Column("Given"),
            Column("Over which time"),
            Column("Treated (95 %)", number=True),
            Column("Other arm (95 %)", number=True),
            Column("Funding"),
            Column("Source"),
        ),
        rows=tuple(rows),
        note="Without counted people who were not treated, a share holds what would have happened anyway.",
        caveats=caveats.lines(),
        folded=folded,
    )
