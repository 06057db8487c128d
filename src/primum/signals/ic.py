"""Information component: is a pair reported more often than expected, after shrinking small counts?"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.errors import CountError
from primum.provenance import Method
from primum.signals.estimate import (
    Estimate,
    checked_counts,
    checked_level,
    checked_numbers,
    code_of,
    estimated,
    numbered_counts,
    same_shape,
)
from primum.terms import IntArray

METHOD: Final = Method(
    id="ic",
    label="Information component with exact gamma credibility interval",
    formula="log2((O + k) / (E + k)); mu | O ~ Gamma(O + k, rate E + k), k = 0.5",
    citation="Noren, Hopstadius, Bate 2013, Stat Methods Med Res 22(1):57-69, doi:10.1177/0962280211403604",
)

_REASONS: Final = ("", "nothing is expected: a margin is empty, and the value is that of the shrinkage alone")


def ic(observed: ArrayLike, expected: ArrayLike, *, shrinkage: float = 0.5, level: float = 0.95) -> Estimate:
    r"""Information component with its credibility interval.

    With observed count $O$, expected count $E$ and shrinkage $k$,
    $$ IC = \log_2 \frac{O + k}{E + k}, \qquad \mu \mid O \sim Gamma(O + k, rate = E + k), $$
    and the interval is the pair of equal-tail quantiles of $\mu$, on the log2 scale.

    Args:
        observed: reports with both drug and event; shape `(pairs,)`, whole numbers >= 0.
        expected: reports expected under independence; same shape and unit, each >= 0.
        shrinkage: k > 0, reports added to both sides. The source uses 0.5.
        level: mass of the interval, in (0, 1).

    Returns:
        Value and bounds, unit bits. `observed = 0` is legal and gives finite bounds; so does `expected = 0`, which
        carries a reason because the value is then the shrinkage's own.

    Raises:
        CountError: a count is negative, not finite or (observed) not whole, the shapes differ, or `shrinkage` is not
            above 0.

    Numerics:
        Exact quantiles, computed once for each distinct count. Equals the ten printed digits of R package pvda
        0.0.4 on its 1,306 simulated pairs.
        With the defaults two reports can never put the lower bound above 0 and three can: at E = 0.01 it is 0.73.
        (pvda's manual says that three cannot; R's own `log2(qgamma(.025, 3.5, 0.51))` is 0.73.)

    Source:
        Noren, Hopstadius, Bate, Stat Methods Med Res 22(1):57-69, doi:10.1177/0962280211403604.

    Examples:
        >>> estimate = ic([2, 3], [0.0001, 0.01])
        >>> [round(x, 2) for x in estimate.lower.tolist()]
        [-0.27, 0.73]
    """
    tail = (1 - checked_level(level)) / 2
    if not shrinkage > 0:
        raise CountError(f"shrinkage is {shrinkage}; expected a number of reports above 0, such as 0.5.")
    o = checked_counts("observed", observed)
    distinct, place = numbered_counts(o)
    shape = distinct + shrinkage
    logs = [np.log2(x) for x in (special.gammaincinv(shape, tail), shape, special.gammaincinv(shape, 1 - tail))]

    def of_block(place: IntArray, expected: ArrayLike) -> Estimate:
        e = checked_numbers("expected", expected)
        same_shape(observed=place, expected=e)
        log2_rate = np.log2(e + shrinkage)
        lower, value, upper = (log[place] - log2_rate for log in logs)
        code = code_of(e.shape, e == 0)
        return Estimate(lower=lower, value=value, upper=upper, level=level, reason_code=code, reasons=_REASONS)

    return estimated(of_block, place, expected)
