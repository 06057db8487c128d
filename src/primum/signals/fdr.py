"""Of the pairs called signals, what share would be false alarms?"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from primum.errors import CountError
from primum.provenance import Method
from primum.terms import FloatArray

METHOD: Final = Method(
    id="fdr",
    label="False discovery rate of Benjamini and Hochberg over the pairs of the table, on the mid-p",
    formula="q(i) = min over j >= i of m p(j) / j, p sorted",
    citation="Benjamini, Hochberg 1995, J R Stat Soc B 57(1):289-300, doi:10.1111/j.2517-6161.1995.tb02031.x; "
    "for signals: Ahmed and others 2010, Biometrics 66(1):301-309, doi:10.1111/j.1541-0420.2009.01262.x",
)


def fdr(p: ArrayLike, *, weight: ArrayLike | None = None) -> FloatArray:
    r"""Benjamini-Hochberg adjusted p-values.

    $$ q_{(i)} = \min_{j \ge i} \frac{m\, p_{(j)}}{j}, $$ with the p-values sorted and m their number. Calling all pairs
    with q <= 0.05 signals keeps the expected share of false ones at 5 % or below.

    Args:
        p: one p-value a pair, each in [0, 1]; not a number where there is none, such a pair is not counted.
        weight: how many pairs have each p-value, at least 1; None: one each.

    Returns:
        q of the same shape; not a number where p is not.

    Raises:
        CountError: a p-value is outside [0, 1].

    Numerics:
        Ties get the same q. Equals `scipy.stats.false_discovery_control` (tested).

    Source:
        Benjamini, Hochberg, J R Stat Soc B 57(1):289-300, doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples:
        >>> fdr([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
        [0.04, 0.0533, 0.0533, 0.5]
        >>> fdr([0.01, 0.5], weight=[3, 1]).round(4).tolist()
        [0.0133, 0.5]
    """
    given = np.asarray(p, dtype=np.float64)
    if np.any((given < 0) | (given > 1)):
        raise CountError(f"p-values from {np.nanmin(given)} to {np.nanmax(given)}; expected values between 0 and 1.")
    flat = given.ravel()
    # The order of ties does not matter: they get the same q. What is not a number is last.
    order = np.argsort(flat)[: flat.size - int(np.count_nonzero(np.isnan(flat)))]
    rank = np.arange(1, len(order) + 1) if weight is None else np.asarray(weight).ravel()[order]
    if weight is not None:
        np.cumsum(rank, out=rank)
    ranked = flat[order]  # and written over, for fresh memory is dearer than what is computed here
    ranked *= rank[-1] if len(rank) else 0
    ranked /= rank
    np.minimum.accumulate(ranked[::-1], out=ranked[::-1])
    result = np.full(flat.shape, np.nan)
    result[order] = np.minimum(ranked, 1.0, out=ranked)
    return result.reshape(given.shape)
