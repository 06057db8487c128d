"""Mantel-Haenszel, the likelihood ratio test, onset and BCPNN against other programs, simulations and laws."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from primum.errors import CountError
from primum.signals.bcpnn import bcpnn
from primum.signals.lrt import likelihood_ratio, lrt
from primum.signals.mantel_haenszel import MantelHaenszel, mantel_haenszel
from primum.signals.maximise import climb, finish
from primum.signals.onset import onset
from primum.signals.ror import ror

# --- Mantel-Haenszel --------------------------------------------------------------------------------------------------

STRATA = {
    "mild": [(8, 20, 40, 200), (4, 30, 15, 200)],
    "heterogeneous": [(12, 40, 60, 500), (3, 80, 30, 400), (25, 50, 70, 300)],
    "zero cells": [(0, 10, 12, 90), (5, 25, 20, 150), (2, 9, 3, 60)],
}


def pooled(rows: list[tuple[int, ...]]) -> MantelHaenszel:
    return mantel_haenszel(*(np.array(rows)[:, i : i + 1] for i in range(4)))


@pytest.mark.parametrize(
    ("name", "ratio", "se", "heterogeneity", "p"),
    [
        ("mild", 2.7164179104477615, 0.3857764379412139, 0.16920234798605022, 0.680821681262356),
        ("heterogeneous", 2.5068826722816664, 0.21330588049403038, 14.644429566773676, 0.0006606972881898487),
        ("zero cells", 1.5458937198067633, 0.4580723218875949, 6.748479416651433, 0.03424414395441411),
    ],
)
def test_mantel_haenszel_equals_statsmodels(name: str, ratio: float, se: float, heterogeneity: float, p: float) -> None:
    """statsmodels 0.15.0: `t = StratifiedTable([...])`, `t.oddsratio_pooled`, `t.logodds_pooled_se`,
    `t.test_equal_odds(adjust=True)`, each stratum as [[a, n_drug - a], [n_event - a, rest]]."""
    result = pooled(STRATA[name])
    estimate = result.estimate
    assert estimate.value[0] == pytest.approx(ratio, rel=1e-12)
    assert np.log(estimate.upper[0] / estimate.lower[0]) / 2 / special.ndtri(0.975) == pytest.approx(se, rel=1e-10)
    assert result.heterogeneity[0] == pytest.approx(heterogeneity, rel=1e-10)
    assert result.p_heterogeneity[0] == pytest.approx(p, rel=1e-10)


def test_one_stratum_is_the_plain_odds_ratio_with_woolfs_interval() -> None:
    """Robins, Breslow and Greenland's variance is Woolf's there."""
    rows = [(8, 20, 40, 200)]
    crude, mh = ror([8], [20], [40], 200), pooled(rows).estimate
    for name in ("lower", "value", "upper"):
        assert getattr(mh, name)[0] == pytest.approx(getattr(crude, name)[0], rel=1e-12)


def test_an_empty_stratum_changes_nothing() -> None:
    with_empty = [*STRATA["mild"], (0, 0, 9, 50), (0, 7, 0, 50), (0, 0, 0, 0), (5, 5, 9, 9)]
    one, two = pooled(STRATA["mild"]), pooled(with_empty)
    assert two.estimate.value[0] == pytest.approx(one.estimate.value[0], rel=1e-14)
    assert two.heterogeneity[0] == pytest.approx(one.heterogeneity[0], rel=1e-12)
    assert two.strata[0] == 2


def test_pooling_undoes_the_paradox_that_the_crude_ratio_falls_into() -> None:
    """SYNTHETIC: the drug does nothing in either sex, but more women take it and more women report the event."""
    rows = [(80, 800, 100, 1000), (2, 200, 10, 1000)]
    assert ror([82], [1000], [110], 2000).value[0] > 3
    assert pooled(rows).estimate.value[0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(0, 0, 5, 50)], "nothing to compare"),
        ([(0, 5, 5, 50), (0, 3, 6, 40)], "no stratum has a report with both"),
        ([(5, 9, 5, 50)], "no upper limit"),
    ],
)
def test_a_pair_that_cannot_be_pooled_says_why(rows: list[tuple[int, ...]], words: str) -> None:
    result = pooled(rows)
    assert words in result.estimate.reason[0]
    assert np.isnan(result.estimate.upper[0])


def test_counts_without_strata_are_refused() -> None:
    with pytest.raises(CountError, match=r"observed has shape \(1,\); expected one row a stratum"):
        mantel_haenszel([1], [2], [3], [10])


cell = st.integers(0, 60)
strata = st.lists(
    st.tuples(cell, cell, cell, cell).map(lambda c: (c[0], c[0] + c[1], c[0] + c[2], sum(c))), min_size=1, max_size=5
)


@given(strata, st.randoms(use_true_random=False))
def test_neither_the_order_of_strata_nor_of_drug_and_event_matters(rows: list[tuple[int, ...]], random: object) -> None:
    mixed = [(a, event, drug, n) for a, drug, event, n in rows]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one, two = pooled(rows), pooled(mixed)
    np.testing.assert_allclose(one.estimate.value, two.estimate.value, rtol=1e-12)
    np.testing.assert_allclose(one.estimate.lower, two.estimate.lower, rtol=1e-9)
    np.testing.assert_allclose(one.heterogeneity, two.heterogeneity, rtol=1e-6, atol=1e-9)


# --- likelihood ratio test --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def statins(shared: Path) -> tuple[list[str], list[str], np.ndarray]:
    with (shared / "oracles" / "pvlrt_statin46_table.csv").open() as file:
        head, *rows = list(csv.reader(file))
    return [r[0] for r in rows], head[1:], np.array([[int(x) for x in r[1:]] for r in rows])


def test_the_likelihood_ratio_equals_pvlrt(shared: Path, statins: tuple[list[str], list[str], np.ndarray]) -> None:
    """pvLRT 0.5.1, Poisson likelihood without zero inflation; the statistic is deterministic."""
    events, drugs, counts = statins
    statistic = likelihood_ratio(counts)
    assert statistic[events.index("Myalgia"), drugs.index("Atorvastatin")] == pytest.approx(8026.53823240591, rel=1e-12)
    with (shared / "oracles" / "pvlrt_statin46_output.csv").open() as file:
        oracle = [r for r in csv.DictReader(file) if r["lrstat"]]
    assert len(oracle) > 250
    for row in oracle:
        ours = statistic[events.index(row["AE"]), drugs.index(row["Drug"])]
        assert ours == pytest.approx(float(row["lrstat"]), rel=1e-9, abs=1e-9), row


def test_monte_carlo_p_values_agree_with_pvlrt(shared: Path, statins: tuple[list[str], list[str], np.ndarray]) -> None:
    """pvLRT compares with the largest statistic of the table without `Other`; 10,000 draws, another random stream."""
    events, drugs, counts = statins
    ours = lrt(counts, rng=np.random.default_rng(1), draws=999, scope="table")
    with (shared / "oracles" / "pvlrt_statin46_output.csv").open() as file:
        oracle = [r for r in csv.DictReader(file) if r["p_value"]]
    sure = [r for r in oracle if float(r["p_value"]) < 0.001 and float(r["lrstat"]) > 30]
    assert len(sure) > 50
    assert all(ours.p[events.index(r["AE"]), drugs.index(r["Drug"])] == 0.001 for r in sure)
    null = [r for r in oracle if float(r["p_value"]) > 0.9]
    assert all(ours.p[events.index(r["AE"]), drugs.index(r["Drug"])] > 0.5 for r in null)


def test_the_same_seed_gives_the_same_p() -> None:
    table = np.random.default_rng(0).poisson(5, (12, 4))
    one, two = (lrt(table, rng=np.random.default_rng(7), draws=199) for _ in range(2))
    np.testing.assert_array_equal(one.p, two.p)


@pytest.mark.parametrize("scope", ["drug", "table"])
def test_false_alarms_stay_below_five_percent_and_a_planted_signal_is_found(scope: str) -> None:
    """SYNTHETIC: 150 tables without any signal, and as many with one cell of five times its expectation."""
    rng = np.random.default_rng(21)
    event, drug = rng.dirichlet(np.ones(30)), rng.dirichlet(np.ones(5))
    null = np.outer(event, drug) * 3000
    planted = null.copy()
    planted[4, 2] = 5 * null[4, 2] + 10
    alarms, found = [], []
    for _ in range(150):
        p = lrt(rng.poisson(null), rng=rng, draws=199, scope=scope).p  # type: ignore[arg-type]
        alarms.append(p.min() <= 0.05 if scope == "table" else (p.min(axis=0) <= 0.05).mean())
        found.append(lrt(rng.poisson(planted), rng=rng, draws=199, scope=scope).p[4, 2] <= 0.05)  # type: ignore[arg-type]
    assert np.mean(alarms) < 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 150)
    assert np.mean(found) > 0.9


def test_odd_tables_for_the_likelihood_ratio() -> None:
    empty = lrt(np.zeros((3, 2), dtype=int), rng=np.random.default_rng(0), draws=99)
    assert (empty.statistic == 0).all()
    assert (empty.p == 1).all()
    with pytest.raises(CountError, match=r"counts has shape \(3,\); expected a table of events"):
        likelihood_ratio([1, 2, 3])
    with pytest.raises(CountError, match="draws is 10; expected at least 99"):
        lrt([[1, 2], [3, 4]], rng=np.random.default_rng(0), draws=10)


# --- onset ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "failure"), [(0.5, "early"), (1.0, "constant"), (2.5, "wear-out")])
def test_a_planted_weibull_shape_is_covered_as_often_as_the_level_says(shape: float, failure: str) -> None:
    """SYNTHETIC: 300 samples of 80 whole days."""
    rng = np.random.default_rng(30)
    results = [onset(np.floor(20 * rng.weibull(shape, 80)).astype(int)) for _ in range(300)]
    covered = np.mean([r.shape_interval.lower <= shape <= r.shape_interval.upper for r in results])  # type: ignore[union-attr]
    assert covered == pytest.approx(0.95, abs=0.035)
    assert np.mean([r.failure == failure for r in results]) > 0.9
    assert np.median([r.shape for r in results]) == pytest.approx(shape, rel=0.05)


def test_the_fit_is_the_highest_of_a_grid() -> None:
    days = np.array([0, 0, 1, 1, 2, 3, 3, 5, 8, 13, 30])
    result = onset(days)

    def naive(k: float, s: float) -> float:
        return float(np.log(np.exp(-((days / s) ** k)) - np.exp(-(((days + 1) / s) ** k))).sum())

    best = naive(result.shape, result.scale)
    grid = [naive(k, s) for k in np.linspace(0.3, 2, 60) for s in np.linspace(2, 15, 60)]
    assert best >= max(grid)
    assert best - max(grid) < 0.01


def test_many_reports_on_day_zero_are_no_obstacle() -> None:
    """The density of a continuous time is infinite there for a shape below 1."""
    result = onset([0] * 50 + [1] * 10 + [5] * 5 + [40] * 3)
    assert result.failure == "early"
    assert result.median == 0


@pytest.mark.parametrize("days", [[0] * 95 + [1, 3, 10, 60, 365], [0] * 200 + [1] * 4 + [7, 30, 365, 1000]])
def test_a_few_late_reports_behind_many_on_day_zero_are_fitted_to_the_top(days: list[int]) -> None:
    """The scale lies far below a day; the edge of a search is no estimate."""
    result, told = onset(days), np.array(days)

    def naive(place: np.ndarray) -> float:
        shape, scale = np.exp(place)
        return float(np.log(np.exp(-((told / scale) ** shape)) - np.exp(-(((told + 1) / scale) ** shape))).sum())

    found = np.log([result.shape, result.scale])
    steps = [np.array([a, b]) for a in np.linspace(-0.5, 0.5, 21) for b in np.linspace(-4, 4, 41)]
    assert all(naive(found + step) <= naive(found) + 1e-9 for step in steps)
    assert result.scale < np.exp(-5)


def test_days_whose_likelihood_rises_to_the_edge_of_the_search_get_the_reason() -> None:
    for days in ([0] * 50 + [36_500], [3_650] * 5 + [3_651]):
        result = onset(days)
        assert (result.reason, result.shape_interval) == ("the days do not determine a shape", None)
        assert np.isnan([result.shape, result.scale]).all()


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([], "no report states the time to onset"),
        ([1, 2], "2 reports state the time to onset; a shape needs 5"),
        ([3] * 9, "all reports have the same day"),
    ],
)
def test_too_little_to_fit_a_shape_says_so_and_keeps_the_median(days: list[int], words: str) -> None:
    result = onset(np.array(days, dtype=int))
    assert words in result.reason
    assert result.shape_interval is None
    assert np.isnan(result.median) == (not days)


def test_a_negative_onset_is_refused() -> None:
    with pytest.raises(CountError, match=r"onset_days\[1\] is -3"):
        onset([1, -3])


# --- BCPNN ------------------------------------------------------------------------------------------------------------


def test_bcpnn_equals_a_simulation_of_its_three_betas() -> None:
    a, drug, event, total = 10, 100, 200, 10_000
    rng, draws = np.random.default_rng(2), 400_000
    gamma = (total + 2) ** 2 / ((drug + 1) * (event + 1))
    both = rng.beta(a + 1, total + gamma - a - 1, draws)
    margins = rng.beta(drug + 1, total + 1 - drug, draws) * rng.beta(event + 1, total + 1 - event, draws)
    simulated = np.log2(both / margins)
    estimate = bcpnn([a], [drug], [event], total)
    assert estimate.value[0] == pytest.approx(simulated.mean(), abs=5 * simulated.std() / np.sqrt(draws))
    half = (estimate.upper[0] - estimate.lower[0]) / 2
    assert half == pytest.approx(special.ndtri(0.975) * simulated.std(), rel=0.01)


def test_bcpnn_answers_for_every_pair_and_nears_the_plain_ratio() -> None:
    zero = bcpnn([0, 0], [0, 5], [0, 5], [0, 100])
    assert np.isfinite([zero.lower, zero.value, zero.upper]).all()
    big = bcpnn([2_000_000], [4_000_000], [5_000_000], 20_000_000)
    assert big.value[0] == pytest.approx(1.0, abs=1e-5)


# --- the search -------------------------------------------------------------------------------------------------------


def test_the_search_finds_the_top_of_rosenbrocks_valley() -> None:
    def uphill(x: np.ndarray) -> tuple[float, np.ndarray]:
        value = -((1 - x[0]) ** 2) - 100 * (x[1] - x[0] ** 2) ** 2
        bend = x[1] - x[0] ** 2
        return float(value), np.array([2 * (1 - x[0]) + 400 * x[0] * bend, -200 * bend])

    low, high = np.full(2, -5.0), np.full(2, 5.0)
    place, *_ = climb(uphill, np.array([-1.2, 1.0]), low, high)
    place, value, gradient, gain = finish(uphill, place, low, high)
    np.testing.assert_allclose(place, 1, atol=1e-6)
    assert value == pytest.approx(0, abs=1e-9)
    assert np.abs(gradient).max() < 1e-4
    assert gain < 1e-9


def test_the_search_stops_at_a_wall() -> None:
    place, *_ = climb(lambda x: (float(x.sum()), np.ones(2)), np.zeros(2), np.full(2, -1.0), np.array([3.0, 0.5]))
    np.testing.assert_allclose(place, [3.0, 0.5])
