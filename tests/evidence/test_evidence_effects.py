"""Effects of two groups against printed worked examples, and against the derived figures of the evidence."""

from __future__ import annotations

import csv
import math
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from primum.errors import EvidenceError
from primum.evidence import effects
from primum.evidence.effects import (
    MeanArm,
    mean_difference,
    number_needed,
    odds_ratio,
    per_thousand,
    risk_difference,
    risk_ratio,
)

arm = st.integers(1, 800).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
two_arms = st.tuples(arm, arm).map(lambda pair: (*pair[0], *pair[1]))

# Newcombe, Stat Med 17:873-890 (1998), table II: method 10 (hybrid score) and method 6 (Miettinen-Nurminen).
NEWCOMBE_TABLE_2 = [
    ((56, 70, 48, 80), (0.0524, 0.3339), (0.0528, 0.3382)),
    ((9, 10, 3, 10), (0.1705, 0.8090), (0.1700, 0.8406)),
    ((6, 7, 2, 7), (0.0582, 0.8062), (0.0342, 0.8534)),
    ((5, 56, 0, 29), (-0.0381, 0.1926), (-0.0326, 0.1933)),
    ((0, 10, 0, 20), (-0.1611, 0.2775), (-0.1658, 0.2844)),
    ((0, 10, 0, 10), (-0.2775, 0.2775), (-0.2879, 0.2879)),
    ((10, 10, 0, 20), (0.6791, 1.0000), (0.7156, 1.0000)),
    ((10, 10, 0, 10), (0.6075, 1.0000), (0.6636, 1.0000)),
]


def ends(effect, digits=4):
    return round(effect.interval.lower, digits), round(effect.interval.upper, digits)


@pytest.mark.parametrize(("arms", "newcombe", "score"), NEWCOMBE_TABLE_2)
def test_the_risk_difference_gives_the_table_of_newcombe_1998(arms, newcombe, score):
    assert ends(risk_difference(*arms)) == pytest.approx(newcombe)
    assert ends(risk_difference(*arms, method="miettinen_nurminen")) == pytest.approx(score)


def test_ratios_give_the_examples_of_fagerland_lydersen_laake():
    # Statistical Analysis of Contingency Tables (2017), chapter 4, by their package contingencytables:
    # epinephrine trial (Perondi 2004) 7/34 against 1/34; genotype and XFS 0/16 against 15/72; 9/13 against 4/14.
    assert ends(risk_ratio(7, 34, 1, 34)) == (0.9096, 53.8695)
    assert ends(risk_ratio(7, 34, 1, 34, method="miettinen_nurminen")) == (1.2086, 43.0330)
    assert ends(odds_ratio(9, 13, 4, 14, method="miettinen_nurminen")) == (1.0934, 28.9419)
    assert ends(risk_difference(7, 34, 1, 34)) == (0.0189, 0.3404)
    assert ends(risk_difference(7, 34, 1, 34, method="wald")) == (0.0292, 0.3238)
    assert ends(risk_difference(0, 16, 15, 72, method="miettinen_nurminen")) == (-0.3164, -0.0056)


def test_every_crude_figure_of_the_evidence_is_reproduced_from_its_counts(shared):
    with (shared / "evidence" / "derived.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    seen = {"risk difference, points": 0, "odds ratio": 0}
    for row in rows:
        counts = re.fullmatch(r"(\d+)/(\d+) vs (\d+)/(\d+)", row["from"])
        if counts is None:
            continue
        a, b, c, d = (int(group) for group in counts.groups())
        if row["measure"] == "odds ratio":  # printed as serious/non-serious: the second number is not a total
            effect, unit, digits = odds_ratio(a, a + b, c, c + d), 1, 1
        else:
            effect, unit, digits = risk_difference(a, b, c, d, method="wald"), 100, 2
        printed = tuple(float(row[name]) for name in ("value", "ci_low", "ci_high"))
        computed = (effect.estimate, effect.interval.lower, effect.interval.upper)
        assert tuple(round(unit * number, digits) for number in computed) == pytest.approx(printed), row["quantity"]
        seen[row["measure"]] += 1
    assert seen == {"risk difference, points": 13, "odds ratio": 1}


@given(two_arms, st.sampled_from(sorted(effects.DIFFERENCE_METHODS)))
def test_swapping_the_groups_mirrors_the_difference(arms, method):
    x1, n1, x0, n0 = arms
    one, other = risk_difference(*arms, method=method), risk_difference(x0, n0, x1, n1, method=method)
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-12)
    assert one.interval.lower == pytest.approx(-other.interval.upper, abs=1e-7)
    assert -1 <= one.interval.lower <= one.estimate <= one.interval.upper <= 1


@given(two_arms, st.sampled_from(["newcombe", "miettinen_nurminen"]))
def test_a_difference_always_has_an_interval_with_width(arms, method):
    interval = risk_difference(*arms, method=method).interval
    assert interval.upper > interval.lower


