"""The information component of older papers: a Bayesian network of beta priors, for comparison with them."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.provenance import Method
from primum.signals.estimate import Estimate, checked_level
from primum.signals.fourfold import fourfold

METHOD: Final = Method(
    id="bcpnn",
    label="Information component of the Bayesian confidence propagation neural network, beta priors, normal interval",
    formula="E[IC] -+ z sqrt(V[IC]), IC = log2(p11 / (p1. p.1)), p11, p1., p.1 independent beta",
    citation="Bate and others 1998, Eur J Clin Pharmacol 54(4):315-321, doi:10.1007/s002280050466; Gould 2003, "
    "Pharmacoepidemiol Drug Saf 12(7):559-574, doi:10.1002/pds.771",
)


def bcpnn(
    observed: ArrayLike,
    drug_reports: ArrayLike,
    event_reports: ArrayLike,
    total_reports: ArrayLike,
    *,
    level: float = 0.95,
) -> Estimate:
    r"""Information component with beta priors.

    With digamma $\psi$ and trigamma $\psi_1$, for a beta variable of parameters (x, y) $E[\ln p] = \psi(x) -
    \psi(x + y)$ and $V[\ln p] = \psi_1(x) - \psi_1(x + y)$. The three shares have
    $$ p_{11} \sim (a + 1, \cdot) \text{ of sum } N + \gamma, \quad p_{1.} \sim n_{drug} + 1 \text{ of } N + 2, \quad
       p_{.1} \sim n_{event} + 1 \text{ of } N + 2, \qquad
       \gamma = \frac{(N + 2)^2}{(n_{drug} + 1)(n_{event} + 1)}. $$

    Args:
        observed: reports with both; shape `(pairs,)`, whole numbers >= 0.
        drug_reports: reports with the drug; same shape, or one number.
        event_reports: reports with the event; same shape, or one number.
        total_reports: all distinct reports of cohort and comparator.
        level: of the interval, in (0, 1).

    Returns:
        Value and bounds, unit bits; finite for every pair, so no reason is ever needed.

    Raises:
        CountError: the counts cannot belong to one set of reports.

    Numerics:
        Mean and variance are exact for the three betas taken as independent, which they are not; the interval is
        normal. Use `ic` unless an older paper is to be met. Equals a simulation of the betas (tested).

    Source:
        Gould, Pharmacoepidemiol Drug Saf 12(7):559-574, doi:10.1002/pds.771.

    Examples:
        >>> estimate = bcpnn([10], [100], [200], 10_000)
        >>> round(float(estimate.lower[0]), 2), round(float(estimate.value[0]), 2)
        (0.87, 1.8)
    """
    z = math.sqrt(2) * special.erfinv(checked_level(level))
    cells = fourfold(observed, drug_reports, event_reports, total_reports)
    a, drug, event = cells.both, cells.both + cells.drug_only, cells.both + cells.event_only
    total = drug + cells.event_only + cells.neither
    gamma = (total + 2) ** 2 / ((drug + 1) * (event + 1))
    shares = ((a + 1, total + gamma, 1), (drug + 1, total + 2, -1), (event + 1, total + 2, -1))
    mean = np.asarray(sum(sign * (special.digamma(x) - special.digamma(of)) for x, of, sign in shares)) / math.log(2)
    variance = sum(special.polygamma(1, x) - special.polygamma(1, of) for x, of, _ in shares) / math.log(2) ** 2
    half = z * np.sqrt(variance)
    code = np.zeros(a.shape, dtype=np.uint8)
    return Estimate(lower=mean - half, value=mean, upper=mean + half, level=level, reason_code=code, reasons=("",))
