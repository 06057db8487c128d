"""A negative control and an active comparator are counted in the loaded reports as the cohort language would count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from primum.counts.cohort import parse
from primum.loading.faers import load_archives
from primum.loading.link import link_reports
from primum.store import Store, open_store
from primum.study import reports
from primum.terms import Quarter
from primum.testing.demo import PLANTED
from primum.testing.faers import write_archive
from primum.treatments.controls import ACTIVE, NEGATIVE, Control

MakeStore = Callable[..., Store]

NEGATIVE_CONTROL = Control(
    kind=NEGATIVE, name="appendix", counted="APPENDICITIS", against="", why="SYNTHETIC", judged=True, sources=()
)
COMPARATOR = Control(
    kind=ACTIVE, name="other", counted="kybella;NOBODY", against="", why="SYNTHETIC", judged=True, sources=()
)


@pytest.fixture
def small(memory_store: MakeStore) -> Store:
    """Twelve SYNTHETIC reports: 1-4 of BOTOX, 5-9 of KYBELLA, 9 of both, 10-12 of ASPIRIN."""
    drugs = {n: ["BOTOX"] if n < 5 else ["KYBELLA"] if n < 9 else ["ASPIRIN"] for n in range(1, 13)}
    drugs[9] = ["BOTOX", "KYBELLA"]
    events = {1: "EYELID PTOSIS", 2: "EYELID PTOSIS", 3: "EYELID PTOSIS", 5: "EYELID PTOSIS", 9: "EYELID PTOSIS"}
    events |= {10: "APPENDICITIS", 11: "APPENDICITIS"}
    return memory_store(
        reports=[
            {"report_key": n, "source": "faers", "quarter": "2017q2", "caseid": str(n), "primaryid": str(n)}
            for n in drugs
        ],
        drugs_in_report=[
            {"report_key": n, "drug_seq": i, "row_number": i, "role": "PS", "drugname": name}
            for n, names in drugs.items()
            for i, name in enumerate(names, start=1)
        ],
        reactions=[{"report_key": n, "row_number": 1, "term": events.get(n, "NAUSEA")} for n in drugs],
    )


@pytest.fixture(scope="module")
def served_links(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """A store of 1,500 SYNTHETIC reports, some of them twice, linked."""

    def load(folder: Path) -> None:
        (folder / "archives").mkdir()
        write_archive(
            folder / "archives", quarter=Quarter(2026, 1), reports=1_500, seed=4, signals=PLANTED, duplicate_share=0.1
        )
        with open_store(folder / "store", write=True) as opened:
            load_archives(opened, folder / "archives")
            link_reports(opened)

    return made_once("study-controls", load) / "store"


def test_a_negative_control_that_nobody_reports_after_the_treatment_has_an_upper_bound(small: Store) -> None:
    """2 of 12 reports name it, 5 are of the treatment: 5 * 2 / 12 are expected, none is seen."""
    with reports.Reports(small) as opened:
        [told] = opened.answer("anti-wrinkle", controls=[NEGATIVE_CONTROL]).controls
    assert told.table is not None
    assert (told.table.observed.tolist(), told.table.event_reports.tolist()) == ([0], [2])
    assert told.table.expected[0] == pytest.approx(5 * 2 / 12)
    assert 0 < told.table.ror_lower[0] < told.table.ror[0] < told.table.ror_upper[0]
    # Half a report in each cell: (0.5 * 5.5) / (5.5 * 2.5).
    assert told.table.ror[0] == pytest.approx(0.5 * 5.5 / (5.5 * 2.5))


def test_an_event_that_no_report_names_is_not_counted_and_says_so(small: Store) -> None:
    with reports.Reports(small) as opened:
        [told] = opened.answer("anti-wrinkle", controls=[replace(NEGATIVE_CONTROL, counted="HERNIA")]).controls
    assert (told.table, told.reason) == (None, "no loaded report names it")


def test_a_comparator_is_known_by_any_of_its_names_and_reports_of_both_are_left_out(small: Store) -> None:
    with reports.Reports(small) as opened:
        [told] = opened.answer("anti-wrinkle", controls=[COMPARATOR]).controls
    assert told.table is not None
    row = told.table.event.tolist().index("EYELID PTOSIS")
    cells = (told.table.observed, told.table.drug_reports, told.table.event_reports, told.table.total_reports)
    assert [int(column[row]) for column in cells] == [3, 4, 4, 8]
    assert told.table.ror[row] == pytest.approx((3 * 3) / (1 * 1))


def test_a_comparator_that_no_report_names_is_not_counted(small: Store) -> None:
    with reports.Reports(small) as opened:
        gone, none_of_ours = opened.answer(
            "anti-wrinkle", controls=[replace(COMPARATOR, counted="NOBODY"), replace(COMPARATOR, against="sex:F")]
        ).controls
    assert gone.table is None
    assert none_of_ours.table is None
    assert gone.reason == none_of_ours.reason == "no report of one of the two sides is loaded"


def test_strong_rules_tell_which_reports_stand_against_the_comparator(small: Store) -> None:
    cosmetic = replace(COMPARATOR, against="use:unknown")
    with reports.Reports(small) as opened:
        [told] = opened.answer("anti-wrinkle", use_rules="strict", controls=[cosmetic]).controls
    assert told.table is not None
    assert "use_strict:unknown" in told.table.cohort


def test_the_engine_counts_a_comparator_as_the_arrays_do(small: Store) -> None:
    fast, slow = (
        reports.Reports(small, fast=fast).answer("anti-wrinkle", controls=[COMPARATOR, NEGATIVE_CONTROL])
        for fast in (True, False)
    )
    ours, theirs = (answer.controls[0].table for answer in (fast, slow))
    assert ours is not None
    assert theirs is not None
    assert ours.event.tolist() == theirs.event.tolist()
    assert ours.observed.tolist() == theirs.observed.tolist()
    assert slow.controls[1].table is None  # a term that the treatment's reports do not name is not looked for


def test_reports_of_substances_and_treatments_come_from_the_lists_that_are_counted_from(made_archives: Path) -> None:
    with reports.open(made_archives) as opened:
        assert opened.arrays is not None
        scope = opened.asked("anti-wrinkle")[1]
        for text in ("treatment:anti-wrinkle", "substance:onabotulinumtoxina", "substance:onabotulinumtoxina,nobody"):
            short = opened.arrays.mask(parse(text), scope)
            whole = opened.arrays.mask(parse(f"{text} role:PS,SS,I"), scope)
            assert short.any()
            assert short.tolist() == whole.tolist(), text


def test_every_report_is_counted_again_where_links_set_some_aside(served_links: Path) -> None:
    with reports.open(served_links) as opened:
        linked = opened.answer("anti-wrinkle")
        off = opened.answer("anti-wrinkle", duplicates="off")
    assert linked.unlinked is not None
    assert off.unlinked is None
    assert off.signals is not None
    assert linked.unlinked.observed.tolist() == off.signals.observed.tolist()
    assert linked.signals is not None
    assert int(linked.unlinked.drug_reports[0]) > int(linked.signals.drug_reports[0])


def test_reports_over_time_add_up_to_the_reports_and_the_uses_to_each_event(made_archives: Path) -> None:
    with reports.open(made_archives) as opened:
        answer = opened.answer("anti-wrinkle")
    assert answer.over_time is not None
    assert int(answer.over_time.reports.sum()) == answer.reports
    assert answer.by_use is not None
    assert answer.signals is not None
    seen = dict(zip(answer.signals.event.tolist(), answer.signals.observed.tolist(), strict=True))
    summed = answer.by_use.observed.sum(axis=1).tolist()
    assert summed == [seen[event] for event in answer.by_use.events]


def test_the_roles_of_a_treatment_are_varied_as_a_cohort_of_them_would(made_archives: Path) -> None:
    with reports.open(made_archives) as opened:
        answer = opened.answer("anti-wrinkle")
        named = opened.answer("anti-wrinkle", "role:PS")
    first, wider = answer.in_roles
    assert named.in_roles == ()
    assert named.signals is not None
    assert first.table is not None
    assert first.roles == ("PS",)
    asked = dict(zip(named.signals.event.tolist(), named.signals.ic_lower.tolist(), strict=True))
    assert dict(zip(first.table.event.tolist(), first.table.ic_lower.tolist(), strict=True)) == asked
    assert first.reports <= answer.reports <= wider.reports
