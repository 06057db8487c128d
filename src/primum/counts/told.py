"""What do the reports of a treatment tell, in arrays that any cohort of them is tallied from?

A part of the incidence arrays for each treatment: small codes for all that is tallied of a report (`profile`), the
outcomes, substances and products that it names, and the days to onset (`cases.onset`). The engine is asked once for a
state of the store, by the expressions of the slow road, and of the large tables it reads the rows of these reports
alone; a cohort is then a mask, and a tally one `bincount`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from primum.cases.onset import STATUSES, onsets
from primum.cases.use import exposures
from primum.counts import profile
from primum.counts.kernel import Codes, Lists, as_lists, code_type
from primum.counts.parts import Draft, Part
from primum.counts.profile import Tally, UseChange
from primum.store import schema
from primum.terms import BoolArray, IntArray

if TYPE_CHECKING:
    from primum.counts.holdings import Events
    from primum.store import Store

NO_DAY: Final = -1
_KEYS: Final = "told_report_keys"
_REPORTS: Final = "told_reports"
_ONE_ANSWER: Final = ("use", "use_strict", "rule", "rule_strict", *profile.OF_THE_REPORT)


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """The reports of a treatment, or some of them, with what each tells.

    Args:
        reports: their numbers in the arrays, rising.
        names: the texts that the codes of a question stand for, by what is told.
        codes: the code of each report, for what has one answer: uses, rules, `profile.OF_THE_REPORT`.
        lists: the codes of each report, for what has several: `profile.LISTED`.
        days: days to onset of each report; `NO_DAY` where it is not known to the day.
        status: place of what is known of it in `primum.cases.onset.STATUSES`.
    """

    reports: IntArray
    names: Mapping[str, Sequence[str]]
    codes: Mapping[str, Codes]
    lists: Mapping[str, Lists]
    days: IntArray
    status: Codes

    def among(self, mask: BoolArray) -> Told:
        """Those in a mask of all current reports."""
        places = np.flatnonzero(mask[self.reports])
        if len(places) == len(self.reports):
            return self
        return Told(
            self.reports[places],
            self.names,
            {name: codes[places] for name, codes in self.codes.items()},
            {name: _some(lists, places) for name, lists in self.lists.items()},
            self.days[places],
            self.status[places],
        )


def told_of(part: Part) -> Told:
    """What a part made by `build_told` holds."""
    arrays = part.arrays
    return Told(
        arrays["reports"],
        part.names,
        {name: arrays[name] for name in _ONE_ANSWER},
        {name: Lists(arrays[f"{name}_start"], arrays[f"{name}_values"]) for name in profile.LISTED},
        arrays["days"],
        arrays["status"],
    )


def build_told(store: Store, draft: Draft, treatment: str, keys: IntArray) -> None:
    """Fill the part of a treatment.

    Args:
        store: the loaded reports.
        draft: what is filled.
        treatment: its id.
        keys: of the current reports, rising; a report's number is its place here.
    """
    engine = store.engine
    uses = schema.table("report_uses")
    try:
        engine.stage_expression(_KEYS, uses.filter(uses.treatment == treatment).select(touched_key=uses.report_key))
        reports = engine.stage_expression(_REPORTS, profile.reports_of(treatment, _KEYS))
        found = engine.run(reports.order_by("report_key"))
        mine = found["report_key"].astype(np.int64)
        draft.keep("reports", np.searchsorted(keys, mine).astype(np.int32))
        for name in _ONE_ANSWER:
            draft.names[name], code = _coded(found[name])
            draft.keep(name, code)
        for name, rows in profile.listed(reports, treatment, _KEYS).items():
            _keep_list(draft, name, engine.run(rows.filter(rows.value.notnull()).distinct()), mine)
        began = engine.run(onsets(exposures(treatment, _KEYS), by=["report_key"], within=_KEYS))
        _keep_onsets(draft, began, mine)
    finally:
        engine.unstage(_REPORTS)
        engine.unstage(_KEYS)


def _coded(texts: NDArray[Any]) -> tuple[list[str], Codes]:
    """The distinct texts of a column in their order, and the place of each row's among them."""
    values = texts.tolist()
    names = sorted(set(values))
    place = {name: number for number, name in enumerate(names)}
    return names, np.array([place[value] for value in values], dtype=code_type(len(names)))


def _keep_list(draft: Draft, name: str, rows: Mapping[str, NDArray[Any]], keys: IntArray) -> None:
    draft.names[name], code = _coded(rows["value"])
    owner = np.searchsorted(keys, rows["report_key"].astype(np.int64))
    lists = as_lists(owner, code, owners=len(keys), width=len(draft.names[name]))
    draft.keep(f"{name}_start", lists.start)
    draft.keep(f"{name}_values", lists.values)


def _keep_onsets(draft: Draft, rows: Mapping[str, NDArray[Any]], keys: IntArray) -> None:
    place = np.searchsorted(keys, rows["report_key"].astype(np.int64))
    days, status = draft.new("days", len(keys), np.int32), draft.new("status", len(keys), np.uint8)
    known = rows["onset_days"].astype(np.float64)
    days[place] = np.where(np.isnan(known), NO_DAY, known)
    number = {text: at for at, text in enumerate(STATUSES)}
    status[place] = [number[text] for text in rows["status"].tolist()]


def _some(lists: Lists, places: IntArray) -> Lists:
    values, sizes = lists.gather(places)
    start = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=start[1:])
    return Lists(start, values)


def tallies_of(told: Told, events: Events, *, strict: bool = False) -> dict[str, tuple[Tally, ...]]:
    """The same counts as `profile.tallies`, of reports that are at hand.

    Args:
        told: reports of a treatment.
        events: of the arrays that they are of.
        strict: tell the use by strong rules alone.
    """
    by = "_strict" if strict else ""
    use, names = told.codes[f"use{by}"], told.names[f"use{by}"]

    def of_codes(codes: Codes, values: Sequence[str]) -> tuple[Tally, ...]:
        return _tally(use, names, codes, values)

    def of_lists(codes: Codes, sizes: IntArray, values: Sequence[str]) -> tuple[Tally, ...]:
        return _tally(np.repeat(use, sizes), names, codes, values)

    return {
        "total": of_codes(np.zeros(len(use), dtype=np.int64), ["reports"]),
        "rule": of_codes(told.codes[f"rule{by}"], told.names[f"rule{by}"]),
        **{name: of_codes(told.codes[name], told.names[name]) for name in profile.OF_THE_REPORT},
        "reaction": of_lists(*events.of_report.gather(told.reports), events.names.tolist()),
        **{
            name: of_lists(told.lists[name].values, told.lists[name].sizes, told.names[name]) for name in profile.LISTED
        },
    }


def _tally(use: Codes, uses: Sequence[str], codes: Codes, values: Sequence[str]) -> tuple[Tally, ...]:
    """Reports of each use and value; each report stands once for each of its values."""
    width = len(values)
    counted = np.bincount(use.astype(np.int64) * width + codes, minlength=len(uses) * width)
    there = np.flatnonzero(counted)
    return profile.in_order(
        Tally(uses[place // width], values[place % width], n)
        for place, n in zip(there.tolist(), counted[there].tolist(), strict=True)
    )


def use_changes_of(told: Told) -> tuple[UseChange, ...]:
    """The same counts as `profile.use_changes`, of reports that are at hand."""
    counted = _tally(told.codes["use"], told.names["use"], told.codes["use_strict"], told.names["use_strict"])
    return tuple(UseChange(one.use, one.value, one.reports) for one in sorted(counted, key=lambda t: (t.use, t.value)))
