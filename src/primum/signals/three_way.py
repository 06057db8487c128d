"""How do the reports with an event split over two drugs: both, one alone, the other alone, neither?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from primum.errors import CountError
from primum.signals.estimate import checked_counts
from primum.terms import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ThreeWay:
    """Reports of each pair of drugs with each event, unit reports; every array has shape `(triples,)`.

    Args:
        both_event: reports with both drugs and the event, usually n111.
        first_event: reports with the first drug alone and the event, n101.
        second_event: reports with the second drug alone and the event, n011.
        neither_event: reports with neither drug and the event, n001.
        both: reports with both drugs, n11.
        first: reports with the first drug alone, n10.
        second: reports with the second drug alone, n01.
        neither: reports with neither drug, n00.

    Raises:
        CountError: the shapes differ, a count is negative or not whole, or more reports have the event than there are.
    """

    both_event: IntArray
    first_event: IntArray
    second_event: IntArray
    neither_event: IntArray
    both: IntArray
    first: IntArray
    second: IntArray
    neither: IntArray

    def __post_init__(self) -> None:
        for group in ("both", "first", "second", "neither"):
            events, reports = (checked_counts(name, getattr(self, name)) for name in (f"{group}_event", group))
            if not events.shape == reports.shape == self.both.shape:
                raise CountError(f"{group} has shapes {events.shape} and {reports.shape}; expected {self.both.shape}.")
            if np.any(events > reports):
                i = int(np.argmax(events > reports))
                raise CountError(
                    f"Triple {i}: {events[i]} reports of the group {group} have the event, of {reports[i]} in all. "
                    "Margins must be distinct reports, never sums over pairs."
                )

    def odds(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Reporting odds of the event: both drugs, first alone, second alone, neither; not a number without reports."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return tuple(
                getattr(self, f"{group}_event") / (getattr(self, group) - getattr(self, f"{group}_event"))
                for group in ("both", "first", "second", "neither")
            )


Four = tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike]


def three_way(with_event: Four, reports: Four) -> ThreeWay:
    """Take the counts of reports, as they are counted, apart into groups that share no report.

    Args:
        with_event: reports with the event that hold both drugs, the first (whatever the second), the second (whatever
            the first), and all of them; each of shape `(triples,)` or one number.
        reports: the same four counts of all reports, with the event or without: both drugs, first, second, all.

    Raises:
        CountError: a count is negative or not whole, or no set of reports can have these counts.

    Examples:
        >>> split = three_way(([9], [15], [14], [100]), ([20], [120], [80], 5000))
        >>> split.first_event.tolist(), split.first.tolist(), split.neither.tolist()
        ([6], [100], [4820])
    """
    names = ("both", "first", "second", "all")
    counts = [checked_counts(f"{name}, with the event", x) for name, x in zip(names, with_event, strict=True)]
    counts += [checked_counts(name, x) for name, x in zip(names, reports, strict=True)]
    try:
        n111, n1_1, n_11, event, n11, n1, n2, total = np.broadcast_arrays(*counts, np.zeros(1, np.int64))[:8]
    except ValueError as error:
        raise CountError(f"Shapes do not fit: {[x.shape for x in counts]}; expected one count a triple.") from error
    split = {
        "both_event": n111,
        "first_event": n1_1 - n111,
        "second_event": n_11 - n111,
        "neither_event": event - n1_1 - n_11 + n111,
        "both": n11,
        "first": n1 - n11,
        "second": n2 - n11,
        "neither": total - n1 - n2 + n11,
    }
    for name, cell in split.items():
        if cell.size and cell.min() < 0:
            raise CountError(
                f"Triple {int(np.argmin(cell))}: the group {name} would hold {cell.min()} reports. "
                "Margins must be distinct reports, never sums over pairs."
            )
    return ThreeWay(**split)
