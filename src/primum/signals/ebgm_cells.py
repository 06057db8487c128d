"""On which cells is the prior of EBGM fitted, and how are cells that are nearly alike made one?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.counts.kernel import in_threads
from primum.errors import CountError
from primum.signals.estimate import checked_counts, checked_numbers, distinct_counts, same_shape
from primum.terms import FloatArray, IntArray

_FEW: Final = 32  # counts below it, which nearly all cells have, are squashed through a table
_SQUASHED_AT_ONCE: Final = 131_072
_TABLES_AT_ONCE: Final = 16


@dataclass(frozen=True, eq=False)
class Cells:
    """Counts of cells and how many cells have them.

    Args:
        observed: reports in the cell, >= 0; shape `(cells,)`.
        expected: reports expected in it, > 0.
        weight: how many cells are like it, > 0.
    """

    observed: IntArray
    expected: FloatArray
    weight: FloatArray

    @cached_property
    def distinct(self) -> tuple[FloatArray, IntArray]:
        """Distinct observed counts, and the place of each cell's among them: gamma functions depend on these alone."""
        return distinct_counts(self.observed)

    @cached_property
    def count(self) -> FloatArray:
        """The observed counts as the numbers that are computed with."""
        return self.observed.astype(np.float64)

    @cached_property
    def counted_log(self) -> FloatArray:
        """Count times logarithm of the expected count: what every component's density has in common."""
        return self.count * np.log(self.expected)

    def some(self, rows: slice) -> Cells:
        """Neighbouring cells; they know the distinct counts among which theirs are, so that nothing is looked for."""
        values, place = self.distinct
        part = Cells(self.observed[rows], self.expected[rows], self.weight[rows])
        its = place[rows]
        low, high = (int(its.min()), int(its.max())) if len(its) else (0, -1)
        part.__dict__["distinct"] = (values[low : high + 1], its - low)  # where `cached_property` keeps it
        return part

    @cached_property
    def constant(self) -> float:
        """The part of the log-likelihood that no parameter moves: the factorials."""
        values, place = self.distinct
        return -weighted_sum(self.weight, special.gammaln(values + 1)[place])

    @cached_property
    def reports(self) -> float:
        """Reports in all cells together."""
        return weighted_sum(self.weight, self.observed.astype(np.float64))

    @cached_property
    def mean(self) -> float:
        """Observed over expected of all cells together."""
        return self.reports / weighted_sum(self.weight, self.expected)

    def __len__(self) -> int:
        return len(self.observed)


def cells_of(
    observed: ArrayLike,
    expected: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    zero_expected: ArrayLike = (),
    zero_weight: ArrayLike | None = None,
) -> Cells:
    """Join the cells that were seen and those never seen.

    Args:
        observed: reports in each cell seen; shape `(cells,)`.
        expected: reports expected there; same shape.
        weight: how many cells are like it; 1 each by default.
        zero_expected: reports expected in cells that no report is in.
        zero_weight: how many such cells; 1 each by default.

    Returns:
        All cells with a weight and an expectation above 0: a cell that can hold nothing says nothing.

    Raises:
        CountError: a number is negative, not finite or not whole where it must be, shapes differ, or reports are
            observed where none is expected.
    """
    n, e = checked_cells(observed, expected)
    w = np.ones(n.shape) if weight is None else checked_numbers("weight", weight)
    zero_e = checked_numbers("zero_expected", zero_expected)
    zero_w = np.ones(zero_e.shape) if zero_weight is None else checked_numbers("zero_weight", zero_weight)
    same_shape(observed=n, weight=w)
    same_shape(zero_expected=zero_e, zero_weight=zero_w)
    if len(zero_e):
        n = np.concatenate([n, np.zeros(zero_e.shape, dtype=np.int64)])
        e, w = np.concatenate([e, zero_e]), np.concatenate([w, zero_w])
    if not e.size or (e.min() > 0 and w.min() > 0):
        return Cells(n, e, w)
    keep = (e > 0) & (w > 0)
    return Cells(n[keep], e[keep], w[keep])


