"""How surprising are this many reports, or more, if drug and event had nothing to do with each other?"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.counts.compiled import compiled_for
from primum.provenance import Method
from primum.signals.estimate import checked_counts, checked_numbers, same_shape
from primum.signals.fourfold import fourfold
from primum.signals.loops import LAST_DIGIT, tail_walk
from primum.terms import BoolArray, FloatArray

METHOD: Final = Method(
    id="midp",
    label="One-sided mid-p of Fisher's exact test (more reports than expected)",
    formula="P(X > a) + P(X = a) / 2; X ~ Hypergeometric(N, n_drug, n_event)",
    citation="Ahmed, Dalmasso, Haramburu, Thiessard, Broet, Tubert-Bitter 2010, Biometrics 66(1):301-309, "
    "doi:10.1111/j.1541-0420.2009.01262.x; mid-p: Lancaster 1961, J Am Stat Assoc 56(294):223-234",
)
METHOD_POISSON: Final = Method(
    id="midp",
    label="One-sided mid-p of a Poisson count around a stratified expectation",
    formula="P(X > a) + P(X = a) / 2; X ~ Poisson(E)",
    citation="mid-p: Lancaster 1961, J Am Stat Assoc 56(294):223-234",
)

_HALF_LOG_TAU: Final = 0.9189385332046727  # ln(2 pi) / 2
_FOR_ZERO: Final = np.exp(-2 * _HALF_LOG_TAU)  # in place of n in sqrt(n): Stirling's formula then gives 0! = 1
_NEAR: Final = 0.1
_WORTH_CALLING: Final = 16_384  # pairs, see `primum.counts.compiled`: the blocks of a large table
_SMALL: Final = np.array(  # ln n! less Stirling's formula
    [0.0, *(math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - _HALF_LOG_TAU for n in range(1, 16))]
)


def midp(
    observed: ArrayLike, drug_reports: ArrayLike, event_reports: ArrayLike, total_reports: ArrayLike
) -> FloatArray:
    r"""Mid-p of Fisher's exact test of each pair, against more reports than expected.

    $$ p = P(X > a) + \tfrac12 P(X = a), \qquad X \sim Hypergeometric(N, n_{drug}, n_{event}). $$
    The hypergeometric law is chosen over the Poisson law because the margins are known: a Poisson count can exceed its
    own margin, and is too cautious where a drug or an event makes up a good part of the reports, as in every small
    cohort. The mid-p is chosen because the plain exact p of a discrete count is above its level on average, and a
    false-discovery rate built on it wastes power. Both are argued in the first source.

    Args:
        observed: reports with both; shape `(pairs,)`, whole numbers >= 0.
        drug_reports: reports with the drug; same shape, or one number.
        event_reports: reports with the event; same shape, or one number.
        total_reports: all distinct reports of cohort and comparator.

    Returns:
        p of shape `(pairs,)`, in [0, 1]. Where a margin is empty or everything only one table is possible: p is 0.5.

    Raises:
        CountError: the counts cannot belong to one set of reports.

    Numerics:
        Probability at `a` by Loader's saddle-point form, the tail by summation away from the middle: equals exact
        integer arithmetic to 1e-12 relative (tested up to 20 million reports, where `scipy.stats.hypergeom` is off by
        5e-9). p below about 1e-308 is 0.

    Source:
        Ahmed and others, Biometrics 66(1):301-309. Lancaster, J Am Stat Assoc 56(294):223-234. Loader 2000, "Fast and
        accurate computation of binomial probabilities".

    Examples:
        >>> midp([3, 0], [10, 10], [20, 0], 100).round(4).tolist()
        [0.2142, 0.5]
    """
    cells = fourfold(observed, drug_reports, event_reports, total_reports)
    a, b, c, d = (x.ravel() for x in (cells.both, cells.drug_only, cells.event_only, cells.neither))
    here = _hypergeometric(a, b, c, d)
    upper = a * (a + b + c + d) >= (a + b) * (a + c)
    tail = _tail((a, b, c, d), here, upper)
    return np.asarray(np.clip(np.where(upper, here / 2 + tail, 1 - here / 2 - tail), 0, 1).reshape(cells.both.shape))


def midp_poisson(observed: ArrayLike, expected: ArrayLike) -> FloatArray:
    r"""Mid-p of a Poisson count of each pair, for expectations that are sums over strata.

    $$ p = P(X > a) + \tfrac12 P(X = a), \qquad X \sim Poisson(E). $$

    Args:
        observed: reports with both; shape `(pairs,)`, whole numbers >= 0.
        expected: reports expected; same shape, each >= 0.

    Returns:
        p of shape `(pairs,)`, in [0, 1].

    Raises:
        CountError: a count is negative, not finite or not whole, or the shapes differ.

    Examples:
        >>> midp_poisson([3, 0], [2.0, 0.0]).round(4).tolist()
        [0.2331, 0.5]
    """
    a, e = checked_counts("observed", observed).astype(np.float64), checked_numbers("expected", expected)
    same_shape(observed=a, expected=e)
    at_least = np.where(a > 0, special.gammainc(np.maximum(a, 1), e), 1.0)
    here = np.exp(special.xlogy(a, e) - e - special.gammaln(a + 1))
    return np.asarray(np.clip(at_least - here / 2, 0, 1))


def _tail(cells: tuple[FloatArray, ...], here: FloatArray, upper: BoolArray) -> FloatArray:
    """Sum of probabilities beyond `a`, upwards or downwards, by the ratio of neighbours."""
    a, b, c, d = cells
    # Downwards is upwards with the columns exchanged: b and c grow where a and d did.
    shrink1, shrink2 = np.where(upper, b, a), np.where(upper, c, d)
    grow1, grow2 = np.where(upper, a, b), np.where(upper, d, c)
    total = np.zeros(len(a))
    loop = compiled_for(tail_walk, len(a), called=_WORTH_CALLING, imported=None)
    if loop is not None:
        loop(shrink1, shrink2, grow1, grow2, here, total)
        return total
    term, todo, step = here.copy(), np.flatnonzero(here > 0), 0
    while len(todo):
        ratio = (shrink1[todo] - step) * (shrink2[todo] - step)
        ratio /= (grow1[todo] + step + 1) * (grow2[todo] + step + 1)
        term[todo] *= ratio
        total[todo] += term[todo]
        todo = todo[term[todo] > LAST_DIGIT * (total[todo] + here[todo])]
        step += 1
    return total


def _hypergeometric(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> FloatArray:
    """Probability of the fourfold table given its margins."""
    drug, others, event, rest = a + b, c + d, a + c, b + d
    n = drug + others
    log_p = np.zeros(len(a))  # where a margin is empty there is one table
    some = np.flatnonzero((drug > 0) & (others > 0) & (event > 0) & (rest > 0))
    a, b, c, d, n = a[some], b[some], c[some], d[some], n[some]
    drug, others, event, rest = drug[some], others[some], event[some], rest[some]
    gap = a - drug * event / n  # of every cell from its mean, up to the sign
    top = _stirling(drug) + _stirling(others) + _stirling(event) + _stirling(rest) - _stirling(n)
    odds = drug * others * event * rest / n
    cells = ((a, drug * event, gap), (b, drug * rest, -gap), (c, others * event, -gap), (d, others * rest, gap))
    for cell, product, from_mean in cells:
        top -= _stirling(cell) + _deviance(cell, product / n, from_mean)
        odds /= np.where(cell > 0, cell, _FOR_ZERO)
    log_p[some] = top + 0.5 * np.log(odds) - _HALF_LOG_TAU
    return np.exp(log_p)


def _stirling(n: FloatArray) -> FloatArray:
    """What Stirling's formula lacks: `ln n! - (n + 1/2) ln n + n - ln(2 pi)/2`; 0 where n is 0, see `_FOR_ZERO`."""
    y = 1 / np.maximum(n, 1)
    z = y * y
    series = y * (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z / 1188))))
    small = np.flatnonzero(n < len(_SMALL))
    series[small] = _SMALL[n[small].astype(np.intp)]
    return series


def _deviance(x: FloatArray, mean: FloatArray, gap: FloatArray) -> FloatArray:
    """`x ln(x / mean) + mean - x`, by its series where the two are close and the formula would lose its digits.

    Args:
        x: a count.
        mean: its mean, above 0.
        gap: x - mean.
    """
    u = gap / mean
    far = np.flatnonzero(np.abs(u) >= _NEAR)
    u[far] = 0.0
    nearest = max(float(np.abs(u).max(initial=0.0)), 1e-9)
    series = np.zeros(len(u))
    for k in range(2 + int(-16 / np.log10(nearest)), 1, -1):  # as many terms as the last digit asks for
        series *= -u
        series += 1 / (k * (k - 1))
    series *= mean * u * u
    series[far] = special.xlogy(x[far], x[far] / mean[far]) - gap[far]
    return series
