"""PRR, ROR, RRR, IC and chi-square against other programs, and the laws they must keep."""

from __future__ import annotations

import csv
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from primum.errors import CountError
from primum.signals import fourfold
from primum.signals.chi2 import chi2
from primum.signals.estimate import Estimate
from primum.signals.ic import ic
from primum.signals.midp import midp
from primum.signals.prr import prr
from primum.signals.ror import ror
from primum.signals.rrr import rrr
from primum.signals.tiles import ROWS


@pytest.fixture(scope="module")
def pvda(shared: Path) -> dict[str, np.ndarray]:
    """Output of R package pvda 0.0.4, function da(), on its 1,306 simulated pairs."""
    with (shared / "oracles" / "pvda_da_output.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {
        name: np.array([float(r[name] or "nan") for r in rows]) for name in rows[0] if name not in ("drug", "event")
    }


def _margins(oracle: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    return tuple(oracle[name].astype(np.int64) for name in ("obs", "n_drug", "n_event", "n_tot"))


def test_prr_equals_pvda(pvda: dict[str, np.ndarray]) -> None:
    estimate = prr(*_margins(pvda))
    for ours, theirs in ((estimate.lower, "prr2.5"), (estimate.value, "prr"), (estimate.upper, "prr97.5")):
        known = np.isfinite(pvda[theirs])
        assert known.sum() == 450  # pvda leaves pairs with fewer than three reports out
        np.testing.assert_allclose(ours[known], pvda[theirs][known], atol=6e-11, rtol=1e-9)


def test_ror_equals_pvda(pvda: dict[str, np.ndarray]) -> None:
    estimate = ror(*_margins(pvda))
    for ours, theirs in ((estimate.lower, "ror2.5"), (estimate.value, "ror"), (estimate.upper, "ror97.5")):
        known = np.isfinite(pvda[theirs]) & (estimate.reason_code == 0)
        assert known.sum() == 450  # pvda leaves pairs with fewer than three reports out
        np.testing.assert_allclose(ours[known], pvda[theirs][known], atol=6e-11, rtol=1e-9)


def test_ic_equals_pvda(pvda: dict[str, np.ndarray]) -> None:
    observed, drug, event, total = _margins(pvda)
    estimate = ic(observed, drug * event / total)
    for ours, theirs in ((estimate.lower, "ic2.5"), (estimate.value, "ic"), (estimate.upper, "ic97.5")):
        np.testing.assert_allclose(ours, pvda[theirs], atol=6e-11, rtol=1e-9)


def test_the_pairs_that_pvda_prints_are_the_counts_of_its_reports(shared: Path, pvda: dict[str, np.ndarray]) -> None:
    """Guards against margins that are sums over pairs (vigipy 3.5.1 case level, AEOLUS): ours are distinct reports."""
    with (shared / "oracles" / "pvda_drug_event_input.csv").open() as file:
        rows = [(r["report_id"], r["drug"], r["event"]) for r in csv.DictReader(file)]
    total = len({report for report, _, _ in rows})
    drug_z = {report for report, drug, _ in rows if drug == "Drug_Z"}
    event_1 = {report for report, _, event in rows if event == "Event_1"}
    both = {report for report, drug, event in rows if (drug, event) == ("Drug_Z", "Event_1")}
    distinct = ror([len(both)], [len(drug_z)], [len(event_1)], total).value[0]
    assert distinct == pytest.approx(pvda["ror"][0], rel=1e-9)
    summed = len([1 for _, drug, _ in rows if drug == "Drug_Z"]), len([1 for _, _, e in rows if e == "Event_1"])
    assert abs(ror([len(both)], [summed[0]], [summed[1]], len(rows)).value[0] / distinct - 1) > 0.1


def test_two_reports_never_signal_and_three_can() -> None:
    """pvda's manual says that three cannot; R's log2(qgamma(.025, 3.5, 0.51)) is 0.73."""
    expected = np.geomspace(1e-12, 10, 200)
    assert ic(np.full(200, 2), expected).lower.max() < 0
    assert ic([3], [0.01]).lower[0] == pytest.approx(0.73, abs=5e-3)


def test_the_interval_of_ic_holds_the_mass_it_claims() -> None:
    estimate = ic([4], [1.5], level=0.8)
    inside = stats.gamma(4.5, scale=1 / 2.0).cdf(2 ** np.array([estimate.lower[0], estimate.upper[0]]))
    np.testing.assert_allclose(inside, [0.1, 0.9], atol=1e-12)


def test_counts_far_apart_get_the_quantiles_of_their_own_count() -> None:
    far = ic([0, 5_000_000], [1.0, 2.0])
    np.testing.assert_array_equal(far.lower[:1], ic([0], [1.0]).lower)
    assert far.lower[1] == pytest.approx(np.log2(special.gammaincinv(5_000_000.5, 0.025) / 2.5), rel=1e-14)


def test_chi_square_equals_scipy_with_and_without_yates() -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        a, b, c, d = rng.integers(1, 400, 4)
        for correction, flag in (("yates", True), ("none", False)):
            value, _ = chi2([a], [a + b], [a + c], int(a + b + c + d), correction=correction)
            expected = stats.chi2_contingency([[a, b], [c, d]], correction=flag).statistic
            assert value[0] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_chi_square_does_not_overflow_at_twenty_million_reports() -> None:
    value, _ = chi2([9_000_000], [10_000_000], [11_000_000], 20_000_000)
    assert value[0] == pytest.approx(stats.chi2_contingency([[9e6, 1e6], [2e6, 8e6]]).statistic, rel=1e-9)


def test_a_zero_cell_gives_an_upper_bound() -> None:
    estimate = rrr([0], [2.0])
    assert (estimate.lower[0], estimate.value[0]) == (0.0, 0.0)
    assert estimate.upper[0] == pytest.approx(-np.log(0.025) / 2)  # P(X = 0) = exp(-mu)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((0, 0, 5, 100), "no report has the drug"),
        ((5, 100, 5, 100), "every report has the drug"),
        ((0, 5, 0, 100), "no report has the event"),
        ((5, 5, 5, 100), "no upper limit"),
        ((0, 5, 5, 100), "no report has both"),
    ],
)
def test_a_degenerate_prr_says_why(counts: tuple[int, int, int, int], words: str) -> None:
    a, drug, event, total = counts
    estimate = prr([a], [drug], [event], total)
    assert words in estimate.reason[0]
    assert np.isnan(estimate.lower[0])
    assert np.isnan(estimate.upper[0])


