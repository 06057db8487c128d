"""How many reports would a cohort hold with one more condition? Counts of each value of a field, from the arrays.

Beside the value of a field stands what there would be with that value: a condition on the field itself is left out, all
others of the cohort hold. So the numbers beside a choice do not vanish once something is chosen.
"""

from __future__ import annotations

import itertools
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
from primum.counts.masks import told_by_people
from primum.counts.members import Scope, narrowed, spoken_for
from primum.counts.parts import Part
from primum.counts.people import NO_AGE, OUTCOME_BIT, counted_codes
from primum.terms import USES, BoolArray, IntArray, StrArray

AGES: Final = ("-17", "18-44", "45-64", "65-", UNKNOWN)
CODED: Final = ("sex", "reporter", "country", "source")
FIELDS: Final = ("use", "sex", "age", "serious", "outcome", "reporter", "country", "source")
MOST_VALUES: Final = 12  # of a field; the frequent ones
_COLUMNS: Final = (*CODED, "age", "outcomes")


@dataclass(frozen=True, slots=True, eq=False)
class Facets:
    """The reports of a cohort, and how they spread.

    Args:
        reports: how many they are.
        by_field: reports by field and value; a condition on the field itself is left out.
    """

    reports: int
    by_field: Mapping[str, Mapping[str, int]]


def facets(
    arrays: Incidence, asked: Asked | None, cohort: Cohort, scope: Scope, *, among: BoolArray | None = None
) -> Facets:
    """Count the values of every field of `FIELDS`.

    Args:
        arrays: of the store.
        asked: treatment or drug that the reports hold; None for any.
        cohort: which reports; conditions that all hold are told apart, anything else is one condition.
        scope: what its conditions speak of; where it is one treatment, its uses are counted.
        among: reports that are counted at all, such as one of each event; None for all of them.

    Raises:
        UnknownNameError: the cohort names a treatment that is not in the scope's bins.
    """
    read, masks, inner = _parted(arrays, asked, cohort, scope, among)
    every, by_field = _some([mask for _, mask in masks]), {}
    for field in FIELDS:
        others = [mask for part, mask in masks if not _is_of(part, field)]
        some = every if len(others) == len(masks) else _some(others)
        by_field[field] = _values(read, field, some, inner)
    return Facets(every.of(len(read)), by_field)


def places_of(
    arrays: Incidence, asked: Asked | None, cohort: Cohort, scope: Scope, *, among: BoolArray | None = None
) -> Codes | None:
    """Numbers of the reports that `facets` counts; None for every report. Arguments as there."""
    read, masks, _ = _parted(arrays, asked, cohort, scope, among)
    if not masks:
        return read.reports
    inside = reduce(np.bitwise_and, [mask for _, mask in masks])
    return np.flatnonzero(inside) if read.reports is None else read.reports[inside]


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """The reports that are read: those of a drug, or all.

    Args:
        arrays: of the store.
        reports: their numbers; None for every report.
        people: what they say of their persons.
    """

    arrays: Incidence
    reports: Codes | None
    people: Part

    def __len__(self) -> int:
        return self.arrays.total if self.reports is None else len(self.reports)

    def told(self, mask: BoolArray) -> BoolArray:
        """What a mask of all reports says of them."""
        return mask if self.reports is None else mask.take(self.reports)

    def counted(self, column: str, some: _Some) -> IntArray:
        """How many of some of them have each code of a column."""
        if some.places is not None and not some.left_out:
            return counted_codes(self.people, column, some.places)
        of_all = self.arrays.column_counts(column) if self.reports is None else counted_codes(self.people, column)
        return of_all if some.places is None else of_all - counted_codes(self.people, column, some.places)


def _parted(
    arrays: Incidence, asked: Asked | None, cohort: Cohort, scope: Scope, among: BoolArray | None
) -> tuple[_Read, list[tuple[Cohort | None, BoolArray]], Scope]:
    """The reports that are read; each condition with its mask of these; and what conditions speak of."""
    if asked is None:
        read = _Read(arrays, None, arrays.people())
    else:
        places = places_with(arrays, asked)
        read = _Read(arrays, places, arrays.of_drug("people", asked, lambda: _people_of(arrays, places)))
    inner = narrowed(cohort, scope)
    given = cohort.parts if isinstance(cohort, AllOf) else (cohort,)
    if isinstance(cohort, AllOf):
        given = tuple(part for part in given if not spoken_for(part, cohort, inner))
    masks: list[tuple[Cohort | None, BoolArray]] = [] if among is None else [(None, read.told(among))]
    of_people = arrays if read.reports is None else arrays.of_people(read.people)
    for part in (part for part in given if part.fields):
        # Of the reports of a drug a short column is read; looking them up in a mask of all takes longer.
        held = of_people.mask(part, inner) if told_by_people(part) else read.told(arrays.mask(part, inner))
        masks.append((part, held))
    return read, masks, inner


