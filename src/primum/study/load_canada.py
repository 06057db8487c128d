"""How does an extract of Canada Vigilance become reports, wholly or not at all?

A report is one REPORT_ID; its case is REPORT_NO. Every drug called suspect is a primary suspect, because none is ranked
before another. The ingredients of a product come from its own file. Links to other reports are kept as they are told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Final

from primum.sources.canada import FLAGS, YES, CanadaFolder, open_table
from primum.sources.code_texts import read_code
from primum.sources.days import read_day
from primum.sources.measures import unit_code
from primum.sources.quoted import Record, value_of
from primum.sources.report_keys import ReportKeys
from primum.sources.systems import SYSTEMS
from primum.sources.values import Reading, read_age, read_duration, read_number, read_version, read_weight
from primum.store import Store
from primum.study.load import Loaded
from primum.study.load_system import Part, PartWriter, load_parts

SYSTEM: Final = SYSTEMS["canada"]
SINCE: Final = dt.date(1965, 1, 1)
COUNTRY: Final = "CA"
_OPEN: Final = dt.date.max


def load_canada(
    store: Store, folders: Sequence[CanadaFolder], *, progress: Callable[[str], None] | None = None
) -> list[Loaded]:
    """Load unpacked extracts of Canada Vigilance, as `load_parts` does.

    Args:
        store: a store opened for writing.
        folders: as `primum.sources.canada.find_extract` gives them.
        progress: is told the name of each folder.
    """
    parts = [
        Part(SYSTEM.name, SYSTEM.part_named(one.name), one.name, one.sha256, one.size, partial(_read_folder, one))
        for one in folders
    ]
    return load_parts(store, parts, progress=progress)


def _read_folder(given: CanadaFolder, writer: PartWriter) -> None:
    rows = _Rows(writer)
    steps = {
        "REPORTS": (rows.report, rows.refuse_report),
        "DRUG_PRODUCT_INGREDIENTS": (rows.ingredient, lambda record: ""),
        "REPORT_DRUG": (rows.drug, rows.find),
        "REPORT_DRUG_INDICATION": (rows.indication, rows.find),
        "REACTIONS": (rows.reaction, rows.find),
        "REPORT_LINKS_LX": (rows.link, rows.find),
    }
    for table, (put, refuse) in steps.items():
        if table not in given.files:
            continue
        path = given.files[table]
        reader = open_table(path, table, refuse, keep=writer)
        with path.open("rb") as stream:
            for number, record in enumerate(reader.records(stream), start=1):
                put(number, record)
        writer.close_file(reader.account())
        if table == "REPORTS":
            writer.repairs["keep_repeated_id"] += rows.keys.close()


class _Rows:
    """The rows of an extract on their way into the writer."""

    def __init__(self, writer: PartWriter) -> None:
        self.writer = writer
        self.keys = ReportKeys()
        self.key = 0  # of the report that the row at hand belongs to
        self.ingredients: dict[str, str] = {}
        self.outcomes = 0

    def refuse_report(self, record: Record) -> str:
        """Why a row of reports is none."""
        return "" if _is_id(record["REPORT_ID"]) else "REPORT_ID is not a number"

    def find(self, record: Record) -> str:
        """Find the report of a row, or say why there is none."""
        if not _is_id(record["REPORT_ID"]):
            return "REPORT_ID is not a number"
        rows = self.keys.find(int(record["REPORT_ID"]))
        if not rows:
            return "no report of that REPORT_ID in reports.txt"
        self.key = self.writer.key(rows[0])
        return ""

    def report(self, number: int, record: Record) -> None:
        """Put in a report with its outcomes."""
        told = self.writer.told
        self.keys.add(int(record["REPORT_ID"]), number)
        received = told("DATRECEIVED", _day(value_of(record, "DATRECEIVED")))
        first = told("DATINTRECEIVED", _day(value_of(record, "DATINTRECEIVED")))
        age = (value_of(record, "AGE"), unit_code(record["AGE_UNIT_ENG"]))
        weight = (value_of(record, "WEIGHT"), unit_code(record["WEIGHT_UNIT_ENG"]))
        key = self.writer.report(
            number,
            primaryid=record["REPORT_ID"].strip(),
            caseid=value_of(record, "REPORT_NO"),
            case_version=told("VERSION_NO", read_version((value_of(record, "VERSION_NO"),), _OPEN)).values[0],
            case_version_text=value_of(record, "VERSION_NO"),
            received_date=received.values[0],
            received_date_precision=received.values[1],
            received_date_text=value_of(record, "DATRECEIVED"),
            first_received_date=first.values[0],
            first_received_date_precision=first.values[1],
            first_received_date_text=value_of(record, "DATINTRECEIVED"),
            report_type=value_of(record, "REPORT_TYPE_ENG"),
            manufacturer_number=value_of(record, "MAH_NO"),
            age_years=told("AGE", read_age(age, _OPEN)).values[0],
            age_text=age[0],
            age_unit=value_of(record, "AGE_UNIT_ENG"),
            sex=told("GENDER_ENG", read_code("canada", "GENDER_ENG", record["GENDER_ENG"])).values[0],
            sex_text=value_of(record, "GENDER_ENG"),
            weight_kg=told("WEIGHT", read_weight(weight, _OPEN)).values[0],
            weight_text=weight[0],
            weight_unit=value_of(record, "WEIGHT_UNIT_ENG"),
            reporter_occupation=self._code("REPORTER_TYPE_ENG", record),
            reporter_country=COUNTRY,
            fields_filled=sum(map(bool, map(str.strip, record.values()))),
        )
        if source := self._code("REPORT_TYPE_ENG", record):
            self.writer.add("report_sources", report_key=key, row_number=number, report_source=source)
        flagged = [outcome for flag, outcome in FLAGS.items() if record[flag].strip() == YES]
        serious = self._code("SERIOUSNESS_ENG", record)
        for outcome in flagged or ([serious] if serious else []):
            self.outcomes += 1
            self.writer.add("outcomes", report_key=key, row_number=self.outcomes, outcome=outcome)

    def ingredient(self, number: int, record: Record) -> None:
        """Keep an ingredient of a product, behind the others with a backslash between, as FAERS prints them."""
        product, name = record["DRUG_PRODUCT_ID"].strip(), record["ACTIVE_INGREDIENT_NAME"].strip().upper()
        if name:
            before = self.ingredients.get(product)
            self.ingredients[product] = name if before is None else f"{before}\\{name}"

    def drug(self, number: int, record: Record) -> None:
        """Put in a drug with the duration of its therapy."""
        told = self.writer.told
        seq = int(record["REPORT_DRUG_ID"]) if _is_id(record["REPORT_DRUG_ID"]) else None
        self.writer.add(
            "drugs_in_report",
            report_key=self.key,
            drug_seq=seq,
            row_number=number,
            role=self._code("DRUGINVOLV_ENG", record),
            drugname=value_of(record, "DRUGNAME"),
            active_ingredient=self.ingredients.get(record["DRUG_PRODUCT_ID"].strip()),
            route=value_of(record, "ROUTEADMIN_ENG"),
            dose_amount=told("UNIT_DOSE_QTY", read_number((value_of(record, "UNIT_DOSE_QTY"),), _OPEN)).values[0],
            dose_amount_text=value_of(record, "UNIT_DOSE_QTY"),
            dose_unit=value_of(record, "DOSE_UNIT_ENG"),
            dose_form=value_of(record, "DOSAGEFORM_ENG"),
            dose_frequency=value_of(record, "FREQUENCY_TIME_ENG"),
        )
        if text := value_of(record, "THERAPY_DURATION"):
            unit = unit_code(record["THERAPY_DURATION_UNIT_ENG"])
            lasted = told("THERAPY_DURATION", read_duration((text, "DAY" if unit == "DY" else unit), _OPEN)).values[0]
            self.writer.add(
                "therapies",
                report_key=self.key,
                row_number=number,
                drug_seq=seq,
                duration_days=lasted,
                duration_text=text,
                duration_unit=value_of(record, "THERAPY_DURATION_UNIT_ENG"),
            )

    def indication(self, number: int, record: Record) -> None:
        """Put in what a drug was given for."""
        if term := value_of(record, "INDICATION_NAME_ENG"):
            seq = int(record["REPORT_DRUG_ID"]) if _is_id(record["REPORT_DRUG_ID"]) else None
            self.writer.add(
                "indications", report_key=self.key, row_number=number, drug_seq=seq, term=term.upper(), term_text=term
            )

    def reaction(self, number: int, record: Record) -> None:
        """Put in a reaction by its English name."""
        if term := value_of(record, "PT_NAME_ENG"):
            self.writer.add("reactions", report_key=self.key, row_number=number, term=term.upper(), term_text=term)

    def link(self, number: int, record: Record) -> None:
        """Keep a link to another report."""
        kind = value_of(record, "RECORD_TYPE_ENG")
        self.writer.add(
            "told_links",
            report_key=self.key,
            row_number=number,
            kind=kind.lower() if kind else None,
            other=value_of(record, "REPORT_LINK_NO"),
        )

    def _code(self, column: str, record: Record) -> str | None:
        value = self.writer.told(column, read_code("canada", column, record[column])).values[0]
        return None if value is None else str(value)


def _is_id(text: str) -> bool:
    return text.strip().isdecimal() and len(text.strip()) <= 18


@lru_cache(maxsize=100_000)
def _day(text: str | None) -> Reading:
    return read_day(text, since=SINCE)
