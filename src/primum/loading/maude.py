"""How do the files of MAUDE become reports, devices and problems, wholly or not at all?

A report is one MDR_REPORT_KEY; a row of a Change file is a later version of it. A device stands where a drug does: its
brand is the name, FDA's product code the ingredient. MAUDE ranks no device before another, so each is a suspect.
Problems are reactions, those of the device under words of their own (`docs/decisions/0031`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from primum.loading.faers import Loaded
from primum.loading.maude_patients import AGE, OUTCOME, REPLACED, SEX, WEIGHT, Patients, PatientsOf, Replaced
from primum.loading.system import Keys, PartWriter, date_columns, load_parts, parts_of_folders
from primum.sources.batch import Batch
from primum.sources.days import read_day
from primum.sources.maude import (
    READ,
    MaudeFolder,
    codes_of,
    open_file,
    read_code,
    read_country_code,
    read_problem_names,
    split_codes,
    told,
)
from primum.sources.measures import read_age_with_unit, read_weight_with_unit
from primum.sources.report_keys import Numbers, ReportKeys
from primum.sources.systems import SYSTEMS
from primum.sources.texts import Places, Texts, joined, once_a_row, places_within, there
from primum.sources.values import Reading, read_sex
from primum.store import Store
from primum.vocab.reactions import DEVICE_PROBLEM

if TYPE_CHECKING:
    import pyarrow as pa

SYSTEM: Final = SYSTEMS["maude"]
ROLE: Final = "PS"
_SOURCES: Final = ("FGN", "SDY", "LIT", "CSM", "HP", "UF", "CR", "DT", "OTH")
_DEVICE_NUMBER: Final = re.compile(r"\s*([0-9]{1,9})(?:\.0*)?\s*")
_SEXES: Final = frozenset({"F", "M", "FEMALE", "MALE"})
SINCE: Final = dt.date(1984, 1, 1)  # reports on devices were first required in 1984 (49 FR 36326)
NO_VALUE: Final = frozenset({"", "*", "NA", "N/A", "NI", "UNK", "UNKNOWN", "ASKU", "ASKED BUT UNKNOWN"})


@dataclass(frozen=True, slots=True)
class _Problems:
    """How the problems of one file are told from those of the other.

    Args:
        table: of that file.
        words: before the name.
        unnamed: before the code of one without a name.
        odd: 1 where they have the odd row numbers.
    """

    table: str
    words: str
    unnamed: str
    odd: int

    def term(self, code: str, name: str | None) -> str:
        """What a problem counts under."""
        return f"{self.words}{name}" if name else f"{self.unnamed}{code}"


_PROBLEMS: Final = (
    ("DEVICEPROBLEMNAMES", _Problems("FOIDEVPROBLEM", DEVICE_PROBLEM, DEVICE_PROBLEM, 0)),
    ("PATIENTPROBLEMNAMES", _Problems("PATIENTPROBLEMCODE", "", "PATIENT PROBLEM: ", 1)),
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
    children = _Children(writer, keys)
    children.read(given, "DEVICE", children.devices)
    for listed, problems in _PROBLEMS:
        put = partial(children.problems, problems, _names(given, writer, listed))
        children.read(given, problems.table, put)
    children.read(given, "FOITEXT", children.texts)


def _read_reports(given: MaudeFolder, writer: PartWriter) -> ReportKeys:
    """Put in every report; the newest files first, so that of two alike the newer is found first."""
    reports = _Reports(writer, Patients(given, writer))
    for file in given.of("MDRFOI"):
        reader = open_file(file, keep=writer)
        with file.path.open("rb") as stream:
            for batch, numbers in reader.rows(stream):
                reports.put(batch, numbers)
        writer.close_file(reader.account())
    reports.patients.tell_unused()
    reports.keys.close()
    return reports.keys


class _Reports:
    """Rows of mdrfoi on their way into the writer."""

    def __init__(self, writer: PartWriter, patients: Patients) -> None:
        self.writer = writer
        self.patients = patients
        self.keys = ReportKeys(writer.folder)

    def put(self, batch: Batch, numbers: Numbers) -> None:
        """Put in reports with what their patients are."""
        import pyarrow as pa

        filled = batch.fields_filled() - 1  # without the number
        batch = told(batch)
        read, rows = self.writer.read, self.writer.numbers("reports", batch.rows)
        received, event = (read(name, batch[name], _day) for name in ("DATE_RECEIVED", "DATE_OF_EVENT"))
        versions = read("DATE_CHANGED", batch["DATE_CHANGED"], _version)[0]
        self.keys.extend(numbers, versions=versions.dictionary_decode().to_numpy())
        patients = self.patients.of(numbers)

        def person(column: str, meaning: Callable[[str | None], Reading]) -> pa.DictionaryArray:
            said = patients.first[column].map(lambda text: None if text.upper() in NO_VALUE else text)
            return read(column, said, meaning, files=patients.files)[0]

        printed = pa.array(numbers).cast(pa.string())
        keys = self.writer.put_reports(
            rows,
            primaryid=printed,
            caseid=printed,
            case_version=versions,
            case_version_text=batch["DATE_CHANGED"],
            initial_or_followup=batch["TYPE_OF_REPORT"].map(
                lambda text: ("F" if "F" in split_codes(text) else "I") if text else None
            ),
            **date_columns("received_date", received, batch["DATE_RECEIVED"]),
            **date_columns("event_date", event, batch["DATE_OF_EVENT"]),
            report_date_text=batch["DATE_REPORT"],
            manufacturer_date_text=batch["DATE_MANUFACTURER_RECEIVED"],
            report_type=batch["REPORT_SOURCE_CODE"],
            manufacturer_number=batch["REPORT_NUMBER"],
            sender=batch["MANUFACTURER_NAME"],
            age_years=person(AGE, read_age_with_unit),
            age_text=patients.first[AGE],
            sex=person(SEX, _sex),
            sex_text=patients.first[SEX],
            weight_kg=person(WEIGHT, read_weight_with_unit),
            weight_text=patients.first[WEIGHT],
            reporter_occupation=read(
                "REPORTER_OCCUPATION_CODE",
                (batch["REPORTER_OCCUPATION_CODE"], batch["HEALTH_PROFESSIONAL"]),
                _occupation,
            )[0],
            reporter_country=read("REPORTER_COUNTRY_CODE", batch["REPORTER_COUNTRY_CODE"], read_country_code)[0],
            reporter_country_text=batch["REPORTER_COUNTRY_CODE"],
            fields_filled=filled,
        )
        self._sources(keys, rows, batch["SOURCE_TYPE"])
        self._outcomes(keys, batch["EVENT_TYPE"], patients)

    def _sources(self, keys: Keys, rows: Places, texts: Texts) -> None:
        owners, codes = texts.split(split_codes)
        sources = self.writer.read("SOURCE_TYPE", codes, partial(read_code, "SOURCE_TYPE"))[0]
        once = once_a_row(owners, sources)
        owners, sources = owners[once], sources.take(once)
        places = np.array([_SOURCES.index(source) for source in sources.to_pylist()], np.intp)
        self.writer.put(
            "report_sources",
            keys[owners],
            row_number=rows[owners] * 10 + places,
            report_source=sources,
        )

    def _outcomes(self, keys: Keys, events: Texts, patients: PatientsOf) -> None:
        """Each outcome of any patient once; death and injury of the report itself, where no patient tells more."""
        of_patient, codes = patients.outcomes.split(split_codes)
        owners = patients.owners[of_patient]
        from_patients = self.writer.read(OUTCOME, codes, partial(read_code, OUTCOME), files=patients.files[owners])[0]
        of_event, codes = events.split(split_codes)
        of_report = self.writer.read("EVENT_TYPE", codes, partial(read_code, "EVENT_TYPE"))[0]
        more = np.zeros(len(keys), bool)
        more[owners[there(from_patients)]] = True
        needed = ~(more[of_event] & codes.are(lambda text: codes_of("EVENT_TYPE").get(text) == "OT"))
        outcomes, owners = joined(from_patients, of_report.filter(needed)), np.concatenate((owners, of_event[needed]))
        once = once_a_row(owners, outcomes)
        once = once[np.argsort(owners[once], kind="stable")]
        self.writer.put(
            "outcomes",
            keys[owners[once]],
            row_number=self.writer.numbers("outcomes", len(once)),
            outcome=outcomes.take(once),
        )


class _Children:
    """Rows of the other files on their way into the writer, each to the version of its report that it belongs to."""

    def __init__(self, writer: PartWriter, keys: ReportKeys) -> None:
        self.writer = writer
        self.keys = keys

    def read(self, given: MaudeFolder, table: str, put: Callable[[Keys, Places, Batch], None]) -> None:
        """Put in the rows of a table, those of the newest file first."""
        replaced = Replaced(self.writer)
        for file in given.of(table):
            reader = open_file(file, keep=self.writer)
            for batch, reports in replaced.passing(file, reader):
                rows, versions = self._versions(reports, replaced.times(reports))
                kept = reader.leave_outside(batch, versions == 0).without(rows[versions > 0] == 0, REPLACED)
                put(self.writer.keys(rows[rows > 0]), self.writer.numbers(table, kept.rows), told(kept))
            self.writer.close_file(reader.account())

    def _versions(self, reports: Numbers, newer: Places) -> tuple[Places, Places]:
        """The row of the version of its report that each row belongs to, and how many versions there are.

        It is one older for each newer file that has rows of the report; 0 where there is no such version.
        """
        places, found = self.keys.find_all(reports)
        right = places_within(places) == newer[places]
        rows = np.zeros(len(reports), np.intp)
        rows[places[right]] = found[right]
        return rows, np.bincount(places, minlength=len(reports))

    def devices(self, keys: Keys, numbers: Places, batch: Batch) -> None:
        """Put in devices, and when they were implanted and taken out."""
        brand, generic, code = (batch[name] for name in ("BRAND_NAME", "GENERIC_NAME", "DEVICE_REPORT_PRODUCT_CODE"))
        seq = batch["DEVICE_SEQUENCE_NO"].values(
            lambda text: int(match[1]) if (match := _DEVICE_NUMBER.fullmatch(text)) else None
        )
        self.writer.put(
            "drugs_in_report",
            keys,
            drug_seq=seq,
            row_number=numbers,
            role=ROLE,
            drugname=brand.or_else(generic),
            active_ingredient=code.or_else(generic),
            lot_number=batch["LOT_NUMBER"],
            expiry_date_text=batch["EXPIRATION_DATE_OF_DEVICE"],
        )
        self.writer.repairs["take_generic_name"] += int(np.sum(~brand.filled() & generic.filled()))
        implanted, removed = batch["IMPLANT_DATE_YEAR"], batch["DATE_REMOVED_YEAR"]
        dated = implanted.filled() | removed.filled()
        implanted, removed = implanted[dated], removed[dated]
        first = self.writer.read("IMPLANT_DATE_YEAR", implanted, _day)
        last = self.writer.read("DATE_REMOVED_YEAR", removed, _day)
        self.writer.put(
            "therapies",
            keys[dated],
            row_number=numbers[dated],
            drug_seq=seq.filter(dated),
            **date_columns("start_date", first, implanted),
            **date_columns("end_date", last, removed),
        )

    def problems(
        self, problems: _Problems, names: Mapping[str, str], keys: Keys, numbers: Places, batch: Batch
    ) -> None:
        """Put in problems by their names, or by their codes where no list names them."""
        [column] = READ[problems.table]
        codes = batch[column].map(lambda text: text.removesuffix(".0"))
        said = codes.filled()
        codes, repairs = codes[said], self.writer.repairs
        repairs["leave_empty_problem"] += batch.rows - len(codes)
        repairs["keep_unnamed_problem"] += int(np.sum(codes.are(lambda code: code not in names)))
        self.writer.put(
            "reactions",
            keys[said],
            row_number=numbers[said] * 2 + problems.odd,
            term=codes.map(lambda code: problems.term(code, names.get(code)).upper()),
            term_text=codes.map(lambda code: names.get(code, code)),
        )

    def texts(self, keys: Keys, numbers: Places, batch: Batch) -> None:
        """Put in texts."""
        kind = batch["TEXT_TYPE_CODE"].map(lambda text: codes_of("TEXT_TYPE_CODE").get(text.upper()) or text)
        self.writer.put("narratives", keys, row_number=numbers, kind=kind, text=batch["FOI_TEXT"])


def _names(given: MaudeFolder, writer: PartWriter, table: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for file in given.of(table):
        found, account = read_problem_names(file)
        names |= found
        writer.close_file(account)
    return names


def _day(text: str | None) -> Reading:
    return read_day(text, since=SINCE)


def _version(text: str | None) -> Reading:
    """The day of a change as a number."""
    reading = _day(text)
    day = reading.values[0]
    number = day.year * 10_000 + day.month * 100 + day.day if isinstance(day, dt.date) else 0
    return Reading((number,), reading.fault)


def _occupation(code: str | None, professional: str | None) -> Reading:
    reading = read_code("REPORTER_OCCUPATION_CODE", code and code.upper())
    is_one = (professional or "").upper() == "Y"
    return Reading((reading.values[0] or ("HP" if is_one else None),), reading.fault)


def _sex(text: str | None) -> Reading:
    word = (text or "").upper()
    return read_sex((word[:1] if word in _SEXES else text,), dt.date.max)
