"""Does a cohort name drugs, reactions and indications that the loaded reports know? A misspelt one is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from primum.counts.cohort import AllOf, AnyOf, Cohort, Condition, Not, place_of
from primum.counts.members import names_of
from primum.errors import CohortError
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
    for condition in conditions_of(cohort):
        if condition.field not in _KNOWN:
            continue
        there = _at_hand(condition, store, arrays)
        missing = [value for value in condition.values if value not in there]
        if missing:
            known = _KNOWN[condition.field](store)  # versions that another replaced are not at hand
            spelt = {name.upper() for name in known}
            for value in missing:
                if value not in spelt:
                    text = str(cohort)
                    at = place_of(text, condition.field, value)
                    raise CohortError.unknown_name(text, at, value, condition.field, known)


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
