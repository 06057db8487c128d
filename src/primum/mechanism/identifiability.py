"""Can these arms and visits tell how fast the effect amount falls at all?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from primum.errors import ModelError
from primum.mechanism.observations import ArmVisit


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifiability:
    """Which parameters of threshold, spread and decay the design can tell apart.

    Args:
        rank: combinations of the three (theta, sigma, k) that the arm-visits determine, 0 to 3.
        doses: distinct doses above 0 that were counted.
        days: distinct days on which they were counted.
        reason: empty where all three are determined; else what is missing.
    """

    rank: int
    doses: tuple[float, ...]
    days: tuple[float, ...]
    reason: str

    @property
    def identified(self) -> bool:
        """Whether theta, sigma and k can all be told."""
        return self.rank == 3

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "rank": self.rank,
            "of": 3,
            "doses_units": list(self.doses),
            "days": list(self.days),
            "reason": self.reason,
        }


def identifiability(visits: Sequence[ArmVisit]) -> Identifiability:
    r"""Rank of the design of Eq. 1: columns 1, ln D and t over the arms that got the drug.

    The share determines intercept, dose slope and day slope; $k$ is a ratio of the last two. With one dose alone
    intercept and dose slope cannot be told apart, so neither $k$ nor sigma can: any k fits as well with another sigma.

    Args:
        visits: arm-visits of one product and endpoint; those without counts are not used.

    Returns:
        A value, also where the answer is no.

    Raises:
        ModelError: no arm-visit, or arm-visits of several products or endpoints.

    Examples:
        >>> one = ArmVisit(product="toxin", endpoint="better", label="better", trial="T", source="s", dose_units=20,
        ...                day=28, people=10, responders=8, percent=None)
        >>> identifiability([one]).identified
        False
    """
    if len({(visit.product, visit.endpoint) for visit in visits}) != 1:
        raise ModelError.of("arm-visits of no or of several products and endpoints", "one product on one endpoint")
    active = [visit for visit in visits if visit.counted and visit.dose_units > 0]
    doses = tuple(sorted({visit.dose_units for visit in active}))
    days = tuple(sorted({visit.day for visit in active}))
    rank = 0
    if active:
        day_scale = max(days)
        design = np.array([[1.0, np.log(visit.dose_units), visit.day / day_scale] for visit in active])
        rank = int(np.linalg.matrix_rank(design))
    missing = []
    if not active:
        missing.append("no arm is printed with its number of people")
    if len(doses) == 1:
        missing.append(f"one dose alone ({doses[0]:g} U)")
    if len(days) == 1:
        missing.append(f"one visit alone (day {days[0]:g})")
    if not missing and rank < 3:
        missing.append("dose and day change together")
    reason = (
        f"The rate k at which the effect wears off cannot be identified: {' and '.join(missing)}." if missing else ""
    )
    return Identifiability(rank=rank, doses=doses, days=days, reason=reason)
