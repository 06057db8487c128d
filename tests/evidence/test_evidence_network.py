"""Does a network of trials reduce to known pooling, and agree with a second computation and simulated truth?"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.errors import PoolError
from primum.evidence.pooling import network, pool, trial_from_counts
from primum.evidence.pooling.heterogeneity import dersimonian_laird
from primum.evidence.pooling.tables import TwoArms


def counts(rng: np.random.Generator, arms: int) -> tuple[list[int], list[int]]:
    people = rng.integers(50, 300, arms)
    return np.clip(rng.binomial(people, rng.uniform(0.1, 0.6, arms)), 1, people - 1).tolist(), people.tolist()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(2, 8))
def test_with_two_treatments_it_is_dersimonian_and_laird(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    trials = [trial_from_counts(["placebo", "A"], *counts(rng, 2)) for _ in range(k)]
    found = network(trials, reference="placebo")
    y = np.array([trial.effect[0] for trial in trials])
    v = np.array([trial.covariance[0, 0] for trial in trials])
    tau2 = dersimonian_laird(y, v)
    weights = 1 / (v + tau2)
    assert found.tau2 == pytest.approx(tau2, abs=1e-10)
    assert found.estimate[0] == pytest.approx(np.sum(weights * y) / np.sum(weights))
    assert found.covariance[0, 0] == pytest.approx(1 / np.sum(weights))


def test_the_bcg_trials_give_what_the_pooling_of_two_arms_gives(shared: Path) -> None:
    """The same trials by `pool(..., method="dl")`, which is held against metafor elsewhere."""
    with (shared / "oracles" / "meta_bcg_input.csv").open(encoding="utf-8") as file:
        rows = [[int(float(cell)) for cell in list(row.values())[-4:]] for row in csv.DictReader(file)]
    trials = [trial_from_counts(["control", "BCG"], [x0, x1], [n0, n1]) for x1, n1, x0, n0 in rows]
    found = network(trials, reference="control")
    x1, n1, x0, n0 = (np.array(column) for column in zip(*rows, strict=True))
    table = TwoArms(
        study=tuple(f"trial {i}" for i in range(len(rows))),
        events_treated=x1,
        n_treated=n1,
        events_control=x0,
        n_control=n0,
    )
    pooled = pool(table, measure="OR", method="dl")
    assert found.estimate[0] == pytest.approx(pooled.estimate, abs=1e-10)
    assert found.tau2 == pytest.approx(pooled.tau2, abs=1e-10)


def test_indirect_evidence_is_the_difference_of_two_direct_ones() -> None:
    """Bucher: through placebo alone, A against B is (A - placebo) - (B - placebo), the variances added."""
    trials = [trial_from_counts(["placebo", name], [10, x], [100, 120]) for name, x in (("A", 40), ("B", 25))]
    found = network(trials, reference="placebo")
    value, interval = found.between("A", "B")
    assert value == pytest.approx(float(trials[0].effect[0] - trials[1].effect[0]))
    se = np.sqrt(trials[0].covariance[0, 0] + trials[1].covariance[0, 0])
    assert interval.upper - value == pytest.approx(1.959964 * se, rel=1e-6)
    assert (found.df, found.p) == (0, None)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_neither_the_reference_nor_the_first_arm_of_a_trial_matters(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arms = [("P", "A"), ("P", "B"), ("A", "B"), ("P", "A", "B"), ("P", "C"), ("P", "A")]
    given_counts = [counts(rng, len(names)) for names in arms]
    one = network([trial_from_counts(a, *c) for a, c in zip(arms, given_counts, strict=True)], reference="P")
    turned = [trial_from_counts(a[::-1], c[0][::-1], c[1][::-1]) for a, c in zip(arms, given_counts, strict=True)]
    other = network(turned, reference="B")
    assert one.tau2 == pytest.approx(other.tau2, abs=1e-9)
    assert one.q == pytest.approx(other.q, rel=1e-8)
    for pair in (("A", "P"), ("A", "B"), ("C", "B")):
        assert one.between(*pair)[0] == pytest.approx(other.between(*pair)[0], abs=1e-9)
        assert one.between(*pair)[1].upper == pytest.approx(other.between(*pair)[1].upper, abs=1e-9)


def test_a_trial_of_three_arms_agrees_with_logistic_regression() -> None:
    """A second computation: with one trial the odds ratios of its own table, and their variances."""
    trial = trial_from_counts(["P", "A", "B"], [10, 30, 50], [100, 100, 100])
    found = network([trial], reference="P")
    assert found.estimate == pytest.approx(np.log([30 / 70 / (10 / 90), 1 / (10 / 90)]))
    assert np.diag(found.covariance) == pytest.approx(
        [1 / 30 + 1 / 70 + 1 / 10 + 1 / 90, 1 / 50 + 1 / 50 + 1 / 10 + 1 / 90]
    )


def test_simulated_networks_give_back_effects_and_the_variance_between_trials() -> None:
    """SYNTHETIC: effects 0.5, 1.0 and 1.5 against placebo, variance between trials 0.2, 60 trials of 4,000 an arm."""
    rng = np.random.default_rng(7)
    truth = {"P": 0.0, "A": 0.5, "B": 1.0, "C": 1.5}
    trials = []
    for names in [("P", "A"), ("P", "B"), ("P", "C"), ("A", "B"), ("P", "A", "C")] * 12:
        logits = [-1 + truth[name] + rng.normal(0, np.sqrt(0.2 / 2)) for name in names]  # half in each arm
        people = [4000] * len(names)
        trials.append(trial_from_counts(names, rng.binomial(people, 1 / (1 + np.exp(-np.array(logits)))), people))
    found = network(trials, reference="P")
    assert found.tau2 == pytest.approx(0.2, abs=0.08)
    for name, estimate, variance in zip(found.treatments, found.estimate, np.diag(found.covariance), strict=True):
        assert estimate == pytest.approx(truth[name], abs=3.5 * np.sqrt(variance))


def test_islands_unknown_names_and_empty_arms_are_refused() -> None:
    one, apart = (trial_from_counts(names, [5, 10], [50, 50]) for names in (["P", "A"], ["B", "C"]))
    with pytest.raises(PoolError, match="B, C is joined by no trial to A, P"):
        network([one, apart], reference="P")
    with pytest.raises(PoolError, match="joined by no trial"):
        network([one], reference="placebo")
    with pytest.raises(PoolError, match="0 events in 50 people; expected neither nobody nor everybody"):
        trial_from_counts(["P", "A"], [0, 10], [50, 50])
    with pytest.raises(PoolError, match="expected"):
        network([], reference="P")
