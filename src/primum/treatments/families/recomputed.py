"""Which published estimates stand beside a number computed here? Both are findings; the row says why they differ."""

from __future__ import annotations

from collections.abc import Mapping

from primum.evidence.finding import Finding
from primum.treatments.tables import EvidenceTable, Fault, hint


def recomputed_faults(table: EvidenceTable, known: Mapping[str, Finding]) -> list[Fault]:
    """A fault for each finding of the table that the other tables do not give."""
    return [
        Fault(
            table.file,
            row.line,
            column,
            f'no finding "{row[column]}"',
            f"the id of a finding{hint(row[column], known)}",
        )
        for row in table
        for column in ("published", "here")
        if row[column] not in known
    ]
