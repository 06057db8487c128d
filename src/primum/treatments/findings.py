"""Which numbers do a treatment's evidence tables give? Computed from the tables, never typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from primum.evidence.finding import Finding
from primum.treatments.families.arms import arm_findings
from primum.treatments.families.certainty import judged_findings
from primum.treatments.families.derived import derived_findings
from primum.treatments.families.dose_series import series_findings
from primum.treatments.families.doses import dose_findings
from primum.treatments.families.facts import (
    benefit_findings,
    exposure_findings,
    mechanism_findings,
    practice_findings,
    time_findings,
)
from primum.treatments.families.networks import network_findings
from primum.treatments.families.pooled import pooled_findings
from primum.treatments.families.recomputed import recomputed_faults
from primum.treatments.families.reports import report_findings
from primum.treatments.families.resistance import antibody_findings
from primum.treatments.families.weighed import weighed_findings
from primum.treatments.tables import EvidenceTable, Fault


def compute_findings(tables: Mapping[str, EvidenceTable]) -> tuple[dict[str, Finding], list[Fault]]:
    """Every finding of the tables, under its id, and the faults that only computing shows.

    Args:
        tables: all tables of a treatment, already checked.

    Returns:
        Findings in the order of the answer's sections, those that somebody judged with their certainty, and faults: an
        id given twice, an input that is not there.
    """
    found: dict[str, Finding] = {}
    faults: list[Fault] = []
    for file, finding in _families(tables):
        if finding.id in found:
            faults.append(Fault(file, None, "", f"a second finding named {finding.id}", "one name for one number"))
        found.setdefault(finding.id, finding)
    derived, more = derived_findings(tables["derived"], found)
    for finding in derived:
        if finding.id in found:
            more.append(Fault("derived.csv", None, "id", f"a second finding named {finding.id}", "a name of its own"))
        found.setdefault(finding.id, finding)
    treated = {
        row["contrast"]: row for name in ("trials", "efficacy") for row in tables[name] if row["arm"] == "active"
    }
    for findings, met in (
        series_findings(tables),
        pooled_findings(tables["pools"], found),
        network_findings(tables["networks"], treated, found),
        weighed_findings(tables["weighed"], found),
    ):
        found |= {finding.id: finding for finding in findings}
        more += met
    judged, unknown = judged_findings(tables["certainty"], found)
    return judged, faults + more + unknown + recomputed_faults(tables["recomputed"], found)


def _families(tables: Mapping[str, EvidenceTable]) -> Iterator[tuple[str, Finding]]:
    for name, findings in (
        ("reports", report_findings(tables["reports"])),
        ("exposure", exposure_findings(tables["exposure"])),
        ("trials", arm_findings(tables["trials"])),
        ("efficacy", arm_findings(tables["efficacy"])),
        ("indications", benefit_findings(tables["indications"])),
        ("doses", dose_findings(tables["doses"], tables["lethal_routes"])),
        ("antibodies", antibody_findings(tables["antibodies"])),
        ("practice", practice_findings(tables["practice"])),
        ("time_course", time_findings(tables["time_course"])),
        ("mechanism", mechanism_findings(tables["mechanism"])),
    ):
        for finding in findings:
            yield tables[name].file, finding
