"""What is loaded, and is every line of every file accounted for?"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from primum.store.folder import Store

STATUS_SCHEMA: Final = "primum.status/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFile:
    """One loaded file and where its physical lines went."""

    file_key: int
    source: str
    quarter: str | None
    archive: str
    archive_sha256: str
    archive_bytes: int
    member: str
    table_name: str
    layout: str
    lines: int
    header_lines: int
    blank_lines: int
    loaded: int
    rejected: int
    joins: int
    splits: int
    outside: int

    @property
    def unaccounted(self) -> int:
        """Lines that went nowhere; 0, or Primum has a fault."""
        return (
            self.lines
            - (self.loaded + self.rejected + self.header_lines + self.blank_lines + self.joins - self.splits)
            - self.outside
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WordFile:
    """A dictionary or terminology that a user gave."""

    kind: str
    name: str
    format: str
    version: str
    sha256: str
    entries: int
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a store holds.

    Args:
        folder: where it lies.
        snapshot: hash over the loaded archives and the tables' form.
        schema_version: hash of the tables' form.
        synthetic: what must be said where reports are invented; empty where none is.
        derived: whether the derived tables were made from what is loaded now.
        files: loaded files in the order of their keys.
        rows: rows of each table.
        repairs: `(file_key, repair, rows_touched)`.
        value_faults: `(file_key, column, fault, rows_touched)`.
        words: dictionaries and terminologies in use.
        named_rows: drug rows with a name.
        unmapped_rows: those of which nothing is known but their name.
    """

    folder: str
    snapshot: str
    schema_version: str
    synthetic: str
    derived: bool
    files: tuple[LoadedFile, ...]
    rows: dict[str, int]
    repairs: tuple[tuple[int, str, int], ...]
    value_faults: tuple[tuple[int, str, str, int], ...]
    words: tuple[WordFile, ...] = ()
    named_rows: int = 0
    unmapped_rows: int = 0

    @property
    def told_of_names(self) -> str:
        """How much of the drug rows has a substance, in words."""
        if not self.named_rows:
            return "Drug names: no drug row has a name"
        mapped, share = self.named_rows - self.unmapped_rows, self.unmapped_rows / self.named_rows
        return f"Drug names: {mapped:,} of {self.named_rows:,} rows mapped, {share:.1%} unmapped"

    @property
    def quarters(self) -> tuple[str, ...]:
        """Quarters loaded, oldest first."""
        return tuple(sorted({file.quarter for file in self.files if file.quarter}))

    @property
    def unaccounted(self) -> int:
        """Lines over all files that went nowhere."""
        return sum(abs(file.unaccounted) for file in self.files)

    def to_json(self) -> dict[str, Any]:
        """The form of `primum status --json`."""
        by_file = {file.file_key: file for file in self.files}
        shown = [name for name in LoadedFile.__slots__ if name != "file_key"]
        return {
            "schema": STATUS_SCHEMA,
            "folder": self.folder,
            "snapshot": self.snapshot,
            "schema_version": self.schema_version,
            "synthetic": self.synthetic,
            "derived": self.derived,
            "quarters": list(self.quarters),
            "unaccounted_lines": self.unaccounted,
            "rows": self.rows,
            "names": {"rows": self.named_rows, "unmapped": self.unmapped_rows},
            "words": [{name: getattr(file, name) for name in WordFile.__slots__} for file in self.words],
            "files": [
                {
                    **{name: getattr(file, name) for name in shown},
                    "unaccounted": file.unaccounted,
                    "repairs": {repair: count for key, repair, count in self.repairs if key == file.file_key},
                    "value_faults": [
                        {"column": column, "fault": fault, "rows": count}
                        for key, column, fault, count in self.value_faults
                        if key == file.file_key
                    ],
                }
                for file in by_file.values()
            ],
        }


