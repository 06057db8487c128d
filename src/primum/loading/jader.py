"""How do the files of JADER become reports, wholly or not at all?

A report is one count of a case (`報告回数`); the last speaks for it. The brand of a drug is its name, the generic name
its ingredient. Names and terms stay Japanese: no table of translations ships.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from primum.loading.faers import Loaded
from primum.loading.system import Keys, PartWriter, date_columns, load_parts, parts_of_folders
from primum.sources.batch import Batch
from primum.sources.code_texts import read_code
from primum.sources.days import read_day
from primum.sources.jader import TABLES, JaderFolder, in_plain_letters, open_table, read_quarter, read_step, told
from primum.sources.kept_numbers import KeptNumbers
from primum.sources.systems import SYSTEMS
from primum.sources.text_numbers import TextNumbers
from primum.sources.texts import Places, Texts, distinct_pairs, once_a_row, there
from primum.sources.values import read_number, read_version
from primum.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

SYSTEM: Final = SYSTEMS["jader"]
COUNTRY: Final = "JP"
_OPEN: Final = dt.date.max
_BETWEEN: Final = "\x01"  # a case and a count; no text holds a control byte


def load_jader(
    store: Store, folders: Sequence[JaderFolder], *, progress: Callable[[str], None] | None = None
) -> list[Loaded]:
    """Load publications of JADER, as `load_parts` does.

    Args:
        store: a store opened for writing.
        folders: as `primum.sources.jader.find_publication` gives them.
        progress: is told the name of each folder.
    """
    return load_parts(store, parts_of_folders(SYSTEM, folders, _read_folder), progress=progress)


def _read_folder(given: JaderFolder, writer: PartWriter) -> None:
    rows = _Rows(writer)
    rows.note_event_dates(given)
    steps = {
        "JADER_DEMO": rows.reports,
        "JADER_DRUG": rows.drugs,
        "JADER_REAC": rows.reactions,
        "JADER_HIST": rows.histories,
    }
    for table in TABLES:
        for path in given.files[table]:
            reader = open_table(path, table, keep=writer)
            with path.open("rb") as stream:
                for batch in reader.batches(stream):
                    steps[table](in_plain_letters(batch))
            writer.close_file(reader.account())


class _Rows:
    """The rows of a publication on their way into the writer."""

    def __init__(self, writer: PartWriter) -> None:
        self.writer = writer
        self.cases = TextNumbers(writer.folder)  # each count of a case
        self.keys = KeptNumbers(writer.folder)  # of the report of each, 0 where there is none
        self.dates = KeptNumbers(writer.folder)  # place of the date of each
        self.date_texts: list[str | None] = [None]
        self.outcomes = KeptNumbers(writer.folder)  # of each report, one bit an outcome
        self.outcome_bits: dict[str, int] = {}

    def note_event_dates(self, given: JaderFolder) -> None:
        """Keep the first date of a reaction of every report: it stands in the file of reactions."""
        places_of: dict[str, int] = {}
        for path in given.files["JADER_REAC"]:
            reader = open_table(path, "JADER_REAC", keep=deque(maxlen=0))
            with path.open("rb") as stream:
                for read in reader.batches(stream, only=("case_number", "report_count", "event_date")):
                    batch = in_plain_letters(read)
                    dates = batch["event_date"].map(told)
                    names = _names(batch)[dates.filled()]
                    firsts = np.unique(names.codes, return_index=True)[1]
                    numbers = self.cases.add(names.distinct.take(names.codes[firsts]))
                    places = [
                        places_of.setdefault(date, len(places_of) + 1)
                        for date in dates[dates.filled()][firsts].to_list()
                    ]
                    before = self.dates[numbers]
                    self.dates[numbers] = np.where(before, before, places)
        self.date_texts += places_of

    def reports(self, batch: Batch) -> None:
        """Put in reports."""
        batch = batch.without(~batch["case_number"].filled(), "the number of the case is empty")
        read, numbers = self.writer.read, self.writer.numbers("reports", batch.rows)
        names = _names(batch)
        codes = names.codes
        received = read("quarter", batch["quarter"], lambda text: read_quarter(text or ""))
        known = self.cases.add(names.distinct)
        event_text = Texts.coded([self.date_texts[place] for place in self.dates[known]], codes)
        event = read("event_date", event_text, read_day)
        years = read("age", batch["age"], lambda text: read_step(text or ""))[0]
        self.writer.repairs["take_middle_of_decade"] += int(np.sum(there(years)))
        keys = self.writer.put_reports(
            numbers,
            primaryid=names.map(lambda name: name.replace(_BETWEEN, "-")),
            caseid=batch["case_number"],
            case_version=read("report_count", batch["report_count"], lambda text: read_version((text,), _OPEN))[0],
            case_version_text=batch["report_count"],
            **date_columns("received_date", received, batch["quarter"]),
            **date_columns("event_date", event, event_text),
            report_type=batch["report_type"],
            age_years=years,
            age_text=batch["age"],
            age_group=batch["age"].values(lambda text: read_code("jader", "age", text).values[0]),
            sex=self._code("sex", batch),
            sex_text=batch["sex"],
            weight_kg=read("weight", batch["weight"], lambda text: read_step(text or ""))[0],
            weight_text=batch["weight"],
            reporter_occupation=self._code("reporter", batch),
            reporter_country=COUNTRY,
            fields_filled=batch.fields_filled(),
        )
        new = self.keys[known] == 0
        self.keys[known[new]] = keys[np.unique(codes, return_index=True)[1]][new]
        self.writer.repairs["keep_repeated_id"] += batch.rows - int(np.sum(new))
        source = self._code("report_type", batch)
        named = there(source)
        self.writer.put("report_sources", keys[named], row_number=numbers[named], report_source=source.filter(named))

    def drugs(self, batch: Batch) -> None:
        """Put in drugs with their therapy and what they were given for."""
        batch, keys, numbers = self._found("drugs_in_report", batch)
        seq = batch["drug_number"].values(lambda text: int(text) if text.isdecimal() and len(text) < 10 else None)
        role, rechallenge = self._code("role", batch), self._code("rechallenge", batch)
        batch = batch.changed(told)
        self.writer.put(
            "drugs_in_report",
            keys,
            drug_seq=seq,
            row_number=numbers,
            role=role,
            drugname=batch["brand_name"].or_else(batch["generic_name"]),
            active_ingredient=batch["generic_name"],
            route=batch["route"],
            dose_amount=self.writer.read("dose", batch["dose"], lambda text: read_number((text,), _OPEN))[0],
            dose_amount_text=batch["dose"],
            dose_unit=batch["dose_unit"],
            dose_frequency=batch["doses_a_day"],
            rechallenge=rechallenge,
        )
        dated = batch["start_date"].filled() | batch["end_date"].filled()
        begun, ended = batch["start_date"][dated], batch["end_date"][dated]
        first, last = self.writer.read("start_date", begun, read_day), self.writer.read("end_date", ended, read_day)
        self.writer.put(
            "therapies",
            keys[dated],
            row_number=numbers[dated],
            drug_seq=seq.filter(dated),
            **date_columns("start_date", first, begun),
            **date_columns("end_date", last, ended),
        )
        self.writer.put_terms("indications", keys, numbers, batch["reason"], drug_seq=seq)

    def reactions(self, batch: Batch) -> None:
        """Put in reactions, and death where one ended so, once a report."""
        batch, keys, numbers = self._found("reactions", batch)
        self.writer.put_terms("reactions", keys, numbers, batch["event"])
        outcomes = self._code("course", batch)
        once = self._not_told(keys, outcomes, once_a_row(keys, outcomes))
        self.writer.put("outcomes", keys[once], row_number=numbers[once], outcome=outcomes.take(once))

    def histories(self, batch: Batch) -> None:
        """Put in what people had before, as texts."""
        batch, keys, numbers = self._found("narratives", batch)
        self.writer.put("narratives", keys, row_number=numbers, kind="history", text=batch["history"].map(told))

    def _not_told(self, keys: Keys, outcomes: pa.DictionaryArray, places: Places) -> Places:
        """Of some places those whose outcome was not told of their report before."""
        texts = outcomes.take(places).to_pylist()
        bits = np.array([1 << self.outcome_bits.setdefault(text, len(self.outcome_bits)) for text in texts], np.int64)
        reports, which = np.unique(keys[places] - self.writer.key(0), return_inverse=True)
        before = self.outcomes[reports]
        new: Places = places[before[which] & bits == 0]
        np.bitwise_or.at(before, which, bits)
        self.outcomes[reports] = before
        return new

    def _found(self, table: str, batch: Batch) -> tuple[Batch, Keys, Places]:
        """The rows that find their report, with its key and their own numbers."""
        names = _names(batch)
        numbers = self.cases.find(names.distinct)
        keys = np.where(numbers < 0, 0, self.keys[np.maximum(numbers, 0)])[names.codes]
        batch = batch.without(keys == 0, "no report of that case and count in the file of people")
        return batch, keys[keys > 0], self.writer.numbers(table, batch.rows)

    def _code(self, column: str, batch: Batch) -> pa.DictionaryArray:
        return self.writer.read(column, batch[column], partial(read_code, "jader", column))[0]


def _names(batch: Batch) -> Texts:
    """Each row's number of the case, with the count of the report behind it where it has one."""
    import pyarrow.compute as pc

    cases, counts = batch["case_number"], batch["report_count"]
    pairs, codes = distinct_pairs(cases, counts)
    names = pc.binary_join_element_wise(cases.distinct.take(pairs[0]), counts.distinct.take(pairs[1]), _BETWEEN)
    return Texts(pc.utf8_rtrim(names, _BETWEEN), codes)
