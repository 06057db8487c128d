"""The slow layer, space and exchange: the core reproduced, tags, ranges, and other simulators run against ours."""

from __future__ import annotations

import csv
import importlib.resources
import io
import itertools
import math
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from primum.errors import ModelError
from primum.mechanism.kpd import day_effect_ends
from primum.mechanism.models import load_models
from primum.mechanism.refusals import Refusal
from primum.mechanism.slow import Course, SlowLayer, amounts, constrained, course, load_slow
from primum.mechanism.space import dose_share, neighbours

FOLDER = Path(str(importlib.resources.files("primum"))) / "treatments" / "anti_wrinkle" / "model"
MODELS = load_models(FOLDER)
KNOWN = load_slow(FOLDER)
PRODUCT, ENDPOINT = "abobotulinumtoxinA", "one_grade_better"
CORE = MODELS.fits[PRODUCT, ENDPOINT].core
LAYER = SlowLayer(
    uptake_per_day=0.65,
    lag_days=0.07,
    fall_per_day=0.026,
    turnover_per_day=0.173,
    half_cleaved_units=3.8,
    cleaved_for_block=0.26,
    steepness=8,
    skin_lag_days=3,
)


def solved(layer: SlowLayer, dose: float, days: object, **options: object) -> Course:
    found = course(layer, dose, days, **options)  # type: ignore[arg-type]
    assert isinstance(found, Course)
    return found


def test_every_parameter_says_where_it_comes_from() -> None:
    assert {k.tag for k in KNOWN.values()} == {"measured", "assumed"}
    assert all(k.sources for k in KNOWN.values() if k.tag == "measured")
    assert all(k.species for k in KNOWN.values() if k.tag == "measured")
    assert all(k.sources or k.note for k in KNOWN.values() if k.key != "steepness")


def test_the_uptake_is_that_of_the_fast_chain_in_the_face() -> None:
    with (FOLDER / "chain_rates.csv").open() as lines:
        rates = {row["key"]: float(row["value"]) * 1440 for row in csv.DictReader(lines)}
    assert KNOWN["uptake"].low == pytest.approx(rates["kS_face_low"], abs=0.005)
    assert KNOWN["uptake"].high == pytest.approx(rates["kS_face_high"], abs=0.005)


def test_a_cut_share_of_26_percent_is_a_ratio_of_cut_to_intact_of_035() -> None:
    assert KNOWN["cleaved_for_block"].value == pytest.approx(0.35 / 1.35, abs=0.001)


