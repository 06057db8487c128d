"""What is asked on a page, as the fields of a form, with the reports that each choice would leave?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from primum.counts.cohort import EVERYTHING, AllOf, Cohort, Condition, all_of, condition, parse
from primum.counts.fields import OUTCOMES, REPORTERS
from primum.errors import CohortError
from primum.terms import USES

if TYPE_CHECKING:
    from primum.counts.facets import Facets
    from primum.counts.incidence import Incidence
    from primum.counts.kernel import Codes
    from primum.study.reports import Reports
    from primum.terms import BoolArray
    from primum.web.desk import Desk
    from primum.web.state import State

_LISTS: Final[Mapping[str, Mapping[str, str]]] = {
    "use": {use: use for use in USES},
    "sex": {"F": "female", "M": "male", "unknown": "unknown"},
    "serious": {"yes": "yes", "no": "no"},
    "outcome": {code: word.replace("-", " ") for word, code in OUTCOMES.items()},
    "reporter": {code: word.replace("-", " ") for word, code in REPORTERS.items()},
}
_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "age": ("Age, years", "18-64"),
    "country": ("Country", "US"),
    "received": ("Received", "2014q1..2019q3"),
    "reaction": ("With the reaction", "Headache"),
    "indication": ("Given for", "Migraine"),
}
_LABELS: Final = {"use": "Use", "sex": "Sex", "serious": "Serious", "outcome": "Outcome", "reporter": "Reported by"}
FIELDS: Final = ("use", "sex", "age", "serious", "outcome", "reporter", "country", "received", "reaction", "indication")
SUGGESTED: Final = ("reaction", "indication")  # fields with so many values that they are looked up while one types


def question(desk: Desk, state: State) -> dict[str, Any]:
    """The question of a page: its reports, and the fields of its form with what each choice would leave.

    Returns:
        `{"reports", "fields": [{"field", "label", "chosen", "values": [{"value", "label", "reports"}]}], "rest"}`;
        `rest` are the conditions that no field can hold.
    """
    return _told(state.cohort, spread(desk, state))


def second_cohort(desk: Desk, state: State) -> dict[str, Any]:
    """The same for the cohort that a question compares with: all reports in it, whatever drug they hold."""
    told = _told(state.versus, _of_second(desk, state))
    return told | {"reports": told["reports"] if state.versus else None}


def _told(text: str, counted: Facets) -> dict[str, Any]:
    chosen, rest = _taken_apart(parse(text))
    said = "*" if text == "*" else "" if rest == EVERYTHING else str(rest)  # every report, where somebody asks for them
    return {"reports": counted.reports, "fields": _fields(chosen, counted.by_field), "rest": said}


def as_typed(query: Iterable[tuple[str, str]], of: str = "cohort") -> dict[str, Any]:
    """The same for a question that cannot be answered: as it was typed, to be mended, without counts.

    A text that can be read is taken apart into the fields.

    Args:
        query: names and values.
        of: which of its two cohorts, `cohort` or `versus`.
    """
    chosen: dict[str, str] = {}
    rest = ""
    for name, value in query:
        if name == of:
            rest, known = _as_far_as_read(value)
            chosen |= known
        elif name.startswith(f"{of}."):
            chosen[name.removeprefix(f"{of}.")] = value
    return {"reports": None, "fields": _fields(chosen, {}), "rest": rest}


def _as_far_as_read(text: str) -> tuple[str, dict[str, str]]:
    """What no field can hold of a text, and what each field holds; the whole text where it cannot be read."""
    try:
        chosen, rest = _taken_apart(parse(text))
    except CohortError:
        return text, {}
    return "" if rest == EVERYTHING else str(rest), chosen


def _fields(chosen: Mapping[str, str], counted: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """The fields of the form, with their choices and the reports of each."""
    fields = []
    for field in FIELDS:
        if field == "use" and "use" in counted and not counted["use"] and field not in chosen:
            continue  # a drug that is no treatment has no use
        counts = counted.get(field, {})
        known = _LISTS.get(field) or {value: value for value in counts}
        values = [
            {"value": value, "label": word, "reports": counts.get(value, 0 if counted else None)}
            for value, word in known.items()
        ]
        label, example = _TEXTS.get(field, (_LABELS.get(field, field), ""))
        fields.append(
            {
                "field": field,
                "label": label,
                "example": example,
                "chosen": chosen.get(field, ""),
                "values": values,
                "closed": field in _LISTS,
                "suggested": field in SUGGESTED,
            }
        )
    return fields


def spread(desk: Desk, state: State) -> Facets:
    """How the reports of a question spread over the values of the fields."""
    among = one_of_each(desk, state)

    def counted(reports: Reports) -> Facets:
        from primum.counts.facets import facets

        asked, scope = reports.asked(state.what)
        return facets(_arrays(reports), asked, parse(state.cohort), scope, among=among)

    return desk.kept(("spread", state.what, state.cohort, state.duplicates, among is None), counted)


def _of_second(desk: Desk, state: State) -> Facets:
    among = one_of_each(desk, state)

    def counted(reports: Reports) -> Facets:
        from primum.counts.facets import facets

        _, scope = reports.asked(state.what)
        return facets(_arrays(reports), None, parse(state.versus), scope, among=among)

    return desk.kept(("spread of second", state.what, state.versus, state.duplicates, among is None), counted)


def reports_of(reports: Reports, state: State, among: BoolArray | None) -> Codes | None:
    """Numbers of the reports of a question in the arrays; None for every report.

    Raises:
        UnknownNameError: no treatment and no drug of that name.
        StoreError: the store's arrays are switched off.
    """
    from primum.counts.facets import places_of

    asked, scope = reports.asked(state.what)
    return places_of(_arrays(reports), asked, parse(state.cohort), scope, among=among)


def one_of_each(desk: Desk, state: State) -> BoolArray | None:
    """One report of each event, by the links in force; None where every report counts or a cohort itself says."""
    from primum.cases.linked import OFF, default_method
    from primum.counts.members import Scope

    if "duplicates" in parse(state.cohort).fields | parse(state.versus).fields:
        return None
    method = state.duplicates or desk.kept(("links",), lambda reports: default_method(reports.store))
    if method == OFF:
        return None

    def mask(reports: Reports) -> BoolArray:
        return _arrays(reports).mask(condition("duplicates", method), Scope({}))

    return desk.kept(("one of each", method), mask)


def _arrays(reports: Reports) -> Incidence:
    from primum.counts.incidence import open_incidence

    return reports.arrays or open_incidence(reports.store, keep=False)


def _taken_apart(cohort: Cohort) -> tuple[dict[str, str], Cohort]:
    """The conditions that a field of the form can hold, and the rest."""
    chosen: dict[str, str] = {}
    rest: list[Cohort] = []
    for part in cohort.parts if isinstance(cohort, AllOf) else (cohort,):
        fits = isinstance(part, Condition) and part.field in FIELDS and part.field not in chosen
        if fits and isinstance(part, Condition) and len(part.values) == 1:
            chosen[part.field] = part.values[0]
        else:
            rest.append(part)
    return chosen, all_of(*rest)
