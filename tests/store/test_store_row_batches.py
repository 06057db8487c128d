"""Do rows that wait in files come into the store as they were put aside, and is a full disk told as one?"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from primum.errors import StoreError
from primum.loading.caers import load_caers
from primum.sources.texts import values_of
from primum.store import open_store
from primum.store.row_batches import RowBatches
from primum.testing.caers import write_caers


def test_rows_of_several_sets_of_columns_stand_side_by_side(tmp_path):
    (tmp_path / "aside").mkdir()
    batches = RowBatches(tmp_path / "aside")
    days = values_of(pa.array([dt.date(2022, 3, 4), None]), np.array([0, 1, 0], np.int32))
    columns = {"report_key": pa.array([5, 6, 7]), "row_number": pa.array([1, 1, 1]), "start_date": days}
    batches.put("therapies", columns, 3)
    batches.put("therapies", {"report_key": [8], "row_number": [1], "duration_days": [1.5], "duration_text": ["x"]}, 1)
    batches.put("therapies", columns, 0)  # nothing
    batches.close()
    with open_store(tmp_path / "store", write=True) as store:
        batches.move_into(store.engine)
        assert store.engine.read("therapies", "report_key", "start_date", "duration_days", "duration_text") == [
            (5, dt.date(2022, 3, 4), None, None),
            (6, None, None, None),
            (7, dt.date(2022, 3, 4), None, None),
            (8, None, 1.5, "x"),
        ]
    assert batches.written == {"therapies": 4}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full stands for a disk without room")
def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(RowBatches, "_file", lambda batches, number: Path("/dev/full"))
    file = write_caers(tmp_path / "caers.csv", reports=200)
    with open_store(tmp_path / "store", write=True) as store:
        with pytest.raises(StoreError, match=r"it cannot be written \(No space left.*Check that the disk has room"):
            load_caers(store, [file])
        assert not store.engine.count("files")
    assert [path.name for path in tmp_path.iterdir()] == ["caers.csv"]
