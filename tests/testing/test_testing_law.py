"""Do invented names come as often as real ones?"""

from __future__ import annotations

import numpy as np
import pytest

from primum.testing.draws import Draws
from primum.testing.law import DRUG_NAMES, drug_law, event_law

# Primary suspects of 2004q1-2026q2, from a public log of a load of all quarters (October 2026).
ROWS, NAMES, ONCE, IN_FIRST_1000, IN_FIRST_10000 = 24_812_425, 139_460, 84_208, 0.796, 0.981


def test_the_law_of_drug_names_gives_the_four_published_figures_within_one_in_a_hundred():
    law = drug_law(DRUG_NAMES)
    table = np.diff(law.steps, prepend=0.0)
    rank = np.arange(len(table) + 1, DRUG_NAMES + 1, dtype=np.float64)
    tail = rank**-law.slope
    tail *= (1 - law.steps[-1]) / tail.sum()
    expected = ROWS * np.concatenate([table, tail])  # rows of each name; their counts are Poisson
    assert law.steps[999] == pytest.approx(IN_FIRST_1000, rel=0.01)
    assert law.steps[9_999] == pytest.approx(IN_FIRST_10000, rel=0.01)
    assert -np.expm1(-expected).sum() == pytest.approx(NAMES, rel=0.01)
    assert (expected * np.exp(-expected)).sum() == pytest.approx(ONCE, rel=0.01)


def test_draws_follow_the_law_also_behind_its_table():
    n, law = 400_000, drug_law(DRUG_NAMES)
    ranks = law.ranks(Draws(1), np.arange(n), "drug")
    for first in (1, 10, 1_000, 10_000):
        share = law.steps[first - 1]
        # Share of Bernoulli draws; five standard errors.
        assert np.mean(ranks < first) == pytest.approx(share, abs=5 * (share * (1 - share) / n) ** 0.5)
    power = 1 - law.slope
    low, middle, high = (10_000.5**power, 100_000.5**power, (DRUG_NAMES + 0.5) ** power)
    behind = (1 - law.steps[-1]) * (middle - high) / (low - high)
    assert np.mean(ranks >= 100_000) == pytest.approx(behind, abs=5 * (behind / n) ** 0.5)
    assert ranks.max() < DRUG_NAMES


@pytest.mark.parametrize("names", [1, 50, 10_000, 20_000])
def test_a_law_cut_short_draws_no_other_names(names):
    ranks = drug_law(names).ranks(Draws(1), np.arange(50_000), "drug")
    assert ranks.min() >= 0
    assert ranks.max() < names
    if names == 50:
        assert len(set(ranks.tolist())) == 50


def test_the_first_event_has_two_rows_in_a_hundred():
    steps = event_law(20_000).steps
    assert steps[0] == pytest.approx(0.02, abs=0.002)
    assert steps[-1] == pytest.approx(1)
