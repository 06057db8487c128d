"""Which pairs of a table are reported too often, with the chance of even one false alarm among a drug's events held?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.errors import CountError, UnknownNameError
from primum.provenance import Method
from primum.signals.estimate import checked_counts
from primum.terms import FloatArray, IntArray

METHOD: Final = Method(
    id="lrt",
    label="Likelihood ratio test over a table of counts, Monte Carlo p-value of the largest ratio",
    formula="n ln(n / E) - (n - E) where n > E, else 0; E = row total * column total / total",
    citation="Huang, Zalkikar, Tiwari 2011, J Am Stat Assoc 106(496):1230-1241, doi:10.1198/jasa.2011.ap10243; "
    "Poisson form: Chakraborty, Liu, Ball, Markatou 2022, Stat Med 41(27):5395-5420, doi:10.1002/sim.9575",
)

Scope = Literal["drug", "event", "table"]
SCOPES: Final[tuple[Scope, ...]] = ("drug", "event", "table")
_CELLS_AT_ONCE: Final = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class LikelihoodRatioTest:
    """The statistic of each cell and its p-value.

    Args:
        statistic: log-likelihood ratio, 0 where no more than expected; shape `(events, drugs)`.
        p: probability that the largest statistic of the same drug (or event, or the whole table) is at least as large
            when drug and event are independent; same shape. Already adjusted for the number of cells compared.
        draws: tables drawn; no p can be below `1 / (draws + 1)`.
        scope: over which cells the largest was taken.
    """

    statistic: FloatArray
    p: FloatArray
    draws: int
    scope: Scope


def likelihood_ratio(counts: ArrayLike) -> FloatArray:
    r"""Log-likelihood ratio of each cell of a table of counts.

    $$ \ln LR = n \ln(n / E) - (n - E) \quad (n > E), \qquad 0 \quad (n \le E). $$

    Args:
        counts: reports of each event (rows) with each drug (columns); every event and drug must be there, "other"
            included, because the margins are sums of the table. Shape `(events, drugs)`.

    Returns:
        The statistic, same shape.

    Raises:
        CountError: not a table of whole counts of at least 0.

    Numerics:
        Deterministic. On the statin table of 47 events Myalgia-Atorvastatin is 8026.53823240591 as in R package pvLRT
        0.5.1 (1e-12 relative, all 276 cells tested).

    Examples:
        >>> likelihood_ratio([[9, 1], [11, 79]]).round(3).tolist()
        [[6.537, 0.0], [0.0, 0.33]]
    """
    n = checked_table(counts)
    return _ratio(n.astype(np.float64), expected_of(n))


def lrt(
    counts: ArrayLike,
    *,
    rng: np.random.Generator,
    draws: int = 9_999,
    scope: Scope = "drug",
    only: Sequence[int] | None = None,
) -> LikelihoodRatioTest:
    r"""Likelihood ratio test with a Monte Carlo null of multinomial tables.

    Under the null, a drug's reports fall on the events with the shares that the events have in the whole table. The
    largest statistic over the events of the drug (or the drugs of the event, or the table) is compared with that of
    `draws` such tables; p is (1 + tables at least as extreme) / (1 + draws).

    Args:
        counts: reports of each event (rows) with each drug (columns), "other" included; shape `(events, drugs)`.
        rng: source of the random tables; the same seed gives the same p.
        draws: tables to draw, at least 99.
        scope: `drug` holds the chance of a false alarm within each drug, as in Huang 2011; `event` within each event;
            `table` over all cells.
        only: numbers of the drugs that are tested; the others are there for the margins. None: every drug.

    Returns:
        Statistic and p-value of each cell of the drugs tested.

    Raises:
        CountError: not a table of whole counts of at least 0, too few draws, or a drug that is not there.
        UnknownNameError: a scope that does not exist.

    Numerics:
        p is itself an estimate: its standard error is about sqrt(p (1 - p) / draws). The chance that a drug without a
        signal gets p <= 0.05 is at most 0.05 (tested by simulation). Cells that cannot have a report are another model:
        `lrt_zero_inflated`.

    Source:
        Huang, Zalkikar, Tiwari, J Am Stat Assoc 106(496):1230-1241, doi:10.1198/jasa.2011.ap10243.

    Examples:
        >>> result = lrt([[9, 1], [11, 79]], rng=np.random.default_rng(1), draws=999)
        >>> bool(result.p[0, 0] < 0.01), float(result.p[1, 0])
        (True, 1.0)
    """
    n = checked_table(counts)
    check_plan(draws, scope)
    tested, expected = drugs_tested(n, only), expected_of(n)
    shares = n.sum(axis=1) / max(int(n.sum()), 1)

    def draw(drug: int, size: int) -> FloatArray:
        return rng.multinomial(int(n[:, drug].sum()), shares, size=size).astype(np.float64)

    return compare(n, expected, draw, tested=tested, draws=draws, scope=scope)


def compare(
    n: IntArray,
    expected: FloatArray,
    draw: Callable[[int, int], FloatArray],
    *,
    tested: IntArray,
    draws: int,
    scope: Scope,
) -> LikelihoodRatioTest:
    """Statistic of each cell against the largest of its scope in random tables.

    Args:
        n: the counts; shape `(events, drugs)`.
        expected: reports expected; same shape.
        draw: gives so many random columns of a drug; shape `(size, events)`.
        tested: numbers of the drugs that are looked at.
        draws: tables to draw.
        scope: over which cells the largest is taken.
    """
    statistic = _ratio(n[:, tested].astype(np.float64), expected[:, tested])
    events, drugs = statistic.shape
    of_drug, of_event = np.zeros((draws, drugs)), np.zeros((draws if scope == "event" else 0, events))
    block = max(1, _CELLS_AT_ONCE // max(events, 1))
    for place, drug in enumerate(tested.tolist()):
        for start in range(0, draws if expected[:, drug].any() else 0, block):
            some = slice(start, min(start + block, draws))
            ratio = _ratio(draw(drug, some.stop - some.start), expected[:, drug])
            of_drug[some, place] = ratio.max(axis=1)
            if scope == "event":
                np.maximum(of_event[some], ratio, out=of_event[some])
    if scope == "event":
        p = _as_extreme(statistic.T, of_event).T
    else:
        largest = of_drug if scope == "drug" else np.broadcast_to(of_drug.max(axis=1, keepdims=True), of_drug.shape)
        p = _as_extreme(statistic, largest)
    return LikelihoodRatioTest(statistic, p, draws, scope)


def _as_extreme(statistic: FloatArray, largest: FloatArray) -> FloatArray:
    """Share of random tables whose largest is at least the statistic; column by column."""
    draws = len(largest)
    ranked = np.sort(largest, axis=0)
    p = np.empty_like(statistic)
    for column in range(statistic.shape[1]):
        below = np.searchsorted(ranked[:, column], statistic[:, column] * (1 - 1e-12), side="left")
        p[:, column] = (1 + draws - below) / (1 + draws)
    return p


def drugs_tested(n: IntArray, only: Sequence[int] | None) -> IntArray:
    """Numbers of the drugs of a table that are tested.

    Raises:
        CountError: one of them is not there.
    """
    drugs = n.shape[1]
    tested = np.arange(drugs) if only is None else np.array(only, dtype=np.int64)
    if np.any((tested < 0) | (tested >= drugs)):
        raise CountError(f"only is {tested.tolist()}; expected numbers of drugs of the table, 0 to {drugs - 1}.")
    return tested


def check_plan(draws: int, scope: str) -> None:
    """Refuse too few draws and a scope that does not exist.

    Raises:
        CountError, UnknownNameError: as said.
    """
    if draws < 99:
        raise CountError(f"draws is {draws}; expected at least 99 random tables, so that p can go below 0.05.")
    if scope not in SCOPES:
        raise UnknownNameError.of("scope", scope, SCOPES)


def checked_table(counts: ArrayLike) -> IntArray:
    """A table of events by drugs.

    Raises:
        CountError: not a table of whole counts of at least 0.
    """
    n = checked_counts("counts", counts)
    if n.ndim != 2:
        raise CountError(f"counts has shape {n.shape}; expected a table of events (rows) by drugs (columns).")
    return n


def expected_of(n: IntArray) -> FloatArray:
    r"""Reports expected in each cell from the margins of the table: $n_{i.} n_{.j} / n_{..}$.

    Args:
        n: reports of each event (rows) with each drug (columns); shape `(events, drugs)`, as `checked_table` gives.

    Returns:
        Reports expected were drug and event independent; same shape, all 0 for a table without reports.

    Source:
        Huang, Zalkikar, Tiwari, J Am Stat Assoc 106(496):1230-1241, doi:10.1198/jasa.2011.ap10243.

    Examples:
        >>> expected_of(np.array([[9, 1], [11, 79]])).tolist()
        [[2.0, 8.0], [18.0, 72.0]]
    """
    total = max(int(n.sum()), 1)
    return np.asarray(np.outer(n.sum(axis=1), n.sum(axis=0) / total), dtype=np.float64)


def _ratio(n: FloatArray, expected: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        value = special.xlogy(n, n / expected) - (n - expected)
    return np.where(n > expected, value, 0.0)
