"""Many pairs at once: the Bayesian false discovery rate, and the likelihood ratio test with impossible cells."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

from primum.errors import CountError, UnknownNameError
from primum.signals.bayes_fdr import bayes_fdr
from primum.signals.ebgm_cells import cells_of
from primum.signals.ebgm_prior import fit_prior
from primum.signals.lrt import lrt
from primum.signals.lrt_zero_inflated import _log_likelihood, fit_inflation, lrt_zero_inflated, possible_expected

# --- Bayesian FDR -----------------------------------------------------------------------------------------------------


def planted(seed: int, pairs: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """SYNTHETIC: 10 % of pairs from Gamma(2, 0.4), the others from Gamma(8, 10); expectations from 0.3 to 30."""
    rng = np.random.default_rng(seed)
    rate = np.where(rng.random(pairs) < 0.1, rng.gamma(2, 1 / 0.4, pairs), rng.gamma(8, 1 / 10, pairs))
    expected = np.exp(rng.uniform(np.log(0.3), np.log(30), pairs))
    return rng.poisson(rate * expected), expected, rate


def test_the_posterior_probability_equals_an_integral_of_the_posterior() -> None:
    n, e, _ = planted(1, 3_000)
    fit = fit_prior(cells_of(n, e))
    found = bayes_fdr(n, e, fit=fit)
    grid = np.exp(np.linspace(-16, 8, 400_001))
    prior = fit.p * stats.gamma.pdf(grid, fit.alpha1, scale=1 / fit.beta1)
    prior += (1 - fit.p) * stats.gamma.pdf(grid, fit.alpha2, scale=1 / fit.beta2)
    for i in (0, 17, int(n.argmax())):
        posterior = prior * stats.poisson.pmf(n[i], grid * e[i]) * grid
        mass = np.trapezoid(posterior, np.log(grid))
        below = np.trapezoid(posterior * (grid <= 1), np.log(grid))
        assert found.p_null[i] == pytest.approx(below / mass, abs=2e-4)


@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_the_share_of_false_discoveries_is_what_is_promised(rate: float) -> None:
    n, e, truth = planted(2)
    found = bayes_fdr(n, e, fit=fit_prior(cells_of(n, e)))
    called = found.fdr <= rate
    assert called.sum() > 500
    assert (truth[called] <= 1).mean() == pytest.approx(rate, abs=0.25 * rate + 0.005)


def test_the_rate_is_the_mean_of_the_smaller_probabilities_and_ties_share_it() -> None:
    n, e = [0, 1, 1, 0, 2, 30, 0, 1], [1.0, 0.9, 0.9, 0.5, 2.1, 2.0, 0.7, 0.8]
    found = bayes_fdr(n, e, fit=fit_prior(cells_of(n, e)))
    for p, q in zip(found.p_null, found.fdr, strict=True):
        assert q == pytest.approx(found.p_null[found.p_null <= p].mean(), rel=1e-12)
    assert found.fdr[1] == found.fdr[2]


def test_pairs_with_the_same_counts_given_once_with_their_number_get_the_same_rate() -> None:
    n, e, many = np.array([0, 1, 2, 30]), np.array([1.0, 0.9, 2.1, 2.0]), np.array([5, 3, 1, 2])
    fit = fit_prior(cells_of(n, e, weight=many))
    once = bayes_fdr(n, e, fit=fit, weight=many)
    each = bayes_fdr(np.repeat(n, many), np.repeat(e, many), fit=fit)
    np.testing.assert_allclose(np.repeat(once.fdr, many), each.fdr, rtol=1e-12)


def test_a_higher_threshold_makes_every_pair_less_sure() -> None:
    n, e, _ = planted(3, 2_000)
    fit = fit_prior(cells_of(n, e))
    assert (bayes_fdr(n, e, fit=fit, threshold=2).p_null >= bayes_fdr(n, e, fit=fit).p_null).all()
    with pytest.raises(CountError, match="threshold is 0"):
        bayes_fdr(n, e, fit=fit, threshold=0)


def test_a_prior_of_point_masses_is_sure_of_every_pair() -> None:
    fit = fit_prior(cells_of([3], [1.5]))
    found = bayes_fdr([3], [1.5], fit=fit)
    assert (found.p_null[0], found.fdr[0]) == (0, 0)


# --- likelihood ratio test: within events, and with impossible cells --------------------------------------------------


@pytest.fixture(scope="module")
def statins(shared: Path) -> tuple[list[str], list[str], np.ndarray]:
    with (shared / "oracles" / "pvlrt_statin46_table.csv").open() as file:
        head, *rows = list(csv.reader(file))
    return [r[0] for r in rows], head[1:], np.array([[int(x) for x in r[1:]] for r in rows])


def test_the_zero_inflated_statistic_and_p_agree_with_pvlrt(
    shared: Path, statins: tuple[list[str], list[str], np.ndarray]
) -> None:
    """pvLRT 0.5.1 on the statin table: a count above 0 has the same ratio with zero inflation and without."""
    events, drugs, counts = statins
    found = lrt_zero_inflated(
        counts, rng=np.random.default_rng(1), inflation=np.zeros(len(drugs)), draws=499, scope="table"
    ).test
    with (shared / "oracles" / "pvlrt_statin46_output.csv").open() as file:
        oracle = [r for r in csv.DictReader(file) if r["lrstat"]]
    for row in oracle:
        at = events.index(row["AE"]), drugs.index(row["Drug"])
        assert found.statistic[at] == pytest.approx(float(row["lrstat"]), rel=1e-9, abs=1e-9)
        if float(row["p_value"]) < 0.001:
            assert found.p[at] < 0.02
        if float(row["p_value"]) > 0.9:
            assert found.p[at] > 0.5


def test_the_slope_of_the_inflated_likelihood_is_that_of_the_likelihood() -> None:
    rng = np.random.default_rng(2)
    e = rng.uniform(0.5, 20, 200)
    n = (rng.poisson(e) * (rng.random(200) > 0.3)).astype(float)
    place = np.array([0.2, 0.7, -1.1])
    _, gradient = _log_likelihood(place, n, e)
    for i, step in enumerate(np.eye(3) * 1e-6):
        high, low = (_log_likelihood(place + sign * step, n, e)[0] for sign in (1, -1))
        assert gradient[i] == pytest.approx((high - low) / 2e-6, rel=1e-5)


def test_the_inflated_likelihood_equals_scipy_s_negative_binomial_with_extra_zeros() -> None:
    n, e, (mean, shape, omega) = np.array([0.0, 3, 1, 0]), np.array([2.0, 1, 4, 0.5]), (1.3, 0.8, 0.25)
    ours = _log_likelihood(np.array([np.log(mean), np.log(shape), special.logit(omega)]), n, e)[0]
    pmf = stats.nbinom.pmf(n, shape, shape / (shape + mean * e))
    theirs = np.log(np.where(n == 0, omega, 0) + (1 - omega) * pmf).sum()
    assert ours - special.gammaln(n + 1).sum() == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("omega", [0.0, 0.3, 0.6])
def test_a_planted_share_of_impossible_cells_is_found_again(omega: float) -> None:
    rng = np.random.default_rng(3)
    expected = rng.uniform(2, 30, 1_500)
    n = rng.poisson(expected * rng.gamma(3, 1 / 3, 1_500)) * (rng.random(1_500) >= omega)
    assert fit_inflation(n, expected) == pytest.approx(omega, abs=0.05)


def inflated_table(rng: np.random.Generator, omega: float) -> np.ndarray:
    """SYNTHETIC: independent counts of 30 events and 6 drugs, a share of whose cells is empty for no reason."""
    mean = np.outer(rng.uniform(0.5, 3, 30), rng.uniform(2, 15, 6))
    return rng.poisson(mean) * (rng.random(mean.shape) >= omega)


def alarms(rng: np.random.Generator, omega: float, scope: str, *, as_published: bool) -> float:
    """Share of drugs, events or tables without a signal that get p <= 0.05, over 80 tables."""
    found = []
    for _ in range(80):
        test = lrt_zero_inflated(
            inflated_table(rng, omega),
            rng=rng,
            inflation=np.full(6, omega),
            as_published=as_published,
            draws=199,
            scope=scope,  # type: ignore[arg-type]
        ).test
        smallest = {"drug": test.p.min(axis=0), "event": test.p.min(axis=1), "table": test.p.min()}
        found.append(np.mean(smallest[scope] <= 0.05))
    return float(np.mean(found))


@pytest.mark.parametrize("omega", [0.0, 0.3])
@pytest.mark.parametrize("scope", ["drug", "event", "table"])
def test_false_alarms_stay_rare_with_impossible_cells_and_a_planted_signal_is_found(omega: float, scope: str) -> None:
    rng = np.random.default_rng(4)
    assert alarms(rng, omega, scope, as_published=False) < 0.08
    table = inflated_table(rng, omega)
    table[3, 2] = 150
    assert lrt_zero_inflated(table, rng=rng, draws=199, scope=scope).test.p[3, 2] < 0.05  # type: ignore[arg-type]


def test_possible_cells_expect_what_they_were_drawn_from() -> None:
    """SYNTHETIC means times 40, so that hardly a possible cell is empty: rows and columns are then found exactly."""
    rng = np.random.default_rng(8)
    mean = 40 * np.outer(rng.uniform(0.5, 3, 60), rng.uniform(2, 15, 8))
    possible = rng.random(mean.shape) >= 0.3
    n = rng.poisson(mean) * possible
    expected = possible_expected(n, np.full(8, 0.3))
    np.testing.assert_allclose((expected * possible).sum(axis=1), n.sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose((expected * possible).sum(axis=0), n.sum(axis=0), rtol=1e-6)
    assert np.abs(expected / mean - 1).max() < 0.1


def test_the_published_expectation_calls_most_drugs_where_cells_are_impossible() -> None:
    """Why margins are fitted over the possible cells; pvLRT and its paper take all."""
    assert alarms(np.random.default_rng(4), 0.3, "drug", as_published=True) > 0.7


def test_within_an_event_the_test_is_that_of_the_table_on_its_side_for_one_event_of_interest() -> None:
    """Each event's largest over drugs: false alarms at most 5 % of events, and the planted drug stands out."""
    rng = np.random.default_rng(5)
    mean = np.outer(rng.uniform(1, 4, 12), rng.uniform(5, 30, 20))
    alarms = [
        (lrt(rng.poisson(mean), rng=rng, draws=199, scope="event").p.min(axis=1) <= 0.05).mean() for _ in range(60)
    ]
    assert np.mean(alarms) < 0.065
    table = rng.poisson(mean)
    table[4, 7] += 200
    assert lrt(table, rng=rng, draws=199, scope="event").p[4, 7] == 0.005


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: lrt([[1, 2]], rng=np.random.default_rng(), scope="drugs"), UnknownNameError, 'Did you mean "drug"'),
        (
            lambda: lrt_zero_inflated([[1, 2]], rng=np.random.default_rng(), inflation=[0, 1]),
            CountError,
            "below 1, for each drug",
        ),
        (lambda: lrt_zero_inflated([[1.5, 2]], rng=np.random.default_rng()), CountError, "whole numbers"),
        (lambda: lrt_zero_inflated([1, 2], rng=np.random.default_rng()), CountError, "events .rows. by drugs"),
        (lambda: lrt_zero_inflated([[1, 2]], rng=np.random.default_rng(), draws=9), CountError, "at least 99"),
    ],
)
def test_what_cannot_be_tested_is_told_in_one_line(call: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()  # type: ignore[operator]
