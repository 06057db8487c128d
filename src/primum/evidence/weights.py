"""How much would a harm have to weigh before it outweighs the benefit, and what if nobody knows the weights?

Both are sensitivity analyses and no answer: how much a benefit is worth against a complaint is for each person to say.
Value of information is left out on purpose; it needs a price of a wrong decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from primum.errors import EvidenceError
from primum.provenance import Method
from primum.terms import FloatArray, Interval

DRAWS: Final = 20_000
THRESHOLD: Final = Method(
    "threshold_weight",
    "threshold weight: how many benefits one harm would have to be worth to cancel them out",
    "w = (p1 - p0 of the benefit) / (p1 - p0 of the harm); quantiles over draws of Beta(x + 1/2, n - x + 1/2)",
    "ratio of risk differences; Jeffreys draws as in Brown, Cai & DasGupta, Stat Sci 16:101-133 (2001), "
    "doi:10.1214/ss/1009213286",
)
SMAA: Final = Method(
    "smaa_acceptability",
    "stochastic multicriteria acceptability: share of all weights, drawn evenly, under which the benefit outweighs",
    "mean of [w_b d_b > sum w_h d_h], w ~ Dirichlet(1, ..., 1), d from Beta(x + 1/2, n - x + 1/2) draws",
    "Tervonen & Lahdelma, Eur J Oper Res 178:500-513 (2007), doi:10.1016/j.ejor.2005.12.037",
)
NET: Final = Method(
    "net_benefit",
    "balance with given weights: the benefit less the weighed harms, in people with the benefit",
    "(p1 - p0 of the benefit) - sum of w (p1 - p0 of each harm); quantiles over draws of Beta(x + 1/2, n - x + 1/2)",
    "Lynd & O'Brien, J Clin Epidemiol 57:795-803 (2004), doi:10.1016/j.jclinepi.2003.12.012",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """A balance of one benefit and some harms under given weights.

    Args:
        value: from the shares as counted.
        interval: quantiles over the draws.
        favours: share of the draws above 0.
    """

    value: float
    interval: Interval
    favours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What weights do to the sum of a benefit and some harms.

    Args:
        thresholds: by harm, the weight of one harm against one benefit at which they cancel; infinite where
            treatment adds none.
        intervals: their intervals; an upper end is infinite where the harm may be none.
        acceptability: share of weights and draws under which the benefit outweighs, in [0, 1].
        error: Monte Carlo standard error of `acceptability`.
        draws: how many were drawn.
    """

    thresholds: tuple[float, ...]
    intervals: tuple[Interval, ...]
    acceptability: float
    error: float
    draws: int


def weigh(benefit: ArrayLike, harms: ArrayLike, *, rng: Generator, draws: int = DRAWS, level: float = 0.95) -> Weighed:
    r"""Threshold weights of harms against one benefit, and the acceptability of the treatment when weights are unknown.

    With risk differences $d_b$ of the benefit and $d_h$ of the harms, the threshold of harm $h$ is $d_b / d_h$, and the
    acceptability is $P(w_b d_b > \sum_h w_h d_h)$ over weights drawn evenly from all that are positive and add to 1.

    Args:
        benefit: events and people, treated, then events and people, not treated; shape `(4,)`.
        harms: the same for each harm; shape `(harms, 4)`, at least one.
        rng: source of the draws.
        draws: how many, at least 1,000.
        level: mass of the intervals, in (0, 1).

    Returns:
        Thresholds from the shares as counted, intervals and acceptability from the draws.

    Raises:
        EvidenceError: shapes that do not fit, counts that no group can have, or too few draws.

    Numerics:
        With shares known exactly and one harm the acceptability is $d_b / (d_b + d_h)$.

    Source:
        See `THRESHOLD` and `SMAA`.

    Examples:
        >>> found = weigh((500, 1000, 100, 1000), [(300, 1000, 100, 1000)], rng=np.random.default_rng(1))
        >>> round(found.thresholds[0], 2), abs(found.acceptability - 2 / 3) < 0.01
        (2.0, True)
    """
    gain, losses = _arms(benefit, 1), _arms(harms, 2)
    everything = np.vstack([gain, losses])
    counted, drawn = _differences(everything, rng, draws, level)
    weights = rng.dirichlet(np.ones(len(everything)), draws)
    signs = np.where(np.arange(len(everything)) == 0, 1.0, -1.0)
    share = float(np.mean((weights * drawn * signs).sum(axis=1) > 0))
    ratios = _ratio(drawn[:, :1], drawn[:, 1:])
    tail = (1 - level) / 2
    # A quantile of the order, not between two draws: half of infinity would be no number.
    lower, upper = (np.quantile(ratios, at, axis=0, method="inverted_cdf") for at in (tail, 1 - tail))
    return Weighed(
        thresholds=tuple(_ratio(counted[:1], counted[1:]).tolist()),
        intervals=tuple(Interval(low, high, level) for low, high in zip(lower.tolist(), upper.tolist(), strict=True)),
        acceptability=share,
        error=float(np.sqrt(share * (1 - share) / draws)),
        draws=draws,
    )


