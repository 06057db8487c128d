"""In which order does an archive become part of the store, so that a kill leaves it before or after?

Check the archive, then in one transaction: take away what an older archive of the same quarter left, read the seven
tables and the lists of deleted cases, account for every line, and refuse orphans. The derived tables follow once for
all quarters of a load; until then the store itself tells that they lag behind (`Store.is_derived`).
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from primum.errors import SourceError, StoreError
from primum.loading.clean_ahead import Cleaned, clean_ahead
from primum.loading.derive import derive, derive_inside
from primum.loading.fetch import ARCHIVES, JOBS, fetch
from primum.loading.workshop import room_beside
from primum.sources.download import NotPublishedError, Patience, Watcher, base_address, check_address
from primum.sources.faers import (
    INDEX_PAGE,
    Archive,
    FileAccount,
    Member,
    find_archives,
    part_number,
    read_archive,
    read_deleted,
)
from primum.sources.layouts import layout_of
from primum.store import Store
from primum.store.arrange import (
    FILES_OF_A_PART,
    STAGED_FILE,
    Arranged,
    arrange_reports,
    arrange_rows,
    plan_ahead,
    stage_cleaned,
)
from primum.store.parts import (
    PartFile,
    add_account,
    add_deletions,
    add_rejects,
    loaded_archive,
    remove_part,
    reports_of,
)
from primum.terms import Quarter

PASS_ON: Final = 0.0005  # seconds; Python's own are 0.005

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did.

    Args:
        archive: file name of the archive.
        part: its quarter, or the name of the table.
        outcome: `loaded`, `replaced` (an older file of the same quarter) or `unchanged` (it was there already).
        reports: rows of reports it holds.
        rejected: lines kept in rejects.
        repaired: rows that a repair touched.
    """

    archive: str
    part: str
    outcome: str
    reports: int
    rejected: int
    repaired: int


@dataclass(frozen=True, slots=True)
class LoadedArchives:
    """What a load of several archives did.

    Args:
        loaded: one for each archive, oldest quarter first.
        not_found: quarters that were asked for and not offered.
    """

    loaded: tuple[Loaded, ...]
    not_found: tuple[Quarter, ...]


def read_quarters(texts: Sequence[str]) -> frozenset[Quarter]:
    """The quarters that texts such as `2014q3` and `2004q1..2017q2` name.

    Raises:
        SourceError: a text is neither.

    Examples:
        >>> sorted(map(str, read_quarters(["2012q3..2013q1", "2014q1"])))
        ['2012q3', '2012q4', '2013q1', '2014q1']
    """
    quarters: set[Quarter] = set()
    for text in texts:
        first, dots, last = text.partition("..")
        try:
            quarter, end = Quarter.parse(first), Quarter.parse(last if dots else first)
        except ValueError as error:
            expected = "a year, q and a number from 1 to 4, such as 2014q3 or 2004q1..2017q2"
            raise SourceError.of(text or "an empty text", "it names no quarter", expected, "Correct it.") from error
        if end < quarter:
            raise SourceError.of(text, "it ends before it begins", "the earlier quarter first", "Turn it round.")
        while quarter <= end:
            quarters.add(quarter)
            quarter = quarter.next()
    return frozenset(quarters)


def no_quarters() -> SourceError:
    """What to name where nothing was named that could be loaded."""
    return SourceError(
        "Nothing to load was named; expected quarters to download, such as primum load faers 2004q1..2026q2, or a zip "
        f"or a folder of zips with --from. They are published at {INDEX_PAGE}."
    )


def load_archives(
    store: Store,
    given: Path,
    *,
    quarters: frozenset[Quarter] = frozenset(),
    progress: Progress | None = None,
    watcher: Watcher | None = None,
) -> LoadedArchives:
    """Load a zip, or every archive of a folder; each quarter is a transaction of its own, what follows the last.

    Args:
        store: a store opened for writing.
        given: a zip or a folder of zips.
        quarters: only these; empty: all.
        progress: told what is read now.
        watcher: told how far each archive is.

    Raises:
        SourceError: an archive is not what it must be. The good ones are loaded first, then all faults are told.
        StoreError: the store cannot be written; the quarters before are loaded.
    """
    archives = find_archives(given, quarters or None)
    if watcher is not None:
        watcher.expected(sum(path.stat().st_size for path in archives))
    return _load_each(store, archives, quarters, progress, watcher)


