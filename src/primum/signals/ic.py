"""Information component: is a pair reported more often than expected, after shrinking small counts?"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.counts.compiled import compiled_for
from primum.errors import CountError
from primum.provenance import Method
from primum.signals.estimate import Estimate, checked_counts, checked_level, checked_numbers, same_shape
from primum.signals.loops import WORTH_CALLING, WORTH_IMPORTING, ic_walk
from primum.signals.tiles import Tile, in_tiles
from primum.terms import FloatArray, IntArray

METHOD: Final = Method(
    id="ic",
    label="Information component with exact gamma credibility interval",
    formula="log2((O + k) / (E + k)); mu | O ~ Gamma(O + k, rate E + k), k = 0.5",
    citation="Noren, Hopstadius, Bate 2013, Stat Methods Med Res 22(1):57-69, doi:10.1177/0962280211403604",
)

_FEW: Final = 4_096  # counts below it are tabulated, larger ones computed where they occur
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
    if not 0 < shrinkage < np.inf:
        raise CountError(f"shrinkage is {shrinkage}; expected a number of reports above 0, such as 0.5.")
    o, e = np.asarray(observed), np.asarray(expected, dtype=np.float64)
    o = o if o.dtype.kind == "i" else checked_counts("observed", o)
    same_shape(observed=o, expected=e)
    shape, o, e = o.shape, o.ravel(), e.ravel()
    logs = _table(_size(o.size), shrinkage, tail)
    beyond: list[IntArray] = []
    loop = None
    if o.dtype == np.int64:
        loop = compiled_for(ic_walk, o.size, called=WORTH_CALLING, imported=WORTH_IMPORTING)

    def of_tile(tile: Tile) -> bool:
        counts, here, log2_rate = o[tile.rows], e[tile.rows], tile.work[0]
        np.log2(np.add(here, shrinkage, out=log2_rate), out=log2_rate)
        if loop is None:
            many = _of_arrays(tile, counts, here, logs)
        else:
            many = loop(counts, here, log2_rate, logs, tile.lower, tile.value, tile.upper, tile.code)
        if many < 0:
            checked_counts("observed", observed)
            checked_numbers("expected", expected)
        if many:
            beyond.append(tile.rows.start + np.flatnonzero(counts >= logs.shape[1]))
        return True

    found = in_tiles(of_tile, shape=shape, columns=2, level=level, reasons=_REASONS, compiled=loop is not None)
    if beyond:
        rows = np.concatenate(beyond)
        numbers, place = np.unique(o[rows], return_inverse=True)
        log2_rate = np.log2(e[rows] + shrinkage)
        for log, column in zip(_logs(numbers, shrinkage, tail), (found.lower, found.value, found.upper), strict=True):
            column.reshape(-1)[rows] = log[place] - log2_rate
    return found


def _of_arrays(tile: Tile, counts: IntArray, expected: FloatArray, logs: FloatArray) -> int:
    """What `ic_walk` does, in whole arrays; the first column to work in holds the logarithms of the rates."""
    log2_rate, log2_shape = tile.work
    if not (expected.min() >= 0 and expected.max() < np.inf and counts.min() >= 0):
        return -1
    for log, column in zip(logs, (tile.lower, tile.value, tile.upper), strict=True):
        np.take(log, counts, out=log2_shape, mode="clip")
        np.subtract(log2_shape, log2_rate, out=column)
    np.equal(expected, 0, out=tile.code.view(np.bool_))
    return int(np.count_nonzero(counts >= logs.shape[1]))


def _size(pairs: int) -> int:
    """Counts of a table that so many pairs are worth: a power of two, so that there are few tables to remember."""
    return 1 << (min(_FEW, max(pairs // 16, 1)).bit_length() - 1)


@lru_cache(maxsize=16)
def _table(size: int, shrinkage: float, tail: float) -> FloatArray:
    return _logs(np.arange(size), shrinkage, tail)


def _logs(counts: IntArray, shrinkage: float, tail: float) -> FloatArray:
    """Logarithms of the lower quantile, the shape and the upper quantile that belong to each count."""
    shapes = counts + shrinkage
    return np.asarray(np.log2([special.gammaincinv(shapes, tail), shapes, special.gammaincinv(shapes, 1 - tail)]))
