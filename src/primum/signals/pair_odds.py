"""How do the reporting odds of an event with two drugs compare with the odds with each of them alone?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from primum.provenance import Method
from primum.signals.estimate import Estimate, checked_level, code_of
from primum.signals.three_way import ThreeWay
from primum.terms import FloatArray

METHOD: Final = Method(
    id="pair_odds",
    label="Reporting odds ratios of two drugs together and alone, their ratio and relative excess",
    formula="OR11, OR10, OR01 against neither drug; OR11 / (OR10 OR01); OR11 - OR10 - OR01 + 1",
    citation="Hosmer, Lemeshow 1992, Epidemiology 3(5):452-456, doi:10.1097/00001648-199209000-00012; "
    "Thakrar, Grundschober, Doessegger 2007, Br J Clin Pharmacol 64(4):489-495, doi:10.1111/j.1365-2125.2007.02900.x",
)

_REASONS: Final = (
    "",
    "a group of reports (both drugs, one alone, neither) has no report with, or none without the event",
)


@dataclass(frozen=True, slots=True, eq=False)
class PairOdds:
    """Reporting odds ratios against reports with neither drug, and how far two drugs leave the baselines.

    Args:
        together: odds ratio of both drugs.
        first: odds ratio of the first drug alone.
        second: odds ratio of the second drug alone.
        multiplicative: `together / (first * second)`; 1 where odds multiply.
        additive: `together - first - second + 1`; 0 where excesses add up.
    """

    together: Estimate
    first: Estimate
    second: Estimate
    multiplicative: Estimate
    additive: Estimate


def pair_odds(counts: ThreeWay, *, haldane: bool = False, level: float = 0.95) -> PairOdds:
    r"""Odds ratios of two drugs together and alone, with both measures of interaction.

    With the odds $o$ of the four groups, $OR_{jk} = o_{jk} / o_{00}$; the ratios have Woolf's interval, the excess
    $OR_{11} - OR_{10} - OR_{01} + 1$ has the one of the delta method.

    Args:
        counts: reports of each pair of drugs and event, see `three_way`.
        haldane: add one half to all eight cells of a triple that has an empty one.
        level: of the intervals, in (0, 1).

    Returns:
        The five estimates, unit ratio; a triple with an empty cell is empty, with the reason, unless `haldane`.

    Numerics:
        The delta interval of the excess is symmetric and poor where counts are small; Omega is made for that.

    Source:
        Hosmer, Lemeshow, Epidemiology 3(5):452-456, doi:10.1097/00001648-199209000-00012.

    Examples:
        >>> from primum.signals.three_way import three_way
        >>> found = pair_odds(three_way(([9], [15], [14], [100]), ([20], [120], [80], 5000)))
        >>> round(float(found.together.value[0]), 2), round(float(found.multiplicative.value[0]), 2)
        (48.48, 2.38)
    """
    z = math.sqrt(2) * special.erfinv(checked_level(level))
    groups = ("both", "first", "second", "neither")
    with_event = np.stack([getattr(counts, f"{group}_event") for group in groups]).astype(np.float64)
    without = np.stack([getattr(counts, group) for group in groups]) - with_event
    empty = ((with_event == 0) | (without == 0)).any(axis=0)
    if haldane:
        with_event, without = with_event + 0.5 * empty, without + 0.5 * empty
        empty = np.zeros_like(empty)
    code = code_of(counts.both.shape, empty)
    with_event, without = np.where(empty, 1.0, with_event), np.where(empty, 1.0, without)
    log_odds, variance = np.log(with_event / without), 1 / with_event + 1 / without
    ratios = np.exp(log_odds[:3] - log_odds[3])
    signs = np.array([1, -1, -1])[:, None] * ratios
    # The variance of the excess: each group's own part, and that of the background that all three share.
    spread = np.sqrt((signs**2 * variance[:3]).sum(axis=0) + signs.sum(axis=0) ** 2 * variance[3])
    excess = signs.sum(axis=0) + 1
    product = log_odds[0] - log_odds[1] - log_odds[2] + log_odds[3]
    half = z * np.sqrt(variance.sum(axis=0))
    single = z * np.sqrt(variance[:3] + variance[3])

    def estimate(lower: FloatArray, value: FloatArray, upper: FloatArray) -> Estimate:
        kept = [np.where(empty, np.nan, column) for column in (lower, value, upper)]
        return Estimate(lower=kept[0], value=kept[1], upper=kept[2], level=level, reason_code=code, reasons=_REASONS)

    together, first, second = (estimate(r / np.exp(s), r, r * np.exp(s)) for r, s in zip(ratios, single, strict=True))
    return PairOdds(
        together,
        first,
        second,
        estimate(np.exp(product - half), np.exp(product), np.exp(product + half)),
        estimate(excess - z * spread, excess, excess + z * spread),
    )
