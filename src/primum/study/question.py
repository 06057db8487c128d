"""What is asked of the loaded reports, and what does it mean in this store?

A question is names and texts as somebody gave them; what it means are a drug that the store knows, cohorts that treat
duplicates in one way, and what has to be said of both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Final

import numpy as np

from primum.cases.linked import OFF, DuplicatesUsed, as_said, default_method, duplicates_used, linked_by
from primum.counts.by_arrays import Asked
from primum.counts.cohort import EVERYTHING, Cohort, by_strong_rules, condition, parse
from primum.counts.contingency import find_drug
from primum.counts.fields import UseRuleSet
from primum.counts.incidence import DrugLevel, Incidence, open_incidence
from primum.counts.known import CHECKED, check_names
from primum.counts.members import Scope, methods_named, term_groups
from primum.counts.recent import Recent
from primum.counts.units import differing_units
from primum.errors import CohortError, LinkError, UnknownNameError
from primum.study.systems import told_of_systems
from primum.terms import StrArray
from primum.treatments.vocabulary import treatment_named, vocabularies
from primum.vocab.reactions import TermBins

if TYPE_CHECKING:
    from primum.store import Store

STRICT_NOTE: Final = "Uses are told by strong rules alone: what only a weak rule told is unknown."
_CONDITION: Final = re.compile(r"[:~|=]|^\s*\(")  # what no drug was found for may be meant as a condition
EVERY_DRUG: Final = ("", "*", "all")
_NAMES_REMEMBERED: Final = 256  # a name is looked for among all of the store: 3 ms of 20 million reports
AS_SAID: Final = "as said"  # cohorts that tell themselves how duplicates are treated, or were made to


@dataclass(frozen=True, slots=True)
class Question:
    """Which drug, in which reports, against which others, told by which rules.

    Args:
        what: id of a treatment or name of a drug; empty or `*` for every drug.
        cohort: which reports, as a cohort or its text; None for all.
        versus: what they are compared with; None for everything else.
        drug_level: names that a row has; a drug asked for by name is counted at the level of that name.
        use_rules: `strict` tells every use in the cohorts by strong rules alone.
        duplicates: `off`, `exact` or `probabilistic`, as the condition of that name in cohort and comparator; None:
            what they say themselves, else the best links that the store has.
    """

    what: str = ""
    cohort: Cohort | str | None = None
    versus: Cohort | str | None = None
    drug_level: DrugLevel = "substance"
    use_rules: UseRuleSet = "all"
    duplicates: str | None = None


class KindOfTerm:
    """The kind of a term as a question sees it, looked up once: of each term, and of all names of the arrays."""

    def __init__(self, bins: TermBins) -> None:
        self._one = cache(bins.bin)
        self._last: tuple[StrArray, StrArray] | None = None

    def __call__(self, term: str) -> str:
        """The kind of one term."""
        return self._one(term)

    def each(self, names: StrArray) -> StrArray:
        """The kind of each of some names; those of the last array are known, and the arrays of a store keep theirs."""
        if self._last is None or self._last[0] is not names:
            self._last = names, np.array([self._one(name) for name in names.tolist()], dtype=object)
        return self._last[1]


@dataclass(frozen=True, slots=True)
class Meant:
    """What a question means in a store.

    Args:
        asked: the drug or treatment; None for every drug.
        scope: the bins of its terms, and what conditions may speak of.
        cohort: which reports, duplicates included.
        versus: what they are compared with.
        drug_level: names that a row has.
        bin_of: the kind of a term, remembered: tables of every pair ask for each term anew.
        used: how duplicates were treated.
        units: drugs of treatments whose drugs are dosed in different units, as `primum.counts.units` gives them.
        notes: what is to be said of all of it.
    """

    asked: Asked | None
    scope: Scope
    cohort: Cohort
    versus: Cohort | None
    drug_level: DrugLevel
    bin_of: KindOfTerm
    used: DuplicatesUsed
    units: Mapping[str, int]
    notes: tuple[str, ...]


class Reader:
    """What questions mean in one store.

    Args:
        store: an open store.
        fast: count from the incidence arrays, built where they are missing; without it, on the engine alone.
        arrays: of the store, where somebody else has opened them.
    """

    def __init__(self, store: Store, *, fast: bool, arrays: Incidence | None = None) -> None:
        self.store = store
        self.bins = {words.treatment: words.bins for words in vocabularies()}
        self._fast = fast
        self._arrays = None if arrays is None else arrays.seen_by(store)
        self._found = Recent[Asked](_NAMES_REMEMBERED)
        self._groups: dict[str, frozenset[str]] | None = None
        self._bin_of: dict[str, KindOfTerm] = {}
        self._units: Mapping[str, int] | None = None

    @property
    def arrays(self) -> Incidence | None:
        """The incidence arrays that are counted from; None where counting is left to the engine."""
        if self._fast and self._arrays is None:
            self._arrays = open_incidence(self.store)
        return self._arrays

    @property
    def units(self) -> Mapping[str, int]:
        """Drugs of treatments whose drugs are dosed in different units; asked of the store once."""
        if self._units is None:
            self._units = differing_units(self.store)
        return self._units

    def meant(self, question: Question) -> Meant:
        """What a question means.

        Raises:
            UnknownNameError: no treatment and no drug of that name; the nearest are named.
            CohortError: a text that cannot be read, or a cohort that names what no report knows.
            LinkError: duplicates by a method that the store was not linked by.
        """
        asked = self.asked(question.what, question.drug_level)
        ours, theirs = as_cohort(question.cohort), as_cohort(question.versus)
        if question.use_rules == "strict":
            ours, theirs = (one and by_strong_rules(one) for one in (ours, theirs))
        cohort, versus, used = self._kept(ours or EVERYTHING, theirs, question.duplicates)
        systems = {source for (source,) in self.store.engine.read("files", "source")}
        # A comparator that is not named is everything else within the cohort.
        told = told_of_systems(systems, [cohort] if versus is None else [cohort, versus])
        notes = (*told, used.note, *([STRICT_NOTE] if question.use_rules == "strict" else []))
        scope = self.scope(asked)
        return Meant(asked, scope, cohort, versus, question.drug_level, self.bin_of(scope), used, self.units, notes)

    def bin_of(self, scope: Scope) -> KindOfTerm:
        """The kind of a term as a question sees it."""
        bins = scope.term_bins
        return self._bin_of.setdefault(bins.treatment, KindOfTerm(bins))

    def asked(self, what: str, drug_level: DrugLevel = "substance") -> Asked | None:
        """A treatment by its id first, then a drug by any name it has in the store, then a treatment by an alias.

        Raises:
            UnknownNameError: no treatment and no drug of that name; the treatment that it tells, or the nearest names.
            CohortError: it is none, and looks like a condition that cannot be read.
        """
        if what.strip() in EVERY_DRUG:
            return None
        treatment = treatment_named(what)
        if treatment == what.strip().casefold():
            return Asked(treatment, "treatment")
        try:
            find = partial(find_drug, self.store, what, drug_level=drug_level, arrays=self.arrays)
            return self._found.get((what, drug_level), find)
        except UnknownNameError as error:
            if treatment is None:
                if _CONDITION.search(what):
                    parse(what)  # says what is wrong in it
                if told := [one.treatment for one in vocabularies() if one.names.find(what)]:
                    raise UnknownNameError.of_treatment(what, told) from error
                raise
            return Asked(treatment, "treatment")

    def scope(self, asked: Asked | None) -> Scope:
        """The bins that the terms of what is asked for lie in, and what conditions may speak of."""
        if self._groups is None:
            self._groups = term_groups(self.store)
        level = "" if asked is None else asked.level
        return Scope(
            self.bins,
            treatment=(asked.name,) if asked is not None and level == "treatment" else (),
            product=asked.name.upper() if asked is not None and level == "product" else "",
            groups=self._groups,
        )

    def _kept(
        self, ours: Cohort, others: Cohort | None, duplicates: str | None
    ) -> tuple[Cohort, Cohort | None, DuplicatesUsed]:
        """Cohort and comparator with how they treat duplicates, and what is to be said of it."""
        for one in (ours, others):
            if one is not None and one.fields & CHECKED:
                check_names(one, self.store, self.arrays)
        said = [part for part in (ours, others) if part is not None and "duplicates" in part.fields]
        if duplicates not in (None, AS_SAID):
            if said:
                raise CohortError(f"Cohort {said[0]} names duplicates already; leave out duplicates={duplicates}.")
            given = condition("duplicates", str(duplicates))
            self._check_linked(given.values[0])
        elif said or duplicates == AS_SAID:
            methods = sorted({method for part in said for method in methods_named(part)})
            for method in methods:
                self._check_linked(method)
            return ours, others, as_said(self.store, methods, count=self._aside)
        else:
            given = condition("duplicates", default_method(self.store))
        method = given.values[0]
        if method == OFF:
            return ours, others, duplicates_used(self.store, OFF)
        used = duplicates_used(self.store, method, reports=self._aside(method))
        return ours & given, None if others is None else others & given, used

    def _aside(self, method: str) -> int | None:
        """How many reports a method sets aside; None where the engine has to count them."""
        aside = None if self.arrays is None else self.arrays.aside(method)
        return None if aside is None else len(aside)

    def _check_linked(self, method: str) -> None:
        if method != OFF and method not in (there := linked_by(self.store)):
            raise LinkError.not_linked(method, there)


def as_cohort(given: Cohort | str | None) -> Cohort | None:
    """A cohort, or its text read; None stays None.

    Raises:
        CohortError: a text that cannot be read.
    """
    return parse(given) if isinstance(given, str) else given
