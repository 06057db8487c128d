"""What of PRR, ROR, IC, mid-p and the quantiles of EBGM is computed pair by pair in one walk, where it is compiled?

The loops stop before the exponential and begin after the logarithm, which NumPy takes for eight pairs at once. What is
left is rounded one way wherever it is computed, so that the answer is the same bytes compiled or not.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
ODD: Final = 255
"""Code of a pair whose reason is to be looked for: one of its cells or margins is 0."""
LAST_DIGIT: Final = 1e-17
"""Terms that are smaller, against their sum, are left out of it."""
WORTH_IMPORTING: Final = 5_000_000  # pairs, see `primum.counts.compiled`
WORTH_CALLING: Final = 500_000


def ratio_walk(  # noqa: PLR0917 - what is compiled takes its arguments by place
    observed: Array,
    drug_reports: Array,
    event_reports: Array,
    total: float,
    z: float,
    zero: int,
    odds: bool,
    value: Array,
    root: Array,
    code: Array,
) -> int:
    """Fill ratio, `z` times the standard error, and code of each pair; gives the number of odd ones.

    It is -1 where a cell is negative. The ratio is that of odds, or of shares (PRR). A pair without a report gets the
    code `zero`, no standard error, and no ratio of odds either. `&` and `|` ask both sides: without a
    branch, several pairs are computed at a time.
    """
    fine, odd = True, 0
    for i in range(len(observed)):
        a, drug = float(observed[i]), float(drug_reports[i])
        b, c, others = drug - a, float(event_reports[i]) - a, total - drug
        d = others - c
        fine = fine & (a >= 0) & (b >= 0) & (c >= 0) & (d >= 0)
        if odds:
            above, below = a * d, c * b
            variance, strange = (a + d) / above + (c + b) / below, (b == 0) | (c == 0) | (d == 0)
        else:
            above, below = a * others, c * drug
            variance, strange = b / (a * drug) + d / (c * others), (c == 0) | (drug == 0)
        value[i] = above / below if (a > 0) | (not odds) else np.nan
        root[i] = np.sqrt(variance) * z if a > 0 else np.nan
        code[i] = ODD if strange else 0 if a > 0 else zero
        odd += strange
    return odd if fine else -1


def bounds_walk(value: Array, factor: Array, lower: Array, upper: Array, code: Array) -> bool:
    """Fill the bounds, the value divided and multiplied by a factor; false where one is missing without a reason."""
    gaps = 0
    for i in range(len(value)):
        lower[i], upper[i] = value[i] / factor[i], value[i] * factor[i]
        gaps += (code[i] == 0) & ((value[i] != value[i]) | (lower[i] != lower[i]) | (upper[i] != upper[i]))
    return gaps == 0


def ic_walk(  # noqa: PLR0917 - as above
    observed: Array,
    expected: Array,
    log2_rate: Array,
    logs: Array,
    lower: Array,
    value: Array,
    upper: Array,
    code: Array,
) -> int:
    """Fill bounds, value and code of each pair; gives the number of pairs whose count stands in no table.

    It is -1 where a count or an expectation is none. A bound is the logarithm that stands at the count, less that of
    the rate; a count beyond the table gets its last one.
    """
    fine, beyond, last = True, 0, logs.shape[1] - 1
    for i in range(len(observed)):
        k, rate = observed[i], log2_rate[i]
        fine = fine and 0 <= expected[i] < np.inf
        if k < 0:
            fine, k = False, 0
        elif k > last:
            beyond, k = beyond + 1, last
        lower[i], value[i], upper[i] = logs[0, k] - rate, logs[1, k] - rate, logs[2, k] - rate
        code[i] = 1 if expected[i] == 0 else 0
    return beyond if fine else -1


def tail_walk(  # noqa: PLR0917 - as above
    shrink1: Array, shrink2: Array, grow1: Array, grow2: Array, here: Array, total: Array
) -> None:
    """Fill the sum of the probabilities beyond each count, by the ratio of neighbours.

    The cells are those that shrink and that grow by one from each count to the next.
    """
    for i in range(len(here)):
        first, term, step = here[i], here[i], 0.0
        summed = 0.0
        while term > LAST_DIGIT * (summed + first):
            ratio = (shrink1[i] - step) * (shrink2[i] - step)
            term *= ratio / ((grow1[i] + step + 1) * (grow2[i] + step + 1))
            summed += term
            step += 1
        total[i] = summed


def tile_walk(  # noqa: PLR0917 - as above
    log_expected: Array, place: Array, width: float, first: int, stretches: int, counted: Array
) -> None:
    """Count the pairs of each tile: of one count, which stands at a place among all, and one stretch of ln E."""
    for i in range(len(log_expected)):
        counted[int(np.floor(log_expected[i] / width)) - first + place[i] * stretches] += 1


def read_walk(  # noqa: PLR0917 - as above
    log_expected: Array,
    place: Array,
    width: float,
    first: int,
    stretches: int,
    number: Array,
    known: Array,
    low: Array,
    scale: Array,
    last: Array,
    offset: Array,
    polynomials: Array,
    logs: Array,
    left: Array,
) -> int:
    """Fill what a table of polynomials holds of each pair, and which pairs it does not hold; gives their number.

    A pair that is left gets 0. `polynomials` are of shape `(windows, probabilities, powers)`, highest power first.
    """
    many, powers = 0, polynomials.shape[2]
    for i in range(len(log_expected)):
        tile = number[int(np.floor(log_expected[i] / width)) - first + place[i] * stretches]
        if not known[tile]:
            logs[:, i] = 0.0
            left[many] = i
            many += 1
            continue
        steps = (log_expected[i] - low[tile]) * scale[tile]
        window = min(max(int(steps) - (powers - 1) // 2, 0), last[tile])
        steps = steps - window - (powers - 1) / 2
        for one in range(len(logs)):
            value = polynomials[offset[tile] + window, one, 0]
            for power in range(1, powers):
                value = value * steps + polynomials[offset[tile] + window, one, power]
            logs[one, i] = value
    return many
