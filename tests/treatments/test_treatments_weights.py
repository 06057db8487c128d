"""Do a reader's own weights give the balance that the counts give, and are wrong weights told together?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from primum.errors import EvidenceError, WeightsError
from primum.evidence.finding import Finding
from primum.evidence.weights import net_benefit
from primum.treatments.load import Treatment, load_treatment
from primum.treatments.weights import read_weights, weighed_by

WEIGHTS = {"crows_feet": 2.0, "headache": 1.0, "bruising": 0.5, "eyelid_ptosis": 10.0}


def balance(treatment: Treatment, weights: dict[str, float]) -> dict[str, Finding]:
    return {f.id.removeprefix("weighed.yours."): f for f in weighed_by(weights, treatment)}


def test_the_balance_is_the_benefit_less_the_weighed_harms(treatment: Treatment) -> None:
    differences = {
        row["key"]: treatment.findings[f"{row['contrast']}.risk_difference"].value
        for row in treatment.tables["weighed"]
    }
    found = balance(treatment, WEIGHTS)
    by_hand = differences["crows_feet"] - (
        0.5 * differences["headache"] + 0.25 * differences["bruising"] + 5 * differences["eyelid_ptosis"]
    )
    assert found["balance"].value == pytest.approx(by_hand, rel=1e-12)
    assert found["none.headache"].value == pytest.approx(by_hand + 0.5 * differences["headache"], rel=1e-12)
    assert found["double.headache"].value == pytest.approx(by_hand - 0.5 * differences["headache"], rel=1e-12)


def test_at_the_threshold_weight_the_balance_is_nothing(treatment: Treatment) -> None:
    threshold = treatment.findings["weighed.threshold.headache"].value
    assert isinstance(threshold, float)
    weights = {"crows_feet": 1.0, "headache": threshold, "bruising": 0.0, "eyelid_ptosis": 0.0}
    assert balance(treatment, weights)["balance"].value == pytest.approx(0, abs=1e-12)


def test_only_the_ratio_of_weights_counts_and_draws_are_seeded(treatment: Treatment) -> None:
    tenfold = {key: 10 * value for key, value in WEIGHTS.items()}
    first, second = balance(treatment, WEIGHTS)["balance"], balance(treatment, tenfold)["balance"]
    assert (first.value, first.interval) == (second.value, second.interval)


def test_a_balance_is_said_to_be_no_verdict(treatment: Treatment) -> None:
    for finding in balance(treatment, WEIGHTS).values():
        assert any(warning.startswith("sensitivity only") for warning in finding.warnings)


def test_all_faults_of_a_file_are_told_together(treatment: Treatment, tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text('crows_feet = 0\nheadach = 1\nbruising = -1\neyelid_ptosis = "much"\n', encoding="utf-8")
    with pytest.raises(WeightsError) as caught:
        read_weights(file, treatment)
    said = str(caught.value)
    assert "5 faults" in said
    for part in ('did you mean "headache"', "crows_feet is 0", "headache is missing", "bruising is -1", "'much'"):
        assert part in said


def test_a_file_that_is_no_toml_and_a_treatment_that_weighs_nothing_are_said(tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text("headache: 1", encoding="utf-8")
    with pytest.raises(WeightsError, match="expected TOML"):
        read_weights(file, load_treatment("anti-wrinkle"))
    with pytest.raises(WeightsError, match=r"weighed\.csv is empty"):
        read_weights(file, load_treatment("isotretinoin"))


@pytest.mark.parametrize("weights", [[-1.0], [1.0, 1.0], [np.nan]])
def test_weights_that_are_none_are_refused(weights: list[float]) -> None:
    with pytest.raises(EvidenceError, match="one a harm"):
        net_benefit((5, 10, 1, 10), [(3, 10, 1, 10)], weights=weights, rng=np.random.default_rng(1))
