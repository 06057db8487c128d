"""The data behind the fit, and what ships of it: counts, hashes, diagnostics, and where the data cannot tell."""

from __future__ import annotations

import importlib.resources
import itertools
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from primum.errors import ModelError
from primum.mechanism import fit as fitting
from primum.mechanism.bayes import PRIORS, Sampler, Samples
from primum.mechanism.hierarchy import design_of
from primum.mechanism.identifiability import identifiability
from primum.mechanism.kpd import Core, share_responding
from primum.mechanism.models import load_models
from primum.mechanism.observations import ArmVisit, by_endpoint, load_observations

FOLDER = Path(str(importlib.resources.files("primum"))) / "treatments" / "anti_wrinkle" / "model"
KEY = ("abobotulinumtoxinA", "one_grade_better")
ALL = load_observations(FOLDER / "observations.csv")
JOSEPH = [v for v in by_endpoint(ALL)[KEY] if v.trial == "Joseph 2021"]
MODELS = load_models(FOLDER)
SHIPPED = json.loads((FOLDER / "posterior.json").read_text())
PLANTED = Core(
    intercept=-1.0,
    ln_dose_slope=0.8,
    day_slope=-0.02,
    placebo_intercept=-2.0,
    placebo_day_slope=-0.005,
    onset_per_day=0.36,
    lag_days=0.07,
)


def synthetic(doses: list[float], days: list[float], people: int = 100) -> list[ArmVisit]:
    """SYNTHETIC arm-visits: the expected counts of a known model."""
    return [
        ArmVisit(
            product="SYNTHETIC",
            endpoint="SYNTHETIC",
            label="SYNTHETIC",
            trial="SYNTHETIC",
            source="SYNTHETIC",
            dose_units=dose,
            day=day,
            people=people,
            responders=round(people * float(share_responding(PLANTED.as_array(), dose, day, lag_days=0.07)[0])),
            percent=None,
        )
        for dose in doses
        for day in days
    ]


def test_the_counts_are_those_of_joseph_2021() -> None:
    # J Drugs Dermatol 2021;20:980-987: 80, 80, 80, 81 and 78 people; 53 % to 69 % at week 24, 18 % to 31 % at week 36.
    by_day = {day: [v for v in JOSEPH if v.day == day and v.dose_units > 0] for day in (28, 168, 252)}
    assert [v.people for v in by_day[28]] == [80, 80, 80, 81]
    assert [v.responders for v in by_day[168]] == [42, 52, 46, 56]
    assert [v.responders for v in by_day[252]] == [14, 21, 28, 25]


def test_arm_sizes_that_are_not_printed_follow_from_what_is() -> None:
    # Aesthet Surg J 2022 prints 226 people and four percentages. Of all whole arms that give them, one set has active
    # arms within a fifth of each other: 50, 50, 49 and 52, which leaves 25 for placebo.
    def sizes(percent: float) -> list[int]:
        return [n for n in range(15, 120) if any(round(100 * k / n, 1) == percent for k in range(n + 1))]

    def alike(*arms: int) -> bool:
        return max(arms) <= 1.2 * min(arms) and sum(arms) < 226 - 10

    options = itertools.product(sizes(16.0), sizes(32.0), sizes(30.6), sizes(38.5))
    found = [arms for arms in options if alike(*arms)]
    assert found == [(50, 50, 49, 52)]
    used = [v.people for v in ALL if v.trial == "Aesthet Surg J 2022"]
    assert sorted(used) == sorted([*found[0], 226 - sum(found[0])])  # type: ignore[type-var]


def test_schlessinger_2021_treated_223_people() -> None:
    # Three shares of whole people are printed: 10.8 %, 1.8 % (4 people) and 1.3 % (3 people).
    def gives(n: int) -> bool:
        printed = round(100 * 4 / n, 1) == 1.8 and round(100 * 3 / n, 1) == 1.3
        return printed and any(round(100 * k / n, 1) == 10.8 for k in range(n + 1))

    assert [n for n in range(150, 400) if gives(n)] == [223]


