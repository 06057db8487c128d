"""Regression on all drugs of a report: other ways of computing it, laws, and co-medication that fools plain ratios."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, special, stats

from primum.errors import CountError
from primum.signals.drug_matrix import DrugMatrix, drug_matrix
from primum.signals.lasso import lasso_bic
from primum.signals.lasso_cisl import lasso_cisl
from primum.signals.lasso_path import lasso_path
from primum.signals.mantel_haenszel import mantel_haenszel
from primum.signals.propensity import propensity_adjusted
from primum.signals.prr import prr
from primum.signals.ror import ror


def as_matrix(held: np.ndarray) -> DrugMatrix:
    return drug_matrix(*np.nonzero(held), reports=held.shape[0], drugs=held.shape[1])


def synthetic(seed: int, reports: int = 20_000, drugs: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """SYNTHETIC reports: drug 0 does the harm (12 % against 1 %), drug 1 does nothing and comes with drug 0 in 60 % of
    its reports and in 3 % of all others; drug 2 does harm and is masked by nothing; the rest is noise."""
    rng = np.random.default_rng(seed)
    held = rng.random((reports, drugs)) < rng.uniform(0.01, 0.1, drugs)
    held[:, 0] = rng.random(reports) < 0.05
    held[:, 1] = rng.random(reports) < np.where(held[:, 0], 0.6, 0.03)
    held[:, 2] = rng.random(reports) < 0.02
    chance = np.where(held[:, 0], 0.12, 0.01) + 0.06 * held[:, 2]
    return held, rng.random(reports) < chance


def margins(held: np.ndarray, event: np.ndarray, drug: int) -> tuple[list[int], list[int], list[int], int]:
    column = held[:, drug]
    return [int((column & event).sum())], [int(column.sum())], [int(event.sum())], len(event)


# --- the path ---------------------------------------------------------------------------------------------------------


def test_each_step_of_the_path_is_a_minimum() -> None:
    """The conditions of Karush, Kuhn and Tucker, with the gradient computed densely here."""
    held, event = synthetic(1, reports=3_000, drugs=25)
    x, y = held.astype(float), event.astype(float)
    sizes = []
    for step in lasso_path(as_matrix(held), event, most=25, steps=30, usable=np.ones(25, bool)):
        weights = np.zeros(25)
        weights[step.drugs] = step.coefficients
        rest = special.expit(step.intercept + x @ weights) - y
        gradient = x.T @ rest / len(y)
        inside = weights != 0
        assert abs(rest.mean()) < 1e-6 * step.penalty + 1e-12
        np.testing.assert_allclose(gradient[inside], -step.penalty * np.sign(weights[inside]), rtol=2e-6)
        assert (np.abs(gradient[~inside]) <= step.penalty * (1 + 1e-6)).all()
        sizes.append(inside.sum())
    assert sizes[0] == 0
    assert sizes[-1] > 15


def test_a_step_of_the_path_equals_a_general_optimiser() -> None:
    """Coefficients split in two parts of at least 0, by scipy's L-BFGS-B."""
    held, event = synthetic(2, reports=2_000, drugs=6)
    x, y = held.astype(float), event.astype(float)
    step = list(lasso_path(as_matrix(held), event, most=6, steps=10, ratio=0.05, usable=np.ones(6, bool)))[-1]

    def depth(place: np.ndarray) -> tuple[float, np.ndarray]:
        weights = place[1:7] - place[7:]
        eta = place[0] + x @ weights
        rest = special.expit(eta) - y
        slope = x.T @ rest / len(y)
        value = (np.logaddexp(0, eta) - y * eta).mean() + step.penalty * place[1:].sum()
        return value, np.concatenate([[rest.mean()], slope + step.penalty, -slope + step.penalty])

    bounds = [(None, None)] + [(0, None)] * 12
    other = optimize.minimize(
        depth,
        np.r_[-3, np.zeros(12)],
        jac=True,
        bounds=bounds,
        method="L-BFGS-B",
        options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 5000},
    )
    ours = np.zeros(6)
    ours[step.drugs] = step.coefficients
    np.testing.assert_allclose(ours, other.x[1:7] - other.x[7:], atol=2e-4)


