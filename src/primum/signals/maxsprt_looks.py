"""Looked at every quarter, since when is an event reported more with a drug than with its comparator?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.errors import CountError
from primum.signals.estimate import checked_counts, checked_numbers, same_shape
from primum.signals.maxsprt_boundary import binomial_ratio, checked_alpha
from primum.terms import FloatArray, IntArray, StrArray

_NOTHING: Final = 1e-17  # of a probability
_WORTH: Final = 1.5  # standard deviations above what is expected; chance alone reaches them at one look in 15
NOT_COMPUTED: Final = "no look lies 1.5 standard deviations above what is expected: p is above 0.05"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watch:
    """Every event at every look, and when it signalled.

    Args:
        expected: reports of the drug expected up to each look among those with the event; shape `(looks, events)`.
        statistic: log-likelihood ratio of all reports up to each look; same shape.
        p: chance that a series without an effect ever has so large a statistic at a look; shape `(events,)`; not a
            number where `reason` says why.
        first: number of the look that signalled, from 0; -1 where none did; same shape.
        alpha: chance of a false signal over all looks of an event.
        reason: why p was not computed; same shape.
    """

    expected: FloatArray
    statistic: FloatArray
    p: FloatArray
    first: IntArray
    alpha: float
    reason: StrArray


def maxsprt_comparator(cases: ArrayLike, controls: ArrayLike, *, share: ArrayLike, alpha: float = 0.05) -> Watch:
    r"""Sequential binomial test of a drug against a comparator, looked at now and then, whose share may change.

    Of the $n_q$ reports of an event that come anew to look q, each is the drug's with probability $p_q$, the drug's
    share of all reports of both. Up to a look, with k reports of the drug, n of both and $\mu = \sum n_q p_q$,
    $$ LLR = k \ln\frac{k}{\mu} + (n - k) \ln\frac{n - k}{n - \mu} \quad (k > \mu), \qquad 0 \quad (k \le \mu), $$
    which is `maxsprt_binomial`'s where the share is always the same. p is the chance that the largest LLR of all looks
    is at least the one seen; the first look whose LLR alone would bring p to `alpha` has signalled.

    Args:
        cases: new reports of the drug with each event at each look; shape `(looks, events)`.
        controls: new reports of the comparator; same shape.
        share: of the drug in all reports of both at each look, known without looking at events; shape `(looks,)`, in
            [0, 1].
        alpha: chance of a false signal over all looks, in (0, 0.05].

    Raises:
        CountError: counts that cannot be, shapes that differ, or a share or alpha outside its range.

    Numerics:
        p is exact for the binomial model: a Markov chain over the counts that have not signalled, given the reports
        with the event at each look. Reports drawn without replacement spread less, so that p is on the safe side.
        Events whose every look lies below 1.5 standard deviations are left out, with the reason.

    Source:
        Kulldorff and others, Sequential Analysis 30(1):58-78, doi:10.1080/07474946.2011.539924.

    Examples:
        >>> found = maxsprt_comparator([[1], [4], [9]], [[1], [1], [1]], share=[0.5, 0.4, 0.5])
        >>> found.statistic[:, 0].round(2).tolist(), round(float(found.p[0]), 4), found.first.tolist()
        ([0.0, 1.17, 4.54], 0.0052, [2])
    """
    new, other = checked_counts("cases", cases), checked_counts("controls", controls)
    same_shape(cases=new, controls=other)
    chance = checked_numbers("share", share)
    if new.ndim != 2 or chance.shape != new.shape[:1] or np.any(chance > 1):
        raise CountError(
            f"cases has shape {new.shape}, share {chance.shape}; expected looks by events, and for each look a share "
            "between 0 and 1."
        )
    if checked_alpha(alpha) > 0.05:
        raise CountError(f"alpha is {alpha}; expected at most 0.05, above which events that stand little out count.")
    at_look = new + other
    k, n = np.cumsum(new, axis=0), np.cumsum(at_look, axis=0)
    mu = np.cumsum(at_look * chance[:, None], axis=0)
    spread = np.sqrt(np.cumsum(at_look * (chance * (1 - chance))[:, None], axis=0))
    statistic = _ratio(k, n, mu)
    worth = np.flatnonzero((k - 0.5 - mu >= _WORTH * spread).any(axis=0) & (statistic.max(axis=0, initial=0.0) > 0))
    p, first = np.full(new.shape[1], np.nan), np.full(new.shape[1], -1, dtype=np.int64)
    for event in worth.tolist():
        seen = np.maximum.accumulate(statistic[:, event])
        p[event] = _ever(float(seen[-1]), at_look[:, event], chance)
        if p[event] <= alpha:
            first[event] = _since(seen, at_look[:, event], chance, alpha)
    reason = np.full(new.shape[1], NOT_COMPUTED, dtype=object)
    reason[worth] = ""
    return Watch(expected=mu, statistic=statistic, p=p, first=first, alpha=alpha, reason=reason)


def _ratio(k: IntArray, n: IntArray, mu: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return binomial_ratio(k, n, mu / n)


def _since(seen: FloatArray, at_look: IntArray, share: FloatArray, alpha: float) -> int:
    """The first look whose largest statistic so far is no likelier than alpha; the last look's is not."""
    values = np.unique(seen)
    low, high = -1, len(values) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if _ever(float(values[middle]), at_look, share) <= alpha:
            high = middle
        else:
            low = middle
    return int(np.searchsorted(seen, values[high]))


def _ever(value: float, at_look: IntArray, share: FloatArray) -> float:
    """Chance that the statistic reaches a value at any look: a chain over the counts that are still below."""
    if value <= 0:
        return 1.0
    looks = np.flatnonzero(at_look)
    sizes, chance = at_look[looks], share[looks]
    n, mu = np.cumsum(sizes), np.cumsum(sizes * chance)
    reached = _boundary(value, n, mu)
    log_factorial = special.gammaln(np.arange(int(sizes.max()) + 1) + 1.0)
    low, alive, signalled = 0, np.ones(1), 0.0
    for size, p, stop in zip(sizes.tolist(), chance.tolist(), reached.tolist(), strict=True):
        more = np.arange(size + 1)
        log_chance = log_factorial[size] - log_factorial[: size + 1] - log_factorial[size::-1]
        drawn = np.exp(log_chance + special.xlogy(more, p) + special.xlogy(size - more, 1 - p))
        likely = np.flatnonzero(drawn > _NOTHING)
        alive = np.convolve(alive, drawn[likely[0] : likely[-1] + 1])
        low += int(likely[0])
        signalled += float(alive[max(stop - low, 0) :].sum())
        alive = alive[: max(stop - low, 0)]
        there = np.flatnonzero(alive > _NOTHING)
        if not len(there):
            break
        low, alive = low + int(there[0]), alive[there[0] : there[-1] + 1]
    return min(signalled, 1.0)


def _boundary(value: float, n: IntArray, mu: FloatArray) -> IntArray:
    """The smallest count of the drug that reaches a value at each look; one more than there are where none does."""
    low, high = np.floor(mu).astype(np.int64), n + 1  # at the mean the statistic is 0, and it rises from there
    while np.any(high - low > 1):
        middle = (low + high) // 2
        over = (middle > n) | (_ratio(middle, n, mu) >= value * (1 - 1e-12))
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return high
