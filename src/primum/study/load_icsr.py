"""How do case safety reports, as XML of E2B or as JSON of openFDA, become rows of the store?

A file (or a zip of them) is a part. What differs between the forms is how a report is found in the bytes; what it means
is read alike (`primum.sources.icsr`). Case versions are told apart as everywhere: by version, then by date of receipt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

from primum.sources.icsr import Icsr
from primum.sources.records import Packed, find_files
from primum.sources.systems import SYSTEMS
from primum.sources.values import Reading
from primum.store import Store
from primum.study.icsr_ahead import Batch, read_file
from primum.study.load import Loaded
from primum.study.load_system import Part, PartWriter, load_parts

ENDINGS: Final = {"e2b": (".xml", ".sgm"), "openfda": (".json",)}
EXPECTED: Final = {
    "e2b": "E2B files such as 1_ADR19Q1.xml, or zips of them",
    "openfda": "openFDA partitions such as drug-event-0001-of-0030.json.zip",
}
LONG: Final = 1024**2  # bytes of rejected records that do not wait for more to come
CHILDREN: Final = ("drugs_in_report", "therapies", "indications", "reactions")


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
    rows = count(1)

    def take(batch: Batch) -> None:
        reports, rejects, account = batch
        for icsr in reports:
            _put(icsr, next(rows), writer)
        for reject in rejects:
            writer.append(reject)
        if sum(len(reject.line) for reject in rejects) >= LONG:
            writer.write_rows()
        if account is not None:
            writer.close_file(account)

    read_file(system, file, terms, take)


def _put(icsr: Icsr, row: int, writer: PartWriter) -> None:
    """Put in a report with its rows; those of a table are numbered through the report."""
    key = writer.report(row, **icsr.report)
    for table in CHILDREN:
        for number, values in enumerate(getattr(icsr, "drugs" if table == "drugs_in_report" else table), start=1):
            writer.add(table, report_key=key, row_number=number, **values)
    for number, outcome in enumerate(icsr.outcomes, start=1):
        writer.add("outcomes", report_key=key, row_number=number, outcome=outcome)
    for number, source in enumerate(icsr.report_sources, start=1):
        writer.add("report_sources", report_key=key, row_number=number, report_source=source)
    writer.repairs.update(icsr.repairs)
    for element, fault in icsr.faults:
        writer.told(element, Reading((), fault))
