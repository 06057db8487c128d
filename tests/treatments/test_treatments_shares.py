"""Does a share keep to its people, its events and its printed decimals?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.evidence.proportions import wilson
from primum.terms import Interval
from primum.treatments.shares import Share, half_last_digit, intervals, recomputes

PEOPLE = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counted=PEOPLE, decimals=st.integers(0, 2))
def test_a_rounded_percentage_recomputes_and_allows_its_count(counted: tuple[int, int], decimals: int) -> None:
    events, n = counted
    printed = f"{100 * events / n:.{decimals}f}"
    assert recomputes(events, n, printed)
    possible = Share(n, None, printed).possible_events()
    assert possible is not None
    assert possible[0] <= events <= possible[1]


@given(counted=PEOPLE, decimals=st.integers(0, 2))
def test_every_count_that_a_percentage_allows_rounds_to_it(counted: tuple[int, int], decimals: int) -> None:
    events, n = counted
    printed = f"{100 * events / n:.{decimals}f}"
    fewest, most = Share(n, None, printed).possible_events() or (1, 0)
    assert all(recomputes(x, n, printed) for x in {fewest, most})
    assert not any(recomputes(x, n, printed) for x in (fewest - 1, most + 1) if 0 <= x <= n)


@given(counted=PEOPLE)
def test_a_percentage_off_by_one_last_digit_does_not_recompute(counted: tuple[int, int]) -> None:
    events, n = counted
    assert not recomputes(events, n, f"{100 * events / n + 0.11:.1f}")  # so that a half cannot round back


def test_a_half_may_round_either_way() -> None:
    assert recomputes(1, 8, "12.5")
    assert recomputes(1, 8, "12")
    assert recomputes(1, 8, "13")
    assert half_last_digit("14.56") == pytest.approx(0.005)


def test_the_interval_of_a_count_that_is_not_certain_covers_all_that_fit() -> None:
    """SAKURA 3 prints 17.8 % of 2,691 people: 478, 479 or 480."""
    share = Share(2691, None, "17.8")
    assert share.value == pytest.approx(0.178)
    assert share.exact_events is None
    (found,) = intervals([share])
    assert found == Interval(float(wilson(478, 2691)[0]), float(wilson(480, 2691)[1]))
    assert share.warnings() == ("count not printed: 478 to 480 of 2691 give 17.8 %",)


def test_shares_without_people_or_from_a_meta_analysis_have_no_computed_interval() -> None:
    printed = Interval(0.012, 0.023)
    shares = [Share(None, None, "12"), Share(4268, None, "16", estimated=True), Share(8833, None, "1.8", True, printed)]
    assert intervals(shares) == [None, None, printed]
    assert [share.value for share in shares] == pytest.approx([0.12, 0.16, 0.018])
    assert all(share.warnings() for share in shares)


def test_a_counted_share_ignores_the_printed_percentage() -> None:
    assert Share(254, 38, "14.9").value == 38 / 254
    assert Share(254, 38, "14.9").method.id == "share_wilson"