def net_benefit(
    benefit: ArrayLike,
    harms: ArrayLike,
    *,
    weights: ArrayLike,
    rng: Generator,
    draws: int = DRAWS,
    level: float = 0.95,
) -> Net:
    r"""The benefit less the weighed harms: $d_b - \sum_h w_h d_h$.

    Args:
        benefit: events and people, treated, then events and people, not treated; shape `(4,)`.
        harms: the same for each harm; shape `(harms, 4)`, at least one.
        weights: how many people with the benefit one person with each harm counts; shape `(harms,)`, at least 0.
        rng: source of the draws.
        draws: how many, at least 1,000.
        level: mass of the interval, in (0, 1).

    Raises:
        EvidenceError: shapes that do not fit, counts that no group can have, a weight below 0, or too few draws.

    Source:
        See `NET`.

    Examples:
        >>> arms = (500, 1000, 100, 1000), [(300, 1000, 100, 1000)]
        >>> net = net_benefit(*arms, weights=[2.0], rng=np.random.default_rng(1))
        >>> round(net.value, 12), 0.4 < net.favours < 0.6
        (0.0, True)
    """
    everything = np.vstack([_arms(benefit, 1), _arms(harms, 2)])
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (len(everything) - 1,) or not np.all(given >= 0):
        raise EvidenceError.of_number("weights", given.size, f"{len(everything) - 1} numbers of at least 0, one a harm")
    counted, drawn = _differences(everything, rng, draws, level)
    signed = np.concatenate([[1.0], -given])
    balance, tail = drawn @ signed, (1 - level) / 2
    lower, upper = np.quantile(balance, [tail, 1 - tail]).tolist()
    return Net(
        value=float(counted @ signed), interval=Interval(lower, upper, level), favours=float(np.mean(balance > 0))
    )


def _differences(arms: FloatArray, rng: Generator, draws: int, level: float) -> tuple[FloatArray, FloatArray]:
    """Risk differences as counted, and drawn around the counts."""
    if draws < 1000:
        raise EvidenceError.of_number("draws", draws, "at least 1000")
    if not 0 < level < 1:
        raise EvidenceError.of_level(level)
    counted: FloatArray = arms[:, 0] / arms[:, 1] - arms[:, 2] / arms[:, 3]
    treated, untreated = (
        rng.beta(x + 0.5, n - x + 0.5, (draws, len(arms)))
        for x, n in ((arms[:, 0], arms[:, 1]), (arms[:, 2], arms[:, 3]))
    )
    return counted, treated - untreated


def _ratio(benefit: FloatArray, harm: FloatArray) -> FloatArray:
    """Benefit over harm; infinite where there is no harm to weigh."""
    ratio: FloatArray = np.full(harm.shape, np.inf)
    return np.divide(np.broadcast_to(benefit, harm.shape), harm, out=ratio, where=harm > 0)


def _arms(given: ArrayLike, dimensions: int) -> FloatArray:
    arms = np.asarray(given, dtype=np.float64)
    if arms.ndim != dimensions or arms.shape[-1] != 4 or not arms.size:
        raise EvidenceError.of_number(
            "shape of the arms", arms.size, "four numbers an outcome: events and people, treated and not"
        )
    for events, people in ((arms[..., 0], arms[..., 1]), (arms[..., 2], arms[..., 3])):
        if not (np.all(people >= 1) and np.all(events >= 0) and np.all(events <= people)):
            raise EvidenceError.of_number("events", float(np.max(events)), "counts between 0 and the people of the arm")
    return np.atleast_2d(arms)
