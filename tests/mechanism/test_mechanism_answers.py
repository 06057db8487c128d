"""What the model answers and what it refuses."""

from __future__ import annotations

import csv
import importlib.resources
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from primum.errors import ModelError, UnknownNameError
from primum.evidence.thresholds import people_per_group
from primum.mechanism import EffectCurve, Refusal, curve, load_models, onset_in_course, time_course
from primum.mechanism.kpd import day_effect_ends, probit
from primum.mechanism.refusals import load_refusals, outside_range

FOLDER = Path(str(importlib.resources.files("primum"))) / "treatments" / "anti_wrinkle" / "model"
MODELS = load_models(FOLDER)
PRODUCT, ENDPOINT = "abobotulinumtoxinA", "one_grade_better"
REFUSED = (
    "one_person_ptosis_risk",
    "where_or_how_deep",
    "unit_conversion",
    "prevention_over_years",
    "resistance_dynamics",
    "systemic_toxicity",
    "neighbouring_muscle",
)


def answered(dose: float, days: object, **options: float) -> EffectCurve:
    found = curve(PRODUCT, dose, ENDPOINT, days, models=MODELS, **options)  # type: ignore[arg-type]
    assert isinstance(found, EffectCurve)
    return found


def refused(dose: float, days: object) -> Refusal:
    found = curve(PRODUCT, dose, ENDPOINT, days, models=MODELS)  # type: ignore[arg-type]
    assert isinstance(found, Refusal)
    return found


def test_the_band_holds_the_published_shares() -> None:
    # Joseph 2021, weeks 24 and 36 at 50 and 125 U: 52.5, 17.5, 69.1 and 30.9 %.
    for dose, seen in ((50, (0.525, 0.175)), (125, (0.691, 0.309))):
        found = answered(dose, [168, 252])
        assert np.all((found.lower < seen) & (seen < found.upper))
        assert found.share == pytest.approx(seen, abs=0.13)


def test_a_published_lower_bound_on_another_pool_lies_below_the_band_s_upper_end() -> None:
    # Dermatol Surg 2022 (PMC9632938): more than 43 % at least one grade better in the frown lines on day 150.
    found = curve("onabotulinumtoxinA", 20, ENDPOINT, [150], models=MODELS)
    assert isinstance(found, EffectCurve)
    assert found.upper[0] > 0.43


def test_median_durations_not_used_in_the_fit_lie_in_the_interval_of_the_end() -> None:
    # Aesthet Surg J 2022, at least one grade better: median 19.7 weeks after 20 U, at least 24.0 after 40 U.
    for dose, weeks in ((20, 19.7), (40, 24.0)):
        found = curve("onabotulinumtoxinA", dose, ENDPOINT, [168], models=MODELS)
        assert isinstance(found, EffectCurve)
        end = found.ends[1]
        assert end.interval.lower < 7 * weeks < end.interval.upper


def test_half_of_the_people_have_lost_the_effect_where_the_drug_s_share_crosses_one_half() -> None:
    fit = MODELS.fits[PRODUCT, ENDPOINT]
    end = answered(50, [168]).ends[1]
    assert end.quantile == 0.5
    assert np.mean(probit(fit.draws, 50, np.array([end.day])) > 0) == pytest.approx(0.5, abs=0.01)
    assert end.interval.lower < end.day < end.interval.upper
    assert end.interval.level == pytest.approx(0.95)


def test_the_end_of_the_effect_of_an_unstudied_dose_has_the_widened_interval() -> None:
    # As far above the studied range as the range is long (ln 125 / 50): twice as wide as the draws.
    dose = 125 * (125 / 50)
    end = answered(dose, [168]).ends[1]
    fit = MODELS.fits[PRODUCT, ENDPOINT]
    lower, upper = np.quantile(day_effect_ends(fit.draws, dose), [0.025, 0.975])
    assert end.interval.upper - end.interval.lower == pytest.approx(2 * (upper - lower))


def test_the_interval_holds_the_curve() -> None:
    found = answered(75, range(0, 400))
    assert np.all((found.lower <= found.share) & (found.share <= found.upper))
    assert np.all((found.lower >= 0) & (found.upper <= 1))


