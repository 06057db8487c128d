"""How do the three files of a year of VAERS become reports, wholly or not at all?

A report is one VAERS_ID. VAERS ranks no vaccine before another, so every vaccine given is a primary suspect; its name
is the drug's name and its type (such as FLU4) the ingredient. All vaccines of a report share its one date.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from primum.sources.quoted import Record
from primum.sources.vaers import FOREIGN, TABLES, VaersSet, open_table, outcomes, read_state, read_us_date
from primum.sources.values import Reading, read_age, read_number, read_sex
from primum.store import Store
from primum.store.arrange import FILES_OF_A_PART, ROWS_OF_A_PART
from primum.store.parts import PartFile, add_account, add_rejects, loaded_archive, remove_part, reports_of
from primum.store.row_batches import RowBatches
from primum.study.derive import derive, derive_inside
from primum.study.load import Loaded

FIRST_VAERS_PART: Final = 1_000_000  # above every table's number; the year is added
ROLE: Final = "PS"
UNKNOWN_TYPE: Final = "UNK"

KeptReport = tuple[int, str]  # its key, and the date of its vaccines as printed


class _Part:
    """One set on its way into the store."""

    def __init__(self, store: Store, given: VaersSet) -> None:
        self.batches = RowBatches(store.engine)
        self.number = FIRST_VAERS_PART + given.year
        self.until = dt.date(given.year, 12, 31) if given.year else dt.date.max
        self.reports: dict[str, KeptReport] = {}
        self.drugs: Counter[int] = Counter()
        self.faults: Counter[tuple[str, str]] = Counter()
        self.repairs: Counter[str] = Counter()

    def report(self, record: Record, row: int) -> None:
        """Put in a row of DATA."""
        key, vaers_id = self.number * ROWS_OF_A_PART + row, record["VAERS_ID"].strip()
        if vaers_id in self.reports:
            self.repairs["keep_repeated_id"] += 1
        given_on = sys.intern(record.get("VAX_DATE", "").strip())  # some thousand days stand for a million texts
        self.reports.setdefault(vaers_id, (key, given_on))
        received = self._date(record, "RECVDATE")
        event = self._date(record, "ONSET_DATE")
        self.batches.add(
            "reports",
            report_key=key,
            source="vaers",
            primaryid=vaers_id,
            caseid=vaers_id,
            case_version=0,
            received_date=received.values[0],
            received_date_precision=received.values[1],
            received_date_text=_text(record, "RECVDATE"),
            event_date=event.values[0],
            event_date_precision=event.values[1],
            event_date_text=_text(record, "ONSET_DATE"),
            report_date_text=_text(record, "RPT_DATE"),
            manufacturer_number=_text(record, "SPLTTYPE"),
            age_years=self._age(record),
            age_text=_text(record, "AGE_YRS"),
            age_unit="YR" if _text(record, "AGE_YRS") else None,
            sex=self._sex(record),
            sex_text=_text(record, "SEX"),
            occurrence_country=self._told("STATE", read_state(_text(record, "STATE"))).values[0],
            occurrence_country_text=_text(record, "STATE"),
            death_date_text=_text(record, "DATEDIED"),
            fields_filled=sum(bool(value.strip()) for value in record.values()),
        )
        if (_text(record, "STATE") or "").upper() == FOREIGN:
            self.batches.add("report_sources", report_key=key, row_number=row, report_source="FGN")
        for n, outcome in enumerate(outcomes(record)):
            self.batches.add("outcomes", report_key=key, row_number=row * 10 + n, outcome=outcome)

    def vaccine(self, record: Record, row: int) -> None:
        """Put in a row of VAX, with the date of its report."""
        key, given_on = self.reports[record["VAERS_ID"].strip()]
        self.drugs[key] += 1
        kind = _text(record, "VAX_TYPE")
        self.batches.add(
            "drugs_in_report",
            report_key=key,
            drug_seq=self.drugs[key],
            row_number=row,
            role=ROLE,
            drugname=_text(record, "VAX_NAME"),
            active_ingredient=None if kind == UNKNOWN_TYPE else kind,
            route=_text(record, "VAX_ROUTE"),
            dose_text=_text(record, "VAX_DOSE_SERIES"),
            lot_number=_text(record, "VAX_LOT"),
        )
        if given_on:
            day, precision = self._told("VAX_DATE", read_us_date(given_on, self.until)).values
            self.batches.add(
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
            if term := _text(record, f"SYMPTOM{n}"):
                self.batches.add(
                    "reactions",
                    report_key=key,
                    row_number=(row - 1) * 5 + n,
                    term=term.upper(),
                    term_text=record[f"SYMPTOM{n}"],
                )

    def _date(self, record: Record, column: str) -> Reading:
        return self._told(column, read_us_date(_text(record, column), self.until))

    def _sex(self, record: Record) -> object:
        text = _text(record, "SEX")
        return self._told("SEX", read_sex((None if text == "U" else text,), self.until)).values[0]

    def _age(self, record: Record) -> object:
        """Years as reported, else as VAERS calculates them: whole years and a fraction for the months."""
        if (text := _text(record, "AGE_YRS")) is not None:
            return self._told("AGE_YRS", read_age((text, "YR"), self.until)).values[0]
        parts = [self._told(name, read_number((_text(record, name),), self.until)) for name in ("CAGE_YR", "CAGE_MO")]
        years = [part.values[0] for part in parts if isinstance(part.values[0], float)]
        if not years:
            return None
        self.repairs["take_calculated_age"] += 1
        return self._told("CAGE_YR", read_age((format(sum(years), "f"), "YR"), self.until)).values[0]

    def _told(self, column: str, reading: Reading) -> Reading:
        if reading.fault:
            self.faults[column, reading.fault] += 1
        return reading


def load_vaers(
    store: Store, sets: Sequence[VaersSet], *, progress: Callable[[str], None] | None = None
) -> list[Loaded]:
    """Load yearly sets of VAERS; each is one transaction, and what follows from all is made once.

    Args:
        store: a store opened for writing.
        sets: as `primum.sources.vaers.find_sets` gives them.
        progress: is told the name of each set.

    Returns:
        What was loaded. The same files again change nothing; others of that year replace it.

    Raises:
        SourceError: a header lacks a column; the sets before are loaded.
        StoreError: the store cannot be written.
    """
    answers = []
    for number, one in enumerate(sets, start=1):
        if progress:
            progress(one.name)
        answers.append(_load_set(store, one, derive_too=number == len(sets)))
    if not store.is_derived():
        derive(store)
    return answers


def _load_set(store: Store, given: VaersSet, *, derive_too: bool) -> Loaded:
    engine, part = store.engine, _Part(store, given)
    before = loaded_archive(engine, part.number)
    if before is not None and before[1] == given.sha256:
        return Loaded(given.name, given.name, "unchanged", reports_of(engine, part.number), 0, 0)
    rejected = repaired = 0
    with engine.transaction():
        remove_part(engine, part.number, None)
        puts = {"DATA": part.report, "VAX": part.vaccine, "SYMPTOMS": part.symptoms}
        for position, table in enumerate(TABLES, start=1):
            path = given.files[table]
            reader = open_table(path.name, table, None if table == "DATA" else part.reports)
            with path.open("rb") as stream:
                for row, record in enumerate(reader.records(stream), start=1):
                    puts[table](record, row)
            file_key = part.number * FILES_OF_A_PART + position
            file = PartFile(file_key, "vaers", None, given.name, given.sha256, given.size)
            account = reader.account()
            repairs = {name: rows for name, rows in (reader.repairs + part.repairs).items() if rows}
            faults = [(column, fault, rows) for (column, fault), rows in sorted(part.faults.items())]
            add_rejects(engine, file_key, reader.keep)
            add_account(engine, file, account, repairs=repairs, faults=faults)
            part.faults.clear()
            part.repairs.clear()
            rejected, repaired = rejected + account.rejected, repaired + sum(repairs.values())
        part.batches.flush()
        if derive_too:
            derive_inside(store)
    outcome = "replaced" if before else "loaded"
    return Loaded(given.name, given.name, outcome, part.batches.written["reports"], rejected, repaired)


def _text(record: Record, column: str) -> str | None:
    return record.get(column, "").strip() or None
