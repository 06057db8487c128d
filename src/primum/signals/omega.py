"""Is an event reported more often with two drugs together than their separate excesses add up to?"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from primum.errors import UnknownNameError
from primum.provenance import Method
from primum.signals.estimate import Estimate, code_of
from primum.signals.ic import ic
from primum.signals.three_way import ThreeWay
from primum.terms import FloatArray

METHOD: Final = Method(
    id="omega",
    label="Omega shrinkage measure of drug-drug interaction with exact gamma credibility interval",
    formula="log2((n111 + 0.5) / (E111 + 0.5)); E111 from the odds of each drug alone, added or multiplied",
    citation="Noren, Sundberg, Bate, Edwards 2008, Stat Med 27(16):3057-3070, doi:10.1002/sim.3247",
)

Baseline = Literal["additive", "multiplicative"]
BASELINES: Final[tuple[Baseline, ...]] = ("additive", "multiplicative")
_REASONS: Final = (
    "",
    "no report is without both drugs: the background is not known",
    "no report has the first drug alone: its share is not known",
    "no report has the second drug alone: its share is not known",
    "no report without the drugs has the event: shares cannot be multiplied",
    "no report has both drugs: nothing is expected, and the value is that of the shrinkage alone",
)
_NO_BASELINE: Final = (1, 2, 3, 4)


def omega(counts: ThreeWay, *, baseline: Baseline = "additive", level: float = 0.95) -> Estimate:
    r"""Omega of each pair of drugs with an event.

    With $f_{jk}$ the share of reports with the event among those with (1) or without (0) each drug, and odds
    $o = f / (1 - f)$, the additive baseline expects the share
    $$ g_{11} = 1 - \frac{1}{\max(o_{00}, o_{10}) + \max(o_{00}, o_{01}) - o_{00} + 1}, $$
    the multiplicative one $f_{10} f_{01} / f_{00}$ (at most 1). With $E = g_{11} n_{11}$,
    $$ \Omega = \log_2 \frac{n_{111} + 1/2}{E + 1/2}, $$ and the interval is that of the information component.

    Args:
        counts: reports of each pair of drugs and event, see `three_way`.
        baseline: what two drugs without interaction do: their excesses add up, or their shares multiply.
        level: of the interval, in (0, 1).

    Returns:
        Value and bounds, unit bits; above 0 means more reports than the baseline expects. A triple whose baseline
        cannot be known is empty, with the reason.

    Raises:
        UnknownNameError: a baseline that does not exist.

    Numerics:
        A drug that lowers the share of the event counts as if it did nothing (the maxima), as in the source. Two drugs
        that only add their excesses keep the lower bound below 0 as often as the level says (tested by simulation).

    Source:
        Noren, Sundberg, Bate, Edwards, Stat Med 27(16):3057-3070, doi:10.1002/sim.3247.

    Examples:
        >>> from primum.signals.three_way import three_way
        >>> found = omega(three_way(([9], [15], [14], [100]), ([20], [120], [80], 5000)))
        >>> round(float(found.value[0]), 3), bool(found.lower[0] > 0)
        (1.7, True)
    """
    if baseline not in BASELINES:
        raise UnknownNameError.of("baseline", baseline, BASELINES)
    code = code_of(
        counts.both.shape,
        counts.neither == 0,
        counts.first == 0,
        counts.second == 0,
        (counts.neither_event == 0) & (baseline == "multiplicative"),
        counts.both == 0,
    )
    share = _added(counts) if baseline == "additive" else _multiplied(counts)
    known = ~np.isin(code, _NO_BASELINE)
    expected = np.where(known, np.where(np.isnan(share), 0.0, share) * counts.both, 0.0)
    found = ic(counts.both_event, expected, level=level)
    lower, value, upper = (np.where(known, column, np.nan) for column in (found.lower, found.value, found.upper))
    return Estimate(lower=lower, value=value, upper=upper, level=level, reason_code=code, reasons=_REASONS)


def _added(counts: ThreeWay) -> FloatArray:
    """Share of reports with the event where the excess odds of two drugs add up."""
    _, first, second, neither = counts.odds()
    with np.errstate(invalid="ignore"):
        odds = np.maximum(neither, first) + np.maximum(neither, second) - neither
    every = np.isinf(first) | np.isinf(second) | np.isinf(neither)  # each of their reports has the event
    with np.errstate(invalid="ignore"):
        return np.where(every, 1.0, 1 - 1 / (odds + 1))


def _multiplied(counts: ThreeWay) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (counts.first_event / counts.first) * (counts.second_event / counts.second)
        return np.minimum(ratio / (counts.neither_event / counts.neither), 1.0)
