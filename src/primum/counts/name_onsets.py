"""What is known of the onset of every drug name in every report, so that any drug is answered without the engine?

A part of the incidence arrays, `onsets`: for each number in `drug_names` the current reports that hold the name in a
role that is an exposure and date both an event and a start of it, with the days between or why they are not known. It
is filled by the expression that the engine answers one drug with (`cases.onset`); what is known of a drug is the best
of what is known of its names, as of several rows of a drug it is that of the best row. A report that is not listed
lacks one of the dates, and `people` tells which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from primum.cases.onset import IMPRECISE, KNOWN, NEGATIVE, NO_EVENT, NO_START, STATUSES, onsets
from primum.counts.kernel import starts
from primum.counts.members import Scope, current_versions, with_role
from primum.counts.parts import Draft, Part
from primum.counts.people import Blocks, no_event_date
from primum.counts.told import NO_DAY
from primum.store import schema
from primum.store.parts import of_reports
from primum.terms import IntArray

if TYPE_CHECKING:
    from collections.abc import Iterable

    import ibis

    from primum.counts.kernel import Codes
    from primum.store import Store

_KEYS: Final = "dated_report_keys"
_UNKNOWN: Final = 2**30
"""From here on a number is no day but says why there is none; the least number of several is the one that holds."""
_STATUS: Final = {text: _UNKNOWN + place for place, text in enumerate(STATUSES)}


def build_onsets(store: Store, draft: Draft, blocks: Blocks) -> None:
    """Fill the part `onsets`; of the large tables the rows of some reports are read at a time."""
    engine = store.engine
    number: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    report, told = ([np.zeros(0, dtype=np.int32)] for _ in range(2))
    try:
        for first, keys in blocks:
            engine.stage_expression(_KEYS, _dated_reports(int(keys[0]), int(keys[-1])))
            found = engine.run(_of_names())
            number.append(found["name_key"].astype(np.int64))
            report.append((first + np.searchsorted(keys, found["report_key"].astype(np.int64))).astype(np.int32))
            told.append(found["told"].astype(np.int32))
    finally:
        engine.unstage(_KEYS)
    names, reports = np.concatenate(number), np.concatenate(report)
    order = np.lexsort((reports, names))
    draft.keep("start", starts(np.bincount(names)))
    draft.keep("reports", reports[order])
    draft.keep("told", np.concatenate(told)[order])


def _dated_reports(first: int, last: int) -> ibis.Table:
    """Keys of the current reports in a range that date an event and the start of a therapy."""
    reports, therapies = current_versions(), schema.table("therapies")
    dated = reports.filter(reports.report_key.between(first, last), reports.event_date.notnull())
    started = therapies.filter(therapies.report_key.between(first, last), therapies.start_date.notnull())
    return dated.semi_join(started, "report_key").select(touched_key=dated.report_key)


def _of_names() -> ibis.Table:
    """What is known of each name in each of the staged reports: `report_key, name_key, told`."""
    import ibis

    drugs, therapies = (of_reports(schema.table(name), _KEYS) for name in ("drugs_in_report", "therapies"))
    started = with_role(drugs, Scope({})).semi_join(
        therapies.filter(therapies.start_date.notnull()), ["report_key", "drug_seq"]
    )
    names = schema.table("drug_names")
    same = [
        started.drugname.identical_to(names.drugname),
        started.active_ingredient.identical_to(names.active_ingredient),
    ]
    rows = started.join(names, same).select("report_key", "drug_seq", names.name_key)
    found = onsets(rows, by=["report_key", "name_key"], within=_KEYS)
    why = ibis.cases(*((found.status == text, _STATUS[text]) for text in (NEGATIVE, IMPRECISE)))
    return found.select("report_key", "name_key", told=ibis.coalesce(found.onset_days, why).cast("int32"))


def of_names(part: Part, people: Part, names: Iterable[int], reports: Codes) -> Part:
    """Days to onset and what is known of them in the reports of a drug, as the engine tells them.

    Args:
        part: made by `build_onsets`.
        people: the part of that name.
        names: numbers in `drug_names` that mean the drug.
        reports: numbers of the reports that hold one of them in a role that is an exposure, rising.

    Returns:
        `days`, `NO_DAY` where they are not known, and `status`, a place in `primum.cases.onset.STATUSES`, of each.
    """
    best = np.where(no_event_date(people, reports), _STATUS[NO_EVENT], _STATUS[NO_START]).astype(np.int32)
    start = part.arrays["start"]
    for name in names:
        if name + 1 < len(start):
            some = slice(int(start[name]), int(start[name + 1]))
            place = np.searchsorted(reports, part.arrays["reports"][some])
            best[place] = np.minimum(best[place], part.arrays["told"][some])
    known = best < _UNKNOWN
    status = np.where(known, STATUSES.index(KNOWN), best - _UNKNOWN).astype(np.uint8)
    return Part({"days": np.where(known, best, NO_DAY), "status": status}, {})
