"""Which drugs does an event need to be explained, when all drugs of its reports are looked at together?

A drug that only travels with a harmful one has a ratio of its own, and loses it here. Reports without the event are
drawn, and those with it where they are many: the odds ratio of a drug does not depend on how many of either are taken
(Prentice, Pyke 1979, Biometrika 66(3):403-411, doi:10.1093/biomet/66.3.403), and the time stays bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from primum.counts.cohort import Cohort
from primum.counts.holdings import Drugs, Events
from primum.errors import CountError, UnknownNameError
from primum.signals.drug_matrix import DrugMatrix, drug_matrix
from primum.signals.estimate import Estimate
from primum.signals.lasso import METHOD as LASSO_BIC
from primum.signals.lasso import LassoBic, lasso_bic
from primum.signals.lasso_cisl import METHOD as LASSO_CISL
from primum.signals.lasso_cisl import LassoCisl, lasso_cisl
from primum.signals.propensity import METHOD as PROPENSITY
from primum.signals.propensity import propensity_adjusted
from primum.signals.results import ResultTable, why_empty, with_bounds
from primum.signals.ror import METHOD as ROR
from primum.signals.ror import ror
from primum.study.question import Question
from primum.study.reports import Reports
from primum.study.together import people_of
from primum.terms import BoolArray, IntArray, StrArray
from primum.vocab.reactions import normal

SCHEMA: Final = "primum.regression/1"
METHODS: Final = {method.id: method for method in (LASSO_BIC, LASSO_CISL, PROPENSITY)}
DEFAULT: Final = ("lasso_bic",)
MOST_WITH: Final = 40_000  # reports with the event that a model is fitted on
MOST_WITHOUT: Final = 160_000
MOST_STEADY: Final = 5_000  # reports with the event of a subsample: a hundred are drawn
MOST_ADJUSTED: Final = 5  # drugs that propensity strata are made for, besides the one that is named
SEED: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regression:
    """All drugs on one event.

    Args:
        drug: names of the drugs that a report with the event holds; shape `(drugs,)`.
        event: terms that were looked for.
        observed: reports with drug and event; same shape.
        drug_reports: reports with the drug; same shape.
        event_reports: reports with the event.
        total_reports: all reports.
        plain: odds ratio of each drug against all reports without it.
        fit: adjusted odds ratio of each drug; None where it was not asked for.
        steady: how steadily each is chosen in subsamples; None likewise.
        adjusted: odds ratio over propensity strata, not a number for drugs that it was not computed for; None likewise.
        asked: the drug that was named; empty where none was.
        cohort: reports that were looked at.
        snapshot: hash of the store.
        notes: what is to be said of all of it.
    """

    drug: StrArray
    event: tuple[str, ...]
    observed: IntArray
    drug_reports: IntArray
    event_reports: int
    total_reports: int
    plain: Estimate
    fit: LassoBic | None
    steady: LassoCisl | None
    adjusted: Estimate | None
    asked: str
    cohort: str
    snapshot: str
    notes: tuple[str, ...]

    @property
    def chosen(self) -> BoolArray:
        """Drugs that a model kept; shape `(drugs,)`."""
        return _chosen(len(self.drug), self.fit, self.steady)

    def table(self) -> ResultTable:
        """A row a drug: those that a model kept first, then the others by the lower bound of their own ratio."""
        columns: dict[str, np.ndarray[Any, Any]] = {
            "drug": self.drug,
            "observed": self.observed,
            "drug_reports": self.drug_reports,
            **with_bounds("ror", self.plain),
        }
        ran, reasons = [ROR], [("ror", self.plain.reason)]
        if self.fit is not None:
            columns |= {**with_bounds("or_lasso", self.fit.estimate), "lasso_bic": self.fit.selected.astype(np.int64)}
            ran, reasons = [*ran, LASSO_BIC], [*reasons, ("lasso_bic", self.fit.estimate.reason)]
        if self.steady is not None:
            chosen = {"lasso_cisl": self.steady.selected.astype(np.int64), "cisl_low": self.steady.quantile}
            columns |= {**chosen, "cisl_share": self.steady.shares.mean(axis=0)}
            ran = [*ran, LASSO_CISL]
        if self.adjusted is not None:
            columns |= with_bounds("or_propensity", self.adjusted)
            ran, reasons = [*ran, PROPENSITY], [*reasons, ("propensity", self.adjusted.reason)]
        columns["chosen"] = self.chosen.astype(np.int64)
        columns["warnings"] = why_empty(len(self.drug), reasons)
        about = {
            "event": list(self.event),
            "cohort": self.cohort,
            "snapshot": self.snapshot,
            "level": self.plain.level,
            "event_reports": self.event_reports,
            "total_reports": self.total_reports,
        }
        made = ResultTable(schema=SCHEMA, column=columns, about=about, methods=tuple(ran), notes=self.notes)
        there = made.take(np.flatnonzero((self.observed > 0) | self.chosen | (self.drug == self.asked)))
        return there.ranked("chosen", *(["or_lasso_lower"] if self.fit is not None else []), "ror_lower", "observed")


def regression(
    reports: Reports,
    terms: Sequence[str],
    cohort: Cohort | str | None = None,
    *,
    drug: str = "",
    methods: Sequence[str] = DEFAULT,
    duplicates: str | None = None,
    roles: tuple[str, ...] | None = None,
    fewest_reports: int = 5,
    most: int = 100,
    level: float = 0.95,
) -> Regression:
    """Which drugs explain an event when all drugs of each report are looked at together?

    Args:
        reports: the loaded reports.
        terms: preferred terms, any of which is the event.
        cohort: which people, as a cohort or its text; None for all.
        drug: a substance that propensity strata are made for, whatever the models say of it; empty for none.
        methods: of `METHODS`. `propensity` looks at `drug` and at the drugs that the others chose, `MOST_ADJUSTED` of
            them.
        duplicates: `off`, `exact` or `probabilistic`; None for the best links there are.
        roles: of the drugs, such as `("PS", "SS", "C", "I")` to bring in what was taken beside; None: those that are
            exposures.
        fewest_reports: substances in fewer of the reports that are fitted may not enter.
        most: largest number of drugs in the model.
        level: of the intervals, in (0, 1).

    Raises:
        UnknownNameError: no report has any of the terms, no such substance or method; the nearest are named.
        CohortError: a cohort that cannot be read, holds no report, or speaks of a drug.
        CountError: every report has the event, or none in the cohort.
        StoreError: the store's arrays are switched off.

    Numerics:
        Above `MOST_WITH` reports with the event and `MOST_WITHOUT` without it some are drawn at random, seed `SEED`;
        the plain ratio is of all reports. The subsampling lasso draws from the same reports.
    """
    arrays = reports.needed_arrays()
    for name in methods:
        if name not in METHODS:
            raise UnknownNameError.of("method", name, METHODS)
    drugs = arrays.drugs("substance", roles)
    wanted = tuple(dict.fromkeys(normal(term) for term in terms))
    number = None if not drug else _number_of(reports, drug, drugs.names)
    meant = reports.meant(Question("", cohort, duplicates=duplicates))
    people = people_of(arrays, meant)
    has = _has(arrays.events(), wanted, arrays.total)
    with_event, without = (np.flatnonzero(some if people is None else some & people) for some in (has, ~has))
    total = len(with_event) + len(without)
    if not len(with_event) or not len(without):
        raise CountError(
            f"{len(with_event):,} of {total:,} reports have {', '.join(wanted)}; expected some with and some without. "
            "Widen the cohort."
        )
    observed = np.bincount(drugs.of_report.gather(with_event)[0], minlength=len(drugs.names)).astype(np.int64)
    of_drug = drugs.margins(people).astype(np.int64)
    rng = np.random.default_rng(SEED)
    rows = np.concatenate([_drawn(rng, with_event, MOST_WITH), _drawn(rng, without, MOST_WITHOUT)])
    matrix, event = _matrix(drugs, rows), has[rows]
    fit = steady = adjusted = None
    if "lasso_bic" in methods:
        fit = lasso_bic(matrix, event, most=most, fewest_reports=fewest_reports, level=level)
    if "lasso_cisl" in methods:
        few = np.concatenate([_drawn(rng, np.flatnonzero(event), MOST_STEADY), np.flatnonzero(~event)])
        steady = lasso_cisl(matrix.rows(few), event[few], rng=rng, fewest_reports=fewest_reports)
    if "propensity" in methods:
        looked = _looked_at(number, fit, steady, observed)
        adjusted = _adjusted(matrix, event, looked, most=most, level=level)
    synthetic = reports.store.synthetic()
    return Regression(
        drug=drugs.names,
        event=wanted,
        observed=observed,
        drug_reports=of_drug,
        event_reports=len(with_event),
        total_reports=total,
        plain=ror(observed, of_drug, len(with_event), total, level=level),
        fit=fit,
        steady=steady,
        adjusted=adjusted,
        asked="" if number is None else str(drugs.names[number]),
        cohort=str(meant.cohort),
        snapshot=reports.store.snapshot(),
        notes=tuple(note for note in (synthetic, _drawing(event, with_event, without), *meant.notes) if note),
    )


def _has(events: Events, wanted: Sequence[str], reports: int) -> BoolArray:
    """Which reports have any of some terms.

    Raises:
        UnknownNameError: none has; the nearest are named.
    """
    places = np.flatnonzero(np.isin(events.names.astype(str), wanted))
    if not len(places):
        raise UnknownNameError.among_many("term in the loaded reports", ", ".join(wanted), events.names.tolist())
    has = np.zeros(reports, dtype=bool)
    has[events.reports.gather(places)[0]] = True
    return has


def _drawing(event: BoolArray, with_event: IntArray, without: IntArray) -> str:
    """What is to be said where a model saw some of the reports."""
    cases = int(event.sum())
    if len(event) == len(with_event) + len(without):
        return "" if cases <= MOST_STEADY else f"lasso_cisl draws from {MOST_STEADY:,} of the reports with the event."
    return (
        f"The models are fitted on {cases:,} of {len(with_event):,} reports with the event and "
        f"{len(event) - cases:,} of {len(without):,} without it, drawn at random (seed {SEED}); odds ratios do not "
        f"depend on the shares. lasso_cisl takes at most {MOST_STEADY:,} of those with it. The plain ratio is of all "
        "reports."
    )


def _number_of(reports: Reports, name: str, names: StrArray) -> int:
    """Number of the one substance that is named.

    Raises:
        UnknownNameError: there is none of that name.
    """
    asked, _ = reports.asked(name)
    place = np.flatnonzero(names == (asked.name if asked is not None and asked.level == "substance" else ""))
    if not len(place):
        raise UnknownNameError.of("substance", name, ("a substance, which is what the models know",))
    return int(place[0])


def _drawn(rng: np.random.Generator, reports: IntArray, most: int) -> IntArray:
    """Some of the reports, rising, where they are more than so many."""
    return reports if len(reports) <= most else np.sort(rng.choice(reports, most, replace=False))


def _matrix(drugs: Drugs, rows: IntArray) -> DrugMatrix:
    held, sizes = drugs.of_report.gather(rows)
    report = np.repeat(np.arange(len(rows)), sizes)
    return drug_matrix(report, held, reports=len(rows), drugs=len(drugs.names))


def _chosen(drugs: int, *models: LassoBic | LassoCisl | None) -> BoolArray:
    """Drugs that any of the models kept."""
    kept = np.zeros(drugs, dtype=bool)
    for model in models:
        if model is not None:
            kept |= model.selected
    return kept


def _looked_at(number: int | None, fit: LassoBic | None, steady: LassoCisl | None, observed: IntArray) -> list[int]:
    """Drugs that propensity strata are made for: the one named, and the chosen ones with the most reports."""
    chosen = _chosen(len(observed), fit, steady)
    order = np.flatnonzero(chosen)[np.argsort(-observed[chosen], kind="stable")][:MOST_ADJUSTED].tolist()
    return list(dict.fromkeys([*([] if number is None else [number]), *order]))


def _adjusted(matrix: DrugMatrix, event: BoolArray, looked: list[int], *, most: int, level: float) -> Estimate:
    """Odds ratio over propensity strata of some drugs, empty for the others."""
    ends = np.full((3, matrix.drugs), np.nan)
    code = np.ones(matrix.drugs, dtype=np.uint8)
    reasons = ["", "not looked at: name the drug"]
    for drug in looked:
        pooled = propensity_adjusted(matrix, event, drug=drug, most=most, level=level).pooled.estimate
        ends[:, drug] = pooled.lower[0], pooled.value[0], pooled.upper[0]
        reasons.append(str(pooled.reason[0]))
        code[drug] = len(reasons) - 1 if reasons[-1] else 0
    lower, value, upper = ends
    return Estimate(lower=lower, value=value, upper=upper, level=level, reason_code=code, reasons=tuple(reasons))
