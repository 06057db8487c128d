"""Is an event a larger share of a drug's reports than of all other reports?"""

from __future__ import annotations

import math
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.provenance import Method
from primum.signals.estimate import CodeArray, Estimate, checked_level, code_of
from primum.signals.fourfold import Cell, Sides, Walk, of_fourfold
from primum.signals.tiles import Tile

METHOD: Final = Method(
    id="prr",
    label="Proportional reporting ratio with log-normal interval",
    formula="(a / (a + b)) / (c / (c + d)); exp(ln PRR -+ z * sqrt(1/a - 1/(a + b) + 1/c - 1/(c + d)))",
    citation="Evans, Waller, Davis 2001, Pharmacoepidemiol Drug Saf 10(6):483-486, doi:10.1002/pds.677",
)

_REASONS: Final = (
    "",
    "no report has the drug",
    "every report has the drug: nothing to compare with",
    "no report has the event",
    "no report without the drug has the event: the ratio has no upper limit",
    "no report has both: the ratio is 0 and its log-normal interval does not exist",
)
_ZERO: Final = np.uint8(5)
_NO_ROWS: Final = np.zeros(0, dtype=np.int64)


def prr(
    observed: ArrayLike,
    drug_reports: ArrayLike,
    event_reports: ArrayLike,
    total_reports: ArrayLike,
    *,
    level: float = 0.95,
) -> Estimate:
    r"""Proportional reporting ratio of each pair.

    With the cells a, b, c, d of `Fourfold`,
    $$ PRR = \frac{a / (a + b)}{c / (c + d)}, \qquad
       s^2 = \frac1a - \frac1{a + b} + \frac1c - \frac1{c + d}, $$
    and the interval is $\exp(\ln PRR \mp z s)$.

    Args:
        observed: reports with both; shape `(pairs,)`, whole numbers >= 0.
        drug_reports: reports with the drug; same shape, or one number.
        event_reports: reports with the event; same shape, or one number.
        total_reports: all distinct reports of cohort and comparator.
        level: of the interval, in (0, 1).

    Returns:
        Value and bounds, unit ratio. `observed = 0` gives the value 0 without an interval; a ratio that has no finite
        value is empty; both with their reason.

    Raises:
        CountError: the counts cannot belong to one set of reports.

    Numerics:
        Equals the ten printed digits of R package pvda 0.0.4 on the 450 simulated pairs for which it prints any.

    Source:
        Evans, Waller, Davis, Pharmacoepidemiol Drug Saf 10(6):483-486, doi:10.1002/pds.677.

    Examples:
        >>> estimate = prr([88], [151], [368], 1000)
        >>> round(float(estimate.lower[0]), 4), round(float(estimate.value[0]), 4), round(float(estimate.upper[0]), 4)
        (1.4975, 1.7671, 2.0852)
    """
    z = float(math.sqrt(2) * special.erfinv(checked_level(level)))
    given = (observed, drug_reports, event_reports, total_reports)
    walk = Walk(False, z, int(_ZERO), _why)
    return of_fourfold(partial(_of_tile, z=z), given, level=level, reasons=_REASONS, walk=walk)


def _of_tile(cells: Sides, tile: Tile, *, z: float) -> None:
    event, rest, margins = cells.event, cells.rest, cells.spare  # of the drug, and of all others
    np.add(event, rest, out=margins)
    least_a, least_c, least_b, _ = cells.least
    none = event[0] == 0
    np.multiply(none.view(np.uint8), _ZERO, out=tile.code)
    odd = _NO_ROWS
    if not least_c or not (least_a or least_b):
        odd = np.flatnonzero((event[1] == 0) | (margins[0] == 0))
        tile.code[odd] = _why(*event[:, odd], *rest[:, odd])
    np.multiply(event[0], margins[1], out=tile.value)
    np.multiply(event[1], margins[0], out=tile.upper)
    np.divide(tile.value, tile.upper, out=tile.value)
    tile.value[odd] = np.nan
    if not least_a:  # no bounds: where the root were infinite, its exponential would take thrice the time
        np.putmask(event[0], none, np.nan)
    event *= margins  # 1/a - 1/(a + b) is b / (a (a + b)), without its loss of digits
    rest /= event
    tile.spread_by_root(rest[0], rest[1], z=z)


def _why(a: Cell, c: Cell, b: Cell, d: Cell) -> CodeArray:
    return code_of(a.shape, a + b == 0, c + d == 0, (a == 0) & (c == 0), c == 0, a == 0)
