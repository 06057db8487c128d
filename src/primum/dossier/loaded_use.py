"""What do the weak rules of use change, and how long after treatment do events begin, use by use?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from primum.cases.onset import IMPRECISE, KNOWN, NEGATIVE, NO_EVENT, NO_START
from primum.dossier.loaded_numbers import Writer
from primum.dossier.model import Cell, Column, Table
from primum.signals.onset import METHOD
from primum.terms import USES

if TYPE_CHECKING:
    from primum.dossier.loaded_like import LoadedReports

_APART = (
    ("negative", NEGATIVE),
    ("imprecise", IMPRECISE),
    ("no_start", NO_START),
    ("no_event", NO_EVENT),
)


def strict_table(writer: Writer, answer: LoadedReports) -> Table:
    """Reports by use under all rules and under the strong ones alone."""
    rows: list[tuple[Cell, ...]] = []
    for use in USES:
        every = sum(one.reports for one in answer.use_changes if one.use == use)
        strict = sum(one.reports for one in answer.use_changes if one.use_strict == use)
        moved = sum(one.reports for one in answer.use_changes if one.use == use != one.use_strict)
        rows.append(
            (
                f"{use} use",
                writer.count(f"use_rules.all.{use}", f"reports of {use} use, all rules", every),
                writer.count(f"use_rules.strict.{use}", f"reports of {use} use, strong rules alone", strict),
                writer.count(f"use_rules.moved.{use}", f"reports of {use} use that strong rules do not tell", moved),
            )
        )
    heads = ("By all rules", "By strong rules alone", "Change their use")
    return Table(
        id="use_rules",
        title="What the weak rules of use change",
        columns=(Column("Use"), *(Column(head, number=True) for head in heads)),
        rows=tuple(rows),
        note="--use-rules strict counts everything by strong rules alone.",
    )


def onset_table(writer: Writer, answer: LoadedReports) -> Table:
    """Days to onset where both dates are known to the day; the other reports apart, by what is missing."""
    rows: list[tuple[Cell, ...]] = []
    for one in answer.onsets:
        stem, of = f"onset.{one.use or 'all'}", sum(one.reports.values())
        found = one.onset
        ends = (found.quartiles.lower, found.quartiles.upper) if found.quartiles else (found.median, found.median)
        shape = found.shape_interval
        rows.append(
            (
                f"{one.use or 'any'} use",
                writer.count(f"{stem}.known", f"onset {KNOWN}, {one.use} use", one.reports[KNOWN], of=of),
                writer.statistic(
                    f"{stem}.days",
                    f"median days to onset, {one.use} use",
                    (ends[0], found.median, ends[1]),
                    level=0.5,
                    method=METHOD,
                    unit="days",
                ),
                writer.statistic(
                    f"{stem}.shape",
                    f"Weibull shape of onset, {one.use} use",
                    (shape.lower, found.shape, shape.upper) if shape else (found.shape,) * 3,
                    level=0.95,
                    method=METHOD,
                ),
                *(
                    writer.count(f"{stem}.{name}", f"onset: {status}, {one.use} use", one.reports[status])
                    for name, status in _APART
                ),
            )
        )
    heads = (
        "Known to the day",
        "Median days (quartiles)",
        "Weibull shape (95 %)",
        "Event before treatment",
        "Not to the day",
        "No start",
        "No event date",
    )
    return Table(
        id="onset",
        title="Days from treatment to event, in the reports that tell both to the day",
        columns=(Column("Use"), *(Column(head, number=True) for head in heads)),
        rows=tuple(rows),
        note="Of reports, not of people: late events are reported less, and most reports tell no onset. A shape below "
        "1 means that the hazard falls with time. Dates on 1 January, and before 2012q4 on the first of a month, may "
        "be padded and are not read as days.",
    )
