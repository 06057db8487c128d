"""Omega, reporting odds of pairs, masking and trends: closed forms, laws and simulations with planted truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import special

from primum.errors import CountError, UnknownNameError
from primum.signals.ic import ic
from primum.signals.masking import masking, without_drug
from primum.signals.omega import BASELINES, omega
from primum.signals.pair_odds import pair_odds
from primum.signals.prr import prr
from primum.signals.ror import ror
from primum.signals.three_way import ThreeWay, three_way
from primum.signals.trend import trend

EXAMPLE = (([9], [15], [14], [100]), ([20], [120], [80], 5000))


def drawn(rng: np.random.Generator, shares: tuple[float, float, float, float], sizes: tuple[int, ...]) -> ThreeWay:
    """SYNTHETIC triples: the share of reports with the event among both, first, second, neither drug; 4,000 times."""
    events = [rng.binomial(n, p, 4_000) for n, p in zip(sizes, shares, strict=True)]
    groups = ("both", "first", "second", "neither")
    split = {f"{g}_event": x for g, x in zip(groups, events, strict=True)}
    return ThreeWay(**split, **{g: np.full(4_000, n) for g, n in zip(groups, sizes, strict=True)})


def test_omega_equals_the_paper_s_formula_written_out() -> None:
    """Noren 2008: f00 = 80/4820, f10 = 6/100, f01 = 5/60; odds add up to g11, which 20 reports with both are given."""
    o00, o10, o01 = 80 / 4740, 6 / 94, 5 / 55
    expected = 20 * (1 - 1 / (o10 + o01 - o00 + 1))
    found = omega(three_way(*EXAMPLE))
    assert found.value[0] == pytest.approx(np.log2(9.5 / (expected + 0.5)), rel=1e-12)
    assert found.lower[0] == pytest.approx(np.log2(special.gammaincinv(9.5, 0.025) / (expected + 0.5)), rel=1e-12)
    multiplied = omega(three_way(*EXAMPLE), baseline="multiplicative")
    share = 0.06 * (5 / 60) / (80 / 4820)
    assert multiplied.value[0] == pytest.approx(np.log2(9.5 / (20 * share + 0.5)), rel=1e-12)


def test_a_protective_drug_does_not_lower_the_additive_baseline() -> None:
    """The maxima of the paper: a drug below the background counts as if its share were the background's."""
    split = three_way(([5], [5], [14], [200]), ([20], [1020], [80], 5000))
    assert split.first_event[0] == 0
    no_effect = replace(split, first_event=split.neither_event, first=split.neither)
    assert omega(split).value[0] == pytest.approx(omega(no_effect).value[0], rel=1e-12)


def test_excesses_that_only_add_up_are_no_interaction_and_a_planted_one_is_found() -> None:
    """SYNTHETIC: background 2 %, one drug 6 %, the other 5 %; odds that add up give 8.6 % with both."""
    o = [p / (1 - p) for p in (0.02, 0.06, 0.05)]
    added = (o[1] + o[2] - o[0]) / (1 + o[1] + o[2] - o[0])
    rng, sizes = np.random.default_rng(5), (200, 4_000, 4_000, 100_000)
    null = omega(drawn(rng, (added, 0.06, 0.05, 0.02), sizes))
    assert (null.lower > 0).mean() < 0.035
    assert abs(null.value.mean()) < 0.1
    planted = omega(drawn(rng, (0.25, 0.06, 0.05, 0.02), sizes))
    assert (planted.lower > 0).mean() > 0.95


def test_shares_that_multiply_are_an_interaction_to_the_additive_baseline_only() -> None:
    shares = (0.06 * 0.05 / 0.01, 0.06, 0.05, 0.01)
    counts = drawn(np.random.default_rng(6), shares, (200, 4_000, 4_000, 100_000))
    assert (omega(counts, baseline="multiplicative").lower > 0).mean() < 0.05
    assert (omega(counts).lower > 0).mean() > 0.95


def test_odds_that_multiply_have_the_ratio_one_as_often_as_the_level_says() -> None:
    def share(odds: float) -> float:
        return odds / (1 + odds)

    counts = drawn(
        np.random.default_rng(7),
        (share(0.05 * 4 * 3), share(0.05 * 4), share(0.05 * 3), share(0.05)),
        (400, 3_000, 3_000, 50_000),
    )
    ratio = pair_odds(counts).multiplicative
    assert ((ratio.lower <= 1) & (ratio.upper >= 1)).mean() == pytest.approx(0.95, abs=0.015)
    excess = pair_odds(counts).additive
    assert ((excess.lower <= 6) & (excess.upper >= 6)).mean() == pytest.approx(0.95, abs=0.02)


