"""EBGM: the likelihood, the fit and its certificate, the scores; against openEBGM, scipy and real counts."""

from __future__ import annotations

import csv
import gzip
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from primum.counts.compiled import compiled
from primum.counts.table import CountTable
from primum.errors import CountError
from primum.signals import ebgm_quantiles, ebgm_search
from primum.signals.ebgm import ebgm, geometric_mean
from primum.signals.ebgm_cells import Cells, cells_of, squash
from primum.signals.ebgm_likelihood import Component, Mixture, log_likelihood, log_rising
from primum.signals.ebgm_posterior import log_quantiles, posterior, posterior_cdf
from primum.signals.ebgm_prior import EbgmFit, fit_prior
from primum.signals.ebgm_quantiles import posterior_quantiles
from primum.signals.loops import read_walk, tile_walk
from primum.signals.table import own_cells

if TYPE_CHECKING:
    from conftest import Caers

# openEBGM 0.9.1, autoHyper on CAERS (oracles/openebgm_caers_hyperparameters.csv): alpha1 beta1 alpha2 beta2 P.
VIGNETTE = (3.25378642859682, 0.399888365988919, 2.02613053523768, 1.90808259827928, 0.0653457004101028)
FULL = (3.25595263263194, 0.399988179133347, 2.0237463953138, 1.9061299631659, 0.0653075296269156)
FULL_LOG_LIKELIHOOD = -4162.45571038002
INF = float("inf")
AS_OPENEBGM = partial(log_likelihood, truncated="components")


def prior(alpha1: float, beta1: float, alpha2: float, beta2: float, p: float) -> Mixture:
    return Mixture(Component(alpha1 / beta1, alpha1), Component(alpha2 / beta2, alpha2), p)


def naive_log_density(part: Component, n: np.ndarray, e: np.ndarray) -> np.ndarray:
    if part.mean == 0:
        return np.where(n == 0, 0.0, -INF)
    if part.shape == INF:
        return stats.poisson(part.mean * e).logpmf(n)
    return stats.nbinom(part.shape, part.rate / (part.rate + e)).logpmf(n)


def naive_cdf(mixture: Mixture, pairs: Cells, rate: np.ndarray) -> np.ndarray:
    """Distribution function of the posterior by Bayes' rule and scipy's gamma, a second road to ours."""
    logs, cdfs = [], []
    for part, share in ((mixture.first, mixture.share), (mixture.second, 1 - mixture.share)):
        if share > 0:
            logs.append(np.log(share) + naive_log_density(part, pairs.observed, pairs.expected))
            after = stats.gamma(part.shape + pairs.observed, scale=1 / (part.rate + pairs.expected))
            cdfs.append(after.cdf(rate) if part.is_gamma else (rate >= part.mean).astype(float))
    return np.sum(special.softmax(logs, axis=0) * cdfs, axis=0)


MIXTURES = {
    "interior": Mixture(Component(3.0, 0.4), Component(0.8, 2.0), 0.2),
    "large shapes": Mixture(Component(3.0, 400.0), Component(0.8, 1e6), 0.4),
    "tiny shape": Mixture(Component(30.0, 0.01), Component(0.8, 29.999), 0.1),
    "a point": Mixture(Component(3.0, 0.4), Component(0.8, INF), 0.3),
    "two points": Mixture(Component(3.0, INF), Component(0.8, INF), 0.3),
    "a zero": Mixture(Component(1.3, 0.9), Component(0.0, INF), 0.7),
    "one gamma": Mixture(Component(1.3, 0.9), Component(1.3, 0.9), 1.0),
}


@pytest.fixture(scope="module")
def some_cells() -> Cells:
    rng = np.random.default_rng(7)
    e = np.exp(rng.normal(0, 1.5, 60))
    return cells_of(rng.poisson(e * rng.gamma(1, 1, 60)), e, weight=rng.integers(1, 9, 60), zero_expected=[0.01, 2.0])


