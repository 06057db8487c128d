"""Days to onset from dates that can be trusted to the day, and doses in the units of their own product."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from primum.cases.dose import dose_units
from primum.cases.onset import IMPRECISE, KNOWN, NEGATIVE, NO_EVENT, NO_START, onsets
from primum.cases.story import case_story
from primum.store import Store, open_store
from primum.vocab.drugs import named_drugs

MakeStore = Callable[..., Store]


def dates(name: str, text: str | None) -> dict[str, Any]:
    """A date as the loader keeps it: its first day, and the precision that its digits tell."""
    if text is None:
        return {}
    first = dt.date(int(text[:4]), int(text[4:6] or 1), int(text[6:8] or 1))
    return {name: first, f"{name}_precision": {4: "Y", 6: "M", 8: "D"}[len(text)]}


def onset_of(
    memory_store: MakeStore, event: str | None, starts: dict[int, list[str | None]], *, quarter: str = "2017q2"
) -> tuple[int | None, str]:
    """Onset and status of one SYNTHETIC report of BOTOX, whose rows have the starts given."""
    reports = [{"report_key": 1, "source": "faers", "quarter": quarter, "caseid": "1", "primaryid": "11"}]
    reports[0] |= dates("event_date", event)
    drugs = [
        {"report_key": 1, "drug_seq": n, "row_number": n, "role": "PS", "drugname": "BOTOX"}
        for n in (starts or {1: []})
    ]
    therapies = [
        {"report_key": 1, "row_number": 10 * n + i, "drug_seq": n} | dates("start_date", start)
        for n, listed in starts.items()
        for i, start in enumerate(listed)
    ]
    with memory_store(reports=reports, drugs_in_report=drugs, therapies=therapies) as store:
        [(days, status)] = store.engine.rows(onsets(named_drugs(), by=["report_key"]).select("onset_days", "status"))
    return days, status


@pytest.mark.parametrize(
    ("event", "start", "expected"),
    [
        ("20170310", "20170306", (4, KNOWN)),
        ("20170306", "20170306", (0, KNOWN)),
        ("20170305", "20170306", (None, NEGATIVE)),
        ("201703", "20170306", (None, IMPRECISE)),
        ("20170310", "2017", (None, IMPRECISE)),
        ("20170101", "20161220", (None, IMPRECISE)),  # 1 January may stand for the year
        ("20170310", "20170101", (None, IMPRECISE)),
        ("20170301", "20170220", (9, KNOWN)),  # the first of a month is a day in FAERS
        (None, "20170306", (None, NO_EVENT)),
        ("20170310", None, (None, NO_START)),
    ],
)
def test_an_onset_needs_two_dates_that_are_days(
    memory_store: MakeStore, event: str | None, start: str | None, expected: tuple[int | None, str]
) -> None:
    assert onset_of(memory_store, event, {1: [start]}) == expected


@pytest.mark.parametrize(("event", "start"), [("20090301", "20090210"), ("20090310", "20090301")])
def test_before_faers_the_first_of_a_month_is_no_day(memory_store: MakeStore, event: str, start: str) -> None:
    assert onset_of(memory_store, event, {1: [start]}, quarter="2009q2") == (None, IMPRECISE)
    assert onset_of(memory_store, event, {1: [start]}, quarter="2012q4")[1] == KNOWN


def test_of_several_therapies_of_a_row_the_first_start_counts(memory_store: MakeStore) -> None:
    assert onset_of(memory_store, "20170310", {1: ["20170308", "20170302"]}) == (8, KNOWN)


def test_of_two_therapies_that_begin_alike_the_one_known_to_the_day_counts(memory_store: MakeStore) -> None:
    for starts in (["201703", "20170301"], ["20170301", "201703"]):
        assert onset_of(memory_store, "20170310", {1: [*starts]}) == (9, KNOWN)


def test_of_several_sessions_the_last_before_the_event_counts(memory_store: MakeStore) -> None:
    starts: dict[int, list[str | None]] = {1: ["20160310"], 2: ["20170305"], 3: ["20170401"]}
    assert onset_of(memory_store, "20170310", starts) == (5, KNOWN)


def test_a_report_without_a_therapy_row_tells_no_start(memory_store: MakeStore) -> None:
    assert onset_of(memory_store, "20170310", {1: []}) == (None, NO_START)


@pytest.mark.parametrize(
    ("given", "units"),
    [
        ({"dose_amount": 1500.0, "dose_unit": "IU"}, 1500.0),
        ({"dose_text": "1500 UNITS"}, 1500.0),
        ({"dose_text": "1,500 UNITS"}, 1500.0),
        ({"dose_text": "20 UNITS, IM"}, 20.0),
        ({"dose_text": "1 U, QD, ORAL"}, 1.0),
        ({"dose_text": "2.5 IU once"}, 2.5),
        ({"dose_text": "0,5 U"}, None),  # a decimal comma is not guessed at
        ({"dose_amount": 20.0, "dose_unit": "MG", "dose_text": "20 MG"}, None),
        ({"dose_text": "UNK"}, None),
        ({"dose_text": "10 UG"}, None),
        ({"dose_amount": 0.0, "dose_unit": "IU"}, None),
        ({"drugname": "botox 200 units,"}, None),  # the strength of a vial is no dose
    ],
)
def test_a_dose_is_read_in_units_and_nothing_else_is(
    memory_store: MakeStore, given: dict[str, Any], units: float | None
) -> None:
    drug = {"report_key": 1, "drug_seq": 1, "row_number": 1, "role": "PS", "drugname": "BOTOX", **given}
    reports = [{"report_key": 1, "source": "faers", "quarter": "2017q2", "caseid": "1", "primaryid": "11"}]
    with memory_store(reports=reports, drugs_in_report=[drug]) as store:
        drugs = named_drugs()
        assert store.engine.rows(drugs.select(units=dose_units(drugs))) == [(units,)]


def test_the_real_case_of_nine_rows_is_one_account_of_one_product(real_samples: Path) -> None:
    """FAERS case 13351747, version 3, 2017q2."""
    with open_store(real_samples) as store:
        story = case_story(store, "13351747")
    [account] = story.accounts
    assert (account.substance, account.product) == ("abobotulinumtoxinA", "DYSPORT")
    assert (account.dose_units, account.dechallenge) == ((1500.0,), ("does not apply",))
    # The treatment began on 6 February 2017; of the event only the year 2017 is told.
    assert (account.onset_days, account.onset) == (None, IMPRECISE)
    assert account.completeness == story.completeness == pytest.approx(0.7)
    assert account.missing == ("onset",)
    assert [(use.use, use.rule, use.use_strict) for use in story.uses] == [
        ("therapeutic", "indication: MUSCLE SPASTICITY", "therapeutic")
    ]
