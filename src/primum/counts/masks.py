"""Which reports are in a cohort, read from arrays? The fast road of `members`; its answer is the same.

A condition that the arrays cannot tell (a field that is not among `_CONDITIONS`, an age in parts of a year, a day
outside 1900-2079) is left to the engine, alone: the others beside it still come from the arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from primum.cases.linked import OFF
from primum.cases.use import EXPOSURE_ROLES
from primum.counts.cohort import AllOf, AnyOf, Cohort, Condition, Everything, Not
from primum.counts.fields import ROLES, UNKNOWN, age_range
from primum.counts.kernel import in_threads
from primum.counts.members import Scope, members, names_of, narrowed, spoken_for
from primum.counts.parts import Part
from primum.counts.people import FIRST_DAY, LAST_DAY, NO_AGE, OUTCOME_BIT, ROLE_BIT
from primum.terms import BoolArray, Period

if TYPE_CHECKING:
    from primum.counts.incidence import Incidence


_REPORTS_AT_ONCE: Final = 262_144
_OF_PEOPLE: Final = frozenset({"sex", "age", "country", "reporter", "serious", "outcome", "source"})


class _LeftToTheEngine(Exception):
    """The arrays cannot tell this condition."""


def mask_of(cohort: Cohort, arrays: Incidence, scope: Scope) -> BoolArray:
    """Which of the current reports are in a cohort; shape `(reports,)`.

    Raises:
        UnknownNameError: the cohort names a treatment that is not in the scope's bins.
    """
    if isinstance(cohort, Everything):
        return np.ones(arrays.total, dtype=bool)
    if isinstance(cohort, Not):
        return ~mask_of(cohort.part, arrays, scope)
    if isinstance(cohort, AnyOf):
        return reduce(np.bitwise_or, [mask_of(part, arrays, scope) for part in cohort.parts])
    if isinstance(cohort, AllOf):
        inner = narrowed(cohort, scope)
        parts = [part for part in cohort.parts if not spoken_for(part, cohort, inner)]
        masks = [arrays.mask(part, inner) for part in parts]  # the next question shares some, so each is remembered
        return _told(arrays.total, lambda some: reduce(np.bitwise_and, [mask[some] for mask in masks]))
    if isinstance(cohort, Condition):
        scope = narrowed(cohort, scope)
        try:
            return _CONDITIONS[cohort.field](cohort, arrays, scope)
        except (KeyError, _LeftToTheEngine):
            return arrays.at_keys(arrays.store.engine.run(members(cohort, scope))["report_key"])
    raise TypeError(f"{type(cohort).__name__} is not a cohort that can be counted.")


def told_by_people(cohort: Cohort) -> bool:
    """Whether a cohort is one condition that the columns of persons tell (`primum.counts.people`), some rows as all.

    Examples:
        >>> from primum.counts.cohort import parse
        >>> [told_by_people(parse(text)) for text in ("age:18-64", "age:0.5-2", "serious:yes", "reaction:headache")]
        [True, False, True, False]
    """
    if not isinstance(cohort, Condition) or cohort.field not in _OF_PEOPLE:
        return False
    ages = [age_range(value) for value in cohort.values if cohort.field == "age" and value != UNKNOWN]
    return all(_whole(end) for ends in ages for end in ends)


# --- one function a kind of condition: (condition, arrays, scope) -> whether each report has it ---


def _coded(condition: Condition, arrays: Incidence, scope: Scope) -> BoolArray:
    people = arrays.people()
    wanted = [place for place, text in enumerate(people.names[condition.field]) if place and text in condition.values]
    return _is_one_of(people.arrays[condition.field], wanted)


def _quarter(condition: Condition, arrays: Incidence, scope: Scope) -> BoolArray:
    people, ends = arrays.people(), [value.partition("..") for value in condition.values]
    wanted = [
        place
        for place, text in enumerate(people.names["quarter"])
        if place and any(first <= text <= (last if dots else first) for first, dots, last in ends)
    ]
    return _is_one_of(people.arrays["quarter"], wanted)


def _is_one_of(codes: Any, wanted: list[int]) -> BoolArray:
    return _told(len(codes), lambda some: _any([codes[some] == code for code in wanted], some))


def _told(reports: int, of_some: Callable[[slice], BoolArray]) -> BoolArray:
    """What is told of all reports, some of them at a time and on every core."""
    inside = np.empty(reports, dtype=bool)

    def fill(first: int) -> None:
        some = slice(first, min(first + _REPORTS_AT_ONCE, reports))
        inside[some] = of_some(some)

    in_threads(fill, range(0, reports, _REPORTS_AT_ONCE))
    return inside


def _any(masks: list[BoolArray], some: slice) -> BoolArray:
    return reduce(np.bitwise_or, masks) if masks else np.zeros(some.stop - some.start, dtype=bool)


def _age(condition: Condition, arrays: Incidence, scope: Scope) -> BoolArray:
    age = arrays.people().arrays["age"]
    ranges = []
    for value in condition.values:
        low, high = (NO_AGE, NO_AGE) if value == UNKNOWN else (_years(end) for end in age_range(value))
        ranges.append((NO_AGE + 1 if low is None else low, np.iinfo(age.dtype).max if high is None else high))
    return _told(len(age), lambda some: _any([_between(age[some], low, high) for low, high in ranges], some))


def _between(years: Any, low: int, high: int) -> BoolArray:
    """Where low <= years <= high, in one comparison: what is lower wraps round to the top."""
    return np.asarray((years - np.int16(low)).view(np.uint16) <= high - low)


def _years(end: float | None) -> int | None:
    """The end of a range of ages in completed years, which is what the arrays hold."""
    if not _whole(end):
        raise _LeftToTheEngine
    return None if end is None else int(end)


def _whole(end: float | None) -> bool:
    return end is None or (end == int(end) and end < 2**15 - 1)


def _date(condition: Condition, arrays: Incidence, scope: Scope) -> BoolArray:
    people = arrays.people().arrays
    first, after = people[f"{condition.field}_first"], people[f"{condition.field}_after"]
    ranges = []
    for period in map(Period.parse, condition.values):
        if period.first <= FIRST_DAY or period.last >= LAST_DAY:
            raise _LeftToTheEngine
        ranges.append(((period.first - FIRST_DAY).days, (period.last - FIRST_DAY).days + 1))
    return _told(
        len(first), lambda some: _any([(first[some] >= start) & (after[some] <= end) for start, end in ranges], some)
    )


def _outcome(condition: Condition, arrays: Incidence, scope: Scope) -> BoolArray:
    wanted = sum(OUTCOME_BIT[value] for value in condition.values)
    outcomes = arrays.people().arrays["outcomes"]
    return _told(len(outcomes), lambda some: outcomes[some] & np.uint8(wanted) > 0)


def _serious(condition: Condition, arrays: Incidence, scope: Scope) -> BoolArray:
    people = arrays.people()
    outcomes = people.arrays["outcomes"]
    is_serious = _told(len(outcomes), lambda some: outcomes[some] > 0)
    if condition.values == ("yes",):
        return is_serious
    sources = people.names["source"]  # a long table names no outcomes
    told = _is_one_of(
        people.arrays["source"], [place for place, text in enumerate(sources) if place and text != "table"]
    )
    return told & ~is_serious if condition.values == ("no",) else is_serious | told


def _role(condition: Condition, arrays: Incidence, scope: Scope) -> BoolArray:
    wanted = sum(ROLE_BIT[value] for value in condition.values)
    roles = arrays.people().arrays["roles"]
    return _told(len(roles), lambda some: roles[some] & np.uint8(wanted) > 0)


def _drug(condition: Condition, arrays: Incidence, scope: Scope) -> BoolArray:
    if scope.roles is None and condition.field in ("substance", "treatment"):
        return _of_substances(condition, arrays)
    rows = arrays.part("drug-rows")
    keys = arrays.store.engine.run(names_of(condition).select("name_key").distinct())["name_key"]
    wanted = np.zeros(len(ROLES) + 1, dtype=bool)
    wanted[[1 + ROLES.index(role) for role in (EXPOSURE_ROLES if scope.roles is None else scope.roles)]] = True
    wanted[0] = scope.roles is None  # a long table has no roles, its drugs are taken as exposures
    inside = np.zeros(arrays.total, dtype=bool)
    for key in keys.tolist():
        reports, roles = _list(rows, int(key))
        inside[reports[wanted[roles]]] = True
    return inside


def _of_substances(condition: Condition, arrays: Incidence) -> BoolArray:
    """Reports of substances, or of treatments, as exposures: these lists are counted from anyway."""
    drugs = arrays.drugs("substance")
    if condition.field == "treatment":
        lists = [reports for name in condition.values for _, reports in drugs.of_treatment(name)]
    else:
        wanted = [place for place, name in enumerate(drugs.names.tolist()) if name.upper() in condition.values]
        lists = [drugs.reports.of(place) for place in wanted]
    inside = np.zeros(arrays.total, dtype=bool)
    for reports in lists:
        inside[reports] = True
    return inside


def _use(condition: Condition, arrays: Incidence, scope: Scope) -> BoolArray:
    def wanted(text: str) -> bool:
        treatment, _, use = text.rpartition(" ")
        return use in condition.values and (not scope.treatment or treatment in scope.treatment)

    return _with_texts(arrays, "uses" if condition.field == "use" else "uses-strict", wanted)


def _indication(condition: Condition, arrays: Incidence, scope: Scope) -> BoolArray:
    return _with_texts(arrays, "indications", lambda text: text in condition.values)


def _with_texts(arrays: Incidence, name: str, wanted: Callable[[str], bool]) -> BoolArray:
    part, inside = arrays.part(name), np.zeros(arrays.total, dtype=bool)
    for place, text in enumerate(part.names["text"]):
        if wanted(text):
            inside[_list(part, place)[0]] = True
    return inside


def _list(part: Part, place: int) -> tuple[Any, Any]:
    """The reports of a list, and the number of the role in each."""
    first, last = int(part.arrays["start"][place]), int(part.arrays["start"][place + 1])
    return part.arrays["reports"][first:last], part.arrays["roles"][first:last]


def _reaction(condition: Condition, arrays: Incidence, scope: Scope) -> BoolArray:
    return _with_events(arrays, lambda name: name in condition.values)


def _bin(condition: Condition, arrays: Incidence, scope: Scope) -> BoolArray:
    return _with_events(arrays, lambda name: scope.term_bins.bin(name) in condition.values)


def _with_events(arrays: Incidence, wanted: Callable[[str], bool]) -> BoolArray:
    events, inside = arrays.events(), np.zeros(arrays.total, dtype=bool)
    for place, name in enumerate(events.names.tolist()):
        if wanted(name):
            inside[events.reports.of(place)] = True
    return inside


def _duplicates(condition: Condition, arrays: Incidence, scope: Scope) -> BoolArray:
    kept = np.ones(arrays.total, dtype=bool)
    if OFF in condition.values:
        return kept
    aside = [reports for method in condition.values if (reports := arrays.aside(method)) is not None]
    if len(aside) < len(condition.values):
        raise _LeftToTheEngine
    kept[reduce(np.intersect1d, aside)] = False  # a report is kept where one of the methods keeps it
    return kept


_CONDITIONS: Final[Mapping[str, Callable[[Condition, Incidence, Scope], BoolArray]]] = {
    "drug": _drug,
    "product": _drug,
    "substance": _drug,
    "treatment": _drug,
    "role": _role,
    "use": _use,
    "use_strict": _use,
    "indication": _indication,
    "reaction": _reaction,
    "bin": _bin,
    "sex": _coded,
    "age": _age,
    "country": _coded,
    "reporter": _coded,
    "serious": _serious,
    "outcome": _outcome,
    "received": _date,
    "event_date": _date,
    "source": _coded,
    "quarter": _quarter,
    "duplicates": _duplicates,
}
