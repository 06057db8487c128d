"""Does a pair stand out within strata of age, sex or period too, and alike in all of them?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.counts.strata import MantelHaenszelSums
from primum.errors import CountError
from primum.provenance import Method
from primum.signals.caveats import Reasons
from primum.signals.estimate import Estimate, checked_level, code_of
from primum.signals.fourfold import fourfold
from primum.signals.tiles import Tile, in_tiles
from primum.terms import FloatArray, IntArray

METHOD: Final = Method(
    id="mantel_haenszel",
    label="Mantel-Haenszel reporting odds ratio over strata, Robins-Breslow-Greenland interval, Breslow-Day test",
    formula="sum(a d / n) / sum(b c / n)",
    citation="Mantel, Haenszel 1959, J Natl Cancer Inst 22(4):719-748; Robins, Breslow, Greenland 1986, Biometrics "
    "42(2):311-323, doi:10.2307/2531052; Breslow, Day 1980, IARC Sci Publ 32; Tarone 1985, Biometrika 72(1):91-95",
)

COLUMNS: Final = {
    "mh_ror": "reporting odds ratio pooled over the strata (Mantel-Haenszel).",
    "mh_ror_lower": "lower bound of `mh_ror` (Robins, Breslow, Greenland).",
    "mh_ror_upper": "upper bound of `mh_ror`.",
    "p_heterogeneity": "p-value that the strata share one odds ratio (Breslow-Day with Tarone's correction); where it "
    "is small, one number does not describe them all. For one drug or treatment alone.",
}
"""What a signal table within strata holds beside its own columns."""
_REASONS: Final = (
    "",
    "no stratum has reports with and without the drug, with and without the event: nothing to compare",
    "no stratum has a report with both: the ratio is 0 and its interval does not exist",
    "in every stratum the ratio has no upper limit",
)
_NO_REPORT: Final = 2
_NO_TEST: Final = (
    "",
    "fewer than two strata say something about the pair: nothing to test",
    "the pooled ratio has no value: nothing to test",
)


@dataclass(frozen=True, slots=True, eq=False)
class MantelHaenszel:
    """The pooled odds ratio of each pair and whether its strata agree.

    Args:
        estimate: pooled reporting odds ratio with its interval.
        heterogeneity: Breslow-Day chi-square with Tarone's correction; not a number where there is nothing to compare.
        p_heterogeneity: its p-value; small means that one number does not describe all strata.
        strata: strata that say something about the pair.
    """

    estimate: Estimate
    heterogeneity: FloatArray
    p_heterogeneity: FloatArray
    strata: IntArray

    @property
    def why_no_test(self) -> Reasons:
        """Why a pair has no p-value of heterogeneity."""
        code = np.where(np.isfinite(self.p_heterogeneity), 0, np.where(self.strata > 1, 2, 1)).astype(np.uint8)
        return "p_heterogeneity", code, _NO_TEST


def mantel_haenszel(
    observed: ArrayLike,
    drug_reports: ArrayLike,
    event_reports: ArrayLike,
    total_reports: ArrayLike,
    *,
    level: float = 0.95,
) -> MantelHaenszel:
    r"""Pool the odds ratios of the strata of each pair.

    With cells a, b, c, d and total n of each stratum, $R = ad/n$, $S = bc/n$, $P = (a + d)/n$, $Q = (b + c)/n$,
    $$ ROR_{MH} = \frac{\sum R}{\sum S}, \qquad
       s^2 = \frac{\sum PR}{2 (\sum R)^2} + \frac{\sum (PS + QR)}{2 \sum R \sum S} + \frac{\sum QS}{2 (\sum S)^2}. $$

    Args:
        observed: reports with both in each stratum; shape `(strata, pairs)`.
        drug_reports: reports with the drug; same shape.
        event_reports: reports with the event; same shape.
        total_reports: all reports of the stratum; shape `(strata, pairs)` or `(strata, 1)`.
        level: of the interval, in (0, 1).

    Returns:
        The pooled ratio with its interval, and the test that the strata share one ratio.

    Raises:
        CountError: the counts cannot belong to reports, or are not given by stratum and pair.

    Numerics:
        A stratum with an empty margin says nothing and is left out. One zero cell in a stratum is no obstacle. Equals
        statsmodels 0.15.0 `StratifiedTable` (odds ratio, standard error, `test_equal_odds(adjust=True)`) to 1e-10.

    Source:
        Robins, Breslow, Greenland, Biometrics 42(2):311-323. Breslow, Day, IARC Sci Publ 32, section 4.4. Tarone,
        Biometrika 72(1):91-95.

    Examples:
        >>> result = mantel_haenszel([[8], [4]], [[20], [30]], [[40], [15]], [[200], [200]])
        >>> round(float(result.estimate.value[0]), 3), round(float(result.p_heterogeneity[0]), 3)
        (2.716, 0.681)
    """
    z = math.sqrt(2) * special.erfinv(checked_level(level))
    given = np.asarray(observed)
    if given.ndim != 2:
        raise CountError(f"observed has shape {given.shape}; expected one row a stratum and one column a pair.")
    cells = fourfold(observed, drug_reports, event_reports, total_reports)
    a, b, c, d = cells.both, cells.drug_only, cells.event_only, cells.neither
    total = a + b + c + d
    tells = (a + b > 0) & (c + d > 0) & (a + c > 0) & (b + d > 0)
    n = np.where(tells, total, 1)
    a, b, c, d = (np.where(tells, x, 0.0) for x in (a, b, c, d))
    r, s, p, q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
    sum_r, sum_s = r.sum(axis=0), s.sum(axis=0)
    code = code_of(sum_r.shape, ~tells.any(axis=0) | ((sum_r == 0) & (sum_s == 0)), sum_r == 0, sum_s == 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = sum_r / sum_s
        variance = (p * r).sum(axis=0) / (2 * sum_r**2) + (q * s).sum(axis=0) / (2 * sum_s**2)
        variance += (p * s + q * r).sum(axis=0) / (2 * sum_r * sum_s)
        spread = np.exp(z * np.sqrt(variance))
        lower, upper = value / spread, value * spread
    lower[code > 0] = upper[code > 0] = value[code > 0] = np.nan
    value[code == _NO_REPORT] = 0.0
    heterogeneity, strata = _breslow_day((a, b, c, d), tells, np.where(code > 0, np.nan, value))
    p_value = np.where(strata > 1, special.chdtrc(np.maximum(strata - 1, 1), heterogeneity), np.nan)
    estimate = Estimate(lower=lower, value=value, upper=upper, level=level, reason_code=code, reasons=_REASONS)
    return MantelHaenszel(estimate, heterogeneity, p_value, strata)


def pooled_from_sums(sums: MantelHaenszelSums, *, level: float = 0.95) -> Estimate:
    """The pooled odds ratio of each pair from its sums over strata; what `mantel_haenszel` gives as `estimate`.

    Args:
        sums: of R, S, PR, PS + QR and QS over strata, as `primum.counts.strata` counts them.
        level: of the interval, in (0, 1).
    """
    z = float(math.sqrt(2) * special.erfinv(checked_level(level)))

    def of_tile(tile: Tile) -> bool:
        r, s, pr, ps_qr, qs = (column[tile.rows] for column in (sums.r, sums.s, sums.pr, sums.ps_qr, sums.qs))
        np.divide(r, s, out=tile.value)
        variance, part = tile.work  # twice the variance of the logarithm
        np.divide(pr, np.multiply(r, r, out=variance), out=variance)
        for above, one, other in ((ps_qr, r, s), (qs, s, s)):
            variance += np.divide(above, np.multiply(one, other, out=part), out=part)
        tile.spread_by(np.multiply(np.sqrt(variance, out=variance), z / math.sqrt(2), out=variance))
        tile.code[:] = 0
        odd = np.flatnonzero((r == 0) | (s == 0))
        code = code_of(odd.shape, (r[odd] == 0) & (s[odd] == 0), r[odd] == 0, s[odd] == 0)
        tile.lower[odd] = tile.upper[odd] = np.nan
        tile.code[odd], tile.value[odd] = code, np.where(code == _NO_REPORT, 0.0, np.nan)
        return False

    return in_tiles(of_tile, shape=sums.r.shape, columns=2, level=level, reasons=_REASONS)


def _breslow_day(
    cells: tuple[FloatArray, ...], tells: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], ratio: FloatArray
) -> tuple[FloatArray, IntArray]:
    """Squared distance of each stratum's a from the one that the pooled ratio and the stratum's margins imply."""
    a, b, c, d = cells
    drug, event, others = a + b, a + c, c + d
    # The root in range of (1 - ratio) x^2 + (others - event + ratio (drug + event)) x - ratio drug event = 0.
    first, second, third = 1 - ratio, others - event + ratio * (drug + event), -ratio * drug * event
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(second**2 - 4 * first * third)
        fitted = -2 * third / (second + root)  # second > 0: the form that loses no digits, for ratio = 1 as well
        variance = 1 / (1 / fitted + 1 / (drug - fitted) + 1 / (event - fitted) + 1 / (others - event + fitted))
    gap = np.where(tells, a - fitted, 0.0)
    variance = np.where(tells, variance, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (gap**2 / variance).sum(axis=0)
        value -= gap.sum(axis=0) ** 2 / np.where(tells, variance, 0.0).sum(axis=0)  # Tarone
    strata = tells.sum(axis=0)
    return np.where((strata > 1) & np.isfinite(ratio), np.maximum(value, 0.0), np.nan), strata.astype(np.int64)
