"""How does an extract of Canada Vigilance become reports, wholly or not at all?

A report is one REPORT_ID; its case is REPORT_NO. Every drug called suspect is a primary suspect, because none is ranked
before another. The ingredients of a product come from its own file. Links to other reports are kept as they are told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from primum.loading.faers import Loaded
from primum.loading.system import Keys, PartWriter, date_columns, load_parts, parts_of_folders
from primum.sources.batch import Batch
from primum.sources.canada import FLAGS, YES, CanadaFolder, open_table
from primum.sources.code_texts import read_code
from primum.sources.days import read_day
from primum.sources.measures import unit_code
from primum.sources.report_keys import ReportKeys
from primum.sources.systems import SYSTEMS
from primum.sources.texts import Places, there
from primum.sources.values import Reading, read_age, read_duration, read_number, read_version, read_weight
from primum.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

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
    return load_parts(store, parts_of_folders(SYSTEM, folders, _read_folder), progress=progress)


def _read_folder(given: CanadaFolder, writer: PartWriter) -> None:
    rows = _Rows(writer)
    steps = {
        "REPORTS": rows.reports,
        "DRUG_PRODUCT_INGREDIENTS": rows.keep_ingredients,
        "REPORT_DRUG": rows.drugs,
        "REPORT_DRUG_INDICATION": rows.indications,
        "REACTIONS": rows.reactions,
        "REPORT_LINKS_LX": rows.links,
    }
    for table, put in steps.items():
        if table not in given.files:
            continue
        path = given.files[table]
        reader = open_table(path, table, keep=writer)
        with path.open("rb") as stream:
            for batch in reader.batches(stream):
                put(batch)
        writer.close_file(reader.account())
        if table == "REPORTS":
            writer.repairs["keep_repeated_id"] += rows.known.close()


class _Rows:
    """The rows of an extract on their way into the writer."""

    def __init__(self, writer: PartWriter) -> None:
        self.writer = writer
        self.known = ReportKeys(writer.folder)
        self.ingredients: dict[str, str] = {}

    def reports(self, batch: Batch) -> None:
        """Put in reports with their outcomes."""
        batch, ids = _with_ids(batch)
        read, numbers = self.writer.read, self.writer.numbers("reports", batch.rows)
        self.known.extend(ids)
        received, first = (read(name, batch[name], _day) for name in ("DATRECEIVED", "DATINTRECEIVED"))
        age, weight = ((batch[name], batch[f"{name}_UNIT_ENG"]) for name in ("AGE", "WEIGHT"))
        keys = self.writer.put_reports(
            numbers,
            primaryid=batch["REPORT_ID"],
            caseid=batch["REPORT_NO"],
            case_version=read("VERSION_NO", batch["VERSION_NO"], lambda text: read_version((text,), _OPEN))[0],
            case_version_text=batch["VERSION_NO"],
            **date_columns("received_date", received, batch["DATRECEIVED"]),
            **date_columns("first_received_date", first, batch["DATINTRECEIVED"]),
            report_type=batch["REPORT_TYPE_ENG"],
            manufacturer_number=batch["MAH_NO"],
            age_years=read("AGE", age, lambda text, unit: read_age((text, unit_code(unit or "")), _OPEN))[0],
            age_text=age[0],
            age_unit=age[1],
            sex=self._code("GENDER_ENG", batch),
            sex_text=batch["GENDER_ENG"],
            weight_kg=read("WEIGHT", weight, lambda text, unit: read_weight((text, unit_code(unit or "")), _OPEN))[0],
            weight_text=weight[0],
            weight_unit=weight[1],
            reporter_occupation=self._code("REPORTER_TYPE_ENG", batch),
            reporter_country=COUNTRY,
            fields_filled=batch.fields_filled(),
        )
        source = self._code("REPORT_TYPE_ENG", batch)
        told = there(source)
        self.writer.put("report_sources", keys[told], row_number=numbers[told], report_source=source.filter(told))
        self._outcomes(keys, numbers, batch)

    def _outcomes(self, keys: Keys, numbers: Places, batch: Batch) -> None:
        """Put in the outcomes whose flag is set; where none is, whether the report is serious."""
        flagged = [batch[flag].are(lambda text: text == YES) for flag in FLAGS]
        serious = self._code("SERIOUSNESS_ENG", batch)
        alone = there(serious) & ~np.logical_or.reduce(flagged)
        told = [*zip(flagged, FLAGS.values(), strict=True), (alone, serious.filter(alone))]
        for place, (rows, outcome) in enumerate(told):
            self.writer.put("outcomes", keys[rows], row_number=numbers[rows] * len(told) + place, outcome=outcome)

    def keep_ingredients(self, batch: Batch) -> None:
        """Keep the ingredients of products, one behind the other with a backslash between, as FAERS prints them."""
        names = batch["ACTIVE_INGREDIENT_NAME"].map(str.upper).to_list()
        for product, name in zip(batch["DRUG_PRODUCT_ID"].to_list(), names, strict=True):
            if name:
                before = self.ingredients.get(product)
                self.ingredients[product] = name if before is None else f"{before}\\{name}"

    def drugs(self, batch: Batch) -> None:
        """Put in drugs with the duration of their therapy."""
        batch, keys, numbers = self._found("drugs_in_report", batch)
        read, seq = self.writer.read, _sequence(batch)
        self.writer.put(
            "drugs_in_report",
            keys,
            drug_seq=seq,
            row_number=numbers,
            role=self._code("DRUGINVOLV_ENG", batch),
            drugname=batch["DRUGNAME"],
            active_ingredient=batch["DRUG_PRODUCT_ID"].map(self.ingredients.get),
            route=batch["ROUTEADMIN_ENG"],
            dose_amount=read("UNIT_DOSE_QTY", batch["UNIT_DOSE_QTY"], lambda text: read_number((text,), _OPEN))[0],
            dose_amount_text=batch["UNIT_DOSE_QTY"],
            dose_unit=batch["DOSE_UNIT_ENG"],
            dose_form=batch["DOSAGEFORM_ENG"],
            dose_frequency=batch["FREQUENCY_TIME_ENG"],
        )
        told = batch["THERAPY_DURATION"].filled()
        text, unit = batch["THERAPY_DURATION"][told], batch["THERAPY_DURATION_UNIT_ENG"][told]
        self.writer.put(
            "therapies",
            keys[told],
            row_number=numbers[told],
            drug_seq=seq.filter(told),
            duration_days=read("THERAPY_DURATION", (text, unit), _duration)[0],
            duration_text=text,
            duration_unit=unit,
        )

    def indications(self, batch: Batch) -> None:
        """Put in what drugs were given for."""
        batch, keys, numbers = self._found("indications", batch)
        self.writer.put_terms("indications", keys, numbers, batch["INDICATION_NAME_ENG"], drug_seq=_sequence(batch))

    def reactions(self, batch: Batch) -> None:
        """Put in reactions by their English names."""
        batch, keys, numbers = self._found("reactions", batch)
        self.writer.put_terms("reactions", keys, numbers, batch["PT_NAME_ENG"])

    def links(self, batch: Batch) -> None:
        """Keep links to other reports."""
        batch, keys, numbers = self._found("told_links", batch)
        self.writer.put(
            "told_links",
            keys,
            row_number=numbers,
            kind=batch["RECORD_TYPE_ENG"].map(str.lower),
            other=batch["REPORT_LINK_NO"],
        )

    def _found(self, table: str, batch: Batch) -> tuple[Batch, Keys, Places]:
        """The rows that find their report, with its key and their own numbers."""
        batch, ids = _with_ids(batch)
        rows = self.known.find(ids)
        batch = batch.without(rows == 0, "no report of that REPORT_ID in reports.txt")
        return batch, self.writer.keys(rows[rows > 0]), self.writer.numbers(table, batch.rows)

    def _code(self, column: str, batch: Batch) -> pa.DictionaryArray:
        return self.writer.read(column, batch[column], partial(read_code, "canada", column))[0]


def _with_ids(batch: Batch) -> tuple[Batch, NDArray[np.int64]]:
    """The rows whose REPORT_ID is a number, and that number."""
    batch = batch.without(~batch["REPORT_ID"].are(_is_id), "REPORT_ID is not a number")
    ids = batch["REPORT_ID"].values(lambda text: int(text) if _is_id(text) else 0)
    return batch, ids.dictionary_decode().to_numpy()


def _sequence(batch: Batch) -> pa.DictionaryArray:
    return batch["REPORT_DRUG_ID"].values(lambda text: int(text) if _is_id(text) else None)


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) <= 18


def _day(text: str | None) -> Reading:
    return read_day(text, since=SINCE)


def _duration(text: str | None, unit: str | None) -> Reading:
    code = unit_code(unit or "")
    return read_duration((text, "DAY" if code == "DY" else code), _OPEN)
