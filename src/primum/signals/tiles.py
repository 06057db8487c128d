"""How is a formula of millions of pairs computed at the speed of the processor: some pairs at a time, on every core?

A tile is so few pairs that all its intermediate columns stay near the processor. Each core works through tiles with one
piece of memory of its own, and a formula writes what it finds straight into the columns that are handed back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from primum.counts.kernel import shared_out
from primum.signals.estimate import CodeArray, Estimate, silent_gap
from primum.terms import FloatArray

# Of a tile. Smaller ones stay nearer, but the cores wait for their turn at Python between two steps of a tile; loops
# have few steps.
ROWS: Final = 65_536
_ROWS_OF_LOOPS: Final = 32_768
# Tiles that a core takes together: where two cores write into one fresh page of memory, each of them makes it.
_TILES: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """Neighbouring pairs, where their results go, and memory to work in.

    Args:
        rows: which pairs.
        work: columns to compute in; shape `(columns, pairs of the tile)`. What they hold at first means nothing.
        lower: to be filled with lower bounds.
        value: to be filled with values.
        upper: to be filled with upper bounds.
        code: to be filled with the codes of the reasons.
    """

    rows: slice
    work: FloatArray
    lower: FloatArray
    value: FloatArray
    upper: FloatArray
    code: CodeArray

    def spread_by_root(self, one: FloatArray, other: FloatArray, *, z: float) -> None:
        """Fill the bounds: the value divided and multiplied by `exp(z sqrt(one + other))`; `one` is written over."""
        one += other
        np.sqrt(one, out=one)
        one *= z
        self.spread_by(one)

    def spread_by(self, log_factor: FloatArray) -> None:
        """Fill the bounds: the value divided and multiplied by the exponential of the numbers given, written over."""
        factor = np.exp(log_factor, out=log_factor)
        np.divide(self.value, factor, out=self.lower)
        np.multiply(self.value, factor, out=self.upper)


def in_tiles(
    formula: Callable[[Tile], bool],
    *,
    shape: tuple[int, ...],
    columns: int,
    level: float,
    reasons: tuple[str, ...],
    compiled: bool = False,
) -> Estimate:
    """An estimate of every pair, filled tile by tile.

    Args:
        formula: fills a tile, and tells whether it has seen that nothing is missing without a reason. It runs on
            several cores at once and may change nothing but its tile.
        shape: of the pairs; their rows are numbered through all of it.
        columns: how many columns it works in.
        level: of the interval.
        reasons: texts of the codes.
        compiled: whether the formula is a loop.

    Raises:
        CountError: what the formula raises, or a value or bound is not a number and no reason says why.

    Examples:
        >>> def twice(tile: Tile) -> bool:
        ...     for column in (tile.lower, tile.value, tile.upper):
        ...         column[:] = 2 * np.arange(tile.rows.start, tile.rows.stop)
        ...     tile.code[:] = 0
        ...     return False
        >>> in_tiles(twice, shape=(3,), columns=0, level=0.95, reasons=("",)).value.tolist()
        [0.0, 2.0, 4.0]
    """
    rows, at_once = math.prod(shape), _ROWS_OF_LOOPS if compiled else ROWS
    lower, value, upper = np.empty(rows), np.empty(rows), np.empty(rows)
    code = np.empty(rows, dtype=np.uint8)

    def work_through(runs: Iterator[range]) -> None:
        memory = np.empty(columns * min(rows, at_once))
        with np.errstate(divide="ignore", invalid="ignore"):
            for first in (first for run in runs for first in run):
                some = slice(first, min(first + at_once, rows))
                here = some.stop - first
                work = memory[: columns * here].reshape(columns, here)
                tile = Tile(some, work, lower[some], value[some], upper[some], code[some])
                if not formula(tile):
                    silent_gap(lower=tile.lower, value=tile.value, upper=tile.upper, reason_code=tile.code)

    together = _TILES * at_once
    shared_out(work_through, [range(at, min(at + together, rows), at_once) for at in range(0, rows, together)])
    return Estimate(
        lower=lower.reshape(shape),
        value=value.reshape(shape),
        upper=upper.reshape(shape),
        level=level,
        reason_code=code.reshape(shape),
        reasons=reasons,
        looked_through=True,
    )
