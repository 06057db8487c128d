"""What do the controls of a treatment say: an event it is not thought to cause, and a drug given for the same purpose?

An event that the treatment cannot cause should be reported as often as expected; where it is not, the same bias may
stand behind any other number. A drug for the same purpose is given to people alike, so that what both share falls out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from primum.counts.cohort import Cohort, condition, parse
from primum.counts.fields import UseRuleSet
from primum.counts.incidence import Incidence
from primum.counts.known import check_names
from primum.counts.members import Scope
from primum.counts.table import CountTable
from primum.errors import CohortError, UnknownNameError
from primum.signals.columns import SignalTable
from primum.signals.ror import ror
from primum.signals.table import signal_table
from primum.treatments.controls import Control

if TYPE_CHECKING:
    from primum.study.reports import Reports

METHODS: Final = ("ic", "ror")
_NOT_LOADED: Final = "no report of one of the two sides is loaded"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ControlAnswer:
    """A control with what the loaded reports say of it.

    Args:
        control: what is compared, and why.
        table: one row of the event for a negative control, a row an event for a comparator; None where nothing could
            be counted.
        reason: why not; empty where something was.
    """

    control: Control
    table: SignalTable | None
    reason: str = ""


def negative_control(
    control: Control, signals: SignalTable, arrays: Incidence | None, cohort: Cohort, scope: Scope
) -> ControlAnswer:
    """The event of a negative control after the treatment, against everything else.

    Args:
        control: names the event.
        signals: the whole treatment against everything else, one row an event that both have.
        arrays: where the reports are counted that name the event without the treatment; None where there are none.
        cohort: that was counted.
        scope: what its conditions speak of.
    """
    (rows,) = np.nonzero(signals.event == control.counted)
    if len(rows):
        return ControlAnswer(control=control, table=_without_gaps(signals.take(rows[:1])))
    if arrays is None or not len(signals):
        return ControlAnswer(control=control, table=None, reason="no report of the treatment names it")
    known = arrays.events()
    (place,) = np.nonzero(known.names == control.counted)
    reports = known.reports.of(int(place[0])) if len(place) else np.zeros(0, dtype=np.int64)
    inside = arrays.mask(cohort, scope)
    named = int(np.count_nonzero(inside[reports])) if len(reports) else 0
    if not named:
        return ControlAnswer(control=control, table=None, reason="no loaded report names it")
    counts = CountTable(
        drug=signals.drug[:1],
        event=np.array([control.counted], dtype=object),
        observed=np.zeros(1, dtype=np.int64),
        drug_reports=signals.drug_reports[:1],
        event_reports=np.array([named]),
        total_reports=int(signals.total_reports[0]),
        cohort=signals.cohort,
        comparator=signals.comparator,
        snapshot=signals.snapshot,
    )
    table = signal_table(counts, methods=METHODS, level=signals.level)
    return ControlAnswer(control=control, table=_without_gaps(table))


def against_comparator(
    control: Control, reports: Reports, treatment: str, cohort: Cohort, *, use_rules: UseRuleSet = "all"
) -> ControlAnswer:
    """The treatment against its comparator, event by event; reports that name both are left out of both.

    Args:
        control: names the comparator's reports, and which of the treatment's stand against them.
        reports: the loaded reports.
        treatment: its id.
        cohort: which reports are counted at all.
        use_rules: `strict` tells by strong rules alone which of the treatment's reports stand against it.
    """
    from primum.study.question import AS_SAID, Question

    known = _known(control, reports)
    if not known:
        return ControlAnswer(control=control, table=None, reason=_NOT_LOADED)
    theirs, ours = condition("substance", *known), parse(control.against)
    mine = condition("treatment", treatment) & ours
    question = Question(
        treatment,
        cohort & ours & ~theirs,
        cohort & theirs & ~mine,
        drug_level="treatment",
        use_rules=use_rules,
        duplicates=AS_SAID,
    )
    try:
        scores = reports.scores(question, methods=METHODS, caveats=False)
    except (CohortError, UnknownNameError):
        return ControlAnswer(control=control, table=None, reason=_NOT_LOADED)
    return ControlAnswer(control=control, table=_without_gaps(scores.table()))


def _without_gaps(table: SignalTable) -> SignalTable:
    """The odds ratios with an interval where a cell is 0 too: half a report is added to each of the four (Haldane)."""
    found = ror(
        table.observed,
        table.drug_reports,
        table.event_reports,
        table.total_reports,
        level=table.level,
        zero_cells="haldane",
    )
    return replace(table, ror=found.value, ror_lower=found.lower, ror_upper=found.upper)


def _known(control: Control, reports: Reports) -> list[str]:
    """The substances of a comparator that a report names; a store need not know every name of it."""
    arrays = reports.arrays
    names = arrays.drug_names("substance") if arrays is not None else None
    there = None if names is None else {name.upper() for name in names}
    found = []
    for name in control.counted.upper().split(";"):
        if there is not None:
            found += [name] if name in there else []
            continue
        try:
            check_names(condition("substance", name), reports.store, arrays)
        except CohortError:
            continue
        found.append(name)
    return found
