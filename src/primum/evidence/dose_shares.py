"""Which share of people responds at each dose of a trial? The line through the log odds of its arms, and its band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.errors import EvidenceError
from primum.evidence.proportions import normal_quantile
from primum.provenance import Method
from primum.terms import FloatArray

METHOD: Final = Method(
    "dose_shares",
    "share of people at a dose: log odds linear in the logarithm of the dose, weighted least squares over the arms",
    "log(p / (1 - p)) = a + b log d, weights x (n - x) / n",
    "Berkson, J Am Stat Assoc 50:130-162 (1955), minimum logit chi-square",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseShares:
    """The line through the arms, on the scale of shares.

    Args:
        slope: log odds for each unit of log dose.
        share: at the doses asked for, in (0, 1).
        lower: of the band around the line; same shape.
        upper: same shape.
        level: coverage of the band at each dose.
    """

    slope: float
    share: FloatArray
    lower: FloatArray
    upper: FloatArray
    level: float


def dose_shares(
    doses: ArrayLike, events: ArrayLike, people: ArrayLike, *, at: ArrayLike, level: float = 0.95
) -> DoseShares:
    r"""The share of people at some doses, from counted arms of one trial that each got one dose of one product.

    $$ y_i = \log\frac{x_i}{n_i - x_i} = a + b \log d_i, \quad w_i = \frac{x_i (n_i - x_i)}{n_i}. $$

    A placebo arm has no place on the line: with it as the reference, the slope of `dose_response` is the same.

    Args:
        doses: of the arms, above 0, no two alike; shape `(arms,)`, at least three.
        events: people with the outcome; same shape.
        people: of each arm; same shape.
        at: doses to tell the share at, above 0, within those given: the line is told nowhere else.
        level: coverage of the band, in (0, 1).

    Raises:
        EvidenceError: too few arms, doses alike, not above 0 or beyond those given, or an arm in which nobody or
            everybody has the outcome.

    Source:
        See `METHOD`.

    Examples:
        >>> found = dose_shares([10, 20, 40], [20, 40, 60], [100] * 3, at=[10, 40])
        >>> [round(share, 2) for share in found.share.tolist()], bool(found.lower[0] < 0.2 < found.upper[0])
        ([0.21, 0.61], True)
    """
    d, x, n, wanted = (np.asarray(given, dtype=np.float64) for given in (doses, events, people, at))
    if d.ndim != 1 or not d.shape == x.shape == n.shape or len(d) < 3 or len(np.unique(d)) < len(d):
        raise EvidenceError.of_number("number of arms", d.size, "at least 3 arms, no two of one dose")
    if np.any(d <= 0) or np.any(wanted < d.min()) or np.any(wanted > d.max()):
        raise EvidenceError.of_number("dose", float(wanted.min()), f"doses above 0, within {d.min():g} to {d.max():g}")
    for of_arm, of_people in zip(x.tolist(), n.tolist(), strict=True):
        if not 0 < of_arm < of_people:
            raise EvidenceError.of_number(f"events of {of_people:g} people", of_arm, "neither nobody nor everybody")
    weight = x * (n - x) / n
    line = np.column_stack([np.ones_like(d), np.log(d)])
    covariance = np.linalg.inv(line.T @ (weight[:, None] * line))
    beta = covariance @ (line.T @ (weight * np.log(x / (n - x))))
    there = np.column_stack([np.ones_like(wanted), np.log(wanted)])
    middle = there @ beta
    half = normal_quantile(level) * np.sqrt(np.sum((there @ covariance) * there, axis=1))
    share, lower, upper = (np.asarray(special.expit(odds)) for odds in (middle, middle - half, middle + half))
    return DoseShares(slope=float(beta[1]), share=share, lower=lower, upper=upper, level=level)
