"""Which drugs does an event need to be explained, when all drugs of a report are looked at together?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.errors import CountError
from primum.provenance import Method
from primum.signals.drug_matrix import DrugMatrix, checked_event
from primum.signals.estimate import Estimate, checked_level, code_of
from primum.signals.lasso_path import PathStep, curvature, derivatives, lasso_path
from primum.terms import BoolArray, FloatArray, IntArray

METHOD: Final = Method(
    id="lasso_bic",
    label="Logistic regression on all drugs, chosen by lasso and the Bayesian information criterion, refitted unshrunk",
    formula="logit P(event) = b0 + sum of b over the drugs of the report; least -2 ln L + k ln N on the lasso's path",
    citation="Caster, Noren, Madigan, Bate 2010, Stat Anal Data Min 3(4):197-208, doi:10.1002/sam.10078; Courtois, "
    "Pariente, Salvo, Volatier, Tubert-Bitter, Ahmed 2018, Front Pharmacol 9:1010, doi:10.3389/fphar.2018.01010",
)

_REASONS: Final = (
    "",
    "the event comes always, never or only with the drug: the ratio has no finite value",
    "too few reports hold the drug to be looked at",
    "the event is explained as well without the drug: the model leaves it out",
)
_FAR: Final = 15.0  # a log odds ratio beyond it is on its way to infinity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LassoBic:
    """The odds ratio of each drug with all others held fixed, and the path the model was chosen on.

    Args:
        estimate: adjusted reporting odds ratio of each drug; 1 without an interval where the model leaves it out,
            infinite or 0 where it has no finite value.
        selected: drugs in the model; shape `(drugs,)`.
        intercept: log odds of the event in a report with no drug of the model.
        weights: log odds ratios of the model, as far as the search went; shape `(drugs,)`.
        penalties: of the path; shape `(steps,)`.
        sizes: drugs in the model at each; same shape.
        bic: of each, refitted without the penalty; same shape.
    """

    estimate: Estimate
    selected: BoolArray
    intercept: float
    weights: FloatArray
    penalties: FloatArray
    sizes: IntArray
    bic: FloatArray

    def score(self, matrix: DrugMatrix) -> FloatArray:
        """Log odds of the event in each report under the model."""
        drugs = np.flatnonzero(self.selected)
        return self.intercept + matrix.of(drugs).score(self.weights[drugs])


def lasso_bic(
    matrix: DrugMatrix,
    event: ArrayLike,
    *,
    most: int = 100,
    fewest_reports: int = 3,
    patience: int = 20,
    level: float = 0.95,
) -> LassoBic:
    r"""Logistic regression on all drugs at once, with the drugs chosen by lasso and BIC.

    The lasso's path proposes models; each is fitted again without the penalty, and the one with the least
    $-2 \ln L + k \ln N$ is the answer. A drug that stands in reports only beside the one that does the harm is left
    out, where a ratio of two shares calls it too.

    Args:
        matrix: reports by drugs, see `drug_matrix`.
        event: true for each report with the event; shape `(reports,)`.
        most: largest number of drugs in a model.
        fewest_reports: drugs in fewer reports may not enter.
        patience: the search ends when so many further models were no better.
        level: of the intervals, in (0, 1).

    Returns:
        One row a drug.

    Raises:
        CountError: the event does not fit the matrix, or all or no reports have it.

    Numerics:
        Without penalty and with one drug it is the reporting odds ratio with Woolf's interval (tested). Intervals are
        those of the chosen model as if it had been known: too narrow, as after every selection.

    Source:
        Courtois and others, Front Pharmacol 9:1010, doi:10.3389/fphar.2018.01010.

    Examples:
        >>> from primum.signals.drug_matrix import drug_matrix
        >>> rng = np.random.default_rng(1)
        >>> harmful, beside = rng.random(4_000) < 0.1, rng.random(4_000) < 0.05
        >>> beside |= harmful & (rng.random(4_000) < 0.7)  # SYNTHETIC: it does nothing, and comes with the harmful one
        >>> matrix = drug_matrix(*np.nonzero(np.column_stack([harmful, beside])), reports=4_000, drugs=2)
        >>> found = lasso_bic(matrix, rng.random(4_000) < np.where(harmful, 0.3, 0.03))
        >>> found.selected.tolist(), float(found.estimate.value[1])
        ([True, False], 1.0)
    """
    z = math.sqrt(2) * special.erfinv(checked_level(level))
    has = checked_event(matrix, event)
    if most < 1 or fewest_reports < 1:
        raise CountError(f"most is {most}, fewest_reports {fewest_reports}; expected numbers of at least 1.")
    usable = matrix.of_drug >= fewest_reports
    seen: dict[tuple[int, ...], Refit] = {}
    path = []
    for step in lasso_path(matrix, has, most=most, usable=usable):
        drugs = tuple(step.drugs.tolist())
        if drugs not in seen:
            seen[drugs] = refit(matrix, has, step)
        path.append((step.penalty, len(drugs), seen[drugs].bic))
        fits = list(seen.values())
        best = min(fits, key=lambda one: one.bic)
        if len(fits) - fits.index(best) > patience:
            break
    selected = np.zeros(matrix.drugs, dtype=bool)
    selected[best.drugs] = True
    log_ratio, half = np.zeros(matrix.drugs), np.full(matrix.drugs, np.nan)
    log_ratio[best.drugs], half[best.drugs] = best.weights, z * best.se
    endless = np.abs(log_ratio) > _FAR
    half[endless] = np.nan
    value, spread = np.exp(np.where(endless, np.copysign(np.inf, log_ratio), log_ratio)), np.exp(half)
    code = code_of(value.shape, endless, ~usable, ~selected)
    penalties, sizes, bic = (np.array(column) for column in zip(*path, strict=True))
    return LassoBic(
        estimate=Estimate(
            lower=value / spread, value=value, upper=value * spread, level=level, reason_code=code, reasons=_REASONS
        ),
        selected=selected,
        intercept=best.intercept,
        weights=log_ratio,
        penalties=penalties,
        sizes=sizes,
        bic=bic,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Refit:
    """A logistic regression without penalty on some drugs.

    Args:
        drugs: in the model.
        intercept: of the model.
        weights: log odds ratio of each.
        se: standard error of each.
        bic: Bayesian information criterion.
    """

    drugs: IntArray
    intercept: float
    weights: FloatArray
    se: FloatArray
    bic: float


def refit(matrix: DrugMatrix, event: BoolArray, start: PathStep) -> Refit:
    """Maximum likelihood on the drugs of a model of the path, by Newton's method from there.

    A drug whose every report has the event, or none, runs off to infinity; the search stops where that is plain.
    """
    drugs, place = matrix.of(start.drugs), np.concatenate(([start.intercept], start.coefficients))
    y = event.astype(np.float64)
    score = place[0] + drugs.score(place[1:])
    height = float((y * score - np.logaddexp(0, score)).sum())
    for _ in range(50):
        chance = special.expit(score)
        slope, hessian = derivatives(drugs, y - chance), curvature(drugs, chance * (1 - chance))
        hessian.flat[:: len(place) + 1] += 1e-9  # of a report: keeps a drug that has run off from dividing by 0
        step = np.asarray(np.linalg.solve(hessian, slope), dtype=np.float64)
        if float(step @ slope) < 1e-10 or np.abs(place[1:]).max(initial=0.0) > _FAR + 5:
            break
        along = step[0] + drugs.score(step[1:])
        for size in 0.5 ** np.arange(20):
            trial = score + size * along
            reached = float((y * trial - np.logaddexp(0, trial)).sum())
            if reached > height:
                score, height, place = trial, reached, place + size * step
                break
        else:
            break
    se = np.sqrt(np.maximum(np.diag(np.linalg.inv(hessian))[1:], 0.0))
    return Refit(start.drugs, float(place[0]), place[1:], se, -2 * height + drugs.drugs * math.log(matrix.reports))
