"""How does a line listing of EudraVigilance become reports, wholly or not at all?

A report is one EU Local Number. A listing is fetched for one substance and says nothing of the reports that do not name
it: it can be counted, and compared with nothing but other listings.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from primum.sources.code_texts import read_code
from primum.sources.days import read_day
from primum.sources.eudravigilance import open_listing, read_drug, read_reaction, split_cell
from primum.sources.quoted import Record, value_of
from primum.sources.systems import SYSTEMS
from primum.store import Store
from primum.study.load import Loaded
from primum.study.load_system import PartWriter, check_file, load_parts, parts_of_files

SYSTEM: Final = SYSTEMS["eudravigilance"]
SINCE: Final = dt.date(1985, 1, 1)
NO_REFERENCE: Final = ("Not available", "Not applicable")


def load_eudravigilance(
    store: Store, files: Sequence[Path], *, progress: Callable[[str], None] | None = None
) -> list[Loaded]:
    """Load line listings, as `load_parts` does.

    Args:
        store: a store opened for writing.
        files: CSV files.
        progress: is told the name of each file.
    """
    return load_parts(store, parts_of_files(SYSTEM, files, _read_file), progress=progress)


def check_listing(path: Path) -> None:
    """Refuse a file that is not there.

    Raises:
        SourceError: as said.
    """
    check_file(path, "a line listing saved as CSV")


def _read_file(path: Path, writer: PartWriter) -> None:
    rows = _Rows(writer)
    reader = open_listing(path.name, keep=writer)
    with path.open("rb") as stream:
        for number, record in enumerate(reader.records(stream), start=1):
            rows.put(number, record)
    writer.close_file(reader.account())


class _Rows:
    """The rows of a listing on their way into the writer."""

    def __init__(self, writer: PartWriter) -> None:
        self.writer = writer
        self.reactions = 0
        self.drugs = 0
        self.outcomes = 0

    def put(self, number: int, record: Record) -> None:
        """Put in a report with its lists."""
        received = self.writer.told("RECEIPT_DATE", read_day(value_of(record, "RECEIPT_DATE"), since=SINCE))
        case, reference = record["LOCAL_NUMBER"].strip(), value_of(record, "LITERATURE")
        key = self.writer.report(
            number,
            primaryid=case,
            caseid=case,
            case_version=0,
            received_date=received.values[0],
            received_date_precision=received.values[1],
            received_date_text=value_of(record, "RECEIPT_DATE"),
            report_type=value_of(record, "REPORT_TYPE"),
            literature_reference=None if reference in NO_REFERENCE else reference,
            age_group=self._code("AGE_GROUP", "age", value_of(record, "AGE_GROUP")),
            age_text=value_of(record, "AGE_GROUP"),
            sex=self._code("SEX", "sex", value_of(record, "SEX")),
            sex_text=value_of(record, "SEX"),
            reporter_occupation=self._code("QUALIFICATION", "reporter", value_of(record, "QUALIFICATION")),
            reporter_country_text=value_of(record, "COUNTRY"),
            fields_filled=sum(map(bool, map(str.strip, record.values()))),
        )
        self._reactions(key, record["REACTIONS"])
        seq = 0
        for column in ("SUSPECTS", "CONCOMITANTS"):
            for item in split_cell(record.get(column, "")):
                seq += 1
                self._drug(key, seq, item)

    def _reactions(self, key: int, cell: str) -> None:
        outcomes: dict[str, None] = {}
        for item in split_cell(cell):
            reaction = read_reaction(item)
            self.reactions += 1
            self.writer.add(
                "reactions",
                report_key=key,
                row_number=self.reactions,
                term=reaction.term.upper(),
                term_text=reaction.term,
            )
            told = [self._code("REACTIONS", "outcome", text) for text in reaction.seriousness]
            told.append("DE" if read_code("eudravigilance", "course", reaction.course).values[0] else None)
            outcomes.update(dict.fromkeys(one for one in told if one))
        for outcome in outcomes:
            self.outcomes += 1
            self.writer.add("outcomes", report_key=key, row_number=self.outcomes, outcome=outcome)

    def _drug(self, key: int, seq: int, item: str) -> None:
        drug = read_drug(item)
        self.drugs += 1
        self.writer.add(
            "drugs_in_report",
            report_key=key,
            drug_seq=seq,
            row_number=self.drugs,
            role=self._code("SUSPECTS", "role", drug.role),
            drugname=drug.name or None,
            active_ingredient=drug.substances and drug.substances.replace(", ", "\\"),
            dose_text=drug.dose,
            route=drug.route,
        )
        if drug.indication:
            self.writer.add(
                "indications",
                report_key=key,
                row_number=self.drugs,
                drug_seq=seq,
                term=drug.indication.upper(),
                term_text=drug.indication,
            )

    def _code(self, column: str, kind: str, text: str | None) -> str | None:
        value = self.writer.told(column, read_code("eudravigilance", kind, text)).values[0]
        return None if value is None else str(value)
