"""Are reports found by their numbers as a dictionary would find them, in memory that does not grow with them?"""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.sources import report_keys
from primum.sources.report_keys import ReportKeys


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=20), st.sampled_from([1, 3, 100]))
def test_a_number_is_found_with_all_its_rows_the_newest_version_first(given_rows, at_once):
    wanted = {}
    for row, (number, version) in enumerate(given_rows, start=1):
        wanted.setdefault(number, []).append((-version, row))
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(report_keys, "_AT_ONCE", at_once)
        keys = ReportKeys(Path(folder))
        for number, version in given_rows:
            keys.extend(np.array([number]), versions=np.array([version]))
        assert keys.close() == len(given_rows) - len(wanted)
        asked = np.array([6, 5, 4, 3, 2, 1, 0, 6, 5])
        places, rows = keys.find_all(asked)
        newest = keys.find(asked)
    expected = [[row for _, row in sorted(wanted.get(number, []))] for number in asked.tolist()]
    assert [rows[places == place].tolist() for place in range(len(asked))] == expected
    assert newest.tolist() == [found[0] if found else 0 for found in expected]


def test_fifteen_times_as_many_reports_take_hardly_more_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(report_keys, "_AT_ONCE", 1_000)
    keys = ReportKeys(tmp_path)
    numbers = np.random.default_rng(1).permutation(30_000)
    peaks = []
    tracemalloc.start()
    for first, last in ((0, 2_000), (2_000, 30_000)):
        tracemalloc.reset_peak()
        for start in range(first, last, 500):
            keys.extend(numbers[start : start + 500])
        keys.find(numbers[:500])
        peaks.append(tracemalloc.get_traced_memory()[1])
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert keys.close() == 0
    assert peaks[1] < 2 * peaks[0]
    assert held < 30 * 2_000  # where 30 runs lie, and nothing of what is in them
    assert np.array_equal(numbers[keys.find(np.arange(500)) - 1], np.arange(500))
