"""What belongs to one loaded archive, and how is it put in and taken out as a whole?

A part is a quarter of a reporting system, or one long table. Its report keys are `part * 10^8 + row`, its file keys
`part * 100 + position`, so that taking it out is a range of keys in every table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from primum.sources.lines import FileAccount, Reject
from primum.store.arrange import FILES_OF_A_PART, ROWS_OF_A_PART, Fault
from primum.store.engine import Engine
from primum.store.schema import table
from primum.terms import SYNTHETIC

if TYPE_CHECKING:
    import ibis.expr.types as ir

REPORT_TABLES: Final = (
    "reports",
    "drugs_in_report",
    "reactions",
    "outcomes",
    "report_sources",
    "therapies",
    "indications",
    "narratives",
    "told_links",
)
FILE_TABLES: Final = ("files", "repairs", "rejects", "value_faults")


@dataclass(frozen=True, slots=True)
class PartFile:
    """A file of a part: which it is, and the archive it came from."""

    file_key: int
    source: str
    quarter: str | None
    archive: str
    archive_sha256: str
    archive_bytes: int


def loaded_archive(engine: Engine, part: int) -> tuple[str, str] | None:
    """Name and SHA-256 of the archive that a part was loaded from; None where it is not loaded."""
    rows = engine.read("files", "file_key", "archive", "archive_sha256")
    return next(((name, digest) for key, name, digest in rows if key // FILES_OF_A_PART == part), None)


def loaded_parts(engine: Engine) -> dict[int, str]:
    """SHA-256 of the archive of every part that is loaded."""
    rows = engine.read("files", "file_key", "archive_sha256")
    return {key // FILES_OF_A_PART: digest for key, digest in rows}


def quarters_of(engine: Engine, parts: Sequence[int]) -> tuple[str, ...]:
    """The quarters of parts; a long table has none."""
    rows = engine.read("files", "file_key", "quarter")
    return tuple(sorted({quarter for key, quarter in rows if key // FILES_OF_A_PART in parts and quarter}))


def belongs_to(report_key: ir.IntegerColumn, parts: Sequence[int]) -> ir.BooleanValue:
    """Whether a report's key is one of these parts."""
    import ibis

    of_parts = [report_key.between(part * ROWS_OF_A_PART, (part + 1) * ROWS_OF_A_PART - 1) for part in parts]
    return reduce(or_, of_parts, ibis.literal(False))


def of_reports(rows: ir.Table, within: str | None) -> ir.Table:
    """The rows of reports whose keys a staged table holds as `touched_key`; of every report where `within` is None."""
    import ibis

    if within is None:
        return rows
    wanted = ibis.table({"touched_key": "int64"}, name=within)
    return rows.filter(rows.report_key.isin(wanted.touched_key))


def reports_of(engine: Engine, part: int) -> int:
    """Reports of a part."""
    reports = table("reports")
    return int(engine.rows(reports.filter(belongs_to(reports.report_key, [part])).count().as_table())[0][0])


def synthetic_reports(engine: Engine) -> int:
    """Reports whose sender or, outside of FAERS, own or case number says with its first word: invented."""
    reports = table("reports")
    numbered = reports.manufacturer_number.startswith(SYNTHETIC) | reports.caseid.startswith(SYNTHETIC)
    invented = reports.sender.startswith(SYNTHETIC) | ((reports.source != "faers") & numbered)
    return int(engine.rows(reports.filter(invented).count().as_table())[0][0])


def remove_part(engine: Engine, part: int, quarter: str | None) -> None:
    """Take out everything of a part; nothing happens where it is not loaded."""
    for name in REPORT_TABLES:
        engine.delete(name, "report_key", part * ROWS_OF_A_PART, (part + 1) * ROWS_OF_A_PART - 1)
    for name in FILE_TABLES:
        engine.delete(name, "file_key", part * FILES_OF_A_PART, (part + 1) * FILES_OF_A_PART - 1)
    if quarter is not None:
        engine.delete("deletions", "quarter", quarter, quarter)


def texts_of(engine: Engine, path: Path, column: str, where: Mapping[str, str]) -> list[str]:
    """The texts in a column of a Parquet file, in the order of its rows, of the rows that hold the texts of `where`."""
    staged = engine.stage_parquet("staged_texts", path, {column: column}, where=where)
    texts = [text or "" for _, text in engine.rows(staged.order_by("row_number").select("row_number", column))]
    engine.unstage("staged_texts")
    return texts


def quarters_in(engine: Engine, path: Path, column: str) -> list[str]:
    """The distinct texts in a column of a Parquet file, in their order."""
    staged = engine.stage_parquet("staged_texts", path, {column: column}, where={})
    texts = sorted(text or "" for (text,) in engine.rows(staged.select(column).distinct()))
    engine.unstage("staged_texts")
    return texts


def add_account(
    engine: Engine, file: PartFile, account: FileAccount, *, repairs: Mapping[str, int], faults: Sequence[Fault]
) -> None:
    """Put in where the lines of a file went, what was repaired and which values have no type."""
    row: dict[str, Any] = asdict(file) | {
        "member": account.member,
        "table_name": account.table,
        "layout": account.layout,
        "lines": account.lines,
        "header_lines": account.header_lines,
        "blank_lines": account.blank_lines,
        "loaded": account.loaded,
        "rejected": account.rejected,
        "joins": account.joins,
        "splits": account.splits,
        "outside": account.outside,
    }
    engine.append("files", {name: _column([value]) for name, value in row.items()})
    if repairs:
        engine.append(
            "repairs",
            {
                "file_key": np.full(len(repairs), file.file_key),
                "repair": _column(sorted(repairs)),
                "rows_touched": np.array([repairs[name] for name in sorted(repairs)]),
            },
        )
    if faults:
        engine.append(
            "value_faults",
            {
                "file_key": np.full(len(faults), file.file_key),
                "column_name": _column([column for column, _, _ in faults]),
                "fault": _column([fault for _, fault, _ in faults]),
                "rows_touched": np.array([rows for _, _, rows in faults]),
            },
        )


def add_rejects(engine: Engine, file_key: int, rejects: Sequence[Reject]) -> None:
    """Keep rejected lines whole."""
    if rejects:
        engine.append(
            "rejects",
            {
                "file_key": np.full(len(rejects), file_key),
                "line_number": np.array([reject.line_number for reject in rejects]),
                "reason": _column([reject.reason for reject in rejects]),
                "line_bytes": _column([reject.line for reject in rejects]),
            },
        )


def add_deletions(engine: Engine, quarter: str, caseids: Sequence[str]) -> None:
    """Keep the cases that a quarter's lists delete."""
    if caseids:
        engine.append("deletions", {"quarter": _column([quarter] * len(caseids)), "caseid": _column(caseids)})


def _column(values: Sequence[Any]) -> NDArray[Any]:
    if all(isinstance(value, int) for value in values):
        return np.array(values, dtype=np.int64)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
