"""What is said about the treatment, and does it hold?

A verdict stands on a rule over findings, or on a judgement that says who decides and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from primum.errors import RuleError
from primum.evidence.finding import Finding
from primum.treatments.families.caveats import once
from primum.treatments.rules import finding_of, holds, names_in
from primum.treatments.tables import EvidenceTable, Fault

Verdict = Literal["supported", "partly", "misleading", "not supported", "unverifiable"]
VERDICTS: Final[tuple[Verdict, ...]] = ("supported", "partly", "misleading", "not supported", "unverifiable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim with the verdict given to it.

    Args:
        id: short id.
        claim: what is claimed, in our words.
        verdict: one of `VERDICTS`.
        rule: condition over findings that is true exactly when the verdict stands; empty where no number decides.
        findings: ids of further findings shown beside it.
        judgement: who decides and why, where no number does.
        reason: the verdict explained.
        sources: ids of sources beyond those of the findings.
    """

    id: str
    claim: str
    verdict: Verdict
    rule: str
    findings: tuple[str, ...]
    judgement: str
    reason: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimResult:
    """A claim after its check.

    Args:
        claim: the claim checked.
        holds: whether its rule is true; None where no rule decides or where it cannot be read.
        findings: ids of the findings that decide or explain it, those of the rule first.
        sources: ids of all sources behind it.
        fault: why the verdict does not stand; empty where it does.
    """

    claim: Claim
    holds: bool | None
    findings: tuple[str, ...]
    sources: tuple[str, ...]
    fault: str = ""

    @property
    def stands(self) -> bool:
        """Whether the verdict may be shown."""
        return not self.fault

    def as_json(self) -> dict[str, Any]:
        """The claim as plain data, the form in which it stands in `--json`."""
        return {
            "id": self.claim.id,
            "claim": self.claim.claim,
            "verdict": self.claim.verdict,
            "rule": self.claim.rule,
            "holds": self.holds,
            "judgement": self.claim.judgement,
            "findings": list(self.findings),
            "reason": self.claim.reason,
            "sources": list(self.sources),
        }


def claims_of(table: EvidenceTable) -> tuple[Claim, ...]:
    """The claims of a checked table, in its order."""
    by_word = {str(verdict): verdict for verdict in VERDICTS}
    return tuple(
        Claim(
            id=row["id"],
            claim=row["claim"],
            verdict=by_word[row["verdict"]],
            rule=row["rule"],
            findings=row.items("findings"),
            judgement=row["judgement"],
            reason=row["reason"],
            sources=row.items("sources"),
        )
        for row in table
    )


def check_claims(claims: Iterable[Claim], findings: Mapping[str, Finding]) -> tuple[ClaimResult, ...]:
    """Check each claim's rule against the findings.

    Args:
        claims: the claims.
        findings: findings under their ids.

    Returns:
        One result a claim, in their order; `fault` says why a verdict does not stand.

    Examples:
        >>> deaths = Finding(id="reports.deaths", label="", value=0, unit="reports", sources=("s",))
        >>> claim = Claim(id="X1", claim="Nobody died.", verdict="supported", rule="reports.deaths == 0",
        ...               findings=(), judgement="", reason="None was reported.")
        >>> check_claims([claim], {"reports.deaths": deaths})[0].holds
        True
    """
    return tuple(_check(claim, findings) for claim in claims)


def claim_faults(table: EvidenceTable, results: Iterable[ClaimResult]) -> list[Fault]:
    """The verdicts that do not stand, as faults of their rows."""
    lines = {row["id"]: row.line for row in table}
    return [
        Fault(
            table.file,
            lines[result.claim.id],
            "rule",
            f"{result.claim.id}: {result.fault}",
            "a verdict that its rule gives",
        )
        for result in results
        if result.fault
    ]


def _check(claim: Claim, findings: Mapping[str, Finding]) -> ClaimResult:
    truth: bool | None = None
    fault = ""
    ids: tuple[str, ...] = ()
    try:
        ids = once((*(finding_of(name, findings) for name in names_in(claim.rule)), *_known(claim.findings, findings)))
        if claim.rule:
            truth = holds(claim.rule, findings)
            if not truth:
                fault = f'the verdict is "{claim.verdict}", but its rule is false: {claim.rule}'
        elif not claim.judgement:
            fault = (
                f'the verdict is "{claim.verdict}" without a rule and without a judgement that says who decides and why'
            )
    except RuleError as error:
        fault = str(error)
    behind = (source for id in ids for source in findings[id].sources)
    return ClaimResult(claim=claim, holds=truth, findings=ids, sources=once((*behind, *claim.sources)), fault=fault)


def _known(ids: Iterable[str], findings: Mapping[str, Finding]) -> tuple[str, ...]:
    return tuple(finding_of(id, findings) for id in ids)
