"""Area under the curve and sensitivity against all pairs compared one by one, a jackknife and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from primum.errors import CountError
from primum.signals.evaluation import at_specificity, discrimination

scored = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30).filter(
    lambda rows: 0 < sum(t for _, t in rows) < len(rows)
)


@given(scored)
def test_the_area_is_the_share_of_pairs_won(rows: list[tuple[int, bool]]) -> None:
    score, truth = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    won = [(x > y) + 0.5 * (x == y) for x in score[truth] for y in score[~truth]]
    assert discrimination(score, truth).auc == pytest.approx(np.mean(won))
    mirrored = discrimination(-score, truth)
    assert mirrored.auc == pytest.approx(1 - np.mean(won))


def test_the_area_is_the_statistic_of_mann_and_whitney() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(1, 1, 40), rng.normal(0, 1, 60)
    found = discrimination(np.concatenate([x, y]), np.arange(100) < 40)
    assert found.auc == pytest.approx(stats.mannwhitneyu(x, y).statistic / 2_400)


def test_the_interval_is_that_of_a_jackknife_over_controls() -> None:
    rng = np.random.default_rng(2)
    score, truth = np.concatenate([rng.normal(1, 1, 50), rng.normal(0, 1, 80)]), np.arange(130) < 50
    found = discrimination(score, truth)
    left = np.array([discrimination(np.delete(score, i), np.delete(truth, i)).auc for i in range(130)])
    variance = sum((n - 1) / n * ((part - part.mean()) ** 2).sum() for part, n in ((left[:50], 50), (left[50:], 80)))
    half = (found.upper - found.lower) / 2
    assert half == pytest.approx(stats.norm.ppf(0.975) * variance**0.5, rel=0.02)


def test_delongs_interval_covers_the_true_area_as_often_as_the_level_says() -> None:
    rng, true = np.random.default_rng(3), stats.norm.cdf(1 / 2**0.5)
    covered = []
    for _ in range(1_500):
        score = np.concatenate([rng.normal(1, 1, 60), rng.normal(0, 1, 80)])
        found = discrimination(score, np.arange(140) < 60)
        covered.append(found.lower <= true <= found.upper)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.02)


def test_controls_without_a_common_report_may_rank_last_together() -> None:
    found = discrimination([3.0, -np.inf, 2.0, -np.inf], [1, 1, 0, 0])
    assert found.auc == (1 + 1 + 0 + 0.5) / 4


@given(scored, st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_the_threshold_is_the_lowest_that_leaves_enough_negatives_alone(
    rows: list[tuple[int, bool]], specificity: float
) -> None:
    score, truth = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows])
    found = at_specificity(score, truth, specificity=specificity)
    assert (score[~truth] < found.threshold).mean() >= specificity - 1e-9
    assert found.sensitivity == (score[truth] >= found.threshold).mean()
    lower = score[score < found.threshold]
    assert not len(lower) or (score[~truth] < lower.max()).mean() < specificity


@pytest.mark.parametrize(
    ("score", "truth", "words"),
    [
        ([1.0], [1], "1 positive and 0 negative controls have a score"),
        ([1.0, 2.0], [0, 1], "an interval needs two controls of each kind"),
        ([4.0, 3.0, 2.0, 1.0], [1, 1, 0, 0], "the interval has no width"),
    ],
)
def test_too_few_controls_say_so(score: list[float], truth: list[int], words: str) -> None:
    assert words in discrimination(score, truth).reason


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: discrimination([1.0, np.nan], [1, 0]), "1 scores are not a number"),
        (lambda: discrimination([1.0, 2.0], [1, 2]), "something else than true and false"),
        (lambda: discrimination([1.0], [1, 0]), "one of each a control"),
        (lambda: at_specificity([1.0], [1], specificity=0.9), "one kind"),
    ],
)
def test_scores_that_cannot_be_ranked_are_refused(call: object, words: str) -> None:
    with pytest.raises(CountError, match=words):
        call()  # type: ignore[operator]