@pytest.mark.parametrize(
    ("counts", "words", "haldane"),
    [
        ((0, 0, 5, 100), "no report has the drug", None),
        ((5, 5, 100, 100), "every report has the event", None),
        ((0, 5, 5, 100), "no report has both", 0.5 * 90.5 / (5.5 * 5.5)),
        ((5, 5, 9, 100), "every report with the drug has the event", 5.5 * 91.5 / (0.5 * 4.5)),
        ((5, 9, 5, 100), "no report without the drug has the event", 5.5 * 91.5 / (4.5 * 0.5)),
        ((2, 50, 52, 100), "no report is without both", 2.5 * 0.5 / (48.5 * 50.5)),
    ],
)
def test_a_zero_cell_leaves_ror_empty_unless_haldane_is_asked_for(
    counts: tuple[int, int, int, int], words: str, haldane: float | None
) -> None:
    a, drug, event, total = counts
    empty = ror([a], [drug], [event], total)
    assert np.isnan(empty.value[0])
    assert words in empty.reason[0]
    half = ror([a], [drug], [event], total, zero_cells="haldane")
    if haldane is None:
        assert words in half.reason[0]
        assert np.isnan(half.value[0])
    else:
        assert half.value[0] == pytest.approx(haldane)
        assert half.lower[0] < half.value[0] < half.upper[0]
        assert "Haldane" in half.reason[0]


