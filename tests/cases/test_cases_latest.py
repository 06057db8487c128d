"""Current versions: the rule, step by step and against a second, naive implementation."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.cases import latest
from primum.store import Store, open_store
from primum.store.schema import table

MakeStore = Callable[..., Store]


def report(key: int, **given: Any) -> dict[str, Any]:
    """A SYNTHETIC sighting."""
    usual = {"source": "faers", "quarter": "2014q3", "caseid": "100", "primaryid": str(key), "case_version": 1}
    usual |= {"received_date": dt.date(2014, 8, 1), "fields_filled": 10}
    return {"report_key": key, **usual, **given}


RULE = latest.current_reports()


def current_of(store: Store) -> dict[int, tuple[bool, str]]:
    with store:
        rows = store.engine.rows(RULE)
    return {key: (bool(current), reason) for key, current, reason in rows}


@pytest.mark.parametrize(
    ("loser", "winner", "reason"),
    [
        ({"quarter": "2012q3", "case_version": 9}, {"quarter": "2012q4"}, latest.OLDER_SYSTEM),
        ({"case_version": 1}, {"case_version": 2}, latest.OLDER_VERSION),
        ({"case_version": 0}, {"case_version": 1}, latest.OLDER_VERSION),
        ({"received_date": dt.date(2014, 8, 1)}, {"received_date": dt.date(2014, 8, 2)}, latest.RECEIVED_EARLIER),
        ({"received_date": None}, {"received_date": dt.date(2014, 8, 2)}, latest.RECEIVED_EARLIER),
        ({"quarter": "2014q3"}, {"quarter": "2014q4"}, latest.EARLIER_QUARTER),
        ({"fields_filled": 9}, {"fields_filled": 10}, latest.LOST_TIE),
        ({"primaryid": "1000"}, {"primaryid": "999"}, latest.LOST_TIE),
        ({"primaryid": "UNREADABLE"}, {"primaryid": "1000"}, latest.LOST_TIE),
    ],
)
def test_the_rule_decides_in_its_order(
    memory_store: MakeStore, loser: dict[str, Any], winner: dict[str, Any], reason: str
) -> None:
    for first, second in ((1, 2), (2, 1)):  # whichever row comes first
        found = current_of(memory_store(raw=True, reports=[report(first, **loser), report(second, **winner)]))
        assert found[second][0]
        assert found[first] == (False, reason)


def test_a_blank_version_of_the_older_system_counts_as_the_initial_report(memory_store: MakeStore) -> None:
    blank = report(1, quarter="2004q1", case_version=None)
    assert current_of(memory_store(raw=True, reports=[blank]))[1] == (True, latest.ONLY)


def test_on_a_tie_the_report_with_more_child_rows_is_current_and_the_tie_is_told(memory_store: MakeStore) -> None:
    reactions = [{"report_key": 2, "row_number": n, "term": f"T{n}"} for n in range(3)]
    found = current_of(memory_store(raw=True, reports=[report(1, fields_filled=20), report(2)], reactions=reactions))
    assert found == {1: (False, latest.LOST_TIE), 2: (True, latest.TIE)}


def test_a_row_published_again_in_the_next_quarter_is_one_sighting(memory_store: MakeStore) -> None:
    again = [report(1, primaryid="87852961", quarter="2012q4"), report(2, primaryid="87852961", quarter="2013q1")]
    assert current_of(memory_store(raw=True, reports=again)) == {1: (False, latest.REPEATED), 2: (True, latest.LATEST)}


def test_of_two_rows_of_one_report_in_a_quarter_the_fuller_is_kept(memory_store: MakeStore) -> None:
    rows = [report(1, primaryid="86164432", fields_filled=8), report(2, primaryid="86164432", fields_filled=9)]
    assert current_of(memory_store(raw=True, reports=rows)) == {1: (False, latest.REPEATED), 2: (True, latest.LATEST)}


def test_one_report_id_may_win_for_two_cases(memory_store: MakeStore) -> None:
    rows = [report(1, primaryid="6569775", caseid="7301091"), report(2, primaryid="6569775", caseid="7548469")]
    assert {current for current, _ in current_of(memory_store(raw=True, reports=rows)).values()} == {True}


def test_a_deleted_case_is_out_and_a_later_sighting_brings_it_back(memory_store: MakeStore) -> None:
    deleted = [{"quarter": "2019q1", "caseid": "100"}]
    before = report(1, quarter="2019q1", case_version=1)
    after = report(2, quarter="2024q4", case_version=2)
    assert current_of(memory_store(raw=True, reports=[before], deletions=deleted)) == {1: (False, latest.DELETED)}
    assert current_of(memory_store(raw=True, reports=[before, after], deletions=deleted)) == {
        1: (False, latest.OLDER_VERSION),
        2: (True, latest.LATEST),
    }


def test_a_deletion_says_nothing_of_a_long_table(memory_store: MakeStore) -> None:
    row = report(1, source="table", quarter=None)
    deleted = [{"quarter": "2026q2", "caseid": "100"}]
    assert current_of(memory_store(raw=True, reports=[row], deletions=deleted))[1] == (True, latest.ONLY)


def test_reports_without_a_case_number_are_flagged_and_never_one_case(memory_store: MakeStore) -> None:
    rows = [report(1, caseid=None), report(2, caseid=None), report(3)]
    found = current_of(memory_store(raw=True, reports=rows))
    assert found[1] == found[2] == (False, latest.NO_CASE)
    assert found[3] == (True, latest.ONLY)


SIGHTINGS = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", None]),
        st.sampled_from(["2004q1", "2012q3", "2012q4", "2019q1"]),
        st.sampled_from([None, 1, 2]),
        st.sampled_from([None, 1, 2]),
        st.integers(1, 3),
        st.integers(1, 2),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=8,
)
DELETIONS = st.sets(st.tuples(st.sampled_from(["2004q1", "2019q1"]), st.sampled_from(["1", "2", "3"])), max_size=3)


def naive(sightings: list[tuple[Any, ...]], deletions: set[tuple[str, str]]) -> set[int]:
    """Keys of the current reports, by sorting in Python."""
    cases = defaultdict(list)
    for key, (case, quarter, version, day, primaryid, filled, children) in enumerate(sightings):
        if case is not None:
            rank = (quarter >= "2012q4", version or 0, day or 0, quarter, children, filled, -primaryid, -key)
            cases[case].append((rank, quarter, key))
    winners = set()
    for case, listed in cases.items():
        last_sighting = max(quarter for _, quarter, _ in listed)
        if not any(deleted == case and quarter >= last_sighting for quarter, deleted in deletions):
            winners.add(max(listed)[2])
    return winners


@given(SIGHTINGS, DELETIONS)
@settings(max_examples=40, deadline=None)
def test_one_expression_finds_what_sorting_finds(
    memory_store: MakeStore, sightings: list[tuple[Any, ...]], deletions: set[tuple[str, str]]
) -> None:
    reports = [
        report(
            key,
            caseid=case,
            quarter=quarter,
            case_version=version,
            received_date=None if day is None else dt.date(2010, 1, day),
            primaryid=str(primaryid),
            fields_filled=filled,
        )
        for key, (case, quarter, version, day, primaryid, filled, _) in enumerate(sightings)
    ]
    reactions = [
        {"report_key": key, "row_number": n, "term": "T"} for key, row in enumerate(sightings) for n in range(row[-1])
    ]
    listed = [{"quarter": quarter, "caseid": case} for quarter, case in sorted(deletions)]
    found = current_of(memory_store(raw=True, reports=reports, reactions=reactions, deletions=listed))
    assert {key for key, (current, _) in found.items() if current} == naive(sightings, deletions)


def test_the_made_archives_reach_their_expected_cases(shared: Path, made_archives: Path) -> None:
    expected = json.loads((shared / "formats" / "fixtures" / "expected.json").read_text(encoding="utf-8"))
    reports, current = table("reports"), table("current_reports")
    with open_store(made_archives) as store:
        joined = reports.join(current, "report_key")
        rows = store.engine.rows(joined.select("quarter", "caseid", "primaryid", "current", "reason"))
    first = [row for row in rows if row[0] == "2004q1"]
    assert len({row[1] for row in first if row[1]}) == expected["2004q1"]["cases"]
    assert sum(row[4] == latest.NO_CASE for row in first) == expected["2004q1"]["rows_without_case"]
    alive = {row[1]: row[2] for row in rows if row[3]}
    assert alive["15000001"] == "150000012"  # deleted in 2019q1, back in 2024q4
    assert alive["5600001"] == "56000013"  # a FAERS version over two of the older system
    assert alive["8616443"] == "86164432"
    assert not {"9000001", "5600005"} & set(alive)  # deleted for good
    assert len(alive) == sum(row[3] for row in rows)
