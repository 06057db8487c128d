"""Numbers that can be worked by hand, and values beside each limit at which a warning begins."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from primum.evidence.pooling import TwoArms, TwoRates, pool, small_study_test
from primum.evidence.pooling.peto import peto
from primum.evidence.rates import rate_ratio

# Events and people, vaccinated and not, of the 13 trials of BCG: Colditz and others, JAMA 271:698-702 (1994), Table 1.
BCG = (
    (4, 123, 11, 139), (6, 306, 29, 303), (3, 231, 11, 220), (62, 13598, 248, 12867), (33, 5069, 47, 5808),
    (180, 1541, 372, 1451), (8, 2545, 10, 629), (505, 88391, 499, 88391), (29, 7499, 45, 7277), (17, 1716, 65, 1665),
    (186, 50634, 141, 27338), (5, 2498, 3, 2341), (27, 16913, 29, 17854),
)  # fmt: skip


def studies(*rows: tuple[int, int, int, int]) -> TwoArms:
    a, n1, c, n0 = (np.array(column) for column in zip(*rows, strict=True))
    names = tuple(f"S{place}" for place in range(len(rows)))
    return TwoArms(study=names, events_treated=a, n_treated=n1, events_control=c, n_control=n0)


def test_the_bounds_of_a_rate_ratio_are_the_ratios_that_the_binomial_test_just_allows() -> None:
    """20 events in 10 years against 10 in 40: given 30, the treated have a share of 10 r / (10 r + 40)."""
    found = rate_ratio(20, 10.0, 10, 40.0)
    assert found.estimate == pytest.approx(8.0)
    assert found.interval is not None
    low, high = (10 * ratio / (10 * ratio + 40) for ratio in (found.interval.lower, found.interval.upper))
    assert stats.binom.sf(19, 30, low) == pytest.approx(0.025)
    assert stats.binom.cdf(20, 30, high) == pytest.approx(0.025)


def test_eggers_test_of_the_bcg_trials_is_that_of_metafor() -> None:
    """metafor, `regtest(model="lm")` of the log risk ratios, as its documentation prints: t = -1.4013, p = 0.1887."""
    found = small_study_test(studies(*BCG), measure="RR")
    assert found.intercept is not None
    assert found.se is not None
    assert found.intercept / found.se == pytest.approx(-1.4013, abs=5e-5)
    assert found.p == pytest.approx(0.1887, abs=5e-5)


def test_harbords_test_has_two_degrees_of_freedom_fewer_than_studies() -> None:
    found = small_study_test(studies(*BCG), measure="OR")
    assert found.intercept is not None
    assert found.se is not None
    assert found.p == pytest.approx(2 * stats.t.sf(abs(found.intercept / found.se), 11))


def test_where_one_more_study_is_expected_by_hartung_knapp_is_worked_by_hand() -> None:
    """Differences -0.8, 0 and 0.8, each of variance 2 x 0.1 x 0.9 / 100 = 0.0018.

    So s2 = 0.64, tau2 = 0.64 - 0.0018 and se2 = 0.64 / 3; with t(2, 0.975) = 4.302653 (Student's table) the half width
    is 4.302653 sqrt(0.64 / 3 + 0.6382) = 3.970426.
    """
    table = studies((10, 100, 90, 100), (10, 100, 10, 100), (90, 100, 10, 100))
    found = pool(table, measure="RD", method="hksj")
    assert found.tau2 == pytest.approx(0.6382)
    assert found.prediction is not None
    assert found.prediction.upper == pytest.approx(3.970426, abs=1e-5)
    assert found.prediction.lower == pytest.approx(-3.970426, abs=1e-5)


@pytest.mark.parametrize("measure", ["RR", "IRR"])
def test_a_study_without_events_is_left_out_of_a_ratio_and_named(measure: str) -> None:
    told = studies((3, 100, 1, 100), (0, 50, 0, 60), (4, 90, 2, 80))
    rates = TwoRates(
        study=told.study,
        events_treated=told.events_treated,
        time_treated=told.n_treated.astype(float),
        events_control=told.events_control,
        time_control=told.n_control.astype(float),
    )
    found = pool(told if measure == "RR" else rates, measure=measure, method="mh")  # type: ignore[arg-type]
    assert found.used == ("S0", "S2")
    assert [study for study, _ in found.left_out] == ["S1"]


def test_studies_nearer_to_each_other_than_chance_allows_leave_no_spread_between_them() -> None:
    """Q = 0 of three equal studies lies below 0.0506, the 2.5 % quantile of chi-square on 2 degrees of freedom."""
    alike = pool(studies(*[(10, 100, 5, 100)] * 3), measure="RD", method="reml")
    assert alike.estimate == pytest.approx(0.05)
    assert alike.q == pytest.approx(0, abs=1e-12)
    assert alike.tau2_interval is None
    unlike = pool(studies((10, 100, 5, 100), (12, 100, 5, 100), (10, 100, 5, 100)), measure="RD", method="reml")
    assert unlike.q is not None
    assert unlike.q > 0.0506
    assert unlike.tau2_interval is not None
    assert unlike.tau2_interval.lower == 0


@pytest.mark.parametrize(
    ("row", "warned"),
    [
        # More than twice as many in one group as in the other.
        ((3, 2000, 2, 1000), ""),
        ((3, 2001, 2, 1000), "one group is more than twice the other"),
        ((2, 1000, 3, 2001), "one group is more than twice the other"),
        # n people a group, m events: log OR = (a - m / 2) 4 (2n - 1) / (m (2n - m)), of 100 events 0.884 and 0.925;
        # log(2.5) = 0.916 lies between.
        ((72, 10_000, 28, 10_000), ""),
        ((73, 10_000, 27, 10_000), "the effect is large"),
        ((27, 10_000, 73, 10_000), "the effect is large"),
        # One person in twenty.
        ((5, 100, 5, 100), ""),
        ((6, 100, 5, 100), "of the people had the event"),
    ],
)
def test_petos_odds_ratio_warns_just_beyond_each_limit(row: tuple[int, int, int, int], warned: str) -> None:
    found = peto(studies(row))
    assert len(found.warnings) == bool(warned)
    assert warned in "".join(found.warnings)
    if row[1] == 10_000:
        a, n, m = row[0], 10_000, 100
        by_hand = (a - m / 2) * 4 * (2 * n - 1) / (m * (2 * n - m))
        assert found.estimate == pytest.approx(by_hand)
        assert (abs(by_hand) > math.log(2.5)) == bool(warned)
