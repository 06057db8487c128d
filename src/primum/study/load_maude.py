"""How do the files of MAUDE become reports, devices and problems, wholly or not at all?

A report is one MDR_REPORT_KEY; a row of a Change file is a later version of it. A device stands where a drug does: its
brand is the name, FDA's product code the ingredient. MAUDE ranks no device before another, so each is a suspect.
Problems are reactions, those of the device under words of their own (`docs/decisions/0031`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import count
from typing import Final

from primum.sources.days import read_day
from primum.sources.maude import MaudeFile, MaudeFolder, codes_of, open_file, read_problem_names, split_codes
from primum.sources.measures import read_age_with_unit, read_weight_with_unit
from primum.sources.piped import OUTSIDE, Row
from primum.sources.report_keys import ReportKeys
from primum.sources.systems import SYSTEMS
from primum.sources.values import UNKNOWN_CODE, Reading, read_country, read_sex
from primum.store import Store
from primum.study.load import Loaded
from primum.study.load_system import PartWriter, load_parts, parts_of_folders
from primum.study.maude_patients import REPLACED, Patients, Replaced
from primum.vocab.reactions import DEVICE_PROBLEM

SYSTEM: Final = SYSTEMS["maude"]
ROLE: Final = "PS"
_SOURCES: Final = ("FGN", "SDY", "LIT", "CSM", "HP", "UF", "CR", "DT", "OTH")
_SEXES: Final = frozenset({"F", "M", "FEMALE", "MALE"})
SINCE: Final = dt.date(1984, 1, 1)  # reports on devices were first required in 1984 (49 FR 36326)
NO_VALUE: Final = frozenset({"", "*", "NA", "N/A", "NI", "UNK", "UNKNOWN", "ASKU", "ASKED BUT UNKNOWN"})


@dataclass(frozen=True, slots=True)
class _Problems:
    """How the problems of one file are told from those of the other.

    Args:
        words: before the name.
        unnamed: before the code of one without a name.
        odd: 1 where they have the odd row numbers.
    """

    words: str
    unnamed: str
    odd: int


_PROBLEMS: Final = (
    ("FOIDEVPROBLEM", "DEVICEPROBLEMNAMES", _Problems(DEVICE_PROBLEM, DEVICE_PROBLEM, 0)),
    ("PATIENTPROBLEMCODE", "PATIENTPROBLEMNAMES", _Problems("", "PATIENT PROBLEM: ", 1)),
)


def load_maude(
    store: Store, folders: Sequence[MaudeFolder], *, progress: Callable[[str], None] | None = None
) -> list[Loaded]:
    """Load folders with files of MAUDE, as `load_parts` does.

    Args:
        store: a store opened for writing.
        folders: as `primum.sources.maude.find_folder` gives them.
        progress: is told the name of each folder.
    """
    return load_parts(store, parts_of_folders(SYSTEM, folders, _read_folder), progress=progress)


def _read_folder(given: MaudeFolder, writer: PartWriter) -> None:
    keys = _read_reports(given, writer)
    keys.close()  # the patients are gone from memory: both would not fit beside what it takes
    children = _Children(writer, keys)
    children.read(given, "DEVICE", children.device)
    for table, listed, problems in _PROBLEMS:
        children.read(given, table, partial(children.problem, problems, _names(given, writer, listed)))
    children.read(given, "FOITEXT", children.text)


def _read_reports(given: MaudeFolder, writer: PartWriter) -> ReportKeys:
    patients = Patients(given, writer)
    keys = _Reports(writer, patients).read(given)
    patients.tell_unused()
    return keys


class _Reports:
    """Rows of mdrfoi on their way into the writer."""

    def __init__(self, writer: PartWriter, patients: Patients) -> None:
        self.writer = writer
        self.patients = patients
        self.keys = ReportKeys()
        self.row = 0
        self.outcome_rows = 0

    def read(self, given: MaudeFolder) -> ReportKeys:
        """Put in every report; the newest files first, so that of two alike the newer is found first."""
        for file in given.of("MDRFOI"):
            reader = open_file(file, lambda number, row: "", keep=self.writer)
            with file.path.open("rb") as stream:
                for number, row in reader.rows(stream):
                    self._put(number, row)
            self.writer.close_file(reader.account())
        return self.keys

    def _put(self, number: int, row: Row) -> None:
        (
            report_number, source_code, received, reported, happened, occupation, professional, told_maker, event,
            maker, kind, sources, changed, country,
        ) = row  # fmt: skip
        self.row += 1
        writer, key = self.writer, self.writer.key(self.row)
        received_day, received_precision = self._day("DATE_RECEIVED", received)
        event_day, event_precision = self._day("DATE_OF_EVENT", happened)
        changed_day = self._day("DATE_CHANGED", changed)[0]
        version = changed_day.year * 10_000 + changed_day.month * 100 + changed_day.day if changed_day else 0
        self.keys.add(number, version=version)
        (age, sex, weight), outcomes, file = self.patients.of(number)
        writer.report(
            self.row,
            primaryid=str(number),
            caseid=str(number),
            case_version=version,
            case_version_text=_some(changed),
            initial_or_followup=("F" if "F" in split_codes(kind) else "I") if _some(kind) else None,
            received_date=received_day,
            received_date_precision=received_precision,
            received_date_text=_some(received),
            event_date=event_day,
            event_date_precision=event_precision,
            event_date_text=_some(happened),
            report_date_text=_some(reported),
            manufacturer_date_text=_some(told_maker),
            report_type=_some(source_code),
            manufacturer_number=_some(report_number),
            sender=_some(maker),
            age_years=writer.told("PATIENT_AGE", read_age_with_unit(_some(age)), file=file).values[0],
            age_text=_some(age),
            sex=writer.told("PATIENT_SEX", _sex(sex), file=file).values[0],
            sex_text=_some(sex),
            weight_kg=writer.told("PATIENT_WEIGHT", read_weight_with_unit(_some(weight)), file=file).values[0],
            weight_text=_some(weight),
            reporter_occupation=self._occupation(occupation, professional),
            reporter_country=writer.told("REPORTER_COUNTRY_CODE", _country(_some(country))).values[0],
            reporter_country_text=_some(country),
            fields_filled=sum(map(bool, row)),
        )
        for code in self._coded("SOURCE_TYPE", split_codes(sources)):
            writer.add(
                "report_sources", report_key=key, row_number=self.row * 10 + _SOURCES.index(code), report_source=code
            )
        self._put_outcomes(key, event, outcomes, file)

    def _put_outcomes(self, key: int, event: str, outcomes: tuple[str, ...], file: int | None) -> None:
        """Each outcome of any patient once; death and injury of the report itself, where no patient tells more."""
        told = [
            code for text in outcomes for code in self._coded("SEQUENCE_NUMBER_OUTCOME", split_codes(text), file=file)
        ]
        [*whole] = self._coded("EVENT_TYPE", split_codes(event))
        for outcome in dict.fromkeys([*told, *(code for code in whole if code != "OT" or not told)]):
            self.outcome_rows += 1
            self.writer.add("outcomes", report_key=key, row_number=self.outcome_rows, outcome=outcome)

    def _coded(self, column: str, given: Sequence[str], *, file: int | None = None) -> tuple[str, ...]:
        """What codes stand for; one that is not known is a fault."""
        known = codes_of(column)
        for code in given:
            if code not in known:
                self.writer.told(column, Reading((None,), UNKNOWN_CODE), file=file)
        return tuple(dict.fromkeys(known[code] for code in given if known.get(code)))

    def _occupation(self, code: str, professional: str) -> str | None:
        told = self._coded("REPORTER_OCCUPATION_CODE", [code.upper()] if code not in ("", "*") else [])
        return told[0] if told else "HP" if professional.upper() == "Y" else None

    def _day(self, column: str, text: str) -> tuple[dt.date | None, str | None]:
        day, precision = self.writer.told(column, read_day(_some(text), since=SINCE)).values
        return day, precision  # type: ignore[return-value]  # read_day gives these two


class _Children:
    """Rows of the other files on their way into the writer, each to the version of its report that it belongs to."""

    def __init__(self, writer: PartWriter, keys: ReportKeys) -> None:
        self.writer = writer
        self.keys = keys
        self.row = 0  # of the report that the row at hand belongs to
        self.numbers: dict[str, int] = {}

    def read(self, given: MaudeFolder, table: str, put: Callable[[int, int, Row], None]) -> None:
        """Put in the rows of a table, those of the newest file first."""
        replaced, numbers = Replaced(), count(1)
        for file in given.of(table):
            reader = open_file(file, partial(self._place, replaced, file), keep=self.writer)
            with file.path.open("rb") as stream:
                for _, row in reader.rows(stream):
                    put(self.writer.key(self.row), next(numbers), row)
            self.writer.close_file(reader.account())

    def _place(self, replaced: Replaced, file: MaudeFile, report: int, row: Row) -> str:
        """Find the version of its report that a row belongs to: one older for each newer file that has rows of it."""
        versions, newer = self.keys.find(report), replaced.times(file, report)
        if newer < len(versions):
            self.row = versions[newer]
            return ""
        return REPLACED if versions else OUTSIDE

    def device(self, key: int, number: int, row: Row) -> None:
        """Put in a device."""
        sequence, brand, generic, expiry, lot, code, implanted, removed = row
        seq = int(sequence) if sequence.isdecimal() and len(sequence) < 10 else None
        self.writer.add(
            "drugs_in_report",
            report_key=key,
            drug_seq=seq,
            row_number=number,
            role=ROLE,
            drugname=_some(brand) or _some(generic),
            active_ingredient=_some(code) or _some(generic),
            lot_number=_some(lot),
            expiry_date_text=_some(expiry),
        )
        if not _some(brand) and _some(generic):
            self.writer.repairs["take_generic_name"] += 1
        if _some(implanted) or _some(removed):
            first = self.writer.told("IMPLANT_DATE_YEAR", read_day(_some(implanted), since=SINCE)).values
            last = self.writer.told("DATE_REMOVED_YEAR", read_day(_some(removed), since=SINCE)).values
            self.writer.add(
                "therapies",
                report_key=key,
                row_number=number,
                drug_seq=seq,
                start_date=first[0],
                start_date_precision=first[1],
                start_date_text=_some(implanted),
                end_date=last[0],
                end_date_precision=last[1],
                end_date_text=_some(removed),
            )

    def problem(self, problems: _Problems, names: dict[str, str], key: int, number: int, row: Row) -> None:
        """Put in a problem by its name, or by its code where no list names it."""
        code = row[0].removesuffix(".0")
        if not _some(code):
            self.writer.repairs["leave_empty_problem"] += 1
            return
        name = names.get(code)
        if name is None:
            self.writer.repairs["keep_unnamed_problem"] += 1
        term = f"{problems.words}{name}" if name else f"{problems.unnamed}{code}"
        self.writer.add(
            "reactions",
            report_key=key,
            row_number=number * 2 + problems.odd,
            term=term.upper(),
            term_text=name or code,
        )

    def text(self, key: int, number: int, row: Row) -> None:
        """Put in a text."""
        kind, text = row
        known = codes_of("TEXT_TYPE_CODE").get(kind.upper())
        self.writer.add("narratives", report_key=key, row_number=number, kind=known or _some(kind), text=_some(text))


def _names(given: MaudeFolder, writer: PartWriter, table: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for file in given.of(table):
        found, account = read_problem_names(file)
        names |= found
        writer.close_file(account)
    return names


def _some(text: str) -> str | None:
    return None if text in ("", "*") else text


def _sex(text: str) -> Reading:
    word = text.upper()
    return read_sex((word[:1] if word in _SEXES else None if word in NO_VALUE else text,), dt.date.max)


@lru_cache(maxsize=1_000)
def _country(text: str | None) -> Reading:
    return read_country((text,), dt.date.max)