def test_a_higher_level_gives_a_wider_interval() -> None:
    wide, narrow = answered(75, [168], level=0.95), answered(75, [168], level=0.5)
    assert wide.lower < narrow.lower < narrow.upper < wide.upper


def test_each_day_says_what_it_rests_on() -> None:
    assert answered(75, [0, 1.5, 2, 252, 253]).basis == (
        "prior only",
        "prior only",
        "fitted",
        "fitted",
        "extrapolated",
    )


def test_where_other_products_alone_tell_it_says_borrowed() -> None:
    found = curve("onabotulinumtoxinA", 20, "investigator_none_or_mild", [1, 7, 29, 120, 181], models=MODELS)
    assert isinstance(found, EffectCurve)
    assert found.basis == ("prior only", "borrowed", "fitted", "borrowed", "extrapolated")
    assert any("day 28 to day 30; the curve elsewhere is borrowed" in warning for warning in found.warnings)


def test_a_dose_that_was_seen_on_another_endpoint_alone_is_borrowed() -> None:
    found = curve("onabotulinumtoxinA", 40, "investigator_none_or_mild", [29], models=MODELS)
    assert isinstance(found, EffectCurve)
    assert found.basis == ("borrowed",)  # 10 and 20 U on this endpoint, 20 to 80 U on another
    assert any("seen at 10 to 20 U; 40 U is borrowed" in warning for warning in found.warnings)


def test_a_borrowed_day_is_less_sure_than_a_fitted_one() -> None:
    def width(product: str, dose: float) -> float:
        found = curve(product, dose, ENDPOINT, [100], models=MODELS)
        assert isinstance(found, EffectCurve)
        return float(found.upper[0] - found.lower[0])

    assert width("onabotulinumtoxinA", 20) > width(PRODUCT, 50)  # seen on day 168 alone against days 2 to 252


def test_a_dose_outside_the_studied_ones_is_answered_with_a_wider_interval_and_the_word_extrapolated() -> None:
    inside, outside = answered(125, [168]), answered(200, [168])
    assert outside.basis == ("extrapolated",)
    assert any("200 U is extrapolated" in warning for warning in outside.warnings)
    assert not any("is extrapolated" in warning for warning in inside.warnings)
    widths = [float(c.upper[0] - c.lower[0]) for c in (inside, outside)]
    assert widths[1] > 1.25 * widths[0]


def test_every_day_of_an_unstudied_dose_is_extrapolated() -> None:
    assert set(answered(40, [1, 28, 168, 300]).basis) == {"extrapolated"}


def test_the_widening_begins_at_the_edge_without_a_jump() -> None:
    edge, beyond = answered(125, [168, 252]), answered(125.001, [168, 252.001])
    assert beyond.lower == pytest.approx(edge.lower, abs=1e-3)
    assert beyond.upper == pytest.approx(edge.upper, abs=1e-3)


def test_past_three_times_the_range_it_is_refused() -> None:
    assert isinstance(curve(PRODUCT, 375, ENDPOINT, [28], models=MODELS), EffectCurve)
    assert "more than threefold outside the studied range of 50 to 125 U" in refused(376, [28]).reason
    assert "more than threefold outside" in refused(16, [28]).reason
    assert isinstance(curve(PRODUCT, 50, ENDPOINT, [756], models=MODELS), EffectCurve)
    assert refused(50, [757]).key == "day_out_of_range"


def test_an_endpoint_on_which_the_product_was_not_counted_is_refused_with_the_reason() -> None:
    found = curve("onabotulinumtoxinA", 20, "composite_two_grades", [28], models=MODELS)
    assert isinstance(found, Refusal)
    assert "No arm of onabotulinumtoxinA was counted on this endpoint" in found.reason


def test_an_endpoint_of_one_visit_is_answered_until_three_times_its_day() -> None:
    found = curve(PRODUCT, 50, "composite_two_grades", [28, 30, 90], models=MODELS)
    assert isinstance(found, EffectCurve)
    assert found.basis == ("fitted", "fitted", "extrapolated")
    assert isinstance(curve(PRODUCT, 50, "composite_two_grades", [91], models=MODELS), Refusal)


