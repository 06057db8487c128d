"""Empirical Bayes geometric mean: how far above expectation is a pair, after learning from all cells what is usual?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.counts.kernel import in_threads
from primum.provenance import Method
from primum.signals.ebgm_cells import Cells, cells_of, checked_cells
from primum.signals.ebgm_likelihood import Component, Mixture, first_share
from primum.signals.ebgm_prior import EbgmFit, fit_prior
from primum.signals.ebgm_quantiles import posterior_quantiles
from primum.signals.estimate import Estimate, checked_level, code_of
from primum.terms import FloatArray

METHOD: Final = Method(
    id="ebgm",
    label="Empirical Bayes geometric mean with 5 % and 95 % posterior quantiles, prior fitted on all cells",
    formula="exp(E[ln lambda | n, E]); n ~ Poisson(lambda E); "
    "lambda ~ p Gamma(alpha1, beta1) + (1 - p) Gamma(alpha2, beta2)",
    citation="DuMouchel 1999, Am Stat 53(3):177-190, doi:10.1080/00031305.1999.10474456; "
    "DuMouchel, Pregibon 2001, KDD, 67-76, doi:10.1145/502512.502526",
)

_AT_ONCE: Final = 131_072  # pairs
_REASONS: Final = (
    "",
    "nothing is expected: the value is the prior's own",
    "the fitted prior holds only point masses: too little data to learn how rates spread",
)


@dataclass(frozen=True, slots=True)
class EbgmResult:
    """Scores of each pair and the certificate of the prior they stand on."""

    estimate: Estimate
    fit: EbgmFit


def ebgm(
    observed: ArrayLike,
    expected: ArrayLike,
    *,
    fit: EbgmFit | None = None,
    zero_expected: ArrayLike = (),
    zero_weight: ArrayLike | None = None,
    level: float = 0.90,
) -> EbgmResult:
    r"""EBGM, EB05 and EB95 of each pair.

    $$ EBGM = \exp(E[\ln\lambda \mid n, E]) = \exp\sum_j Q_j (\psi(\alpha_j + n) - \ln(\beta_j + E)), $$
    with $Q_j$ the posterior probability of component j; EB05 and EB95 are quantiles of the posterior.

    Args:
        observed: reports with both; shape `(pairs,)`, whole numbers >= 0.
        expected: reports expected under independence, stratified or not; same shape, each >= 0.
        fit: a prior fitted before, on all cells of the cohort; None fits one here on these pairs and the zero cells.
        zero_expected: expectations of the cells that no report is in; used only when fitting.
        zero_weight: how many such cells; 1 each by default.
        level: mass between the two quantiles; 0.90 gives EB05 and EB95.

    Returns:
        The estimate (lower is EB05, upper EB95, unit ratio) and the fit with its certificate.

    Raises:
        CountError: counts or expectations that cannot be, or no cell with an expectation above 0 to fit on.

    Numerics:
        With openEBGM's hyperparameters on its CAERS table, equal to its unrounded EBGM, EB05 and EB95 to 1e-6
        relative. Never empty.

    Source:
        DuMouchel, Am Stat 53(3):177-190, doi:10.1080/00031305.1999.10474456, equations 6 to 12.

    Examples:
        >>> result = ebgm([0, 1, 2, 40], [1.1, 0.9, 2.5, 0.8])
        >>> result.fit.boundary
        '...'
    """
    tail = (1 - checked_level(level)) / 2
    n, e = checked_cells(observed, expected)
    if fit is None:
        fit = fit_prior(cells_of(n, e, zero_expected=zero_expected, zero_weight=zero_weight))
    pairs = Cells(n, np.maximum(e, 1e-300), np.ones(n.shape))  # with nothing expected, the posterior is the prior
    value = _in_blocks(fit.mixture, pairs)
    lower, upper = posterior_quantiles(fit.mixture, pairs, (tail, 1 - tail))
    only_points = not (fit.mixture.first.is_gamma or fit.mixture.second.is_gamma)
    code = code_of(n.shape, e == 0, np.full(n.shape, only_points))
    return EbgmResult(
        Estimate(lower=lower, value=value, upper=upper, level=level, reason_code=code, reasons=_REASONS), fit
    )


def _in_blocks(mixture: Mixture, pairs: Cells) -> FloatArray:
    """EBGM of each pair, some pairs at a time and on all processors."""
    value = np.empty(len(pairs))

    def of_block(first: int) -> None:
        some = slice(first, first + _AT_ONCE)
        value[some] = geometric_mean(mixture, pairs.some(some))

    in_threads(of_block, range(0, len(pairs), _AT_ONCE))
    return value


def geometric_mean(mixture: Mixture, pairs: Cells) -> FloatArray:
    """EBGM of each pair under a prior; 0 where the posterior has mass at 0."""
    share = first_share(mixture, pairs)
    logs = share * _mean_log(mixture.first, pairs)
    if mixture.share < 1:
        np.subtract(1, share, out=share)
        with np.errstate(invalid="ignore"):
            other = share * _mean_log(mixture.second, pairs)
        logs += (
            other if np.isfinite(mixture.second.mean) and mixture.second.mean > 0 else np.where(share > 0, other, 0.0)
        )
    return np.exp(logs, out=logs)  # Eq. 9


def _mean_log(part: Component, pairs: Cells) -> FloatArray:
    if not part.is_gamma:
        return np.full(len(pairs), np.log(part.mean) if part.mean > 0 else -np.inf)
    values, place = pairs.distinct
    return np.asarray(special.digamma(part.shape + values)[place] - np.log(part.rate + pairs.expected))  # Eq. 10
