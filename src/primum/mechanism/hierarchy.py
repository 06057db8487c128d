"""Which share of each arm responds at each visit, when products, endpoints, trials and arms differ and people stay?

The core of `kpd` for many trials at once. With the reference dose D_p of a product (its own most frequent one, so that
no unit is turned into another), on the probit scale:

    z = a_e + b_p + c_pe + u_trial + v_arm + s ln(D / D_p) - s k t                                    (Eq. 5)
    log odds without the drug = a'_e + w_trial + d'_e t                                                (Eq. 6)
    share = Eq. 2 with these, the onset (Eq. 4) having a median m_e of its own on each endpoint

s = 1/sigma and k belong to all. Visits of one arm are the same people. If each keeps one threshold and one onset, the
share that responds at both of two visits s < t is, with F of Eq. 4, Phi of z and c of Eq. 6,

    both(s, t) = F(s) (Phi_t + (Phi_s - Phi_t) c_t + (1 - Phi_s) min(c_s, c_t))                         (Eq. 7)

and share(s) share(t) if visits were of new people. The model mixes the two, rho of the first and 1 - rho of the second,
and takes a person's response at a visit to depend on his response at the visit before (exact for the drug alone).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Final

import numpy as np

from primum.errors import ModelError
from primum.mechanism.observations import ArmVisit
from primum.terms import BoolArray, FloatArray, IntArray

PER_DAYS: Final = 100.0  # slopes of the placebo share are per 100 days, so that all parameters are of one size
_LEAST: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Arm-visits as arrays, each with its place in the hierarchy; ordered so that an arm's visits follow each other.

    Args:
        products: names; `product` points into them, and so for the next three.
        endpoints: keys of the endpoints.
        pairs: product and endpoint as indices.
        trials: names.
        reference_units: reference dose of each product.
        arms: number of arms that got the drug; `arm` is the number of the arm, and that number for placebo.
        log_dose: ln of dose over reference dose; 0 for placebo.
        active: whether the arm got the drug.
        day: day of each visit.
        people: people seen.
        responders: how many responded.
        before: position of the arm's visit before on the same endpoint; -1 for its first.
        used: whether a visit counts in the likelihood; unused ones are predicted.
    """

    products: tuple[str, ...]
    endpoints: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    trials: tuple[str, ...]
    reference_units: tuple[float, ...]
    arms: int
    product: IntArray
    endpoint: IntArray
    pair: IntArray
    trial: IntArray
    arm: IntArray
    log_dose: FloatArray
    active: BoolArray
    day: FloatArray
    people: IntArray
    responders: IntArray
    before: IntArray
    used: BoolArray

    def with_responders(self, responders: IntArray) -> Design:
        """The same visits with other counts."""
        return replace(self, responders=responders)

    def without_trial(self, name: str) -> Design:
        """The same visits, those of one trial not used."""
        return replace(self, used=self.trial != self.trials.index(name))


def design_of(visits: Sequence[ArmVisit]) -> Design:
    """The hierarchy of all counted arm-visits.

    Raises:
        ModelError: no visit is counted.
    """
    counted = [visit for visit in visits if visit.counted]
    if not counted:
        raise ModelError.of("arm-visits without any count", "people and responders of one at least")
    counted.sort(key=lambda v: (v.endpoint, v.trial, v.product, v.dose_units, v.day))
    products = tuple(dict.fromkeys(v.product for v in counted))
    endpoints = tuple(dict.fromkeys(v.endpoint for v in counted))
    trials = tuple(dict.fromkeys(v.trial for v in counted))
    places = [(products.index(v.product), endpoints.index(v.endpoint)) for v in counted]
    pairs = tuple(dict.fromkeys(places))
    active = np.array([v.dose_units > 0 for v in counted])
    arms = list(dict.fromkeys((v.trial, v.product, v.dose_units) for v in counted if v.dose_units > 0))
    reference = tuple(_reference(counted, product) for product in products)
    return Design(
        products=products,
        endpoints=endpoints,
        pairs=pairs,
        trials=trials,
        reference_units=reference,
        arms=len(arms),
        product=np.array([p for p, _ in places]),
        endpoint=np.array([e for _, e in places]),
        pair=np.array([pairs.index(place) for place in places]),
        trial=np.array([trials.index(v.trial) for v in counted]),
        arm=np.array(
            [arms.index((v.trial, v.product, v.dose_units)) if v.dose_units > 0 else len(arms) for v in counted]
        ),
        log_dose=np.array(
            [
                np.log(v.dose_units / reference[p]) if v.dose_units > 0 else 0.0
                for v, (p, _) in zip(counted, places, strict=True)
            ]
        ),
        active=active,
        day=np.array([v.day for v in counted]),
        people=np.array([v.people for v in counted]),
        responders=np.array([v.responders for v in counted]),
        before=np.array([_before(counted, i) for i in range(len(counted))]),
        used=np.ones(len(counted), dtype=np.bool_),
    )