def test_a_product_with_one_dose_alone_says_that_its_decay_is_taken_from_others() -> None:
    # With one dose k cannot be identified (a test shows why); the model must notice and say so.
    found = curve("relabotulinumtoxinA", 50, "one_grade_better_person", [90], models=MODELS)
    assert isinstance(found, EffectCurve)
    assert found.basis == ("fitted",)
    said = "cannot be identified: one dose alone (50 U). How fast it does is taken from the other trials."
    assert any(said in warning for warning in found.warnings)


def test_repeated_injections_are_extrapolated_after_the_second() -> None:
    found = curve(PRODUCT, 50, ENDPOINT, [83, 84, 85], models=MODELS, injections=[0, 84])
    assert isinstance(found, EffectCurve)
    assert found.basis == ("fitted", "fitted", "extrapolated")
    once = answered(50, [83, 84])
    assert found.share[:2] == pytest.approx(once.share)
    assert any("amounts are taken to add up" in warning for warning in found.warnings)


@pytest.mark.parametrize("key", REFUSED)
def test_every_refused_output_is_a_value_with_its_reason(key: str) -> None:
    found = MODELS.refuse(key)
    assert isinstance(found, Refusal)
    assert len(found.reason) > 60
    assert found.as_json()["reason"] == found.reason


def test_nothing_else_is_refused_and_nothing_is_left_out() -> None:
    assert set(MODELS.refusals) == set(REFUSED)


def test_an_unknown_refusal_names_those_known() -> None:
    with pytest.raises(UnknownNameError, match="unit_conversion"):
        MODELS.refuse("unit_conversions")


def test_the_refusal_of_one_persons_risk_tells_how_many_people_would_be_needed() -> None:
    needed = people_per_group(0.02, 0.01)
    assert f"telling 1 % from 2 % needs {needed:,} people an arm" in MODELS.refuse("one_person_ptosis_risk").reason


def test_a_refusal_has_a_reason() -> None:
    with pytest.raises(ModelError, match="the reason it is refused for"):
        Refusal("x", "something", "")


def test_a_refusal_that_stands_twice_is_named(tmp_path: Path) -> None:
    file = tmp_path / "refusals.csv"
    file.write_text("key,question,reason,source\na,b,c,\na,b,c,\n")
    with pytest.raises(ModelError, match="stands twice"):
        load_refusals(file)


@pytest.mark.parametrize("given", [0.0, -5.0, math.nan, math.inf])
def test_a_dose_that_is_no_dose_is_one_clear_line(given: float) -> None:
    with pytest.raises(ModelError, match="positive number of units") as caught:
        answered(given, [28])
    assert "\n" not in str(caught.value)


def test_unknown_names_are_answered_with_those_known() -> None:
    with pytest.raises(UnknownNameError, match='Did you mean "abobotulinumtoxinA"'):
        curve("abobotulinumtoxin", 50, ENDPOINT, [28], models=MODELS)
    with pytest.raises(UnknownNameError, match='Did you mean "one_grade_better"'):
        curve(PRODUCT, 50, "one_grade", [28], models=MODELS)


@pytest.mark.parametrize("days", [[-1.0], [math.nan], []])
def test_days_that_are_no_days_are_refused(days: list[float]) -> None:
    with pytest.raises(ModelError, match="days since the injection"):
        answered(50, days)


def test_a_posterior_of_another_schema_is_not_read(tmp_path: Path) -> None:
    text = (FOLDER / "posterior.json").read_text().replace("primum.posterior/1", "primum.posterior/0")
    (tmp_path / "posterior.json").write_text(text)
    with pytest.raises(ModelError, match="fit again"):
        load_models(tmp_path)


