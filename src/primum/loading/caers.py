"""How does the file of CAERS become reports, wholly or not at all?

A report is one REPORT_ID; its first row tells the person. Each row is a product, suspect or concomitant. The industry
(such as vitamins, or cosmetics) stands as the form of the product: it is no ingredient.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from primum.loading.faers import Loaded
from primum.loading.system import Keys, PartWriter, check_file, date_columns, load_parts, parts_of_files
from primum.sources.batch import Batch
from primum.sources.caers import open_caers, read_role, split_outcomes, split_terms, terms_with_commas
from primum.sources.code_texts import read_code
from primum.sources.days import read_day
from primum.sources.kept_numbers import KeptNumbers
from primum.sources.measures import unit_code
from primum.sources.systems import SYSTEMS
from primum.sources.text_numbers import TextNumbers
from primum.sources.texts import Mask, Places, Texts, once_a_row, paired, places_within, row_before
from primum.sources.values import Reading, read_age
from primum.store import Store

SYSTEM: Final = SYSTEMS["caers"]


def load_caers(store: Store, files: Sequence[Path], *, progress: Callable[[str], None] | None = None) -> list[Loaded]:
    """Load files of CAERS, as `load_parts` does.

    Args:
        store: a store opened for writing; terms with a comma that it holds are known in the cells too.
        files: CSV files.
        progress: is told the name of each file.
    """
    told = {str(term) for (term,) in store.engine.read("term_groups", "term") if "," in term}
    read = partial(_read_file, terms_with_commas() | told)
    return load_parts(store, parts_of_files(SYSTEM, files, read), progress=progress)


def check_caers_file(path: Path) -> None:
    """Refuse a file that is not there.

    Raises:
        SourceError: as said.
    """
    check_file(path, "a CSV file of CAERS or HFCS")


def _read_file(known: Collection[str], path: Path, writer: PartWriter) -> None:
    rows = _Rows(writer, known)
    reader = open_caers(path.name, keep=writer)
    with path.open("rb") as stream:
        for batch in reader.batches(stream):
            rows.put(batch.without(~batch["REPORT_ID"].filled(), "REPORT_ID is empty"))
    writer.close_file(reader.account())


class _Rows:
    """The rows of a file on their way into the writer."""

    def __init__(self, writer: PartWriter, known: Collection[str]) -> None:
        self.writer = writer
        self.known = known
        self.reports = TextNumbers(writer.folder)
        # Of each: key, products so far, hash of terms and outcomes.
        self.keys, self.products, self.told = (KeptNumbers(writer.folder) for _ in range(3))

    def put(self, batch: Batch) -> None:
        """Put in rows: the reports that they are the first of, their products, and terms that were not told before."""
        numbers = self.writer.numbers("drugs_in_report", batch.rows)
        ids = batch["REPORT_ID"]
        reports = self.reports.add(ids.distinct)
        keys, products, told = (kept[reports] for kept in (self.keys, self.products, self.told))
        texts, which = paired(batch["CASE_MEDDRA_PREFERRED_TERMS"], batch["CASE_OUTCOME"])
        tells = np.array([hash(text) for text in texts], dtype=np.int64)[which]
        place, before = places_within(ids.codes), row_before(ids.codes)
        new = (place == 0) & (keys[ids.codes] == 0)
        keys[ids.codes[new]] = self._reports(numbers, new, batch)
        other = tells != np.where(before < 0, told[ids.codes], tells[before])
        self.writer.repairs["add_terms_of_further_row"] += int(np.sum(other & ~new))
        self._terms(keys[ids.codes], new | other, batch)
        self.writer.put(
            "drugs_in_report",
            keys[ids.codes],
            drug_seq=products[ids.codes] + place + 1,
            row_number=numbers,
            role=self.writer.read("PRODUCT_TYPE", batch["PRODUCT_TYPE"], read_role)[0],
            drugname=batch["PRODUCT"],
            dose_form=batch["DESCRIPTION"],
        )
        told[ids.codes] = tells
        products += np.bincount(ids.codes, minlength=len(reports))
        self.keys[reports], self.products[reports], self.told[reports] = keys, products, told

    def _reports(self, numbers: Places, new: Mask, batch: Batch) -> Keys:
        read, texts = self.writer.read, {name: texts[new] for name, texts in batch.columns.items()}
        nothing = Texts.same("", int(np.sum(new)))
        received = read("DATE_FDA_FIRST_RECEIVED_REPORT", texts["DATE_FDA_FIRST_RECEIVED_REPORT"], read_day)
        event_text = texts.get("DATE_EVENT", nothing)
        event = read("DATE_EVENT", event_text, read_day)
        age, unit = texts.get("PATIENT_AGE", nothing), texts.get("AGE_UNITS", nothing)
        sex = texts.get("SEX", nothing)
        return self.writer.put_reports(
            numbers[new],
            primaryid=texts["REPORT_ID"],
            caseid=texts["REPORT_ID"],
            case_version=0,
            **date_columns("received_date", received, texts["DATE_FDA_FIRST_RECEIVED_REPORT"]),
            **date_columns("event_date", event, event_text),
            age_years=read("PATIENT_AGE", (age, unit), _age)[0],
            age_text=age,
            age_unit=unit,
            sex=read("SEX", sex, partial(read_code, "caers", "SEX"))[0],
            sex_text=sex,
            fields_filled=batch.fields_filled()[new],
        )

    def _terms(self, keys: Keys, told: Mask, batch: Batch) -> None:
        """Put in the terms and outcomes of the rows that tell any."""
        keys, cells = keys[told], batch["CASE_MEDDRA_PREFERRED_TERMS"][told]
        rows, terms = cells.split(partial(split_terms, known=self.known))
        self.writer.repairs["keep_comma_of_term"] += int(np.sum(terms.are(lambda term: "," in term)))
        self.writer.put(
            "reactions",
            keys[rows],
            row_number=self.writer.numbers("reactions", len(rows)),
            term=terms.map(str.upper),
            term_text=terms,
        )
        rows, pieces = batch["CASE_OUTCOME"][told].split(split_outcomes)
        outcomes = self.writer.read("CASE_OUTCOME", pieces, partial(read_code, "caers", "CASE_OUTCOME"))[0]
        kept = once_a_row(rows, outcomes)
        self.writer.put(
            "outcomes",
            keys[rows[kept]],
            row_number=self.writer.numbers("outcomes", len(kept)),
            outcome=outcomes.take(kept),
        )


def _age(text: str | None, unit: str | None) -> Reading:
    code = unit_code(unit or "")
    return read_age((text, None if code in ("NOT AVAILABLE", "UNKNOWN") else code), dt.date.max)
