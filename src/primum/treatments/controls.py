"""What is a treatment compared with to see whether its reports deceive? A negative control and an active comparator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from primum.counts.cohort import parse
from primum.errors import CohortError
from primum.treatments.tables import EvidenceTable, Fault
from primum.vocab.reactions import normal

NEGATIVE: Final = "negative control"
ACTIVE: Final = "active comparator"
JUDGED: Final = "judgement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A control of a treatment.

    Args:
        kind: `NEGATIVE` or `ACTIVE`.
        name: what it is called.
        counted: the preferred term of a negative control; the substances of a comparator, separated by `;`.
        against: which of the treatment's reports stand against the comparator, as a cohort; empty for all.
        why: the reason for the choice.
        judged: nobody but Primum's authors says so.
        sources: ids of what says so otherwise.
    """

    kind: str
    name: str
    counted: str
    against: str
    why: str
    judged: bool
    sources: tuple[str, ...]


def controls_of(table: EvidenceTable) -> tuple[Control, ...]:
    """The controls of a treatment, in the order of its table.

    Examples:
        >>> from primum.treatments.load import load_treatment
        >>> [control.kind for control in controls_of(load_treatment("anti-wrinkle").tables["controls"])]
        ['negative control', 'active comparator']
    """
    return tuple(
        Control(
            kind=row["kind"],
            name=row["name"],
            counted=row["counted"],
            against=row["against"],
            why=row["why"],
            judged=row["basis"] == JUDGED,
            sources=row.items("source"),
        )
        for row in table
    )


def control_faults(tables: Mapping[str, EvidenceTable]) -> Iterable[Fault]:
    """A term that is no term, a cohort that cannot be read, a reason that nobody answers for."""
    table = tables["controls"]
    for row in table:
        negative = row["kind"] == NEGATIVE
        if negative and row["counted"] != normal(row["counted"]):
            expected = f"the preferred term as reports are counted by it, {normal(row['counted'])}"
            yield Fault(table.file, row.line, "counted", f'"{row["counted"]}"', expected)
        if negative and row["against"]:
            given = f'"{row["against"]}" beside a negative control'
            yield Fault(table.file, row.line, "against", given, "an empty cell: all reports of the treatment are meant")
        try:
            parse(row["against"])
        except CohortError as error:
            yield Fault(table.file, row.line, "against", str(error).rstrip("."), "a cohort that can be read")
        if (row["basis"] == JUDGED) == bool(row["source"]):
            given = f"{row['basis']}, {row['source'] or 'no source'}"
            yield Fault(table.file, row.line, "source", given, "sources for a choice of theirs, none for a judgement")
