"""How certain is a number, in whose judgement and why? No number says so by itself; a person enters it.

A judgement stands in `certainty.csv` with its reason and the name of who judged. It becomes the `certainty` of its
finding and changes no number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from primum.evidence.finding import Finding
from primum.treatments.tables import EvidenceTable, Fault, hint


def judged_findings(table: EvidenceTable, findings: Mapping[str, Finding]) -> tuple[dict[str, Finding], list[Fault]]:
    """The findings, those judged with their certainty.

    Args:
        table: `certainty`, its cells checked.
        findings: every finding under its id.

    Returns:
        The findings in their order, and a fault for each judgement of a finding that the tables do not give.
    """
    judged = dict(findings)
    faults: list[Fault] = []
    for row in table:
        name = row["finding"]
        if name not in judged:
            near = hint(name, judged)
            faults.append(Fault(table.file, row.line, "finding", f'no finding "{name}"', f"the id of a finding{near}"))
            continue
        said = f"{row['certainty']}: {row['reason']} (judged by {row['who']})"
        judged[name] = replace(judged[name], certainty=said)
    return judged, faults
