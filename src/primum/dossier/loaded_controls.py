"""Do the reports deceive? An event that the treatment is not thought to cause, and a drug for the same purpose."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from primum.dossier.figures import Forest, ForestRow
from primum.dossier.loaded_like import ControlLike, LoadedReports
from primum.dossier.loaded_numbers import Writer, slug
from primum.dossier.loaded_signals import cohort_words, statistic
from primum.dossier.model import Cell, Cite, Column, Figure, Ref, Span, Table, Text, sentence
from primum.provenance import Method
from primum.terms import OF_HARM
from primum.treatments.controls import NEGATIVE

if TYPE_CHECKING:
    from primum.signals.table import SignalTable

NEGATIVE_ID: Final = "negative_control"
ACTIVE_ID: Final = "active_comparator"
MOST: Final = 12  # events set against the comparator
EXPECTED: Final = Method(
    id="expected",
    label="Reports expected if drug and event had nothing to do with each other",
    formula="n_drug n_event / N",
    citation="Bate and others 1998, Eur J Clin Pharmacol 54(4):315-321, doi:10.1007/s002280050466",
)
_ZERO: Final = "Where a cell of the four is 0, half a report is added to each (Haldane 1956)."
_JUDGED: Final = "Chosen by Primum's authors: a judgement, no source says so. "


def control_blocks(writer: Writer, answer: LoadedReports) -> list[Text | Table | Figure]:
    """The negative control's ratio, and the treatment against its comparator; a sentence says why one is not there.

    Args:
        writer: makes the numbers into findings.
        answer: the loaded reports.
    """
    blocks: list[Text | Table | Figure] = []
    for one in answer.controls:
        blocks.append(_chosen(one))
        if one.control.kind == NEGATIVE:
            blocks += [] if one.table is None else [_negative(writer, one.control.counted, one.table)]
        elif one.table is not None:
            blocks += _against(writer, answer, one, one.table)
    return blocks


def _chosen(one: ControlLike) -> Text:
    """Which control, why, and who says so."""
    control = one.control
    said: list[Span] = [
        f"{control.kind.capitalize()}: {control.name} ({control.counted}). {control.why} ",
        _JUDGED if control.judged else Cite(control.sources),
    ]
    if one.table is None:
        said.append(f" Not counted: {one.reason}.")
    return Text((tuple(said),))


def _negative(writer: Writer, event: str, table: SignalTable) -> Table:
    """Observed, expected, and the ratio with its interval."""
    stem = f"control.{slug(event)}"
    observed, expected = int(table.observed[0]), float(table.expected[0])
    row: tuple[Cell, ...] = (
        event,
        writer.count(f"{stem}.observed", f"{event}: reports after the treatment", observed),
        writer.statistic(
            f"{stem}.expected",
            f"{event}: reports expected",
            (math.nan, expected, math.nan),
            level=table.level,
            method=EXPECTED,
            unit="reports",
        ),
        statistic(writer, table, 0, "ror", name=f"{stem}.ror", label=f"{event}: ROR"),
        statistic(writer, table, 0, "ic", name=f"{stem}.ic", label=f"{event}: IC"),
    )
    heads = ("Reports", "Expected", "ROR (95 %)", "IC, bits (95 %)")
    return Table(
        id=NEGATIVE_ID,
        title="Negative control: an event that the treatment is not thought to cause",
        columns=(Column("Event"), *(Column(head, number=True) for head in heads)),
        rows=(row,),
        note="A ROR near 1 and an IC near 0 are what no effect and no bias look like. An interval that leaves them out "
        f"says that the reports of the treatment differ for other reasons, and that other ratios may too. {_ZERO}",
    )


def _against(
    writer: Writer, answer: LoadedReports, one: ControlLike, table: SignalTable
) -> list[Text | Table | Figure]:
    """The events that stand out most after the treatment, set against the comparator's reports of the same events."""
    place = {str(event): i for i, event in enumerate(table.event.tolist())}
    leading = [str(event) for event in answer.by_use.events] if answer.by_use is not None else []
    harms = [e for e in leading if e in place] or [e for e, i in place.items() if table.bin[i] in OF_HARM]
    rows: list[tuple[Cell, ...]] = []
    drawn: list[ForestRow] = []
    for event in harms[:MOST]:
        i, stem = place[event], f"comparator.{slug(event)}"
        ours, theirs = int(table.observed[i]), int(table.event_reports[i] - table.observed[i])
        mine, others = int(table.drug_reports[i]), int(table.total_reports[i] - table.drug_reports[i])
        ratio = statistic(writer, table, i, "ror", name=f"{stem}.ror", label=f"{event}: ROR against the comparator")
        if isinstance(ratio, Ref) and table.ror_lower[i] > 0:
            drawn.append(ForestRow(event, ratio.finding))
        rows.append(
            (
                event,
                writer.count(f"{stem}.treated", f"{event}: reports of the treatment", ours, of=mine),
                writer.count(f"{stem}.other", f"{event}: reports of the comparator", theirs, of=others),
                ratio,
            )
        )
    if not rows:
        return [sentence("None of the harm terms that stand out is named by a report of either side.")]
    heads = ("Treatment", "Comparator", "ROR (95 %)")
    twin = Table(
        id=f"{ACTIVE_ID}_twin" if drawn else ACTIVE_ID,
        title=f"Against {one.control.name}: reports that name the event",
        columns=(Column("Reaction"), *(Column(head, number=True) for head in heads)),
        rows=tuple(rows),
        note=f"Counted: {cohort_words(table.cohort)}; compared with {cohort_words(table.comparator)}. Reports that "
        f"name both are left out. {_ZERO}",
    )
    if not drawn:
        return [twin]
    return [
        Figure(
            id=ACTIVE_ID,
            title=f"The treatment against {one.control.name}",
            description="A row a reaction that stands out after the treatment: the reporting odds ratio against the "
            "comparator with its 95 % interval; right of 1 it is named more after the treatment.",
            drawing=Forest(tuple(drawn), "reporting odds ratio (logarithmic)", scale="log", reference=1.0),
            twin=twin,
        )
    ]