def _people_of(arrays: Incidence, reports: Codes) -> Part:
    """What some reports say of their persons, side by side."""
    people = arrays.people()
    return Part({name: people.arrays[name][reports] for name in _COLUMNS}, people.names)


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


def _is_of(part: Cohort | None, field: str) -> bool:
    return isinstance(part, Condition) and part.field == field


@dataclass(frozen=True, slots=True, eq=False)
class _Some:
    """Some of the reports that are read.

    Args:
        places: their places among these; None for all of them.
        left_out: the places are those of all others: of a cohort and the rest the smaller is read.
    """

    places: Codes | None
    left_out: bool = False

    def of(self, total: int) -> int:
        """How many they are, of so many."""
        named = total if self.places is None else len(self.places)
        return total - named if self.left_out else named


def _some(masks: list[BoolArray]) -> _Some:
    """Those for which all masks hold."""
    if not masks:
        return _Some(None)
    inside = reduce(np.bitwise_and, masks)
    left_out = 2 * int(np.count_nonzero(inside)) > len(inside)
    return _Some(np.flatnonzero(~inside if left_out else inside), left_out)


def _values(read: _Read, field: str, some: _Some, scope: Scope) -> dict[str, int]:
    """How many of some reports have each value of a field."""
    if field == "use":
        return _uses(read, some, scope)
    if field in CODED:
        names, counted = read.people.names[field], read.counted(field, some)
        most = sorted(((int(counted[i]), names[i]) for i in range(1, len(names)) if counted[i]), key=_frequent)
        return {name: n for n, name in most[:MOST_VALUES]}
    if field == "age":
        years = read.counted("age", some)
        ends = [0, 18, 45, 65, -NO_AGE]  # behind these come no age at all, and those below 0
        bands = [int(years[low:high].sum()) for low, high in itertools.pairwise(ends)]
        bands[0] += int(years[1 - NO_AGE :].sum())
        return {name: n for name, n in zip(AGES, [*bands, int(years[-NO_AGE])], strict=True) if n}
    outcomes = read.counted("outcomes", some)
    if field == "serious":
        return {name: n for name, n in (("yes", int(outcomes[1:].sum())), ("no", int(outcomes[0]))) if n}
    bits = np.arange(len(outcomes))
    counts = {code: int(outcomes[(bits & bit) > 0].sum()) for code, bit in OUTCOME_BIT.items()}
    return {code: n for code, n in counts.items() if n}


def _frequent(counted: tuple[int, str]) -> tuple[int, str]:
    return -counted[0], counted[1]


def _uses(read: _Read, some: _Some, scope: Scope) -> dict[str, int]:
    """Reports of each use of the one treatment that is spoken of; nothing where none is."""
    if len(scope.treatment) != 1:
        return {}
    told = read.arrays.told(scope.treatment[0])
    named, left_out = some.places, some.left_out
    if read.reports is not None:
        told_of = read.reports if named is None else read.reports[named]
        named, left_out = np.setdiff1d(read.reports, told_of, assume_unique=True) if left_out else told_of, False
    inside = np.full(len(told.reports), named is None or left_out)
    if named is not None:
        inside[_places_in(told.reports, named)] = not left_out
    counted = np.bincount(told.codes["use"][inside], minlength=len(told.names["use"]))
    counts = dict(zip(told.names["use"], counted.tolist(), strict=True))
    return {use: counts[use] for use in USES if counts.get(use)}


def _places_in(some: Codes, others: Codes) -> IntArray:
    """Where in a rising list those stand that another rising list holds too; the shorter is looked up in the longer."""
    if len(others) > len(some):
        found = others[np.minimum(np.searchsorted(others, some), len(others) - 1)] == some
        return np.flatnonzero(found)
    place = np.searchsorted(some, others)
    there: IntArray = place[some[np.minimum(place, len(some) - 1)] == others] if len(some) else place[:0]
    return there


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
