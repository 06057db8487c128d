"""How much more on average in the treated group, from the means and standard deviations that papers print?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from scipy import special

from primum.errors import EvidenceError
from primum.evidence import proportions
from primum.evidence.effect import Effect
from primum.provenance import Method
from primum.terms import Interval

_WELCH: Final = Method(
    "mean_difference_welch",
    "difference of means with Welch's t interval",
    "m1 - m0; t with Satterthwaite's degrees of freedom",
    "Welch, Biometrika 34:28-35 (1947), doi:10.1093/biomet/34.1-2.28",
)


@dataclass(frozen=True, slots=True)
class MeanArm:
    """One group as a paper prints it.

    Args:
        mean: its mean.
        sd: its standard deviation (not its standard error), > 0.
        n: people in it, at least 2.

    Raises:
        EvidenceError: a number is outside its range.
    """

    mean: float
    sd: float
    n: int

    def __post_init__(self) -> None:
        proportions.whole_numbers("n", self.n, least=2)
        proportions.positive("sd", self.sd)
        if not math.isfinite(self.mean):
            raise EvidenceError.of_number("mean", self.mean, "a finite number")


def mean_difference(treated: MeanArm, control: MeanArm, *, unit: str, level: float = 0.95) -> Effect:
    r"""Mean of the treated less mean of the others, with unequal variances allowed.

    $$ d \pm t_{\nu} s, \quad s^2 = s_1^2/n_1 + s_0^2/n_0, \quad
       \nu = s^4 / \left( \frac{s_1^4}{n_1^2 (n_1 - 1)} + \frac{s_0^4}{n_0^2 (n_0 - 1)} \right). $$

    Args:
        treated: the treated group.
        control: the other group.
        unit: of the means and of the result.
        level: coverage, in (0, 1).

    Returns:
        An effect in `unit`.

    Raises:
        EvidenceError: the level is outside (0, 1).

    Source:
        Welch, Biometrika 34:28-35 (1947), doi:10.1093/biomet/34.1-2.28.

    Examples:
        >>> weeks = mean_difference(MeanArm(12.0, 4.0, 50), MeanArm(10.0, 4.0, 50), unit="weeks")
        >>> round(weeks.interval.lower, 3)
        0.412
    """
    proportions.tail(level)
    v1, v0 = treated.sd**2 / treated.n, control.sd**2 / control.n
    freedom = (v1 + v0) ** 2 / (v1**2 / (treated.n - 1) + v0**2 / (control.n - 1))
    half = float(special.stdtrit(freedom, (1 + level) / 2)) * math.sqrt(v1 + v0)
    difference = treated.mean - control.mean
    interval = Interval(difference - half, difference + half, level)
    return Effect(measure="mean difference", estimate=difference, interval=interval, unit=unit, method=_WELCH)
