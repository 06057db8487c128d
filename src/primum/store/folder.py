"""Where is the store, is there one, and how is it opened?

Nothing heavy is imported before a store is opened: `exists` is asked by commands that answer without one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from primum.errors import OutdatedStoreError, StoreError
from primum.terms import SYNTHETIC

if TYPE_CHECKING:
    from primum.store.duckdb import DuckDBEngine
    from primum.store.engine import Engine
    from primum.store.status import Status

DATABASE: Final = "primum.duckdb"
DERIVATION: Final = "derivation"  # fact: hash over the derived tables
DERIVED: Final = ("current_reports", "drug_names", "drug_substances", "report_uses")
LOADING: Final = "loading-"  # folders of cleaned text begin like this
DERIVED_FROM: Final = "derived_from"  # the fact that tells which snapshot the derived tables were made from
SYNTHETIC_REPORTS: Final = "synthetic_reports"  # the fact that tells how many reports are invented
NAMED_ROWS: Final = "drug_rows_named"  # facts of a derivation: drug rows with a name, and those nothing is known of
UNMAPPED_ROWS: Final = "drug_rows_unmapped"


def default_folder() -> Path:
    """`PRIMUM_STORE`, or the platform's data folder."""
    named = os.environ.get("PRIMUM_STORE")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("primum", appauthor=False)) / "store"


def exists(folder: Path | None = None) -> bool:
    """Whether a folder (default: `default_folder()`) holds a store; imports no engine.

    Examples:
        >>> exists(Path("/nowhere"))
        False
    """
    return ((folder or default_folder()) / DATABASE).is_file()


@dataclass(frozen=True, slots=True)
class Store:
    """An open store: a context manager that closes its engine.

    Args:
        folder: where it lies.
        engine: what carries it.
        made: whether this opening made it; one that stays empty is taken away again when it is closed.
    """

    folder: Path
    engine: Engine
    made: bool = False

    def snapshot(self) -> str:
        """SHA-256 that changes when and only when another set of report files is loaded or the tables' form changes.

        A load is a function of its archives, so their hashes stand for the rows; the order of loading does not matter.
        """
        from primum.store.schema import schema_version

        files = self.engine.read("files", "source", "quarter", "archive", "archive_sha256")
        loaded = {(source, quarter or archive, archive_hash) for source, quarter, archive, archive_hash in files}
        digest = hashlib.sha256(schema_version().encode())
        for row in sorted(loaded):
            digest.update("\t".join(row).encode() + b"\n")
        return digest.hexdigest()

    def fact(self, name: str) -> str | None:
        """A fact about the store itself; None where it is not told."""
        return dict(self.engine.read("store_facts", "fact", "value")).get(name)

    def tell_fact(self, name: str, value: str) -> None:
        """Tell a fact about the store itself, instead of what was told of it before."""
        import numpy as np

        self.engine.delete("store_facts", "fact", name, name)
        self.engine.append("store_facts", {"fact": np.array([name]), "value": np.array([value])})

    def is_derived(self) -> bool:
        """Whether the derived tables were made from what is loaded now; a killed load may have left them behind."""
        return self.fact(DERIVED_FROM) == self.snapshot() or not self.engine.count("files")

    def synthetic(self) -> str:
        """What must stand on every answer from a store that holds invented reports; empty where it holds none."""
        invented = int(self.fact(SYNTHETIC_REPORTS) or 0)
        if not invented:
            return ""
        return (
            f"{SYNTHETIC}: {invented:,} of the {self.engine.count('reports'):,} reports in this store are invented; "
            "nothing that is counted here tells anything of a real drug."
        )

    def derivation(self) -> str:
        """Hash over the derived tables as the last derivation left them: names and rules can change without a load."""
        return self.fact(DERIVATION) or self._hash_derived()

    def keep_derivation(self) -> None:
        """Note the hash over the derived tables; called where they are made, so that no reader has to compute it."""
        self.tell_fact(DERIVATION, self._hash_derived())

    def _hash_derived(self) -> str:
        digest = hashlib.sha256()
        for name in DERIVED:
            digest.update(f"{name}={self.engine.content_hash(name)}\n".encode())
        return digest.hexdigest()

    def status(self) -> Status:
        """What is loaded, line by line."""
        from primum.store.status import read_status

        return read_status(self)

    def close(self) -> None:
        """Let the database go."""
        empty = self.made and self._is_empty()
        self.engine.close()
        if empty:
            for name in (DATABASE, f"{DATABASE}.wal"):  # the second stays where the disk had no room to end it
                (self.folder / name).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # it holds something that is not ours
                self.folder.rmdir()

    def _is_empty(self) -> bool:
        from primum.store.schema import tables

        return not any(self.engine.count(schema.name) for schema in tables() if schema.name != "store_facts")

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(folder: Path | None = None, *, write: bool = False, underived: bool = False) -> Store:
    """Open a store; with `write`, make it where there is none.

    Args:
        folder: where it lies; None: `default_folder()`.
        write: open it for loading. One writer at a time, and no reader beside it.
        underived: also read a store whose derived tables lag behind its reports, because a load was stopped;
            `primum.loading.derive.open_derived` brings them up to date instead.

    Raises:
        StoreError: there is none (and `write` is False), it is in use, damaged, of another version, or cannot be
            written.
        OutdatedStoreError: it is of an older version, and opening it for writing brings it up to date.
    """
    folder = folder or default_folder()
    if not write and not exists(folder):
        raise StoreError.of(
            str(folder), "no reports are loaded there", _hint("Load reports first", folder, " --from DIR_OR_ZIP")
        )
    made = not exists(folder)
    if write:
        _make_folder(folder)
    from primum.store.duckdb import DuckDBEngine

    engine = DuckDBEngine(folder / DATABASE, read_only=not write)
    try:
        _bring_up_to_date(engine, folder, write=write)
        if write:
            _make_tables(engine)
            _sweep(folder)
        _check_tables(engine, folder)
    except BaseException:  # also a Ctrl-C must let go of the database
        engine.close()
        raise
    store = Store(folder, engine, made)
    if not (write or underived or store.is_derived()):
        engine.close()
        raise StoreError.of(str(folder), "a load was stopped before its end", _hint("Finish it", folder))
    return store