def read_status(store: Store) -> Status:
    """Read a store's status from its account tables; the large tables are only counted."""
    from primum.store.folder import NAMED_ROWS, UNMAPPED_ROWS
    from primum.store.schema import schema_version, tables

    rows = store.engine.read("files", *LoadedFile.__slots__)
    return Status(
        folder=str(store.folder),
        snapshot=store.snapshot(),
        schema_version=schema_version(),
        synthetic=store.synthetic(),
        derived=store.is_derived(),
        files=tuple(LoadedFile(**dict(zip(LoadedFile.__slots__, row, strict=True))) for row in rows),
        rows={schema.name: store.engine.count(schema.name) for schema in tables()},
        repairs=tuple(store.engine.read("repairs", "file_key", "repair", "rows_touched")),
        value_faults=tuple(store.engine.read("value_faults", "file_key", "column_name", "fault", "rows_touched")),
        words=tuple(
            WordFile(**dict(zip(WordFile.__slots__, row, strict=True)))
            for row in store.engine.read("word_files", *WordFile.__slots__)
        ),
        named_rows=int(store.fact(NAMED_ROWS) or 0),
        unmapped_rows=int(store.fact(UNMAPPED_ROWS) or 0),
    )


def status_lines(status: Status, *, files: bool = False) -> list[str]:
    """A status as lines of at most 80 characters (names of files may be longer).

    Args:
        status: what is loaded.
        files: one line for each file; without it one line for each archive.
    """
    lines = textwrap.wrap(status.synthetic, 80)
    lines += [f"Store     {status.folder}", f"Snapshot  {status.snapshot[:16]}", ""]
    lines.append(f"{'':14}{'lines':>12}{'rows':>12}{'rejected':>10}{'repaired':>10}{'no value':>10}  sha-256")
    from primum.sources.values import TAKEN_OTHERWISE

    without = [fault for fault in status.value_faults if fault[2] not in TAKEN_OTHERWISE]
    otherwise = [fault for fault in status.value_faults if fault[2] in TAKEN_OTHERWISE]
    repaired, faulty = _sums(status.repairs), _sums(without)
    archives: dict[str, list[LoadedFile]] = {}
    for file in status.files:
        archives.setdefault(file.archive, []).append(file)
    for archive, members in archives.items():
        lines.append(
            _line(members[0].quarter or archive, members, repaired, faulty) + f"  {members[0].archive_sha256[:8]}"
        )
        if files:
            lines += [_line(f"  {file.table_name}", [file], repaired, faulty) for file in members]
    lines += ["", f"Reports {status.rows['reports']:,}; deleted cases listed {status.rows['deletions']:,}"]
    lines += _totals("Repairs", [(name, count) for _, name, count in status.repairs])
    lines += _totals("No value", [(f"{name}: {fault}", count) for _, name, fault, count in without])
    if otherwise:
        lines += _totals("Not as printed", [(f"{name}: {fault}", count) for _, name, fault, count in otherwise])
    lines += _words(status)
    if not status.derived:
        lines.append("A load was stopped before its end; the next answer or load finishes it.")
    if outside := sum(file.outside for file in status.files):
        lines.append(f"Lines about reports that were not loaded with them: {outside:,}")
    lines.append(f"Lines that are not accounted for: {status.unaccounted}")
    return lines


def _words(status: Status) -> list[str]:
    """The share of names without a meaning, and what a user gave to find meanings by."""
    lines = [status.told_of_names]
    for file in status.words:
        told = f"  {file.kind} by {file.name} ({file.format}{f' {file.version}' if file.version else ''}): "
        told += f"entries {file.entries:,}, sha-256 {file.sha256[:8]}"
        lines.append(told + (f"; {file.left_out:,} left out" if file.left_out else ""))
    return lines


def _line(name: str, files: list[LoadedFile], repaired: dict[int, int], faulty: dict[int, int]) -> str:
    keys = [file.file_key for file in files]
    numbers = (
        (sum(file.lines for file in files), 12),
        (sum(file.loaded for file in files), 12),
        (sum(file.rejected for file in files), 10),
        (sum(repaired.get(key, 0) for key in keys), 10),
        (sum(faulty.get(key, 0) for key in keys), 10),
    )
    return f"{name:<14}" + "".join(f"{number:>{width},}" for number, width in numbers)


def _sums(rows: Iterable[tuple[Any, ...]]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for key, *_, count in rows:
        sums[key] = sums.get(key, 0) + count
    return sums


def _totals(title: str, counted: list[tuple[str, int]]) -> list[str]:
    sums: dict[str, int] = {}
    for name, count in counted:
        sums[name] = sums.get(name, 0) + count
    return [f"{title}: none"] if not sums else [f"{title}:", *(f"  {sums[name]:>12,}  {name}" for name in sorted(sums))]
