"""How does a long table of case, drug and event become reports?

One row says that a case names a drug as primary suspect and an event. A report is one case: drugs and events are
collapsed within it, so a table that lists every pair of a case gives each drug and each event once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from primum.errors import SourceError
from primum.loading.derive import derive_inside
from primum.loading.faers import Loaded
from primum.sources.archive import sha256_of
from primum.sources.systems import SYSTEMS
from primum.store import Store
from primum.store.arrange import FILES_OF_A_PART
from primum.store.long_table import TABLE_COLUMNS, arrange_long_table, match_columns
from primum.store.parts import PartFile, add_account, add_rejects, loaded_archive, remove_part, reports_of

KINDS: Final = (".csv", ".csv.gz", ".parquet")


def check_table_file(path: Path) -> None:
    """Refuse a file that is not there or whose name is not that of a table.

    Raises:
        SourceError: as said.
    """
    if not path.is_file():
        raise SourceError.no_file(path, f"a table with {TABLE_COLUMNS}")
    if not path.name.lower().endswith(KINDS):
        raise SourceError.of(path.name, "another kind of file", f"a name in {' '.join(KINDS)}", "Convert or rename it.")


def load_table(store: Store, path: Path) -> Loaded:
    """Load a long table with the columns CASEID, DRUG and AE.

    Args:
        store: a store opened for writing.
        path: CSV, gzipped CSV or Parquet; columns are matched whatever their case, others are left alone.

    Returns:
        What was loaded. The same file again changes nothing; another file of that name replaces the first.

    Raises:
        SourceError: it cannot be read, or a column is missing.
        StoreError: the store cannot be written.
    """
    check_table_file(path)
    part = SYSTEMS["table"].part_named(path.name)
    before = loaded_archive(store.engine, part)
    if before is not None and before[0] != path.name:  # one chance in 900,000 for a pair of names
        raise SourceError.of(path.name, f"its name gets the same keys as {before[0]}", "another name", "Rename it.")
    digest = sha256_of(path)
    if before is not None and before[1] == digest:
        return Loaded(path.name, path.name, "unchanged", reports_of(store.engine, part), 0, 0)
    with store.engine.transaction():
        staged = store.engine.stage_file("staged_table", path)
        header = 0 if path.name.lower().endswith(".parquet") else 1
        columns = match_columns(staged.drop("staged_row").columns, name=path.name)
        remove_part(store.engine, part, None)
        arranged = arrange_long_table(
            store.engine, staged, columns=columns, part=part, member=path.name, header_lines=header
        )
        file = PartFile(part * FILES_OF_A_PART + 1, "table", None, path.name, digest, path.stat().st_size)
        add_rejects(store.engine, file.file_key, arranged.rejects)
        add_account(store.engine, file, arranged.account, repairs=arranged.account.repairs, faults=())
        store.engine.unstage("staged_table")
        derive_inside(store)
    repaired = sum(arranged.account.repairs.values())
    outcome = "replaced" if before else "loaded"
    return Loaded(path.name, path.name, outcome, arranged.reports, arranged.account.rejected, repaired)
