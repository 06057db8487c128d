"""maxSPRT at planned looks against a comparator: against the chain after every event, by enumeration and simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from primum.errors import CountError
from primum.signals.maxsprt import maxsprt_binomial
from primum.signals.maxsprt_boundary import binomial_alpha
from primum.signals.maxsprt_looks import NOT_COMPUTED, maxsprt_comparator


@pytest.mark.parametrize(("looks", "p0"), [(12, 0.3), (25, 0.5), (40, 0.05)])
def test_a_look_after_every_report_is_the_chain_of_the_continuous_test(looks: int, p0: float) -> None:
    cases = np.zeros((looks, 1), dtype=np.int64)
    cases[-4:] = 1
    found = maxsprt_comparator(cases, 1 - cases, share=np.full(looks, p0))
    plain = maxsprt_binomial(cases[:, 0], 1 - cases[:, 0], limit=looks, controls_per_case=(1 - p0) / p0)
    np.testing.assert_allclose(found.statistic[:, 0], plain.statistic)
    if found.reason[0]:
        assert binomial_alpha(float(plain.statistic.max()), looks, p0) > 0.05
    else:
        assert found.p[0] == pytest.approx(binomial_alpha(float(plain.statistic.max()), looks, p0), rel=1e-9)


def test_p_is_the_share_of_all_series_that_are_as_extreme() -> None:
    sizes, share = np.array([3, 0, 2, 4]), np.array([0.2, 0.5, 0.6, 0.3])
    every = np.array(list(itertools.product(*(range(n + 1) for n in sizes)))).T
    found = maxsprt_comparator(every, sizes[:, None] - every, share=share)
    weight = stats.binom.pmf(every, sizes[:, None], share[:, None]).prod(axis=0)
    largest = found.statistic.max(axis=0)
    for i in np.flatnonzero(np.isfinite(found.p)):
        assert found.p[i] == pytest.approx(weight[largest >= largest[i] * (1 - 1e-12)].sum(), rel=1e-9)
    skipped = np.isnan(found.p)
    assert set(found.reason[skipped]) == {NOT_COMPUTED}
    assert all(weight[largest >= value * (1 - 1e-12)].sum() > 0.05 for value in largest[skipped])
    assert weight[found.first >= 0].sum() <= 0.05


def test_the_first_look_is_the_one_that_would_have_signalled_by_itself() -> None:
    cases, controls = np.array([[2], [9], [10], [1]]), np.array([[8], [1], [1], [9]])
    share = np.full(4, 0.3)
    found = maxsprt_comparator(cases, controls, share=share)
    first = int(found.first[0])
    assert first == 1
    before = maxsprt_comparator(np.where(np.arange(4)[:, None] < first, cases, 0), cases + controls, share=share)
    assert before.first[0] == -1


def test_series_without_an_effect_signal_as_often_as_alpha_says_whatever_the_share_does() -> None:
    rng = np.random.default_rng(7)
    share = np.linspace(0.05, 0.8, 20)
    sizes = rng.integers(0, 30, 20)
    cases = rng.binomial(sizes[:, None], share[:, None], size=(20, 700))
    found = maxsprt_comparator(cases, sizes[:, None] - cases, share=share)
    assert 0.025 < (found.first >= 0).mean() < 0.065
    fixed = maxsprt_comparator(cases, sizes[:, None] - cases, share=np.full(20, 0.2))
    assert (fixed.first >= 0).mean() > 0.9  # a share that is taken for constant calls its change an effect


@pytest.mark.parametrize(
    ("share", "alpha", "words"),
    [
        ([0.5], 0.05, "a share between 0 and 1"),
        ([0.5, 1.5], 0.05, "a share between"),
        ([0.5, 0.5], 0.1, "at most 0.05"),
    ],
)
def test_a_share_or_alpha_that_cannot_be_is_told(share: list[float], alpha: float, words: str) -> None:
    with pytest.raises(CountError, match=words):
        maxsprt_comparator([[1], [2]], [[1], [2]], share=share, alpha=alpha)
