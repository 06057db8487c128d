"""What are the four cells of a drug-event pair, and can any set of reports have them?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from primum.errors import CountError
from primum.signals.estimate import Estimate, checked_counts
from primum.signals.tiles import Tile, in_tiles
from primum.terms import FloatArray


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


def of_fourfold(
    formula: Callable[[Fourfold, Tile, list[float]], None],
    given: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike],
    *,
    level: float,
    reasons: tuple[str, ...],
) -> Estimate:
    """A statistic of the four cells of every pair, some pairs at a time.

    Args:
        formula: fills a tile from its four cells, which are the tile's first four columns and may be written over; two
            more columns are free. It is told the least of each cell, so that it looks for zeros only where there are
            any.
        given: observed, drug_reports, event_reports and total_reports as `fourfold` takes them.
        level: of the interval.
        reasons: texts of the codes.

    Raises:
        CountError: as `fourfold`.
    """
    observed, *margins = (one if one.dtype.kind in "iu" else checked_counts(n, one) for n, one in _named(given))
    shape = observed.shape
    if any(margin.shape not in (shape, ()) for margin in margins):
        fourfold(*given)  # stops, unless a shape such as (1,) can be spread
        margins = [np.broadcast_to(margin, shape) for margin in margins]
    columns = [observed.ravel(), *(margin.ravel() if margin.shape else margin for margin in margins)]

    def of_tile(tile: Tile) -> None:
        a, b, c, d = tile.work[:4]
        some = tile.rows
        a[:], b[:], c[:], d[:] = (column[some] if column.shape else column for column in columns)
        d -= b  # without the drug
        b -= a
        c -= a
        d -= c
        least = tile.work[:4].min(axis=1).tolist()
        if min(least) < 0:
            raise CountError("A cell is negative.")
        formula(Fourfold(a, b, c, d), tile, least)

    try:
        return in_tiles(of_tile, shape=shape, columns=6, level=level, reasons=reasons)
    except CountError:
        fourfold(*given)  # tells which pair of all, and why
        raise


def _named(given: tuple[ArrayLike, ...]) -> list[tuple[str, NDArray[Any]]]:
    names = ("observed", "drug_reports", "event_reports", "total_reports")
    return [(name, np.asarray(one)) for name, one in zip(names, given, strict=True)]
