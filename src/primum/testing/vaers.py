"""SYNTHETIC yearly files of VAERS, with one planted signal, to be loaded and found again.

Every line of DATA says SYNTHETIC twice: as the first word of the narrative and of the number of the sender (SPLTTYPE).
The files are written as VAERS writes them: quotes where a field needs them, line breaks inside narratives, CR LF,
latin-1, several vaccines and several rows of symptoms a report.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import numpy as np

from primum.sources.vaers import FLAGS, TABLES
from primum.terms import SYNTHETIC

VACCINES: Final = (
    ("FLU4", "INFLUENZA (SEASONAL) (SYNTHAVAX)"),
    ("VARCEL", "VARICELLA (SYNTHARIX)"),
    ("UNK", "UNKNOWN"),
)
FIRST_YEAR: Final = 1990
TERMS: Final = ("Pyrexia", "Headache", "Injection site pain", "Syncope", "Nausea", "Rash", "Chills", "Urticaria")
PLANTED: Final = ("VARICELLA (SYNTHARIX)", "Rash")  # in six of ten reports of that vaccine, one in ten of the others
NARRATIVE: Final = 'SYNTHETIC, no person; said "it hurts",\r\nthen fièvre.\r\n\r\n1000001, 01/01/2021'


def write_vaers(
    folder: Path, *, year: int | None = 2021, reports: int = 200, seed: int = 1, text: str = NARRATIVE
) -> tuple[Path, ...]:
    """Write the three files of a year.

    Args:
        folder: where to; it must exist.
        year: of receipt; None for the files of foreign reports.
        reports: rows of DATA.
        seed: the same seed gives the same bytes.
        text: what each report tells.

    Returns:
        Paths of DATA, VAX and SYMPTOMS.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     [path.name for path in write_vaers(Path(folder), reports=3)]
        ['2021VAERSDATA.csv', '2021VAERSVAX.csv', '2021VAERSSYMPTOMS.csv']
    """
    rng = np.random.default_rng([seed, year or 0])
    rows: dict[str, list[dict[str, object]]] = {table: [] for table in TABLES}
    first_id = ((year or FIRST_YEAR - 1) - FIRST_YEAR + 1) * 1_000_000 + 1
    for vaers_id in range(first_id, first_id + reports):
        given = rng.choice(len(VACCINES), size=1 + int(rng.random() < 0.3), replace=False)
        names = {VACCINES[n][1] for n in given}
        rows["DATA"].append(_report(rng, vaers_id, year, text))
        rows["VAX"] += [_vaccine(rng, vaers_id, *VACCINES[n]) for n in given]
        likely = 0.6 if PLANTED[0] in names else 0.1
        terms = [t for t in TERMS if rng.random() < (likely if t == PLANTED[1] else 0.4)] or [TERMS[0]]
        for first in range(0, len(terms), 5):
            told = {f"SYMPTOM{n}": term for n, term in enumerate(terms[first : first + 5], start=1)}
            versions = {name.replace("SYMPTOM", "SYMPTOMVERSION"): "24.0" for name in told}
            rows["SYMPTOMS"].append({"VAERS_ID": vaers_id, **told, **versions})
    return tuple(_write(folder, f"{year or 'NonDomestic'}VAERS{table}.csv", table, rows[table]) for table in TABLES)


def _report(rng: np.random.Generator, vaers_id: int, year: int | None, text: str) -> dict[str, object]:
    month, day = int(rng.integers(2, 13)), int(rng.integers(1, 29))
    flags = {flag: "Y" for flag in FLAGS if rng.random() < 0.05}
    return {
        "VAERS_ID": vaers_id,
        "RECVDATE": f"{month:02d}/{day:02d}/{year or 2020}",
        "STATE": "FR" if year is None else str(rng.choice(["TX", "CA", "NY", ""])),
        "AGE_YRS": f"{rng.integers(1, 90)}.0",
        "SEX": str(rng.choice(["F", "M", "U"])),
        "SYMPTOM_TEXT": text,
        "VAX_DATE": f"{month - 1:02d}/{day:02d}/{year or 2020}",
        "ONSET_DATE": f"{month - 1:02d}/{day:02d}/{year or 2020}",
        "ER_ED_VISIT": "Y" if rng.random() < 0.2 else "",
        "SPLTTYPE": f"{SYNTHETIC}-{vaers_id}",
        "FORM_VERS": 2,
        **flags,
    }


def _vaccine(rng: np.random.Generator, vaers_id: int, kind: str, name: str) -> dict[str, object]:
    return {
        "VAERS_ID": vaers_id,
        "VAX_TYPE": kind,
        "VAX_MANU": SYNTHETIC,
        "VAX_LOT": f"{SYNTHETIC}-{rng.integers(100, 999)}",
        "VAX_DOSE_SERIES": str(rng.choice(["1", "2", "UNK"])),
        "VAX_ROUTE": "IM",
        "VAX_NAME": name,
    }


def _write(folder: Path, name: str, table: str, rows: list[dict[str, object]]) -> Path:
    path = folder / name
    with path.open("w", encoding="latin-1", newline="") as stream:
        writer = csv.DictWriter(stream, TABLES[table], restval="", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
    return path
