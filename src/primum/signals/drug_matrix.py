"""Which report holds which drug, as a sparse matrix of zeros and ones that a regression can multiply with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from primum.errors import CountError
from primum.signals.estimate import checked_counts
from primum.terms import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True, slots=True, eq=False)
class DrugMatrix:
    """Reports by drugs; made by `drug_matrix`.

    Args:
        columns: 1 where a report holds a drug; compressed by drug; shape `(reports, drugs)`.
    """

    columns: sparse.csc_array[Any]

    @property
    def reports(self) -> int:
        """Reports."""
        return int(self.columns.shape[0])

    @property
    def drugs(self) -> int:
        """Drugs."""
        return int(self.columns.shape[1])

    @property
    def of_drug(self) -> IntArray:
        """Reports with each drug; shape `(drugs,)`."""
        return np.diff(self.columns.indptr).astype(np.int64)

    def holds(self, drug: int) -> BoolArray:
        """Which reports hold a drug; shape `(reports,)`."""
        held = np.zeros(self.reports, dtype=bool)
        held[self.columns.indices[self.columns.indptr[drug] : self.columns.indptr[drug + 1]]] = True
        return held

    def score(self, weights: FloatArray) -> FloatArray:
        """Sum of the weights of the drugs of each report; shape `(reports,)`."""
        return np.asarray(self.columns @ weights, dtype=np.float64)

    def with_each(self, values: FloatArray) -> FloatArray:
        """Sum of a value of the reports over those with each drug; shape `(drugs,)`."""
        return np.asarray(self.columns.T @ values, dtype=np.float64)

    def together(self, values: FloatArray) -> FloatArray:
        """Sum of a value of the reports over those with each two drugs; shape `(drugs, drugs)`."""
        from scipy import sparse

        held = self.columns
        valued = sparse.csc_array((values[held.indices], held.indices, held.indptr), shape=held.shape)
        return np.asarray((held.T @ valued).todense(), dtype=np.float64)

    def of(self, drugs: IntArray) -> DrugMatrix:
        """The matrix of some drugs."""
        return DrugMatrix(self.columns[:, drugs])

    def rows(self, reports: IntArray) -> DrugMatrix:
        """The matrix of some reports, one of them perhaps more than once."""
        return DrugMatrix(self.columns.tocsr()[reports].tocsc())


def drug_matrix(report: ArrayLike, drug: ArrayLike, *, reports: int, drugs: int) -> DrugMatrix:
    """The matrix from pairs of a report and a drug; a pair given twice counts once.

    Args:
        report: number of a report, from 0; shape `(pairs,)`.
        drug: number of a drug that it holds, from 0; same shape.
        reports: how many reports there are, those without a drug included.
        drugs: how many drugs.

    Raises:
        CountError: shapes differ, or a number is outside the range.

    Examples:
        >>> drug_matrix([0, 0, 2, 2], [1, 0, 1, 1], reports=4, drugs=2).of_drug.tolist()
        [1, 2]
    """
    from scipy import sparse

    row, column = checked_counts("report", report), checked_counts("drug", drug)
    if row.shape != column.shape or row.ndim != 1:
        raise CountError(f"report and drug have shapes {row.shape} and {column.shape}; expected one of each a pair.")
    for name, codes, size in (("report", row, reports), ("drug", column, drugs)):
        if codes.size and codes.max() >= size:
            raise CountError(f"{name} holds the number {codes.max()}; expected numbers below {size}.")
    made = sparse.csc_array((np.ones(len(row)), (row, column)), shape=(reports, drugs))
    made.sum_duplicates()
    made.data[:] = 1.0
    return DrugMatrix(made)


def checked_event(matrix: DrugMatrix, event: ArrayLike) -> BoolArray:
    """Which reports have the event.

    Raises:
        CountError: not one true or false a report, or all are alike: nothing to learn from.
    """
    has = np.asarray(event)
    if has.dtype != np.bool_ or has.shape != (matrix.reports,):
        raise CountError(
            f"event is {has.dtype} of shape {has.shape}; expected true or false for each of {matrix.reports} reports."
        )
    if has.all() or not has.any():
        raise CountError(f"{int(has.sum())} of {len(has)} reports have the event; expected some with and some without.")
    return has
