"""How does a line listing of EudraVigilance become reports, wholly or not at all?

A report is one EU Local Number. A listing is fetched for one substance and says nothing of the reports that do not name
it: it can be counted, and compared with nothing but other listings.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from primum.loading.faers import Loaded
from primum.loading.system import Keys, PartWriter, check_file, date_columns, load_parts, parts_of_files
from primum.sources.batch import Batch
from primum.sources.code_texts import read_code
from primum.sources.days import read_day
from primum.sources.eudravigilance import open_listing, read_drug, read_reaction, split_cell
from primum.sources.systems import SYSTEMS
from primum.sources.texts import Texts, joined, once_a_row, paired, parts_of, places_within, values_of
from primum.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

SYSTEM: Final = SYSTEMS["eudravigilance"]
SINCE: Final = dt.date(1985, 1, 1)
NO_REFERENCE: Final = ("Not available", "Not applicable")


def load_eudravigilance(
    store: Store, files: Sequence[Path], *, progress: Callable[[str], None] | None = None
) -> list[Loaded]:
    """Load line listings, as `load_parts` does.

    Args:
        store: a store opened for writing.
        files: CSV files.
        progress: is told the name of each file.
    """
    return load_parts(store, parts_of_files(SYSTEM, files, _read_file), progress=progress)


def check_listing(path: Path) -> None:
    """Refuse a file that is not there.

    Raises:
        SourceError: as said.
    """
    check_file(path, "a line listing saved as CSV")


def _read_file(path: Path, writer: PartWriter) -> None:
    rows = _Rows(writer)
    reader = open_listing(path.name, keep=writer)
    with path.open("rb") as stream:
        for batch in reader.batches(stream):
            rows.put(batch.without(~batch["LOCAL_NUMBER"].filled(), "EU Local Number is empty"))
    writer.close_file(reader.account())


class _Rows:
    """The rows of a listing on their way into the writer."""

    def __init__(self, writer: PartWriter) -> None:
        self.writer = writer

    def put(self, batch: Batch) -> None:
        """Put in reports with their lists."""
        received = self.writer.read("RECEIPT_DATE", batch["RECEIPT_DATE"], partial(read_day, since=SINCE))
        keys = self.writer.put_reports(
            self.writer.numbers("reports", batch.rows),
            primaryid=batch["LOCAL_NUMBER"],
            caseid=batch["LOCAL_NUMBER"],
            case_version=0,
            **date_columns("received_date", received, batch["RECEIPT_DATE"]),
            report_type=batch["REPORT_TYPE"],
            literature_reference=batch["LITERATURE"].map(lambda text: None if text in NO_REFERENCE else text),
            age_group=self._code("AGE_GROUP", "age", batch["AGE_GROUP"]),
            age_text=batch["AGE_GROUP"],
            sex=self._code("SEX", "sex", batch["SEX"]),
            sex_text=batch["SEX"],
            reporter_occupation=self._code("QUALIFICATION", "reporter", batch["QUALIFICATION"]),
            reporter_country_text=batch["COUNTRY"],
            fields_filled=batch.fields_filled(),
        )
        self._reactions(keys, batch["REACTIONS"])
        self._drugs(keys, batch["SUSPECTS"], batch["CONCOMITANTS"])

    def _reactions(self, keys: Keys, cells: Texts) -> None:
        import pyarrow as pa

        rows, items = cells.split(split_cell)
        read = [read_reaction(item) for item in items.distinct.to_pylist()]
        terms = Texts.coded([one.term for one in read], items.codes)
        self.writer.put_terms("reactions", keys[rows], self.writer.numbers("reactions", len(rows)), terms)
        self.writer.repairs["leave_not_reported"] += len(rows) - int(np.sum(terms.filled()))
        of_item, told = parts_of([one.seriousness for one in read], items.codes)
        fatal = np.array(
            [read_code("eudravigilance", "course", one.course).values[0] is not None for one in read], bool
        )
        dead = np.flatnonzero(fatal[items.codes])
        outcomes = joined(self._code("REACTIONS", "outcome", told), values_of(pa.array(["DE"]), 0 * items.codes[dead]))
        of_row = rows[np.concatenate((of_item, dead))]
        kept = once_a_row(of_row, outcomes)
        kept = kept[np.argsort(of_row[kept], kind="stable")]
        self.writer.put(
            "outcomes",
            keys[of_row[kept]],
            row_number=self.writer.numbers("outcomes", len(kept)),
            outcome=outcomes.take(kept),
        )

    def _drugs(self, keys: Keys, suspects: Texts, concomitants: Texts) -> None:
        cells, codes = paired(suspects, concomitants)
        rows, items = parts_of([split_cell(one) + split_cell(other) for one, other in cells], codes)
        read = [read_drug(item) for item in items.distinct.to_pylist()]
        told = Texts.coded([one.name for one in read], items.codes).filled()
        self.writer.repairs["leave_not_reported"] += int(np.sum(~told))
        rows, items = rows[told], items[told]
        substances = [one.substances and one.substances.replace(", ", "\\") for one in read]
        numbers, seq = self.writer.numbers("drugs_in_report", len(rows)), places_within(rows) + 1
        self.writer.put(
            "drugs_in_report",
            keys[rows],
            drug_seq=seq,
            row_number=numbers,
            role=self._code("SUSPECTS", "role", Texts.coded([one.role for one in read], items.codes)),
            drugname=Texts.coded([one.name for one in read], items.codes),
            active_ingredient=Texts.coded(substances, items.codes),
            dose_text=Texts.coded([one.dose for one in read], items.codes),
            route=Texts.coded([one.route for one in read], items.codes),
        )
        terms = Texts.coded([one.indication for one in read], items.codes)
        told = terms.filled()
        terms = terms[told]
        self.writer.put(
            "indications",
            keys[rows[told]],
            row_number=numbers[told],
            drug_seq=seq[told],
            term=terms.map(str.upper),
            term_text=terms,
        )

    def _code(self, column: str, kind: str, texts: Texts) -> pa.DictionaryArray:
        return self.writer.read(column, texts, partial(read_code, "eudravigilance", kind))[0]
