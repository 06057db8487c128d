"""How does the information component of a pair change from quarter to quarter, and when did it first stand out?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from primum.errors import CountError
from primum.provenance import Method
from primum.signals.estimate import Estimate
from primum.signals.fourfold import fourfold
from primum.signals.ic import ic
from primum.terms import IntArray

METHOD: Final = Method(
    id="trend",
    label="Information component by quarter and cumulated over quarters",
    formula="IC of each quarter, its expectation from that quarter; IC of the sums of O and of E up to each quarter",
    citation="Bate and others 1998, Eur J Clin Pharmacol 54(4):315-321, doi:10.1007/s002280050466; interval of Noren, "
    "Hopstadius, Bate 2013, doi:10.1177/0962280211403604",
)


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """IC over time; every array has one row a period and one column a pair.

    Args:
        of_period: of the reports of each period alone.
        cumulated: of all reports up to and with each period.
        first: number of the first period whose cumulated lower bound is above 0; -1 where none is. Shape `(pairs,)`.
    """

    of_period: Estimate
    cumulated: Estimate
    first: IntArray


def trend(
    observed: ArrayLike,
    drug_reports: ArrayLike,
    event_reports: ArrayLike,
    total_reports: ArrayLike,
    *,
    level: float = 0.95,
) -> Trend:
    r"""Information component of each period, and cumulated.

    The cumulated expectation is $\sum_t n_{drug,t} n_{event,t} / N_t$, the expectation stratified by period: a drug
    and an event that both became frequent are no signal for that.

    Args:
        observed: reports with both that are new in each period; shape `(periods, pairs)`.
        drug_reports: new reports with the drug; same shape.
        event_reports: new reports with the event; same shape.
        total_reports: new reports of each period; shape `(periods, 1)` or `(periods, pairs)`.
        level: of the intervals, in (0, 1).

    Returns:
        Both series. A period without a report has the value of the shrinkage alone, and says so.

    Raises:
        CountError: not one row a period and one column a pair, or counts that cannot belong to reports.

    Numerics:
        The last row of `cumulated` is `ic` of the summed counts and expectations. Looking every quarter makes false
        alarms likelier than the level says; `maxsprt_poisson` is the method that allows for it.

    Source:
        Bate and others, Eur J Clin Pharmacol 54(4):315-321, doi:10.1007/s002280050466.

    Examples:
        >>> found = trend([[1], [3], [6]], [[10], [10], [10]], [[20], [20], [20]], [[1000], [1000], [1000]])
        >>> found.cumulated.value.round(2).ravel().tolist(), found.first.tolist()
        ([1.1, 2.32, 3.25], [1])
    """
    if np.ndim(observed) != 2:
        raise CountError(f"observed has shape {np.shape(observed)}; expected one row a period and one column a pair.")
    cells = fourfold(observed, drug_reports, event_reports, total_reports)
    drug, event = cells.both + cells.drug_only, cells.both + cells.event_only
    expected = drug * event / np.maximum(drug + cells.event_only + cells.neither, 1)
    cumulated = ic(np.cumsum(cells.both, axis=0), np.cumsum(expected, axis=0), level=level)
    above = cumulated.lower > 0
    first = np.where(above.any(axis=0), above.argmax(axis=0), -1)
    return Trend(ic(cells.both, expected, level=level), cumulated, first.astype(np.int64))
