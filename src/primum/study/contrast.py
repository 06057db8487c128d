"""Is an event reported more with one use of a drug than with another, among people alike in sex and age?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from primum.counts.cohort import Cohort
from primum.counts.contrast import ContrastByStrata, count_contrast
from primum.errors import StoreError
from primum.signals.estimate import Estimate
from primum.signals.mantel_haenszel import MantelHaenszel, mantel_haenszel
from primum.signals.ror import ror
from primum.study.reports import Reports


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StratifiedContrast:
    """Reporting odds ratio of each event, one cohort against the other.

    Args:
        counts: reports by event and stratum.
        crude: ratio over all strata added up.
        pooled: ratio within strata, with the test that they agree.
    """

    counts: ContrastByStrata
    crude: Estimate
    pooled: MantelHaenszel


def stratified_contrast(
    reports: Reports,
    what: str,
    cohort: Cohort | str,
    versus: Cohort | str,
    *,
    by: Sequence[str] = ("sex", "age"),
    level: float = 0.95,
) -> StratifiedContrast:
    """Compare two cohorts of one drug, or a drug with a named comparator, within strata.

    Args:
        reports: the loaded reports.
        what: id of a treatment or name of a drug that the first cohort is narrowed to; empty for none.
        cohort: the first cohort, such as `use:cosmetic`.
        versus: the second, such as `use:therapeutic`.
        by: what people are split by: `sex`, `age`, `reporter`, each with each.
        level: of the intervals, in (0, 1).

    Returns:
        One row an event that a report in a stratum names. Reports that lie in no stratum, such as those without an age,
        are left out of both ratios and counted in `counts.left_out`.

    Raises:
        UnknownNameError: no such drug, treatment or kind of stratum.
        CohortError: a cohort without a report, or two that share reports.
        StoreError: the store's arrays are switched off.

    Source:
        See `primum.signals.mantel_haenszel`.
    """
    arrays = reports.arrays
    if arrays is None:
        raise StoreError.of(str(reports.store.folder), "its arrays are switched off", "Open it fast to count strata.")
    asked, scope = reports.asked(what)
    first, second = reports.cohort(cohort), reports.cohort(versus)
    counts = count_contrast(arrays, asked, scope, cohort=first, versus=second, by=by)
    ours, both = counts.cohort_reports[:, None], (counts.cohort_reports + counts.comparator_reports)[:, None]
    pooled = mantel_haenszel(counts.observed, ours, counts.event_reports, both, level=level)
    crude = ror(
        counts.observed.sum(axis=0), int(ours.sum()), counts.event_reports.sum(axis=0), int(both.sum()), level=level
    )
    return StratifiedContrast(counts=counts, crude=crude, pooled=pooled)
