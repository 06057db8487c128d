"""What follows from the loaded reports: current versions, names and what they mean, use?

The raw tables are never changed; everything here can be thrown away and made again. It is made once for a load, however
many quarters that brings. Where archives only came, the work is done for the cases and the names that they touch, and
gives the very rows that making everything anew would give; where one was replaced, or the rules are others than those
of the last time, everything is made anew. The store tells which archives its derived tables were made from, and whoever
opens it for an answer brings them up to date where a load was stopped before it did.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from primum.cases.latest import TOUCHED, current_by_slices, current_reports, touched_reports
from primum.cases.use import report_uses
from primum.errors import OutdatedStoreError, StoreError
from primum.store import DERIVED_FROM, SYNTHETIC_REPORTS, open_store
from primum.store.folder import DERIVED, NAMED_ROWS, UNMAPPED_ROWS
from primum.store.parts import loaded_parts, quarters_of, synthetic_reports
from primum.store.schema import schema_version
from primum.store.spark import LOAD_ELSEWHERE, open_spark
from primum.treatments.vocabulary import Vocabulary, vocabularies
from primum.vocab import known_names
from primum.vocab.cleaning import clean
from primum.vocab.dictionary import stored_dictionaries
from primum.vocab.drugs import VERSION, map_names

if TYPE_CHECKING:
    from primum.store import Store
    from primum.vocab.dictionary import Dictionary

log = logging.getLogger(__name__)

DERIVED_BY: Final = "derived_by"  # the fact that tells which rules the derived tables were made by
MAPPED: Final = "mapped_names"


EMBEDDED: Final = "duckdb"
"""What `--engine` calls the engine that comes with Primum; every other one is Spark."""


def open_as_it_is(place: Path | str | None = None, *, engine: str = EMBEDDED) -> Store:
    """Open a store for reading, also where a load of it was stopped before its end.

    Args:
        place: folder of the store; None for the default one. With another engine, the folder or address of exported
            tables.
        engine: `duckdb`, the embedded default; `spark-local`, or the address of a Spark master.

    Raises:
        StoreError: there is no store, it cannot be read, or the engine cannot be started.
    """
    if engine == EMBEDDED:
        return open_store(None if place is None else Path(place), underived=True)
    if place is None:
        raise StoreError.of(f"--engine {engine}", "no tables were named", LOAD_ELSEWHERE)
    return open_spark(str(place), master=engine)


def open_derived(place: Path | str | None = None, *, engine: str = EMBEDDED) -> Store:
    """Open a store for reading; one that an older Primum made, or whose load was stopped, is brought up to date first.

    Args:
        place: as in `open_as_it_is`.
        engine: likewise.

    Raises:
        StoreError: as there, or it must be finished and cannot be written.
    """
    if engine != EMBEDDED:
        store = open_as_it_is(place, engine=engine)
        if not store.is_derived():
            derive(store)
        return store
    folder = None if place is None else Path(place)
    with contextlib.suppress(OutdatedStoreError):
        store = open_as_it_is(folder)
        if store.is_derived():
            return store
        store.close()
    with open_store(folder, write=True) as unfinished:
        derive(unfinished)
    return open_store(folder)


def open_to_change(place: Path | str | None = None, *, engine: str = EMBEDDED) -> Store:
    """Open a store that holds reports, to change what follows from them.

    Args:
        place: as in `open_as_it_is`.
        engine: likewise.

    Raises:
        StoreError: there is no store, it is in use, or it cannot be written.
    """
    if engine != EMBEDDED:
        return open_derived(place, engine=engine)
    folder = None if place is None else Path(place)
    open_derived(folder).close()  # where none is, none is made
    return open_store(folder, write=True)


@dataclass(frozen=True, slots=True)
class News:
    """What came since the derived tables were made, where nothing else changed.

    Args:
        parts: the parts that came.
        quarters: their quarters.
    """

    parts: tuple[int, ...]
    quarters: tuple[str, ...]


def derive(store: Store, *, treatments: Sequence[Vocabulary] | None = None) -> dict[str, int]:
    """Bring the derived tables up to date, all together or not at all; where nothing is new, make them again.

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
    rules = _rules(store, words)
    news = _what_came(store, rules)
    log.info("deriving %s", f"what {', '.join(map(str, news.parts))} touch" if news else "everything anew")
    _tell_drug_names(store, news)
    found = store.engine.run(known_names.names_to_read())
    dictionaries = stored_dictionaries(store)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="derive") as beside:  # while the engine ranks versions
        meant = beside.submit(_read_names, found, words, dictionaries)
        written = beside.submit(_write_queries, store, words, news)
        _tell_current(store, news)
        _tell_meanings(store, meant.result())
        written.result()
    _tell_uses(store, words, news)
    store.engine.unstage(TOUCHED)
    _tell_origin(store, rules)
    rows = {name: store.engine.count(name) for name in DERIVED}
    log.info("derived %s", ", ".join(f"{name}: {n}" for name, n in rows.items()))
    return rows


