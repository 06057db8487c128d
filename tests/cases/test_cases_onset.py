"""Days from treatment to event: only dates of a day, the last treatment before, and how reports count by them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from primum.cases.onset import onsets
from primum.counts.cohort import EVERYTHING
from primum.counts.members import Scope
from primum.counts.profile import by_value, tallies

if TYPE_CHECKING:
    from primum.store import Store

MakeStore = Callable[..., "Store"]
EVENT = dt.date(2020, 3, 10)


def store_of(make: MakeStore, given: dict[int, list[tuple[dt.date | None, str | None]]], precision: str = "D") -> Store:
    """SYNTHETIC reports of one event on one day each, with the given start dates of the treatment."""
    return make(
        reports=[
            {
                "report_key": key,
                "source": "faers",
                "quarter": "2020q2",
                "primaryid": f"{key}1",
                "caseid": str(key),
                "case_version": 1,
                "event_date": EVENT,
                "event_date_precision": precision,
            }
            for key in given
        ],
        drugs_in_report=[
            {"report_key": key, "drug_seq": seq, "role": "PS", "drugname": "BOTOX COSMETIC", "row_number": seq}
            for key, dates in given.items()
            for seq in range(1, len(dates) + 1)
        ],
        therapies=[
            {
                "report_key": key,
                "row_number": seq,
                "drug_seq": seq,
                "start_date": day,
                "start_date_precision": told,
            }
            for key, dates in given.items()
            for seq, (day, told) in enumerate(dates, start=1)
        ],
    )


def found(store: Store) -> dict[Any, int]:
    return {key: int(days) for key, days in store.engine.rows(onsets("anti-wrinkle"))}


def test_the_days_are_counted_from_the_last_treatment_on_or_before_the_event(memory_store: MakeStore) -> None:
    store = store_of(
        memory_store,
        {
            1: [(dt.date(2020, 3, 5), "D")],
            2: [(dt.date(2019, 12, 1), "D"), (dt.date(2020, 3, 7), "D"), (dt.date(2020, 6, 1), "D")],
            3: [(EVENT, "D")],
            4: [(dt.date(2020, 3, 12), "D"), (dt.date(2020, 4, 1), "D")],
        },
    )
    with store:
        assert found(store) == {1: 5, 2: 3, 3: 0, 4: -2}


def test_a_date_that_names_no_day_does_not_count(memory_store: MakeStore) -> None:
    with store_of(memory_store, {1: [(dt.date(2020, 3, 1), "M")], 2: [(dt.date(2020, 1, 1), "Y")]}) as store:
        assert found(store) == {}
    with store_of(memory_store, {1: [(dt.date(2020, 3, 1), "D")]}, precision="M") as store:
        assert found(store) == {}


def test_reports_are_tallied_by_the_days(memory_store: MakeStore) -> None:
    given: dict[int, list[tuple[dt.date | None, str | None]]] = {
        key: [(EVENT - dt.timedelta(days=days), "D")] for key, days in enumerate((3, 3, 400), start=1)
    }
    with store_of(memory_store, given) as store:
        counted = tallies(store, "anti-wrinkle", EVERYTHING, Scope({}, treatment=("anti-wrinkle",)))
    assert by_value(counted["onset_days"]) == {"3": 2, "400": 1}