def test_odds_of_one_drug_alone_are_the_reporting_odds_ratio_without_the_other_drug() -> None:
    found, plain = pair_odds(three_way(*EXAMPLE)).first, ror([6], [100], [86], 4920)
    for name in ("lower", "value", "upper"):
        assert getattr(found, name)[0] == pytest.approx(getattr(plain, name)[0], rel=1e-12)


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ((0, 5, 5, 5, 0, 9, 9, 99), "no report has both drugs"),
        ((2, 0, 5, 5, 9, 0, 9, 99), "no report has the first drug alone"),
        ((2, 5, 0, 5, 9, 9, 0, 99), "no report has the second drug alone"),
        ((2, 5, 5, 0, 9, 9, 9, 0), "no report is without both drugs"),
    ],
)
@pytest.mark.parametrize("baseline", BASELINES)
def test_a_triple_without_a_baseline_says_why(split: tuple[int, ...], words: str, baseline: str) -> None:
    order = ("both", "first", "second", "neither")
    names = [*(f"{group}_event" for group in order), *order]
    found = omega(ThreeWay(**{n: np.array([x]) for n, x in zip(names, split, strict=True)}), baseline=baseline)  # type: ignore[arg-type]
    assert words in found.reason[0]
    assert np.isnan(found.value[0]) == ("both drugs: nothing" not in found.reason[0])


def test_a_background_without_the_event_cannot_be_multiplied_but_added() -> None:
    counts = three_way(([3], [5], [5], [7]), ([9], [30], [30], 500))
    assert counts.neither_event[0] == 0
    assert "cannot be multiplied" in omega(counts, baseline="multiplicative").reason[0]
    assert omega(counts).reason[0] == ""


def test_an_empty_cell_leaves_odds_empty_unless_haldane_is_asked_for() -> None:
    counts = three_way(([0], [5], [5], [70]), ([9], [30], [30], 500))
    assert "no report with" in pair_odds(counts).multiplicative.reason[0]
    assert np.isfinite(pair_odds(counts, haldane=True).multiplicative.value[0])


four = st.tuples(*[st.integers(0, 40)] * 8)