def test_an_answer_needs_neither_scipy_nor_jax() -> None:
    code = (
        "import sys, pathlib; from primum.mechanism import curve, load_models;"
        f"models = load_models(pathlib.Path({str(FOLDER)!r}));"
        f"curve({PRODUCT!r}, 50, {ENDPOINT!r}, range(253), models=models);"
        "print('scipy' in sys.modules or 'jax' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_every_source_that_an_answer_cites_is_on_record() -> None:
    with (FOLDER.parent / "sources.csv").open(encoding="utf-8") as lines:
        of_treatment = {row["id"] for row in csv.DictReader(lines)}
    cited = {source for fit in MODELS.fits.values() for source in fit.sources}
    cited |= {source for refusal in MODELS.refusals.values() for source in refusal.sources}
    for table in ("chain_rates.csv", "onset.csv", "slow_layer.csv"):
        with (FOLDER / table).open(encoding="utf-8") as lines:
            cited |= {source for row in csv.DictReader(lines) for source in row["source"].split()}
    assert cited
    assert cited <= of_treatment | set(MODELS.sources)
    assert not of_treatment & set(MODELS.sources)  # one source, one record


def test_the_time_course_runs_from_the_first_day_until_after_the_last_visit() -> None:
    window = time_course(PRODUCT, 50, ENDPOINT, models=MODELS)
    assert not isinstance(window, Refusal)
    assert window.level is None
    assert 0 < window.lower <= 1
    assert 252 < window.upper < 756


def test_a_larger_dose_has_a_longer_course() -> None:
    small, large = (time_course(PRODUCT, dose, ENDPOINT, models=MODELS) for dose in (50, 125))
    assert not isinstance(small, Refusal)
    assert not isinstance(large, Refusal)
    assert large.upper > small.upper


def test_a_stricter_share_gives_a_shorter_course() -> None:
    loose, strict = (time_course(PRODUCT, 50, ENDPOINT, models=MODELS, least_share=s) for s in (0.01, 0.5))
    assert not isinstance(loose, Refusal)
    assert not isinstance(strict, Refusal)
    assert strict.lower > loose.lower
    assert strict.upper < loose.upper


def test_the_edges_of_the_course_are_where_the_curve_says() -> None:
    window = time_course(PRODUCT, 50, ENDPOINT, models=MODELS)
    assert not isinstance(window, Refusal)
    found = answered(50, [0, window.lower, window.upper, window.upper + 7])
    assert (found.excess_upper >= 0.01).tolist() == [False, True, True, False]


def test_where_there_is_no_curve_there_is_no_course() -> None:
    assert isinstance(time_course("onabotulinumtoxinA", 500, ENDPOINT, models=MODELS), Refusal)


@pytest.mark.parametrize(
    ("day", "verdict", "words"),
    [
        (-3, "before", "3 days before the injection"),
        (0, "before", "dates and no hours"),
        (5, "inside", "began on day 5"),
        (700, "after", "began on day 700"),
    ],
)
def test_an_onset_is_before_inside_or_after_with_its_reason(day: float, verdict: str, words: str) -> None:
    window = time_course(PRODUCT, 50, ENDPOINT, models=MODELS)
    assert not isinstance(window, Refusal)
    found = onset_in_course(day, window)
    assert found.verdict == verdict
    assert words in found.reason
    assert "does not speak against the drug" in found.warnings[0]


def test_an_unknown_onset_day_is_an_error_and_no_verdict() -> None:
    window = time_course(PRODUCT, 50, ENDPOINT, models=MODELS)
    assert not isinstance(window, Refusal)
    with pytest.raises(ModelError, match="days between injection and reaction"):
        onset_in_course(math.nan, window)


def test_the_range_rule_has_sharp_edges() -> None:
    assert outside_range("dose", 50 / 3, 50, 125, "U") is None
    assert outside_range("dose", 50 / 3 - 1e-6, 50, 125, "U") is not None


def test_no_word_of_a_treatment_stands_in_the_engine() -> None:
    room = Path(str(importlib.resources.files("primum"))) / "mechanism"
    text = "\n".join(file.read_text() for file in room.glob("*.py")).casefold()
    for word in ("botulin", "wrinkle", "frown", "ptosis", "glabell"):
        assert word not in text, word
