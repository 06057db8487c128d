"""What do the drugs of one report do together: two of them on every event, or all of them on one event?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from primum.counts.groups import TwoDrugs, count_two_drugs
from primum.counts.incidence import Incidence
from primum.errors import StoreError, UnknownNameError
from primum.signals.drug_matrix import drug_matrix
from primum.signals.estimate import Estimate
from primum.signals.lasso import LassoBic, lasso_bic
from primum.signals.omega import Baseline, omega
from primum.signals.pair_odds import PairOdds, pair_odds
from primum.signals.three_way import three_way
from primum.study.reports import Reports
from primum.terms import StrArray
from primum.vocab.reactions import normal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Interaction:
    """Two drugs on every event that a report with either of them has.

    Args:
        counts: reports with both, one or neither.
        omega: shrunk ratio of reports to those expected without interaction, bits.
        odds: odds ratios of the drugs together and alone, with their ratio and excess.
    """

    counts: TwoDrugs
    omega: Estimate
    odds: PairOdds


def interaction(
    reports: Reports, first: str, second: str, *, baseline: Baseline = "additive", level: float = 0.95
) -> Interaction:
    """Is any event reported more with two drugs together than their separate excesses make?

    Args:
        reports: the loaded reports.
        first: a drug or treatment by any of its names.
        second: another.
        baseline: `additive` or `multiplicative`.
        level: of the intervals, in (0, 1).

    Raises:
        UnknownNameError: no drug of that name, or no baseline; the nearest are named.
        StoreError: the store's arrays are switched off.
    """
    arrays = _arrays(reports)
    asked = []
    for name in (first, second):
        found, _ = reports.asked(name)
        if found is None:
            raise UnknownNameError.of("drug", name, ("one drug or treatment",))
        asked.append(found)
    counts = count_two_drugs(arrays, *asked)
    split = three_way(
        (counts.both_event, counts.first_event, counts.second_event, counts.event_reports),
        (counts.both, counts.first, counts.second, counts.total_reports),
    )
    return Interaction(
        counts=counts, omega=omega(split, baseline=baseline, level=level), odds=pair_odds(split, level=level)
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regression:
    """All drugs on one event.

    Args:
        drug: names of the drugs; shape `(drugs,)`.
        event: terms that were looked for.
        fit: adjusted odds ratio of each drug.
    """

    drug: StrArray
    event: tuple[str, ...]
    fit: LassoBic


def regression(
    reports: Reports,
    terms: Sequence[str],
    *,
    roles: tuple[str, ...] | None = None,
    fewest_reports: int = 5,
    most: int = 100,
    level: float = 0.95,
) -> Regression:
    """Which drugs explain an event when all drugs of each report are looked at together?

    Args:
        reports: the loaded reports.
        terms: preferred terms, any of which is the event.
        roles: of the drugs, such as `("PS", "SS", "C", "I")` to bring in what was taken beside; None: those that are
            exposures.
        fewest_reports: substances in fewer reports may not enter.
        most: largest number of drugs in the model.
        level: of the intervals, in (0, 1).

    Raises:
        UnknownNameError: no report has any of the terms; the nearest are named.
        CountError: every report has the event.
        StoreError: the store's arrays are switched off.
    """
    arrays = _arrays(reports)
    events, drugs = arrays.events(), arrays.drugs("substance", roles)
    wanted = tuple(dict.fromkeys(normal(term) for term in terms))
    places = np.flatnonzero(np.isin(events.names.astype(str), wanted))
    if not len(places):
        raise UnknownNameError.among_many("term in the loaded reports", ", ".join(wanted), events.names.tolist())
    has = np.zeros(arrays.total, dtype=bool)
    has[events.reports.gather(places)[0]] = True
    report = np.repeat(np.arange(arrays.total), drugs.of_report.sizes)
    matrix = drug_matrix(report, drugs.of_report.values, reports=arrays.total, drugs=len(drugs.names))
    fit = lasso_bic(matrix, has, most=most, fewest_reports=fewest_reports, level=level)
    return Regression(drug=drugs.names, event=wanted, fit=fit)


def _arrays(reports: Reports) -> Incidence:
    if reports.arrays is None:
        raise StoreError.of(str(reports.store.folder), "its arrays are switched off", "Open it fast.")
    return reports.arrays
