"""Information component: is a pair reported more often than expected, after shrinking small counts?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.counts.compiled import compiled_for
from primum.counts.kernel import in_threads
from primum.errors import CountError
from primum.provenance import Method
from primum.signals.estimate import Estimate, checked_counts, checked_level, checked_numbers, same_shape
from primum.signals.loops import WORTH_CALLING, WORTH_IMPORTING, ic_walk
from primum.signals.tiles import ROWS, Tile, in_tiles
from primum.terms import FloatArray, IntArray

METHOD: Final = Method(
    id="ic",
    label="Information component with exact gamma credibility interval",
    formula="log2((O + k) / (E + k)); mu | O ~ Gamma(O + k, rate E + k), k = 0.5",
    citation="Noren, Hopstadius, Bate 2013, Stat Methods Med Res 22(1):57-69, doi:10.1177/0962280211403604",
)

_FEW: Final = 4_096  # counts up to here are tabulated as they are, larger ones where they occur
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
    o, e = np.asarray(observed), np.asarray(expected, dtype=np.float64)
    o = o if o.dtype.kind in "iu" else checked_counts("observed", o)
    same_shape(observed=o, expected=e)
    shape, o, e = o.shape, o.ravel(), e.ravel()
    known = _Counts.of(o)
    gammas = known.numbers + shrinkage
    logs = np.log2([special.gammaincinv(gammas, tail), gammas, special.gammaincinv(gammas, 1 - tail)])
    loop = None
    if o.dtype == np.int64:
        loop = compiled_for(ic_walk, o.size, called=WORTH_CALLING, imported=WORTH_IMPORTING)

    def of_tile(tile: Tile) -> bool:
        log2_rate, log2_shape = tile.work
        counts, here, columns = o[tile.rows], e[tile.rows], (tile.lower, tile.value, tile.upper)
        np.add(here, shrinkage, out=log2_rate)
        np.log2(log2_rate, out=log2_rate)
        if loop is not None:
            if not loop(counts, here, log2_rate, known.few, known.numbers, logs, *columns, tile.code):
                checked_numbers("expected", expected)
            return True
        least = here.min()
        if not (least >= 0 and here.max() < np.inf):
            checked_numbers("expected", expected)
        place = known.places(counts)
        for log, column in zip(logs, columns, strict=True):
            np.take(log, place, out=log2_shape, mode="clip")  # every place is there; checking it would copy
            np.subtract(log2_shape, log2_rate, out=column)
        tile.code[:] = 0
        if least == 0:
            tile.code[here == 0] = 1
        return False

    return in_tiles(of_tile, shape=shape, columns=2, level=level, reasons=_REASONS, compiled=loop is not None)


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """Numbers among which every count is: what depends on the count alone is computed once for each of them.

    Args:
        few: every number below it is there, at its own place.
        numbers: those, and the larger counts that occur; rising.
    """

    few: int
    numbers: FloatArray

    @classmethod
    def of(cls, counts: IntArray) -> _Counts:
        few = min(_FEW, counts.size // 16)

        def look(first: int) -> tuple[int, IntArray]:
            some = counts[first : first + ROWS]
            if some.min() < 0:
                checked_counts("observed", counts)
            top = int(some.max())
            return top, np.unique(some[some >= few]) if top >= few else some[:0]

        found = in_threads(look, range(0, counts.size, ROWS))
        larger = np.unique(np.concatenate([counts[:0], *(large for _, large in found)]))
        top = max((top for top, _ in found), default=-1)
        few = min(few, top + 1)
        return cls(few, np.concatenate((np.arange(few), larger)).astype(np.float64))

    def places(self, counts: IntArray) -> IntArray:
        """Where each count stands among the numbers."""
        if int(counts.max(initial=0)) < self.few:
            return counts
        larger = np.flatnonzero(counts >= self.few)
        places = counts.astype(np.int64)
        places[larger] = np.searchsorted(self.numbers, counts[larger])
        return places
