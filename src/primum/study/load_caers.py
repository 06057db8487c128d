"""How does the file of CAERS become reports, wholly or not at all?

A report is one REPORT_ID; its first row tells the person. Each row is a product, suspect or concomitant. The industry
(such as vitamins, or cosmetics) stands as the form of the product: it is no ingredient.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from primum.sources.caers import open_caers, read_outcomes, split_terms, terms_with_commas
from primum.sources.code_texts import read_code
from primum.sources.days import read_day
from primum.sources.measures import unit_code
from primum.sources.quoted import Record, value_of
from primum.sources.systems import SYSTEMS
from primum.sources.values import read_age
from primum.store import Store
from primum.study.load import Loaded
from primum.study.load_system import PartWriter, check_file, load_parts, parts_of_files

SYSTEM: Final = SYSTEMS["caers"]
SUSPECT: Final = "PS"


def load_caers(store: Store, files: Sequence[Path], *, progress: Callable[[str], None] | None = None) -> list[Loaded]:
    """Load files of CAERS, as `load_parts` does.

    Args:
        store: a store opened for writing; terms with a comma that it holds are known in the cells too.
        files: CSV files.
        progress: is told the name of each file.
    """
    told = {str(term) for (term,) in store.engine.read("term_groups", "term") if "," in term}
    read = partial(_read_file, terms_with_commas() | told)
    return load_parts(store, parts_of_files(SYSTEM, files, read), progress=progress)


def check_caers_file(path: Path) -> None:
    """Refuse a file that is not there.

    Raises:
        SourceError: as said.
    """
    check_file(path, "a CSV file of CAERS or HFCS")


def _read_file(known: Collection[str], path: Path, writer: PartWriter) -> None:
    rows = _Rows(writer, known)
    reader = open_caers(path.name, keep=writer)
    with path.open("rb") as stream:
        for number, record in enumerate(reader.records(stream), start=1):
            rows.put(number, record)
    writer.close_file(reader.account())


class _Rows:
    """The rows of a file on their way into the writer."""

    def __init__(self, writer: PartWriter, known: Collection[str]) -> None:
        self.writer = writer
        self.known = known
        self.reports: dict[str, tuple[int, int, int]] = {}  # key, products so far, hash of terms and outcomes
        self.numbers = 0

    def put(self, number: int, record: Record) -> None:
        """Put in a row: its report where it is the first, its product, and terms that were not told before."""
        case = record["REPORT_ID"].strip()
        told = hash((record["CASE_MEDDRA_PREFERRED_TERMS"], record.get("CASE_OUTCOME", "")))
        before = self.reports.get(case)
        if before is None:
            key, products = self._report(number, case, record), 0
        else:
            key, products, _ = before
            if before[2] != told:
                self.writer.repairs["add_terms_of_further_row"] += 1
        self.reports[case] = (key, products + 1, told)
        if before is None or before[2] != told:
            self._terms(key, record)
        role = self.writer.told(
            "PRODUCT_TYPE", read_code("caers", "PRODUCT_TYPE", record.get("PRODUCT_TYPE", ""))
        ).values[0]
        self.writer.add(
            "drugs_in_report",
            report_key=key,
            drug_seq=products + 1,
            row_number=number,
            role=role or SUSPECT,
            drugname=value_of(record, "PRODUCT"),
            dose_form=value_of(record, "DESCRIPTION"),
        )

    def _report(self, number: int, case: str, record: Record) -> int:
        received = self.writer.told(
            "DATE_FDA_FIRST_RECEIVED_REPORT", read_day(value_of(record, "DATE_FDA_FIRST_RECEIVED_REPORT"))
        )
        event = self.writer.told("DATE_EVENT", read_day(value_of(record, "DATE_EVENT")))
        unit = unit_code(record.get("AGE_UNITS", ""))
        age = (value_of(record, "PATIENT_AGE"), None if unit in ("NOT AVAILABLE", "UNKNOWN") else unit)
        return self.writer.report(
            number,
            primaryid=case,
            caseid=case,
            case_version=0,
            received_date=received.values[0],
            received_date_precision=received.values[1],
            received_date_text=value_of(record, "DATE_FDA_FIRST_RECEIVED_REPORT"),
            event_date=event.values[0],
            event_date_precision=event.values[1],
            event_date_text=value_of(record, "DATE_EVENT"),
            age_years=self.writer.told("PATIENT_AGE", read_age(age, dt.date.max)).values[0],
            age_text=value_of(record, "PATIENT_AGE"),
            age_unit=value_of(record, "AGE_UNITS"),
            sex=self.writer.told("SEX", read_code("caers", "SEX", record.get("SEX", ""))).values[0],
            sex_text=value_of(record, "SEX"),
            fields_filled=sum(map(bool, map(str.strip, record.values()))),
        )

    def _terms(self, key: int, record: Record) -> None:
        for term in split_terms(record["CASE_MEDDRA_PREFERRED_TERMS"], self.known):
            self.numbers += 1
            self.writer.repairs["keep_comma_of_term"] += "," in term
            self.writer.add("reactions", report_key=key, row_number=self.numbers, term=term.upper(), term_text=term)
        outcomes = [
            self.writer.told("CASE_OUTCOME", one).values[0] for one in read_outcomes(record.get("CASE_OUTCOME", ""))
        ]
        for outcome in dict.fromkeys(one for one in outcomes if one):
            self.numbers += 1
            self.writer.add("outcomes", report_key=key, row_number=self.numbers, outcome=outcome)