def test_counts_that_do_not_give_the_printed_percentage_are_refused() -> None:
    with pytest.raises(ModelError, match=r"12 of 263 is 4.56 %, printed 5.4 %"):
        ArmVisit(
            product="onabotulinumtoxinA",
            endpoint="ptosis",
            label="drooping eyelid",
            trial="pivotal",
            source="x",
            dose_units=20,
            day=30,
            people=263,
            responders=12,
            percent=5.4,
            decimals=1,
        )


def test_counts_of_unknown_making_are_refused() -> None:
    with pytest.raises(ModelError, match="printed, recomputed or derived"):
        replace(JOSEPH[0], counts="guessed")  # type: ignore[arg-type]


def test_the_posterior_carries_the_hash_of_its_tables_and_of_all_that_decides_it() -> None:
    assert SHIPPED["data_sha256"] == fitting.data_hash(FOLDER)
    assert SHIPPED["fit_sha256"] == fitting.fit_hash(SHIPPED["data_sha256"], SHIPPED["seed"], SHIPPED["packages"])
    assert (FOLDER / "posterior.json").stat().st_size < 300_000


def test_the_chains_agree_and_no_draw_diverged() -> None:
    diagnostics = SHIPPED["diagnostics"]
    assert diagnostics["divergences"] == 0
    assert diagnostics["r_hat"] <= 1.01
    assert diagnostics["effective_draws"] >= 400
    assert (diagnostics["arm_visits"], diagnostics["trials"]) == (62, 15)
    assert len(SHIPPED["draws"]) == 500


def test_a_parameter_of_which_nothing_was_learned_is_marked_prior_only() -> None:
    learned = {(row["parameter"], row["endpoint"]): row for row in SHIPPED["learned"]}
    assert all(row["prior_only"] == (row["overlap"] >= 0.8) for row in learned.values())
    assert not learned["half_life_days", ""]["prior_only"]
    assert learned["placebo_slope", "composite_two_grades"]["prior_only"]  # seen at one visit


def test_the_likelihood_of_the_one_dose_trial_alone_peaks_inside_the_interval() -> None:
    # A second way: scipy's distributions and optimiser on Joseph 2021 alone, no prior, no other trial.
    dose = np.array([v.dose_units for v in JOSEPH])
    day = np.array([v.day for v in JOSEPH])
    people = np.array([v.people for v in JOSEPH])
    seen = np.array([v.responders for v in JOSEPH])

    def minus_log_likelihood(b: np.ndarray) -> float:
        placebo = 1 / (1 + np.exp(-(b[3] + b[4] * day / 100)))
        z = b[0] + b[1] * np.log(np.where(dose > 0, dose, 1)) + b[2] * day / 100
        p = np.clip(placebo + (1 - placebo) * np.where(dose > 0, norm.cdf(z), 0), 1e-12, 1 - 1e-12)
        return -float(np.sum(seen * np.log(p) + (people - seen) * np.log1p(-p)))

    options = {"maxiter": 20_000, "maxfev": 20_000, "xatol": 1e-9, "fatol": 1e-11}
    found = minimize(minus_log_likelihood, [0, 0.5, -1.2, -1.5, -1.0], method="Nelder-Mead", options=options)
    alone = math.log(2) * found.x[1] / -found.x[2] * 100
    assert alone == pytest.approx(27.0, abs=0.1)
    fit = MODELS.fits[KEY]
    assert fit.half_life.lower < alone < fit.half_life.upper
    assert fit.half_life_days == pytest.approx(alone, abs=3)
    assert fit.half_life.lower < 23 < fit.half_life.upper  # an earlier crude fit to the same arms, 11 to 36


def test_with_one_dose_alone_k_cannot_be_identified_and_the_result_says_so() -> None:
    found = identifiability(synthetic([0, 50], [14, 60, 120, 180]))
    assert found.rank == 2
    assert found.reason == "The rate k at which the effect wears off cannot be identified: one dose alone (50 U)."


