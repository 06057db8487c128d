"""How many reports would a cohort hold with one more condition? Counts of each value of a field, from the arrays.

Beside the value of a field stands what there would be with that value: a condition on the field itself is left out, all
others of the cohort hold. So the numbers beside a choice do not vanish once something is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np

from primum.counts.by_arrays import Asked
from primum.counts.cohort import AllOf, Cohort, Condition
from primum.counts.fields import UNKNOWN
from primum.counts.groups import places_with
from primum.counts.incidence import Incidence
from primum.counts.kernel import Codes
from primum.counts.members import Scope, narrowed, spoken_for
from primum.counts.people import NO_AGE, OUTCOME_BIT
from primum.terms import USES, BoolArray, IntArray, StrArray

AGES: Final = ("-17", "18-44", "45-64", "65-", UNKNOWN)
CODED: Final = ("sex", "reporter", "country", "source")
FIELDS: Final = ("use", "sex", "age", "serious", "outcome", "reporter", "country", "source")
MOST_VALUES: Final = 12  # of a field; the frequent ones


@dataclass(frozen=True, slots=True, eq=False)
class Facets:
    """The reports of a cohort, and how they spread.

    Args:
        reports: how many they are.
        by_field: reports by field and value; a condition on the field itself is left out.
        places: numbers of the reports in the arrays, rising; None for every report.
    """

    reports: int
    by_field: Mapping[str, Mapping[str, int]]
    places: Codes | None


def facets(
    arrays: Incidence, asked: Asked | None, cohort: Cohort, scope: Scope, *, among: BoolArray | None = None
) -> Facets:
    """Count the values of every field of `FIELDS`.

    Args:
        arrays: of the store.
        asked: treatment or drug that the reports hold; None for any.
        cohort: which reports; conditions that all hold are told apart, anything else is one condition.
        scope: what its conditions speak of.
        among: reports that are counted at all, such as one of each event; None for all of them.

    Raises:
        UnknownNameError: the cohort names a treatment that is not in the scope's bins.
    """
    held = _held(arrays, asked, among)
    inner = narrowed(cohort, scope)
    given = cohort.parts if isinstance(cohort, AllOf) else (cohort,)
    if isinstance(cohort, AllOf):
        given = tuple(part for part in given if not spoken_for(part, cohort, inner))
    parts = [(part, _at(arrays.mask(part, inner), held)) for part in given if part.fields]
    size = arrays.total if held is None else len(held)
    every, by_field = _where(held, [mask for _, mask in parts]), {}
    for field in FIELDS:
        others = [mask for part, mask in parts if not _is_of(part, field)]
        places = every if len(others) == len(parts) else _where(held, others)
        by_field[field] = _values(arrays, field, places, asked)
    return Facets(size if every is None else len(every), by_field, every)


def by_quarter(arrays: Incidence, places: Codes | None, events: Sequence[str]) -> tuple[tuple[str, ...], IntArray]:
    """Reports of each event by quarter of publication, for every quarter that is loaded.

    Args:
        arrays: of the store.
        places: reports that are counted; None for all.
        events: names of the events.

    Returns:
        The quarters, and the counts; shape `(quarters, events)`.
    """
    people, known = arrays.people(), arrays.events()
    quarters = tuple(people.names["quarter"][1:])
    code = people.arrays["quarter"]
    counted = np.zeros((len(quarters), len(events)), dtype=np.int64)
    inside = np.ones(arrays.total, dtype=bool) if places is None else np.zeros(arrays.total, dtype=bool)
    if places is not None:
        inside[places] = True
    for column, event in enumerate(events):
        for place in np.flatnonzero(known.names == event).tolist():
            reports = known.reports.of(place)
            mine = code[reports[inside[reports]]]
            counted[:, column] += np.bincount(mine, minlength=len(quarters) + 1)[1:]
    return quarters, counted


def _held(arrays: Incidence, asked: Asked | None, among: BoolArray | None) -> Codes | None:
    """Numbers of the reports that are looked at; None for every report."""
    if asked is None:
        return None if among is None else np.flatnonzero(among)
    held = places_with(arrays, asked)
    return held if among is None else held[among[held]]


def _is_of(part: Cohort, field: str) -> bool:
    return isinstance(part, Condition) and part.field == field


def _at(mask: BoolArray, held: Codes | None) -> BoolArray:
    return mask if held is None else mask[held]


def _where(held: Codes | None, masks: list[BoolArray]) -> Codes | None:
    """Those of the reports held for which all masks hold; None for every report."""
    if not masks:
        return held
    inside = reduce(np.bitwise_and, masks)
    return np.flatnonzero(inside) if held is None else held[inside]


def _values(arrays: Incidence, field: str, places: Codes | None, asked: Asked | None) -> dict[str, int]:
    """Reports of each value of a field among those at some places, None: among all."""
    if field == "use":
        return _uses(arrays, places, asked)
    people = arrays.people()

    def column(name: str) -> IntArray:
        whole = people.arrays[name]
        return whole if places is None else whole[places]

    if field in CODED:
        names = people.names[field]
        counted = np.bincount(column(field), minlength=len(names))
        most = sorted(((int(counted[i]), names[i]) for i in range(1, len(names)) if counted[i]), key=_frequent)
        return {name: n for n, name in most[:MOST_VALUES]}
    if field == "age":
        age = column("age")
        bounds = np.searchsorted([18, 45, 65], age[age > NO_AGE], side="right")
        bands = np.bincount(bounds, minlength=4).tolist()
        return {name: int(n) for name, n in zip(AGES, [*bands, int((age == NO_AGE).sum())], strict=True) if n}
    outcomes = np.bincount(column("outcomes"), minlength=256)
    if field == "serious":
        return {name: n for name, n in (("yes", int(outcomes[1:].sum())), ("no", int(outcomes[0]))) if n}
    bits = np.arange(256)
    counts = {code: int(outcomes[(bits & bit) > 0].sum()) for code, bit in OUTCOME_BIT.items()}
    return {code: n for code, n in counts.items() if n}


def _frequent(counted: tuple[int, str]) -> tuple[int, str]:
    return -counted[0], counted[1]


def _uses(arrays: Incidence, places: Codes | None, asked: Asked | None) -> dict[str, int]:
    """Reports of each use of the treatment that is asked about; nothing where none is."""
    if asked is None or asked.level != "treatment" or places is None:
        return {}
    told = arrays.told(asked.name)
    counted = np.bincount(told.codes["use"][np.searchsorted(told.reports, places)], minlength=len(told.names["use"]))
    counts = dict(zip(told.names["use"], counted.tolist(), strict=True))
    return {use: counts[use] for use in USES if counts.get(use)}


def matching(names: StrArray, sizes: IntArray, text: str, *, most: int) -> list[tuple[str, int]]:
    """Names that hold a text, those that begin with it first, each with its reports.

    Args:
        names: in the order of their texts.
        sizes: reports of each; same shape.
        text: what was typed; upper and lower case are the same.
        most: how many are wanted.

    Examples:
        >>> known = np.array(["BOTOX", "BOTOX COSMETIC", "XBOTO"], dtype=object)
        >>> matching(known, np.array([5, 9, 7]), "boto", most=2)
        [('BOTOX COSMETIC', 9), ('BOTOX', 5)]
    """
    wanted = text.casefold()
    found = [
        (not name.casefold().startswith(wanted), -int(sizes[place]), name)
        for place, name in enumerate(names.tolist())
        if wanted in name.casefold()
    ]
    return [(name, -size) for _, size, name in sorted(found)[:most]]
