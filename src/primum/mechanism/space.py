r"""Does a neighbouring muscle get some? A spread kernel whose reach nobody has measured in a face: ranges, no risks.

Toxin that diffuses from a point and is taken up on its way stands, when it has come to rest, at

$$ u(r) \propto e^{-r / \ell} / r, \qquad \ell = \sqrt{D / k_S} $$

(the steady solution in three dimensions). The reach l is the one unknown: prior only, from animals. A muscle at
distance r acts like a target muscle that got the share f = (r_0 / r) exp(-(r - r_0) / l) of the dose, r_0 being the
distance within which the target lies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from primum.errors import ModelError
from primum.mechanism.curve import EffectCurve, curve
from primum.mechanism.models import Models
from primum.mechanism.normal import normal_cdf
from primum.mechanism.refusals import Refusal
from primum.mechanism.slow import Known
from primum.terms import FloatArray

TAG: Final = "prior only"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What a muscle at a distance may get, as a range.

    Args:
        distance_mm: distance from the injection.
        dose_share: share of the dose that a target muscle would need for the same block; lowest and highest.
        response_share: share of people in whom such a dose would act on the endpoint at the day of most effect; lowest
            and highest. Of the endpoint, not of the neighbour: no endpoint of a neighbour was fitted.
    """

    distance_mm: float
    dose_share: tuple[float, float]
    response_share: tuple[float, float]

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "distance_mm": self.distance_mm,
            "dose_share": list(self.dose_share),
            "response_share": list(self.response_share),
            "tag": TAG,
        }


def dose_share(distance_mm: float, reach_mm: FloatArray, *, target_mm: float) -> FloatArray:
    """Share of the dose at a distance for each reach; 1 within the target.

    Raises:
        ModelError: the distance or a reach is not a positive number.

    Examples:
        >>> dose_share(10.0, np.array([5.0]), target_mm=5.0).round(3).tolist()
        [0.184]
    """
    if not 0 < distance_mm < np.inf or not np.all(reach_mm > 0):
        raise ModelError.of(f"a distance of {distance_mm:g} mm", "a positive number of millimetres")
    further = max(distance_mm, target_mm)
    return np.asarray(target_mm / further * np.exp(-(further - target_mm) / reach_mm))


def neighbours(
    product: str,
    dose_units: float,
    endpoint: str,
    distances_mm: Sequence[float],
    *,
    models: Models,
    known: Mapping[str, Known],
) -> tuple[Neighbour, ...] | Refusal:
    """Ranges for muscles at several distances, nearest first: the order holds for every reach.

    Args:
        product: substance injected.
        dose_units: dose in units of the product.
        endpoint: key of the endpoint.
        distances_mm: distances from the injection, each above 0.
        models: the treatment's posterior and refusals.
        known: parameters of the slow layer, see `load_slow`; its `reach` and `target` are used.

    Returns:
        The ranges; or the refusal of the curve.

    Raises:
        ModelError: a distance is not positive.
        UnknownNameError: no such product or endpoint.
    """
    found = curve(product, dose_units, endpoint, [0.0], models=models)
    if not isinstance(found, EffectCurve):
        return found
    parameters = found.fit.draws
    reaches = np.array([known["reach"].low, known["reach"].high])
    answer = []
    for distance in sorted(distances_mm):
        shares = dose_share(distance, reaches, target_mm=known["target"].value)
        doses = np.log(dose_units * shares)[:, None]
        responding = normal_cdf(parameters[:, 0] + parameters[:, 1] * doses)  # Eq. 1 before the effect wears off
        lowest, highest = np.quantile(responding[0], 0.025), np.quantile(responding[1], 0.975)
        answer.append(Neighbour(distance, (float(shares[0]), float(shares[1])), (float(lowest), float(highest))))
    return tuple(answer)
