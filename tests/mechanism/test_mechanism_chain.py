"""The fast chain against the paper, the published model file and two independent computations."""

from __future__ import annotations

import importlib.resources
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from primum.errors import ModelError
from primum.mechanism.fast_chain import (
    active_share,
    active_share_with_lag,
    load_rates,
    mean_delay,
    minutes_to_tension,
    occupancy,
    solve,
)

RATES = load_rates(importlib.resources.files("primum.treatments") / "anti_wrinkle" / "model" / "chain_rates.csv")
FAST = [RATES[key].per_minute for key in ("kB", "kT", "kL")]
MINUTES_A_DAY = 24 * 60


def test_the_three_step_chain_reaches_a_tenth_of_the_tension_at_204_08_minutes() -> None:
    # Lebeda, Adler, Erickson, Chushak, J Pharmacokinet Pharmacodyn 2008;35:251-67: t10 of the three-step scheme.
    assert minutes_to_tension(FAST) == pytest.approx(204.08, abs=0.005)


def test_the_four_step_chain_of_one_patient_reaches_it_at_15452_minutes_which_is_10_73_days() -> None:
    # Same paper, kS = 0.00015 per minute. The caption's "106 days" is a misprint: these rates give 10.73 days.
    t10 = minutes_to_tension([RATES["kS_one_patient"].per_minute, *FAST])
    assert t10 == pytest.approx(15_452, abs=0.5)
    assert t10 / MINUTES_A_DAY == pytest.approx(10.73, abs=0.005)


def test_our_rates_are_those_of_the_published_model_file(shared: Path) -> None:
    tree = ET.parse(shared / "mechanism" / "BIOMD0000000178.xml")
    published = {
        node.attrib["id"]: float(node.attrib["value"])
        for node in tree.iter()
        if node.tag.endswith("parameter") and node.attrib.get("units") == "pmin"
    }
    ours = {"kS": RATES["kS_one_patient"], "kB": RATES["kB"], "kT": RATES["kT"], "kL": RATES["kL"]}
    assert {key: rate.per_minute for key, rate in ours.items()} == published


def test_every_rate_names_species_tag_and_source() -> None:
    assert {rate.tag for rate in RATES.values()} == {"measured", "fitted", "assumed"}
    assert all(rate.species and rate.system and rate.sources for rate in RATES.values())


