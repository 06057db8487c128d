"""How does a release of Open Altio become quarters of FAERS, each wholly or not at all?

Its rows are FDA's own, so they are loaded as what they are: reports of `faers`, under the part of their quarter. FDA's
own archive of that quarter replaces them and is replaced by them; nothing is counted twice, and versions and deletions
are settled over both roads. The store's `files` say which archive a quarter came from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from primum.errors import SourceError
from primum.loading.faers import Loaded, finish
from primum.sources.altio import DELETED, LAYOUT, QUARTER, WHOLE_HISTORY, Release, columns_of
from primum.sources.faers import part_number
from primum.sources.layouts import TABLES
from primum.sources.lines import FileAccount, Reject
from primum.store import Store
from primum.store.arrange import (
    FILES_OF_A_PART,
    STAGED_FILE,
    arrange_reports,
    arrange_rows,
    stage_file_rows,
)
from primum.store.parts import (
    PartFile,
    add_account,
    add_deletions,
    add_rejects,
    loaded_archive,
    quarters_in,
    remove_part,
    reports_of,
    texts_of,
)
from primum.terms import Quarter

FIRST_WITH_HISTORY: Final = Quarter(2019, 1)


def load_altio(store: Store, release: Release, *, progress: Callable[[str], None] | None = None) -> list[Loaded]:
    """Load the quarters of a release; each is one transaction, and what follows from all is made once.

    Args:
        store: a store opened for writing.
        release: as `primum.sources.altio.find_release` gives it.
        progress: is told each quarter.

    Returns:
        What was loaded, oldest quarter first. The same release again changes nothing.

    Raises:
        SourceError: a table lacks a column, or rows have no report in their quarter; the quarters before are loaded.
        StoreError: the store cannot be written.
    """
    answers = []
    for text in quarters_in(store.engine, release.files["DEMO"], QUARTER):
        try:
            quarter = Quarter.parse(text)
        except ValueError as error:
            raise SourceError.of(
                release.files["DEMO"].name, f"the quarter {text!r}", "quarters such as 2017q2", "Check the release."
            ) from error
        if progress:
            progress(f"{release.name} {quarter}")
        answers.append(_load_quarter(store, release, quarter))
    finish(store)
    return answers


def _load_quarter(store: Store, release: Release, quarter: Quarter) -> Loaded:
    engine, part = store.engine, part_number(quarter)
    before = loaded_archive(engine, part)
    if before == (release.name, release.sha256):
        return Loaded(release.name, str(quarter), "unchanged", reports_of(engine, part), 0, 0)
    with engine.transaction():
        remove_part(engine, part, str(quarter))
        accounts = [_load_table(store, release, quarter, table) for table in TABLES]
        accounts.append(_load_deletions(store, release, quarter))
    return Loaded(
        archive=release.name,
        part=str(quarter),
        outcome="replaced" if before else "loaded",
        reports=accounts[0].loaded,
        rejected=sum(account.rejected for account in accounts),
        repaired=sum(sum(account.repairs.values()) for account in accounts),
    )


def _load_table(store: Store, release: Release, quarter: Quarter, table: str) -> FileAccount:
    """Put the rows of a quarter into the store, as those of its file are."""
    file = _part_file(release, quarter, TABLES.index(table) + 1)
    staged, rows, rejects = stage_file_rows(
        store.engine,
        release.files[table],
        table=table,
        columns=columns_of(table, quarter),
        part=part_number(quarter),
        quarter=quarter,
    )
    arranged = (arrange_reports if table == "DEMO" else arrange_rows)(store.engine, staged)
    store.engine.unstage(STAGED_FILE)
    if orphans := rows - len(rejects) + arranged.copies - arranged.rows:
        raise SourceError.of(
            f"{release.name}, {release.files[table].name}",
            f"{orphans} of {rows} rows of {quarter} belong to no report of the quarter",
            "a report for every row",
            "Nothing of this quarter was loaded; get the release again.",
        )
    account = arranged.accounted(_account(release.files[table].name, table, rows, rejects, {}))
    add_rejects(store.engine, file.file_key, rejects)
    add_account(store.engine, file, account, repairs=account.repairs, faults=arranged.faults)
    return account


def _load_deletions(store: Store, release: Release, quarter: Quarter) -> FileAccount:
    """Put in the cases of the quarter's lists; FDA's list of all deletions before came with 2019q1."""
    lists = (str(quarter), WHOLE_HISTORY) if quarter == FIRST_WITH_HISTORY else (str(quarter),)
    listed = [
        text for one in lists for text in texts_of(store.engine, release.files[DELETED], "caseid", {QUARTER: one})
    ]
    cases = dict.fromkeys(text for text in listed if text.isdigit())
    rejects = tuple(Reject(n, "no case number", t.encode()) for n, t in enumerate(listed, start=1) if not t.isdigit())
    again = len(listed) - len(rejects) - len(cases)
    repairs = {"drop_repeated_deletion": again} if again else {}
    file = _part_file(release, quarter, len(TABLES) + 1)
    account = _account(release.files[DELETED].name, "DELETED", len(listed), rejects, repairs)
    add_deletions(store.engine, str(quarter), tuple(cases))
    add_rejects(store.engine, file.file_key, rejects)
    add_account(store.engine, file, account, repairs=repairs, faults=())
    return account


def _account(member: str, table: str, rows: int, rejects: tuple[Reject, ...], repairs: dict[str, int]) -> FileAccount:
    """Where the rows of a quarter went; a row counts as a line."""
    return FileAccount(
        member=member,
        table=table,
        layout=LAYOUT,
        columns=(),
        lines=rows,
        header_lines=0,
        blank_lines=0,
        loaded=rows - len(rejects),
        rejected=len(rejects),
        repairs=repairs,
    )


def _part_file(release: Release, quarter: Quarter, position: int) -> PartFile:
    return PartFile(
        file_key=part_number(quarter) * FILES_OF_A_PART + position,
        source="faers",
        quarter=str(quarter),
        archive=release.name,
        archive_sha256=release.sha256,
        archive_bytes=release.size,
    )