def test_with_one_dose_alone_quite_different_decays_fit_alike() -> None:
    # The claim behind it: with k doubled and the rest adjusted, the likelihood at one dose does not change.
    other = replace(
        PLANTED,
        intercept=PLANTED.intercept + (PLANTED.ln_dose_slope - 0.4) * math.log(50),
        ln_dose_slope=0.4,
    )
    assert other.k_per_day == pytest.approx(2 * PLANTED.k_per_day)
    days = np.arange(1, 300.0)
    one, two = (share_responding(c.as_array(), 50, days, lag_days=c.lag_days) for c in (PLANTED, other))
    assert one == pytest.approx(two, abs=1e-13)


@pytest.mark.parametrize(
    ("doses", "days", "reason"),
    [
        ([0, 50, 100], [28], "one visit alone (day 28)"),
        ([0, 50], [28], "one dose alone (50 U) and one visit alone (day 28)"),
        ([0], [28, 60], "no arm is printed with its number of people"),
    ],
)
def test_other_designs_that_cannot_tell_say_what_is_missing(doses: list[float], days: list[float], reason: str) -> None:
    assert reason in identifiability(synthetic(doses, days)).reason


def test_dose_and_day_that_change_together_are_noticed() -> None:
    visits = [v for v in synthetic([50, 100], [28, 60]) if (v.dose_units == 50) == (v.day == 28)]
    assert "dose and day change together" in identifiability(visits).reason


def test_endpoints_are_never_mixed() -> None:
    with pytest.raises(ModelError, match="one product on one endpoint"):
        identifiability(ALL)


def test_published_median_durations_grow_by_about_the_fitted_half_life_a_doubling() -> None:
    # Joseph 2021, another endpoint (median weeks until back at baseline among those with none or mild): 32.3, 34.3,
    # 36.0, 36.6 at 50, 75, 100, 125 U. Aesthet Surg J 2022, another product: 19.7 weeks at 20 U, at least 24.0 at 40 U.
    slope = np.polyfit(np.log2([50, 75, 100, 125]), [7 * weeks for weeks in (32.3, 34.3, 36.0, 36.6)], 1)[0]
    assert slope == pytest.approx(23.4, abs=0.5)
    half_life = MODELS.fits[KEY].half_life
    for days_a_doubling in (slope, 7 * (24.0 - 19.7)):
        assert half_life.lower < days_a_doubling < half_life.upper


def test_the_prior_of_the_onset_covers_what_was_published() -> None:
    prior = PRIORS["onset_median"]
    rows = (FOLDER / "onset.csv").read_text().splitlines()[1:]
    published = [float(value) for row in rows for value in row.split(",")[2:4]]
    assert prior.centre * math.exp(-1.645 * prior.spread) < min(published)
    assert prior.centre * math.exp(1.645 * prior.spread) > max(published)


@pytest.mark.parametrize(("divergences", "r_hat", "effective"), [(0, 1.2, 1000.0), (0, 1.0, 50.0), (3, 1.0, 1000.0)])
def test_chains_that_do_not_agree_write_no_file(
    divergences: int, r_hat: float, effective: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Poor:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def sample(self, *_: object, **__: object) -> Samples:
            return Samples({}, divergences, r_hat, effective, 2, 10)

    monkeypatch.setattr(fitting, "Sampler", Poor)
    for name in fitting.DATA_FILES:
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    with pytest.raises(ModelError, match="draw more"):
        fitting.fit_folder(tmp_path)
    assert not (tmp_path / "posterior.json").exists()


@pytest.mark.slow
def test_a_short_refit_finds_the_posterior_that_ships() -> None:
    pytest.importorskip("jax", reason="the extra bayes is not installed")
    design = design_of(ALL)
    found = Sampler(design, lag_days=SHIPPED["lag_days"], warmup=400, draws=400).sample(design, seed=7)
    learned = {row["parameter"]: row for row in SHIPPED["learned"] if not row["endpoint"]}
    for name in ("half_life_days", "ln_dose_slope", "trial_spread", "onset_median"):
        row = learned[name]
        width = row["upper"] - row["lower"]
        lower, middle, upper = np.quantile(found.values[name], [0.025, 0.5, 0.975])
        assert middle == pytest.approx(row["median"], abs=0.1 * width), name
        assert (lower, upper) == pytest.approx((row["lower"], row["upper"]), abs=0.3 * width), name
