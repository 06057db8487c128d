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
from primum.signals.fourfold import Fourfold, of_fourfold
from primum.signals.tiles import Tile
from primum.terms import FloatArray

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
    return of_fourfold(partial(_of_tile, z=z), given, level=level, reasons=_REASONS)


def _of_tile(cells: Fourfold, tile: Tile, least: list[float], *, z: float) -> None:
    a, b, c, d = cells.both, cells.drug_only, cells.event_only, cells.neither
    drug, others = tile.work[4:]
    np.add(a, b, out=drug)
    np.add(c, d, out=others)
    np.multiply(a, others, out=tile.value)
    np.multiply(c, drug, out=tile.upper)
    np.divide(tile.value, tile.upper, out=tile.value)
    none = a == 0
    np.multiply(none.view(np.uint8), _ZERO, out=tile.code)
    odd = _NO_ROWS if least[2] and (least[0] or least[1]) else np.flatnonzero((c == 0) | (drug == 0))
    if len(odd):
        tile.code[odd] = _why(a[odd], c[odd], drug[odd], others[odd])
        tile.value[odd] = np.nan
    np.putmask(a, none, np.nan)  # no bounds: where the root were infinite, its exponential would take thrice the time
    a *= drug  # 1/a - 1/(a + b) is b / (a (a + b)), without its loss of digits
    b /= a
    c *= others
    d /= c
    b += d
    np.sqrt(b, out=b)
    b *= z
    tile.spread_by(np.exp(b, out=b))


def _why(a: FloatArray, c: FloatArray, drug: FloatArray, others: FloatArray) -> CodeArray:
    return code_of(a.shape, drug == 0, others == 0, (a == 0) & (c == 0), c == 0, a == 0)
