"""What do the reports of a treatment look like: each use against everything else, and over time?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from primum.counts.facets import by_quarter
from primum.counts.incidence import Incidence
from primum.counts.profile import Tally
from primum.signals.columns import SignalTable
from primum.signals.estimate import Estimate
from primum.signals.ic import ic
from primum.terms import OF_HARM, USES, IntArray

FEWEST: Final = 3  # reports that a pair must have to be shown; the usual least count of the field
MOST_EVENTS: Final = 12
MOST_LINES: Final = 4  # beside that of all reports: each is a column of a table of every period
FEW_PERIODS: Final = 12  # quarters up to which quarters are drawn and not years


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComponentsByUse:
    """Each use of a treatment against everything else.

    Args:
        events: the harm terms that stand out most after the treatment as a whole.
        uses: those that a report has.
        observed: reports of the use that name the event; shape `(events, uses)`.
        found: information component of each, with its interval; same shape.
    """

    events: tuple[str, ...]
    uses: tuple[str, ...]
    observed: IntArray
    found: Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReportsOverTime:
    """Reports of a treatment by the time of publication of their current version.

    Args:
        unit: `quarter` or `year`.
        periods: every one that is loaded, in order.
        reports: of the treatment in each; shape `(periods,)`.
        events: the harm terms that stand out most.
        observed: reports of the treatment that name the event; shape `(periods, events)`.
    """

    unit: str
    periods: tuple[str, ...]
    reports: IntArray
    events: tuple[str, ...]
    observed: IntArray


def leading(signals: SignalTable, most: int) -> list[int]:
    """Rows of the harm terms with at least `FEWEST` reports whose lower bound is highest, the highest first."""
    order = signals.order("ic_lower").tolist()
    return [i for i in order if signals.bin[i] in OF_HARM and signals.observed[i] >= FEWEST][:most]


def components_by_use(
    signals: SignalTable, named: Sequence[Tally], total: Sequence[Tally], *, most: int = MOST_EVENTS
) -> ComponentsByUse:
    r"""Information component of each event within each use, compared with every report of the cohort.

    The expectation is $n_{use} n_{event} / N$ with the margins of the whole cohort, so that uses can be set side by
    side.

    Args:
        signals: the whole treatment against everything else, one row an event.
        named: reports of each use that name an event.
        total: reports of each use.
        most: how many events are wanted.

    Source:
        Noren, Hopstadius, Bate, Stat Methods Med Res 22(1):57-69, doi:10.1177/0962280211403604.
    """
    rows = leading(signals, most)
    of_use = {tally.use: tally.reports for tally in total}
    uses = tuple(use for use in USES if of_use.get(use))
    counted: Mapping[tuple[str, str], int] = {(tally.value, tally.use): tally.reports for tally in named}
    events = tuple(str(signals.event[i]) for i in rows)
    observed = np.array([[counted.get((event, use), 0) for use in uses] for event in events], dtype=np.int64)
    observed = observed.reshape(len(events), len(uses))
    share = signals.event_reports[rows] / signals.total_reports[rows]
    expected = share[:, None] * np.array([of_use[use] for use in uses], dtype=np.float64)[None, :]
    return ComponentsByUse(events=events, uses=uses, observed=observed, found=ic(observed, expected))


def over_time(
    arrays: Incidence, reports: IntArray, signals: SignalTable, *, most: int = MOST_LINES
) -> ReportsOverTime | None:
    """Reports of a treatment by quarter of publication, or by year where many quarters are loaded.

    Args:
        arrays: of the store.
        reports: numbers of the treatment's reports in them.
        signals: what stands out in these.
        most: how many events are wanted.

    Returns:
        The counts; None where no report has a quarter.
    """
    events = tuple(str(signals.event[i]) for i in leading(signals, most))
    quarters, observed = by_quarter(arrays, reports, events)
    if not quarters:
        return None
    code = arrays.people().arrays["quarter"][reports]
    every = np.bincount(code, minlength=len(quarters) + 1)[1:]
    if len(quarters) <= FEW_PERIODS:
        return ReportsOverTime(unit="quarter", periods=quarters, reports=every, events=events, observed=observed)
    years = tuple(dict.fromkeys(quarter[:4] for quarter in quarters))
    place = np.array([years.index(quarter[:4]) for quarter in quarters])
    of_year = np.zeros((len(years), 1 + len(events)), dtype=np.int64)
    np.add.at(of_year, place, np.column_stack([every, observed]))
    return ReportsOverTime(unit="year", periods=years, reports=of_year[:, 0], events=events, observed=of_year[:, 1:])
