"""Does a pair still stand out among reports that were as likely to name the drug, given the other drugs they name?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from primum.errors import CountError
from primum.provenance import Method
from primum.signals.drug_matrix import DrugMatrix, checked_event
from primum.signals.lasso import lasso_bic
from primum.signals.mantel_haenszel import MantelHaenszel, mantel_haenszel
from primum.terms import FloatArray, IntArray

METHOD: Final = Method(
    id="propensity",
    label="Reporting odds ratio over strata of the propensity score, learned by lasso and BIC from the other drugs",
    formula="Mantel-Haenszel over quantiles of P(drug | other drugs of the report)",
    citation="Rosenbaum, Rubin 1984, J Am Stat Assoc 79(387):516-524, doi:10.1080/01621459.1984.10478078; for reports: "
    "Tatonetti and others 2012, Sci Transl Med 4(125):125ra31, doi:10.1126/scitranslmed.3003377; Courtois and others "
    "2018, Front Pharmacol 9:1010, doi:10.3389/fphar.2018.01010",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PropensityAdjusted:
    """The adjusted ratio, and what it was adjusted by.

    Args:
        pooled: reporting odds ratio over the strata, and whether they agree.
        score: log odds that each report names the drug; shape `(reports,)`.
        stratum: of each report; same shape.
        others: numbers of the drugs that the score was learned from.
    """

    pooled: MantelHaenszel
    score: FloatArray
    stratum: IntArray
    others: IntArray


def propensity_adjusted(
    matrix: DrugMatrix, event: ArrayLike, *, drug: int, strata: int = 10, most: int = 100, level: float = 0.95
) -> PropensityAdjusted:
    """Compare reports with and without a drug that are alike in the other drugs they name.

    The score is a logistic regression of the drug on all others (`lasso_bic`). Strata are cut at quantiles of the score
    among the reports with the drug; equal scores stay together.

    Args:
        matrix: reports by drugs.
        event: true for each report with the event; shape `(reports,)`.
        drug: number of the drug.
        strata: cut at so many quantiles, from 2 to 100.
        most: largest number of drugs in the score.
        level: of the interval, in (0, 1).

    Returns:
        The Mantel-Haenszel odds ratio; strata without both kinds of report say nothing and are left out.

    Raises:
        CountError: the event does not fit the matrix, there is no such drug, or a number is outside its range.

    Numerics:
        Where no other drug goes with the drug there is one stratum, and the ratio is the plain one. It adjusts for
        drugs that are named, not for what nobody wrote.

    Source:
        Courtois and others, Front Pharmacol 9:1010, doi:10.3389/fphar.2018.01010.

    Examples:
        >>> from primum.signals.drug_matrix import drug_matrix
        >>> rng = np.random.default_rng(1)
        >>> harmful, beside = rng.random(9_000) < 0.1, rng.random(9_000) < 0.05
        >>> beside |= harmful & (rng.random(9_000) < 0.5)  # SYNTHETIC: it does nothing, and comes with the harmful one
        >>> matrix = drug_matrix(*np.nonzero(np.column_stack([harmful, beside])), reports=9_000, drugs=2)
        >>> event = rng.random(9_000) < np.where(harmful, 0.3, 0.03)
        >>> adjusted = propensity_adjusted(matrix, event, drug=1).pooled.estimate
        >>> bool(adjusted.lower[0] < 1 < adjusted.upper[0])
        True
    """
    has = checked_event(matrix, event)
    if not 0 <= drug < matrix.drugs or not 2 <= strata <= 100:
        raise CountError(
            f"drug is {drug}, strata {strata}; expected a drug below {matrix.drugs} and from 2 to 100 strata."
        )
    held = matrix.holds(drug)
    others = np.delete(np.arange(matrix.drugs), drug)
    model = lasso_bic(matrix.of(others), held, most=most)
    score = model.score(matrix.of(others))
    cuts = np.unique(np.quantile(score[held], np.arange(1, strata) / strata, method="closest_observation"))
    stratum = np.searchsorted(cuts, score, side="right")
    size = len(cuts) + 1

    def counted(*conditions: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> IntArray:
        inside = np.logical_and.reduce([np.ones(len(score), dtype=bool), *conditions])
        return np.bincount(stratum[inside], minlength=size)[:, None].astype(np.int64)

    pooled = mantel_haenszel(counted(held, has), counted(held), counted(has), counted(), level=level)
    return PropensityAdjusted(
        pooled=pooled, score=score, stratum=stratum.astype(np.int64), others=others[model.selected]
    )
