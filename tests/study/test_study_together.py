"""Two drugs of one report, and all of them, on a store with planted truth; counted again with sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from primum.errors import UnknownNameError
from primum.study.regression import regression
from primum.study.reports import Reports
from primum.study.together import interaction

Made = list[tuple[set[str], set[str]]]


def made() -> Made:
    """SYNTHETIC: ALPHA and BETA each raise rash a little and together a lot; GAMMA does nothing and travels with ALPHA,
    which alone raises tremor."""
    rng = np.random.default_rng(12)
    rows: Made = []
    for _ in range(8_000):
        drugs = {name for name in ("ALPHA", "BETA", "DELTA") if rng.random() < 0.15}
        if rng.random() < (0.6 if "ALPHA" in drugs else 0.03):
            drugs.add("GAMMA")
        drugs |= set() if drugs else {"OMEGA"}
        rash = 0.4 if {"ALPHA", "BETA"} <= drugs else 0.05 if drugs & {"ALPHA", "BETA"} else 0.02
        events = {"FATIGUE"} if rng.random() < 0.5 else {"NAUSEA"}
        events |= {"RASH"} if rng.random() < rash else set()
        events |= {"TREMOR"} if rng.random() < (0.15 if "ALPHA" in drugs else 0.02) else set()
        rows.append((drugs, events))
    return rows


@pytest.fixture(scope="module")
def store(memory_store: Callable[..., Any]) -> Iterator[tuple[Made, Reports]]:
    rows = made()
    drugs = [
        {"report_key": key, "drug_seq": n, "row_number": n, "role": "PS" if n == 0 else "SS", "drugname": drug}
        for key, (some, _) in enumerate(rows)
        for n, drug in enumerate(sorted(some))
    ]
    reactions = [
        {"report_key": key, "row_number": n, "term": term}
        for key, (_, terms) in enumerate(rows)
        for n, term in enumerate(sorted(terms))
    ]
    reports = [
        {"report_key": key, "source": "faers", "quarter": "2017q2", "caseid": str(key), "primaryid": str(key)}
        for key in range(len(rows))
    ]
    with Reports(memory_store(reports=reports, drugs_in_report=drugs, reactions=reactions)) as opened:
        yield rows, opened


def test_counts_of_two_drugs_are_those_of_sets(store: tuple[Made, Reports]) -> None:
    rows, opened = store
    counts = interaction(opened, "alpha", "beta").counts
    for i, event in enumerate(counts.event):
        with_event = [drugs for drugs, events in rows if event in events]
        assert counts.event_reports[i] == len(with_event)
        assert counts.both_event[i] == sum({"ALPHA", "BETA"} <= drugs for drugs in with_event)
        assert counts.first_event[i] == sum("ALPHA" in drugs for drugs in with_event)
        assert counts.second_event[i] == sum("BETA" in drugs for drugs in with_event)
    assert counts.both == sum({"ALPHA", "BETA"} <= drugs for drugs, _ in rows)
    assert counts.total_reports == len(rows)


def test_a_planted_interaction_is_found_and_no_other(store: tuple[Made, Reports]) -> None:
    found = interaction(store[1], "ALPHA", "BETA")
    at = {event: i for i, event in enumerate(found.counts.event)}
    assert found.omega.lower[at["RASH"]] > 1
    assert found.odds.multiplicative.lower[at["RASH"]] > 1
    assert all(found.omega.lower[at[event]] < 0.2 for event in ("TREMOR", "FATIGUE", "NAUSEA"))
    other = interaction(store[1], "ALPHA", "DELTA")
    assert (other.omega.lower < 0.2).all()


def test_the_drug_that_only_travels_along_is_left_out_of_the_regression(store: tuple[Made, Reports]) -> None:
    opened = store[1]
    plain = opened.signals("GAMMA", methods=("prr",))
    assert plain.prr_lower[plain.event == "TREMOR"][0] > 1.5
    found = regression(opened, ["Tremor"])
    assert found.fit is not None
    assert found.drug[found.fit.selected].tolist() == ["ALPHA"]
    at = found.drug.tolist().index("ALPHA")
    odds = 0.15 * 0.98 / (0.85 * 0.02)
    assert found.fit.estimate.lower[at] < odds < found.fit.estimate.upper[at]


def test_the_bayesian_rate_alone_stands_on_the_cells_of_all_drugs(store: tuple[Made, Reports]) -> None:
    opened = store[1]
    alone, beside = (opened.signals("GAMMA", methods=names) for names in (("bayes_fdr",), ("ebgm", "bayes_fdr")))
    np.testing.assert_array_equal(alone.more["p_null"], beside.more["p_null"])
    assert alone.ebgm_fit is not None
    assert alone.ebgm_fit.cells == 20  # five drugs, four events


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda opened: interaction(opened, "ALPHO", "BETA"), "ALPHA"),
        (lambda opened: interaction(opened, "", "BETA"), 'No drug named ""'),
        (lambda opened: interaction(opened, "ALPHA", "BETA", baseline="add"), "additive"),
        (lambda opened: regression(opened, ["Tremors"]), "nearest: TREMOR"),
    ],
)
def test_a_name_that_does_not_exist_is_told_with_the_nearest(
    store: tuple[Made, Reports], call: Callable[[Reports], object], words: str
) -> None:
    with pytest.raises(UnknownNameError, match=words):
        call(store[1])


def test_one_drug_per_report_leaves_the_interaction_without_reports_and_says_so(store: tuple[Made, Reports]) -> None:
    found = interaction(store[1], "OMEGA", "BETA")
    assert found.counts.both == 0
    assert set(found.omega.reason) == {
        "no report has both drugs: nothing is expected, and the value is that of the shrinkage alone"
    }
    assert np.isfinite(found.omega.value).all()
