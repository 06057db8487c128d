"""What must hold for every table of studies: symmetries, silent studies, edges, refusals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import special

from primum.errors import EvidenceError, PoolError, UnknownNameError
from primum.evidence.pooling import (
    METHODS,
    Diagnostic,
    OneArm,
    Pooled,
    TwoArms,
    TwoRates,
    curves,
    leave_one_out,
    methods_for,
    pool,
    small_study_test,
)
from primum.evidence.pooling.pooled import blank_if_failed
from primum.evidence.pooling.random_effects import answer_from, normal_effects
from primum.evidence.pooling.tables import take
from primum.evidence.proportions import clopper_pearson

CLOSED = ("mh", "peto", "iv", "dl", "reml")
MODELS = ("um", "um-rs", "cm", "cm-al", "bb")


def table_of(*rows: tuple[int, int, int, int]) -> TwoArms:
    a, n1, c, n0 = (np.array(column) for column in zip(*rows, strict=True))
    names = tuple(f"S{i}" for i in range(len(rows)))
    return TwoArms(study=names, events_treated=a, n_treated=n1, events_control=c, n_control=n0)


def rates_of(*rows: tuple[int, float, int, float]) -> TwoRates:
    a, t1, c, t0 = (np.array(column) for column in zip(*rows, strict=True))
    names = tuple(f"S{i}" for i in range(len(rows)))
    return TwoRates(
        study=names, events_treated=a, time_treated=t1.astype(float), events_control=c, time_control=t0.astype(float)
    )


def swapped(table: TwoArms) -> TwoArms:
    return TwoArms(
        study=table.study,
        events_treated=table.events_control,
        n_treated=table.n_control,
        events_control=table.events_treated,
        n_control=table.n_treated,
    )


RARE = table_of(
    (0, 120, 0, 118), (1, 200, 0, 195), (2, 310, 1, 300), (0, 75, 1, 80), (3, 400, 1, 390), (2, 470, 1, 240)
)

arm = st.integers(5, 200).flatmap(lambda n: st.tuples(st.integers(0, n // 3), st.just(n)))
study = st.tuples(arm, arm).map(lambda pair: (*pair[0], *pair[1]))
tables = st.lists(study, min_size=2, max_size=6).map(lambda rows: table_of(*rows))


@given(tables, st.sampled_from(CLOSED), st.sampled_from(["OR", "RR", "RD"]))
def test_swapping_the_groups_turns_the_sign_of_a_closed_form(table, method, measure):
    assume(method != "peto" or measure == "OR")
    one, other = (pool(t, measure=measure, method=method) for t in (table, swapped(table)))
    if one.estimate is None:
        assert other.estimate is None
        return
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-7)
    assert one.se == pytest.approx(other.se, rel=1e-5)


@pytest.mark.parametrize("method", MODELS)
def test_swapping_the_groups_turns_the_sign_of_a_model(method):
    one, other = (pool(t, measure="OR", method=method) for t in (RARE, swapped(RARE)))
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-5)
    assert one.interval.lower == pytest.approx(-other.interval.upper, abs=1e-4)
    assert one.p == pytest.approx(other.p, abs=1e-5)


@pytest.mark.parametrize("method", ["mh", "peto", "um", "cm", "cm-al"])
def test_a_study_without_events_changes_nothing_and_is_named(method):
    with_it = pool(RARE, measure="OR", method=method)
    without_it = pool(take(RARE, np.arange(len(RARE)) > 0), measure="OR", method=method)
    assert with_it.estimate == pytest.approx(without_it.estimate, abs=1e-9)
    assert with_it.se == pytest.approx(without_it.se, rel=1e-9)
    assert [name for name, _ in with_it.left_out] == ["S0"]
    assert without_it.left_out == ()


def test_a_study_without_events_counts_in_the_risk_difference():
    with_it = pool(RARE, measure="RD", method="mh")
    assert with_it.left_out == ()
    assert "S0" in with_it.used
    without_it = leave_one_out(RARE, measure="RD", method="mh")[0][1]
    assert abs(with_it.estimate) < abs(without_it.estimate)


@given(tables)
@settings(max_examples=20)
def test_no_method_adds_to_a_cell_unasked(table):
    answer = pool(table, measure="RR", method="reml")
    empty = (table.events_treated == 0) | (table.events_control == 0)
    assert {name for name, _ in answer.left_out} == {table.study[i] for i in np.nonzero(empty)[0]}
    if np.any(empty):
        asked = pool(table, measure="RR", method="reml", continuity=0.5)
        assert asked.left_out == ()
        assert any("0.5 was added" in warning for warning in asked.warnings)


@pytest.mark.parametrize("method", methods_for("OR"))
def test_a_higher_level_gives_a_wider_interval_around_the_same_estimate(method):
    narrow, wide = (pool(RARE, measure="OR", method=method, level=level) for level in (0.8, 0.99))
    assert narrow.estimate == pytest.approx(wide.estimate, abs=1e-9)
    assert wide.interval.lower < narrow.interval.lower < narrow.estimate < narrow.interval.upper < wide.interval.upper
    assert wide.interval.level == 0.99


@pytest.mark.parametrize("method", ["um", "cm", "um-rs"])
def test_a_model_without_variation_agrees_with_mantel_haenszel(method):
    same = table_of(*[(20, 1000, 10, 1000)] * 6)
    answer, closed = pool(same, measure="OR", method=method), pool(same, measure="OR", method="mh")
    assert answer.tau2 == 0
    assert answer.estimate == pytest.approx(closed.estimate, abs=2e-3)
    assert answer.se == pytest.approx(closed.se, rel=2e-3)
    assert answer.prediction == answer.interval  # nothing to add


def test_without_variation_both_rate_models_are_the_same_and_mantel_haenszel_is_near():
    table = rates_of((4, 100.0, 2, 110.0), (9, 300.0, 5, 280.0), (0, 50.0, 1, 60.0), (6, 220.0, 3, 200.0))
    um, cm, mh = (pool(table, measure="IRR", method=name) for name in ("um", "cm", "mh"))
    assert um.tau2 == cm.tau2 == 0
    assert um.estimate == pytest.approx(cm.estimate, abs=1e-7)
    assert um.se == pytest.approx(cm.se, rel=1e-6)
    assert um.interval.lower == pytest.approx(-0.31, abs=0.1)
    assert mh.estimate == pytest.approx(cm.estimate, abs=0.02)


def test_the_time_unit_of_a_rate_ratio_does_not_matter():
    rows = [(7, 1344, 11, 1988), (3, 12012, 14, 10962), (17, 6760, 15, 6840)]
    days, years = rates_of(*rows), rates_of(*[(a, t1 / 365.25, c, t0 / 365.25) for a, t1, c, t0 in rows])
    for method in ("mh", "um", "cm", "reml"):
        one, other = pool(days, measure="IRR", method=method), pool(years, measure="IRR", method=method)
        assert one.estimate == pytest.approx(other.estimate, abs=1e-6), method


def test_the_beta_binomial_without_spread_is_the_crude_effect_of_all_people():
    people = table_of((2, 200, 1, 200), (2, 210, 1, 190), (3, 310, 2, 310))
    treated, control = 7 / 720, 4 / 700
    for measure, crude in (
        ("OR", special.logit(treated) - special.logit(control)),
        ("RR", math.log(treated / control)),
        ("RD", treated - control),
    ):
        assert pool(people, measure=measure, method="bb").estimate == pytest.approx(crude, rel=1e-5)


def test_all_measures_of_the_beta_binomial_share_their_p_value():
    varied = table_of((4, 123, 11, 139), (6, 306, 29, 303), (3, 231, 11, 220), (62, 1359, 48, 1286), (33, 506, 47, 580))
    values = [pool(varied, measure=measure, method="bb").p for measure in ("OR", "RR", "RD")]
    assert values == pytest.approx([values[0]] * 3, abs=1e-6)


@pytest.mark.parametrize("method", ["um", "um-rs", "cm"])
def test_no_control_event_anywhere_gives_a_lower_bound_and_no_estimate(method):
    table = table_of((3, 100, 0, 100), (2, 50, 0, 60))
    answer = pool(table, measure="OR", method=method)
    assert answer.estimate is None
    assert "infinity" in answer.reason
    assert answer.interval.upper == math.inf
    # the bound: given 5 events, all in the treated groups with probability 2.5 % under this odds ratio
    odds_ratio = math.exp(answer.interval.lower)
    probability = 1.0
    for x, n1, n0 in ((3, 100, 100), (2, 50, 60)):
        ways = [math.comb(n1, k) * math.comb(n0, x - k) * odds_ratio**k for k in range(x + 1)]
        probability *= ways[x] / sum(ways)
    assert probability == pytest.approx(0.025, rel=1e-6)


def test_no_treated_event_anywhere_gives_an_upper_bound_of_a_rate_ratio():
    answer = pool(rates_of((0, 100.0, 3, 90.0), (0, 50.0, 2, 60.0)), measure="IRR", method="cm")
    assert answer.estimate is None
    assert answer.interval.lower == -math.inf
    assert math.isfinite(answer.interval.upper)
    assert pool(rates_of((0, 100.0, 3, 90.0), (0, 50.0, 2, 60.0)), measure="IRR", method="mh").estimate is None


def test_a_share_without_any_event_gets_the_exact_upper_bound_of_all_people():
    answer = pool(OneArm(study=("A", "B"), events=np.array([0, 0]), n=np.array([400, 410])), measure="PLO")
    assert answer.estimate is None
    share, interval, _ = answer.natural
    assert share is None
    assert interval.lower == 0
    assert interval.upper == pytest.approx(float(clopper_pearson(0, 810)[1]), rel=1e-9)


@pytest.mark.parametrize("method", ["mh", "peto", "um", "cm", "bb", "reml"])
def test_studies_without_any_event_have_no_ratio_and_a_reason(method):
    answer = pool(table_of((0, 100, 0, 100), (0, 50, 0, 60)), measure="OR", method=method)
    assert answer.estimate is None
    assert answer.reason


def test_a_quadrature_too_coarse_to_trust_blanks_the_estimate_and_says_so():
    x, n = np.array([1.0, 400.0, 3.0, 0.0]), np.array([9.0, 1000.0, 90.0, 30.0])
    empty = Pooled(measure="PLO", method=pool_method("um"), level=0.95, reason="not yet fitted")
    model = normal_effects(curves.binomial(x, n), 4, start=-1.0, points=1)
    answer = answer_from(model, empty)
    assert answer.estimate is None
    assert answer.interval is None
    assert "quadrature" in answer.reason
    assert answer_from(replace(model, points=21), empty).estimate is not None


def pool_method(name: str):
    return pool(RARE, measure="OR", method=name).method


@pytest.mark.parametrize("value", [2.0, math.nan])
def test_a_failed_diagnostic_blanks_every_number_of_the_estimate(value):
    answer = replace(pool(RARE, measure="OR", method="cm"), diagnostics=(Diagnostic("gain", value, 1.0),))
    blank = blank_if_failed(answer)
    assert blank.estimate is blank.interval is blank.se is blank.p is blank.tau2 is blank.prediction is None
    assert "gain" in blank.reason
    assert blank.used == answer.used


def test_hartung_knapp_warns_where_it_is_narrower_than_the_normal_interval():
    agreeing = table_of((10, 100, 20, 100), (20, 200, 40, 200), (15, 150, 30, 150))
    answer = pool(agreeing, measure="OR", method="hksj")
    assert answer.interval.upper < answer.wald.upper
    assert any("narrower" in warning for warning in answer.warnings)


def test_peto_warns_where_it_is_biased():
    unbalanced = pool(table_of((30, 100, 20, 900), (20, 100, 15, 900)), measure="OR", method="peto")
    assert any("twice" in w for w in unbalanced.warnings)
    assert any("large" in w for w in unbalanced.warnings)
    assert pool(table_of((4, 1000, 5, 1000), (2, 800, 2, 800)), measure="OR", method="peto").warnings == ()


def test_mantel_haenszel_of_one_shared_ratio_is_that_ratio():
    table = table_of((20, 100, 10, 100), (40, 400, 20, 400))
    assert pool(table, measure="RR", method="mh").natural[0] == pytest.approx(2.0)
    rates = rates_of((20, 100.0, 10, 100.0), (40, 800.0, 10, 400.0))
    assert pool(rates, measure="IRR", method="mh").natural[0] == pytest.approx(2.0)


def test_leave_one_out_is_the_answer_without_that_study():
    rows = [(4, 123, 11, 139), (6, 306, 29, 303), (3, 231, 11, 220), (0, 80, 2, 85)]
    answers = leave_one_out(table_of(*rows), measure="OR", method="mh")
    assert [name for name, _ in answers] == ["S0", "S1", "S2", "S3"]
    for i, (_, answer) in enumerate(answers):
        alone = pool(table_of(*(row for j, row in enumerate(rows) if j != i)), measure="OR", method="mh")
        assert answer.estimate == alone.estimate


def test_nine_studies_are_too_few_to_test_for_small_study_effects():
    nine = table_of(*[(5 + i, 100 + 10 * i, 4 + i, 100) for i in range(9)])
    test = small_study_test(nine, measure="OR")
    assert test.p is None
    assert "needs at least 10" in test.reason


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(60, 900), st.integers(1, 30), st.integers(60, 900)),
                min_size=10, max_size=15))  # fmt: skip
@settings(max_examples=20)
def test_the_small_study_test_is_the_intercept_of_a_least_squares_line(rows):
    table = table_of(*rows)
    a, b, c, d = table.cells
    n1, n0, total = a + b, c + d, a + b + c + d
    v = n1 * n0 * (a + c) * (b + d) / (total**2 * (total - 1))
    z = a - n1 * (a + c) / total
    assume(np.ptp(v) > 1)  # a line through points of one weight is no line
    line, covariance = np.polyfit(np.sqrt(v), z / np.sqrt(v), 1, cov=True)
    test = small_study_test(table, measure="OR")
    assert test.intercept == pytest.approx(line[1], rel=1e-6, abs=1e-9)
    assert test.se == pytest.approx(math.sqrt(covariance[1, 1]), rel=1e-6)


def test_every_method_says_where_it_comes_from():
    for measure, table in (
        ("OR", RARE),
        ("RR", RARE),
        ("RD", RARE),
        ("IRR", rates_of((4, 100.0, 2, 110.0), (9, 300.0, 5, 280.0))),
        ("PLO", OneArm(study=("A", "B"), events=np.array([3, 5]), n=np.array([40, 90]))),
    ):
        for name in methods_for(measure):
            answer = pool(table, measure=measure, method=name)
            assert answer.method.id == name
            assert answer.method.citation
            assert answer.estimate is not None, (measure, name, answer.reason)
            assert answer.interval.lower < answer.estimate < answer.interval.upper
    assert set(METHODS) == {name for measure in ("OR", "RR", "RD", "IRR", "PLO") for name in methods_for(measure)}


def test_faults_of_a_table_are_told_together():
    with pytest.raises(PoolError, match="2 faults") as caught:
        table_of((5, 4, 0, 10), (1, 10, 12, 10))
    assert "S0: 5 treated events in 4 people" in str(caught.value)
    assert "S1: 12 control events in 10 people" in str(caught.value)


def test_a_question_that_cannot_be_answered_is_refused():
    with pytest.raises(PoolError, match="one study"):
        pool(table_of((1, 10, 2, 10)), measure="OR")
    with pytest.raises(PoolError, match="um does not pool RR"):
        pool(RARE, measure="RR", method="um")
    with pytest.raises(UnknownNameError, match='Did you mean "peto"'):
        pool(RARE, measure="OR", method="petto")
    with pytest.raises(PoolError, match="TwoRates"):
        pool(RARE, measure="IRR")
    with pytest.raises(EvidenceError, match=r"0\.95"):
        pool(RARE, measure="OR", level=95)
    with pytest.raises(EvidenceError, match="continuity"):
        pool(RARE, measure="OR", method="dl", continuity=-1)
    with pytest.raises(PoolError, match="three"):
        leave_one_out(table_of((1, 10, 2, 10), (1, 10, 2, 10)), measure="OR")


# Tables at the edge of what can be fitted; each once broke a fit.
EDGES = [
    table_of((1, 11, 1, 5), (0, 7, 6, 10), (0, 3, 3, 7), (2, 11, 4, 4), (0, 5, 0, 4), (0, 11, 4, 11)),
    table_of((0, 11, 1, 9), (1, 10, 2, 7), (7, 7, 2, 2)),
    table_of((93, 94, 59, 60), (55, 55, 34, 34)),
    table_of((82, 1514, 14, 1091), (67, 1214, 20, 1565), (99, 1906, 18, 1017)),
    table_of((3514, 4824, 3695, 3762), (3623, 4954, 821, 839), (20, 27, 4144, 4220)),
]


@pytest.mark.slow
@pytest.mark.parametrize("table", EDGES)
def test_a_table_at_the_edge_gets_an_interval_around_its_estimate_or_a_reason(table):
    rates = TwoRates(
        study=table.study,
        events_treated=table.events_treated,
        time_treated=table.n_treated.astype(float),
        events_control=table.events_control,
        time_control=table.n_control.astype(float),
    )
    one = OneArm(study=table.study, events=table.events_treated, n=table.n_treated)
    for measure, studies in (("OR", table), ("RR", table), ("RD", table), ("IRR", rates), ("PLO", one)):
        for method in methods_for(measure):
            if method == "um-rs":  # slow, and held to the same checks as um
                continue
            answer = pool(studies, measure=measure, method=method)
            if answer.estimate is None:
                assert method in ("iv", "dl", "pm", "reml", "ml", "hksj"), (measure, method, answer.reason)
            else:
                assert answer.interval.lower < answer.estimate < answer.interval.upper, (measure, method)


long_arm = st.integers(3, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(long_arm, long_arm, st.floats(-60, 60))
@settings(max_examples=50)
def test_the_terms_near_the_likeliest_table_are_enough(treated, control, effect):
    margins = np.array([*treated, *control])
    assume(0 < margins[0] + margins[2] < margins[1] + margins[3])
    support = curves._support(*(int(count) for count in margins))
    whole = curves._over_whole_supports([support], margins[None, :])(np.array([[effect]]))
    near = curves._near_mode(*support, margins)(np.array([effect]))
    for one, other in zip(whole, near, strict=True):
        assert other[0] == pytest.approx(one[0, 0], rel=1e-6, abs=1e-6)


@pytest.mark.slow
def test_much_variation_gets_more_quadrature_points_until_they_agree():
    lopsided = OneArm(study=("A", "B", "C"), events=np.array([0, 1, 7]), n=np.array([11, 10, 7]))
    answer = pool(lopsided, measure="PLO", method="um")
    assert answer.tau2 > 9
    change = next(d for d in answer.diagnostics if "quadrature" in d.name)
    assert change.passed


def test_two_studies_that_point_to_opposite_infinities_have_no_estimate_by_a_model():
    opposite = table_of((0, 973, 1, 1405), (9, 756, 0, 239), (0, 400, 0, 110))
    answer = pool(opposite, measure="OR", method="cm")
    assert answer.estimate is None
    assert "a check of the fit failed" in answer.reason
    assert pool(opposite, measure="OR", method="mh").estimate is not None
