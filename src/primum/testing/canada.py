"""SYNTHETIC extracts of Canada Vigilance, with one planted signal; every number of a sender begins so."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from primum.sources.canada import COLUMNS
from primum.terms import SYNTHETIC

DRUGS: Final = ((701, "SYNTHOTOX", "TOXIN S"), (702, "SYNTHOPRIL", "PRIL S"), (703, "SYNTHOCOMBI", "PRIL S"))
SECOND_INGREDIENT: Final = (703, "THIAZIDE S")
TERMS: Final = ("Eyelid ptosis", "Cough", "Headache", "Nausea", "Rash")
PLANTED: Final = ("TOXIN S", "Eyelid ptosis")  # in six of ten reports of that drug, one in ten of the others


def write_canada(folder: Path, *, reports: int = 200, seed: int = 1) -> Path:
    """Write the files of an extract: no headers, quotes around every field, dates such as 05-MAR-19.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     sorted(path.name for path in write_canada(Path(folder), reports=3).iterdir())[-2:]
        ['report_links_lx.txt', 'reports.txt']
    """
    rng = np.random.default_rng(seed)
    rows: dict[str, list[dict[str, object]]] = {table: [] for table in COLUMNS}
    for number, (product, name, ingredient) in enumerate(DRUGS, start=1):
        rows["DRUG_PRODUCT_INGREDIENTS"].append(
            {"DRUG_PRODUCT_INGREDIENT_ID": number, "DRUG_PRODUCT_ID": product, "DRUGNAME": name,
             "ACTIVE_INGREDIENT_NAME": ingredient}
        )  # fmt: skip
    product, ingredient = SECOND_INGREDIENT
    rows["DRUG_PRODUCT_INGREDIENTS"].append({"DRUG_PRODUCT_ID": product, "ACTIVE_INGREDIENT_NAME": ingredient})
    for number in range(1, reports + 1):
        _report(rng, rows, number)
    rows["REPORT_LINKS_LX"].append(
        {"REPORT_LINK_ID": 1, "REPORT_ID": 1, "RECORD_TYPE_ENG": "Duplicate", "REPORT_LINK_NO": "E2B_00000002"}
    )
    for table, columns in COLUMNS.items():
        lines = ("$".join(f'"{row.get(name, "")}"' for name in columns) for row in rows[table])
        (folder / f"{table.lower()}.txt").write_bytes("".join(f"{line}\r\n" for line in lines).encode("latin-1"))
    return folder


def _report(rng: np.random.Generator, rows: dict[str, list[dict[str, object]]], number: int) -> None:
    product, name, ingredient = DRUGS[int(rng.integers(len(DRUGS)))]
    likely = 0.6 if ingredient == PLANTED[0] else 0.1
    terms = [t for t in TERMS if rng.random() < (likely if t == PLANTED[1] else 0.35)] or [TERMS[2]]
    rows["REPORTS"].append(
        {
            "REPORT_ID": number, "REPORT_NO": f"E2B_{number:08d}", "VERSION_NO": 0,
            "DATRECEIVED": f"{rng.integers(1, 29):02d}-MAR-19", "DATINTRECEIVED": "01-FEB-19",
            "MAH_NO": f"{SYNTHETIC}-{number}", "REPORT_TYPE_ENG": "Spontaneous", "REPORT_TYPE_FR": "Spontané",
            "GENDER_ENG": str(rng.choice(["Female", "Male", "Unknown"])), "AGE": int(rng.integers(1, 90)),
            "AGE_UNIT_ENG": "Years", "SERIOUSNESS_ENG": "Yes" if rng.random() < 0.4 else "No",
            "DEATH": str(rng.choice(["1", "2", ""])), "REPORTER_TYPE_ENG": "Physician", "REPORTER_TYPE_FR": "Médecin",
        }
    )  # fmt: skip
    rows["REPORT_DRUG"].append(
        {"REPORT_DRUG_ID": 9_000 + number, "REPORT_ID": number, "DRUG_PRODUCT_ID": product, "DRUGNAME": name,
         "DRUGINVOLV_ENG": "Suspect", "ROUTEADMIN_ENG": "Oral", "UNIT_DOSE_QTY": 20, "DOSE_UNIT_ENG": "Milligram",
         "THERAPY_DURATION": 3, "THERAPY_DURATION_UNIT_ENG": "Days"}
    )  # fmt: skip
    rows["REPORT_DRUG_INDICATION"].append(
        {"REPORT_DRUG_ID": 9_000 + number, "REPORT_ID": number, "INDICATION_NAME_ENG": "Hypertension"}
    )  # fmt: skip
    rows["REACTIONS"] += [{"REPORT_ID": number, "PT_NAME_ENG": term, "SOC_NAME_ENG": "SYNTHETIC"} for term in terms]
