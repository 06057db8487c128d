"""Are trials pooled from the counts their tables print, and is it said what one study or one estimator does?"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from primum.errors import EvidenceError
from primum.evidence.finding import Finding
from primum.evidence.pooling import TwoArms, pool
from primum.treatments.load import Treatment, load_treatment

Findings = dict[str, Finding]
AREAS = {
    "frown line trials": ("glabellar",),
    "crow's feet trials": ("lateral_canthal", "lateral_canthal_glabellar"),
    "forehead trials": ("forehead_glabellar", "upper_face_combined"),
}
EVENTS = (
    "any_ae",
    "headache",
    "nasopharyngitis",
    "bruising",
    "upper_respiratory_infection",
    "haematoma",
    "sinusitis",
    "influenza",
    "bronchitis",
    "eyelid_ptosis",
)


@pytest.mark.parametrize("event", EVENTS)
def test_the_groups_of_trials_add_up_to_the_printed_sum(findings: Findings, event: str) -> None:
    """Brin 2023, Table IV: people and events of three groups of trials make those of its last two columns."""
    treated = [findings[f"trials.cosmetic.{area}.{event}.treated"] for areas in AREAS.values() for area in areas]
    placebo = [findings[f"trials.cosmetic.{areas[0]}.{event}.placebo"] for areas in AREAS.values()]
    for arms, name in ((treated, "treated"), (placebo, "placebo")):
        whole = findings[f"trials.cosmetic.{event}.{name}"]
        assert sum(arm.numerator or 0 for arm in arms) == whole.numerator
        assert sum(arm.denominator or 0 for arm in arms) == whole.denominator


def test_drooping_eyelids_pooled_are_those_of_the_counts_typed_by_hand(findings: Findings) -> None:
    """16/665 and 0/236; 5/1,729 and 1/808; 17/1,037 and 1/315: Mantel-Haenszel by the textbook sum."""
    a, n, c, m = (np.array(column) for column in ((16, 5, 17), (665, 1729, 1037), (0, 1, 1), (236, 808, 315)))
    weights = n * m / (n + m)
    by_hand = float(((a / n - c / m) * weights).sum() / weights.sum())
    assert findings["pooled.eyelid_ptosis.risk_difference"].value == pytest.approx(by_hand, rel=1e-12)
    assert findings["pooled.eyelid_ptosis.crude"].value == pytest.approx(38 / 3431 - 2 / 1359, rel=1e-12)


def test_headache_is_above_0_added_up_and_not_within_groups_of_trials(findings: Findings) -> None:
    crude, within = (findings[name].interval for name in _both("headache"))
    assert crude is not None
    assert within is not None
    assert crude.lower > 0 > within.lower


def test_a_study_left_out_is_pooled_from_the_others(findings: Findings) -> None:
    rest = TwoArms(
        study=("a", "b"),
        events_treated=np.array([5, 17]),
        n_treated=np.array([1729, 1037]),
        events_control=np.array([1, 1]),
        n_control=np.array([808, 315]),
    )
    expected = pool(rest, measure="RD", method="mh").estimate
    assert findings["pooled.eyelid_ptosis.without.0"].value == pytest.approx(expected, rel=1e-12)


def test_the_curve_holds_every_estimator_over_every_choice_and_no_spread_from_two_studies(findings: Findings) -> None:
    ways = [name.removeprefix("pooled.headache.spec.") for name in findings if name.startswith("pooled.headache.spec.")]
    assert len(ways) == 5 * 5
    pairs = [name for name in findings if name.startswith("pooled.eyelid_ptosis.spec.without")]
    assert len(pairs) == 3 * 3
    assert not [name for name in pairs if name.endswith(("reml", "hksj"))]


def test_a_cochrane_review_stands_beside_what_can_be_recomputed(treatment: Treatment, findings: Findings) -> None:
    """CD011301, Comparison 2: outcomes 2.4 (RR 1.14, 0.89 to 1.45) and 2.2 (Peto OR 3.62, 1.50 to 8.74)."""
    printed = findings["trials.cochrane2021.any_ae.published"]
    assert (printed.value, printed.interval.lower, printed.interval.upper) == (1.14, 0.89, 1.45)  # type: ignore[union-attr]
    here = findings["trials.cosmetic.glabellar.any_ae.risk_ratio"]
    assert here.value == pytest.approx((300 / 665) / (94 / 236))
    assert here.interval is not None
    assert here.interval.lower < 1.14 < here.interval.upper
    peto = findings["trials.cosmetic.glabellar.eyelid_ptosis.peto"]
    expected, variance = 16 * 665 / 901, 665 * 236 * 16 * 885 / (901**2 * 900)
    assert peto.value == pytest.approx(np.exp((16 - expected) / variance), rel=1e-9)
    assert all(row["why"] for row in treatment.tables["recomputed"])


def test_three_products_stand_against_placebo_and_indirectly_against_each_other(findings: Findings) -> None:
    network = {
        name.removeprefix("network.two_grades."): f for name, f in findings.items() if name.startswith("network")
    }
    products = [name for name in network if "_over_" not in name]
    assert sorted(products) == ["abobotulinumtoxinA", "daxibotulinumtoxinA", "incobotulinumtoxinA"]
    for name, found in network.items():
        one, _, other = name.partition("_over_")
        if other:
            assert found.value == pytest.approx(network[one].value - network[other].value)  # type: ignore[operator]
            assert any("indirect" in warning for warning in found.warnings)
    # one trial of the product: the network can only give back what it printed
    assert network["abobotulinumtoxinA"].value == pytest.approx(0.658)


@pytest.mark.parametrize(
    ("table", "row", "said"),
    [
        ("pools", ["lone", "a", "x", "trials.cosmetic.any_ae", "trials.cosmetic.any_ae", "no", ""], "two studies"),
        (
            "pools",
            ["headache", "z", "headache", "trials.nowhere", "trials.cosmetic.any_ae", "yes", ""],
            "trials.nowhere",
        ),
        (
            "pools",
            [
                "headache",
                "z",
                "headache",
                "trials.abobotulinum_solution.headache",
                "trials.cosmetic.headache",
                "yes",
                "",
            ],
            "each arm in one study",
        ),
        ("networks", ["few", "benefits.glabellar_lines.daxi_china.composite", "x"], "3 products or more"),
        ("networks", ["two_grades", "trials.nowhere", "x"], "whose two arms have an interval"),
        ("recomputed", ["z", "x", "trials.nowhere", "trials.cosmetic.headache.risk_ratio", "x"], "trials.nowhere"),
    ],
)
def test_a_row_that_cannot_be_pooled_is_a_fault(
    tmp_path: Path, treatment: Treatment, table: str, row: list[str], said: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(treatment.folder, folder)
    with (folder / f"{table}.csv").open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(row)
    with pytest.raises(EvidenceError, match=said):
        load_treatment(folder)


def _both(name: str) -> tuple[str, str]:
    return f"pooled.{name}.crude", f"pooled.{name}.risk_difference"


def test_antibodies_over_the_indications_of_a_use_are_those_of_the_binomial_normal_model(findings: Findings) -> None:
    """Jankovic 2023, Table 3: nine therapeutic indications, 24 of 4,151 people; the share lies between the extremes."""
    name = "resistance.pooled.jankovic2023.therapeutic.any_time_after_treatment"
    found = findings[name]
    counts = [(4, 319), (4, 973), (0, 501), (2, 406), (8, 589), (3, 956), (3, 299), (0, 108)]
    assert found.population.count(",") >= len(counts) - 1
    added_up = sum(x for x, _ in counts) / sum(n for _, n in counts)
    assert found.interval is not None
    assert found.interval.lower < added_up < found.interval.upper
    assert isinstance(found.value, float)
    assert 0 < found.value < 8 / 589


def test_the_quoted_shares_of_antibodies_stand_side_by_side_with_why(treatment: Treatment) -> None:
    """0.5 % (Jankovic 2023, counted), 2.1 % (review of 2017), 20 % (Fabbri 2016, dystonia)."""
    row = next(r for r in treatment.tables["derived"] if r["id"] == "resistance.antibody.across_sources")
    shares = [treatment.findings[name].value for name in row.items("inputs")]
    assert [round(100 * float(share or 0), 1) for share in shares] == [0.5, 2.1, 20.0]
    assert "other uses, doses, products and tests" in row["warning"]
