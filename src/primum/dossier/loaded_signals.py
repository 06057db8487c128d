"""Which reactions stand out in the loaded reports, by several measures, with the threshold beside them?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from primum.dossier.caveats import Caveats
from primum.dossier.figures import Forest, ForestRow
from primum.dossier.loaded_numbers import Writer, slug
from primum.dossier.loaded_tables import MOST
from primum.dossier.model import Cell, Column, Figure, Ref, Table, Text, sentence
from primum.terms import OF_HARM

if TYPE_CHECKING:
    from primum.signals.table import SignalTable

_MEASURES: Final = ("ic", "prr", "ebgm")
FEWEST: Final = 3  # reports a pair must have to be shown as standing out; the usual least count of the field


def signal_blocks(writer: Writer, table: SignalTable | None, name: str, title: str) -> list[Text | Table | Figure]:
    """What stands out in the harm bin, strongest first; the threshold and the number of pairs looked at beside it."""
    if table is None:
        return []
    ranked = table.ranked("ic_lower")
    harms = [i for i in range(len(ranked)) if ranked.bin[i] in OF_HARM and ranked.observed[i] >= FEWEST]
    shown = [i for i in harms if ranked.ic_lower[i] > 0][:MOST]
    above = sum(1 for i in harms if ranked.ic_lower[i] > 0)
    several = len(set(ranked.drug.tolist())) > 1
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = []
    drawn: list[ForestRow] = []
    for i in shown:
        event = f"{ranked.event[i]} ({ranked.drug[i]})" if several else str(ranked.event[i])
        stem = f"signal.{name}.{slug(event)}"
        cells = [
            statistic(writer, ranked, i, kind, name=f"{stem}.{kind}", label=f"{event}: {kind.upper()}")
            for kind in _MEASURES
        ]
        if isinstance(cells[0], Ref):
            drawn.append(ForestRow(event, cells[0].finding))
        observed = writer.count(f"{stem}.observed", f"{event}: reports", int(ranked.observed[i]))
        rows.append(((event, caveats.mark(str(ranked.warnings[i]).split("; "))), observed, *cells))
    said = (
        f"{title}, in reports. Counted: {cohort_words(table.cohort)}; compared with {cohort_words(table.comparator)}. "
        f"{len(ranked):,} pairs were looked at, so some stand out by chance; {above:,} harm terms with at least "
        f"{FEWEST} reports have an IC whose 95 % interval lies above 0. A term that stands out is a question, not a "
        "proof."
    )
    twin = Table(
        id=f"signals_{name}_twin",
        title=f"{title}: harm terms that stand out most",
        columns=(
            Column("Reaction"),
            Column("Reports", number=True),
            Column("IC, bits (95 %)", number=True),
            Column("PRR (95 %)", number=True),
            Column("EBGM (EB05 to EB95)", number=True),
        ),
        rows=tuple(rows),
        note=" ".join(table.notes),
        caveats=caveats.lines(),
    )
    blocks: list[Text | Table | Figure] = [sentence(said)]
    if drawn:
        description = "One row a reaction: the information component in bits, with its 95 % interval; 0 is as expected."
        drawing = Forest(tuple(drawn), axis="information component, bits; 0 is as many reports as expected")
        blocks.append(
            Figure(f"signals_{name}", f"{title}: reports compared with what is expected", description, drawing, twin)
        )
    return blocks


def statistic(writer: Writer, table: SignalTable, row: int, kind: str, *, name: str, label: str) -> Cell:
    """One measure of one row; words where it was not asked for or could not be computed."""
    methods = {method.id: method for method in table.methods}
    if kind not in methods:
        return "not computed"
    ends = ("eb05", "eb95") if kind == "ebgm" else (f"{kind}_lower", f"{kind}_upper")
    lower, value, upper = (float(getattr(table, column)[row]) for column in (ends[0], kind, ends[1]))
    level = 0.9 if kind == "ebgm" else table.level  # EB05 to EB95
    return writer.statistic(name, label, (lower, value, upper), level=level, method=methods[kind])


def cohort_words(text: str) -> str:
    """A cohort as it stands in a sentence."""
    return "every report" if text in ("", "*") else text