@given(
    st.lists(st.floats(1e-5, 1.0), min_size=1, max_size=5),
    st.lists(st.floats(0.0, 50_000.0), min_size=1, max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_closed_form_and_solver_agree_to_1e_10(rates: list[float], minutes: list[float]) -> None:
    assert np.max(np.abs(occupancy(rates, minutes) - solve(rates, minutes))) < 1e-10


@given(st.floats(1e-4, 0.5), st.lists(st.sampled_from([0.0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3]), min_size=3, max_size=5))
@settings(max_examples=150, deadline=None)
def test_they_agree_for_equal_and_nearly_equal_rates(rate: float, gaps: list[float]) -> None:
    rates = [rate * (1 + gap) for gap in gaps]
    minutes = np.array([0.0, 0.1, 1.0, 3.0, 10.0, 100.0]) / rate
    assert np.max(np.abs(occupancy(rates, minutes) - solve(rates, minutes))) < 1e-10


def test_the_solver_loses_nothing_over_many_squarings() -> None:
    ever = solve([1.0, 0.5, 1e-9], 5e7)[0]  # 26 squarings, each of which doubles what rounding lost before
    assert ever.sum() == pytest.approx(1.0, abs=1e-14)
    assert ever[-1] == pytest.approx(-np.expm1(-1e-9 * 5e7), abs=1e-8)


def test_equal_rates_give_the_gamma_limit_of_the_sum() -> None:
    # n equal steps: state j holds exp(-kt) (kt)^(j-1) / (j-1)!, the Poisson limit.
    k, t = 0.2, 7.0
    kt = k * t
    expected = [np.exp(-kt), np.exp(-kt) * kt, np.exp(-kt) * kt**2 / 2]
    assert occupancy([k, k, k], t)[0, :3] == pytest.approx(expected, abs=1e-14)


def test_the_solver_agrees_with_scipys_matrix_exponential() -> None:
    generator = np.zeros((5, 5))
    for step, rate in enumerate([0.001, *FAST]):
        generator[step, step], generator[step, step + 1] = -rate, rate
    for minutes in (1.0, 101.0, 5_000.0):
        assert solve([0.001, *FAST], minutes)[0] == pytest.approx(expm(generator * minutes)[0], abs=1e-12)


def test_distinct_rates_give_batemans_sum_of_exponentials() -> None:
    k1, k2, t = 0.058, 0.141, 20.0
    bound = k1 * (np.exp(-k1 * t) - np.exp(-k2 * t)) / (k2 - k1)  # Bateman 1910, two steps
    assert occupancy([k1, k2], t)[0, 1] == pytest.approx(bound, rel=1e-13)


@given(st.lists(st.floats(1e-5, 1.0), min_size=1, max_size=5), st.floats(0.0, 50_000.0))
@settings(max_examples=100, deadline=None)
def test_nothing_is_lost_on_the_way(rates: list[float], minutes: float) -> None:
    assert occupancy(rates, minutes).sum() == pytest.approx(1.0, abs=1e-10)


def test_the_chain_delays_by_101_minutes() -> None:
    assert mean_delay(FAST) == pytest.approx(101.26, abs=0.005)


def test_a_lag_replaces_the_fast_steps_with_an_error_of_at_most_0_0009_at_daily_sampling() -> None:
    days = np.arange(0, 366) * MINUTES_A_DAY
    worst = 0.0
    for key in ("kS_one_patient", "kS_face_low", "kS_face_high", "kS_mouse"):
        first = RATES[key].per_minute
        error = np.abs(active_share([first, *FAST], days) - active_share_with_lag(first, mean_delay(FAST), days))
        worst = max(worst, float(error.max()))
    assert 0.0008 < worst <= 0.0009  # reached at kS = 0.001 on day 1; in faces it is at most 0.0006


def test_the_lag_matters_within_the_first_hours() -> None:
    minutes = np.arange(0, 600, 10)
    error = np.abs(active_share([0.01, *FAST], minutes) - active_share_with_lag(0.01, mean_delay(FAST), minutes))
    assert error.max() > 0.1


def test_a_time_to_tension_is_where_the_curve_crosses_it() -> None:
    for tension in (0.9, 0.5, 0.01):
        assert 1 - active_share(FAST, minutes_to_tension(FAST, tension=tension))[0] == pytest.approx(tension, abs=1e-10)


@pytest.mark.parametrize(
    ("rates", "minutes", "words"),
    [([], 1.0, "one positive number a step"), ([-0.1], 1.0, "one positive number"), ([0.1], -1.0, "at least 0")],
)
def test_an_impossible_chain_is_refused_in_one_line(rates: list[float], minutes: float, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        occupancy(rates, minutes)
    with pytest.raises(ModelError, match=words):
        solve(rates, minutes)


def test_a_tension_of_one_is_no_question() -> None:
    with pytest.raises(ModelError, match="between 0 and 1"):
        minutes_to_tension(FAST, tension=1.0)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("kB,0.1,1/h,rat,bath,measured,x,", "1/min"),
        ("kB,-0.1,1/min,rat,bath,measured,x,", "positive"),
        ("kB,0.1,1/min,rat,bath,guessed,x,", "measured, fitted or assumed"),
        ("kB,0.1,1/min,rat,bath,measured,x,\nkB,0.1,1/min,rat,bath,measured,x,", "stands twice"),
    ],
)
def test_a_wrong_table_of_rates_is_named(tmp_path: Path, row: str, words: str) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("key,value,unit,species,system,tag,source,note\n" + row + "\n")
    with pytest.raises(ModelError, match=words):
        load_rates(file)
