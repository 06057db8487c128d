"""A number is rounded once, when it is shown, and never into another story."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.dossier.render.numbers import number, parse, per_1000, percent, show
from primum.evidence.finding import Finding
from primum.terms import Interval

NUMBERS = st.floats(-1e12, 1e12).filter(lambda x: x == 0 or abs(x) > 1e-9)
SHARES = st.floats(-1, 1).filter(lambda x: x == 0 or abs(x) > 1e-9)


def finding(**given: object) -> Finding:
    return Finding(**{"id": "a.b", "label": "x", "value": 0.5, "unit": "proportion", "sources": ("s",), **given})


@given(NUMBERS)
def test_a_number_reads_back_within_half_a_percent(value: float) -> None:
    assert parse(number(value)) == pytest.approx(value, rel=0.005)


@given(st.integers(-(10**12), 10**12))
def test_a_count_reads_back_exactly(value: int) -> None:
    assert parse(number(value)) == value


@given(SHARES)
def test_a_share_of_a_thousand_reads_back_within_half_a_person(share: float) -> None:
    shown = parse(per_1000(share))
    assert abs(shown - 1000 * share) <= 0.5 + 1e-9


@given(SHARES)
def test_a_share_keeps_its_sign_and_is_zero_only_when_it_is(share: float) -> None:
    for text in (per_1000(share), per_1000(share, signed=True), percent(share)):
        assert (parse(text) > 0) == (share > 0)
        assert (parse(text) < 0) == (share < 0)


@given(st.floats(0, 1), st.floats(0, 1))
def test_order_survives_rounding(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert parse(per_1000(low)) <= parse(per_1000(high))
    assert parse(percent(low)) <= parse(percent(high))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_not_shown(value: float) -> None:
    for write in (number, per_1000, percent):
        with pytest.raises(ValueError, match="cannot be shown"):
            write(value)


def test_a_half_is_rounded_away_from_zero_as_by_hand() -> None:
    assert (number(136.5), per_1000(0.0125), percent(0.00125)) == ("137", "13", "0.1 %")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("value", "7 %"),
        ("per_1000", "70"),
        ("per_1000_signed", "+70"),
        ("per_1000_interval", "30 to 140"),
        ("with_interval", "7 % (3 to 14 %)"),
        ("without_per_1000", "930"),
        ("counts", "7 of 100"),
        ("denominator", "100"),
    ],
)
def test_a_share_can_be_shown_in_each_way(how: str, said: str) -> None:
    share = finding(value=0.07, interval=Interval(0.03, 0.14), numerator=7, denominator=100)
    assert show(share, how) == said  # type: ignore[arg-type]


def test_a_range_between_sources_shows_both_ends_and_no_middle() -> None:
    fold = finding(value=136.5, interval=Interval(136.5, 150, level=None), unit="fold")
    assert show(fold, "quantity_range") == "137 to 150 fold"


def test_one_day_is_a_day_and_a_range_without_a_number_is_shown() -> None:
    assert show(finding(value=1, unit="days"), "quantity") == "1 day"
    spread = finding(value=None, unit="days", interval=Interval(0, 7, level=None), warnings=("no number",))
    assert show(spread, "quantity_range") == "0 to 7 days"


def test_a_status_is_its_word_and_an_unknown_says_so() -> None:
    assert show(finding(value="approved", unit="status")) == "approved"
    assert show(finding(value=None, warnings=("not read",))) == "not known"


def test_an_interval_whose_ends_are_alike_has_two_ends_and_a_range_of_one_number_has_one() -> None:
    alike = {"value": 1.0106, "unit": "ratio"}
    assert show(finding(**alike, interval=Interval(0.998, 0.998, 0.9)), "with_interval") == "1.01 (0.998 to 0.998)"
    assert show(finding(**alike, interval=Interval(0.998, 0.998, None)), "with_interval") == "1.01 (0.998)"