def load_published(
    store: Store,
    quarters: frozenset[Quarter],
    *,
    base: str | None = None,
    jobs: int = JOBS,
    progress: Progress | None = None,
    downloads: Watcher | None = None,
    watcher: Watcher | None = None,
    patience: Patience | None = None,
) -> LoadedArchives:
    """Download quarters into the store's folder and load each as soon as it is there; can be stopped and run again.

    Args:
        store: a store opened for writing.
        quarters: which.
        base: address of the folder on the server; None: `primum.sources.download.base_address()`.
        jobs: files on their way at once.
        progress: told what is read now.
        downloads: told how far each download is.
        watcher: told how far each archive is loaded.
        patience: how long to wait for the server.

    Raises:
        SourceError: the address is none; or an archive cannot be had or is not what it must be, the good ones are
            loaded first.
        StoreError: the store cannot be written; the quarters before are loaded.
    """
    address = check_address(base or base_address())
    with fetch(
        quarters, store.folder / ARCHIVES, base=address, jobs=jobs, watcher=downloads, patience=patience
    ) as fetched:
        answer = _load_each(store, (archive for _, archive in fetched), quarters, progress, watcher)
    if quarters and not answer.loaded:
        asked = ", ".join(map(str, answer.not_found[:4])) + (" ..." if len(answer.not_found) > 4 else "")
        raise SourceError.of(address, f"none of {asked} is published there", "a quarter that is", f"See {INDEX_PAGE}.")
    return answer


def finish(store: Store, *, progress: Progress | None = None) -> bool:
    """Derive where a load was stopped before it did; whether there was anything to do."""
    if store.is_derived():
        return False
    (progress or _say_nothing)("what follows from the reports")
    with _python_out_of_the_way():
        derive(store)
    return True


def _load_each(
    store: Store,
    offered: Iterable[Path | SourceError],
    quarters: frozenset[Quarter],
    progress: Progress | None,
    watcher: Watcher | None,
) -> LoadedArchives:
    """Load what is offered, then derive, then tell the faults."""
    loaded: list[Loaded] = []
    faults: list[SourceError] = []
    for archive in offered:
        try:
            if isinstance(archive, SourceError):
                raise archive
            loaded.append(load_faers(store, archive, progress=progress, watcher=watcher, with_derived=False))
        except NotPublishedError:  # told as not found
            continue
        except SourceError as error:
            faults.append(error)
    finish(store, progress=progress)
    if faults:
        also = f" ({len(loaded)} other archives were loaded.)" if loaded else ""
        raise SourceError(" | ".join(str(fault) for fault in faults) + also) from faults[0]
    there = {one.part for one in loaded}
    return LoadedArchives(tuple(loaded), tuple(q for q in sorted(quarters) if str(q) not in there))


def load_faers(
    store: Store,
    path: Path,
    *,
    progress: Progress | None = None,
    watcher: Watcher | None = None,
    with_derived: bool = True,
) -> Loaded:
    """Load one archive of a FAERS quarter.

    Args:
        store: a store opened for writing.
        path: the zip.
        progress: told what is read now; one short text a file.
        watcher: told how far the archive is.
        with_derived: make the derived tables in the same transaction; else the caller derives after the last quarter.

    Returns:
        What was loaded. The same archive again changes nothing; another archive of the quarter replaces the first.

    Raises:
        SourceError: the archive is not what it must be, or rows have no report in their quarter.
        StoreError: the store cannot be written.
    """
    archive = read_archive(path)
    quarter = str(archive.quarter)
    part = part_number(archive.quarter)
    watcher = watcher or Watcher()
    before = loaded_archive(store.engine, part)
    if before is not None and before[1] == archive.sha256:
        watcher.started(path.name, archive.size)
        watcher.arrived(path.name, archive.size)
        watcher.ended(path.name)
        return Loaded(path.name, quarter, "unchanged", reports_of(store.engine, part), 0, 0)
    with _python_out_of_the_way(), _room_for_text(store) as folder, store.engine.transaction():
        if before is not None:
            remove_part(store.engine, part, quarter)
        accounts = _load_tables(store, archive, folder, progress or _say_nothing, watcher)
        accounts += _load_deletions(store, archive)
        if with_derived:
            derive_inside(store)
    return Loaded(
        archive=path.name,
        part=quarter,
        outcome="replaced" if before else "loaded",
        reports=accounts[0].loaded,
        rejected=sum(account.rejected for account in accounts),
        repaired=sum(sum(account.repairs.values()) for account in accounts),
    )


@contextmanager
def _python_out_of_the_way() -> Iterator[None]:
    """Inside, Python does not hold up what works beside it.

    It does not look for cycles of dead objects: a load makes rows by the million and hardly a cycle. And a thread that
    runs Python passes the lock on soon: those that clean need it hundreds of times a second, each time for little.
    """
    awake, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(PASS_ON)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if awake:
            gc.enable()


