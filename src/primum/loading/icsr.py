"""How do case safety reports, as XML of E2B or as JSON of openFDA, become rows of the store?

A file (or a zip of them) is a part. What differs between the forms is how a report is found in the bytes; what it means
is read alike (`primum.sources.icsr`). Case versions are told apart as everywhere: by version, then by date of receipt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from primum.loading.faers import Loaded
from primum.loading.icsr_ahead import read_file
from primum.loading.icsr_columns import Run
from primum.loading.system import Part, PartWriter, load_parts
from primum.sources.records import Packed, find_files
from primum.sources.systems import SYSTEMS
from primum.store import Store

ENDINGS: Final = {"e2b": (".xml", ".sgm"), "openfda": (".json",)}
EXPECTED: Final = {
    "e2b": "E2B files such as 1_ADR19Q1.xml, or zips of them",
    "openfda": "openFDA partitions such as drug-event-0001-of-0030.json.zip",
}


def find_icsr_files(system: str, given: Sequence[Path]) -> tuple[Packed, ...]:
    """The files of `e2b` or `openfda` that paths and folders offer.

    Raises:
        SourceError: there is none, or two of one name.
    """
    return find_files(given, endings=ENDINGS[system], expected=EXPECTED[system])


def load_icsr(
    store: Store,
    system: str,
    files: Sequence[Packed],
    *,
    terms: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Loaded]:
    """Load files of case safety reports, as `load_parts` does.

    Args:
        store: a store opened for writing.
        system: `e2b` or `openfda`.
        files: as `find_icsr_files` gives them.
        terms: names of MedDRA terms by code.
        progress: is told the name of each file.
    """
    known = SYSTEMS[system]
    parts = [
        Part(
            system=system,
            number=known.part_named(file.name),
            name=file.name,
            sha256=file.sha256(),
            size=file.path.stat().st_size,
            read=partial(_read_file, system, file, terms or {}),
        )
        for file in files
    ]
    return load_parts(store, parts, progress=progress)


def _read_file(system: str, file: Packed, terms: Mapping[str, str], writer: PartWriter) -> None:
    for message in read_file(system, file, terms):
        if isinstance(message, Run):
            _put(message, writer)
        else:
            writer.close_file(message)


def _put(run: Run, writer: PartWriter) -> None:
    """Put in a run behind those before it; rows of a table are numbered through the report."""
    numbers = writer.numbers("reports", run.reports)
    keys = writer.put_reports(numbers, **run.tables["reports"].columns)
    for table, rows in run.tables.items():
        if table != "reports":
            writer.put(table, keys[rows.report], **rows.columns)
    for reject in run.rejects:
        writer.append(reject)
    writer.repairs.update(run.repairs)
    writer.faults.update(run.faults)
