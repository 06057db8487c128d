"""A SYNTHETIC release of Open Altio, made from SYNTHETIC archives of FAERS quarters.

FDA's tables are written as open-altio 1.0.0 writes them: one Parquet file a table over all quarters, values as text, an
empty one missing, old column names replaced, `quarter_T` and `era_T` beside every row. A release has more tables
(those that Open Altio works out); they are not made, because they are not read.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from primum.sources.altio import DELETED, FORMAT_VERSION, MANIFEST, columns_of
from primum.sources.archive import Archive, Member, read_archive
from primum.sources.layouts import TABLES, layouts, match_header
from primum.store.duckdb import DuckDBEngine
from primum.terms import SYNTHETIC, Quarter

Row = dict[str, str | None]


def write_altio(folder: Path, archives: Sequence[Path]) -> Path:
    """Write a release with the quarters of archives.

    Args:
        folder: where to; it is made.
        archives: SYNTHETIC zips of FAERS quarters without odd lines.

    Returns:
        The folder.
    """
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    found = sorted((read_archive(path) for path in archives), key=lambda archive: archive.quarter)
    for archive in found:
        for member in archive.tables:
            rows[member.table] += _rows(archive, member)
        for member in archive.deleted:
            listed = [line for line in _lines(archive, member) if line.strip()]
            rows[DELETED] += [{"caseid": line, "quarter_T": str(archive.quarter)} for line in listed]
    (folder / "parquet").mkdir(parents=True)
    engine = DuckDBEngine(None)
    for table in TABLES:
        own = {name for layout in layouts() if layout.table == table for name in layout.columns}
        extra = ["foll_seq"] if table == "DEMO" else []
        _write(engine, folder, table, [*sorted(own), *extra, "quarter_T", "era_T"], rows[table])
    _write(engine, folder, DELETED, ["caseid", "quarter_T"], rows[DELETED])
    engine.close()
    manifest = {
        "format": "open-altio-release",
        "format_version": FORMAT_VERSION,
        "release": f"{SYNTHETIC} {str(found[-1].quarter).upper()}",
        "quarters": [str(archive.quarter) for archive in found],
    }
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def _rows(archive: Archive, member: Member) -> Iterator[Row]:
    """Rows of a member under the names of a release."""
    first, *lines = _lines(archive, member)
    header = match_header(first.encode(), table=member.table, quarter=archive.quarter, member=member.name)
    names = columns_of(member.table, archive.quarter)
    era = "legacy" if archive.quarter < Quarter(2012, 4) else "faers"
    for line in lines:
        fields = line.split("$")[: len(header.columns)]
        values = {names[column]: text or None for column, text in zip(header.columns, fields, strict=True)}
        yield values | {"quarter_T": str(archive.quarter), "era_T": era}


def _lines(archive: Archive, member: Member) -> list[str]:
    with archive.open(member) as stream:
        text = b"".join(iter(lambda: stream.read(1024**2), b""))
    return text.decode("latin-1").replace("\r\n", "\n").rstrip("\n").split("\n")


def _write(engine: DuckDBEngine, folder: Path, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for column in columns:
        arrays[column] = np.empty(len(rows), dtype=object)
        arrays[column][:] = [row.get(column) for row in rows]
    engine.write_parquet(folder / "parquet" / f"{table.lower()}.parquet", engine.stage("release", arrays))
