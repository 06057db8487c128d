"""Which claims about a treatment hold? `primum check`: verdicts, and the numbers that decide them."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import typer

from primum.cli.options import JsonFile, TreatmentName

if TYPE_CHECKING:
    from primum.treatments.claims import ClaimResult
    from primum.treatments.load import Treatment

SCHEMA: Final = "primum.claims/1"
_WIDTHS: Final = (3, 24, 13, 34)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(treatment: TreatmentName, *, json_file: JsonFile = None) -> None:
    """Check popular claims: each with its verdict and the numbers that decide it."""
    from primum.cli.output import tell
    from primum.treatments.load import load_treatment

    about = load_treatment(treatment)
    tell(json_file, lambda: _plain(about), lambda: _lines(about))


def _plain(about: Treatment) -> dict[str, Any]:
    """The claims as plain data, with the findings and sources that they name."""
    findings = dict.fromkeys(id for result in about.claims for id in result.findings)
    sources = dict.fromkeys(id for result in about.claims for id in result.sources)
    return {
        "schema": SCHEMA,
        "treatment": about.id,
        "evidence_to": about.evidence_to,
        "evidence_hash": about.evidence_hash,
        "verdicts": _counts(about),
        "claims": [result.as_json() for result in about.claims],
        "findings": [about.findings[id].as_json() for id in findings],
        "sources": [asdict(about.sources[id]) for id in sources],
    }


def _counts(about: Treatment) -> dict[str, int]:
    from primum.treatments.claims import VERDICTS

    counted = Counter(result.claim.verdict for result in about.claims)
    return {verdict: counted[verdict] for verdict in VERDICTS}


def _lines(about: Treatment) -> list[str]:
    """The answer for the screen, at most 80 columns."""
    from primum.cli.columns import paragraph, row_lines, rule

    told = ", ".join(f"{verdict} {count}" for verdict, count in _counts(about).items())
    lines = paragraph(f"{len(about.claims)} claims about {about.short_name}: {told}.")
    lines += ["", *row_lines(("", "claim", "verdict", "decided by"), _WIDTHS), rule(_WIDTHS)]
    for result in about.claims:
        claim = result.claim
        lines += row_lines((claim.id, claim.claim, claim.verdict, _decided_by(about, result)), _WIDTHS)
        lines += [*paragraph(claim.reason, indent=5), ""]
    lines += paragraph("Reports are not counts of people harmed. Rules, sources and warnings: --json.")
    return lines


def _decided_by(about: Treatment, result: ClaimResult) -> str:
    """The numbers of the rule, one a line; where no number decides, the judgement."""
    from primum.dossier.render.numbers import show
    from primum.treatments.rules import finding_of, names_in

    rule_ids = dict.fromkeys(finding_of(name, about.findings) for name in names_in(result.claim.rule))
    told = [f"{about.findings[id].label}: {show(about.findings[id], 'quantity_range')}" for id in rule_ids]
    return "\n".join(told) or f"human judgement: {result.claim.judgement}"
