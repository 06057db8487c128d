"""How do the three files of a year of VAERS become reports, wholly or not at all?

A report is one VAERS_ID. VAERS ranks no vaccine before another, so every vaccine given is a primary suspect; its name
is the drug's name and its type (such as FLU4) the ingredient. All vaccines of a report share its one date.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from primum.sources.days import read_day
from primum.sources.quoted import Record, value_of
from primum.sources.systems import SYSTEMS
from primum.sources.vaers import FOREIGN, TABLES, VaersSet, open_table, outcomes, read_state
from primum.sources.values import Reading, read_age, read_number, read_sex
from primum.store import Store
from primum.study.load import Loaded
from primum.study.load_system import Part, PartWriter, load_parts

SYSTEM: Final = SYSTEMS["vaers"]
ROLE: Final = "PS"
UNKNOWN_TYPE: Final = "UNK"

KeptReport = tuple[int, str]  # its key, and the date of its vaccines as printed


def load_vaers(
    store: Store, sets: Sequence[VaersSet], *, progress: Callable[[str], None] | None = None
) -> list[Loaded]:
    """Load yearly sets of VAERS, as `load_parts` does.

    Args:
        store: a store opened for writing.
        sets: as `primum.sources.vaers.find_sets` gives them.
        progress: is told the name of each set.
    """
    parts = [
        Part(SYSTEM.name, SYSTEM.part(one.year), one.name, one.sha256, one.size, partial(_read_set, one))
        for one in sets
    ]
    return load_parts(store, parts, progress=progress)


def _read_set(given: VaersSet, writer: PartWriter) -> None:
    rows = _Rows(writer, dt.date(given.year, 12, 31) if given.year else dt.date.max)
    puts = {"DATA": rows.report, "VAX": rows.vaccine, "SYMPTOMS": rows.symptoms}
    for table in TABLES:
        path = given.files[table]
        reader = open_table(path.name, table, None if table == "DATA" else rows.reports, keep=writer)
        with path.open("rb") as stream:
            for row, record in enumerate(reader.records(stream), start=1):
                puts[table](record, row)
        writer.close_file(reader.account())


class _Rows:
    """The rows of one set on their way into the writer."""

    def __init__(self, writer: PartWriter, until: dt.date) -> None:
        self.writer = writer
        self.until = until
        self.reports: dict[str, KeptReport] = {}
        self.drugs: Counter[int] = Counter()

    def report(self, record: Record, row: int) -> None:
        """Put in a row of DATA."""
        key, vaers_id = self.writer.key(row), record["VAERS_ID"].strip()
        if vaers_id in self.reports:
            self.writer.repairs["keep_repeated_id"] += 1
        given_on = sys.intern(record.get("VAX_DATE", "").strip())  # some thousand days stand for a million texts
        self.reports.setdefault(vaers_id, (key, given_on))
        received = self._date(record, "RECVDATE")
        event = self._date(record, "ONSET_DATE")
        self.writer.report(
            row,
            primaryid=vaers_id,
            caseid=vaers_id,
            case_version=0,
            received_date=received.values[0],
            received_date_precision=received.values[1],
            received_date_text=value_of(record, "RECVDATE"),
            event_date=event.values[0],
            event_date_precision=event.values[1],
            event_date_text=value_of(record, "ONSET_DATE"),
            report_date_text=value_of(record, "RPT_DATE"),
            manufacturer_number=value_of(record, "SPLTTYPE"),
            age_years=self._age(record),
            age_text=value_of(record, "AGE_YRS"),
            age_unit="YR" if value_of(record, "AGE_YRS") else None,
            sex=self._sex(record),
            sex_text=value_of(record, "SEX"),
            occurrence_country=self.writer.told("STATE", read_state(value_of(record, "STATE"))).values[0],
            occurrence_country_text=value_of(record, "STATE"),
            death_date_text=value_of(record, "DATEDIED"),
            fields_filled=sum(map(bool, map(str.strip, record.values()))),
        )
        if (value_of(record, "STATE") or "").upper() == FOREIGN:
            self.writer.add("report_sources", report_key=key, row_number=row, report_source="FGN")
        for n, outcome in enumerate(outcomes(record)):
            self.writer.add("outcomes", report_key=key, row_number=row * 10 + n, outcome=outcome)

    def vaccine(self, record: Record, row: int) -> None:
        """Put in a row of VAX, with the date of its report."""
        key, given_on = self.reports[record["VAERS_ID"].strip()]
        self.drugs[key] += 1
        kind = value_of(record, "VAX_TYPE")
        self.writer.add(
            "drugs_in_report",
            report_key=key,
            drug_seq=self.drugs[key],
            row_number=row,
            role=ROLE,
            drugname=value_of(record, "VAX_NAME"),
            active_ingredient=None if kind == UNKNOWN_TYPE else kind,
            route=value_of(record, "VAX_ROUTE"),
            dose_text=value_of(record, "VAX_DOSE_SERIES"),
            lot_number=value_of(record, "VAX_LOT"),
        )
        if given_on:
            day, precision = self.writer.told("VAX_DATE", read_day(given_on, self.until)).values
            self.writer.add(
                "therapies",
                report_key=key,
                row_number=row,
                drug_seq=self.drugs[key],
                start_date=day,
                start_date_precision=precision,
                start_date_text=given_on,
            )

    def symptoms(self, record: Record, row: int) -> None:
        """Put in the terms of a row of SYMPTOMS, up to five."""
        key, _ = self.reports[record["VAERS_ID"].strip()]
        for n in range(1, 6):
            if term := value_of(record, f"SYMPTOM{n}"):
                self.writer.add(
                    "reactions",
                    report_key=key,
                    row_number=(row - 1) * 5 + n,
                    term=term.upper(),
                    term_text=record[f"SYMPTOM{n}"],
                )

    def _date(self, record: Record, column: str) -> Reading:
        return self.writer.told(column, read_day(value_of(record, column), self.until))

    def _sex(self, record: Record) -> object:
        text = value_of(record, "SEX")
        return self.writer.told("SEX", read_sex((None if text == "U" else text,), self.until)).values[0]

    def _age(self, record: Record) -> object:
        """Years as reported, else as VAERS calculates them: whole years and a fraction for the months."""
        if (text := value_of(record, "AGE_YRS")) is not None:
            return self.writer.told("AGE_YRS", read_age((text, "YR"), self.until)).values[0]
        parts = [
            self.writer.told(name, read_number((value_of(record, name),), self.until))
            for name in ("CAGE_YR", "CAGE_MO")
        ]
        years = [part.values[0] for part in parts if isinstance(part.values[0], float)]
        if not years:
            return None
        self.writer.repairs["take_calculated_age"] += 1
        return self.writer.told("CAGE_YR", read_age((format(sum(years), "f"), "YR"), self.until)).values[0]
