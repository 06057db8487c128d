"""Where do FDA's own rows stand in a release of Open Altio?

Open Altio cleans FAERS and publishes it as a folder of Parquet tables. Its tables `demo` to `indi` and `deleted` hold
FDA's values as FDA printed them, in FDA's columns, with the quarter whose file held the row. Those are read; what Open
Altio works out (its columns and tables whose names end in `_T`) is left, because Primum works it out by its own rules.

Source: open-altio 1.0.0 (Apache-2.0, October 2026), its README and data dictionary: release format 1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from primum.errors import SourceError
from primum.sources.archive import sha256_of
from primum.sources.layouts import TABLES, layout_of
from primum.terms import Quarter

MANIFEST: Final = "manifest.json"
FORMATS: Final = frozenset({"open-altio-release", "altio-open-faers-release"})  # the name it has, and the one it had
FORMAT_VERSION: Final = 1
LAYOUT: Final = "open-altio 1"
DELETED: Final = "deleted"
WHOLE_HISTORY: Final = "pre2019q1"  # FDA's one list of all deletions before, which came with 2019q1
QUARTER: Final = "quarter_T"
WANTED: Final = "a release of Open Altio: a folder with manifest.json and parquet/demo.parquet and its companions"


@dataclass(frozen=True, slots=True)
class Release:
    """A release of Open Altio.

    Args:
        name: such as `Open Altio 2026Q2`.
        files: path of each of the seven tables and of `DELETED`.
        sha256: hash over the hashes of those files.
        size: their bytes together.
    """

    name: str
    files: Mapping[str, Path]
    sha256: str
    size: int


def find_release(folder: Path) -> Release:
    """The release in a folder.

    Raises:
        SourceError: there is none, it is of another format, or a table is missing.
    """
    path = folder / MANIFEST
    if not path.is_file():
        given = f"no {MANIFEST}" if folder.is_dir() else "there is no such folder"
        raise SourceError.of(str(folder), given, WANTED, "Name the folder of the release.")
    told = _manifest(path)
    kind, version = told.get("format"), told.get("format_version")
    if kind not in FORMATS or version != FORMAT_VERSION:
        given = f"format {kind} version {version}"
        raise SourceError.of(str(path), given, f"open-altio-release version {FORMAT_VERSION}", "Check the folder.")
    files = {table: folder / "parquet" / f"{table.lower()}.parquet" for table in (*TABLES, DELETED)}
    if missing := [one.name for one in files.values() if not one.is_file()]:
        raise SourceError.of(str(folder), f"no parquet/{missing[0]}", WANTED, "Get the whole release.")
    digests = "\n".join(sha256_of(one) for one in files.values())
    return Release(
        name=f"Open Altio {told.get('release', folder.name)}",
        files=files,
        sha256=hashlib.sha256(digests.encode()).hexdigest(),
        size=sum(one.stat().st_size for one in files.values()),
    )


def columns_of(table: str, quarter: Quarter) -> dict[str, str]:
    """The columns that FDA's files of a quarter had: those of a release by the names that Primum gives them.

    Examples:
        >>> columns_of("REAC", Quarter(2012, 1)), columns_of("DEMO", Quarter(2012, 1))["caseversion"]
        ({'primaryid': 'primaryid', 'pt': 'pt'}, 'foll_seq')
    """
    layout = layout_of(table, quarter)
    kept = {"caseversion": "foll_seq"} if layout.name.startswith("laers") else {}  # not renamed by Open Altio
    return {column: kept.get(column, column) for column in layout.columns}


def _manifest(path: Path) -> Mapping[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise SourceError.of(str(path), "it is no JSON", WANTED, "Get the release again.") from error
    if not isinstance(told, dict):
        raise SourceError.of(str(path), "it is no JSON object", WANTED, "Get the release again.")
    return told
