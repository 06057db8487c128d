"""Of the pairs at the top of the empirical Bayes ranking, what share is expected to be false?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.errors import CountError
from primum.provenance import Method
from primum.signals.ebgm_cells import Cells
from primum.signals.ebgm_likelihood import Component, first_share
from primum.signals.ebgm_prior import EbgmFit
from primum.signals.estimate import checked_counts, checked_numbers, same_shape
from primum.terms import FloatArray

METHOD: Final = Method(
    id="bayes_fdr",
    label="Bayesian false discovery rate from the empirical Bayes posterior",
    formula="mean of P(lambda <= 1 | n, E) over all pairs ranked as high or higher",
    citation="Ahmed and others 2009, Stat Med 28(13):1774-1792, doi:10.1002/sim.3586",
)


@dataclass(frozen=True, slots=True, eq=False)
class BayesFdr:
    """How sure each pair is, and what share of a list that ends with it is expected to be false.

    Args:
        p_null: posterior probability that the pair's rate is at most `threshold`; shape `(pairs,)`.
        fdr: expected share of false ones among all pairs whose `p_null` is no larger; same shape.
        threshold: what a rate must exceed to be no false discovery.
    """

    p_null: FloatArray
    fdr: FloatArray
    threshold: float


def bayes_fdr(
    observed: ArrayLike, expected: ArrayLike, *, fit: EbgmFit, threshold: float = 1.0, weight: ArrayLike | None = None
) -> BayesFdr:
    r"""Bayesian false discovery rate of each pair.

    $$ p_i = P(\lambda_i \le \lambda_0 \mid n_i, E_i), \qquad
       FDR_i = \frac{\sum_{p_j \le p_i} p_j}{\#\{j : p_j \le p_i\}}. $$

    Args:
        observed: reports with both; shape `(pairs,)`, whole numbers >= 0.
        expected: reports expected; same shape, each >= 0.
        fit: the prior, fitted on all cells.
        threshold: $\lambda_0$, above 0; 1 calls any rate above expectation a discovery.
        weight: how many pairs have each pair of counts, at least 1; None: one each.

    Returns:
        Probability and rate of each pair; a list of all pairs with `fdr <= 0.05` is expected to hold 5 % false ones.

    Raises:
        CountError: counts or expectations that cannot be, or a threshold that is not above 0.

    Numerics:
        Exact incomplete gamma functions, no simulation. Ties get the same rate. Data drawn from the prior keep the
        promise (tested by simulation); a prior that does not fit does not.

    Source:
        Ahmed, Haramburu, Fourrier-Reglat, Thiessard, Kreft-Jais, Miremont-Salame, Begaud, Tubert-Bitter, Stat Med
        28(13):1774-1792, doi:10.1002/sim.3586.

    Examples:
        >>> from primum.signals.ebgm_cells import cells_of
        >>> from primum.signals.ebgm_prior import fit_prior
        >>> n, e = [0, 1, 1, 0, 2, 30, 0, 1], [1.0, 0.9, 1.4, 0.5, 2.1, 2.0, 0.7, 0.8]
        >>> found = bayes_fdr(n, e, fit=fit_prior(cells_of(n, e)))
        >>> int(found.fdr.argmin()), bool(found.fdr[5] < 0.01)
        (5, True)
    """
    if not threshold > 0:
        raise CountError(f"threshold is {threshold}; expected a rate above 0, such as 1.")
    n, e = checked_counts("observed", observed), checked_numbers("expected", expected)
    same_shape(observed=n, expected=e)
    pairs = Cells(n, np.maximum(e, 1e-300), np.ones(n.shape))
    mixture = fit.mixture
    share = first_share(mixture, pairs)
    p_null = share * _at_most(mixture.first, pairs, threshold)
    if mixture.share < 1:
        p_null = p_null + (1 - share) * _at_most(mixture.second, pairs, threshold)
    many = np.ones(n.shape) if weight is None else checked_numbers("weight", weight)
    same_shape(observed=n, weight=many)
    return BayesFdr(p_null, _mean_of_smaller(p_null, many), threshold)


def _at_most(part: Component, pairs: Cells, threshold: float) -> FloatArray:
    """Posterior probability, within one component, that the rate is at most the threshold."""
    if not part.is_gamma:
        return np.full(len(pairs), float(part.mean <= threshold))
    return np.asarray(special.gammainc(part.shape + pairs.observed, (part.rate + pairs.expected) * threshold))


def _mean_of_smaller(p: FloatArray, weight: FloatArray) -> FloatArray:
    order = np.argsort(p, kind="stable")
    ranked = p[order]
    last = np.searchsorted(ranked, ranked, side="right")  # ties end together
    result = np.empty_like(p)
    result[order] = (np.cumsum(ranked * weight[order]) / np.cumsum(weight[order]))[last - 1]
    return result