def _reference(visits: Sequence[ArmVisit], product: str) -> float:
    doses = Counter(v.dose_units for v in visits if v.product == product and v.dose_units > 0)
    return max(doses, key=lambda dose: (doses[dose], -dose))


def _before(visits: Sequence[ArmVisit], place: int) -> int:
    def key(v: ArmVisit) -> tuple[str, str, str, float]:
        return v.endpoint, v.trial, v.product, v.dose_units

    return place - 1 if place and key(visits[place - 1]) == key(visits[place]) else -1


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Share that responds at each visit, and at it given the response at the visit before; last axis the visits."""

    share: Any
    after_response: Any
    after_none: Any


def shares_of(values: Mapping[str, Any], design: Design, *, lag_days: float, xp: ModuleType, cdf: Any) -> Shares:
    """Eqs. 2 to 7 for one set of parameters, or for many along leading axes.

    Args:
        values: `intercept` (endpoint), `product`, `pair`, `trial`, `arm`, `ln_dose_slope`, `half_life_days`,
            `placebo` (endpoint), `placebo_slope` (endpoint), `placebo_trial`, `onset_days` (endpoint), `persistence`.
        design: the arm-visits.
        lag_days: days before anything can set in.
        xp: `numpy` or `jax.numpy`.
        cdf: normal distribution function of that module.

    Returns:
        Shares, each kept off 0 and 1 by 1e-9.
    """
    slope = values["ln_dose_slope"][..., None]
    arm = xp.concatenate([values["arm"], xp.zeros_like(values["arm"][..., :1])], axis=-1)[..., design.arm]
    level = values["intercept"][..., design.endpoint] + values["product"][..., design.product]
    level = level + values["pair"][..., design.pair] + values["trial"][..., design.trial] + arm
    fall = np.log(2) / values["half_life_days"][..., None]
    z = level + slope * (design.log_dose - fall * design.day)  # Eq. 5
    drug = xp.where(design.active, cdf(z), 0.0)
    odds = values["placebo"][..., design.endpoint] + values["placebo_trial"][..., design.trial]
    odds = odds + values["placebo_slope"][..., design.endpoint] * (design.day / PER_DAYS)  # Eq. 6
    itself = 0.5 * (1 + xp.tanh(0.5 * odds))
    rate = np.log(2) / (values["onset_days"][..., design.endpoint] - lag_days)
    set_in = -xp.expm1(-rate * np.maximum(design.day - lag_days, 0.0))
    share = xp.clip(set_in * (itself + (1 - itself) * drug), _LEAST, 1 - _LEAST)  # Eq. 2
    first = np.maximum(design.before, 0)
    earlier_drug, earlier_itself = drug[..., first], itself[..., first]
    kept = set_in[..., first] * (
        drug + (earlier_drug - drug) * itself + (1 - earlier_drug) * xp.minimum(earlier_itself, itself)
    )  # Eq. 7
    rho, earlier = values["persistence"][..., None], share[..., first]
    both = rho * kept + (1 - rho) * earlier * share
    return Shares(
        share,
        xp.clip(both / earlier, _LEAST, 1 - _LEAST),
        xp.clip((share - both) / (1 - earlier), _LEAST, 1 - _LEAST),
    )


def earlier_responders(design: Design) -> IntArray:
    """Of the people seen now, how many responded at the visit before; people who left are taken as like the others."""
    first = np.maximum(design.before, 0)
    scaled = design.responders[first] * design.people / design.people[first]
    return np.minimum(np.rint(scaled).astype(np.int64), design.people)


def draw_responders(shares: Shares, design: Design, rng: np.random.Generator) -> IntArray:
    """Counts of new people in the same arms and visits, one set of shares; each arm's visits depend on each other."""
    drawn = np.zeros(len(design.day), dtype=np.int64)
    for place, before in enumerate(design.before):
        people = int(design.people[place])
        if before < 0:
            drawn[place] = rng.binomial(people, shares.share[place])
            continue
        yes = min(round(drawn[before] * people / int(design.people[before])), people)
        drawn[place] = rng.binomial(yes, shares.after_response[place]) + rng.binomial(
            people - yes, shares.after_none[place]
        )
    return drawn
