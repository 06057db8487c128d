"""Which drugs come early on the lasso's path, whatever part of the reports it is shown?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from primum.errors import CountError
from primum.provenance import Method
from primum.signals.drug_matrix import DrugMatrix, checked_event
from primum.signals.lasso_path import lasso_path
from primum.terms import BoolArray, FloatArray

METHOD: Final = Method(
    id="lasso_cisl",
    label="Class-imbalanced subsampling lasso",
    formula="share of the models with 1 to E drugs in which the drug's coefficient is above 0, over subsamples of as "
    "many reports with the event as there are and four times as many without",
    citation="Ahmed, Pariente, Tubert-Bitter 2018, Stat Methods Med Res 27(3):785-797, doi:10.1177/0962280216643116; "
    "Courtois and others 2018, Front Pharmacol 9:1010, doi:10.3389/fphar.2018.01010",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LassoCisl:
    """How steadily each drug is chosen.

    Args:
        shares: of the models of each subsample; shape `(subsamples, drugs)`.
        quantile: `tail` quantile of them over the subsamples; shape `(drugs,)`.
        selected: drugs whose quantile is above 0.
        tail: which quantile decides.
    """

    shares: FloatArray
    quantile: FloatArray
    selected: BoolArray
    tail: float


def lasso_cisl(
    matrix: DrugMatrix,
    event: ArrayLike,
    *,
    rng: np.random.Generator,
    subsamples: int = 100,
    others_per_event: int = 4,
    most: int = 50,
    tail: float = 0.1,
    fewest_reports: int = 3,
) -> LassoCisl:
    """Choose drugs by how steadily the lasso finds them in subsamples where the event is not rare.

    Each subsample draws, with replacement, as many reports with the event as there are, and a multiple of them without.
    On its path the first model of each size from 1 to `most` counts; a drug's share is that of the sizes whose model
    gives it a coefficient above 0.

    Args:
        matrix: reports by drugs.
        event: true for each report with the event; shape `(reports,)`.
        rng: source of the subsamples; the same seed gives the same answer.
        subsamples: how many, at least 10.
        others_per_event: reports without the event for each with it.
        most: largest number of drugs in a model.
        tail: quantile of the shares that must be above 0, in (0, 1).
        fewest_reports: drugs in fewer reports, of all, may not enter.

    Raises:
        CountError: the event does not fit the matrix, or a number is outside its range.

    Numerics:
        Sizes that the path steps over count for the next smaller model. Deterministic for a seed.

    Source:
        Ahmed, Pariente, Tubert-Bitter, Stat Methods Med Res 27(3):785-797, doi:10.1177/0962280216643116.

    Examples:
        >>> from primum.signals.drug_matrix import drug_matrix
        >>> rng = np.random.default_rng(1)
        >>> held = rng.random((1_500, 4)) < 0.1  # SYNTHETIC: the first of four drugs does harm
        >>> matrix = drug_matrix(*np.nonzero(held), reports=1_500, drugs=4)
        >>> event = rng.random(1_500) < np.where(held[:, 0], 0.2, 0.02)
        >>> lasso_cisl(matrix, event, rng=rng, subsamples=10, most=2).selected.tolist()
        [True, False, False, False]
    """
    has = checked_event(matrix, event)
    if subsamples < 10 or others_per_event < 1 or most < 1 or not 0 < tail < 1:
        raise CountError(
            f"subsamples is {subsamples}, others_per_event {others_per_event}, most {most}, tail {tail}; expected at "
            "least 10 subsamples, numbers of at least 1 and a quantile between 0 and 1."
        )
    with_event, without = np.flatnonzero(has), np.flatnonzero(~has)
    usable = matrix.of_drug >= fewest_reports
    shares = np.zeros((subsamples, matrix.drugs))
    for row in shares:
        drawn = rng.choice(with_event, len(with_event)), rng.choice(without, others_per_event * len(with_event))
        some = np.concatenate(drawn)
        row[:] = _shares(matrix.rows(some), has[some], most=most, usable=usable)
    quantile = np.quantile(shares, tail, axis=0)
    return LassoCisl(shares=shares, quantile=quantile, selected=quantile > 0, tail=tail)


def _shares(matrix: DrugMatrix, event: BoolArray, *, most: int, usable: BoolArray) -> FloatArray:
    """Share of the model sizes in which each drug is thought to do harm."""
    counted, reached = np.zeros(matrix.drugs), 0
    last = np.zeros(0, dtype=np.int64)
    for step in lasso_path(matrix, event, most=most, usable=usable):
        size = len(step.drugs)
        if size > reached:
            counted[last] += size - reached - 1  # sizes stepped over
            last = step.drugs[step.coefficients > 0]
            counted[last] += 1
            reached = size
    counted[last] += most - reached
    return counted / most
