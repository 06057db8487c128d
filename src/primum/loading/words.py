"""How do a user's own dictionaries and terminology come into the store, and out again?

Each is read whole before anything changes, then stored with its hash and release in one transaction together with what
follows from it. Forgetting one leaves the store as if it had never been there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from primum.errors import SourceError, StoreError, UnknownNameError
from primum.loading.derive import derive_inside
from primum.vocab.dictionary import Dictionary, read_dictionary, stored_dictionaries
from primum.vocab.meddra import LEVELS, Terminology, read_meddra

if TYPE_CHECKING:
    from primum.store import Store

NAMES: Final = "names"
TERMS: Final = "terms"


def use_names(store: Store, path: Path) -> Dictionary:
    """Map drug names by a dictionary too, beside those that are in use; one of the same name is replaced.

    Raises:
        SourceError: it cannot be read, or another CSV in use gives one of its names another meaning.
    """
    given = read_dictionary(path)
    for other in stored_dictionaries(store):
        if other.name != given.name and not (other.is_reference or given.is_reference):
            _refuse_other_meaning(given, other)
    with store.engine.transaction():
        _take_out_names(store, given.name)
        _note_file(
            store,
            kind=NAMES,
            name=given.name,
            format=given.format,
            version=given.version,
            sha256=given.sha256,
            entries=len(given.meanings),
            left_out=given.left_out,
        )
        rows = [(name, meaning) for name, meanings in given.meanings.items() for meaning in meanings]
        columns = {
            "dictionary": _text([given.name] * len(rows)),
            "name": _text([name for name, _ in rows]),
            "substance": _text([meaning.substance for _, meaning in rows]),
            "product": _text([meaning.product for _, meaning in rows]),
        }
        store.engine.append("user_names", columns)
        derive_inside(store)
    return given


def forget_names(store: Store, name: str | None = None) -> tuple[str, ...]:
    """Take a dictionary out again, or all of them; the names taken out.

    Raises:
        UnknownNameError: no dictionary of that name is in use.
    """
    used = tuple(sorted(file[1] for file in store.engine.read("word_files", "kind", "name") if file[0] == NAMES))
    if name is not None and name not in used:
        raise UnknownNameError.of("dictionary in use", name, used)
    gone = used if name is None else (name,)
    if not gone:
        return ()
    with store.engine.transaction():
        for one in gone:
            _take_out_names(store, one)
        derive_inside(store)
    return gone


def use_terms(store: Store, folder: Path, *, release: str | None = None) -> Terminology:
    """Know the groups of a MedAscii folder, instead of any that are known.

    Raises:
        SourceError: the folder cannot be read, or is of another release.
    """
    given = read_meddra(folder, release=release)
    rows = [(level, name, term) for (level, name), terms in sorted(given.groups.items()) for term in sorted(terms)]
    columns = {column: _text([row[i] for row in rows]) for i, column in enumerate(("level", "name", "term"))}
    with store.engine.transaction():
        _take_out_terms(store)
        _note_file(
            store,
            kind=TERMS,
            name=f"MedDRA {given.version}",
            format="medascii",
            version=given.version,
            sha256=given.sha256,
            entries=given.terms,
            left_out=0,
        )
        store.engine.append("term_groups", columns)
    return given


def forget_terms(store: Store) -> None:
    """Take the terminology out again.

    Raises:
        StoreError: none is in use.
    """
    if not any(kind == TERMS for (kind,) in store.engine.read("word_files", "kind")):
        raise StoreError.of(str(store.folder), "no terminology is in use", "Use one: primum terms use DIR")
    with store.engine.transaction():
        _take_out_terms(store)


def _refuse_other_meaning(given: Dictionary, other: Dictionary) -> None:
    for name, meanings in given.meanings.items():
        if (there := other.find(name)) and set(there) != set(meanings):
            raise SourceError.of(
                given.name,
                f'"{name}" is {meanings[0].substance} there and {there[0].substance} in {other.name}, which is in use',
                "one meaning a name",
                f"Leave it out of one, or forget the other: primum names forget {other.name}",
            )


def _take_out_names(store: Store, name: str) -> None:
    store.engine.delete("user_names", "dictionary", name, name)
    store.engine.delete("word_files", "name", name, name)


def _take_out_terms(store: Store) -> None:
    store.engine.delete("word_files", "kind", TERMS, TERMS)
    store.engine.delete("term_groups", "level", min(LEVELS), max(LEVELS))


def _note_file(store: Store, **told: str | int) -> None:
    row = {name: np.array([value]) if isinstance(value, int) else _text([value]) for name, value in told.items()}
    store.engine.append("word_files", row)


def _text(values: Sequence[str | None]) -> NDArray[Any]:
    return np.array(values, dtype=object)