@given(four)
def test_every_triple_has_a_value_or_a_reason_and_drugs_may_change_places(cells: tuple[int, ...]) -> None:
    with_event = [np.array([x]) for x in cells[:4]]
    all_reports = [np.array([x + y]) for x, y in zip(cells[:4], cells[4:], strict=True)]
    names = ("both", "first", "second", "neither")
    one = ThreeWay(
        **dict(zip([f"{n}_event" for n in names], with_event, strict=True)),
        **dict(zip(names, all_reports, strict=True)),
    )
    swap = ("both", "second", "first", "neither")
    two = ThreeWay(
        **dict(zip([f"{n}_event" for n in swap], with_event, strict=True)), **dict(zip(swap, all_reports, strict=True))
    )
    for baseline in BASELINES:
        a, b = omega(one, baseline=baseline), omega(two, baseline=baseline)
        np.testing.assert_allclose(a.value, b.value, rtol=1e-12)
        assert np.isfinite(a.value[0]) or a.reason[0]
    np.testing.assert_allclose(pair_odds(one).additive.value, pair_odds(two).additive.value, rtol=1e-9)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: three_way(([9], [8], [14], [100]), ([20], [120], [80], 5000)), CountError, "would hold -1"),
        (lambda: three_way(([9], [15], [14], [100]), ([20], [120], [80], 100)), CountError, "would hold -80"),
        (lambda: three_way(([9], [15], [14], [100]), ([20], [20.5], [80], 100)), CountError, "whole numbers"),
        (lambda: three_way(([9, 9], [15] * 3, [14], [100]), ([20], [20], [80], 100)), CountError, "Shapes do not fit"),
        (lambda: omega(three_way(*EXAMPLE), baseline="aditive"), UnknownNameError, 'Did you mean "additive"'),
    ],
)
def test_what_cannot_be_is_told_in_one_line(call: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()  # type: ignore[operator]


# --- masking ----------------------------------------------------------------------------------------------------------


def test_the_masking_ratio_is_the_factor_by_which_leaving_the_drug_out_raises_the_others() -> None:
    """SYNTHETIC: 300 of 400 reports of the event come from one drug; another drug has 8 of its 20 reports."""
    ratio = masking([300], [1000], [400], 10_000).value[0]
    after = without_drug(
        ([8], [20], [400], 10_000), shared_observed=[0], shared_drug=[0], masking_event=[300], masking_drug=1000
    )
    expected = [20 * 400 / 10_000, after[1][0] * after[2][0] / after[3]]
    assert ratio == pytest.approx(expected[0] / expected[1], rel=1e-12)
    assert ratio == pytest.approx((400 / 10_000) / (100 / 9_000), rel=1e-12)


def test_a_planted_signal_that_one_drug_hides_is_found_without_it() -> None:
    """SYNTHETIC: of 100,000 reports the event is in 1 %, in half of the 10,000 of a masking drug, and in 4 % of the
    1,000 reports of a third drug, whose fourfold excess drowns."""
    rng = np.random.default_rng(2)
    reports = 100_000
    masker = np.zeros(reports, bool)
    masker[:10_000] = True
    drug = np.zeros(reports, bool)
    drug[20_000:21_000] = True
    event = rng.random(reports) < np.where(masker, 0.5, np.where(drug, 0.04, 0.01))
    counts = ([(drug & event).sum()], [drug.sum()], [event.sum()], reports)
    assert prr(*counts).upper[0] < 1
    assert masking([(masker & event).sum()], [masker.sum()], [event.sum()], reports).lower[0] > 4
    left = without_drug(
        counts, shared_observed=[0], shared_drug=[0], masking_event=[(masker & event).sum()], masking_drug=10_000
    )
    assert prr(*left).lower[0] > 2.5
    kept = ~masker
    assert left == ([(drug & event & kept).sum()], [(drug & kept).sum()], [(event & kept).sum()], kept.sum())


@given(st.tuples(*[st.integers(0, 50)] * 4))
def test_a_drug_masks_exactly_when_its_own_ratio_is_above_one(cells: tuple[int, ...]) -> None:
    a, b, c, d = cells
    assume(a + b and c and c + d)
    found = masking([a], [a + b], [a + c], sum(cells))
    ratio = prr([a], [a + b], [a + c], sum(cells)).value[0]
    assert (found.value[0] > 1 + 1e-12) == (ratio > 1 + 1e-9)


def test_an_event_of_one_drug_alone_has_no_finite_masking_ratio_and_says_so() -> None:
    found = masking([5], [9], [5], 100)
    assert np.isnan(found.value[0])
    assert "no report without the drug has the event" in found.reason[0]


def test_leaving_out_more_reports_than_there_are_is_refused() -> None:
    with pytest.raises(CountError, match="event_reports would be -1 without the masking drug"):
        without_drug(([1], [5], [9], 100), shared_observed=[0], shared_drug=[0], masking_event=[10], masking_drug=10)


# --- trends -----------------------------------------------------------------------------------------------------------


def test_the_last_cumulated_value_is_ic_of_the_sums() -> None:
    rng = np.random.default_rng(1)
    total = np.full((8, 1), 10_000)
    drug, event = rng.integers(50, 90, (8, 5)), rng.integers(100, 300, (8, 5))
    observed = rng.integers(0, 9, (8, 5))
    found = trend(observed, drug, event, total)
    whole = ic(observed.sum(axis=0), (drug * event / total).sum(axis=0))
    np.testing.assert_allclose(found.cumulated.value[-1], whole.value, rtol=1e-12)
    np.testing.assert_allclose(found.of_period.value[3], ic(observed[3], drug[3] * event[3] / 10_000).value)


def test_growth_of_drug_and_event_alone_is_no_trend_and_a_planted_start_is_found_soon_after() -> None:
    """SYNTHETIC: drug and event grow tenfold over twelve quarters; from quarter 6 the drug has a threefold excess."""
    rng = np.random.default_rng(4)
    drug = np.linspace(100, 1_000, 12).astype(int)[:, None] * np.ones((1, 300), int)
    event = np.linspace(200, 2_000, 12).astype(int)[:, None] * np.ones((1, 300), int)
    expected = drug * event / 100_000
    null = trend(np.minimum(rng.poisson(expected), drug), drug, event, [[100_000]] * 12)
    assert abs(null.cumulated.value[-1].mean()) < 0.1
    assert (null.cumulated.lower[-1] > 0).mean() < 0.05
    started = expected * np.where(np.arange(12) >= 6, 3, 1)[:, None]
    found = trend(np.minimum(rng.poisson(started), drug), drug, event, [[100_000]] * 12)
    assert np.median(found.first[found.first >= 0]) in (6, 7, 8)


def test_a_quarter_without_reports_has_a_value_and_says_what_it_is() -> None:
    found = trend([[0], [3]], [[0], [10]], [[0], [20]], [[0], [1000]])
    assert "nothing is expected" in found.of_period.reason[0, 0]
    assert found.of_period.reason[1, 0] == ""


def test_one_row_of_counts_is_refused() -> None:
    with pytest.raises(CountError, match="one row a period"):
        trend([1, 2], [3, 4], [5, 6], 100)
