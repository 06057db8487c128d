"""What follows from the loaded reports: current versions, names and what they mean, use?

The raw tables are never changed. Everything here can be thrown away and made again, from all quarters at once, so that
the order of loading does not matter. It is made once for a load, however many quarters that brings: the store tells
which snapshot its derived tables were made from, and whoever opens it for an answer makes them again where a load was
stopped before it did.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from primum.cases.latest import current_reports
from primum.cases.use import report_uses
from primum.errors import OutdatedStoreError
from primum.store import DERIVED_FROM, SYNTHETIC_REPORTS, open_store
from primum.store.folder import DERIVED, NAMED_ROWS, UNMAPPED_ROWS
from primum.store.parts import synthetic_reports
from primum.treatments.vocabulary import Vocabulary, vocabularies
from primum.vocab.dictionary import stored_dictionaries
from primum.vocab.drugs import drug_names, map_names, name_coverage, rows_of_names

if TYPE_CHECKING:
    from primum.store import Store

log = logging.getLogger(__name__)


def open_derived(folder: Path | None = None) -> Store:
    """Open a store for reading; one that an older Primum made, or whose load was stopped, is brought up to date first.

    Raises:
        StoreError: there is no store, it cannot be read, or it must be finished and cannot be written.
    """
    with contextlib.suppress(OutdatedStoreError):
        store = open_store(folder, underived=True)
        if store.is_derived():
            return store
        store.close()
    with open_store(folder, write=True) as unfinished:
        derive(unfinished)
    return open_store(folder)


def open_to_change(folder: Path | None = None) -> Store:
    """Open a store that holds reports, to change what follows from them.

    Raises:
        StoreError: there is no store, it is in use, or it cannot be written.
    """
    open_derived(folder).close()  # where none is, none is made
    return open_store(folder, write=True)


def derive(store: Store, *, treatments: Sequence[Vocabulary] | None = None) -> dict[str, int]:
    """Make the derived tables again, all together or not at all.

    Args:
        store: open for writing.
        treatments: whose names and use rules to apply; None: those of every installed treatment.

    Returns:
        Rows of each derived table.
    """
    with store.engine.transaction():
        return derive_inside(store, treatments=treatments)


def derive_inside(store: Store, *, treatments: Sequence[Vocabulary] | None = None) -> dict[str, int]:
    """As `derive`, inside a transaction that the caller has begun, so that a load and what follows from it are one."""
    words = vocabularies() if treatments is None else tuple(treatments)
    engine = store.engine
    engine.replace_table("current_reports", current_reports())
    engine.replace_table("drug_names", drug_names())
    _map_drug_names(store, words)
    _tell_uses(store, words)
    store.tell_fact(SYNTHETIC_REPORTS, str(synthetic_reports(engine)))
    store.tell_fact(DERIVED_FROM, store.snapshot())
    store.keep_derivation()
    rows = {name: engine.count(name) for name in DERIVED}
    log.info("derived %s", ", ".join(f"{name}: {n}" for name, n in rows.items()))
    return rows


def _map_drug_names(store: Store, words: Sequence[Vocabulary]) -> None:
    found = store.engine.run(rows_of_names())
    keys, rows = found["name_key"].tolist(), found["n"].tolist()
    columns = map_names(
        keys,
        list(zip(found["drugname"], found["active_ingredient"], rows, strict=True)),
        tables=[vocabulary.names for vocabulary in words],
        dictionaries=stored_dictionaries(store),
    )
    _clear(store, "drug_substances")
    if columns["name_key"]:
        store.engine.append("drug_substances", {name: _array(name, values) for name, values in columns.items()})
    covered = name_coverage(dict(zip(keys, rows, strict=True)), columns)
    store.tell_fact(NAMED_ROWS, str(covered.rows))
    store.tell_fact(UNMAPPED_ROWS, str(covered.unmapped))


def _array(name: str, values: list[Any]) -> NDArray[Any]:
    """A column of `drug_substances`; what is missing among numbers is not a number, or nothing at all."""
    kinds = {"name_key": np.int64, "share": np.float64}
    return np.array(values, dtype=kinds.get(name, object))


def _tell_uses(store: Store, words: Sequence[Vocabulary]) -> None:
    _clear(store, "report_uses")
    for vocabulary in words:
        store.engine.insert("report_uses", report_uses(vocabulary.rules))


def _clear(store: Store, name: str) -> None:
    from primum.store.schema import table

    store.engine.replace_table(name, table(name).limit(0))
