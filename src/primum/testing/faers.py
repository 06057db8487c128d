"""What would a FAERS quarter look like whose truth we know? Archives in every layout since 2004, with planted signals.

Everything is invented and says so: the sender of every report is SYNTHETIC, and so are the names of drugs and events
that the caller does not choose. Counts per report follow the published totals of 2004q1-2026q2 (4.05 drugs, 3.32
reactions, 2.55 indications, 1.44 therapies, 0.77 outcomes a report); names follow a heavy-tailed law. The same
arguments give the same bytes.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from primum.sources.faers import archive_name, part_number
from primum.sources.layouts import TABLES, Layout, layout_of
from primum.terms import SYNTHETIC, Quarter

REPORTS_AT_ONCE: Final = 10_000
MEAN_ROWS: Final = {"DRUG": 4.05, "REAC": 3.32, "INDI": 2.55, "THER": 1.44, "OUTC": 0.77, "RPSR": 0.11}
AT_LEAST_ONE: Final = ("DRUG", "REAC")
TAIL: Final = 1.05  # exponent of the law of names; a thousand names then hold four fifths of the rows
LAST_CRLF: Final = Quarter(2017, 3)
FIRST_FAERS: Final = Quarter(2012, 4)
FIRST_LIST: Final = Quarter(2019, 1)  # of deleted cases
STORED: Final = (1980, 1, 1, 0, 0, 0)  # a fixed time, so that two runs give the same bytes

Texts = NDArray[np.str_]
Rows = Mapping[str, Texts | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedSignal:
    """A drug, and an event that comes with it more often than by chance.

    Args:
        drug: its name; on one report in `1 / drug_share`, as primary suspect.
        event: the event.
        drug_share: share of reports with the drug, in (0, 1).
        event_share: share of the drug's reports that have the event for this reason, in [0, 1].
        indication: what the drug was used for; empty: an invented one.

    Raises:
        ValueError: a share is outside its range.
    """

    drug: str
    event: str
    drug_share: float
    event_share: float
    indication: str = ""

    def __post_init__(self) -> None:
        if not (0 < self.drug_share < 1 and 0 <= self.event_share <= 1):
            raise ValueError(
                f"Planted signal {self.drug}: shares {self.drug_share} and {self.event_share}; expected 0-1."
            )


def write_archive(
    folder: Path,
    *,
    quarter: Quarter,
    reports: int,
    seed: int,
    signals: Sequence[PlantedSignal] = (),
    drugs: int = 5_000,
    events: int = 2_000,
    odd_share: float = 0.0,
    deleted_share: float = 0.0,
) -> Path:
    """Write one quarter's archive, 10,000 reports in memory at a time.

    Args:
        folder: where it goes; its name is that of FDA's archive.
        quarter: decides the layout, the line ends and the dates.
        reports: how many.
        seed: same seed and arguments, same bytes.
        signals: what to plant.
        drugs: different names of drugs besides the planted ones.
        events: different events besides the planted ones.
        odd_share: share of reports, and of drug rows, with a known oddity: an age or a dose that is no number, a date
            without its day or year, a control byte in a name.
        deleted_share: cases of the quarter before that are named as deleted, as a share of `reports`; from 2019q1 on,
            where the lists begin.

    Returns:
        The archive.
    """
    layouts = {table: layout_of(table, quarter) for table in TABLES}
    path = folder / archive_name(quarter)
    with ExitStack() as stack:
        texts = {table: stack.enter_context(tempfile.TemporaryFile(dir=folder)) for table in TABLES}
        for table, text in texts.items():
            text.write(layouts[table].header.encode() + _line_end(quarter))
        for first in range(0, reports, REPORTS_AT_ONCE):
            rng = np.random.default_rng([seed, part_number(quarter), first])
            batch = _Batch(rng, quarter, np.arange(first + 1, min(first + REPORTS_AT_ONCE, reports) + 1))
            rows = batch.tables(signals, drugs=drugs, events=events)
            if odd_share:
                rows = _with_oddities(rows, odd_share, np.random.default_rng([seed, part_number(quarter), first, 1]))
            for table, text in texts.items():
                _write(text, layouts[table], rows[table], quarter)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for table, text in texts.items():
                text.seek(0)
                name = f"ascii/{table}{quarter.year % 100:02d}Q{quarter.number}.txt"
                info = zipfile.ZipInfo(name, STORED)
                info.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(info, "w", force_zip64=True) as member:
                    while block := text.read(1024**2):
                        member.write(block)
            if deleted_share and quarter >= FIRST_LIST:
                name = f"Deleted/DELETE{quarter.year % 100:02d}Q{quarter.number}.txt"
                info = zipfile.ZipInfo(name, STORED)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, _deleted(quarter, reports, deleted_share, seed))
    return path


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some reports of a quarter, by their numbers in it."""

    rng: np.random.Generator
    quarter: Quarter
    numbers: NDArray[np.int64]

    def tables(self, signals: Sequence[PlantedSignal], *, drugs: int, events: int) -> dict[str, Rows]:
        """Rows of the seven tables, column by column."""
        n = len(self.numbers)
        followup = self.rng.random(n) < 0.1  # the second version of a case of the quarter before
        part = np.where(followup, _part_before(self.quarter), part_number(self.quarter)) % 10_000
        cases = np.char.add(part.astype(str), np.char.zfill(self.numbers.astype(str), 6))
        version = np.where(followup, "2", "1")
        keys = np.char.add(cases, version)
        owners = {table: self._owners(table, n) for table in MEAN_ROWS}
        sequence = _within(owners["DRUG"])
        names = self._names("SYNTHETIC DRUG", drugs, len(owners["DRUG"]))
        terms = self._names("Synthetic event", events, len(owners["REAC"]))
        uses = self._names("Synthetic indication", 500, len(owners["INDI"]))
        first_drug, first_term = np.flatnonzero(sequence == 1), np.flatnonzero(_within(owners["REAC"]) == 1)
        for signal in signals:
            has_drug = self.rng.random(n) < signal.drug_share
            has_event = has_drug & (self.rng.random(n) < signal.event_share)
            names = _planted(names, first_drug[has_drug], signal.drug)
            terms = _planted(terms, first_term[has_event], signal.event)
            if signal.indication:
                uses = _planted(uses, np.flatnonzero(has_drug[owners["INDI"]]), signal.indication)
        key_of = {table: {"primaryid": keys[rows], "caseid": cases[rows]} for table, rows in owners.items()}
        return {
            "DEMO": self._demographics(keys, cases, version),
            "DRUG": key_of["DRUG"]
            | {
                "drug_seq": sequence.astype(str),
                "role_cod": np.where(sequence == 1, "PS", self._codes(["SS", "C", "C", "I"], len(names))),
                "drugname": names,
                "prod_ai": np.char.upper(names),
                "val_vbm": "1",
                "route": "Oral",
            },
            "REAC": key_of["REAC"] | {"pt": terms},
            "OUTC": key_of["OUTC"] | {"outc_cod": self._codes(["OT", "HO", "DE", "LT", "DS"], len(owners["OUTC"]))},
            "RPSR": key_of["RPSR"] | {"rpsr_cod": self._codes(["CSM", "HP", "FGN"], len(owners["RPSR"]))},
            "THER": key_of["THER"]
            | {"dsg_drug_seq": "1", "start_dt": self._days(len(owners["THER"])), "dur": "7", "dur_cod": "DAY"},
            "INDI": key_of["INDI"] | {"indi_drug_seq": "1", "indi_pt": uses},
        }

    def _demographics(self, keys: Texts, cases: Texts, version: Texts) -> Rows:
        n = len(keys)
        age = np.clip(self.rng.normal(52, 20, n), 0, 99).astype(int).astype(str)
        return {
            "primaryid": keys,
            "caseid": cases,
            "caseversion": version,
            "i_f_code": np.where(version == "1", "I", "F"),
            "event_dt": self._days(n),
            "fda_dt": self._days(n),
            "init_fda_dt": self._days(n),
            "rept_cod": self._codes(["EXP", "PER", "DIR"], n),
            "mfr_num": np.char.add(f"{SYNTHETIC}-", cases),
            "mfr_sndr": SYNTHETIC,
            "age": np.where(self.rng.random(n) < 0.6, age, ""),
            "age_cod": "YR",
            "sex": self._codes(["F", "F", "F", "M", "M", "UNK"], n),
            "occp_cod": self._codes(["MD", "CN", "HP", "OT"], n),
            "reporter_country": "US" if self.quarter >= FIRST_FAERS else "UNITED STATES",
            "occr_country": "US",
        }

    def _owners(self, table: str, n: int) -> NDArray[np.int64]:
        """For each row of a table the report it belongs to."""
        least = 1 if table in AT_LEAST_ONE else 0
        return np.repeat(np.arange(n), least + self.rng.poisson(MEAN_ROWS[table] - least, n))

    def _names(self, stem: str, different: int, n: int) -> Texts:
        weight = 1 / np.arange(1, different + 1) ** TAIL
        drawn = self.rng.choice(different, size=n, p=weight / weight.sum())
        return np.char.add(f"{stem} ", np.char.zfill((drawn + 1).astype(str), 5))

    def _codes(self, codes: Sequence[str], n: int) -> Texts:
        return self.rng.choice(np.array(codes), size=n)

    def _days(self, n: int) -> Texts:
        first, last = np.datetime64(self.quarter.first_day), np.datetime64(self.quarter.last_day)
        days = first + self.rng.integers(0, int((last - first).astype(int)) + 1, n)
        return np.char.replace(days.astype(str), "-", "")


