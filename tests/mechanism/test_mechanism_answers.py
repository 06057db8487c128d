"""What the model answers and what it refuses."""

from __future__ import annotations

import csv
import importlib.resources
import math
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from primum.errors import ModelError, UnknownNameError
from primum.mechanism import EffectCurve, Refusal, curve, load_models, onset_in_course, time_course
from primum.mechanism.kpd import day_effect_ends
from primum.mechanism.refusals import load_refusals, outside_range, people_per_arm

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


def test_the_curve_meets_the_published_shares_within_sampling() -> None:
    # Joseph 2021, week 24 and 36 at 50 and 125 U: 52.5, 17.5, 69.1 and 30.9 %.
    for dose, seen in ((50, (0.525, 0.175)), (125, (0.691, 0.309))):
        found = answered(dose, [168, 252])
        assert np.all((found.lower - 0.02 < seen) & (seen < found.upper + 0.02))
        assert found.share == pytest.approx(seen, abs=0.05)


def test_half_of_the_people_have_lost_the_effect_where_the_curve_crosses_one_half() -> None:
    found = answered(50, [168])
    end = next(end for end in found.ends if end.quantile == 0.5)
    at_the_end = answered(50, [end.day])
    drug = (at_the_end.share - at_the_end.placebo) / (1 - at_the_end.placebo)
    assert drug == pytest.approx(0.5, abs=1e-6)
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
    assert answered(75, [0, 27, 28, 252, 253]).basis == (
        "prior only",
        "prior only",
        "fitted",
        "fitted",
        "extrapolated",
    )


def test_a_dose_outside_the_studied_ones_is_answered_with_a_wider_interval_and_the_word_extrapolated() -> None:
    inside, outside = answered(125, [168]), answered(200, [168])
    assert outside.basis == ("extrapolated",)
    assert any("200 U is extrapolated" in warning for warning in outside.warnings)
    assert not any("is extrapolated" in warning for warning in inside.warnings)
    widths = [float(c.upper[0] - c.lower[0]) for c in (inside, outside)]
    assert widths[1] > 1.5 * widths[0]


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


def test_an_endpoint_that_one_visit_measured_is_refused_with_the_reason() -> None:
    found = curve(PRODUCT, 50, "composite_two_grades", [28], models=MODELS)
    assert isinstance(found, Refusal)
    assert found.reason == "The rate k at which the effect wears off cannot be identified: one visit alone (day 28)."
    assert found.sources == ("joseph2021",)


def test_a_product_whose_arm_sizes_are_not_printed_is_refused_with_the_reason() -> None:
    found = curve("onabotulinumtoxinA", 20, ENDPOINT, [28], models=MODELS)
    assert isinstance(found, Refusal)
    assert "no arm is printed with its number of people" in found.reason


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


def test_telling_one_from_two_percent_needs_2315_people_an_arm() -> None:
    needed = people_per_arm(0.01, 0.02)
    assert round(needed) == 2315  # 2,315.4; to reach the power one person more is needed
    assert f"{round(needed):,}" in MODELS.refuse("one_person_ptosis_risk").reason


def test_that_many_people_do_give_the_power() -> None:
    # A second way: the power of the two-proportion z test at that size, by simulation of the two arms.
    size = round(people_per_arm(0.01, 0.02))
    rng = np.random.default_rng(3)
    first, second = (rng.binomial(size, share, 20_000) / size for share in (0.01, 0.02))
    error = np.sqrt((first * (1 - first) + second * (1 - second)) / size)
    assert np.mean((second - first) / error > 1.96) == pytest.approx(0.80, abs=0.02)


@pytest.mark.parametrize("shares", [(0.0, 0.1), (0.1, 0.1), (0.1, 1.0)])
def test_shares_that_cannot_be_told_apart_are_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(ModelError, match="two different shares"):
        people_per_arm(*shares)


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


def test_fits_of_another_schema_are_not_read(tmp_path: Path) -> None:
    text = (FOLDER / "fits.json").read_text().replace("primum.fits/1", "primum.fits/0")
    (tmp_path / "fits.json").write_text(text)
    for name in ("refusals.csv", "sources.csv"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    with pytest.raises(ModelError, match="fit again"):
        load_models(tmp_path)


def test_an_answer_takes_less_than_50_ms_and_no_scipy() -> None:
    seconds = []
    for _ in range(5):  # the fastest of five: other work on the machine is not what is tested
        begun = time.perf_counter()
        answered(75, range(253))
        seconds.append(time.perf_counter() - begun)
    assert min(seconds) < 0.05
    code = (
        "import sys, pathlib; from primum.mechanism import curve, load_models;"
        f"models = load_models(pathlib.Path({str(FOLDER)!r}));"
        f"curve({PRODUCT!r}, 50, {ENDPOINT!r}, range(253), models=models);"
        "print('scipy' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_every_source_that_an_answer_cites_is_on_record() -> None:
    with (FOLDER.parent / "sources.csv").open(encoding="utf-8") as lines:
        of_treatment = {row["id"] for row in csv.DictReader(lines)}
    cited = {source for fit in MODELS.fits.values() for source in fit.sources}
    cited |= {
        source for refusal in (*MODELS.refusals.values(), *MODELS.unidentified.values()) for source in refusal.sources
    }
    with (FOLDER / "chain_rates.csv").open(encoding="utf-8") as lines:
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
    assert isinstance(time_course("onabotulinumtoxinA", 20, ENDPOINT, models=MODELS), Refusal)


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
