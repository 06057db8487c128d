"""How do the odds of an event in a drug's reports compare with its odds in all other reports?"""

from __future__ import annotations

import math
from functools import partial
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.provenance import Method
from primum.signals.estimate import CodeArray, Estimate, checked_level, code_of
from primum.signals.fourfold import Cell, Sides, Walk, of_fourfold
from primum.signals.tiles import Tile

METHOD: Final = Method(
    id="ror",
    label="Reporting odds ratio with Woolf interval",
    formula="(a d) / (b c); exp(ln ROR -+ z * sqrt(1/a + 1/b + 1/c + 1/d))",
    citation="Rothman, Lanes, Sacks 2004, Pharmacoepidemiol Drug Saf 13(8):519-523, doi:10.1002/pds.1001; "
    "interval: Woolf 1955, Ann Hum Genet 19(4):251-253",
)

_REASONS: Final = (
    "",
    "no report has the drug",
    "every report has the drug: nothing to compare with",
    "no report has the event",
    "every report has the event",
    "no report has both: a Woolf interval needs four cells above 0",
    "every report with the drug has the event: a Woolf interval needs four cells above 0",
    "no report without the drug has the event: a Woolf interval needs four cells above 0",
    "no report is without both: a Woolf interval needs four cells above 0",
    "a cell is 0: 0.5 was added to all four (Haldane 1956)",
)
_MARGINS: Final = 4  # reasons up to here are of empty margins
_ZERO: Final = np.uint8(5)
_HALDANE: Final = 9


def ror(
    observed: ArrayLike,
    drug_reports: ArrayLike,
    event_reports: ArrayLike,
    total_reports: ArrayLike,
    *,
    level: float = 0.95,
    zero_cells: Literal["empty", "haldane"] = "empty",
) -> Estimate:
    r"""Reporting odds ratio of each pair.

    With the cells a, b, c, d of `Fourfold`,
    $$ ROR = \frac{a d}{b c}, \qquad s^2 = \frac1a + \frac1b + \frac1c + \frac1d, $$
    and the interval is $\exp(\ln ROR \mp z s)$. Drug and event may change places without changing the result.

    Args:
        observed: reports with both; shape `(pairs,)`, whole numbers >= 0.
        drug_reports: reports with the drug; same shape, or one number.
        event_reports: reports with the event; same shape, or one number.
        total_reports: all distinct reports of cohort and comparator.
        level: of the interval, in (0, 1).
        zero_cells: `empty` leaves a pair with a zero cell empty; `haldane` adds 0.5 to its four cells. An empty margin
            stays empty either way: half a report cannot stand for a comparison that was never made.

    Returns:
        Value and bounds, unit ratio, with the reason wherever a cell is 0.

    Raises:
        CountError: the counts cannot belong to one set of reports.

    Numerics:
        Equals the ten printed digits of R package pvda 0.0.4 on the 450 simulated pairs for which it prints any.

    Source:
        Rothman, Lanes, Sacks, Pharmacoepidemiol Drug Saf 13(8):519-523, doi:10.1002/pds.1001. Woolf, Ann Hum Genet
        19(4):251-253. Haldane, Ann Hum Genet 20(4):309-311.

    Examples:
        >>> estimate = ror([88, 0], [151, 151], [368, 10], 1000)
        >>> round(float(estimate.value[0]), 4), estimate.reason[1]
        (2.8385, 'no report has both: a Woolf interval needs four cells above 0')
        >>> round(float(ror([0], [151], [10], 1000, zero_cells="haldane").value[0]), 3)
        0.264
    """
    z = float(math.sqrt(2) * special.erfinv(checked_level(level)))
    given = (observed, drug_reports, event_reports, total_reports)
    haldane = zero_cells == "haldane"
    walk = None if haldane else Walk(True, z, int(_ZERO), _why)
    return of_fourfold(partial(_of_tile, z=z, haldane=haldane), given, level=level, reasons=_REASONS, walk=walk)


def _of_tile(cells: Sides, tile: Tile, *, z: float, haldane: bool) -> None:
    event, rest, products = cells.event, cells.rest, cells.spare
    np.multiply((event[0] == 0).view(np.uint8), _ZERO, out=tile.code)
    if not all(cells.least):
        odd = np.flatnonzero((event[1] == 0) | (rest == 0).any(axis=0))
        tile.code[odd] = _why(*event[:, odd], *rest[:, odd])
        if haldane:
            added = np.flatnonzero(tile.code > _MARGINS)
            tile.code[added] = _HALDANE
            event[:, added] += 0.5
            rest[:, added] += 0.5
        np.putmask(event[0], (tile.code > 0) & (tile.code != _HALDANE), np.nan)  # and so value and bounds
    crossed = rest[::-1]
    np.multiply(event, crossed, out=products)  # a d, and c b
    np.divide(products[0], products[1], out=tile.value)
    event += crossed
    event /= products
    tile.spread_by_root(event[0], event[1], z=z)


def _why(a: Cell, c: Cell, b: Cell, d: Cell) -> CodeArray:
    margins = (a + b == 0, c + d == 0, a + c == 0, b + d == 0)
    return code_of(a.shape, *margins, a == 0, b == 0, c == 0, d == 0)
