"""The hierarchical model: its likelihood a second way, its people one by one, its baselines, its gates."""

from __future__ import annotations

import importlib.resources
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binom

from primum.errors import ModelError
from primum.mechanism.baselines import BASELINES
from primum.mechanism.bayes import log_likelihood, terms_of
from primum.mechanism.hierarchy import Design, design_of, draw_responders, earlier_responders, shares_of
from primum.mechanism.kpd import share_responding
from primum.mechanism.models import load_models
from primum.mechanism.normal import normal_cdf
from primum.mechanism.observations import load_observations

FOLDER = Path(str(importlib.resources.files("primum"))) / "treatments" / "anti_wrinkle" / "model"
VISITS = load_observations(FOLDER / "observations.csv")
DESIGN = design_of(VISITS)
LAG = load_models(FOLDER).posterior.lag_days


def values_of(design: Design, *, persistence: float = 0.6, seed: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    endpoints, trials = len(design.endpoints), len(design.trials)
    return {
        "half_life_days": np.array(27.0),
        "ln_dose_slope": np.array(0.5),
        "intercept": 1.5 + 0.3 * rng.standard_normal(endpoints),
        "product": 0.2 * rng.standard_normal(len(design.products)),
        "pair": 0.2 * rng.standard_normal(len(design.pairs)),
        "trial": 0.3 * rng.standard_normal(trials),
        "arm": 0.1 * rng.standard_normal(design.arms),
        "placebo": -2.5 + 0.5 * rng.standard_normal(endpoints),
        "placebo_slope": 0.5 * rng.standard_normal(endpoints),
        "placebo_trial": 0.2 * rng.standard_normal(trials),
        "onset_days": np.exp(0.5 + 0.2 * rng.standard_normal(endpoints)),
        "persistence": np.array(persistence),
    }


def test_every_counted_visit_stands_in_the_design_once() -> None:
    assert len(DESIGN.day) == sum(v.counted for v in VISITS) == 62
    assert int(DESIGN.responders.sum()) == sum(v.responders or 0 for v in VISITS)
    assert dict(zip(DESIGN.products, DESIGN.reference_units, strict=True)) == {
        "abobotulinumtoxinA": 50,
        "onabotulinumtoxinA": 20,
        "prabotulinumtoxinA": 20,
        "daxibotulinumtoxinA": 40,
        "relabotulinumtoxinA": 50,
    }


def test_a_visit_before_is_the_same_arm_on_the_same_endpoint_earlier() -> None:
    later = np.flatnonzero(DESIGN.before >= 0)
    first = DESIGN.before[later]
    for name in ("product", "endpoint", "trial", "log_dose", "active"):
        assert np.array_equal(getattr(DESIGN, name)[later], getattr(DESIGN, name)[first])
    assert np.all(DESIGN.day[first] < DESIGN.day[later])
    # Joseph 2021: 5 arms seen three times; READY-1: 2 arms four times; Schlessinger 2021: an arm twice on 2 endpoints.
    assert len(later) == 5 * 2 + 2 * 3 + 2


def test_its_shares_are_those_of_the_core() -> None:
    values = values_of(DESIGN)
    found = shares_of(values, DESIGN, lag_days=LAG, xp=np, cdf=normal_cdf)
    for i in range(len(DESIGN.day)):
        p, e, t = DESIGN.product[i], DESIGN.endpoint[i], DESIGN.trial[i]
        level = values["intercept"][e] + values["product"][p] + values["pair"][DESIGN.pair[i]] + values["trial"][t]
        level += np.append(values["arm"], 0.0)[DESIGN.arm[i]]
        reference = DESIGN.reference_units[p]
        core = np.array(
            [
                level - 0.5 * np.log(reference),
                0.5,
                -0.5 * np.log(2) / 27.0,
                values["placebo"][e] + values["placebo_trial"][t],
                values["placebo_slope"][e] / 100,
                np.log(2) / (values["onset_days"][e] - LAG),
            ]
        )
        dose = reference * np.exp(DESIGN.log_dose[i]) if DESIGN.active[i] else 0.0
        assert found.share[i] == pytest.approx(
            float(share_responding(core, dose, DESIGN.day[i], lag_days=LAG)[0]), abs=1e-8
        )


def test_people_one_by_one_stay_as_equation_7_says() -> None:
    # A second way: 300,000 people of one arm, each with one threshold, one onset and one rank without the drug.
    values = values_of(DESIGN, persistence=1.0)
    found = shares_of(values, DESIGN, lag_days=LAG, xp=np, cdf=normal_cdf)
    later = next(i for i in np.flatnonzero(DESIGN.before >= 0) if DESIGN.active[i])
    rng = np.random.default_rng(5)
    threshold, rank, people = rng.standard_normal(300_000), rng.random(300_000), 300_000
    delay = LAG + rng.exponential(1, people) * (values["onset_days"][DESIGN.endpoint[later]] - LAG) / np.log(2)
    seen = []
    for i in (DESIGN.before[later], later):
        e, p = DESIGN.endpoint[i], DESIGN.product[i]
        level = values["intercept"][e] + values["product"][p] + values["pair"][DESIGN.pair[i]]
        level += values["trial"][DESIGN.trial[i]] + values["arm"][DESIGN.arm[i]]
        z = level + 0.5 * (DESIGN.log_dose[i] - np.log(2) / 27 * DESIGN.day[i])
        odds = values["placebo"][e] + values["placebo_trial"][DESIGN.trial[i]]
        odds += values["placebo_slope"][e] * DESIGN.day[i] / 100
        seen.append((DESIGN.day[i] >= delay) & ((threshold < z) | (rank < 1 / (1 + np.exp(-odds)))))
    assert seen[1][seen[0]].mean() == pytest.approx(found.after_response[later], abs=0.005)
    assert seen[1][~seen[0]].mean() == pytest.approx(found.after_none[later], abs=0.02)


def test_new_people_at_each_visit_would_not_depend_on_the_visit_before() -> None:
    found = shares_of(values_of(DESIGN, persistence=0.0), DESIGN, lag_days=LAG, xp=np, cdf=normal_cdf)
    assert found.after_response == pytest.approx(found.share, abs=1e-6)
    assert found.after_none == pytest.approx(found.share, abs=1e-6)


@pytest.mark.slow
def test_the_likelihood_in_jax_is_that_of_a_naive_loop() -> None:
    jax = pytest.importorskip("jax", reason="the extra bayes is not installed")
    jax.config.update("jax_enable_x64", True)
    values = values_of(DESIGN)
    design = DESIGN.without_trial("READY-1")
    found = shares_of(values, design, lag_days=LAG, xp=np, cdf=ndtr)
    before, expected = earlier_responders(design), 0.0
    for i in np.flatnonzero(design.used):
        n, y = int(design.people[i]), int(design.responders[i])
        if design.before[i] < 0:
            expected += binom.logpmf(y, n, found.share[i])
            continue
        yes = int(before[i])
        ways = [
            binom.pmf(j, yes, found.after_response[i]) * binom.pmf(y - j, n - yes, found.after_none[i])
            for j in range(yes + 1)
        ]
        expected += np.log(sum(ways))
    terms = {name: jax.numpy.asarray(term) for name, term in terms_of(design).items()}
    as_jax = {name: jax.numpy.asarray(value) for name, value in values.items()}
    assert float(log_likelihood(as_jax, design, terms, lag_days=LAG)) == pytest.approx(expected, rel=1e-9)


def test_counts_drawn_anew_have_the_expected_shares() -> None:
    found = shares_of(values_of(DESIGN), DESIGN, lag_days=LAG, xp=np, cdf=normal_cdf)
    rng = np.random.default_rng(7)
    drawn = np.mean([draw_responders(found, DESIGN, rng) for _ in range(4000)], axis=0)
    spread = np.sqrt(found.share * (1 - found.share) / DESIGN.people / 4000)
    assert np.all(np.abs(drawn / DESIGN.people - found.share) < 6 * spread + 0.003)  # 0.003: whole people who left


def test_visits_without_a_count_are_no_design() -> None:
    with pytest.raises(ModelError, match="without any count"):
        design_of([replace(VISITS[0], people=None, responders=None, counts="")])


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_recovers_a_share_that_is_the_same_everywhere(name: str) -> None:
    counts = np.where(DESIGN.active, np.rint(0.7 * DESIGN.people), np.rint(0.1 * DESIGN.people)).astype(np.int64)
    found = BASELINES[name](DESIGN.with_responders(counts))
    assert found.share[DESIGN.active] == pytest.approx(0.7, abs=0.07)
    assert found.share[~DESIGN.active] == pytest.approx(0.1, abs=0.03)


def test_a_baseline_does_not_see_the_trial_left_out() -> None:
    kept = DESIGN.without_trial("Joseph 2021")
    changed = kept.with_responders(np.where(kept.used, kept.responders, 0))
    for rule in BASELINES.values():
        assert rule(kept).share == pytest.approx(rule(changed).share, abs=1e-6)


GATES = json.loads((FOLDER / "gates.json").read_text())


def test_trials_not_seen_lie_in_the_interval_as_often_as_they_should() -> None:
    # Set before the fit: 80 to 97 % of arm-visits in the 90 % interval, over at least 30.
    rows = GATES["rows"]
    inside = sum(row["lower"] <= row["responders"] <= row["upper"] for row in rows)
    assert len(rows) == 62
    assert 0.80 <= inside / len(rows) <= 0.97
    assert GATES["leave_one_trial_out"]["inside"] == inside


def test_the_log_score_beats_each_simple_rule() -> None:
    total = {name: sum(row[name] for row in GATES["rows"]) for name in ("model", *BASELINES)}
    assert all(total["model"] > total[name] for name in BASELINES), total


def test_the_gates_were_measured_on_the_tables_that_ship() -> None:
    posterior = json.loads((FOLDER / "posterior.json").read_text())
    assert GATES["data_sha256"] == posterior["data_sha256"]
    assert GATES["model"] == posterior["model"]
