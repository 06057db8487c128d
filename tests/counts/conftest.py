"""Reports in which everything occurs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

NAMES = [
    ("BOTOX", None),
    ("Botox cosmetic", None),
    ("ASPIRIN", None),
    ("DYSPORT", "ABOBOTULINUMTOXINA"),
    (None, "ASPIRIN"),
]
DOSES = [(12.0, "UNITS"), (20.0, "IU"), (50.0, "MG"), (100.0, "U"), (None, None)]
TERMS = ["HEADACHE", "EYELID PTOSIS", "DRUG INEFFECTIVE", "SKIN WRINKLING", "MIGRAINE", "PAIN", "RASH", None]


def _some_reports(reports: int) -> dict[str, list[dict[str, Any]]]:
    """SYNTHETIC rows in which every column takes every kind of value, none included."""
    rng = np.random.default_rng(7)

    def one_of(*values: Any) -> Any:
        return values[int(rng.integers(len(values)))]

    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("reports", "drugs_in_report", "reactions", "outcomes", "indications", "therapies")
    }
    for number in range(reports):
        key = {"report_key": 5 + 3 * number}
        day = dt.date(2015, 1, 1) + dt.timedelta(days=int(rng.integers(1400)))
        dates = {
            "received_date": one_of(day, day.replace(day=1, month=1), None),
            "received_date_precision": one_of("D", "M", "Y"),
            "event_date": one_of(day, day.replace(day=1), dt.date(2016, 2, 29), dt.date(1899, 5, 1), None),
            "event_date_precision": one_of("D", "M", "Y", None),
        }
        about = {
            "source": one_of("faers", "faers", "table"),
            "quarter": one_of("2017q1", "2017q2", "2018q4", None),
            "caseid": str(int(rng.integers(reports))),
            "primaryid": str(number),
            "sex": one_of("F", "M", None),
            "age_years": one_of(None, 0.3, 0.5, 17.99, 18.0, 40.5, 64.9, 65.0, 80.0, 50_000.0),
            "occurrence_country": one_of("US", "FR", None),
            "reporter_country": one_of("US", "DE", None),
            "reporter_occupation": one_of("MD", "CN", "LW", None),
        }
        rows["reports"].append({**key, **about, **dates})
        for n in range(int(rng.integers(4))):
            name, ingredient = one_of(*NAMES)
            drug = {"drug_seq": n, "row_number": n, "role": one_of("PS", "SS", "C", "I", "DN", None)}
            drug["dose_amount"], drug["dose_unit"] = one_of(*DOSES)
            drug["dose_text"] = one_of("20 UNITS IN THE FACE", "50 MG", None)
            rows["drugs_in_report"].append({**key, **drug, "drugname": name, "active_ingredient": ingredient})
            rows["reactions"].append({**key, "row_number": n, "term": one_of(*TERMS)})
            rows["outcomes"].append({**key, "row_number": n, "outcome": one_of("DE", "HO", "OT", "LT", "XX", None)})
            rows["indications"].append({**key, "row_number": n, "drug_seq": n, "term": one_of(*TERMS)})
            if rng.random() < 0.5:
                rows["outcomes"].pop()
            start = day - dt.timedelta(days=int(rng.integers(-3, 40)))
            for therapy in range(int(rng.integers(3))):
                began = {"start_date": one_of(start, start, None), "start_date_precision": one_of("D", "D", "M")}
                rows["therapies"].append({**key, "row_number": 10 * n + therapy, "drug_seq": n, **began})
    return rows


@pytest.fixture(scope="session")
def mixed_rows() -> Callable[[int], dict[str, list[dict[str, Any]]]]:
    """SYNTHETIC rows of so many reports, by table, in which every column takes every kind of value."""
    return _some_reports