def _rules(store: Store, words: Sequence[Vocabulary]) -> str:
    """Hash over everything but the reports that decides what the derived tables hold."""
    versions = [version("primum"), schema_version(), VERSION]
    versions += [text for one in words for text in (one.treatment, one.names.version, one.rules.version)]
    given = store.engine.read("word_files", "kind", "name", "sha256")
    versions += [" ".join(row) for row in given if row[0] == "names"]
    return hashlib.sha256("\n".join(versions).encode()).hexdigest()


def _what_came(store: Store, rules: str) -> News | None:
    """What came since; None where everything must be made anew, or most of it is new anyway."""
    before: dict[int, str] = dict(store.engine.read("derived_parts", "part", "archive_sha256"))
    loaded = loaded_parts(store.engine)
    came = tuple(sorted(loaded.keys() - before.keys()))
    stayed = before.items() <= loaded.items()
    if not came or not stayed or 2 * len(came) > len(loaded) or store.fact(DERIVED_BY) != rules:
        return None
    return News(came, quarters_of(store.engine, came))


def _tell_origin(store: Store, rules: str) -> None:
    """Say what the derived tables were made from, and how many reports are invented."""
    parts = np.array([*loaded_parts(store.engine).items()], dtype=object).reshape(-1, 2)
    origin = {"part": parts[:, 0].astype(np.int64), "archive_sha256": parts[:, 1]}
    store.engine.replace_table("derived_parts", [store.engine.stage("origin", origin)])
    store.engine.unstage("origin")
    store.tell_fact(SYNTHETIC_REPORTS, str(synthetic_reports(store.engine)))
    store.tell_fact(DERIVED_FROM, store.snapshot())
    store.tell_fact(DERIVED_BY, rules)
    store.keep_derivation()


def _tell_current(store: Store, news: News | None) -> None:
    """Which version of each case is current: of every case, or of those that the news touch."""
    engine = store.engine
    if news is None:
        engine.replace_table("current_reports", current_by_slices(engine))
        return
    engine.stage_expression(TOUCHED, touched_reports(news.parts, news.quarters))
    engine.delete_staged("current_reports", "report_key", TOUCHED, "touched_key")
    engine.insert("current_reports", current_reports(TOUCHED))


def _tell_drug_names(store: Store, news: News | None) -> None:
    """Every drug name with its rows; what the names mean whose family has no new rows is kept aside."""
    engine = store.engine
    if news is None:
        for name in ("drug_names", "drug_substances"):
            engine.replace_table(name, [])
    engine.stage_expression(known_names.COUNTED, known_names.counted_names(news.parts if news else None))
    given = engine.run(known_names.names_to_clean())["drugname"]
    cleaned = np.array([clean(name) for name in given.tolist()], dtype=object)
    engine.stage(known_names.CLEANED, {"given": given, "cleaned": cleaned})
    engine.stage_expression(known_names.KEPT, known_names.substances_to_keep())
    engine.replace_table("drug_names", [known_names.drug_names()])


def _read_names(
    found: Mapping[str, NDArray[Any]], words: Sequence[Vocabulary], dictionaries: Sequence[Dictionary]
) -> dict[str, NDArray[Any]]:
    """What the names of the touched families mean, as columns of `drug_substances`."""
    columns = map_names(
        found["name_key"].tolist(),
        list(zip(found["drugname"], found["active_ingredient"], found["row_count"].tolist(), strict=True)),
        teaching=found["teaching_rows"].tolist(),
        tables=[vocabulary.names for vocabulary in words],
        dictionaries=dictionaries,
    )
    return {name: _array(name, values) for name, values in columns.items()}


def _tell_meanings(store: Store, read: Mapping[str, NDArray[Any]]) -> None:
    """Put what was read of names beside what was kept of the others."""
    engine = store.engine
    engine.replace_table("drug_substances", [known_names.kept_substances(), engine.stage(MAPPED, read)])
    for staged in (known_names.COUNTED, known_names.CLEANED, known_names.KEPT, MAPPED):
        engine.unstage(staged)
    [(rows, unmapped)] = engine.rows(known_names.coverage())
    store.tell_fact(NAMED_ROWS, str(rows or 0))
    store.tell_fact(UNMAPPED_ROWS, str(unmapped or 0))


def _array(name: str, values: list[Any]) -> NDArray[Any]:
    """A column of `drug_substances`; what is missing among numbers is not a number, or nothing at all."""
    kinds = {"name_key": np.int64, "share": np.float64}
    return np.array(values, dtype=kinds.get(name, object))


def _write_queries(store: Store, words: Sequence[Vocabulary], news: News | None) -> None:
    """Have the engine write the queries of `_tell_uses`, which it keeps: that takes longer than to run them."""
    for vocabulary in words:
        store.engine.sql(report_uses(vocabulary.rules, None if news is None else TOUCHED))


def _tell_uses(store: Store, words: Sequence[Vocabulary], news: News | None) -> None:
    """The use of every report that holds a treatment, or of those that the news touch."""
    engine = store.engine
    if news is None:
        engine.replace_table("report_uses", (report_uses(vocabulary.rules) for vocabulary in words))
        return
    engine.delete_staged("report_uses", "report_key", TOUCHED, "touched_key")
    for vocabulary in words:
        engine.insert("report_uses", report_uses(vocabulary.rules, TOUCHED))
