"""Does what stands out hang on how duplicates are treated, or on the role of the treatment? The terms, recounted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from primum.dossier.figures import Forest, ForestRow
from primum.dossier.loaded_like import InRolesLike, LoadedReports
from primum.dossier.loaded_numbers import Writer, slug
from primum.dossier.loaded_signals import statistic
from primum.dossier.model import Cell, Column, Figure, Ref, Table, Text, sentence

if TYPE_CHECKING:
    from primum.signals.table import SignalTable

_DRAWN: Final = 5  # terms; each is a group of up to four rows
_COUNTED: Final = "as counted"
_NONE: Final = "no report"
_LINKED: Final = "Counted with every report, whether or not it was linked to another of the same event."
_ROLES: Final = (
    "Counted by the role that the reporter gave the treatment; as counted are reports in which it is suspect or "
    "interacting."
)
_NOT_LINKED: Final = "No report was set aside as another of the same event, so duplicates change nothing here."
_NO_ROLES: Final = (
    "Roles are not varied: the cohort names roles or drugs itself, or the reports are not counted from arrays beside "
    "the store."
)


def recount_blocks(writer: Writer, answer: LoadedReports) -> list[Text | Figure]:
    """The leading terms by every way of counting, drawn and as a table; a way that is not there says why.

    Args:
        writer: makes the numbers into findings.
        answer: the loaded reports.
    """
    table, leading = answer.signals, answer.by_use
    if table is None or leading is None or not len(leading.events):
        return []
    ways: dict[str, SignalTable | None] = {_COUNTED: table}
    if answer.unlinked is not None:
        ways["with every report"] = answer.unlinked
    ways |= {_in_words(one): one.table for one in answer.in_roles}
    said = [_LINKED if answer.unlinked is not None else _NOT_LINKED, _ROLES if answer.in_roles else _NO_ROLES]
    if len(ways) == 1:
        return [sentence(" ".join(said))]
    sizes = [
        _NONE
        if counted is None
        else writer.count(
            f"recount.{slug(way)}.reports", f"reports of the treatment, {way}", int(counted.drug_reports.max())
        )
        for way, counted in ways.items()
    ]
    rows: list[tuple[Cell, ...]] = [("Reports of the treatment", *sizes)]
    drawn: list[ForestRow] = []
    for place, event in enumerate(leading.events):
        cells = {way: _component(writer, counted, event, way) for way, counted in ways.items()}
        rows.append((event, *cells.values()))
        drawn += [
            ForestRow(way, cell.finding, event, "treated" if way == _COUNTED else "muted")
            for way, cell in cells.items()
            if place < _DRAWN and isinstance(cell, Ref)
        ]
    few = len(leading.events) > _DRAWN
    return [
        sentence(" ".join(("The same terms, counted in other ways.", *said))),
        Figure(
            id="recounts",
            title="What stands out in the loaded reports, counted in other ways",
            description=(
                "One group a reaction, one row a way of counting: the information component in bits with its 95 % "
                "interval; 0 is as expected. The first row of each group, in colour, is as counted in section 2."
                + (f" Drawn are the {_DRAWN} terms that stand out most; the table holds all." if few else "")
            ),
            drawing=Forest(tuple(drawn), axis="information component, bits; 0 is as many reports as expected"),
            twin=Table(
                id="recounts_twin",
                title="Information component, bits (95 %), by way of counting",
                columns=(Column("Reaction"), *(Column(way, number=True) for way in ways)),
                rows=tuple(rows),
            ),
        ),
    ]


def _component(writer: Writer, table: SignalTable | None, event: str, way: str) -> Cell:
    found = [] if table is None else [i for i, name in enumerate(table.event.tolist()) if name == event]
    if table is None or not found:
        return _NONE
    name = f"recount.{slug(event)}.{slug(way)}"
    return statistic(writer, table, found[0], "ic", name=name, label=f"{event}: IC, {way}")


def _in_words(one: InRolesLike) -> str:
    return "as primary suspect alone" if tuple(one.roles) == ("PS",) else "as concomitant too"
