r"""What happens in between: from the depot to the light chain, the block, the force and what is seen, and back?

    depot'    = -kS depot                                  at each injection the dose is added            (Eq. 8)
    light'    = kS depot(t - lag) - k light                light chain in the nerve ending, in units of dose (Eq. 9)
    cleaved'  = kT light / L (1 - cleaved) - kT cleaved    share of SNAP-25 that is cut; kT its turnover    (Eq. 10)
    block     = cleaved^n / (cleaved^n + c^n)              steep about the share c at which muscle is paralysed (Eq. 11)
    severity' = (1 - block - severity) / skin_lag          what is seen at full contraction, 1 before       (Eq. 12)

The light chain falls with the core's k, because that is what the trials show; L, the light chain at which half of the
SNAP-25 is cut, is a person's own and is set so that the person's response ends on the day the core says. So the layer
explains the core's curve and adds no fit of its own. Nothing but k was fitted to people; each parameter is tagged.
"""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from typing import Final, get_args

import numpy as np
from numpy.typing import ArrayLike

from primum.errors import ModelError
from primum.mechanism.fast_chain import Tag
from primum.mechanism.kpd import Core, check_days, check_dose, check_injections, day_effect_ends
from primum.mechanism.refusals import Refusal
from primum.terms import FloatArray

