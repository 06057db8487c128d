"""What are the four cells of a drug-event pair, and can any set of reports have them?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from primum.counts.compiled import compiled_for
from primum.errors import CountError
from primum.signals.estimate import CodeArray, Estimate, checked_counts
from primum.signals.loops import ODD, WORTH_CALLING, WORTH_IMPORTING, bounds_walk, ratio_walk
from primum.signals.tiles import Tile, in_tiles
from primum.terms import FloatArray, IntArray

Cell = FloatArray | IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Fourfold:
    """The fourfold table of each pair, unit reports.

    Args:
        both: reports with drug and event, usually called a.
        drug_only: reports with the drug and without the event, b.
        event_only: reports with the event and without the drug, c.
        neither: all other reports, d.
    """

    both: FloatArray
    drug_only: FloatArray
    event_only: FloatArray
    neither: FloatArray


def fourfold(
    observed: ArrayLike, drug_reports: ArrayLike, event_reports: ArrayLike, total_reports: ArrayLike
) -> Fourfold:
    """Take the margins apart into the four cells.

    Args:
        observed: reports with both; shape `(pairs,)`.
        drug_reports: reports with the drug; the same shape or one number.
        event_reports: reports with the event; the same shape or one number.
        total_reports: all distinct reports; one number, or one a pair (strata).

    Returns:
        The four cells, each of shape `(pairs,)`.

    Raises:
        CountError: a count is negative or not whole, the shapes do not fit, or a cell would be negative: then no set
            of reports has these margins (sums over pairs instead of distinct reports are the usual cause).

    Examples:
        >>> cells = fourfold([3], [10], [20], 100)
        >>> float(cells.drug_only[0]), float(cells.event_only[0]), float(cells.neither[0])
        (7.0, 17.0, 73.0)
    """
    a = checked_counts("observed", observed)
    drug = checked_counts("drug_reports", drug_reports)
    event = checked_counts("event_reports", event_reports)
    total = checked_counts("total_reports", total_reports)
    try:
        shape = np.broadcast_shapes(a.shape, drug.shape, event.shape, total.shape)
    except ValueError:
        shape = ()
    if shape != a.shape:
        raise CountError(
            f"Shapes do not fit: observed {a.shape}, drug_reports {drug.shape}, event_reports {event.shape}, "
            f"total_reports {total.shape}; expected one margin a pair or one for all."
        )
    b, c = drug - a, event - a
    d = total - drug - c
    for name, cell in (
        ("more reports with both than with the drug", b),
        ("more reports with both than with the event", c),
        ("more reports with drug or event than reports in all", d),
    ):
        if cell.size and cell.min() < 0:
            i = int(np.argmin(cell))
            raise CountError(f"Pair {i}: {name}. Margins must be distinct reports, never sums over pairs.")
    return Fourfold(*(x.astype(np.float64) for x in (a, b, c, d)))


@dataclass(frozen=True, slots=True)
class Walk:
    """A ratio as the loops of `primum.signals.loops` compute it.

    Args:
        odds: whether it is one of odds, not of shares.
        z: half the width of the interval in standard errors.
        zero: code of a pair without a report.
        why: codes of pairs with an empty cell or margin, from a, c, b and d.
    """

    odds: bool
    z: float
    zero: int
    why: Callable[[Cell, Cell, Cell, Cell], CodeArray]


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The four cells of the pairs of a tile, those that are computed alike side by side; they may be written over.

    Args:
        event: reports with the event, with the drug (a) and without it (c); shape `(2, pairs of the tile)`.
        rest: reports without the event, likewise (b and d).
        spare: as much memory again.
        least: the least a, c, b and d, so that zeros are looked for only where there are any.
    """

    event: FloatArray
    rest: FloatArray
    spare: FloatArray
    least: tuple[float, float, float, float]


def of_fourfold(
    formula: Callable[[Sides, Tile], None],
    given: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike],
    *,
    level: float,
    reasons: tuple[str, ...],
    walk: Walk | None = None,
) -> Estimate:
    """A statistic of the four cells of every pair, some pairs at a time.

    Args:
        formula: fills a tile from its cells.
        given: observed, drug_reports, event_reports and total_reports as `fourfold` takes them.
        level: of the interval.
        reasons: texts of the codes.
        walk: the same as a loop, for when it is worth being compiled.

    Raises:
        CountError: as `fourfold`.
    """
    observed, *margins = (one if one.dtype.kind in "iu" else checked_counts(n, one) for n, one in _named(given))
    shape = observed.shape
    if any(margin.shape not in (shape, ()) for margin in margins):
        fourfold(*given)  # stops, unless a shape such as (1,) can be spread
        margins = [np.broadcast_to(margin, shape) for margin in margins]
    columns = [observed.ravel(), *(margin.ravel() if margin.shape else margin for margin in margins)]
    whole = [column.dtype == np.int64 and column.shape == columns[0].shape for column in columns[:3]]
    plain = all(whole) and not columns[3].shape
    loops: list[Callable[..., Any] | None] = [None, None]
    if walk is not None and plain:
        worth = {"called": WORTH_CALLING, "imported": WORTH_IMPORTING}
        loops = [compiled_for(loop, columns[0].size, **worth) for loop in (ratio_walk, bounds_walk)]
    ratios, bounds = loops

    def of_tile(tile: Tile) -> bool:
        both, drug, with_event, total = (column[tile.rows] if column.shape else column for column in columns)
        if walk is not None and ratios is not None and bounds is not None:
            root, counts = tile.work[0], (both, drug, with_event)
            how = (float(total), walk.z, walk.zero, walk.odds)
            odd = ratios(*counts, *how, tile.value, root, tile.code)
            if odd < 0:
                raise CountError("A cell is negative.")
            if odd:
                _tell(tile, walk, counts, int(total))
            return bool(bounds(tile.value, np.exp(root, out=root), tile.lower, tile.upper, tile.code))
        event, rest, spare = tile.work[:2], tile.work[2:4], tile.work[4:]
        event[0], event[1], rest[0], rest[1] = both, with_event, drug, total
        event[1] -= event[0]
        rest[1] -= rest[0]
        rest -= event
        a, c, b, d = tile.work[:4].min(axis=1).tolist()
        if min(a, c, b, d) < 0:
            raise CountError("A cell is negative.")
        formula(Sides(event, rest, spare, (a, c, b, d)), tile)
        return False

    try:
        return in_tiles(of_tile, shape=shape, columns=6, level=level, reasons=reasons, compiled=ratios is not None)
    except CountError:
        fourfold(*given)  # tells which pair of all, and why
        raise


def _tell(tile: Tile, walk: Walk, counts: tuple[IntArray, IntArray, IntArray], total: int) -> None:
    """Reasons of the odd pairs that a loop has found."""
    both, drug, with_event = counts
    odd = np.flatnonzero(tile.code == ODD)
    a, of_drug, c = both[odd], drug[odd], with_event[odd] - both[odd]
    tile.code[odd] = walk.why(a, c, of_drug - a, total - of_drug - c)
    tile.value[odd] = tile.work[0][odd] = np.nan


def _named(given: tuple[ArrayLike, ...]) -> list[tuple[str, NDArray[Any]]]:
    names = ("observed", "drug_reports", "event_reports", "total_reports")
    return [(name, np.asarray(one)) for name, one in zip(names, given, strict=True)]