@contextmanager
def _room_for_text(store: Store) -> Iterator[Path]:
    """A folder for cleaned text beside the database; a disk that is full is told as what it is."""
    try:
        with room_beside(store) as folder:
            yield folder
    except OSError as error:
        raise StoreError.of(
            str(store.folder),
            f"it cannot be written ({error.strerror or error})",
            "Check that the disk has room, then run the command again; the quarters before are loaded",
        ) from error


def _load_tables(
    store: Store, archive: Archive, folder: Path, progress: Progress, watcher: Watcher
) -> list[FileAccount]:
    accounts: list[FileAccount] = []
    text, all_text = 0, sum(member.size for member in archive.tables)
    watcher.started(archive.path.name, archive.size)
    try:
        with clean_ahead(archive, folder) as members:
            _plan(store, archive, archive.tables[:1])  # while they are cleaned
            for cleaned in members:
                progress(f"{archive.quarter} {cleaned.account.table}")
                accounts.append(_load_table(store, archive, cleaned, accounts))
                if len(accounts) == 1:
                    _plan(store, archive, archive.tables[1:])  # DRUG, the largest, is seldom ready by now
                text += cleaned.member.size
                watcher.arrived(archive.path.name, archive.size * text // all_text)
    finally:
        watcher.ended(archive.path.name)
    return accounts


def _plan(store: Store, archive: Archive, members: Sequence[Member]) -> None:
    """Make ready what tables are arranged by, as far as their layout foretells it."""
    for member in members:
        plan_ahead(store.engine, member.table, layout_of(member.table, archive.quarter).columns)


def _load_table(store: Store, archive: Archive, cleaned: Cleaned, before: Sequence[FileAccount]) -> FileAccount:
    """Put one cleaned table into the store, with where its lines went."""
    account, file = cleaned.account, _part_file(archive, cleaned.member)
    for rejects in cleaned.rejects.batches():
        add_rejects(store.engine, file.file_key, rejects)
    arranged = _arrange(store, archive, account, cleaned.rows)
    _refuse_orphans(archive, account, arranged, before)
    account = arranged.accounted(account)
    add_account(store.engine, file, account, repairs=account.repairs, faults=arranged.faults)
    return account


def _arrange(store: Store, archive: Archive, account: FileAccount, rows: Path) -> Arranged:
    """Stage a cleaned file and put its rows where schema.csv says."""
    file = stage_cleaned(
        store.engine,
        rows,
        table=account.table,
        columns=account.columns,
        part=part_number(archive.quarter),
        quarter=str(archive.quarter),
        until=archive.quarter.last_day,
    )
    arrange = arrange_reports if account.table == "DEMO" else arrange_rows
    arranged = arrange(store.engine, file)
    store.engine.unstage(STAGED_FILE)
    return arranged


def _refuse_orphans(archive: Archive, account: FileAccount, arranged: Arranged, before: Sequence[FileAccount]) -> None:
    """Every row has its report in its own quarter (Q38); where not, the quarter's DEMO file is not whole."""
    orphans = account.loaded + arranged.copies - arranged.rows
    if orphans == 0:
        return
    rejected = before[0].rejected if before else 0
    also = f" ({rejected} lines of its DEMO file could not be read)" if rejected else ""
    raise SourceError.of(
        f"{archive.path.name}, {account.member}",
        f"{orphans} of {account.loaded} rows belong to no report of the quarter{also}",
        "a report for every row",
        "Nothing of this quarter was loaded; download the archive again.",
    )


def _load_deletions(store: Store, archive: Archive) -> list[FileAccount]:
    accounts = []
    cases: dict[str, None] = {}
    for member in archive.deleted:
        deleted = read_deleted(archive, member)
        file = _part_file(archive, member)
        add_rejects(store.engine, file.file_key, deleted.rejects)
        again = sum(case in cases for case in deleted.caseids)
        repairs = dict(deleted.account.repairs)
        if again:
            repairs["drop_repeated_deletion"] = repairs.get("drop_repeated_deletion", 0) + again
        add_account(store.engine, file, deleted.account, repairs=repairs, faults=())
        cases |= dict.fromkeys(deleted.caseids)
        accounts.append(deleted.account)
    add_deletions(store.engine, str(archive.quarter), tuple(cases))
    return accounts


def _part_file(archive: Archive, member: Member) -> PartFile:
    return PartFile(
        file_key=part_number(archive.quarter) * FILES_OF_A_PART + member.position,
        source="faers",
        quarter=str(archive.quarter),
        archive=archive.path.name,
        archive_sha256=archive.sha256,
        archive_bytes=archive.size,
    )


def _say_nothing(_: str) -> None:
    """Progress that nobody watches."""