def _hint(what: str, folder: Path, more: str = "") -> str:
    """The command that mends a store; it names the folder where another one would be taken."""
    named = "" if folder == default_folder() else f" --store {shlex.quote(str(folder))}"
    return f"{what}: primum load faers{more}{named}"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError.of(
            str(folder),
            f"the folder cannot be made ({error.strerror or error})",
            "Check the rights of the folder above it, or name another one with --store",
        ) from error
    if not os.access(folder, os.W_OK):
        raise StoreError.of(
            str(folder), "it cannot be written", "Check the rights of the folder, or name another one with --store"
        )


def _sweep(folder: Path) -> None:
    """Take away what a load left that was killed; nobody else is loading, the database is ours."""
    for left in folder.glob(f"{LOADING}*"):
        shutil.rmtree(left, ignore_errors=True)


def _make_tables(engine: DuckDBEngine) -> None:
    from importlib.metadata import version

    import numpy as np

    from primum.store.schema import schema_version, tables

    with engine.transaction():
        engine.create([schema.ddl for schema in tables()])
        if not engine.count("store_facts"):
            made = {"schema_version": schema_version(), "primum_version": version("primum")}
            engine.append("store_facts", {"fact": np.array([*made]), "value": np.array([*made.values()])})


def _bring_up_to_date(engine: DuckDBEngine, folder: Path, *, write: bool) -> None:
    """Migrate a store of an older form, or say that it must be; one with no way to today's is refused later."""
    from primum.store import migrations
    from primum.store.schema import schema_version

    if engine.columns_of("store_facts") is None:
        return
    told = dict(engine.read("store_facts", "fact", "value")).get(migrations.VERSION_FACT, "")
    way = migrations.steps(told, schema_version(), migrations.MIGRATIONS)
    if way and write:
        migrations.migrate(engine, way)
    elif way:
        raise OutdatedStoreError.of(
            str(folder), "an older version of Primum made it", _hint("Bring it up to date", folder)
        )


def _check_tables(engine: DuckDBEngine, folder: Path) -> None:
    """A store of another version is refused with the first difference, before anything reads it wrongly."""
    from primum.store.schema import tables

    if engine.columns_of("store_facts") is None:  # killed while it was made
        raise StoreError.of(
            str(folder), "no reports are loaded there", _hint("Load reports first", folder, " --from DIR_OR_ZIP")
        )
    for schema in tables():
        found = engine.columns_of(schema.name)
        wanted = {column.name: column.type for column in schema.columns}
        if found != wanted:
            missing = sorted(set(wanted) - set(found or ())) or sorted(set(found or ()) - set(wanted)) or ["types"]
            raise StoreError.of(
                str(folder),
                f"its table {schema.name} was made by another version of Primum (differs in: {', '.join(missing)})",
                "Move the folder away and load the reports again",
            )
