"""How are the next tables of an archive cleaned while the store arranges the one before them?

Cleaning reads and checks lines with array operations, a thread a table; arranging is the engine's work in its own
threads. All leave Python's lock alone for most of their time, so that two cores are busy from the first table on.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from primum.sources.faers import Archive, FileAccount, KnownKeys, Member, Reject, clean_member, no_key_known

AT_ONCE: Final = 2  # tables that are cleaned at once
REJECTS_AT_ONCE: Final = 1_000
BYTES_AT_ONCE: Final = 16 * 1024**2  # of rejected lines that are held in memory


@dataclass(slots=True)
class Rejects:
    """Rejected lines on their way to the store; all but the last batch wait in a file: a table may hold little else.

    Args:
        path: that file; made when it is needed.
    """

    path: Path
    waiting: list[Reject] = field(default_factory=list)
    size: int = 0

    def add(self, reject: Reject) -> None:
        """Keep one line."""
        self.waiting.append(reject)
        self.size += len(reject.line)
        if len(self.waiting) >= REJECTS_AT_ONCE or self.size >= BYTES_AT_ONCE:
            with self.path.open("ab") as file:
                pickle.dump(self.waiting, file)
            self.waiting, self.size = [], 0

    def batches(self) -> Iterator[list[Reject]]:
        """The lines in their order, never more of them in memory than one batch."""
        if self.path.exists():
            with self.path.open("rb") as file, suppress(EOFError):
                while True:
                    yield pickle.load(file)
        yield self.waiting


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A table whose lines are cleaned.

    Args:
        member: the file inside the archive.
        account: where its lines went.
        rows: the file of its cleaned rows; gone when the next table is asked for.
        rejects: its rejected lines.
    """

    member: Member
    account: FileAccount
    rows: Path
    rejects: Rejects = field(repr=False)


@contextmanager
def clean_ahead(archive: Archive, folder: Path) -> Iterator[Iterator[Cleaned]]:
    """The seven tables of an archive, each cleaned while the caller works on the one before.

    Args:
        archive: the checked archive.
        folder: where cleaned rows wait; three tables at most, and DEMO to the end, whose keys the others may ask for.

    Returns:
        The tables in their order; the first are under way already.

    Raises:
        SourceError: a table cannot be read; told when its turn comes.
    """
    known_keys = KnownKeys(folder / "DEMO.rows")

    def known_key(key: bytes) -> bool:
        waiting[0].result()  # DEMO may still be under way
        return known_keys(key)

    def clean(member: Member) -> Cleaned:
        rows = folder / f"{member.table}.rows"
        rejects = Rejects(folder / f"{member.table}.rejects")
        known = no_key_known if member.table == "DEMO" else known_key
        return Cleaned(member, clean_member(archive, member, rows, reject=rejects.add, known_key=known), rows, rejects)

    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="clean") as pool:
        waiting = [pool.submit(clean, archive.tables[0])]  # kept before the next one starts, which may ask for it
        waiting += [pool.submit(clean, member) for member in archive.tables[1:AT_ONCE]]

        def in_turn() -> Iterator[Cleaned]:
            for number in range(len(archive.tables)):
                cleaned = waiting[number].result()
                waiting.extend(pool.submit(clean, member) for member in archive.tables[len(waiting) : number + AT_ONCE])
                yield cleaned
                if cleaned.member.table != "DEMO":
                    cleaned.rows.unlink()

        yield in_turn()
