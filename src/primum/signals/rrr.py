"""How many times the expected number of reports were observed?"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.provenance import Method
from primum.signals.estimate import Estimate, checked_counts, checked_level, checked_numbers, code_of, same_shape

METHOD: Final = Method(
    id="rrr",
    label="Relative reporting rate: observed over expected, with exact Poisson interval",
    formula="O / E; (qgamma(t, O) / E, qgamma(1 - t, O + 1) / E)",
    citation="DuMouchel 1999, Am Stat 53(3):177-190, doi:10.1080/00031305.1999.10474456 (RR); interval: Garwood 1936, "
    "Biometrika 28(3-4):437-442, doi:10.1093/biomet/28.3-4.437",
)

_REASONS: Final = ("", "nothing is expected: a margin is empty")


def rrr(observed: ArrayLike, expected: ArrayLike, *, level: float = 0.95) -> Estimate:
    r"""Relative reporting rate of each pair.

    $$ RRR = O / E, $$ with Garwood's exact interval for a Poisson count, divided by E.

    Args:
        observed: reports with both; shape `(pairs,)`, whole numbers >= 0.
        expected: reports expected under independence, stratified or not; same shape, each >= 0.
        level: of the interval, in (0, 1).

    Returns:
        Value and bounds, unit ratio. `observed = 0` gives the value 0, the lower bound 0 and a finite upper bound.

    Raises:
        CountError: a count is negative or not finite, or the two shapes differ.

    Numerics:
        The interval covers at least `level`: it treats the expected count as known.

    Source:
        DuMouchel, Am Stat 53(3):177-190. Garwood, Biometrika 28(3-4):437-442.

    Examples:
        >>> estimate = rrr([0, 3], [1.0, 1.5])
        >>> estimate.value.tolist(), [round(x, 3) for x in estimate.upper.tolist()]
        ([0.0, 2.0], [3.689, 5.845])
    """
    tail = (1 - checked_level(level)) / 2
    o = checked_counts("observed", observed).astype(np.float64)
    e = checked_numbers("expected", expected)
    same_shape(observed=o, expected=e)
    code = code_of(o.shape, e == 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = o / e
        lower = np.where(o > 0, special.gammaincinv(np.maximum(o, 1), tail), 0.0) / e
        upper = special.gammaincinv(o + 1, 1 - tail) / e
    lower[code > 0] = value[code > 0] = upper[code > 0] = np.nan
    return Estimate(lower=lower, value=value, upper=upper, level=level, reason_code=code, reasons=_REASONS)