def checked_cells(observed: ArrayLike, expected: ArrayLike) -> tuple[IntArray, FloatArray]:
    """Counts and expectations of cells, as numbers.

    Raises:
        CountError: a number is negative, not finite or not whole where it must be, the shapes differ, or reports are
            observed where none is expected.
    """
    n, e = checked_counts("observed", observed), checked_numbers("expected", expected)
    same_shape(observed=n, expected=e)
    if e.size and e.min() == 0 and (impossible := (e == 0) & (n > 0)).any():
        i = int(np.argmax(impossible))
        raise CountError(f"expected[{i}] is 0 although observed[{i}] is {n[i]}. Check the margins.")
    return n, e


def squash(cells: Cells, *, width: float, counts_too: bool = False) -> Cells:
    """Put cells of the same count and nearly the same expectation into one.

    Cells whose expected counts fall into the same bin of the logarithm are replaced by their number and mean. The sums
    of weights, of reports and of expected reports stay the same.

    Args:
        cells: the cells.
        width: width of a bin of ln E; 0.01 joins cells within 1 %.
        counts_too: join counts of 32 and more within the same width as well, at their mean, which keeps the sum of
            reports only nearly; for a first look.

    Returns:
        Fewer cells, in the order of count and expectation.

    Source:
        DuMouchel and Pregibon 2001, KDD, 67-76, doi:10.1145/502512.502526, section 5 (data squashing).
    """
    if not len(cells):
        return cells
    first = int(np.floor(np.log(cells.expected.min()) / width))
    many = int(np.floor(np.log(cells.expected.max()) / width)) - first + 1

    def of_some(start: int) -> tuple[FloatArray, FloatArray, IntArray]:
        rows = slice(start, start + _SQUASHED_AT_ONCE)
        n, e, w = cells.observed[rows], cells.expected[rows], cells.weight[rows]
        keys = _bins(e, width, first)
        keys += np.minimum(n, _FEW) * many
        tables = [np.asarray(np.bincount(keys, of, (_FEW + 1) * many)[: _FEW * many], np.float64) for of in (w, w * e)]
        return tables[0], tables[1], np.flatnonzero(n >= _FEW) + start

    weight, sums = np.zeros(_FEW * many), np.zeros(_FEW * many)
    larger = []
    starts = range(0, len(cells), _SQUASHED_AT_ONCE)
    for some in range(0, len(starts), _TABLES_AT_ONCE):  # in this order whatever core is faster: sums depend on it
        for its_weight, its_sums, its_larger in in_threads(of_some, starts[some : some + _TABLES_AT_ONCE]):
            weight += its_weight
            sums += its_sums
            larger.append(its_larger)
    used = np.flatnonzero(weight)
    few = (used // many, sums[used], weight[used])
    more = _squash_sorted(cells, np.concatenate(larger), width, counts_too=counts_too)
    count, total, number = (np.concatenate(pair) for pair in zip(few, more, strict=True))
    return Cells(count.astype(np.int64), total / number, number)


def _bins(expected: FloatArray, width: float, first: int) -> IntArray:
    logs = np.log(expected)
    logs /= width
    return np.floor(logs, out=logs).astype(np.int64) - first


def _squash_sorted(
    cells: Cells, rows: IntArray, width: float, *, counts_too: bool
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Count, summed expectation and weight of each bin of the cells with larger counts: few cells of many kinds."""
    n, e, w = cells.observed[rows], cells.expected[rows], cells.weight[rows]
    if not len(n):
        return n, e, w
    bins, same = _bins(e, width, 0), _bins(n.astype(np.float64), width, 0) if counts_too else n
    order = np.lexsort((bins, same))
    bins, same = bins[order], same[order]
    new = np.flatnonzero(np.concatenate(([True], (np.diff(same) != 0) | (np.diff(bins) != 0))))
    count, total, weight = (np.add.reduceat(column[order], new) for column in (w * n, w * e, w))
    return np.rint(count / weight).astype(np.int64), total, weight


def weighted_sum(weight: FloatArray, values: FloatArray) -> float:
    """Sum of weight times value. Not `@`: threads of the linear-algebra library made the fit 20 times slower."""
    return float((weight * values).sum())
