"""A drug's events quarter by quarter, on a store with a planted start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from primum.errors import CohortError, UnknownNameError
from primum.study import reports
from primum.study.over_time import trend
from primum.study.reports import Reports

QUARTERS = ("2019q1", "2019q2", "2019q3", "2019q4")


@pytest.fixture(scope="module")
def store(memory_store: Callable[..., Any]) -> Iterator[tuple[list[tuple[str, str, list[str]]], Reports]]:
    """SYNTHETIC: 1,000 reports a quarter; ALPHA raises rash from the third quarter on."""
    rng = np.random.default_rng(3)
    rows = []
    for number, quarter in enumerate(QUARTERS):
        for _ in range(1_000):
            drug = "ALPHA" if rng.random() < 0.1 else "BETA"
            rash = rng.random() < (0.3 if drug == "ALPHA" and number >= 2 else 0.05)
            rows.append((quarter, drug, ["NAUSEA", "RASH"] if rash else ["NAUSEA"]))
    made = memory_store(
        reports=[
            {"report_key": k, "source": "faers", "quarter": q, "caseid": str(k), "primaryid": str(k)}
            for k, (q, _, _) in enumerate(rows)
        ],
        drugs_in_report=[
            {"report_key": k, "drug_seq": 1, "row_number": 1, "role": "PS", "drugname": d}
            for k, (_, d, _) in enumerate(rows)
        ],
        reactions=[
            {"report_key": k, "row_number": n, "term": t} for k, (*_, ts) in enumerate(rows) for n, t in enumerate(ts)
        ],
    )
    with Reports(made) as opened:
        yield rows, opened


def test_a_planted_start_is_found_in_its_quarter(store: tuple[Any, Reports]) -> None:
    rows, opened = store
    found = trend(opened, "alpha")
    rash = found.event.tolist().index("RASH")
    assert found.quarter == QUARTERS
    assert found.trend.first[rash] == 2
    assert found.trend.first[found.event.tolist().index("NAUSEA")] == -1
    counted = [sum(q == quarter and d == "ALPHA" and "RASH" in ts for q, d, ts in rows) for quarter in QUARTERS]
    assert found.observed[:, rash].tolist() == counted


def test_the_last_cumulated_expectation_is_the_one_stratified_by_quarter(store: tuple[Any, Reports]) -> None:
    rows, opened = store
    found = trend(opened, "ALPHA")
    rash = found.event.tolist().index("RASH")
    expected = sum(
        sum(q == quarter and d == "ALPHA" for q, d, _ in rows)
        * sum(q == quarter and "RASH" in ts for q, _, ts in rows)
        / sum(q == quarter for q, _, _ in rows)
        for quarter in QUARTERS
    )
    observed = found.observed[:, rash].sum()
    assert found.trend.cumulated.value[-1, rash] == pytest.approx(np.log2((observed + 0.5) / (expected + 0.5)))


def test_a_long_table_has_no_quarters_and_says_so(long_table: Path) -> None:
    with reports.open(long_table) as opened, pytest.raises(CohortError, match="holds no report"):
        trend(opened, "Lamivudine")


def test_no_drug_is_no_trend(store: tuple[Any, Reports]) -> None:
    with pytest.raises(UnknownNameError, match='No drug named ""'):
        trend(store[1], "")
