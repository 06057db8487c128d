"""Are drugs, reactions and indications that somebody names known to the loaded reports? A misspelt one is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from primum.counts.cohort import AllOf, AnyOf, Cohort, Condition, Not, condition, place_of
from primum.counts.members import names_of
from primum.errors import CohortError, nearest_of_many
from primum.store import schema
from primum.vocab.reactions import pooled

if TYPE_CHECKING:
    import ibis

    from primum.counts.incidence import Incidence
    from primum.store import Store


def check_names(cohort: Cohort, store: Store, arrays: Incidence | None) -> None:
    """Refuse a cohort that names what no loaded report knows.

    Args:
        cohort: as it was asked for.
        store: the loaded reports.
        arrays: the store's incidence arrays, which spare the engine where they know a term; None without them.

    Raises:
        CohortError: a drug, product, substance, reaction or indication that nobody reported; the nearest are named.
    """
    for one in conditions_of(cohort):
        if one.field in _KNOWN:
            missing, known = _unknown(one, store, arrays)
            for value in missing:
                text = str(cohort)
                raise CohortError.unknown_name(text, place_of(text, one.field, value), value, one.field, known)


def unknown_terms(terms: Sequence[str], store: Store, arrays: Incidence | None) -> dict[str, str]:
    """Reaction terms that no loaded report has, whatever drug it names, each with the nearest that one has.

    Args:
        terms: under their present names.
        store: the loaded reports.
        arrays: as for `check_names`.
    """
    if not terms:
        return {}
    missing, known = _unknown(condition("reaction", *terms), store, arrays)
    return {term: nearest_of_many(term, known) for term in terms if term in missing}


def _unknown(asked: Condition, store: Store, arrays: Incidence | None) -> tuple[list[str], set[str]]:
    """The values of a condition that no loaded report knows, and the names that they know; looked up where needed."""
    there = _at_hand(asked, store, arrays)
    missing = [value for value in asked.values if value not in there]
    if not missing:
        return [], set()
    known = _KNOWN[asked.field](store)  # versions that another replaced are not at hand
    spelt = {name.upper() for name in known}
    return [value for value in missing if value not in spelt], known


def conditions_of(cohort: Cohort) -> Iterator[Condition]:
    """Every condition that a cohort is made of, whether it has to hold or must not."""
    if isinstance(cohort, Condition):
        yield cohort
    parts = (cohort.part,) if isinstance(cohort, Not) else cohort.parts if isinstance(cohort, AllOf | AnyOf) else ()
    for part in parts:
        yield from conditions_of(part)


def _at_hand(condition: Condition, store: Store, arrays: Incidence | None) -> set[str]:
    """Names that are quickly known to be there; not all of them."""
    if condition.field in ("reaction", "indication"):
        if arrays is None:
            return set()
        if condition.field == "reaction":
            return set(arrays.events().names.tolist())
        return set(arrays.part("indications").names["text"])
    if condition.field == "substance" and arrays is not None and (known := arrays.drug_names("substance")) is not None:
        return {" ".join(name.upper().split()) for name in known}
    return {name.upper() for name in _spellings(store, names_of(condition).select(*_COLUMNS[condition.field]))}


_COLUMNS: Final = {
    "drug": ("drugname", "substance", "product"),
    "product": ("product",),
    "substance": ("substance",),
}


def _spellings(store: Store, names: ibis.Table) -> set[str]:
    """Every text of some columns, blanks as in a cohort."""
    rows = store.engine.rows(names.distinct())
    return {" ".join(str(name).split()) for row in rows for name in row if name is not None}


def _drug_names(field: str) -> Callable[[Store], set[str]]:
    def known(store: Store) -> set[str]:
        names = schema.table("drug_names").join(schema.table("drug_substances"), "name_key")
        return _spellings(store, names.select(*_COLUMNS[field]))

    return known


def _terms(table: str) -> Callable[[Store], set[str]]:
    def known(store: Store) -> set[str]:
        rows = schema.table(table)
        return _spellings(store, rows.filter(rows.term.notnull()).select(term=pooled(rows.term)))

    return known


_KNOWN: Final[dict[str, Callable[[Store], set[str]]]] = {
    "drug": _drug_names("drug"),
    "product": _drug_names("product"),
    "substance": _drug_names("substance"),
    "reaction": _terms("reactions"),
    "indication": _terms("indications"),
}
"""Every name of a field that the loaded reports hold."""
CHECKED: Final = frozenset(_KNOWN)
"""Fields whose names are looked up."""
