"""Sizes of studies and of the harms they can see."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.errors import EvidenceError
from primum.evidence import thresholds
from primum.evidence.proportions import zero_events_upper


def test_telling_one_percent_from_two_takes_2316_people_a_group():
    # The figure of 2,315 in use is the same formula, (z + z)^2 (p1 q1 + p0 q0) / d^2 = 2315.4, rounded down.
    assert thresholds.people_per_group(0.02, 0.01) == 2316
    assert thresholds.people_per_group(0.02, 0.01, pooled=True) == 2319
    assert thresholds.people_per_group(0.01, 0.02) == 2316


def test_that_many_people_do_give_the_power():
    # A second way: the power of the two-proportion z test at that size, by simulation of the two groups.
    size = thresholds.people_per_group(0.02, 0.01)
    rng = np.random.default_rng(3)
    first, second = (rng.binomial(size, share, 20_000) / size for share in (0.01, 0.02))
    error = np.sqrt((first * (1 - first) + second * (1 - second)) / size)
    assert np.mean((second - first) / error > 1.96) == pytest.approx(0.80, abs=0.02)


@given(st.floats(1e-6, 0.5), st.floats(0.5, 0.999))
def test_one_person_fewer_would_miss_the_event_too_often(risk, probability):
    people = thresholds.people_to_see_one(risk, probability=probability)
    assert 1 - thresholds.chance_of_no_event(risk, people) >= probability - 1e-9
    assert 1 - thresholds.chance_of_no_event(risk, people - 1) < probability + 1e-9


@given(st.integers(2, 100_000))
def test_the_risk_that_is_missed_one_time_in_twenty_is_the_upper_bound_of_no_event(n):
    assert thresholds.chance_of_no_event(zero_events_upper(n), n) == pytest.approx(0.05, rel=1e-6)


@given(st.floats(0.001, 0.3), st.integers(200, 100_000), st.floats(0.5, 0.95))
def test_the_detectable_risk_needs_exactly_the_people_given(risk, n, power):
    found = thresholds.detectable_risk(n, risk, power=power)
    assert found > risk
    assert abs(thresholds.people_per_group(found, risk, power=power) - n) <= 1


def test_two_people_a_group_can_tell_nothing_from_a_coin():
    assert thresholds.detectable_risk(2, 0.5) is None


@pytest.mark.parametrize(("treated", "control"), [(0.01, 0.01), (0, 0.01), (0.5, 1.2)])
def test_risks_that_are_equal_or_no_shares_are_refused(treated, control):
    with pytest.raises(EvidenceError):
        thresholds.people_per_group(treated, control)
