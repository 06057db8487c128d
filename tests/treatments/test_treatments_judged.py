"""Do human judgements and screening questions rest on what the tables hold?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from primum.errors import EvidenceError
from primum.evidence.finding import Finding
from primum.treatments.load import Treatment, load_treatment

Spoil = Callable[[str, Callable[[list[dict[str, str]]], object]], Path]


def test_a_judgement_stands_with_its_reason_and_who_judged_and_changes_no_number(
    folder: Path, findings: dict[str, Finding]
) -> None:
    (folder / "certainty.csv").write_text("finding,certainty,reason,who\n", encoding="utf-8")
    (folder / "telling.toml").unlink()
    unjudged = load_treatment(folder).findings
    judged = [name for name, finding in findings.items() if finding.certainty != unjudged[name].certainty]
    assert "trials.cosmetic.headache.risk_difference" in judged
    for name in judged:
        assert replace(findings[name], certainty="") == unjudged[name]
        assert findings[name].certainty.split(":")[0] in ("high", "moderate", "low", "very low")
        assert "judged by Primum's authors" in findings[name].certainty


def test_every_row_of_the_effects_table_was_judged(treatment: Treatment) -> None:
    from primum.dossier.telling import read_telling

    telling = read_telling(treatment.folder, findings=treatment.findings, sources=treatment.sources)
    for outcome in (*telling.outcomes, *telling.benefits, *telling.harms):
        assert treatment.findings[f"{outcome.contrast}.risk_difference"].certainty, outcome.contrast


def test_a_judgement_of_a_finding_that_is_not_there_is_a_fault(spoil: Spoil) -> None:
    folder = spoil("certainty", lambda rows: rows[0].update(finding="trials.cosmetic.any_ea.risk_difference"))
    with pytest.raises(EvidenceError, match=r"certainty.csv, row 2, column finding: no finding .*any_ea"):
        load_treatment(folder)


def test_a_judgement_without_its_reason_is_a_fault(spoil: Spoil) -> None:
    with pytest.raises(EvidenceError, match=r"certainty.csv, row 2, column reason: empty"):
        load_treatment(spoil("certainty", lambda rows: rows[0].update(reason="")))


def test_a_question_without_a_fact_behind_it_is_a_fault(spoil: Spoil) -> None:
    with pytest.raises(
        EvidenceError, match=r'screening.csv, row 3, column facts: no key "contraindication.hyper"; .*did you mean'
    ):
        load_treatment(spoil("screening", lambda rows: rows[1].update(facts="contraindication.hyper")))


def test_every_contraindication_warning_and_interaction_is_asked_about(treatment: Treatment) -> None:
    asked = {key for row in treatment.tables["screening"] for key in row.items("facts")}
    topics = ("boxed warning", "contraindication", "warning", "interaction", "population")
    wanted = {row["key"] for row in treatment.tables["practice"] if row["topic"] in topics}
    assert wanted <= asked


def test_thresholds_are_the_ratio_of_the_differences_and_warn_that_they_are_no_verdict(
    findings: dict[str, Finding],
) -> None:
    gain = findings["benefits.lateral_canthal_lines.carruthers2014.subject.risk_difference"]
    for harm in ("headache", "bruising", "eyelid_ptosis"):
        threshold = findings[f"weighed.threshold.{harm}"]
        assert threshold.value == pytest.approx(gain.value / findings[f"trials.cosmetic.{harm}.risk_difference"].value)
        assert threshold.interval is not None
        assert threshold.interval.lower < threshold.value < threshold.interval.upper
        assert "sensitivity only" in " ".join(threshold.warnings)
    assert "no probability that treatment is right" in " ".join(findings["weighed.acceptability"].warnings)


def test_a_weighed_row_without_counted_arms_is_a_fault(spoil: Spoil) -> None:
    folder = spoil("weighed", lambda rows: rows[1].update(contrast="benefits.glabellar_lines.ev001.composite"))
    with pytest.raises(
        EvidenceError, match=r"weighed.csv, row 3, column contrast: .*ev001.composite; expected a contrast"
    ):
        load_treatment(folder)


def test_two_benefits_are_a_fault(spoil: Spoil) -> None:
    with pytest.raises(EvidenceError, match=r"weighed.csv, column role: 2 benefits and 2 harms; expected one benefit"):
        load_treatment(spoil("weighed", lambda rows: rows[2].update(role="benefit")))


def test_dose_series_with_counted_arms_get_a_number_and_others_say_why_not(findings: dict[str, Finding]) -> None:
    """Joseph 2021, week 24: 42, 52, 46 and 56 of 80, 80, 80 and 81 people, 4 of 78 on placebo."""
    from primum.evidence.dose_response import dose_response, from_counts

    trial = from_counts(
        [0, 50, 75, 100, 125], [4, 42, 52, 46, 56], [78, 80, 80, 80, 81], unit="abobotulinumtoxinA units"
    )
    twice, half = (findings[f"dose_response.abo_week24.{last}"] for last in ("doubling", "ed50"))
    assert twice.value == pytest.approx(2 ** dose_response([trial]).slope)
    assert half.value == dose_response([trial], shape="emax").ed50
    assert half.unit == "abobotulinumtoxinA units"
    told = [findings[f"dose_response.abo_week24.share_{dose}"] for dose in (50, 75, 100, 125)]
    assert [f.interval is not None and f.interval.lower < f.value < f.interval.upper for f in told] == [True] * 4
    assert sum(f.value for f in told) / 4 == pytest.approx((42 + 52 + 46 + 56) / 321, abs=0.005)
    assert {name.split(".")[1] for name in findings if ".share_" in name} == {"abo_week24", "abo_week36"}
    unknown = findings["dose_response.ona_week24.doubling"]
    assert unknown.value is None
    assert "does not print how many people" in unknown.warnings[0]
    assert "20 people a dose are assumed" in " ".join(findings["dose_response.ona_relapse.doubling"].warnings)
    empty = findings["dose_response.abo_week36.ed50"]
    assert empty.value is None
    assert "nothing is added to a cell" in empty.warnings[0]


def test_a_dose_series_of_two_products_is_a_fault(spoil: Spoil) -> None:
    contrast = "benefits.glabellar_lines.dose_study2022.responder_20"
    folder = spoil("dose_series", lambda rows: rows[1].update(contrast=contrast))
    with pytest.raises(EvidenceError, match=r"dose_series.csv, row 3, column contrast: onabotulinumtoxinA beside abo"):
        load_treatment(folder)
