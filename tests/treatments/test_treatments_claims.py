"""Do the verdicts stand on what they say they stand on?"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from primum.errors import EvidenceError
from primum.evidence.finding import Finding
from primum.treatments.claims import Claim, ClaimResult, check_claims
from primum.treatments.load import Treatment, load_treatment
from primum.treatments.rules import names_in

Findings = dict[str, Finding]
IDS = [f"C{number:02d}" for number in range(1, 30)]


def result_of(treatment: Treatment, id: str) -> ClaimResult:
    return next(result for result in treatment.claims if result.claim.id == id)


def test_there_are_29_claims_with_the_verdicts_counted_7_11_4_6_1(treatment: Treatment) -> None:
    counted = Counter(result.claim.verdict for result in treatment.claims)
    assert counted == {"supported": 7, "partly": 11, "misleading": 4, "not supported": 6, "unverifiable": 1}
    assert [result.claim.id for result in treatment.claims] == IDS


def test_every_verdict_stands(treatment: Treatment) -> None:
    assert all(result.stands for result in treatment.claims)
    assert all(result.holds is (True if result.claim.rule else None) for result in treatment.claims)


def test_where_no_rule_decides_a_judgement_says_who_does_and_why(treatment: Treatment) -> None:
    judged = [result.claim for result in treatment.claims if not result.claim.rule]
    assert [claim.id for claim in judged] == ["C03", "C06"]
    assert all(claim.judgement.startswith("Our reading") for claim in judged)


def test_the_36_cases_are_the_serious_cosmetic_reports_of_1437(treatment: Treatment) -> None:
    """Cote 2005: 36 serious cosmetic reports in 13.5 years beside 995, 217 and 189 others."""
    cases = result_of(treatment, "C08")
    assert cases.claim.verdict == "misleading"
    assert "reports.cote2005.cosmetic.serious" in cases.findings
    assert "together 1,437 reports" in cases.claim.reason


def test_the_13_of_them_could_not_be_verified(treatment: Treatment) -> None:
    thirteen = result_of(treatment, "C09")
    assert thirteen.claim.verdict == "unverifiable"
    assert thirteen.claim.rule == "not reports.cote2005.underlying_conditions.known"


def test_the_13_is_no_longer_unverifiable_once_a_number_stands_there(treatment: Treatment, findings: Findings) -> None:
    id = "reports.cote2005.underlying_conditions"
    verified = findings | {id: replace(findings[id], value=13)}
    (checked,) = check_claims([result_of(treatment, "C09").claim], verified)
    assert checked.holds is False
    assert "its rule is false" in checked.fault


@pytest.mark.parametrize("id", [id for id in IDS if id not in ("C03", "C06")])
def test_each_rule_flipped_no_longer_gives_its_verdict(treatment: Treatment, findings: Findings, id: str) -> None:
    claim = result_of(treatment, id).claim
    (checked,) = check_claims([replace(claim, rule=f"not ({claim.rule})")], findings)
    assert checked.holds is False
    assert not checked.stands


@pytest.mark.parametrize("id", [id for id in IDS if id not in ("C03", "C06", "C09")])
def test_each_rule_falls_when_some_number_in_it_turns_round(treatment: Treatment, findings: Findings, id: str) -> None:
    """No rule is true of everything: with the values and intervals of its findings negated, it must fail."""
    claim = result_of(treatment, id).claim

    def negated(finding: Finding) -> Finding:
        if not isinstance(finding.value, int | float):
            return replace(finding, value=f"not {finding.value}")
        if finding.unit == "year":
            return replace(finding, value=2026)
        ends = finding.interval
        turned = None if ends is None else replace(ends, lower=-ends.upper - 1, upper=-ends.lower - 1)
        return replace(finding, value=-finding.value - 1, interval=turned)

    spoiled = findings | {i: negated(findings[i]) for i in result_of(treatment, id).findings}
    (checked,) = check_claims([claim], spoiled)
    assert checked.holds is False


def test_a_claim_shows_the_findings_of_its_rule_and_their_sources(treatment: Treatment) -> None:
    for result in treatment.claims:
        for name in names_in(result.claim.rule):
            assert any(
                name in (id, *(f"{id}.{part}" for part in ("lower", "upper", "known", "denominator")))
                for id in result.findings
            )
        assert set(result.sources) <= set(treatment.sources)
        assert result.sources


def test_an_unknown_finding_and_an_empty_judgement_are_faults_of_the_result() -> None:
    claim = Claim(id="X", claim="x", verdict="partly", rule="a.b > 0", findings=(), judgement="", reason="x")
    assert "no such finding" in check_claims([claim], {})[0].fault
    assert "without a rule" in check_claims([replace(claim, rule="")], {})[0].fault


def test_claims_are_worded_by_us(treatment: Treatment, shared: Path) -> None:
    """No claim or reason repeats a sentence of the notes it rests on: at most five words in a row are shared."""
    with (shared / "evidence" / "claims.csv").open(encoding="utf-8", newline="") as file:
        texts = [" ".join((row["article_claim"], row["evidence"])) for row in csv.DictReader(file)]
    for result, text in zip(treatment.claims, texts, strict=True):
        ours = f"{result.claim.claim} {result.claim.reason}"
        assert _longest_run(ours, text) <= 5, (result.claim.id, ours, text)


def _longest_run(ours: str, theirs: str) -> int:
    a, b = (["".join(c for c in word if c.isalnum()) for word in text.casefold().split()] for text in (ours, theirs))
    runs = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, word in enumerate(a):
        for j, other in enumerate(b):
            runs[i + 1][j + 1] = runs[i][j] + 1 if word == other else 0
    return max(max(row) for row in runs)


def test_evidence_that_changes_a_verdict_stops_the_treatment_until_a_person_decides(
    treatment: Treatment, tmp_path: Path
) -> None:
    """Headache on placebo of 95 and not 75 of 1,359: the excess is no longer above 0, and C21 stands on it."""
    folder = tmp_path / "changed"
    shutil.copytree(treatment.folder, folder)
    with (folder / "trials.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    (row,) = (r for r in rows if r["contrast"] == "trials.cosmetic.headache" and r["arm"] == "placebo")
    assert row["events"] == "75"
    row["events"], row["percent"] = "95", "7.0"
    with (folder / "trials.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(EvidenceError, match=r'C21: the verdict is "partly", but its rule is false'):
        load_treatment(folder)
    done = subprocess.run(
        [sys.executable, "-m", "primum", "ask", str(folder), "--html", str(tmp_path / "page.html")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "C21" in done.stderr
    assert not (tmp_path / "page.html").exists()
    claims = (folder / "claims.csv").read_text(encoding="utf-8")  # a person decides: the verdict is entered anew
    assert "C21" in claims
    rule = result_of(treatment, "C21").claim.rule
    decided = rule.replace(
        "trials.cosmetic.headache.risk_difference.lower > 0", "trials.cosmetic.headache.treated.lower > 0"
    )
    (folder / "claims.csv").write_text(claims.replace(rule, decided), encoding="utf-8")
    assert result_of(load_treatment(folder), "C21").stands
