"""How do the files of JADER become reports, wholly or not at all?

A report is one count of a case (`報告回数`); the last speaks for it. The brand of a drug is its name, the generic name
its ingredient. Names and terms stay Japanese: no table of translations ships.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Final

from primum.sources.code_texts import read_code
from primum.sources.days import read_day
from primum.sources.jader import TABLES, JaderFolder, open_table, plain, read_quarter, read_step
from primum.sources.lines import Reject
from primum.sources.quoted import Record, value_of
from primum.sources.systems import SYSTEMS
from primum.sources.values import Reading, read_number, read_version
from primum.store import Store
from primum.study.load import Loaded
from primum.study.load_system import Part, PartWriter, load_parts

SYSTEM: Final = SYSTEMS["jader"]
COUNTRY: Final = "JP"
_NOT_KNOWN: Final = "不明"
_OPEN: Final = dt.date.max

Counted = tuple[str, str]  # number of the case and count of the report


def load_jader(
    store: Store, folders: Sequence[JaderFolder], *, progress: Callable[[str], None] | None = None
) -> list[Loaded]:
    """Load publications of JADER, as `load_parts` does.

    Args:
        store: a store opened for writing.
        folders: as `primum.sources.jader.find_publication` gives them.
        progress: is told the name of each folder.
    """
    parts = [
        Part(SYSTEM.name, SYSTEM.part_named(one.name), one.name, one.sha256, one.size, partial(_read_folder, one))
        for one in folders
    ]
    return load_parts(store, parts, progress=progress)


def _read_folder(given: JaderFolder, writer: PartWriter) -> None:
    rows = _Rows(writer)
    rows.note_event_dates(given)
    steps = {
        "JADER_DEMO": rows.report,
        "JADER_DRUG": rows.drug,
        "JADER_REAC": rows.reaction,
        "JADER_HIST": rows.history,
    }
    for table in TABLES:
        numbers = count(1)
        for path in given.files[table]:
            reader = open_table(path, table, rows.refuse if table == "JADER_DEMO" else rows.find, keep=writer)
            with path.open("rb") as stream:
                for record in reader.records(stream):
                    steps[table](next(numbers), {name: plain(value) for name, value in record.items()})
            writer.close_file(reader.account())


class _Rows:
    """The rows of a publication on their way into the writer."""

    def __init__(self, writer: PartWriter) -> None:
        self.writer = writer
        self.keys: dict[Counted, int] = {}
        self.key = 0  # of the report that the row at hand belongs to
        self.event_dates: dict[Counted, str] = {}
        self.outcomes: set[tuple[int, str]] = set()

    def note_event_dates(self, given: JaderFolder) -> None:
        """Keep the first date of a reaction of every report: it stands in the file of reactions."""
        nowhere: list[Reject] = []
        for path in given.files["JADER_REAC"]:
            reader = open_table(path, "JADER_REAC", lambda record: "", keep=nowhere)
            with path.open("rb") as stream:
                for record in reader.records(stream):
                    nowhere.clear()
                    if date := _told(record, "event_date"):
                        self.event_dates.setdefault(_counted(record), date)

    def refuse(self, record: Record) -> str:
        """Why a row of people is none."""
        return "" if record["case_number"].strip() else "the number of the case is empty"

    def find(self, record: Record) -> str:
        """Find the report of a row, or say why there is none."""
        found = self.keys.get(_counted(record))
        if found is None:
            return "no report of that case and count in the file of people"
        self.key = found
        return ""

    def report(self, number: int, record: Record) -> None:
        """Put in a report."""
        told, counted = self.writer.told, _counted(record)
        if counted in self.keys:
            self.writer.repairs["keep_repeated_id"] += 1
        received = told("quarter", read_quarter(record.get("quarter", "").strip()))
        event_text = self.event_dates.get(counted)
        event = told("event_date", read_day(event_text))
        age, weight = record.get("age", "").strip(), record.get("weight", "").strip()
        years = told("age", read_step(age)).values[0]
        if years is not None:
            self.writer.repairs["take_middle_of_decade"] += 1
        key = self.writer.report(
            number,
            primaryid=f"{counted[0]}-{counted[1]}" if counted[1] else counted[0],
            caseid=counted[0],
            case_version=told("report_count", read_version((counted[1],), _OPEN)).values[0],
            case_version_text=counted[1] or None,
            received_date=received.values[0],
            received_date_precision=received.values[1],
            received_date_text=value_of(record, "quarter"),
            event_date=event.values[0],
            event_date_precision=event.values[1],
            event_date_text=event_text,
            report_type=value_of(record, "report_type"),
            age_years=years,
            age_text=age or None,
            age_group=read_code("jader", "age", age).values[0],
            sex=self._code("sex", record),
            sex_text=value_of(record, "sex"),
            weight_kg=told("weight", read_step(weight)).values[0],
            weight_text=weight or None,
            reporter_occupation=self._code("reporter", record),
            reporter_country=COUNTRY,
            fields_filled=sum(map(bool, map(str.strip, record.values()))),
        )
        self.keys.setdefault(counted, key)
        if source := self._code("report_type", record):
            self.writer.add("report_sources", report_key=key, row_number=number, report_source=source)

    def drug(self, number: int, record: Record) -> None:
        """Put in a drug with its therapy and what it was given for."""
        told = self.writer.told
        sequence = record.get("drug_number", "").strip()
        seq = int(sequence) if sequence.isdecimal() and len(sequence) < 10 else None
        generic, brand = _told(record, "generic_name"), _told(record, "brand_name")
        self.writer.add(
            "drugs_in_report",
            report_key=self.key,
            drug_seq=seq,
            row_number=number,
            role=self._code("role", record),
            drugname=brand or generic,
            active_ingredient=generic,
            route=_told(record, "route"),
            dose_amount=told("dose", read_number((_told(record, "dose"),), _OPEN)).values[0],
            dose_amount_text=_told(record, "dose"),
            dose_unit=_told(record, "dose_unit"),
            dose_frequency=_told(record, "doses_a_day"),
            rechallenge=self._code("rechallenge", record),
        )
        begun, ended = _told(record, "start_date"), _told(record, "end_date")
        if begun or ended:
            first, last = (told(name, _day(text)).values for name, text in (("start_date", begun), ("end_date", ended)))
            self.writer.add(
                "therapies",
                report_key=self.key,
                row_number=number,
                drug_seq=seq,
                start_date=first[0],
                start_date_precision=first[1],
                start_date_text=begun,
                end_date=last[0],
                end_date_precision=last[1],
                end_date_text=ended,
            )
        if reason := _told(record, "reason"):
            self.writer.add(
                "indications",
                report_key=self.key,
                row_number=number,
                drug_seq=seq,
                term=reason.upper(),
                term_text=reason,
            )

    def reaction(self, number: int, record: Record) -> None:
        """Put in a reaction, and death where it ended so."""
        term = record["event"].strip()
        if term:
            self.writer.add("reactions", report_key=self.key, row_number=number, term=term.upper(), term_text=term)
        outcome = self._code("course", record)
        if outcome and (self.key, outcome) not in self.outcomes:
            self.outcomes.add((self.key, outcome))
            self.writer.add("outcomes", report_key=self.key, row_number=number, outcome=outcome)

    def history(self, number: int, record: Record) -> None:
        """Put in what somebody had before, as a text."""
        self.writer.add(
            "narratives", report_key=self.key, row_number=number, kind="history", text=_told(record, "history")
        )

    def _code(self, column: str, record: Record) -> str | None:
        value = self.writer.told(column, read_code("jader", column, record.get(column, ""))).values[0]
        return None if value is None else str(value)


def _counted(record: Record) -> Counted:
    return plain(record["case_number"]), plain(record.get("report_count", ""))


def _told(record: Record, column: str) -> str | None:
    text = plain(record.get(column, ""))
    return None if text in ("", _NOT_KNOWN) else text


def _day(text: str | None) -> Reading:
    return read_day(text)
