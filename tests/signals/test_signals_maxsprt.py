"""Sequential tests: the published table, brute force over all sequences, simulated alpha, what cannot be planned."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from primum.errors import CountError
from primum.signals.maxsprt import (
    critical_value_binomial,
    critical_value_looks,
    critical_value_poisson,
    maxsprt_binomial,
    maxsprt_poisson,
)
from primum.signals.maxsprt_boundary import binomial_alpha, binomial_ratio, looks_alpha, poisson_alpha, poisson_ratio

# Kulldorff and others 2011, Sequential Analysis 30(1):58-78, doi:10.1080/07474946.2011.539924, table 1:
# expected reports at the end, then the critical values at alpha 0.05, 0.01 and 0.001.
TABLE_1 = """
0.1 2.044069 4.119293 6.579669
0.2 2.266893 4.179630 6.754862
0.5 2.637928 4.483740 7.034472
1 2.853937 4.670428 7.172614
1.5 2.964971 4.778944 7.278202
2 3.046977 4.862223 7.341453
2.5 3.110419 4.924475 7.397851
3 3.162106 4.971792 7.445736
4 3.245004 5.040311 7.518319
5 3.297183 5.091907 7.569312
6 3.342729 5.136461 7.608607
8 3.413782 5.206326 7.673013
10 3.467952 5.260513 7.724863
12 3.511749 5.302914 7.767520
15 3.562591 5.351279 7.814719
20 3.628123 5.414770 7.877573
25 3.676320 5.463382 7.924478
30 3.715764 5.502563 7.962688
40 3.774663 5.561620 8.022182
50 3.819903 5.605972 8.067072
60 3.855755 5.642209 8.102340
80 3.910853 5.697631 8.157530
100 3.952321 5.738974 8.199403
120 3.985577 5.772435 8.232827
150 4.025338 5.812121 8.272692
200 4.074828 5.862113 8.322983
250 4.112234 5.899824 8.360938
300 4.142134 5.929897 8.391288
400 4.188031 5.976241 8.438008
500 4.222632 6.011088 8.473183
600 4.250310 6.039013 8.501314
800 4.292829 6.081871 8.544590
1000 4.324917 6.114225 8.577253
"""
ROWS = [tuple(float(x) for x in line.split()) for line in TABLE_1.split("\n") if line]
# Table 2 of the same paper: expected reports, critical value at 0.05, relative risk, power.
TABLE_2 = [(0.1, 1.2, 0.060), (1, 2, 0.185), (5, 2, 0.447), (10, 1.5, 0.280), (10, 2, 0.685), (50, 1.5, 0.803)]


@pytest.mark.parametrize("row", [r for r in ROWS if r[0] <= 25], ids=lambda r: f"T={r[0]:g}")
def test_critical_values_equal_the_published_table(row: tuple[float, ...]) -> None:
    for alpha, published in zip((0.05, 0.01, 0.001), row[1:], strict=True):
        assert critical_value_poisson(row[0], alpha=alpha) == pytest.approx(published, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("row", [r for r in ROWS if r[0] > 25], ids=lambda r: f"T={r[0]:g}")
def test_critical_values_of_long_watching_equal_the_published_table(row: tuple[float, ...]) -> None:
    for alpha, published in zip((0.05, 0.01, 0.001), row[1:], strict=True):
        assert critical_value_poisson(row[0], alpha=alpha) == pytest.approx(published, abs=1e-5)


def test_the_search_for_long_watching_ends_where_the_table_says() -> None:
    """The two ends of one long row, without the search of the slow test."""
    assert poisson_alpha(4.222632, 500) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize(("events", "published"), [(2, 3.23800870652229), (4, 2.92156132978567), (8, 2.4848340056375)])
def test_a_delayed_first_signal_has_the_critical_value_of_r_package_sequential(events: int, published: float) -> None:
    """R package Sequential: CV.Poisson(SampleSize=10, M=2, 4, 8, alpha=0.05)."""
    assert critical_value_poisson(10, minimum_events=events) == pytest.approx(published, abs=1e-5)


@pytest.mark.parametrize(("limit", "risk", "power"), TABLE_2)
def test_power_equals_the_published_table(limit: float, risk: float, power: float) -> None:
    value = critical_value_poisson(limit)
    assert poisson_alpha(value, limit, relative_risk=risk) == pytest.approx(power, abs=6e-4)


def test_a_critical_value_twenty_percent_too_high_would_be_noticed() -> None:
    """vigipy 3.5.1 is 20 to 34 % too high; its test would then signal with half the chance asked for."""
    assert poisson_alpha(1.2 * 3.467952, 10) < 0.03


def signals_of(rng: np.random.Generator, limit: float, value: float, minimum: int) -> bool:
    """One process watched without pause: it can signal only when a report comes."""
    times = np.cumsum(rng.exponential(size=int(limit + 10 * limit**0.5 + 20)))
    times = times[times <= limit]
    count = np.arange(1, len(times) + 1)
    return bool(np.any((poisson_ratio(count, times) >= value) & (count >= minimum)))


@pytest.mark.parametrize("minimum", [1, 4])
def test_simulated_false_signals_are_as_frequent_as_alpha(minimum: int) -> None:
    rng = np.random.default_rng(11)
    value = critical_value_poisson(5, minimum_events=minimum)
    found = np.mean([signals_of(rng, 5, value, minimum) for _ in range(10_000)])
    assert found == pytest.approx(0.05, abs=4 * (0.05 * 0.95 / 10_000) ** 0.5)


def test_planned_looks_equal_a_simulation_and_need_a_lower_boundary() -> None:
    more = np.array([2.0, 1.0, 0.5, 40.0, 3.0])
    value, reached = critical_value_looks(more, alpha=0.05)
    assert value < critical_value_poisson(float(more.sum()))
    assert reached <= 0.05
    drawn = np.random.default_rng(3).poisson(more, (40_000, 5))
    ratio = poisson_ratio(np.cumsum(drawn, axis=1), np.cumsum(more)[None, :])
    simulated = (ratio >= value * (1 - 1e-12)).any(axis=1).mean()
    assert simulated == pytest.approx(reached, abs=0.004)


def test_looking_at_every_moment_is_the_limit_of_looking_often() -> None:
    often = looks_alpha(3.0, np.full(4_000, 3 / 4_000))
    assert often == pytest.approx(poisson_alpha(3.0, 3), abs=2e-3)
    assert often < poisson_alpha(3.0, 3)


@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_the_binomial_chain_equals_every_sequence_counted_one_by_one(ratio: float) -> None:
    limit, p0 = 10, 1 / (1 + ratio)
    value, reached = critical_value_binomial(limit, controls_per_case=ratio, alpha=0.1)
    best, chance = [], []
    for sequence in itertools.product((0, 1), repeat=limit):
        k, n = np.cumsum(sequence), np.arange(1, limit + 1)
        best.append(float(binomial_ratio(k, n, p0).max()))
        chance.append(p0 ** int(k[-1]) * (1 - p0) ** int(limit - k[-1]))
    best, chance = np.array(best), np.array(chance)
    assert chance[best >= value * (1 - 1e-12)].sum() == pytest.approx(reached, abs=1e-12)
    assert reached <= 0.1
    next_below = best[best < value * (1 - 1e-9)].max()
    assert chance[best >= next_below * (1 - 1e-12)].sum() > 0.1
    assert binomial_alpha(next_below, limit, p0) > 0.1


def test_ten_exposed_events_in_a_row_signal_and_even_ones_do_not() -> None:
    assert maxsprt_binomial([10], [0], limit=50, controls_per_case=1).first == 0
    assert maxsprt_binomial([5, 5], [5, 5], limit=50, controls_per_case=1).first == -1


def test_looks_behind_the_plan_are_not_tested_and_the_result_says_so() -> None:
    found = maxsprt_poisson([1, 30], [4, 4], limit=5)
    assert (found.first, found.looks) == (-1, 1)
    assert found.reason == "the plan ended: more than 5 reports are expected"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: maxsprt_poisson([-1], [1], limit=5), r"observed\[0\] is -1"),
        (lambda: maxsprt_poisson([1.5], [1], limit=5), "whole numbers"),
        (lambda: maxsprt_poisson([1, 2], [1], limit=5), r"expected has shape \(1,\)"),
        (lambda: critical_value_poisson(0), "limit is 0"),
        (lambda: critical_value_poisson(5, alpha=0.7), "alpha is 0.7"),
        (lambda: critical_value_poisson(1, minimum_events=9), "no critical value reaches it"),
        (lambda: critical_value_looks([]), "no look"),
        (lambda: critical_value_binomial(3, controls_per_case=1), "expected a longer plan"),
        (lambda: critical_value_binomial(30, controls_per_case=0), "a ratio above 0"),
    ],
)
def test_a_plan_that_cannot_be_is_told_in_one_line(call: object, words: str) -> None:
    with pytest.raises(CountError, match=words):
        call()  # type: ignore[operator]