def test_nothing_expected_keeps_ic_finite_and_says_so() -> None:
    estimate = ic([0], [0.0])
    assert np.isfinite([estimate.lower[0], estimate.value[0], estimate.upper[0]]).all()
    assert "nothing is expected" in estimate.reason[0]
    assert "nothing is expected" in rrr([0], [0.0]).reason[0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: prr([-1], [5], [5], 100), "observed[0] is -1; counts of reports are at least 0"),
        (lambda: ror([1.5], [5], [5], 100), "observed[0] is 1.5; counts of reports are whole numbers"),
        (lambda: ic([1], [float("nan")]), "expected[0] is nan; expected a finite number of at least 0"),
        (lambda: ic([1, 2], [1.0]), "expected has shape (1,); expected that of observed, (2,)"),
        (lambda: ic([1], [1.0], shrinkage=0), "shrinkage is 0; expected a number of reports above 0"),
        (lambda: rrr([1], [1.0], level=95), "level is 95; expected a probability between 0 and 1"),
        (lambda: prr([6], [5], [9], 100), "Pair 0: more reports with both than with the drug"),
        (lambda: prr([3], [5], [2], 100), "Pair 0: more reports with both than with the event"),
        (lambda: prr([3], [5], [5], 6), "Pair 0: more reports with drug or event than reports in all"),
        (lambda: prr([3, 3], [5, 5, 5], [5], 60), "Shapes do not fit"),
    ],
)
def test_counts_that_cannot_be_are_told_in_one_line(call: object, words: str) -> None:
    with pytest.raises(CountError) as caught:
        call()  # type: ignore[operator]
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_value_without_a_reason_cannot_be_made() -> None:
    gap, code = np.array([np.nan]), np.array([0], dtype=np.uint8)
    with pytest.raises(CountError, match="no reason says why"):
        Estimate(lower=gap, value=gap, upper=gap, level=0.95, reason_code=code, reasons=("",))


pairs = st.lists(
    st.tuples(*[st.integers(0, 500)] * 4).map(lambda cell: (cell[0], cell[0] + cell[1], cell[0] + cell[2], sum(cell))),
    min_size=1,
    max_size=12,
)


def _all(table: np.ndarray) -> list[Estimate]:
    a, drug, event, total = table.T
    expected = drug * event / np.maximum(total, 1)
    return [prr(a, drug, event, total), ror(a, drug, event, total), rrr(a, expected), ic(a, expected)]


@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_pairs_does_not_matter(rows: list[tuple[int, ...]], random: object) -> None:
    table = np.array(rows)
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    for before, after in zip(_all(table), _all(table[order]), strict=True):
        np.testing.assert_array_equal(before.value[order], after.value)
        np.testing.assert_array_equal(before.lower[order], after.lower)
        assert before.reason[order].tolist() == after.reason.tolist()


@given(pairs)
def test_drug_and_event_may_change_roles_in_ror_rrr_and_ic(rows: list[tuple[int, ...]]) -> None:
    table = np.array(rows)
    swapped = table[:, [0, 2, 1, 3]]
    for before, after in list(zip(_all(table), _all(swapped), strict=True))[1:]:
        np.testing.assert_allclose(before.value, after.value, rtol=1e-12)
        np.testing.assert_allclose(before.lower, after.lower, rtol=1e-9, atol=1e-12)


@given(pairs)
def test_every_pair_has_an_ordered_interval_or_a_reason(rows: list[tuple[int, ...]]) -> None:
    for estimate in _all(np.array(rows)):
        plain = estimate.reason_code == 0
        assert np.all(estimate.lower[plain] <= estimate.value[plain])
        assert np.all(estimate.value[plain] <= estimate.upper[plain])
        assert all(bool(text) != fine for text, fine in zip(estimate.reason, plain, strict=True))