@pytest.mark.parametrize("name", MIXTURES)
def test_the_likelihood_equals_scipy_cell_by_cell(name: str, some_cells: Cells) -> None:
    mixture = MIXTURES[name]
    first = np.exp(naive_log_density(mixture.first, some_cells.observed, some_cells.expected))
    second = np.exp(naive_log_density(mixture.second, some_cells.observed, some_cells.expected))
    naive = some_cells.weight @ np.log(mixture.share * first + (1 - mixture.share) * second)
    assert log_likelihood(mixture, some_cells)[0] == pytest.approx(naive, rel=1e-8)  # scipy loses digits, not we


@pytest.mark.parametrize(
    ("name", "truncated"),
    # a cell that is never reported has no chance to be seen, so the truncated form of "a zero" does not exist
    [(name, "no") for name in MIXTURES] + [(name, "components") for name in MIXTURES if name != "a zero"],
)
def test_the_gradient_is_that_of_the_likelihood(name: str, truncated: str, some_cells: Cells) -> None:
    mixture = MIXTURES[name]

    def at(move: np.ndarray) -> Mixture:
        one, two, p = mixture.first, mixture.second, mixture.share
        share = p if p == 1 else p * np.exp(move[4]) / (p * np.exp(move[4]) + 1 - p)
        return Mixture(
            Component(one.mean * np.exp(move[0]), one.shape * np.exp(move[1])),
            Component(two.mean * np.exp(move[2]), two.shape * np.exp(move[3])),
            share,
        )

    seen = cells_of(np.maximum(some_cells.observed, 1), some_cells.expected, weight=some_cells.weight)
    cells = some_cells if truncated == "no" else seen
    value, gradient = log_likelihood(mixture, cells, truncated=truncated)  # type: ignore[arg-type]
    for i, move in enumerate(np.eye(5) * 1e-5):
        high = log_likelihood(at(move), cells, truncated=truncated)[0]  # type: ignore[arg-type]
        low = log_likelihood(at(-move), cells, truncated=truncated)[0]  # type: ignore[arg-type]
        assert gradient[i] == pytest.approx((high - low) / 2e-5, rel=1e-6, abs=1e-7 * abs(value))


def test_a_huge_shape_runs_smoothly_into_the_point_mass(some_cells: Cells) -> None:
    limit = log_likelihood(Mixture(Component(3.0, 0.4), Component(0.8, INF), 0.3), some_cells)[0]
    gaps = [
        abs(log_likelihood(Mixture(Component(3.0, 0.4), Component(0.8, shape), 0.3), some_cells)[0] - limit)
        for shape in (1e4, 1e6, 1e8, 1e10)
    ]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 1e-6


@pytest.mark.parametrize("shape", [0.1, 29.9, 30.1, 1e3, 1e9])
def test_rising_factorials_are_right_on_both_sides_of_the_switch(shape: float) -> None:
    for n in (0, 1, 2, 7):
        plain = float(np.sum(np.log1p(np.arange(n) / shape)))
        assert log_rising(shape, np.array([float(n)]))[0] == pytest.approx(plain, abs=2e-13)


def test_squashing_keeps_cells_reports_and_expected_reports() -> None:
    rng = np.random.default_rng(2)
    cells = cells_of(rng.poisson(1.0, 5000), np.exp(rng.normal(0, 2, 5000)), weight=rng.integers(1, 4, 5000))
    fewer = squash(cells, width=0.1)
    assert len(fewer) < len(cells) / 5
    for what in (np.ones, lambda k: fewer.observed if k == len(fewer) else cells.observed):
        assert (fewer.weight * what(len(fewer))).sum() == pytest.approx((cells.weight * what(len(cells))).sum())
    assert fewer.weight @ fewer.expected == pytest.approx(cells.weight @ cells.expected, rel=1e-12)


# --- openEBGM -------------------------------------------------------------------------------------------------------


def test_scores_equal_openebgm_when_given_its_prior(caers: Caers) -> None:
    mixture, pairs = prior(*VIGNETTE), cells_of(caers.observed, caers.expected)
    np.testing.assert_allclose(geometric_mean(mixture, pairs), caers.column["EBGM_full_precision"], rtol=1e-11)
    low, high = posterior_quantiles(mixture, pairs, (0.05, 0.95))
    np.testing.assert_allclose(low, caers.column["EB05_full_precision"], rtol=1e-6)
    np.testing.assert_allclose(high, caers.column["EB95_full_precision"], rtol=1e-6)
    assert (low >= 2).sum() == 131


