"""Which parameters make the published counts most likely, and how sure is that?

Run as `python -m primum.mechanism.fit FOLDER`.

The point estimate maximises the binomial likelihood of all arm-visits. Visits of an arm are the same people, so the
interval does not take them as independent: people are drawn from the fitted model, each with one threshold for all
visits, and the fit is repeated on their counts (parametric bootstrap by person).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from primum.errors import ModelError
from primum.mechanism.identifiability import identifiability
from primum.mechanism.kpd import PARAMETERS, Core, draw_people, share_responding
from primum.mechanism.normal import normal_cdf
from primum.mechanism.observations import ArmVisit, by_endpoint, load_observations
from primum.mechanism.onset import Onset, load_onset
from primum.provenance import hash_files
from primum.terms import FloatArray, IntArray

DATA_FILES: Final = ("chain_rates.csv", "observations.csv", "onset.csv")
FIT_FILE: Final = "fits.json"
SCHEMA: Final = "primum.fits/1"
SEED: Final = 20211
DRAWS: Final = 1000
_DAY_SCALE: Final = 100.0  # the optimiser sees days in hundreds, so that all parameters are of one size
_LEAST: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """The arm-visits as arrays; arm-visits of one arm, which are the same people, carry the same number."""

    arms: IntArray
    doses: FloatArray
    days: FloatArray
    people: IntArray
    responders: IntArray

    @classmethod
    def of(cls, visits: Sequence[ArmVisit]) -> _Counts:
        used = [visit for visit in visits if visit.counted]
        arms = list(dict.fromkeys((visit.trial, visit.dose_units) for visit in used))
        return cls(
            np.array([arms.index((visit.trial, visit.dose_units)) for visit in used], dtype=np.int64),
            np.array([visit.dose_units for visit in used]),
            np.array([visit.day for visit in used]),
            np.array([visit.people for visit in used], dtype=np.int64),
            np.array([visit.responders for visit in used], dtype=np.int64),
        )


def shares_of(parameters: FloatArray, counts: _Counts, *, lag_days: float) -> FloatArray:
    """Share of each arm-visit under one set of parameters; Eq. 2."""
    shares = np.empty(len(counts.doses))
    for dose in np.unique(counts.doses):
        arm = counts.doses == dose
        shares[arm] = share_responding(parameters, float(dose), counts.days[arm], lag_days=lag_days)
    return shares


def _minus_log_likelihood(free: FloatArray, counts: _Counts, set_in: FloatArray) -> tuple[float, FloatArray]:
    """Minus the log-likelihood and its gradient in the five free parameters (days in hundreds)."""
    days = counts.days / _DAY_SCALE
    active = counts.doses > 0
    log_dose = np.log(np.where(active, counts.doses, 1.0))
    z = free[0] + free[1] * log_dose + free[2] * days
    above = np.where(active, normal_cdf(z), 0.0)
    below = np.where(active, normal_cdf(-z), 1.0)
    placebo = 0.5 * (1 + np.tanh(0.5 * (free[3] + free[4] * days)))
    yes = np.maximum(set_in * (placebo + (1 - placebo) * above), _LEAST)
    no = np.maximum(1 - set_in + set_in * (1 - placebo) * below, _LEAST)
    failures = counts.people - counts.responders
    value = -float(np.sum(counts.responders * np.log(yes) + failures * np.log(no)))
    by_share = failures / no - counts.responders / yes
    density = np.where(active, np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi), 0.0)
    by_z = by_share * set_in * (1 - placebo) * density
    by_odds = by_share * set_in * placebo * (1 - placebo) * below
    gradient = [by_z, by_z * log_dose, by_z * days, by_odds, by_odds * days]
    return value, np.array([float(np.sum(term)) for term in gradient])


@dataclass(frozen=True, slots=True, eq=False)
class _Optimum:
    parameters: FloatArray
    log_likelihood: float
    gradient_norm: float


def _maximise(counts: _Counts, onset: Onset, start: FloatArray, *, median_days: float) -> _Optimum:
    """Most likely parameters from one start, given the onset."""
    from scipy.optimize import minimize

    rate = onset.rate(median_days)
    set_in = -np.expm1(-rate * np.maximum(counts.days - onset.lag_days, 0.0))
    found = minimize(
        _minus_log_likelihood, start, args=(counts, set_in), jac=True, method="BFGS", options={"gtol": 1e-7}
    )
    free = np.asarray(found.x)
    scaled = np.append(free * np.array([1, 1, 1 / _DAY_SCALE, 1, 1 / _DAY_SCALE]), rate)
    return _Optimum(scaled, -float(found.fun), float(np.max(np.abs(found.jac))))


def _free(parameters: FloatArray) -> FloatArray:
    return np.asarray(parameters[:5] * np.array([1, 1, _DAY_SCALE, 1, _DAY_SCALE]))


def _drawn_counts(core: Core, counts: _Counts, rng: np.random.Generator, *, by_person: bool) -> IntArray:
    """Responders of new people in the same arms and visits: one threshold a person, or a new one at each visit."""
    drawn = np.empty_like(counts.responders)
    if not by_person:
        shares = shares_of(core.as_array(), counts, lag_days=core.lag_days)
        return np.asarray(rng.binomial(counts.people, shares))
    for arm in np.unique(counts.arms):
        here = counts.arms == arm
        dose, size = float(counts.doses[here][0]), int(np.max(counts.people[here]))
        people = draw_people(core, dose or 1.0, people=size, rng=rng)
        if not dose:
            people = replace(people, end_day=np.zeros(size))  # placebo: the drug acts in nobody
        responding = people.responding(counts.days[here])
        seen = np.arange(size)[:, None] < counts.people[here]  # fewer were seen at some visits
        drawn[here] = (responding & seen).sum(axis=0)
    return drawn


def bootstrap(
    core: Core, visits: Sequence[ArmVisit], onset: Onset, *, draws: int, seed: int, by_person: bool = True
) -> FloatArray:
    """Parameters fitted to counts drawn anew from the fitted model, one row a draw in the order of `PARAMETERS`.

    Draw i depends on `seed` and i alone, so that the first rows of a long run are those of a short one. The median
    onset of each draw is drawn too, log-uniform between the published low and high: prior only.

    Args:
        core: the fitted model.
        visits: the arm-visits it was fitted to.
        onset: published onset.
        draws: how many.
        seed: where chance begins.
        by_person: whether a person keeps his threshold over his visits.

    Returns:
        Shape `(draws, 6)`.
    """
    counts = _Counts.of(visits)
    start = _free(core.as_array())
    rows = []
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw])
        median_days = float(np.exp(rng.uniform(np.log(onset.low), np.log(onset.high))))
        responders = _drawn_counts(core, counts, rng, by_person=by_person)
        optimum = _maximise(replace(counts, responders=responders), onset, start, median_days=median_days)
        rows.append(optimum.parameters)
    return np.array(rows)


def half_lives(parameters: FloatArray) -> FloatArray:
    """Half-life of the effect amount in days, ln 2 ln_dose_slope / -day_slope; below 0 if more dose does less."""
    return np.asarray(np.log(2) * parameters[..., 1] / -parameters[..., 2])


def _interval(values: FloatArray, level: float = 0.95) -> list[float]:
    tail = (1 - level) / 2
    return [float(end) for end in np.quantile(values, [tail, 1 - tail])]


def most_likely(
    visits: Sequence[ArmVisit], onset: Onset, *, starts: int = 8, seed: int = SEED
) -> tuple[FloatArray, dict[str, Any]]:
    """The most likely parameters and the certificate of the search.

    Args:
        visits: arm-visits of one product and endpoint, identified (see `identifiability`).
        onset: published onset, held at its value.
        starts: starting points of the search.
        seed: where chance begins in choosing them.

    Returns:
        The parameters in the order of `PARAMETERS`; and log-likelihood, deviance, its degrees of freedom, gradient norm
        and starts that agree.

    Raises:
        ModelError: the arm-visits cannot tell the parameters apart, or no arm got placebo.
    """
    design = identifiability(visits)
    if not design.identified:
        raise ModelError.of(f"arm-visits by which {design.reason}", "two doses and two visits at least")
    counts = _Counts.of(visits)
    if not np.any(counts.doses == 0):
        raise ModelError.of("arm-visits without a placebo arm", "one at least, for the share that responds without")
    rng = np.random.default_rng(seed)
    first = np.array([0.0, 0.5, -1.0, -2.0, -1.0])
    found = [
        _maximise(
            counts, onset, first + (0.5 * rng.standard_normal(5) if start else 0.0), median_days=onset.median_days
        )
        for start in range(starts)
    ]
    best = max(found, key=lambda optimum: optimum.log_likelihood)
    saturated = np.clip(counts.responders / counts.people, _LEAST, 1 - _LEAST)
    best_possible = float(
        np.sum(counts.responders * np.log(saturated) + (counts.people - counts.responders) * np.log1p(-saturated))
    )
    return best.parameters, {
        "log_likelihood": best.log_likelihood,
        "deviance": 2 * (best_possible - best.log_likelihood),
        "degrees_of_freedom": len(counts.days) - 5,
        "gradient_norm": best.gradient_norm,
        "starts": starts,
        "starts_agreeing": sum(best.log_likelihood - optimum.log_likelihood < 1e-6 for optimum in found),
    }


def core_of(parameters: FloatArray, onset: Onset) -> Core | None:
    """The model with these parameters; None where the share does not rise with the dose and fall with time."""
    if not (parameters[1] > 0 and parameters[2] < 0):
        return None
    named = {name: float(value) for name, value in zip(PARAMETERS, parameters, strict=True)}
    return Core(**named, lag_days=onset.lag_days)


def leave_one_dose_out(visits: Sequence[ArmVisit], onset: Onset, *, draws: int, seed: int) -> dict[str, Any]:
    """How many arm-visits of a dose lie in the 90 % predictive interval of a fit that has not seen that dose?

    Returns:
        `arm_visits`, `inside`, one row each (dose, day, observed responders, lower, upper), and the doses without which
        no model could be fitted.
    """
    rows: list[list[float]] = []
    skipped = []
    for dose in sorted({visit.dose_units for visit in visits if visit.counted and visit.dose_units > 0}):
        kept = [visit for visit in visits if visit.dose_units != dose]
        core = None
        if identifiability(kept).identified:
            core = core_of(most_likely(kept, onset, starts=2, seed=seed)[0], onset)
        if core is None:
            skipped.append(dose)
            continue
        parameters = bootstrap(core, kept, onset, draws=draws, seed=seed)
        rng = np.random.default_rng([seed, int(dose)])
        for visit in visits:
            if visit.dose_units != dose or visit.people is None:
                continue
            shares = share_responding(parameters, dose, visit.day, lag_days=onset.lag_days)[:, 0]
            lower, upper = np.quantile(rng.binomial(visit.people, np.clip(shares, 0, 1)), [0.05, 0.95])
            rows.append([dose, visit.day, visit.responders or 0, float(lower), float(upper)])
    inside = sum(lower <= seen <= upper for _, _, seen, lower, upper in rows)
    return {"arm_visits": len(rows), "inside": inside, "level": 0.9, "rows": rows, "doses_skipped": skipped}


def fit_endpoint(
    visits: Sequence[ArmVisit], onset: Onset | None, *, draws: int = DRAWS, seed: int = SEED
) -> dict[str, Any]:
    """The fit of one product on one endpoint as plain data; where k cannot be identified, that and the reason.

    Args:
        visits: its arm-visits.
        onset: published onset of the product; None where none was found.
        draws: bootstrap draws.
        seed: where chance begins.

    Returns:
        What stands in `fits.json` for this product and endpoint.
    """
    design = identifiability(visits)
    head: dict[str, Any] = {
        "product": visits[0].product,
        "endpoint": visits[0].endpoint,
        "label": visits[0].label,
        "trials": sorted({visit.trial for visit in visits}),
        "sources": sorted({visit.source for visit in visits}),
        "identifiability": design.as_json(),
    }
    if not design.identified or onset is None:
        return {**head, "status": "not identified", "reason": design.reason or "No onset of this product was found."}
    found, certificate = most_likely(visits, onset, seed=seed)
    core = core_of(found, onset)
    if core is None:
        reason = "In these data the share does not rise with the dose and fall with time, so no half-life can be told."
        return {**head, "status": "not identified", "reason": reason}
    parameters = bootstrap(core, visits, onset, draws=draws, seed=seed)
    independent = bootstrap(core, visits, onset, draws=draws // 5, seed=seed, by_person=False)
    counts = _Counts.of(visits)
    used = (parameters[:, 2] < 0) & np.all(np.isfinite(parameters), axis=1)
    return {
        **head,
        "status": "fitted",
        "sources": sorted({*head["sources"], *onset.sources}),
        "estimates": {name: getattr(core, name) for name in (*PARAMETERS, "lag_days")},
        "half_life_days": [core.half_life_days, *_interval(half_lives(parameters[used]))],
        "ln_dose_slope": [core.ln_dose_slope, *_interval(parameters[used, 1])],
        "onset_median_days": [onset.median_days, onset.low, onset.high],
        "diagnostics": {
            **certificate,
            "arm_visits": len(counts.days),
            "people": int(sum(counts.people[counts.days == np.min(counts.days)])),
            "draws_set_aside": int(np.sum(~used)),
            "draws_without_dose_response": int(np.sum(parameters[used, 1] <= 0)),
            "half_life_days_if_visits_were_independent": _interval(half_lives(independent)),
            "leave_one_dose_out": leave_one_dose_out(visits, onset, draws=draws // 5, seed=seed),
        },
        "draws": [[float(f"{value:.6g}") for value in row] for row in parameters[used]],
    }


def data_hash(folder: Path) -> str:
    """SHA-256 of the tables a fit rests on."""
    return hash_files(folder / name for name in DATA_FILES)


def fit_folder(folder: Path, *, draws: int = DRAWS, seed: int = SEED) -> Path:
    """Fit every product and endpoint of a folder's `observations.csv` and write `fits.json` beside it.

    Returns:
        The file written.
    """
    groups = by_endpoint(load_observations(folder / "observations.csv"))
    fits = [
        fit_endpoint(visits, load_onset(folder, product), draws=draws, seed=seed)
        for (product, _), visits in groups.items()
    ]
    answer = {
        "schema": SCHEMA,
        "data_sha256": data_hash(folder),
        "seed": seed,
        "parameters": list(PARAMETERS),
        "fits": fits,
    }
    text = json.dumps(answer, indent=1, allow_nan=False)
    file = folder / FIT_FILE
    file.write_text(_one_line_a_draw(text) + "\n", encoding="utf-8")
    return file


def _one_line_a_draw(text: str) -> str:
    """Innermost lists on one line, so that a change of the fit reads as a change of rows."""
    return re.sub(r"\[\s+([^\[\]{}]+?)\s+\]", lambda found: "[" + re.sub(r"\s+", " ", found[1]) + "]", text)


if __name__ == "__main__":
    fit_folder(Path(sys.argv[1]))
