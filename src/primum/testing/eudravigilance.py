"""SYNTHETIC line listings of EudraVigilance, with one planted signal; every EU Local Number begins so."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import numpy as np

from primum.sources.values import read_csv
from primum.terms import SYNTHETIC

DRUGS: Final = ("SYNTHOTOX [TOXIN S]", "SYNTHOPRIL (10 MG) [PRIL S, THIAZIDE S]", "[ACID S]")
TERMS: Final = ("Eyelid ptosis", "Cough", "Headache", "Nausea", "Rash")
PLANTED: Final = ("TOXIN S", "Eyelid ptosis")  # in six of ten reports of that drug, one in ten of the others
_BREAK: Final = ",<BR><BR>"


def write_listing(path: Path, *, reports: int = 200, seed: int = 1) -> Path:
    """Write a listing: two marks before the first header, an EN DASH in another, lists with breaks in the cells.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     write_listing(Path(folder) / "listing.csv", reports=3).read_bytes()[:6].hex()
        'efbbbfefbbbf'
    """
    rng = np.random.default_rng(seed)
    header = [row["printed"] for row in read_csv("eudravigilance_columns.csv")]
    header = [name.replace("(Duration - Outcome", "(Duration \u2013 Outcome") for name in header]
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write("\ufeff\ufeff")
        writer = csv.writer(stream)
        writer.writerow(header)
        for number in range(1, reports + 1):
            drug = DRUGS[int(rng.integers(len(DRUGS)))]
            likely = 0.6 if PLANTED[0] in drug else 0.1
            terms = [t for t in TERMS if rng.random() < (likely if t == PLANTED[1] else 0.35)] or [TERMS[2]]
            serious = str(rng.choice(["", "Life Threatening, Caused/Prolonged Hospitalisation"]))
            reactions = "".join(f"{term} (n/a - Unknown - {serious}){_BREAK}" for term in terms)
            suspects = f"{drug} (S - Hypertension - Unknown - [n/a - 20mg - Oral use]){_BREAK}"
            age = str(rng.choice(["18-64 Years", "65-85 Years", "Not Specified"]))
            writer.writerow([
                f"{SYNTHETIC}-EC-{number:08d}", "Spontaneous", f"2023-{rng.integers(1, 13):02d}-03 00:00:00",
                "Healthcare Professional", "Non European Economic Area", "Not available", age, age, "No",
                str(rng.choice(["Female", "Male", "Not Specified"])), reactions, suspects, "Not reported", "ICSR",
            ])  # fmt: skip
    return path