# --- lasso and BIC ----------------------------------------------------------------------------------------------------


def test_one_drug_alone_has_the_reporting_odds_ratio_with_woolfs_interval() -> None:
    rng = np.random.default_rng(3)
    held = rng.random((4_000, 1)) < 0.1
    event = rng.random(4_000) < np.where(held[:, 0], 0.2, 0.03)
    found, plain = lasso_bic(as_matrix(held), event).estimate, ror(*margins(held, event, 0))
    for name in ("lower", "value", "upper"):
        assert getattr(found, name)[0] == pytest.approx(getattr(plain, name)[0], rel=1e-5)


def test_the_refit_is_the_maximum_of_a_general_search() -> None:
    held, event = synthetic(4, reports=5_000, drugs=8)
    found = lasso_bic(as_matrix(held), event)
    chosen = np.flatnonzero(found.selected)
    x = held[:, chosen].astype(float)

    def depth(place: np.ndarray) -> float:
        eta = place[0] + x @ place[1:]
        return float((np.logaddexp(0, eta) - event * eta).sum())

    other = optimize.minimize(depth, np.zeros(len(chosen) + 1), method="BFGS", options={"gtol": 1e-4})
    np.testing.assert_allclose(np.log(found.estimate.value[chosen]), other.x[1:], atol=1e-4)
    assert found.bic.min() == pytest.approx(2 * other.fun + len(chosen) * np.log(5_000), abs=1e-4)


@pytest.mark.parametrize("seed", [11, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (12, 13))])
def test_a_bystander_that_plain_ratios_call_is_left_out_and_the_culprit_kept(seed: int) -> None:
    """Planted masking by co-medication: PRR and ROR call drug 1, which does nothing."""
    held, event = synthetic(seed)
    assert prr(*margins(held, event, 1)).lower[0] > 1.5
    assert ror(*margins(held, event, 1)).lower[0] > 1.5
    found = lasso_bic(as_matrix(held), event)
    assert found.selected[[0, 2]].all()
    assert not found.selected[1]
    assert found.selected.sum() <= 4
    assert found.estimate.lower[0] < 0.12 * 0.99 / (0.88 * 0.01) < found.estimate.upper[0]
    assert found.estimate.reason[1].startswith("the event is explained as well without the drug")


def test_drugs_in_too_few_reports_and_drugs_that_run_off_say_so() -> None:
    held, event = synthetic(5, reports=6_000, drugs=6)
    held[:, 4], held[:, 5] = False, False
    held[:2, 4] = True
    held[np.flatnonzero(event)[:40], 5] = True
    found = lasso_bic(as_matrix(held), event)
    assert "too few reports" in found.estimate.reason[4]
    assert "no finite value" in found.estimate.reason[5]
    assert (found.estimate.value[5], found.weights[5] > 10) == (np.inf, True)
    assert np.isnan(found.estimate.upper[5])
    assert np.isfinite(found.score(as_matrix(held))).all()


def test_neither_the_order_of_reports_nor_of_drugs_matters() -> None:
    held, event = synthetic(6, reports=4_000, drugs=10)
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(4_000), rng.permutation(10)
    one, two = lasso_bic(as_matrix(held), event), lasso_bic(as_matrix(held[rows][:, columns]), event[rows])
    np.testing.assert_array_equal(one.selected[columns], two.selected)
    np.testing.assert_allclose(one.estimate.value[columns], two.estimate.value, rtol=1e-6)


# --- subsampling ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_subsampling_keeps_the_culprits_and_leaves_the_noise_and_a_seed_decides_all() -> None:
    held, event = synthetic(21, reports=8_000, drugs=20)
    one, two = (
        lasso_cisl(as_matrix(held), event, rng=np.random.default_rng(3), subsamples=20, most=8) for _ in range(2)
    )
    np.testing.assert_array_equal(one.shares, two.shares)
    assert one.selected[[0, 2]].all()
    assert one.quantile[0] > 0.8
    assert one.quantile[1] < 0.5 * one.quantile[0]
    assert one.selected[3:].sum() <= 3
    assert ((one.shares >= 0) & (one.shares <= 1)).all()