@given(two_arms, st.sampled_from([risk_ratio, odds_ratio]))
def test_swapping_the_groups_inverts_the_score_interval_of_a_ratio(arms, ratio):
    x1, n1, x0, n0 = arms
    one = ratio(*arms, method="miettinen_nurminen")
    other = ratio(x0, n0, x1, n1, method="miettinen_nurminen")
    if one.interval is None:
        assert other.interval is None
        assert one.reason
        return
    lower = one.interval.lower
    assert (1 / lower if lower else math.inf) == pytest.approx(other.interval.upper, rel=1e-6)


@given(two_arms, st.sampled_from([risk_ratio, odds_ratio]))
def test_the_score_interval_and_the_score_test_of_the_difference_agree_about_no_effect(arms, ratio):
    # At a ratio of 1 and a difference of 0 the nuisance fit and the statistic are the same for all three measures.
    interval = ratio(*arms, method="miettinen_nurminen").interval
    difference = risk_difference(*arms, method="miettinen_nurminen").interval
    if interval is not None and min(abs(difference.lower), abs(difference.upper)) > 1e-6:
        assert (interval.lower <= 1 <= interval.upper) == (difference.lower <= 0 <= difference.upper)


def test_a_zero_cell_gives_an_upper_bound():
    for ratio in (risk_ratio, odds_ratio):
        effect = ratio(0, 100, 5, 100)
        assert effect.estimate == 0
        assert effect.interval.lower == 0
        assert 0 < effect.interval.upper < 1
        assert "score" in effect.method.label
        assert effect.warnings


def test_no_event_in_the_control_group_gives_a_lower_bound_and_a_reason():
    for ratio in (risk_ratio, odds_ratio):
        effect = ratio(16, 665, 0, 236)
        assert effect.estimate is None
        assert "no finite estimate" in effect.reason
        assert effect.interval.lower > 1
        assert effect.interval.upper == math.inf


def test_two_groups_without_events_have_no_ratio_and_say_so():
    for ratio in (risk_ratio, odds_ratio):
        effect = ratio(0, 100, 0, 50)
        assert effect.estimate is None
        assert effect.interval is None
        assert "nobody" in effect.reason


def test_wald_without_spread_is_replaced_and_says_so():
    effect = risk_difference(0, 100, 0, 50, method="wald")
    assert effect.interval == risk_difference(0, 100, 0, 50).interval
    assert effect.method.id == "risk_difference_newcombe"
    assert "Newcombe" in effect.warnings[0]


def test_wald_with_one_group_without_events_warns():
    assert "too narrow" in risk_difference(16, 665, 0, 236, method="wald").warnings[0]


def test_the_number_needed_is_the_reciprocal_with_its_ends_exchanged():
    # Altman, BMJ 317:1309 (1998): risk difference 10 % (5 % to 15 %) is 10 treated (6.7 to 20)
    needed = number_needed(38, 3431, 2, 1359)
    difference = risk_difference(38, 3431, 2, 1359)
    assert needed.measure == "number treated for one more event"
    assert needed.estimate == 1 / difference.estimate
    assert needed.interval.lower == 1 / difference.interval.upper
    assert needed.interval.upper == 1 / difference.interval.lower
    assert number_needed(2, 1359, 38, 3431).measure == "number treated for one fewer event"


@given(two_arms)
def test_the_number_needed_never_runs_across_zero(arms):
    needed = number_needed(*arms)
    difference = risk_difference(*arms).interval
    if difference.lower <= 0 <= difference.upper:
        assert needed.estimate is None
        assert "infinity" in needed.reason
    else:
        assert 0 < needed.interval.lower <= needed.estimate <= needed.interval.upper < math.inf


def test_a_difference_per_thousand_is_a_thousand_times_the_difference():
    effect = risk_difference(1443, 3431, 486, 1359, method="wald")
    more = per_thousand(effect)
    assert (round(more.estimate), round(more.interval.lower), round(more.interval.upper)) == (63, 33, 93)
    assert more.counts == effect.counts


def test_a_ratio_has_no_count_per_thousand():
    with pytest.raises(EvidenceError, match="risk difference"):
        per_thousand(risk_ratio(10, 100, 5, 100))


@given(st.floats(0.1, 20), st.floats(0.1, 20), st.integers(2, 90), st.integers(2, 90), st.floats(-9, 9))
def test_the_interval_of_a_mean_difference_at_level_one_minus_p_ends_at_zero(sd1, sd0, n1, n0, shift):
    # oracle: the p-value of Welch's test by scipy.stats.ttest_ind_from_stats
    test = stats.ttest_ind_from_stats(10 + shift, sd1, n1, 10, sd0, n0, equal_var=False)
    assume(1e-6 < test.pvalue < 0.999)
    effect = mean_difference(MeanArm(10 + shift, sd1, n1), MeanArm(10, sd0, n0), unit="points", level=1 - test.pvalue)
    nearest = min(abs(effect.interval.lower), abs(effect.interval.upper))
    assert nearest == pytest.approx(0, abs=1e-6 * (effect.interval.upper - effect.interval.lower))


@pytest.mark.parametrize(("sd", "n", "said"), [(0.0, 10, "sd is 0"), (1.0, 1, "n is 1"), (math.nan, 5, "sd is nan")])
def test_a_group_without_spread_or_with_one_person_is_refused(sd, n, said):
    with pytest.raises(EvidenceError, match=said):
        MeanArm(1.0, sd, n)