@pytest.mark.parametrize("change", [{"value": 0.0}, {"value": 9.0}, {"tag": "guessed"}])
def test_a_parameter_outside_its_range_or_without_a_tag_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ModelError):
        replace(KNOWN["uptake"], **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("quantile", [0.25, 0.5, 0.75, 0.9])
def test_the_layer_reproduces_the_core_at_doses_it_was_not_set_to(quantile: float) -> None:
    # Set at 50 U; at 100 and 125 U the day on which a person's response ends must be the core's, to half a day.
    layer = constrained(CORE, KNOWN, 50, quantile=quantile)
    for dose in (50, 100, 125):
        found = solved(layer, dose, np.arange(0, 400, 0.25)).responding
        assert found is not None
        assert found[1] == pytest.approx(float(day_effect_ends(CORE.as_array(), dose, quantile=quantile)), abs=0.5)


def test_the_median_person_s_onset_follows_without_having_been_fitted() -> None:
    # Published medians run from 2 to 5.32 days (onset.csv); uptake, cutting and skin alone give one in that range.
    found = solved(constrained(CORE, KNOWN, 50), 50, np.arange(0, 30, 0.25)).responding
    assert found is not None
    assert 2 <= found[0] <= 5.32


def test_the_amounts_are_those_of_a_solver_and_none_is_lost() -> None:
    days = np.linspace(0, 100, 41)
    closed = amounts(LAYER, 20, days)

    def rates(day: float, y: np.ndarray) -> list[float]:
        depot = 20 * math.exp(-LAYER.uptake_per_day * (day - LAYER.lag_days)) if day >= LAYER.lag_days else 0.0
        return [LAYER.uptake_per_day * depot - LAYER.fall_per_day * y[0]]

    found = solve_ivp(rates, (LAYER.lag_days, 100), [0.0], t_eval=days[1:], rtol=1e-10, atol=1e-12)
    assert closed[1, 1:] == pytest.approx(found.y[0], rel=1e-7)
    assert closed[0] == pytest.approx(20 * np.exp(-LAYER.uptake_per_day * days))
    kept = replace(LAYER, fall_per_day=1e-12, lag_days=0.0)
    assert amounts(kept, 20, days).sum(axis=0) == pytest.approx(20, rel=1e-9)


def test_the_course_is_that_of_another_solver() -> None:
    days = np.linspace(0, 200, 81)
    found = solved(LAYER, 20, days)

    def rates(day: float, y: np.ndarray) -> list[float]:
        light = amounts(LAYER, 20, [day])[1, 0]
        block = y[0] ** 8 / (y[0] ** 8 + 0.26**8)
        return [0.173 * (light / 3.8 * (1 - y[0]) - y[0]), (1 - block - y[1]) / 3]

    other = solve_ivp(rates, (0, 200), [0.0, 1.0], method="Radau", t_eval=days, rtol=1e-8, atol=1e-10, max_step=2)
    assert found.cleaved == pytest.approx(other.y[0], abs=1e-6)
    assert found.severity == pytest.approx(other.y[1], abs=1e-5)


def test_states_are_shares_and_the_force_comes_back() -> None:
    found = solved(LAYER, 20, np.arange(0, 700.0))
    for state in (found.cleaved, found.block, found.force, found.severity):
        assert np.all((state >= 0) & (state <= 1))
    assert found.force[30] < 0.01
    assert found.force[-1] > 0.99
    assert found.severity[0] == 1


def test_a_second_injection_adds_to_what_is_left() -> None:
    days = np.arange(0, 200.0)
    both, one = amounts(LAYER, 20, days, [0, 84]), amounts(LAYER, 20, days)
    assert both[:, :84] == pytest.approx(one[:, :84])
    assert both[:, 84:] == pytest.approx(one[:, 84:] + one[:, : 200 - 84])


def test_a_solver_that_fails_is_a_value_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failed:
        success, message = False, "step size too small"

    monkeypatch.setattr("scipy.integrate.solve_ivp", lambda *a, **k: Failed())
    found = course(LAYER, 20, [1.0, 2.0])
    assert isinstance(found, Refusal)
    assert "step size too small" in found.reason


def test_equal_rates_have_no_closed_form_here() -> None:
    with pytest.raises(ModelError, match="two different rates"):
        amounts(replace(LAYER, fall_per_day=0.65), 20, [1.0])


def test_a_dose_that_does_not_reach_the_person_has_no_course() -> None:
    with pytest.raises(ModelError, match="a larger dose"):
        constrained(CORE, KNOWN, 1.0, quantile=0.1)


def test_a_neighbour_gets_a_range_and_the_nearer_one_more_whatever_the_reach() -> None:
    found = neighbours(PRODUCT, 50, ENDPOINT, [30, 10, 20], models=MODELS, known=KNOWN)
    assert not isinstance(found, Refusal)
    assert [n.distance_mm for n in found] == [10, 20, 30]
    for near, far in itertools.pairwise(found):
        assert near.dose_share[0] > far.dose_share[0]
        assert near.dose_share[1] > far.dose_share[1]
    assert all(n.dose_share[0] < n.dose_share[1] for n in found)
    assert all(n.as_json()["tag"] == "prior only" for n in found)
    reaches = np.geomspace(KNOWN["reach"].low, KNOWN["reach"].high, 50)
    assert np.all(dose_share(10, reaches, target_mm=5) > dose_share(20, reaches, target_mm=5))


def test_a_muscle_within_the_target_gets_the_whole_dose() -> None:
    assert dose_share(3.0, np.array([2.0, 15.0]), target_mm=5.0).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("distance", [0.0, -1.0, math.nan, math.inf])
def test_a_distance_that_is_none_is_refused(distance: float) -> None:
    with pytest.raises(ModelError, match="millimetres"):
        dose_share(distance, np.array([5.0]), target_mm=5.0)


def files_of(injections: tuple[float, ...]) -> dict[str, bytes]:
    pytest.importorskip("libsbml", reason="the extra exchange is not installed")
    exchange = importlib.import_module("primum.mechanism.exchange")
    return dict(exchange.export(LAYER, CORE, 20, 252, injections))


@pytest.mark.parametrize("injections", [(0.0,), (0.0, 84.0, 168.0)])
def test_libroadrunner_runs_our_sbml_to_our_numbers(injections: tuple[float, ...]) -> None:
    # Oracle: libRoadRunner 2.10's CVODE on the exported file, every state, every day, to 1e-6.
    roadrunner = pytest.importorskip("roadrunner", reason="libroadrunner is not installed")
    files = files_of(injections)
    runner = roadrunner.RoadRunner(files["model.xml"].decode())
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = 1e-11, 1e-13
    runner.integrator.setValue("maximum_num_steps", 100_000)
    names = ["time", "depot", "light", "cleaved", "block", "force", "severity", "probit"]
    runner.timeCourseSelections = names
    theirs = np.array(runner.simulate(0, 252, 253))
    ours = np.array(list(csv.reader(io.StringIO(files["course.csv"].decode())))[1:], dtype=np.float64)
    assert np.max(np.abs(theirs[:, :7] - ours)) < 1e-6
    if len(injections) == 1:  # the core beside it, Eq. 1
        z = CORE.intercept + CORE.ln_dose_slope * math.log(20) + CORE.ln_dose_slope * -LAYER.fall_per_day * ours[:, 0]
        assert theirs[:, 7] == pytest.approx(z, abs=1e-6)


@pytest.mark.parametrize("injections", [(0.0,), (0.0, 84.0, 168.0)])
def test_libsbml_finds_no_error_and_no_unit_warning(injections: tuple[float, ...]) -> None:
    files = files_of(injections)
    libsbml = importlib.import_module("libsbml")
    document = libsbml.readSBMLFromString(files["model.xml"].decode())
    for category in (libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, libsbml.LIBSBML_CAT_MODELING_PRACTICE):
        document.setConsistencyChecks(category, True)
    document.checkConsistency()
    found = [document.getError(i).getMessage() for i in range(document.getNumErrors())]
    assert found == []
    assert (document.getLevel(), document.getVersion()) == (3, 2)
    model = document.getModel()
    assert all(model.getParameter(i).isSetUnits() for i in range(model.getNumParameters()))


def test_a_model_with_a_wrong_unit_is_noticed() -> None:
    libsbml = pytest.importorskip("libsbml", reason="the extra exchange is not installed")
    sbml = importlib.import_module("primum.mechanism.sbml")
    text = sbml.sbml_text(LAYER, CORE, 20)
    wrong = text.replace(
        '<parameter id="uptake" value="0.65" units="per_day"', '<parameter id="uptake" value="0.65" units="day"'
    )
    assert wrong != text
    assert sbml.complaints(libsbml.readSBMLFromString(wrong))


def test_the_archive_holds_every_file_and_names_its_master() -> None:
    files = files_of((0.0,))
    with zipfile.ZipFile(io.BytesIO(files["primum.omex"])) as archive:
        assert set(archive.namelist()) == {"manifest.xml", *files} - {"primum.omex"}
        manifest = ElementTree.fromstring(archive.read("manifest.xml"))
        assert all(archive.read(name) == files[name] for name in archive.namelist() if name != "manifest.xml")
    master = [entry.get("location") for entry in manifest if entry.get("master") == "true"]
    assert master == ["./simulation.sedml"]
    assert {entry.get("location") for entry in manifest} == {".", "./manifest.xml", *(f"./{n}" for n in files)} - {
        "./primum.omex"
    }


def test_the_simulation_file_asks_for_every_state_of_the_model() -> None:
    files = files_of((0.0,))
    model, simulation = files["model.xml"].decode(), ElementTree.fromstring(files["simulation.sedml"])
    targets = [v.get("target") for v in simulation.iter() if v.get("target")]
    assert len(targets) == 9
    for target in targets:
        name = str(target).split("'")[1]
        assert f'<parameter id="{name}"' in model


def test_the_rxode2_text_has_the_numbers_and_states_of_the_sbml() -> None:
    files = files_of((0.0, 84.0))
    text = files["model.rxode2.R"].decode()
    for state in ("depot", "absorbable", "light", "cleaved", "severity", "amount"):
        assert f"d/dt({state})" in text
    assert "uptake <- 0.65" in text
    assert "alag(absorbable) <- lag" in text
    events = list(csv.DictReader(io.StringIO(files["events.csv"].decode())))
    assert [(e["TIME"], e["CMT"]) for e in events] == [
        (day, state) for day in ("0", "84") for state in ("depot", "absorbable", "amount")
    ]
