"""Intervals of one group against printed values and against their own definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from primum.errors import EvidenceError
from primum.evidence import proportions
from primum.evidence.effects import proportion, rate, rate_ratio
from primum.terms import Count

groups = st.integers(1, 4000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))

# Newcombe, Stat Med 17:857-872 (1998), table I: method 3 (Wilson) and method 5 (Clopper-Pearson).
NEWCOMBE_TABLE_1 = [
    (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
    (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
    (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
    (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
]


@pytest.mark.parametrize(("events", "n", "wilson", "exact"), NEWCOMBE_TABLE_1)
def test_wilson_and_exact_give_the_table_of_newcombe_1998(events, n, wilson, exact):
    assert np.round(proportions.wilson(events, n), 4) == pytest.approx(wilson)
    assert np.round(proportions.clopper_pearson(events, n), 4) == pytest.approx(exact)


@given(groups, st.sampled_from([0.8, 0.95, 0.99]))
def test_the_exact_bounds_leave_half_the_error_on_each_side(group, level):
    events, n = group
    lower, upper = (float(bound) for bound in proportions.clopper_pearson(events, n, level=level))
    tail = (1 - level) / 2
    if events > 0:
        assert stats.binom.sf(events - 1, n, lower) == pytest.approx(tail, rel=1e-6)
    if events < n:
        assert stats.binom.cdf(events, n, upper) == pytest.approx(tail, rel=1e-6)


@given(groups)
def test_a_wilson_bound_is_where_the_score_test_is_at_its_critical_value(group):
    events, n = group
    for bound in proportions.wilson(events, n):
        p = float(bound)
        if 0 < p < 1:
            assert abs(events - n * p) / np.sqrt(n * p * (1 - p)) == pytest.approx(1.959964, rel=1e-5)


@given(groups)
def test_jeffreys_lies_inside_the_exact_interval(group):
    inner, outer = proportions.jeffreys(*group), proportions.clopper_pearson(*group)
    assert outer[0] <= inner[0] <= inner[1] <= outer[1]


@given(groups)
def test_people_with_and_without_the_event_mirror_each_other(group):
    events, n = group
    for bounds in (proportions.wilson, proportions.clopper_pearson, proportions.jeffreys):
        lower, upper = bounds(events, n)
        mirrored_lower, mirrored_upper = bounds(n - events, n)
        assert float(1 - mirrored_upper) == pytest.approx(float(lower), abs=1e-9)
        assert float(1 - mirrored_lower) == pytest.approx(float(upper), abs=1e-9)


@pytest.mark.parametrize("method", ["clopper_pearson", "wilson", "jeffreys"])
def test_no_event_gives_zero_with_an_upper_bound(method):
    share = proportion(0, 236, method=method)
    assert share.estimate == 0
    assert share.interval.lower == 0
    assert 0.009 < share.interval.upper < 0.017
    assert share.counts == (Count(0, 236),)


@given(st.integers(1, 10**6))
def test_the_rule_of_three_is_never_below_the_exact_one_sided_bound(n):
    exact, three = float(proportions.zero_events_upper(n)), float(proportions.rule_of_three(n))
    assert exact <= three
    assert (1 - exact) ** n == pytest.approx(0.05, rel=1e-6)
    if n >= 30:
        assert three / exact < 1.06


@given(st.integers(0, 5000))
def test_the_poisson_bounds_leave_half_the_error_on_each_side(count):
    lower, upper = (float(bound) for bound in proportions.garwood(count))
    assert stats.poisson.cdf(count, upper) == pytest.approx(0.025, rel=1e-6)
    if count:
        assert stats.poisson.sf(count - 1, lower) == pytest.approx(0.025, rel=1e-6)
    else:
        assert lower == 0


def test_ten_events_give_the_poisson_interval_of_garwoods_table():
    lower, upper = proportions.garwood(10)
    assert (round(float(lower), 2), round(float(upper), 2)) == (4.80, 18.39)


def test_a_rate_without_events_has_an_upper_bound():
    none = rate(0, 250.0, unit="per person-year")
    assert none.estimate == 0
    assert none.interval.upper == pytest.approx(3.688879 / 250, rel=1e-6)


def test_a_rate_ratio_is_open_on_the_side_without_events():
    assert rate_ratio(0, 10, 0, 10).interval is None
    assert rate_ratio(0, 10, 3, 10).interval.lower == 0
    only_treated = rate_ratio(3, 10, 0, 10)
    assert only_treated.estimate is None
    assert np.isinf(only_treated.interval.upper)
    assert "control" in only_treated.reason


@pytest.mark.parametrize(
    ("events", "n", "said"),
    [(-1, 10, "events is -1"), (1.5, 10, "events is 1.5"), (11, 10, "11 events in 10 people"), (0, 0, "n is 0")],
)
def test_counts_that_no_group_can_have_are_refused(events, n, said):
    with pytest.raises(EvidenceError, match=said):
        proportion(events, n)


def test_an_unknown_method_is_told_the_nearest_one():
    with pytest.raises(EvidenceError, match='Did you mean "wilson"'):
        proportion(1, 10, method="willson")


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_that_is_no_probability_is_refused(level):
    with pytest.raises(EvidenceError, match=r"such as 0\.95"):
        proportion(1, 10, level=level)
