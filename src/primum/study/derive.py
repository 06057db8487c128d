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
from typing import TYPE_CHECKING

import numpy as np

from primum.cases.latest import current_reports
from primum.cases.use import report_uses
from primum.errors import OutdatedStoreError
from primum.store import DERIVED_FROM, SYNTHETIC_REPORTS, exists, open_store
from primum.store.folder import DERIVED
from primum.store.parts import synthetic_reports
from primum.treatments.vocabulary import Vocabulary, vocabularies
from primum.vocab.drugs import drug_names, map_names, rows_of_names

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


def open_derived_for_writing(folder: Path | None = None) -> Store:
    """Open a store that exists for writing, its derived tables made.

    Raises:
        StoreError: there is no store, or it cannot be written.
    """
    if not exists(folder):
        open_store(folder)  # says so
    store = open_store(folder, write=True)
    try:
        if not store.is_derived():
            derive(store)
    except BaseException:
        store.close()
        raise
    return store


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
    names = list(zip(found["drugname"], found["active_ingredient"], found["n"].tolist(), strict=True))
    columns = map_names(found["name_key"].tolist(), names, tables=[vocabulary.names for vocabulary in words])
    _clear(store, "drug_substances")
    if columns["name_key"]:
        texts = {name: np.array(values, dtype=object) for name, values in columns.items() if name != "name_key"}
        store.engine.append("drug_substances", {"name_key": np.array(columns["name_key"], dtype=np.int64), **texts})


def _tell_uses(store: Store, words: Sequence[Vocabulary]) -> None:
    _clear(store, "report_uses")
    for vocabulary in words:
        store.engine.insert("report_uses", report_uses(vocabulary.rules))


def _clear(store: Store, name: str) -> None:
    from primum.store.schema import table

    store.engine.replace_table(name, table(name).limit(0))
