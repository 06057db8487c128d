"""The completeness score against cases worked by hand from the penalties of Bergvall and others (2014)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import pytest

from primum.cases.quality import PENALTIES, completeness, drug_completeness
from primum.store import Store, open_store
from primum.vocab.drugs import named_drugs

MakeStore = Callable[..., Store]

WHOLE: dict[str, Any] = {
    "report_key": 1,
    "source": "faers",
    "quarter": "2017q2",
    "caseid": "1",
    "primaryid": "11",
    "event_date": dt.date(2017, 3, 10),
    "event_date_precision": "D",
    "age_years": 36.0,
    "sex": "F",
    "occurrence_country": "FR",
    "reporter_occupation": "MD",
}
DRUG: dict[str, Any] = {"report_key": 1, "drug_seq": 1, "row_number": 1, "role": "PS", "drugname": "X"}
DOSED = {**DRUG, "dose_text": "1500 UNITS"}
START = {
    "report_key": 1,
    "row_number": 1,
    "drug_seq": 1,
    "start_date": dt.date(2017, 3, 6),
    "start_date_precision": "D",
}
GIVEN_FOR = {"report_key": 1, "row_number": 1, "drug_seq": 1, "term": "MUSCLE SPASTICITY"}


def score(memory_store: MakeStore, **changed: Any) -> float:
    """Completeness of one SYNTHETIC report that tells everything but for what is changed."""
    report = {**WHOLE, **changed.pop("report", {})}
    rows = {"drugs_in_report": [DOSED], "therapies": [START], "indications": [GIVEN_FOR], **changed}
    with memory_store(reports=[report], **rows) as store:
        [(found,)] = store.engine.rows(completeness(named_drugs()).select("completeness"))
    return float(found)


def test_a_report_that_tells_everything_scores_one(memory_store: MakeStore) -> None:
    assert score(memory_store) == 1.0


def test_a_report_that_tells_nothing_scores_the_product_of_all_penalties(memory_store: MakeStore) -> None:
    nothing = dict.fromkeys(("event_date", "age_years", "sex", "occurrence_country", "reporter_occupation"))
    found = score(memory_store, report=nothing, drugs_in_report=[DRUG], therapies=[], indications=[])
    assert found == pytest.approx(0.5 * 0.7 * 0.7 * 0.7 * 0.9 * 0.9 * 0.9)
    assert found == pytest.approx(prod(1 - penalty for penalty in PENALTIES.values()))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"therapies": []}, 0.5),
        ({"report": {"event_date": None}}, 0.5),
        ({"indications": []}, 0.7),
        ({"indications": [{**GIVEN_FOR, "term": "PRODUCT USED FOR UNKNOWN INDICATION"}]}, 0.7),
        ({"indications": [{**GIVEN_FOR, "term": "OFF LABEL USE"}]}, 0.7),
        ({"report": {"sex": None}}, 0.7),
        ({"report": {"age_years": None}}, 0.7),
        ({"report": {"age_years": None, "age_group": "A"}}, 0.9),
        ({"drugs_in_report": [DRUG]}, 0.9),
        ({"drugs_in_report": [{**DRUG, "dose_text": "UNK"}]}, 0.9),
        ({"report": {"occurrence_country": None, "reporter_country": "US"}}, 1.0),
        ({"report": {"reporter_occupation": None}}, 0.9),
        ({"report": {"sex": None, "age_years": None}}, 0.49),
        # The same month and no day: open which came first, by a month at most.
        ({"report": {"event_date": dt.date(2017, 3, 1), "event_date_precision": "M"}}, 0.9),
        # The same year: open by more.
        ({"report": {"event_date": dt.date(2017, 1, 1), "event_date_precision": "Y"}}, 0.7),
        # A later month or year settles the order, and so does an event before the treatment.
        ({"report": {"event_date": dt.date(2017, 4, 1), "event_date_precision": "M"}}, 1.0),
        ({"report": {"event_date": dt.date(2018, 1, 1), "event_date_precision": "Y"}}, 1.0),
        ({"report": {"event_date": dt.date(2017, 1, 5)}}, 1.0),
        # So does an event on the day of the start.
        ({"report": {"event_date": dt.date(2017, 3, 6)}}, 1.0),
        # 1 January may stand for the year.
        ({"report": {"event_date": dt.date(2017, 1, 1)}}, 0.7),
    ],
)
def test_each_dimension_that_is_missing_costs_its_penalty(
    memory_store: MakeStore, changed: dict[str, Any], expected: float
) -> None:
    assert score(memory_store, **changed) == pytest.approx(expected)


def test_a_dimension_told_on_any_row_of_a_drug_is_told(memory_store: MakeStore) -> None:
    rows = [DRUG, {**DOSED, "drug_seq": 2, "row_number": 2, "role": "SS"}]
    assert score(memory_store, drugs_in_report=rows, indications=[{**GIVEN_FOR, "drug_seq": 2}]) == 1.0


def test_a_report_scores_the_mean_over_its_suspect_drugs(memory_store: MakeStore) -> None:
    other = {**DRUG, "drug_seq": 2, "row_number": 2, "role": "SS", "drugname": "Y"}
    beside = {**DRUG, "drug_seq": 3, "row_number": 3, "role": "C", "drugname": "Z"}  # concomitant: does not count
    assert score(memory_store, drugs_in_report=[DOSED, other, beside]) == pytest.approx((1 + 0.5 * 0.7 * 0.9) / 2)


def test_every_score_of_the_real_samples_lies_between_nothing_and_everything(real_samples: Path) -> None:
    with open_store(real_samples) as store:
        scores = [row[0] for row in store.engine.rows(completeness(named_drugs()).select("completeness"))]
        drugs = store.engine.rows(drug_completeness(named_drugs()).select("report_key", "substance"))
    least = prod(1 - penalty for penalty in PENALTIES.values())
    assert len(scores) == 200
    assert all(least - 1e-12 <= found <= 1 for found in scores)
    assert len(set(drugs)) == len(drugs)