def _with_oddities(rows: dict[str, Rows], share: float, rng: np.random.Generator) -> dict[str, Rows]:
    """Rows with some of the oddities of docs/reference/oddities.md, of those that cost no row."""
    demo, drug = dict(rows["DEMO"]), dict(rows["DRUG"])
    odd = rng.random(len(demo["primaryid"])) < share
    kind = rng.integers(0, 3, len(odd))
    demo["age"] = np.where(odd & (kind == 0), "163/6", demo["age"])
    month, year = (np.asarray(demo["event_dt"]).astype(f"U{digits}") for digits in (6, 4))
    demo["event_dt"] = np.where(odd & (kind == 1), month, np.where(odd & (kind == 2), year, demo["event_dt"]))
    odd = rng.random(len(drug["drugname"])) < share
    kind = rng.integers(0, 2, len(odd))
    drug["drugname"] = np.where(odd & (kind == 0), np.char.add(drug["drugname"], "\x7f"), drug["drugname"])
    drug["dose_amt"] = np.where(odd & (kind == 1), "18-54", "")
    return rows | {"DEMO": demo, "DRUG": drug}


def _deleted(quarter: Quarter, reports: int, share: float, seed: int) -> bytes:
    """A list of deleted cases as FDA writes it: a blank line first, then numbers, one of them twice."""
    rng = np.random.default_rng([seed, part_number(quarter), 2**31])
    numbers = np.sort(rng.choice(reports, size=min(max(1, round(share * reports)), reports), replace=False)) + 1
    before = _part_before(quarter) % 10_000
    cases = [f"{before}{number:06d}" for number in numbers.tolist()]
    return ("\r\n".join([" ", *cases, cases[0]]) + "\r\n").encode()


def _part_before(quarter: Quarter) -> int:
    """Part number of the quarter before."""
    return part_number(quarter) - (1 if quarter.number > 1 else 7)


def _within(owners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of each row within its report, from 1; rows of a report stand together."""
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    return np.arange(len(owners)) - np.repeat(starts, np.diff(np.append(starts, len(owners)))) + 1


def _planted(names: Texts, rows: NDArray[np.int64], name: str) -> Texts:
    longer = names.astype(np.promote_types(names.dtype, np.array(name).dtype))
    longer[rows] = name
    return longer


def _line_end(quarter: Quarter) -> bytes:
    return b"\r\n" if quarter <= LAST_CRLF else b"\n"


def _write(text: IO[bytes], layout: Layout, rows: Rows, quarter: Quarter) -> None:
    n = len(rows["primaryid"])
    columns = [rows.get(name, "") for name in layout.columns]
    listed = [[column] * n if isinstance(column, str) else column.tolist() for column in columns]
    end = ("$" if quarter < FIRST_FAERS else "") + _line_end(quarter).decode()  # older rows end with a dollar sign more
    text.write("".join("$".join(row) + end for row in zip(*listed, strict=True)).encode())