def test_nothing_is_rounded_inside_the_calculation(caers: Caers) -> None:
    """openEBGM's own EB05 is a bisection to two decimals, off by up to 0.008."""
    low = posterior_quantiles(prior(*VIGNETTE), cells_of(caers.observed, caers.expected), (0.05,))[0]
    assert 0.004 < np.abs(low - caers.column["EB05"]).max() < 0.01
    assert np.unique(np.round(low, 2)).size < np.unique(low).size


def test_the_truncated_likelihood_is_openebgms(caers: Caers) -> None:
    value, _ = AS_OPENEBGM(prior(*FULL), cells_of(caers.observed, caers.expected))
    assert value == pytest.approx(FULL_LOG_LIKELIHOOD, abs=1e-9)


def test_the_truncated_fit_is_at_least_as_good_as_openebgms(caers: Caers) -> None:
    """It is better by 0.27: openEBGM's optimum is a local one."""
    fit = fit_prior(cells_of(caers.observed, caers.expected), likelihood=AS_OPENEBGM, forms=())
    assert fit.log_likelihood > FULL_LOG_LIKELIHOOD + 0.2
    assert fit.gain_left < 1e-6


def test_expected_counts_are_those_of_distinct_reports(shared: Path, caers: Caers) -> None:
    with gzip.open(shared / "oracles" / "openebgm_caers_input.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    ours = _expected(rows, list(zip(caers.drug, caers.event, strict=True)))
    np.testing.assert_allclose(ours, caers.expected, rtol=1e-12)


def test_stratified_expected_counts_are_sums_over_strata(shared: Path) -> None:
    with gzip.open(shared / "oracles" / "openebgm_caers_input.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    with gzip.open(shared / "oracles" / "openebgm_caers_stratified_expected.csv.gz", "rt") as file:
        oracle = list(csv.DictReader(file))
    pairs = [(r["var1"], r["var2"]) for r in oracle]
    strata = [_expected([r for r in rows if r["strat1"] == name], pairs) for name in {r["strat1"] for r in rows}]
    np.testing.assert_allclose(np.sum(strata, axis=0), [float(r["E"]) for r in oracle], rtol=1e-9)


def _expected(rows: list[dict[str, str]], pairs: list[tuple[str, str]]) -> list[float]:
    drugs: dict[str, set[str]] = {}
    events: dict[str, set[str]] = {}
    for row in rows:
        drugs.setdefault(row["var1"], set()).add(row["id"])
        events.setdefault(row["var2"], set()).add(row["id"])
    total = len({r["id"] for r in rows})
    return [len(drugs.get(drug, ())) * len(events.get(event, ())) / total for drug, event in pairs]


# --- real counts, and the faults found elsewhere ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def quarter_fit(quarter: CountTable) -> EbgmFit:
    return fit_prior(own_cells(quarter))


def test_on_a_real_quarter_the_certificate_is_clean(quarter_fit: EbgmFit) -> None:
    assert quarter_fit.cells == 3880 * 973
    assert quarter_fit.reports == 496_307
    assert quarter_fit.prior_mean == pytest.approx(1.13, abs=0.02)
    assert quarter_fit.gain_left < 1e-6
    assert quarter_fit.gradient_norm < 1e-3
    assert quarter_fit.starts_agreeing == quarter_fit.starts
    assert quarter_fit.boundary == ""
    assert quarter_fit.warnings == ()


def test_only_a_small_part_of_a_real_quarter_stands_out(quarter: CountTable, quarter_fit: EbgmFit) -> None:
    """vigipy's default threshold flags 87 to 99.8 % of pairs; all-cells EB05 >= 2 flags 5.7 % here."""
    low = ebgm(quarter.observed, quarter.expected_reports, fit=quarter_fit).estimate.lower
    assert (low >= 2).mean() == pytest.approx(0.057, abs=0.001)


def test_squashing_does_not_move_the_scores_of_a_real_quarter(quarter: CountTable, quarter_fit: EbgmFit) -> None:
    exact = fit_prior(own_cells(quarter), width=1e-4)
    assert exact.cells_fitted > 5 * quarter_fit.cells_fitted
    a, b = (ebgm(quarter.observed, quarter.expected_reports, fit=fit).estimate for fit in (exact, quarter_fit))
    np.testing.assert_allclose(a.lower, b.lower, rtol=1e-4)


def test_the_fit_is_higher_than_500_steps_of_nelder_mead(quarter: CountTable, quarter_fit: EbgmFit) -> None:
    """vigipy 3.5.1 stops there without a warning and stays 30 to 142 short on its data."""
    cells = squash(own_cells(quarter), width=0.05)

    def downhill(place: np.ndarray) -> float:
        if np.any(place <= 0) or place[4] >= 1:
            return 1e12
        return -log_likelihood(prior(*place), cells)[0]

    stopped = optimize.minimize(downhill, [0.2, 0.1, 2, 4, 1 / 3], method="Nelder-Mead", options={"maxiter": 500})
    assert log_likelihood(quarter_fit.mixture, cells)[0] >= -stopped.fun - 1e-2


def test_fitting_pairs_of_three_and_more_alone_is_the_known_fault_and_warned_of(
    quarter: CountTable, quarter_fit: EbgmFit
) -> None:
    """An untruncated likelihood on n >= 3 only: prior mean 8.39 instead of 1.14, a third more signals."""
    many = quarter.observed >= 3
    wrong = fit_prior(cells_of(quarter.observed[many], quarter.expected_reports[many]))
    assert wrong.prior_mean == pytest.approx(8.39, abs=0.01)
    assert "far from 1" in wrong.warnings[0]
    signals = [
        int((ebgm(quarter.observed[many], quarter.expected_reports[many], fit=fit).estimate.lower >= 2).sum())
        for fit in (quarter_fit, wrong)
    ]
    assert signals[1] / signals[0] > 1.3


@pytest.mark.slow
def test_where_the_truncated_fit_leaves_its_parameter_space_ours_answers(
    quarter: CountTable, quarter_fit: EbgmFit
) -> None:
    """openEBGM fails on these counts (alpha to 0); Dysport-Diplopia then has EB05 1.09, 2.48 or 15.75 by the fit."""
    seen = squash(cells_of(quarter.observed, quarter.expected_reports), width=0.1)
    truncated = fit_prior(seen, likelihood=AS_OPENEBGM, forms=())
    assert min(truncated.alpha1, truncated.alpha2) < 1e-3
    assert "a shape ran to the edge of the search" in truncated.boundary
    pair = np.flatnonzero((quarter.drug == "Dysport") & (quarter.event == "Diplopia"))
    score = ebgm(quarter.observed[pair], quarter.expected_reports[pair], fit=quarter_fit).estimate
    assert quarter.observed[pair].tolist() == [5]
    assert score.lower[0] == pytest.approx(15.9, abs=0.1)


@pytest.mark.parametrize(
    ("observed", "expected", "boundary"),
    [
        ([3], [1.5], "one point mass at 2"),
        ([0], [1.5], "a point mass at 0"),
        ([0, 0, 0], [0.1, 1.0, 9.0], "a point mass at 0"),
        ([1, 1, 1, 1], [1.0, 1.0, 1.0, 1.0], "one point mass at 1"),
        ([0, 0, 0, 40], [1.0, 1.0, 1.0, 1.0], "component 2 is a point mass at 0"),
    ],
)
def test_the_smallest_tables_get_an_answer_and_the_reason(
    observed: list[int], expected: list[float], boundary: str
) -> None:
    result = ebgm(observed, expected)
    assert boundary in result.fit.boundary
    assert np.isfinite([result.estimate.lower, result.estimate.value, result.estimate.upper]).all()
    assert all("only point masses" in reason for reason in result.estimate.reason)


def test_a_point_mass_null_is_found_as_such() -> None:
    """SYNTHETIC: every pair at its expectation. open-altio 1.0.0 leaves such a release empty."""
    rng = np.random.default_rng(11)
    e = np.exp(rng.normal(0, 1.5, 20_000))
    result = ebgm(rng.poisson(e), e)
    assert result.fit.prior_mean == pytest.approx(1, abs=0.01)
    assert np.all(np.abs(np.log(result.estimate.value)) < 0.2)
    assert (result.estimate.lower >= 2).sum() == 0


@pytest.mark.parametrize("seed", range(8))
def test_a_cohort_of_fifty_reports_gets_an_answer(seed: int) -> None:
    """SYNTHETIC reports with one to three drugs and events each."""
    rng = np.random.default_rng(seed)
    margins = rng.integers(1, 12, (2, 15))
    e = np.outer(*margins).ravel() / 50
    n = np.minimum(rng.poisson(e * rng.gamma(1, 1, e.size)), np.minimum.outer(*margins).ravel())
    result = ebgm(n, e)
    assert np.isfinite([result.estimate.lower, result.estimate.value, result.estimate.upper]).all()
    assert result.fit.gain_left < 1e-6


def test_a_planted_prior_is_found_again() -> None:
    """SYNTHETIC: 300,000 cells drawn from a known mixture."""
    rng = np.random.default_rng(3)
    e = np.exp(rng.normal(0.5, 1.5, 300_000))
    strong = rng.random(e.size) < 0.1
    rate = np.where(strong, rng.gamma(1.5, 1 / 0.3, e.size), rng.gamma(3.0, 1 / 4.0, e.size))
    cells = cells_of(rng.poisson(rate * e), e)
    fit = fit_prior(cells)
    gain = log_likelihood(fit.mixture, cells)[0] - log_likelihood(prior(1.5, 0.3, 3.0, 4.0, 0.1), cells)[0]
    assert 0 <= 2 * gain <= stats.chi2(5).ppf(0.999)  # the likelihood ratio of the truth
    assert fit.prior_mean == pytest.approx(0.1 * 5 + 0.9 * 0.75, rel=0.01)


@pytest.mark.parametrize("planted", ["two gammas", "one rate", "a point and a gamma", "two points"])
def test_a_search_from_rough_cells_ends_where_a_search_on_finer_ones_does(
    planted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SYNTHETIC, with expectations up to thousands: within wide cells they differ, which looks as if rates did."""
    rng = np.random.default_rng(14)
    e = np.exp(rng.normal(1, 2.5, 20_500))
    rate = {
        "two gammas": np.where(rng.random(e.size) < 0.1, rng.gamma(0.5, 10, e.size), rng.gamma(2, 0.4, e.size)),
        "one rate": np.ones(e.size),
        "a point and a gamma": np.where(rng.random(e.size) < 0.2, rng.gamma(1, 3, e.size), 0.7),
        "two points": np.where(rng.random(e.size) < 0.02, 8.0, 1.0),
    }[planted]
    cells, from_rough = cells_of(rng.poisson(e * rate), e), ebgm_search._from_rough
    monkeypatch.setattr(ebgm_search, "_MANY", 300)
    decided = []
    monkeypatch.setattr(ebgm_search, "_from_rough", lambda *given: decided.append(from_rough(*given)) or decided[-1])
    quick = fit_prior(cells)
    monkeypatch.setattr(ebgm_search, "_from_rough", lambda *_: None)
    thorough = fit_prior(cells)
    assert quick.log_likelihood == pytest.approx(thorough.log_likelihood, abs=1e-6)
    if planted == "two gammas":
        assert decided[0] is not None
        assert (quick.boundary, quick.gain_left < 1e-6) == ("", True)
    else:
        assert decided == [None]  # a limit is never decided on rough cells
        assert quick.as_json() == thorough.as_json()


def test_no_cell_to_fit_on_is_told_in_one_line() -> None:
    with pytest.raises(CountError, match="No cell has an expected count above 0"):
        ebgm([0], [0.0])
    with pytest.raises(CountError, match=r"expected\[0\] is 0 although observed\[0\] is 2"):
        ebgm([2], [0.0])


def test_the_certificate_is_plain_data() -> None:
    plain = fit_prior(cells_of([3], [1.5])).as_json()
    assert plain["alpha1"] is None  # infinite: a point mass, as `boundary` says
    names = "alpha1 beta1 alpha2 beta2 p log_likelihood gradient_norm starts starts_agreeing boundary prior_mean"
    assert set(names.split()) <= set(plain)


# --- quantiles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pairs", [300, 60_000])  # solved one by one, and tabulated
@pytest.mark.parametrize(
    "mixture",
    [
        prior(*VIGNETTE),
        prior(0.15214684, 0.02124404, 0.68585421, 0.91632419, 0.06084262),  # FAERS 2022Q3
        prior(0.2, 0.06, 1.4, 1.8, 0.1),
        prior(0.01, 0.002, 50.0, 50.0, 0.05),
        prior(0.21766, 0.03063, 22495.5, 22501.5, 0.00067),  # nearly a point mass beside a wide component
        prior(2000.0, 100.0, 3000.0, 6000.0, 0.3),
        MIXTURES["a point"],
        MIXTURES["a zero"],
        MIXTURES["one gamma"],
    ],
    ids=str,
)
def test_the_distribution_function_at_the_quantile_is_right_to_seven_places(mixture: Mixture, pairs: int) -> None:
    """A solver that runs fast and is 50 % wrong has been seen: this comparison with scipy stays."""
    rng = np.random.default_rng(5)
    e = np.exp(rng.normal(-1, 2.5, pairs))
    cells = cells_of(rng.poisson(e * rng.gamma(0.5, 3, pairs)), e)
    check = rng.choice(pairs, 300, replace=False)
    some = Cells(cells.observed[check], cells.expected[check], cells.weight[check])
    for probability in (0.05, 0.95):
        rate = posterior_quantiles(mixture, cells, (probability,))[0][check]
        below, at = (naive_cdf(mixture, some, rate - step * (rate + 1e-200)) for step in (1e-12, -1e-12))
        assert np.all(below <= probability + 1e-7)  # at a point mass the function jumps over the probability
        assert np.all(at >= probability - 1e-7)


@pytest.mark.parametrize(
    "mixture",
    [
        prior(0.15214684, 0.02124404, 0.68585421, 0.91632419, 0.06084262),  # FAERS 2022Q3
        prior(0.01, 0.002, 50.0, 50.0, 0.05),
        prior(0.21766, 0.03063, 22495.5, 22501.5, 0.00067),
    ],
    ids=str,
)
def test_a_solved_quantile_is_right_to_eleven_places_wherever_it_starts(mixture: Mixture) -> None:
    """Its last step is taken on trust where the derivatives promise that nothing is left; here that is looked at."""
    rng = np.random.default_rng(9)
    e = np.exp(rng.normal(-1, 2.5, 4_000))
    cells = cells_of(rng.poisson(e * rng.gamma(0.5, 3, e.size)), e)
    after, chances = posterior(mixture, cells), (0.05, 0.95)
    plain, _ = log_quantiles(after, chances)
    near = plain + rng.normal(0, 1e-3, plain.shape)
    far = np.where(rng.random(plain.shape) < 0.5, np.nan, rng.normal(0, 20, plain.shape))
    for start in (None, near, far):
        found, error = log_quantiles(after, chances, start=start)
        for chance, logs in zip(chances, found, strict=True):
            certain = logs > np.log(1e-290)  # below, the quantile comes out as 0
            assert np.abs(posterior_cdf(mixture, cells, np.exp(logs)) - chance)[certain].max() < 1e-11
        if start is not None:
            assert np.isinf(error[np.isnan(start)]).all()
            known = np.array([posterior_cdf(mixture, cells, np.exp(logs)) for logs in start])
            away = np.abs(known - np.array(chances)[:, None])
            np.testing.assert_allclose(error[np.isfinite(start)], away[np.isfinite(start)], atol=1e-12)


def test_counts_all_different_over_a_wide_range_are_right_too() -> None:
    """More tiles could be than are: they are found by their keys instead of in a list of all that can be."""
    rng = np.random.default_rng(6)
    n = np.concatenate([np.full(600, 3), np.arange(10, 3_010)])
    e = np.exp(np.concatenate([rng.uniform(0, 1, 600), rng.uniform(-100, 100, 3_000)]))
    mixture, pairs = prior(*VIGNETTE), cells_of(n, e)
    for probability, found in zip((0.05, 0.95), posterior_quantiles(mixture, pairs, (0.05, 0.95)), strict=True):
        np.testing.assert_allclose(posterior_cdf(mixture, pairs, found), probability, atol=1e-7)


@pytest.mark.parametrize(
    "road",
    [
        "plain",
        pytest.param(
            "compiled",
            marks=[
                pytest.mark.slow,
                pytest.mark.skipif(find_spec("numba") is None, reason="numba (the extra `fast`) is not installed"),
            ],
        ),
    ],
)
def test_quantiles_read_in_a_walk_are_those_of_whole_arrays_to_the_byte(
    road: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some pairs lie in tiles that have a table, some where the quantile leaps, some alone."""
    rng = np.random.default_rng(12)
    e = np.exp(np.concatenate([rng.normal(0, 0.7, 3_000), rng.uniform(-100, 20, 200)]))
    mixture, cells = prior(0.21766, 0.03063, 22495.5, 22501.5, 0.00067), cells_of(rng.poisson(np.minimum(e, 1e4)), e)
    answers, walked = [], []

    def loop_of(loop: object, *_: object, **__: object) -> object:
        walked.append(loop)
        return loop if road == "plain" else compiled(loop)  # type: ignore[arg-type]

    for walk in (lambda *_, **__: None, loop_of):
        monkeypatch.setattr(ebgm_quantiles, "compiled_for", walk)
        answers.append([found.tobytes() for found in posterior_quantiles(mixture, cells, (0.05, 0.95))])
    assert answers[0] == answers[1]
    assert {read_walk, tile_walk} == set(walked)


@settings(max_examples=40)
@given(
    st.tuples(
        st.floats(0.01, 50), st.floats(0.05, 50), st.floats(0.01, 50), st.floats(0.05, 50), st.floats(0.001, 0.999)
    ),
    st.floats(1e-4, 1e3),
)
def test_more_reports_mean_a_higher_score_and_more_expected_a_lower_one(
    place: tuple[float, float, float, float, float], e: float
) -> None:
    mixture, n = prior(*place), np.arange(0, 60)
    rising = cells_of(n, np.full(n.shape, e))
    falling = cells_of(np.full(n.shape, 5), e * 1.1**n)
    for cells, sign in ((rising, 1), (falling, -1)):
        low, high = posterior_quantiles(mixture, cells, (0.05, 0.95))
        for score in (geometric_mean(mixture, cells), low, high):
            assert np.all(sign * np.diff(score) >= -1e-9 * np.abs(score[1:]))


def test_the_order_of_pairs_does_not_matter_and_scaling_expectations_scales_scores() -> None:
    rng = np.random.default_rng(8)
    e = np.exp(rng.normal(0, 1.5, 3000))
    n = rng.poisson(e * rng.gamma(0.7, 1 / 0.7, 3000))
    order = rng.permutation(3000)
    here, there, scaled = ebgm(n, e), ebgm(n[order], e[order]), ebgm(n, 10 * e)
    np.testing.assert_allclose(there.estimate.lower, here.estimate.lower[order], rtol=1e-6)
    np.testing.assert_allclose(10 * scaled.estimate.value, here.estimate.value, rtol=1e-5)
    assert scaled.fit.log_likelihood == pytest.approx(here.fit.log_likelihood, abs=1e-6)


def test_the_same_input_gives_the_same_bytes(caers: Caers) -> None:
    one, two = (ebgm(caers.observed, caers.expected) for _ in range(2))
    assert one.fit == two.fit
    assert one.estimate.lower.tobytes() == two.estimate.lower.tobytes()
