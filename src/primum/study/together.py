"""Do two drugs in one report do more than each alone? Every event of a drug, another, and both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from primum.counts.cohort import EVERYTHING, Cohort
from primum.counts.contingency import split_exposure
from primum.counts.groups import TwoDrugs, count_two_drugs
from primum.counts.incidence import Incidence
from primum.errors import CohortError, UnknownNameError
from primum.signals.caveats import texts
from primum.signals.estimate import Estimate
from primum.signals.omega import METHOD as OMEGA
from primum.signals.omega import Baseline, omega
from primum.signals.pair_odds import METHOD as PAIR_ODDS
from primum.signals.pair_odds import PairOdds, pair_odds
from primum.signals.results import ResultTable, why_empty, with_bounds
from primum.signals.three_way import three_way
from primum.study.question import Meant, Question
from primum.study.reports import Reports
from primum.terms import BoolArray, StrArray

SCHEMA: Final = "primum.interactions/1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Interaction:
    """Two drugs on every event that a report with either of them has.

    Args:
        names: of the two, as the store knows them.
        cohort: reports that were counted.
        counts: reports with both, one or neither.
        bins: kind of term of each event.
        omega: shrunk ratio of reports to those expected without interaction, bits.
        odds: odds ratios of the drugs together and alone, with their ratio and excess.
        snapshot: hash of the store.
        notes: what is to be said of all of it.
    """

    names: tuple[str, str]
    cohort: str
    counts: TwoDrugs
    bins: StrArray
    omega: Estimate
    odds: PairOdds
    snapshot: str
    notes: tuple[str, ...]

    def table(self) -> ResultTable:
        """A row an event, the largest lower bound of Omega first."""
        counts, odds = self.counts, self.odds
        reasons = [("omega", self.omega.reason), ("odds", odds.together.reason)]
        columns = {
            "event": counts.event,
            "both_event": counts.both_event,
            "first_event": counts.first_event,
            "second_event": counts.second_event,
            "event_reports": counts.event_reports,
            **with_bounds("omega", self.omega),
            **with_bounds("or_both", odds.together),
            **with_bounds("or_first", odds.first),
            **with_bounds("or_second", odds.second),
            **with_bounds("ratio", odds.multiplicative),
            **with_bounds("excess", odds.additive),
            "bin": self.bins,
            "warnings": why_empty(len(counts.event), reasons),
        }
        about = {
            "first": self.names[0],
            "second": self.names[1],
            "cohort": self.cohort,
            "snapshot": self.snapshot,
            "level": self.omega.level,
            "reports_with_both": counts.both,
            "reports_with_first": counts.first,
            "reports_with_second": counts.second,
            "total_reports": counts.total_reports,
        }
        made = ResultTable(schema=SCHEMA, column=columns, about=about, methods=(OMEGA, PAIR_ODDS), notes=self.notes)
        return made.ranked("omega_lower", "both_event")


def interaction(
    reports: Reports,
    first: str,
    second: str,
    cohort: Cohort | str | None = None,
    *,
    duplicates: str | None = None,
    baseline: Baseline = "additive",
    level: float = 0.95,
) -> Interaction:
    """Is any event reported more with two drugs together than their separate excesses make?

    Args:
        reports: the loaded reports.
        first: a drug or treatment by any of its names.
        second: another.
        cohort: which people, as a cohort or its text; None for all. The drugs are the exposure, so it names none.
        duplicates: `off`, `exact` or `probabilistic`; None for the best links there are.
        baseline: `additive` or `multiplicative`.
        level: of the intervals, in (0, 1).

    Raises:
        UnknownNameError: no drug of that name, or no baseline; the nearest are named.
        CohortError: the two are one, or a cohort that cannot be read, holds no report, or speaks of a drug or its use.
        StoreError: the store's arrays are switched off.
    """
    arrays = reports.needed_arrays()
    asked = []
    for name in (first, second):
        found, _ = reports.asked(name)
        if found is None:
            raise UnknownNameError.of("drug", name, ("one drug or treatment",))
        asked.append(found)
    if asked[0] == asked[1]:
        raise CohortError(f"{first} and {second} are one drug ({asked[0].name}); expected two. Name another.")
    meant = reports.meant(Question(first, cohort, duplicates=duplicates))
    counts = count_two_drugs(arrays, *asked, people=people_of(arrays, meant))
    _refuse_nested(counts, *(one.name for one in asked))
    split = three_way(
        (counts.both_event, counts.first_event, counts.second_event, counts.event_reports),
        (counts.both, counts.first, counts.second, counts.total_reports),
    )
    synthetic = reports.store.synthetic()
    return Interaction(
        names=(asked[0].name, asked[1].name),
        cohort=str(meant.cohort),
        counts=counts,
        bins=texts([meant.bin_of(event) for event in counts.event.tolist()]),
        omega=omega(split, baseline=baseline, level=level),
        odds=pair_odds(split, level=level),
        snapshot=reports.store.snapshot(),
        notes=(*([synthetic] if synthetic else []), *meant.notes),
    )


def _refuse_nested(counts: TwoDrugs, first: str, second: str) -> None:
    """What a drug does alone is not known where it is never reported alone.

    Raises:
        CohortError: as said.
    """
    for name, reports, other in ((first, counts.first, second), (second, counts.second, first)):
        if reports == counts.both:
            raise CohortError(
                f"Every one of the {reports:,} reports with {name} names {other} too; expected two drugs that are also "
                "reported apart. Name another, or widen the cohort."
            )


def people_of(arrays: Incidence, meant: Meant) -> BoolArray | None:
    """Which reports a cohort of people holds; None for all.

    Raises:
        CohortError: none, or it speaks of a drug, which every drug of a report is looked at for.
    """
    exposure, _ = split_exposure(meant.cohort)
    if exposure != EVERYTHING:
        raise CohortError(
            f"Cohort {meant.cohort} speaks of a drug or its use ({exposure}), and here the drugs are what is asked "
            "about; expected conditions on people, such as sex:F age:18-64. Leave it out."
        )
    if meant.cohort == EVERYTHING:
        return None
    mask = arrays.mask(meant.cohort, meant.scope)
    if not mask.any():
        raise CohortError.empty("cohort", str(meant.cohort))
    return mask