@given(st.integers(0, 200), st.integers(1, 200), st.integers(1, 200), st.integers(1, 2000))
def test_one_more_report_with_both_raises_every_statistic(a: int, b: int, c: int, d: int) -> None:
    """Margins stay: one report moves from each of `drug only` and `event only` to `both` and `neither`."""
    table = np.array([(a, a + b, a + c, a + b + c + d), (a + 1, a + b, a + c, a + b + c + d)])
    for estimate in _all(table):
        if estimate.reason_code.any():
            continue
        assert estimate.value[1] > estimate.value[0]
        assert estimate.upper[1] > estimate.upper[0] or estimate.lower[1] > estimate.lower[0]
    expected = table[:, 1] * table[:, 2] / table[:, 3]
    for estimate in (rrr(table[:, 0], expected), ic(table[:, 0], expected)):
        assert estimate.lower[1] > estimate.lower[0]
        assert estimate.upper[1] > estimate.upper[0]


@given(st.tuples(*[st.integers(1, 300)] * 4), st.integers(2, 40))
def test_k_times_the_reports_keep_the_ratio_and_narrow_the_interval(cell: tuple[int, ...], k: int) -> None:
    a, b, c, d = cell
    row = np.array([a, a + b, a + c, a + b + c + d])
    for estimate in _all(np.array([row, k * row]))[:3]:
        assert estimate.value[1] == pytest.approx(estimate.value[0], rel=1e-12)
        assert estimate.lower[1] > estimate.lower[0]
        assert estimate.upper[1] < estimate.upper[0]


def _many(pairs: int, total: int) -> np.ndarray:
    """Counts of every kind, empty cells and margins included; columns as `_all` takes them."""
    rng = np.random.default_rng(7)
    drug, event = (np.minimum(np.exp(rng.normal(3, 3, pairs)).astype(np.int64), total) for _ in range(2))
    low, high = np.maximum(0, drug + event - total), np.minimum(drug, event)
    observed = low + ((high - low + 1) * rng.random(pairs) ** 6).astype(np.int64)
    return np.stack([observed, drug, event, np.full(pairs, total)], axis=1)


def _bytes(estimate: Estimate) -> list[bytes]:
    return [x.tobytes() for x in (estimate.lower, estimate.value, estimate.upper, estimate.reason_code)]


@pytest.mark.parametrize("total", [60, 20_000_000])
def test_pairs_of_many_tiles_are_computed_as_in_small_tables(total: int) -> None:
    table = _many(2 * ROWS + 99, total)
    pieces = [_all(table[first : first + 4_000]) for first in range(0, len(table), 4_000)]
    for whole, parts in zip(_all(table), zip(*pieces, strict=True), strict=True):
        for name in ("lower", "value", "upper", "reason_code"):
            np.testing.assert_array_equal(getattr(whole, name), np.concatenate([getattr(p, name) for p in parts]))
    cells = table.copy()
    cells[-1] = 9, 5, 9, total
    with pytest.raises(CountError, match=f"Pair {len(cells) - 1}: more reports with both than with the drug"):
        prr(*cells.T[:3], total)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("numba") is None, reason="numba (the extra `fast`) is not installed")
@pytest.mark.parametrize("total", [60, 20_000_000])
def test_compiled_and_not_the_answer_is_the_same_bytes(total: int, monkeypatch: pytest.MonkeyPatch) -> None:
    a, drug, event, _ = np.ascontiguousarray(_many(100_000, total).T)
    answers = []
    for worth in (10**9, 0):
        for module in (fourfold, sys.modules["primum.signals.ic"]):
            for name in ("WORTH_IMPORTING", "WORTH_CALLING"):
                monkeypatch.setattr(module, name, worth)
        monkeypatch.setattr(sys.modules["primum.signals.midp"], "_WORTH_CALLING", worth)
        asked = (prr(a, drug, event, total), ror(a, drug, event, total), ic(a, drug * event / total))
        answers.append([*(_bytes(estimate) for estimate in asked), midp(a, drug, event, total).tobytes()])
    assert answers[0] == answers[1]
    with pytest.raises(CountError, match="Pair 1: more reports with both than with the event"):
        ror([0, 3], np.array([1, 5]), np.array([1, 2]), 100)
    with pytest.raises(CountError, match=r"observed\[1\] is -1000000000"):
        ic([0, -(10**9)], [1.0, 1.0])
    with pytest.raises(CountError, match=r"expected\[1\] is nan"):
        ic([0, 3], [1.0, np.nan])