# A person counts as responding while what is seen at full contraction is at most half of what it was.
RESPONDS_AT: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A parameter with where it comes from.

    Args:
        key: short name.
        value: the value used, above 0.
        low: lower end of what is held possible.
        high: upper end.
        unit: `1/d`, `d` or `1`.
        species: animal, or person, in which it was found; empty where in none.
        tag: measured, fitted or assumed.
        sources: ids of the sources; empty where none measures it.
        note: caveats.

    Raises:
        ModelError: the value does not lie in its range, or the tag is none of the three.
    """

    key: str
    value: float
    low: float
    high: float
    unit: str
    species: str
    tag: Tag
    sources: tuple[str, ...]
    note: str

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.value <= self.high < math.inf:
            raise ModelError.of(
                f"{self.key} {self.value} in {self.low} to {self.high}", "a positive value in its range"
            )
        if self.tag not in get_args(Tag):
            raise ModelError.of(f'{self.key} tagged "{self.tag}"', "measured, fitted or assumed")


def load_slow(folder: Traversable) -> Mapping[str, Known]:
    """Read `slow_layer.csv` of a treatment's model folder."""
    with (folder / "slow_layer.csv").open("r", encoding="utf-8") as lines:
        return {
            row["key"]: Known(
                key=row["key"],
                value=float(row["value"]),
                low=float(row["low"]),
                high=float(row["high"]),
                unit=row["unit"],
                species=row["species"],
                tag=row["tag"],  # type: ignore[arg-type]  # checked on creation
                sources=tuple(row["source"].split()),
                note=row["note"],
            )
            for row in csv.DictReader(lines)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowLayer:
    """The parameters of one person.

    Args:
        uptake_per_day: kS.
        lag_days: delay of the fast chain.
        fall_per_day: k of the core.
        turnover_per_day: kT.
        half_cleaved_units: L, light chain at which half of the SNAP-25 is cut, in units of dose.
        cleaved_for_block: c.
        steepness: n.
        skin_lag_days: time in which severity follows force.
    """

    uptake_per_day: float
    lag_days: float
    fall_per_day: float
    turnover_per_day: float
    half_cleaved_units: float
    cleaved_for_block: float
    steepness: float
    skin_lag_days: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """The states by day; each has shape `(days,)`.

    Args:
        days: days since the first injection.
        depot: toxin not yet taken up, in units of dose.
        light: light chain in the nerve endings, in units of dose.
        cleaved: share of SNAP-25 that is cut.
        block: share of the force that is gone.
        force: share of the force that is left.
        severity: what is seen at full contraction, 1 before treatment.
    """

    days: FloatArray
    depot: FloatArray
    light: FloatArray
    cleaved: FloatArray
    block: FloatArray
    force: FloatArray
    severity: FloatArray

    @property
    def responding(self) -> tuple[float, float] | None:
        """First and last day on which the severity is at most half of what it was; None where it never is."""
        low = np.flatnonzero(self.severity <= RESPONDS_AT)
        return (float(self.days[low[0]]), float(self.days[low[-1]])) if low.size else None


def amounts(layer: SlowLayer, dose_units: float, days: ArrayLike, injections: ArrayLike = (0.0,)) -> FloatArray:
    r"""Depot and light chain in closed form; shape `(2, days)`.

    $light(t) = D k_S / (k_S - k) (e^{-k s} - e^{-k_S s})$ with $s = t - t_i - lag > 0$, summed over the injections.

    Raises:
        ModelError: the dose, a day or the injections are no legal numbers, or kS equals k.
    """
    at, times, dose = check_days(days), check_injections(injections), check_dose(dose_units)
    fast, slow = layer.uptake_per_day, layer.fall_per_day
    if fast == slow:
        raise ModelError.of(f"an uptake of {fast:g} per day that equals the fall", "two different rates")
    since = at - times[:, None]
    later = np.maximum(since - layer.lag_days, 0.0)
    depot = np.where(since >= 0, np.exp(-fast * np.maximum(since, 0.0)), 0.0)
    light = fast / (fast - slow) * (np.exp(-slow * later) - np.exp(-fast * later))
    return dose * np.stack([depot.sum(axis=0), light.sum(axis=0)])


def course(
    layer: SlowLayer,
    dose_units: float,
    days: ArrayLike,
    *,
    injections: ArrayLike = (0.0,),
    relative: float = 1e-9,
    absolute: float = 1e-12,
) -> Course | Refusal:
    """The states by day: amounts in closed form, SNAP-25 and severity by an implicit solver.

    Args:
        layer: parameters of one person.
        dose_units: dose of each injection, above 0.
        days: days since the first injection, ascending.
        injections: days of the injections, 0 first.
        relative: relative tolerance of the solver.
        absolute: absolute tolerance of the solver.

    Returns:
        The course; or a refusal with the solver's reason where it failed.

    Raises:
        ModelError: the dose, the days or the injections are no legal numbers.

    Numerics:
        Agrees with libRoadRunner's run of the exported SBML to 1e-6 (tests).
    """
    from scipy.integrate import solve_ivp

    at, times = check_days(days), check_injections(injections)
    depot, light = amounts(layer, dose_units, at, times)
    breaks = np.unique(np.concatenate([[0.0], times, times + layer.lag_days, at[-1:]]))
    breaks = breaks[breaks <= at[-1]]
    state, states = np.array([0.0, 1.0]), np.tile([[0.0], [1.0]], at.size)

    rates = _rates(layer, dose_units, times)
    for begun, ended in itertools.pairwise(breaks):  # the light chain has a corner at each
        here = (at > begun) & (at <= ended)
        found = solve_ivp(
            rates,
            (begun, ended),
            state,
            method="LSODA",
            t_eval=np.unique(np.append(at[here], ended)),
            rtol=relative,
            atol=absolute,
        )
        if not found.success:
            question = f"the course between day {begun:g} and day {ended:g}"
            return Refusal("solver_failed", question, f"The solver stopped: {found.message}")
        states[:, here], state = found.y[:, : int(here.sum())], found.y[:, -1]
    cleaved, severity = np.clip(states, 0.0, 1.0)
    block = _block(layer, cleaved)
    return Course(days=at, depot=depot, light=light, cleaved=cleaved, block=block, force=1 - block, severity=severity)


def _rates(layer: SlowLayer, dose: float, times: FloatArray) -> Callable[[float, FloatArray], tuple[float, float]]:
    """Eqs. 10 and 12 with Eq. 9 put in; plain numbers, because the solver asks thousands of times."""
    fast, slow, begins = layer.uptake_per_day, layer.fall_per_day, [float(day) + layer.lag_days for day in times]
    per_unit = dose * fast / (fast - slow) / layer.half_cleaved_units

    def rates(day: float, y: FloatArray) -> tuple[float, float]:
        gone = [day - begin for begin in begins if day > begin]
        ratio = per_unit * sum(math.exp(-slow * since) - math.exp(-fast * since) for since in gone)
        cleaved, severity = float(y[0]), float(y[1])
        powered = max(cleaved / layer.cleaved_for_block, 0.0) ** layer.steepness
        cut = layer.turnover_per_day * (ratio * (1 - cleaved) - cleaved)
        return cut, (1 / (1 + powered) - severity) / layer.skin_lag_days

    return rates


def _block(layer: SlowLayer, cleaved: FloatArray) -> FloatArray:
    """Eq. 11."""
    powered = np.maximum(cleaved / layer.cleaved_for_block, 0.0) ** layer.steepness
    return np.asarray(powered / (1 + powered))


def constrained(core: Core, known: Mapping[str, Known], dose_units: float, *, quantile: float = 0.5) -> SlowLayer:
    """The layer of a person whose response ends on the day by which the core's has ended in a share of the people.

    Args:
        core: the core of a product on an endpoint.
        known: parameters of the layer, see `load_slow`.
        dose_units: the dose at which the two are made to agree.
        quantile: which person: 0.5 is the median.

    Raises:
        ModelError: the dose does not reach that person at all.
    """
    from scipy.optimize import brentq

    ends = float(day_effect_ends(core.as_array(), dose_units, quantile=quantile))
    first = SlowLayer(
        uptake_per_day=known["uptake"].value,
        lag_days=core.lag_days,
        fall_per_day=core.k_per_day,
        turnover_per_day=known["substrate_turnover"].value,
        half_cleaved_units=1.0,
        cleaved_for_block=known["cleaved_for_block"].value,
        steepness=known["steepness"].value,
        skin_lag_days=known["skin_lag"].value,
    )
    # Before the response can end it must have begun: SNAP-25 and skin need some of their own times.
    if ends < 4 * (first.lag_days + first.skin_lag_days):
        raise ModelError.of(
            f"{dose_units:g} units, whose effect ends on day {ends:.0f} in this person", "a larger dose"
        )
    grid = np.array([ends])

    def above(log_units: float) -> float:
        found = course(
            replace(first, half_cleaved_units=math.exp(log_units)), dose_units, grid, relative=1e-8, absolute=1e-10
        )
        if isinstance(found, Refusal):
            raise ModelError.of(found.reason, "a course that can be solved")
        return float(found.severity[0]) - RESPONDS_AT

    middle = math.log(dose_units) - core.k_per_day * ends  # what is left on that day, about what cuts enough
    log_units = brentq(above, middle - 6, middle + 6, xtol=1e-9)
    return replace(first, half_cleaved_units=math.exp(log_units))
