"""What is loaded, and is every line of every file accounted for?"""

from __future__ import annotations

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

    @property
    def unaccounted(self) -> int:
        """Lines that went nowhere; 0, or Primum has a fault."""
        return self.lines - (
            self.loaded + self.rejected + self.header_lines + self.blank_lines + self.joins - self.splits
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a store holds.

    Args:
        folder: where it lies.
        snapshot: hash over the loaded archives and the tables' form.
        schema_version: hash of the tables' form.
        files: loaded files in the order of their keys.
        rows: rows of each table.
        repairs: `(file_key, repair, rows_touched)`.
        value_faults: `(file_key, column, fault, rows_touched)`.
    """

    folder: str
    snapshot: str
    schema_version: str
    files: tuple[LoadedFile, ...]
    rows: dict[str, int]
    repairs: tuple[tuple[int, str, int], ...]
    value_faults: tuple[tuple[int, str, str, int], ...]

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
            "quarters": list(self.quarters),
            "unaccounted_lines": self.unaccounted,
            "rows": self.rows,
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
    from primum.store.schema import schema_version, table, tables

    files, repairs, faults = table("files"), table("repairs"), table("value_faults")
    wanted = files.select(*LoadedFile.__slots__).order_by("file_key")
    rows = store.engine.rows(wanted)
    return Status(
        folder=str(store.folder),
        snapshot=store.snapshot(),
        schema_version=schema_version(),
        files=tuple(LoadedFile(**dict(zip(LoadedFile.__slots__, row, strict=True))) for row in rows),
        rows={schema.name: store.engine.count(schema.name) for schema in tables()},
        repairs=tuple(store.engine.rows(repairs.order_by("file_key", "repair"))),
        value_faults=tuple(store.engine.rows(faults.order_by("file_key", "column_name", "fault"))),
    )
