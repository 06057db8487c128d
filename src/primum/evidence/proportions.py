"""How uncertain is a share of one group, or a count over some time, zero events included?"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.errors import EvidenceError
from primum.evidence.effect import Effect
from primum.provenance import Method
from primum.terms import Count, FloatArray, Interval

Bounds = tuple[FloatArray, FloatArray]
ProportionMethod = Literal["clopper_pearson", "wilson", "jeffreys"]

PROPORTION_METHODS: Final[dict[str, Method]] = {
    "clopper_pearson": Method(
        "proportion_clopper_pearson",
        "share with exact (Clopper-Pearson) interval",
        "events / n; beta quantiles",
        "Clopper & Pearson, Biometrika 26:404-413 (1934), doi:10.1093/biomet/26.4.404",
    ),
    "wilson": Method(
        "proportion_wilson",
        "share with Wilson score interval",
        "events / n; inverted score test",
        "Wilson, J Am Stat Assoc 22:209-212 (1927), doi:10.1080/01621459.1927.10502953",
    ),
    "jeffreys": Method(
        "proportion_jeffreys",
        "share with Jeffreys interval",
        "events / n; quantiles of Beta(events + 1/2, n - events + 1/2)",
        "Brown, Cai, DasGupta, Stat Sci 16:101-133 (2001), doi:10.1214/ss/1009213286",
    ),
}


def proportion(
    events: int, n: int, *, method: ProportionMethod = "clopper_pearson", level: float = 0.95, measure: str = "share"
) -> Effect:
    """How many of one group, with an interval that also stands at zero events.

    Args:
        events: people with the event.
        n: people observed, at least 1.
        method: `clopper_pearson` (covers at least `level`), `wilson` or `jeffreys`.
        level: coverage, in (0, 1).
        measure: what the share is called in the result.

    Returns:
        An effect in the unit `proportion`.

    Raises:
        EvidenceError: counts that no group can have, a level outside (0, 1), or an unknown method.

    Examples:
        >>> share = proportion(0, 236)
        >>> share.estimate, round(share.interval.upper, 4)
        (0.0, 0.0155)
    """
    if method not in PROPORTION_METHODS:
        raise EvidenceError.unknown_method("a share", method, PROPORTION_METHODS)
    bounds = {"clopper_pearson": clopper_pearson, "wilson": wilson, "jeffreys": jeffreys}
    x, total = people(events, n)
    lower, upper = bounds[method](x, total, level=level)
    return Effect(
        measure=measure,
        estimate=x / total,
        interval=Interval(float(lower), float(upper), level),
        unit="proportion",
        method=PROPORTION_METHODS[method],
        counts=(Count(x, total),),
    )


def clopper_pearson(events: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Bounds:
    r"""Which shares are not contradicted by `events` of `n`, tail by tail (the exact interval)?

    With $x$ events of $n$ and $\alpha = 1 - level$,
    $$ lower = B_{\alpha/2}(x, n - x + 1), \quad upper = B_{1-\alpha/2}(x + 1, n - x), $$
    $B_q$ the quantile of a beta distribution; $lower = 0$ at $x = 0$ and $upper = 1$ at $x = n$.

    Args:
        events: people with the event; any shape, whole numbers, `0 <= events <= n`.
        n: people observed; broadcasts with `events`, each >= 1.
        level: coverage, in (0, 1).

    Returns:
        `(lower, upper)`, proportions. Both tails are kept at $\alpha/2$ when a bound is 0 or 1.

    Raises:
        EvidenceError: counts are not whole, negative, or events exceed n; or `level` is outside (0, 1).

    Numerics:
        Covers at least `level` for every true share.

    Source:
        Clopper & Pearson, Biometrika 26:404-413 (1934), doi:10.1093/biomet/26.4.404.

    Examples:
        >>> lower, upper = clopper_pearson(0, 236)
        >>> float(lower), round(float(upper), 4)
        (0.0, 0.0155)
    """
    x, total, left = _counts(events, n, level)
    inner = (x > 0, x < total)
    lower = np.where(inner[0], special.betaincinv(np.where(inner[0], x, 1), total - x + 1, left), 0.0)
    upper = np.where(inner[1], special.betaincinv(x + 1, np.where(inner[1], total - x, 1), 1 - left), 1.0)
    return lower, upper


def wilson(events: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Bounds:
    r"""Which shares would not be rejected by the score test?

    With $\hat p = x/n$ and $z$ the normal quantile,
    $$ \frac{\hat p + z^2/2n \pm z \sqrt{\hat p (1 - \hat p)/n + z^2/4n^2}}{1 + z^2/n}. $$

    Args:
        events: people with the event; any shape, whole numbers, `0 <= events <= n`.
        n: people observed; broadcasts with `events`, each >= 1.
        level: nominal coverage, in (0, 1).

    Returns:
        `(lower, upper)`, proportions; exactly 0 at no event and exactly 1 when all have it.

    Raises:
        EvidenceError: counts are not whole, negative, or events exceed n; or `level` is outside (0, 1).

    Numerics:
        Closed form. Coverage is `level` on average over true shares, not at least `level` at each.

    Source:
        Wilson, J Am Stat Assoc 22:209-212 (1927), doi:10.1080/01621459.1927.10502953.

    Examples:
        >>> lower, upper = wilson(81, 263)  # Newcombe 1998, Stat Med 17:857, table I
        >>> round(float(lower), 4), round(float(upper), 4)
        (0.2553, 0.3662)
    """
    x, total, left = _counts(events, n, level)
    z2 = special.ndtri(left) ** 2
    share = x / total
    half = np.sqrt(z2) * np.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    middle, scale = share + z2 / (2 * total), 1 + z2 / total
    lower = np.where(x == 0, 0.0, (middle - half) / scale)  # 0 and 1 exactly, not up to rounding
    upper = np.where(x == total, 1.0, (middle + half) / scale)
    return lower, upper


def jeffreys(events: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Bounds:
    r"""Where does the share lie, for somebody who starts from Jeffreys' prior Beta(1/2, 1/2)?

    Equal-tail quantiles of $Beta(x + 1/2, n - x + 1/2)$; the lower bound is 0 at $x = 0$, the upper 1 at $x = n$.

    Args:
        events: people with the event; any shape, whole numbers, `0 <= events <= n`.
        n: people observed; broadcasts with `events`, each >= 1.
        level: posterior probability between the bounds, in (0, 1).

    Returns:
        `(lower, upper)`, proportions.

    Raises:
        EvidenceError: counts are not whole, negative, or events exceed n; or `level` is outside (0, 1).

    Numerics:
        Lies inside the Clopper-Pearson interval.

    Source:
        Brown, Cai, DasGupta, Stat Sci 16:101-133 (2001), section 4.1.1, doi:10.1214/ss/1009213286.

    Examples:
        >>> _, upper = jeffreys(0, 236)
        >>> round(float(upper), 4)
        0.0106
    """
    x, total, left = _counts(events, n, level)
    lower = np.where(x == 0, 0.0, special.betaincinv(x + 0.5, total - x + 0.5, left))
    upper = np.where(x == total, 1.0, special.betaincinv(x + 0.5, total - x + 0.5, 1 - left))
    return lower, upper


def zero_events_upper(n: ArrayLike, *, level: float = 0.95) -> FloatArray:
    r"""Nobody of `n` had the event: how large may the true share still be?

    Solves $(1 - p)^n = 1 - level$, so $p = 1 - (1 - level)^{1/n}$; for level 0.95 this is close to $3/n$,
    the rule of three. One-sided: all the error stands in the one tail that zero events leave open.

    Args:
        n: people observed without the event; any shape, whole numbers >= 1.
        level: confidence of the one-sided bound, in (0, 1).

    Returns:
        The upper bound, a proportion.

    Raises:
        EvidenceError: n is below 1 or not whole; or `level` is outside (0, 1).

    Numerics:
        Exact. Lower than the upper end of `clopper_pearson(0, n)`, which spends half its error on the other tail.
        Never above `rule_of_three(n)`, and within 6 % of it from n = 30.

    Source:
        Hanley & Lippman-Hand, JAMA 249:1743-1745 (1983), doi:10.1001/jama.1983.03330370053031.

    Examples:
        >>> round(float(zero_events_upper(100)), 5)
        0.02951
    """
    _, total, _ = _counts(0, n, level)
    bound: FloatArray = -np.expm1(np.log1p(-level) / total)
    return bound


def rule_of_three(n: ArrayLike) -> FloatArray:
    r"""The same in the head: nobody of `n` had the event, so the true share is at most about $3/n$ (95 %, one-sided).

    Args:
        n: people observed without the event; any shape, whole numbers >= 1.

    Returns:
        $\min(3/n, 1)$, a proportion.

    Raises:
        EvidenceError: n is below 1 or not whole.

    Source:
        Hanley & Lippman-Hand, JAMA 249:1743-1745 (1983), doi:10.1001/jama.1983.03330370053031.

    Examples:
        >>> float(rule_of_three(300))
        0.01
    """
    _, total, _ = _counts(0, n, 0.95)
    return np.minimum(3.0 / total, 1.0)


def garwood(count: ArrayLike, *, level: float = 0.95) -> Bounds:
    r"""Which expected counts are not contradicted by an observed count (exact Poisson interval)?

    $$ lower = \chi^2_{\alpha/2}(2x)/2, \quad upper = \chi^2_{1-\alpha/2}(2x + 2)/2, $$ and $lower = 0$ at $x = 0$.

    Args:
        count: events counted; any shape, whole numbers >= 0.
        level: coverage, in (0, 1).

    Returns:
        `(lower, upper)`, in events.

    Raises:
        EvidenceError: a count is negative or not whole; or `level` is outside (0, 1).

    Source:
        Garwood, Biometrika 28:437-442 (1936), doi:10.1093/biomet/28.3-4.437.

    Examples:
        >>> lower, upper = garwood(0)
        >>> float(lower), round(float(upper), 4)
        (0.0, 3.6889)
    """
    x, left = whole_numbers("count", count), tail(level)
    lower = np.where(x > 0, special.gammaincinv(np.where(x > 0, x, 1), left), 0.0)
    upper = np.asarray(special.gammaincinv(x + 1, 1 - left), dtype=np.float64)
    return lower, upper


def whole_numbers(name: str, values: ArrayLike, *, least: int = 0) -> FloatArray:
    """Counts as floats, after a check that they are counts.

    Raises:
        EvidenceError: a value is not a whole number, or below `least`.
    """
    counts = np.asarray(values, dtype=np.float64)
    bad = ~(np.isfinite(counts) & (counts >= least) & (np.floor(counts) == counts))
    if np.any(bad):
        raise EvidenceError.of_count(name, float(np.atleast_1d(counts)[np.atleast_1d(bad)][0]), least)
    return counts


def _counts(events: ArrayLike, n: ArrayLike, level: float) -> tuple[FloatArray, FloatArray, float]:
    x, total = np.broadcast_arrays(whole_numbers("events", events), whole_numbers("n", n, least=1))
    over = x > total
    if np.any(over):
        at = int(np.argmax(over.ravel()))
        raise EvidenceError.more_events_than_people(int(x.ravel()[at]), int(total.ravel()[at]))
    return x, total, tail(level)


def people(events: int, n: int) -> tuple[int, int]:
    """One group as two whole numbers, after a check that it is one: `0 <= events <= n`, `n >= 1`.

    Raises:
        EvidenceError: it is not.
    """
    x, total, _ = _counts(events, n, 0.95)
    return int(x), int(total)


def tail(level: float) -> float:
    """What an interval leaves out on each side.

    Raises:
        EvidenceError: `level` is outside (0, 1).
    """
    if not 0 < level < 1:
        raise EvidenceError.of_level(level)
    return (1 - level) / 2


def normal_quantile(level: float) -> float:
    """The z of a two-sided interval.

    Raises:
        EvidenceError: `level` is outside (0, 1).

    Examples:
        >>> round(normal_quantile(0.95), 4)
        1.96
    """
    return float(-special.ndtri(tail(level)))


def positive(name: str, value: float) -> None:
    """Check a measured quantity that must be above 0.

    Raises:
        EvidenceError: it is not.
    """
    if not (np.isfinite(value) and value > 0):
        raise EvidenceError.of_number(name, value, "a number above 0")
