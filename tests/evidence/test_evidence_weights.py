"""Are threshold weights and acceptability what their definitions say, with draws that can be repeated?"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.errors import EvidenceError
from primum.evidence.weights import weigh

LARGE = 10_000_000  # people from which on a share is as good as known


def arms(more: float) -> tuple[int, int, int, int]:
    """Two arms whose risk difference is `more`, as good as known exactly."""
    return round((0.1 + more) * LARGE), LARGE, round(0.1 * LARGE), LARGE


@settings(max_examples=25)
@given(benefit=st.floats(0.05, 0.8), harm=st.floats(0.05, 0.8))
def test_with_known_shares_and_one_harm_the_acceptability_is_the_benefit_over_the_sum(
    benefit: float, harm: float
) -> None:
    """For w even on [0, 1], P(w b > (1 - w) h) = b / (b + h)."""
    found = weigh(arms(benefit), [arms(harm)], rng=np.random.default_rng(1))
    assert found.acceptability == pytest.approx(benefit / (benefit + harm), abs=5 * found.error + 1e-3)
    assert found.thresholds[0] == pytest.approx(benefit / harm, rel=1e-4)


def test_with_two_harms_it_is_the_share_of_a_fine_grid_of_weights() -> None:
    """A naive second computation: count the points of a triangle of weights."""
    b, h1, h2 = 0.4, 0.2, 0.6
    grid = [(i, j) for i, j in itertools.product(range(400), repeat=2) if i + j < 400]
    better = sum((400 - i - j) * b > i * h1 + j * h2 for i, j in grid)
    found = weigh(arms(b), [arms(h1), arms(h2)], rng=np.random.default_rng(2))
    assert found.acceptability == pytest.approx(better / len(grid), abs=5 * found.error + 2e-3)


def test_a_harm_that_treatment_does_not_add_has_no_finite_threshold_and_cannot_lower_the_benefit() -> None:
    found = weigh((50, 100, 10, 100), [(5, 100, 5, 100), (1, 100, 9, 100)], rng=np.random.default_rng(3))
    assert found.thresholds == (float("inf"), float("inf"))
    assert found.intervals[1].upper == float("inf")


def test_the_interval_holds_the_true_ratio_about_as_often_as_it_says() -> None:
    """Simulated trials with true differences of 0.30 and 0.15: the ratio is 2."""
    rng = np.random.default_rng(4)
    holds = 0
    for _ in range(200):
        x = rng.binomial(300, (0.4, 0.1, 0.35, 0.2)).tolist()
        (interval,) = weigh((x[0], 300, x[1], 300), [(x[2], 300, x[3], 300)], rng=rng, draws=1000).intervals
        holds += interval.lower <= 2 <= interval.upper
    assert 181 <= holds <= 199  # 95 % of 200, three standard errors to the left


def test_the_same_seed_gives_the_same_numbers() -> None:
    one, two = (weigh((50, 100, 10, 100), [(20, 100, 5, 100)], rng=np.random.default_rng(5)) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("benefit", "harms", "draws"),
    [
        ((50, 100, 10), [(1, 2, 0, 2)], 2000),
        ((50, 40, 10, 100), [(1, 2, 0, 2)], 2000),
        ((50, 100, 10, 100), [], 2000),
        ((50, 100, 10, 100), [(1, 2, 0, 2)], 10),
    ],
)
def test_counts_that_no_group_can_have_are_refused(benefit: tuple[int, ...], harms: list[int], draws: int) -> None:
    with pytest.raises(EvidenceError, match="expected"):
        weigh(benefit, harms, rng=np.random.default_rng(6), draws=draws)
