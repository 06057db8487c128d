"""What do loaded reports look like? Volcano, use by event, over time, days to onset, each with a short table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from primum.dossier.loaded_like import LoadedReports
from primum.dossier.loaded_numbers import Writer, slug
from primum.dossier.loaded_signals import statistic
from primum.dossier.loaded_use import onset_table
from primum.dossier.model import Cell, Column, Figure, Ref, Table, Text, sentence
from primum.dossier.report_drawings import onset_panel, volcano_of
from primum.dossier.report_figures import HeatCell, HeatMap, OnsetCurves, Trend, TrendLine
from primum.signals.ic import METHOD as INFORMATION
from primum.terms import OF_HARM, IntArray

if TYPE_CHECKING:
    from primum.signals.table import SignalTable

DRAWN: Final = 1_000  # pairs of the volcano
NAMED: Final = 8  # of them with their name, and in its table
_NOT_RATES: Final = "Reports, not rates: nobody counted the people treated."


_READ: Final = {
    "volcano": "How large, and how surprising? To the right a term is named more often than expected, upwards this is "
    "less likely by chance. Large dark marks have an IC whose interval lies above 0 and a false discovery rate of at "
    "most 5 %.",
    "by_use": "Does it differ by use? Each use is set against every other report; a number is bold where its 95 % "
    "interval lies above 0, and a stroke says that no report of the use names the term.",
    "trend": "When was it reported? Only what is loaded stands here, and the first and last period may not be whole. A "
    "rise can be more people treated, more reporting, or news about it.",
    "onset_curve": "How soon after treatment? Only reports that date both to the day are drawn; late events are "
    "reported less. The broken line is a Weibull distribution of whole days.",
}


def pictures(writer: Writer, answer: LoadedReports) -> list[Text | Table | Figure]:
    """The pictures that there are numbers for, each below how to read it; the days to onset are a table at least.

    Args:
        writer: makes the numbers of the tables into findings.
        answer: the loaded reports.
    """
    found: list[Figure | Table | None] = [
        None if answer.signals is None else _volcano(writer, answer.signals),
        _by_use(writer, answer),
        _over_time(writer, answer),
        _onset(writer, answer),
    ]
    blocks: list[Text | Table | Figure] = []
    for one in found:
        if isinstance(one, Figure):
            blocks.append(sentence(_READ[one.id]))
        blocks += [] if one is None else [one]
    return blocks


def _volcano(writer: Writer, table: SignalTable) -> Figure | None:
    """Every harm term by size and surprise, the most surprising ones named and in the table."""
    methods = {method.id: method for method in table.methods}
    harms = [i for i in table.order("ic_lower").tolist() if table.bin[i] in OF_HARM and table.observed[i]]
    if not {"ic", "midp", "fdr"} <= set(methods) or not harms:
        return None
    shown = table.take(np.array(harms[:DRAWN], dtype=np.int64))
    drawing, drawn = volcano_of(shown, named=NAMED)
    marks = dict(zip(drawn.tolist(), drawing.marks, strict=True))
    listed = sorted(marks, key=lambda row: (not marks[row].label, -marks[row].up))[:NAMED]
    if any(marks[row].label for row in listed):
        listed = [row for row in listed if marks[row].label]
    rows: list[tuple[Cell, ...]] = []
    for row in listed:
        event = str(shown.event[row])
        stem = f"volcano.{slug(event)}"
        rows.append(
            (
                event,
                writer.count(f"{stem}.observed", f"{event}: reports", int(shown.observed[row])),
                statistic(writer, shown, row, "ic", name=f"{stem}.ic", label=f"{event}: IC"),
                writer.statistic(
                    f"{stem}.surprise",
                    f"{event}: -log10 of the mid-p",
                    (math.nan, marks[row].up, math.nan),
                    level=table.level,
                    method=methods["midp"],
                ),
            )
        )
    far = sum(mark.stands_out for mark in drawing.marks)
    part = (
        f"the {len(marks):,} of {len(harms):,} harm terms" if len(harms) > len(marks) else f"{len(marks):,} harm terms"
    )
    return Figure(
        id="volcano",
        title="Size and surprise: every harm term after the treatment",
        description=(
            f"Each mark is one of {part} whose lower bound is highest: to the right more reports than expected, higher "
            f"less likely by chance. {far:,} large dark marks have a lower bound above 0 and a false discovery rate of "
            f"at most 5 %. {_NOT_RATES}"
        ),
        drawing=drawing,
        twin=Table(
            id="volcano_twin",
            title="The harm terms least likely by chance",
            columns=(
                Column("Reaction"),
                Column("Reports", number=True),
                Column("IC, bits (95 %)", number=True),
                Column("-log10 of the mid-p", number=True),
            ),
            rows=tuple(rows),
            note="Named in the picture are those with a false discovery rate of at most 5 %; 300 stands for 300 or "
            "more. `primum signals` writes every pair.",
        ),
    )


def _by_use(writer: Writer, answer: LoadedReports) -> Figure | None:
    """Each use against everything else, a shade a cell; the table says the same with intervals and reports."""
    told = answer.by_use
    if told is None or not len(told.events):
        return None
    whole = {tally.use: tally.reports for tally in answer.tallies["total"]}
    rows: list[tuple[Cell, ...]] = []
    cells: list[tuple[HeatCell, ...]] = []
    for i, event in enumerate(told.events):
        row: list[Cell] = [event]
        shades: list[HeatCell] = []
        for j, use in enumerate(told.uses):
            value, lower, upper = (float(one[i, j]) for one in (told.found.value, told.found.lower, told.found.upper))
            n = int(told.observed[i, j])
            stem, label = f"by_use.{slug(event)}.{use}", f"{event}, {use} use"
            shown = writer.statistic(
                stem,
                f"{label}: IC",
                (lower, value, upper),
                level=told.found.level,
                method=INFORMATION,
                counted=(n, whole[use]),
            )
            row.append((shown, "; ", Ref(shown.finding, "counts")) if isinstance(shown, Ref) else shown)
            shades.append(
                HeatCell(value, firm=lower > 0, seen=n > 0, finding=shown.finding if isinstance(shown, Ref) else "")
            )
        rows.append(tuple(row))
        cells.append(tuple(shades))
    names = tuple(event.capitalize() for event in told.events)
    return Figure(
        id="by_use",
        title="Each use against everything else",
        description=(
            "A row a reaction, a column a use: the information component in bits, darker is more; bold where its 95 % "
            f"interval lies above 0, a stroke where no report of the use names it. {_NOT_RATES}"
        ),
        drawing=HeatMap(names, tuple(told.uses), tuple(cells)),
        twin=Table(
            id="by_use_twin",
            title="Each use against everything else: IC in bits (95 % interval); reports of the use that name it",
            columns=(Column("Reaction"), *(Column(f"{use.capitalize()} use", number=True) for use in told.uses)),
            rows=tuple(rows),
            note="Expected from all reports of the cohort. Uses differ in who is treated and who reports.",
        ),
    )


def _over_time(writer: Writer, answer: LoadedReports) -> Figure | None:
    """All reports of the treatment and what stands out, by quarter or year of publication."""
    told = answer.over_time
    if told is None or not int(told.reports.sum()):
        return None
    lines: list[tuple[str, IntArray]] = [("All reports of it", told.reports)]
    lines += [(str(event), told.observed[:, i]) for i, event in enumerate(told.events)]
    rows: list[tuple[Cell, ...]] = [
        (
            period,
            *(
                writer.count(f"trend.{slug(period)}.{slug(name)}", f"{name}, {period}: reports", int(counts[i]))
                for name, counts in lines
            ),
        )
        for i, period in enumerate(told.periods)
    ]
    return Figure(
        id="trend",
        title=f"Reports by {told.unit} of publication",
        description=(f"A line a reaction, each on a scale of its own up to its most in one {told.unit}. {_NOT_RATES}"),
        drawing=Trend(
            tuple(
                TrendLine(name.capitalize(), tuple(counts.tolist()), tuple((counts == 0).tolist()))
                for name, counts in lines
            ),
            tuple(told.periods),
            said=f"reports of each {told.unit}; the line is 0",
        ),
        twin=Table(
            id="trend_twin",
            title=f"Reports by {told.unit} of publication",
            columns=(
                Column(told.unit.capitalize()),
                *(Column(name.capitalize(), number=True) for name, _ in lines),
            ),
            rows=tuple(rows),
            note="A case stands where its current version was published.",
        ),
    )


def _onset(writer: Writer, answer: LoadedReports) -> Figure | Table:
    """How soon it had begun, a panel a use; the table stands alone where no report tells it to the day."""
    table = onset_table(writer, answer)
    panels = tuple(
        onset_panel(f"{one.use or 'any'} use", one.days, one.onset) for one in answer.onsets if len(one.days)
    )
    if not panels:
        return table
    return Figure(
        id="onset_curve",
        title="How soon it had begun, in the reports that tell it to the day",
        description=(
            "Share of these reports whose event had begun, by days after treatment, a panel a use; the broken line is "
            f"a Weibull distribution. {_NOT_RATES}"
        ),
        drawing=OnsetCurves(panels),
        twin=table,
    )
