"""How does the likelihood ratio test run on the rows of a signal table, drug by drug?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from primum.counts.table import CountTable
from primum.errors import CountError
from primum.signals.lrt import LikelihoodRatioTest, lrt
from primum.signals.lrt_zero_inflated import lrt_zero_inflated
from primum.terms import FloatArray, IntArray

ONE_DRUG: Final = ("lrt", "lrt_zero_inflated")
"""Methods that hold the chance of a false alarm among the events of one drug, and need all events that there are."""
DRAWS: Final = 999
SEED: Final = 1
_MOST_DRUGS: Final = 50


def lrt_of_rows(
    counts: CountTable, of_event: IntArray | None, *, zero_inflated: bool
) -> tuple[FloatArray, FloatArray, list[str]]:
    """Statistic and family-wise p of each pair: each drug of the table against everything else.

    A report counts once for each of its events, as in the source, so that the margins of the test are sums over events.

    Args:
        counts: pairs of few drugs, unstratified; of each drug every event that a report with it has.
        of_event: reports of each event of the population, those included that no row names; None: the table's own.
        zero_inflated: whether a drug may have events that cannot be reported with it.

    Returns:
        Statistic and p of each row, and what is to be said of them.

    Raises:
        CountError: many drugs, an expectation within strata, or margins that are not those of the rows.

    Examples:
        >>> rows = CountTable(
        ...     drug=np.array(["A", "A"], dtype=object), event=np.array(["rash", "pain"], dtype=object),
        ...     observed=np.array([9, 11]), drug_reports=np.array([20, 20]), event_reports=np.array([10, 90]),
        ...     total_reports=100,
        ... )
        >>> statistic, p, _ = lrt_of_rows(rows, None, zero_inflated=False)
        >>> statistic.round(3).tolist(), bool(p[0] < 0.05)
        ([6.537, 0.0], True)
    """
    name = ONE_DRUG[int(zero_inflated)]
    drugs, drug = np.unique(counts.drug.astype(str), return_inverse=True)
    if counts.expected is not None:
        raise CountError(f"{name} knows no strata; expected an unstratified table. Leave out the strata, or {name}.")
    if len(drugs) > _MOST_DRUGS:
        raise CountError(
            f"{name} was asked of {len(drugs):,} drugs; expected at most {_MOST_DRUGS}, because it draws {DRAWS} "
            "tables of each. Name a drug or a treatment."
        )
    rng = np.random.default_rng(SEED)
    statistic, p = np.zeros(len(counts)), np.ones(len(counts))
    shares = []

    def plain(table: IntArray) -> LikelihoodRatioTest:
        return lrt(table, rng=rng, draws=DRAWS, only=[0])

    def inflated(table: IntArray) -> LikelihoodRatioTest:
        found = lrt_zero_inflated(table, rng=rng, draws=DRAWS, only=[0])
        shares.append(float(found.inflation[0]))
        return found.test

    test: Callable[[IntArray], LikelihoodRatioTest] = inflated if zero_inflated else plain
    for number in range(len(drugs)):
        mine = np.flatnonzero(drug == number)
        found = test(_against_others(counts.observed[mine], counts.event_reports[mine], of_event))
        statistic[mine], p[mine] = found.statistic[: len(mine), 0], found.p[: len(mine), 0]
    told = (
        f"{name}: p is the chance that any event of the same drug has so large a ratio, from {DRAWS} random tables "
        f"(seed {SEED}); none is below {1 / (1 + DRAWS):g}. A report counts once for each of its events."
    )
    if shares:
        told += f" Share of events that cannot be reported with a drug: {_range(shares)}."
    if of_event is None:
        told += " It was compared over the events of this table, not over all of the store."
    return statistic, p, [told]


def _against_others(observed: IntArray, event_reports: IntArray, of_event: IntArray | None) -> IntArray:
    """Events by drug and everything else: the rows of the drug first, then the events that it has no report of."""
    without = np.zeros(0, dtype=np.int64)
    if of_event is not None:
        margin, times = np.unique(of_event[of_event > 0], return_counts=True)
        rows, here = np.unique(event_reports, return_counts=True)
        place = np.minimum(np.searchsorted(margin, rows), max(len(margin) - 1, 0))
        if len(rows) and (not len(margin) or np.any(margin[place] != rows) or np.any(times[place] < here)):
            raise CountError("of_event lacks a margin of the rows; give the reports of every event of the population.")
        times[place] -= here
        without = np.repeat(margin, times)
    drug = np.concatenate([observed, np.zeros_like(without)])
    return np.column_stack([drug, np.concatenate([event_reports, without]) - drug])


def _range(shares: list[float]) -> str:
    low, high = (f"{100 * share:.1f} %" for share in (min(shares), max(shares)))
    return low if low == high else f"{low} to {high}"
