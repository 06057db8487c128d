"""SYNTHETIC files of CAERS, with one planted signal, to be loaded and found again; every REPORT_ID begins so."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import numpy as np

from primum.terms import SYNTHETIC

HEADER: Final = (
    "Date FDA First Received Report", "Report ID", "Date Event Occurred", "Product Type", "Product", "Product Code",
    "Description", "Patient Age", "Age Units", "Sex", "MedDRA Preferred Terms", "Outcomes",
)  # fmt: skip
PRODUCTS: Final = (
    ("SYNTHAVITE PLUS", "54", "Vit/Min/Prot/Unconv Diet(Human/Animal)"),
    ("SYNTHOSOAP", "53", "Cosmetics"),
    ("SYNTHOBAR", "5", "Cereal Prep/Breakfast Food"),
)
TERMS: Final = ("Nausea", "Hallucination, visual", "Choking", "Rash", "Headache")
PLANTED: Final = ("SYNTHAVITE PLUS", "Choking")  # in six of ten reports of that product, one in ten of the others


def write_caers(path: Path, *, reports: int = 200, seed: int = 1) -> Path:
    r"""Write a file; with a byte order mark, quotes where a field needs them, one row a product.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     write_caers(Path(folder) / "caers.csv", reports=3).read_bytes()[:7]
        b'\xef\xbb\xbfDate'
    """
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(HEADER)
        for number in range(1, reports + 1):
            given = rng.choice(len(PRODUCTS), size=1 + int(rng.random() < 0.2), replace=False)
            likely = 0.6 if PLANTED[0] == PRODUCTS[given[0]][0] else 0.1
            terms = [t for t in TERMS if rng.random() < (likely if t == PLANTED[1] else 0.35)] or [TERMS[0]]
            month, day = int(rng.integers(1, 13)), int(rng.integers(1, 29))
            about = (f"{rng.integers(1, 90)}", "year(s)", str(rng.choice(["Female", "Male", "Unknown"])))
            outcomes = ", ".join(rng.choice(["Hospitalization", "Visited Emergency Room", "Death"], size=1))
            for n, product in enumerate(given):
                role = "SUSPECT" if n == 0 else "CONCOMITANT"
                dates = (f"{month}/{day}/2023", f"{SYNTHETIC}-{number}", f"{month}/{day}/2022")
                writer.writerow([*dates, role, *PRODUCTS[product], *about, ", ".join(terms), outcomes])
    return path
