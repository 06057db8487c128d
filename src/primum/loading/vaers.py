"""How do the three files of a year of VAERS become reports, wholly or not at all?

A report is one VAERS_ID. VAERS ranks no vaccine before another, so every vaccine given is a primary suspect; its name
is the drug's name and its type (such as FLU4) the ingredient. All vaccines of a report share its one date.
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from primum.loading.faers import Loaded
from primum.loading.system import Part, PartWriter, date_columns, load_parts
from primum.sources.batch import Batch
from primum.sources.days import read_day
from primum.sources.report_keys import ReportKeys
from primum.sources.systems import SYSTEMS
from primum.sources.texts import Places, Texts, paired, places_within
from primum.sources.vaers import FOREIGN, OUTCOMES, TABLES, VaersSet, is_id, open_table, read_state
from primum.sources.values import Reading, read_age, read_number, read_sex
from primum.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

SYSTEM: Final = SYSTEMS["vaers"]
ROLE: Final = "PS"
UNKNOWN_TYPE: Final = "UNK"


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
    puts = {"DATA": rows.reports, "VAX": rows.vaccines, "SYMPTOMS": rows.symptoms}
    for table in TABLES:
        path = given.files[table]
        reader = open_table(path.name, table, keep=writer)
        with path.open("rb") as stream:
            for batch in reader.batches(stream):
                puts[table](batch)
        if table == "DATA":
            writer.repairs["keep_repeated_id"] += rows.close()
        writer.close_file(reader.account())


class _Rows:
    """The rows of one set on their way into the writer."""

    def __init__(self, writer: PartWriter, until: dt.date) -> None:
        self.writer = writer
        self.day = partial(read_day, until=until)
        self.known = ReportKeys(writer.folder)
        self.dates: dict[str, int] = {}  # of vaccines, as printed: some thousand texts for a million reports
        self.given = array("i", [0])  # for each row of DATA, the place of its date among them
        self.doses: NDArray[np.int32] = np.empty(0, np.int32)  # vaccines of each row of DATA so far

    def reports(self, batch: Batch) -> None:
        """Put in rows of DATA."""
        batch, ids = _with_ids(batch)
        read, numbers = self.writer.read, self.writer.numbers("reports", batch.rows)
        self.known.extend(ids)
        given = batch["VAX_DATE"]
        places = [self.dates.setdefault(text, len(self.dates)) for text in given.distinct.to_pylist()]
        self.given.frombytes(np.array(places, np.int32)[given.codes].tobytes())
        received, event = (read(name, batch[name], self.day) for name in ("RECVDATE", "ONSET_DATE"))
        sex = batch["SEX"].map(lambda text: None if text == "U" else text)
        keys = self.writer.put_reports(
            numbers,
            primaryid=batch["VAERS_ID"],
            caseid=batch["VAERS_ID"],
            case_version=0,
            **date_columns("received_date", received, batch["RECVDATE"]),
            **date_columns("event_date", event, batch["ONSET_DATE"]),
            report_date_text=batch["RPT_DATE"],
            manufacturer_number=batch["SPLTTYPE"],
            age_years=self._ages(batch),
            age_text=batch["AGE_YRS"],
            age_unit=batch["AGE_YRS"].map(lambda text: "YR" if text else None),
            sex=read("SEX", sex, lambda text: read_sex((text,), dt.date.max))[0],
            sex_text=batch["SEX"],
            occurrence_country=read("STATE", batch["STATE"], read_state)[0],
            occurrence_country_text=batch["STATE"],
            death_date_text=batch["DATEDIED"],
            fields_filled=batch.fields_filled(),
        )
        foreign = batch["STATE"].are(lambda text: text.upper() == FOREIGN)
        self.writer.put("report_sources", keys[foreign], row_number=numbers[foreign], report_source="FGN")
        for place, (outcome, flags) in enumerate(OUTCOMES.items()):
            told = np.logical_or.reduce([batch[flag].are(lambda text: text.upper() == "Y") for flag in flags])
            rows = numbers[told] * len(OUTCOMES) + place
            self.writer.put("outcomes", keys[told], row_number=rows, outcome=outcome)

    def close(self) -> int:
        """Make ready to find reports; how many share their number with another."""
        self.doses = np.zeros(len(self.given), np.int32)
        return self.known.close()

    def vaccines(self, batch: Batch) -> None:
        """Put in rows of VAX, with the date of their report."""
        batch, reports, numbers = self._found("drugs_in_report", batch)
        keys = self.writer.keys(reports)
        seq = self.doses[reports] + places_within(reports) + 1
        self.doses += np.bincount(reports, minlength=len(self.doses)).astype(np.int32)
        self.writer.put(
            "drugs_in_report",
            keys,
            drug_seq=seq,
            row_number=numbers,
            role=ROLE,
            drugname=batch["VAX_NAME"],
            active_ingredient=batch["VAX_TYPE"].map(lambda kind: None if kind == UNKNOWN_TYPE else kind),
            route=batch["VAX_ROUTE"],
            dose_text=batch["VAX_DOSE_SERIES"],
            lot_number=batch["VAX_LOT"],
        )
        dates = Texts.coded(list(self.dates), np.frombuffer(self.given, np.int32)[reports])
        dated = dates.filled()
        day = self.writer.read("VAX_DATE", dates[dated], self.day)
        self.writer.put(
            "therapies",
            keys[dated],
            row_number=numbers[dated],
            drug_seq=seq[dated],
            **date_columns("start_date", day, dates[dated]),
        )

    def symptoms(self, batch: Batch) -> None:
        """Put in the terms of rows of SYMPTOMS, up to five in each."""
        batch, reports, numbers = self._found("reactions", batch)
        keys = self.writer.keys(reports)
        for place in range(1, 6):
            told = batch[f"SYMPTOM{place}"].filled()
            terms = batch[f"SYMPTOM{place}"][told]
            self.writer.put(
                "reactions",
                keys[told],
                row_number=(numbers[told] - 1) * 5 + place,
                term=terms.map(str.upper),
                term_text=terms,
            )

    def _found(self, table: str, batch: Batch) -> tuple[Batch, Places, Places]:
        """The rows that find their report, with its row of DATA and their own numbers."""
        batch, ids = _with_ids(batch)
        rows = self.known.find(ids)
        batch = batch.without(rows == 0, "no report of that VAERS_ID in DATA")
        return batch, rows[rows > 0].astype(np.intp), self.writer.numbers(table, batch.rows)

    def _ages(self, batch: Batch) -> pa.Array:
        """Years as reported, else as VAERS calculates them: whole years and a fraction for the months."""
        import pyarrow as pa
        import pyarrow.compute as pc

        read, text = self.writer.read, batch["AGE_YRS"]
        told = text.filled()
        parts = [batch[name].where(~told) for name in ("CAGE_YR", "CAGE_MO")]
        for name, part in zip(("CAGE_YR", "CAGE_MO"), parts, strict=True):
            read(name, part, _number)  # its faults are counted
        pairs, codes = paired(*parts)
        calculated = Texts.coded([_calculated(*pair) for pair in pairs], codes)
        self.writer.repairs["take_calculated_age"] += int(np.sum(calculated.filled()))
        ages = (read(name, given, _years)[0] for name, given in (("AGE_YRS", text), ("CAGE_YR", calculated)))
        return pc.coalesce(*(age.dictionary_decode().cast(pa.float64()) for age in ages))


def _with_ids(batch: Batch) -> tuple[Batch, NDArray[np.int64]]:
    """The rows whose VAERS_ID is a number, and that number."""
    batch = batch.without(~batch["VAERS_ID"].are(is_id), "VAERS_ID is not a number")
    return batch, batch["VAERS_ID"].values(lambda text: int(text) if is_id(text) else 0).dictionary_decode().to_numpy()


def _number(text: str | None) -> Reading:
    return read_number((text,), dt.date.max)


def _years(text: str | None) -> Reading:
    return read_age((text, "YR"), dt.date.max)


def _calculated(*texts: str) -> str | None:
    """Whole years and the fraction of another one, added up; None where neither is a number."""
    numbers = [number for text in texts if isinstance(number := _number(text).values[0], float)]
    return format(sum(numbers), "f") if numbers else None