# --- propensity -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [31, pytest.param(32, marks=pytest.mark.slow)])
def test_among_reports_alike_in_their_other_drugs_the_bystander_does_nothing(seed: int) -> None:
    held, event = synthetic(seed)
    matrix = as_matrix(held)
    bystander = propensity_adjusted(matrix, event, drug=1)
    assert 0 in bystander.others
    assert bystander.pooled.estimate.lower[0] < 1 < bystander.pooled.estimate.upper[0]
    assert bystander.pooled.estimate.value[0] < 1.5
    culprit = propensity_adjusted(matrix, event, drug=0).pooled.estimate
    assert culprit.lower[0] > 5


def test_the_adjusted_ratio_is_that_of_its_own_strata_counted_plainly() -> None:
    held, event = synthetic(33)
    found = propensity_adjusted(as_matrix(held), event, drug=1, strata=5)
    rows = [
        (
            (held[:, 1] & event & (found.stratum == s)).sum(),
            (held[:, 1] & (found.stratum == s)).sum(),
            (event & (found.stratum == s)).sum(),
            (found.stratum == s).sum(),
        )
        for s in range(found.stratum.max() + 1)
    ]
    other = mantel_haenszel(*(np.array(rows)[:, i : i + 1] for i in range(4)))
    assert found.pooled.estimate.value[0] == pytest.approx(other.estimate.value[0], rel=1e-12)
    assert len(rows) > 1


def test_without_companions_the_adjusted_ratio_is_the_plain_one() -> None:
    rng = np.random.default_rng(34)
    held = rng.random((5_000, 3)) < 0.05
    event = rng.random(5_000) < np.where(held[:, 0], 0.2, 0.03)
    found = propensity_adjusted(as_matrix(held), event, drug=0).pooled.estimate
    assert found.value[0] == pytest.approx(ror(*margins(held, event, 0)).value[0], rel=1e-9)


@pytest.mark.slow
def test_ratios_adjusted_for_nothing_but_noise_cover_one_as_the_level_says() -> None:
    rng = np.random.default_rng(35)
    covered = []
    for _ in range(60):
        held = rng.random((2_000, 4)) < 0.1
        event = rng.random(2_000) < 0.05
        found = propensity_adjusted(as_matrix(held), event, drug=0).pooled.estimate
        covered.append(not found.reason[0] and found.lower[0] <= 1 <= found.upper[0])
    assert stats.binomtest(int(np.sum(covered)), 60, 0.95).pvalue > 0.01


# --- bad input --------------------------------------------------------------------------------------------------------


def test_a_pair_given_twice_counts_once() -> None:
    assert drug_matrix([0, 0, 0], [1, 1, 0], reports=2, drugs=2).of_drug.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: drug_matrix([0, 5], [0, 0], reports=5, drugs=1), "report holds the number 5; expected numbers below"),
        (lambda: drug_matrix([0, 1], [0], reports=5, drugs=1), "expected one of each a pair"),
        (lambda: drug_matrix([-1], [0], reports=5, drugs=1), r"report\[0\] is -1"),
        (lambda: lasso_bic(as_matrix(np.eye(4, dtype=bool)), np.ones(4, bool)), "4 of 4 reports have the event"),
        (lambda: lasso_bic(as_matrix(np.eye(4, dtype=bool)), np.zeros(4, int)), "expected true or false"),
        (lambda: lasso_bic(as_matrix(np.eye(4, dtype=bool)), np.zeros(3, bool)), r"shape \(3,\)"),
        (lambda: lasso_bic(as_matrix(np.eye(4, dtype=bool)), np.arange(4) < 2, most=0), "most is 0"),
        (
            lambda: lasso_cisl(
                as_matrix(np.eye(4, dtype=bool)), np.arange(4) < 2, rng=np.random.default_rng(), subsamples=1
            ),
            "at least 10 subsamples",
        ),
        (lambda: propensity_adjusted(as_matrix(np.eye(4, dtype=bool)), np.arange(4) < 2, drug=4), "drug is 4"),
    ],
)
def test_what_cannot_be_fitted_is_told_in_one_line(call: object, words: str) -> None:
    with pytest.raises(CountError, match=words):
        call()  # type: ignore[operator]
