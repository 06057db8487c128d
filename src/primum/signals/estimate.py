"""What does a statistic hand back: a value and interval for each pair, and the reason where one is missing?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import InitVar, dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from primum.counts.kernel import in_threads
from primum.errors import CountError
from primum.terms import FloatArray, IntArray, StrArray

CodeArray = NDArray[np.uint8]
ROWS_AT_ONCE: Final = 16_384
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimate:
    """A statistic of each pair with its interval; a degenerate pair carries the reason.

    Args:
        lower: lower bound; shape `(pairs,)`.
        value: the statistic; same shape.
        upper: upper bound; same shape.
        level: probability the method gives to the interval, in (0, 1).
        reason_code: position in `reasons` for each pair; 0 where nothing is degenerate.
        reasons: texts; the first is empty.
        looked_through: whether `silent_gap` was asked already, of a few rows at a time while they were at hand.

    Raises:
        CountError: the shapes differ, or a value or bound is not a number and no reason says why.

    Examples:
        >>> one = np.ones(1)
        >>> Estimate(lower=one, value=one, upper=one, level=0.95, reason_code=np.array([1], np.uint8),
        ...          reasons=("", "no report has both")).reason.tolist()
        ['no report has both']
    """

    lower: FloatArray
    value: FloatArray
    upper: FloatArray
    level: float
    reason_code: CodeArray
    reasons: tuple[str, ...]
    looked_through: InitVar[bool] = False

    def __post_init__(self, looked_through: bool) -> None:
        shapes = {x.shape for x in (self.lower, self.value, self.upper, self.reason_code)}
        if len(shapes) != 1:
            raise CountError(f"Estimate with shapes {sorted(shapes)}; expected one shape for value, bounds and reason.")
        if not looked_through:
            silent_gap(lower=self.lower, value=self.value, upper=self.upper, reason_code=self.reason_code)

    @property
    def reason(self) -> StrArray:
        """Why a value or bound is missing or special, as text; empty where nothing is."""
        return np.asarray(self.reasons, dtype=object)[self.reason_code]


def silent_gap(*, lower: FloatArray, value: FloatArray, upper: FloatArray, reason_code: CodeArray) -> None:
    """Stop where a value or bound is missing and nothing says why.

    Raises:
        CountError: one is not a number although its row has no reason.
    """
    for name, column in (("lower", lower), ("value", value), ("upper", upper)):
        # Missing is 1, which only a reason's number equals or passes.
        if np.greater(np.isnan(column), reason_code).any():
            raise CountError(f"Estimate: {name} is not a number and no reason says why.")


def in_blocks(method: Callable[..., T], *given: ArrayLike, take: Callable[[slice, T], None] | None = None) -> list[T]:
    """Results of a method of rows, some rows at a time: what it works on stays near the processor.

    A fault is told of all rows together, so that the row it names is theirs.

    Args:
        method: takes columns of one length, and numbers.
        given: columns, shape `(rows,)`, and numbers.
        take: what is done with each result at once; None: nothing.
    """
    columns = [np.asarray(one) for one in given]
    shape = columns[0].shape
    if len(shape) != 1 or shape[0] <= ROWS_AT_ONCE or any(column.shape not in (shape, ()) for column in columns):
        return [method(*columns)]

    def of_block(first: int) -> T:
        some = slice(first, first + ROWS_AT_ONCE)
        result = method(*(column[some] if column.shape else column for column in columns))
        if take is not None:
            take(some, result)
        return result

    try:
        return in_threads(of_block, range(0, shape[0], ROWS_AT_ONCE))
    except CountError:
        method(*columns)
        raise


def estimated(method: Callable[..., Estimate], *given: ArrayLike) -> Estimate:
    """An estimate of every row, computed block by block; see `in_blocks`."""
    rows = np.size(given[0])
    lower, value, upper = np.empty(rows), np.empty(rows), np.empty(rows)
    code = np.empty(rows, dtype=np.uint8)

    def take(some: slice, part: Estimate) -> None:
        lower[some], value[some], upper[some], code[some] = part.lower, part.value, part.upper, part.reason_code

    first, *others = in_blocks(method, *given, take=take)
    if not others:
        return first
    return Estimate(lower=lower, value=value, upper=upper, level=first.level, reason_code=code, reasons=first.reasons)


def code_of(shape: tuple[int, ...], *cases: NDArray[np.bool_]) -> CodeArray:
    """The number of the first case that holds, counted from 1; 0 where none does.

    Examples:
        >>> code_of((3,), np.array([False, True, False]), np.array([False, True, True])).tolist()
        [0, 1, 2]
    """
    code = np.zeros(shape, dtype=np.uint8)
    for number, case in reversed(list(enumerate(cases, start=1))):
        code[case] = number
    return code


def checked_counts(name: str, values: ArrayLike) -> IntArray:
    """Counts of reports as whole numbers of 64 bits.

    Raises:
        CountError: a count is negative, not finite or not a whole number.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        given = checked_numbers(name, values)
        bad = given != np.floor(given)
        if np.any(bad):
            raise CountError(_message(name, given, bad, "counts of reports are whole numbers"))
        array = given
    elif array.size and array.min() < 0:
        raise CountError(_message(name, array, array < 0, "counts of reports are at least 0"))
    return array.astype(np.int64, copy=False)


def checked_numbers(name: str, values: ArrayLike) -> FloatArray:
    """Expected counts or weights as floats.

    Raises:
        CountError: a number is negative or not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size and not (array.min() >= 0 and array.max() < np.inf):  # not a number is neither
        bad = ~(np.isfinite(array) & (array >= 0))
        raise CountError(_message(name, array, bad, "expected a finite number of at least 0"))
    return array


def checked_level(level: float) -> float:
    """The level of an interval.

    Raises:
        CountError: it is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise CountError(f"level is {level}; expected a probability between 0 and 1, such as 0.95.")
    return level


def same_shape(**arrays: NDArray[np.generic]) -> None:
    """Stop unless all arrays have the shape of the first.

    Raises:
        CountError: they do not.
    """
    (first, head), *others = arrays.items()
    for name, array in others:
        if array.shape != head.shape:
            raise CountError(f"{name} has shape {array.shape}; expected that of {first}, {head.shape}.")


def distinct_counts(counts: IntArray) -> tuple[FloatArray, IntArray]:
    """Distinct counts, rising, and where each count stands among them; linear in the pairs for ordinary counts.

    Examples:
        >>> distinct_counts(np.array([3, 0, 3]))[1].tolist()
        [1, 0, 1]
    """
    top = int(counts.max()) if counts.size else 0
    if top > 4 * counts.size + 1000:  # a table of every value up to `top` would be larger than the pairs
        values, position = np.unique(counts, return_inverse=True)
        return values.astype(np.float64), position.reshape(counts.shape).astype(np.int64)
    present = np.bincount(counts.ravel(), minlength=top + 1) > 0
    place = np.cumsum(present) - 1
    return np.flatnonzero(present).astype(np.float64), place[counts]


def _message(name: str, array: NDArray[np.generic], bad: NDArray[np.bool_], expected: str) -> str:
    index = np.unravel_index(int(np.argmax(bad)), array.shape)
    place = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
    return f"{name}{place} is {array[index]}; {expected}. Check the table the counts were read from."
