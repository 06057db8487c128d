"""How is the posterior quantile of pairs with one count tabulated over ln E, so that millions of them are read?

A tile is a stretch of ln E for one count. The quantile's logarithm is solved on a grid of it, and a polynomial goes
through each six neighbours. The error of the distribution function is measured half-way between the points, and the
grid is refined until it is below `TABLE_ERROR`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Final

import numpy as np

from primum.counts.kernel import Codes, in_threads
from primum.signals.ebgm_cells import Cells
from primum.signals.ebgm_likelihood import Mixture
from primum.signals.ebgm_posterior import log_quantiles, posterior
from primum.terms import BoolArray, FloatArray, IntArray

TABLE_ERROR: Final = 1e-8  # of the distribution function, measured half-way between grid points
LEAST_PAIRS: Final = 52  # in a tile, below which solving them costs less than the first grid
_DEGREE: Final = 5
_WORTH: Final = 4  # pairs for each point of a grid, likewise
_GRIDS: Final = (13, 25, 49, 97)  # points: those of the grid before and the middles between them
_SOLVED_AT_ONCE: Final = 4_096


@dataclass(frozen=True, slots=True)
class Tiles:
    """Stretches of ln E, each for pairs of one count: where they begin and how wide they are."""

    counts: FloatArray
    low: FloatArray
    width: float

    def cells(self, some: IntArray, size: int, *, middles: bool = False) -> Cells:
        """Evenly spaced points of some tiles, or the middles between them."""
        steps = np.arange(size - 1) + 0.5 if middles else np.arange(size)
        log_e = self.low[some, None] + self.width * (steps / (size - 1))
        counts = np.repeat(self.counts[some].astype(np.int64), log_e.shape[1])
        return Cells(counts, np.exp(log_e.ravel()), np.ones(log_e.size))


@dataclass(frozen=True, slots=True)
class Table:
    """Polynomials of ln(quantile) over ln E, for each tile that has enough pairs.

    Args:
        tiles: where.
        known: which of them are in the table.
        size: grid points of each.
        offset: where its polynomials begin.
        polynomials: of each window of neighbours; shape `(windows, probabilities, degree + 1)`, highest power first.
    """

    tiles: Tiles
    known: BoolArray
    size: IntArray
    offset: IntArray
    polynomials: FloatArray

    @property
    def last(self) -> IntArray:
        """The last window of each tile."""
        return self.size - _DEGREE - 1

    @property
    def scale(self) -> FloatArray:
        """Grid steps of each tile in a unit of ln E."""
        return (self.size - 1) / self.tiles.width

    def logs(self, tile: Codes, log_e: FloatArray) -> FloatArray:
        """Logarithms of the quantiles of some pairs, shape `(probabilities, pairs)`; they mean nothing where not known.

        The same as the loop `primum.signals.loops.read_walk`, step by step.
        """
        steps = log_e - self.tiles.low[tile]
        steps *= self.scale[tile]
        window = steps.astype(np.int64)
        window -= _DEGREE // 2
        np.maximum(window, 0, out=window)
        np.minimum(window, self.last[tile], out=window)
        steps -= window
        steps -= _DEGREE / 2
        window += self.offset[tile]
        logs = np.empty((self.polynomials.shape[1], len(log_e)))
        for value, (highest, *lower) in zip(logs, np.moveaxis(self.polynomials, 0, 2), strict=True):
            highest.take(window, out=value, mode="clip")  # every window is there; checking it would copy
            for coefficient in lower:
                np.multiply(value, steps, out=value)
                np.add(value, coefficient.take(window), out=value)
        return logs


def tabulate(mixture: Mixture, tiles: Tiles, pairs: IntArray, probabilities: tuple[float, ...]) -> Table:
    """Refine each tile's grid until the error between its points is below `TABLE_ERROR`; leave out what never is.

    Args:
        mixture: the prior.
        tiles: where.
        pairs: how many lie in each tile; one with few pairs for the points of its grid is left out.
        probabilities: of the quantiles.
    """
    number = len(tiles.counts)
    known, offset = np.zeros(number, dtype=np.bool_), np.zeros(number, dtype=np.int64)
    sizes = np.full(number, _GRIDS[0], dtype=np.int64)
    pieces = [np.zeros((_GRIDS[0], len(probabilities), _DEGREE + 1))]  # what a tile that is not known may read
    filled, todo = _GRIDS[0], np.flatnonzero(pairs >= LEAST_PAIRS)
    parts = -(-len(todo) * _GRIDS[0] // _SOLVED_AT_ONCE)
    refine = partial(_refine, mixture, tiles, pairs, probabilities)
    for done, size, polynomials in chain(*in_threads(refine, [todo[part::parts] for part in range(parts)])):
        known[done], sizes[done] = True, size
        offset[done] = filled + (size - _DEGREE) * np.arange(len(done))
        pieces.append(np.moveaxis(polynomials, 0, 2).reshape(-1, *pieces[0].shape[1:]))
        filled += len(pieces[-1])
    return Table(tiles, known, sizes, offset, np.concatenate(pieces))


def _refine(
    mixture: Mixture, tiles: Tiles, pairs: IntArray, probabilities: tuple[float, ...], todo: IntArray
) -> list[tuple[IntArray, int, FloatArray]]:
    """Polynomials of some tiles, by the size of the grid that is right to `TABLE_ERROR`.

    The error of a grid is measured at its middles, from where their quantiles are looked for; if it is too large these
    are the new points.
    """
    made = []
    after = posterior(mixture, tiles.cells(todo, _GRIDS[0]))
    logs = log_quantiles(after, probabilities)[0].reshape(len(probabilities), len(todo), _GRIDS[0])
    for size in _GRIDS:
        polynomials = _polynomials(logs)
        after = posterior(mixture, tiles.cells(todo, size, middles=True))
        between = _between(polynomials).reshape(len(probabilities), -1)
        middles, error = (
            a.reshape(-1, len(todo), size - 1) for a in log_quantiles(after, probabilities, start=between)
        )
        worst = error.max(axis=(0, 2))
        good, next_size = worst < TABLE_ERROR, 2 * size - 1
        made.append((todo[good], size, polynomials[:, good]))
        going = ~good & (pairs[todo] >= _WORTH * next_size)
        if size == _GRIDS[-1] or not going.any():
            break
        finer = np.empty((len(probabilities), int(going.sum()), next_size))
        finer[:, :, ::2], finer[:, :, 1::2] = logs[:, going], middles[:, going]
        logs, todo = finer, todo[going]
    return made


def _polynomials(logs: FloatArray) -> FloatArray:
    """Through each window of six neighbours, highest power first; shape `(probabilities, tiles, windows, powers)`."""
    nodes = np.arange(_DEGREE + 1) - _DEGREE / 2
    to_powers = np.linalg.inv(np.vander(nodes))
    windows = np.lib.stride_tricks.sliding_window_view(logs, _DEGREE + 1, axis=2)
    return np.asarray(np.nan_to_num(np.einsum("qcwn,pn->qcwp", windows, to_powers), nan=np.inf))


def _between(polynomials: FloatArray) -> FloatArray:
    """What is read half-way between the points of a grid; shape `(probabilities, tiles, points - 1)`."""
    windows = polynomials.shape[2]
    middle = np.arange(windows + _DEGREE - 1)
    window = np.clip(middle - _DEGREE // 2, 0, windows - 1)
    steps = middle + 0.5 - window - _DEGREE / 2
    with np.errstate(over="ignore", invalid="ignore"):
        highest, *lower = np.moveaxis(polynomials[:, :, window], 3, 0)
        value = highest
        for coefficient in lower:
            value = value * steps + coefficient
    return np.asarray(value)
