"""The Parquet files that are written row group by row group: another reader must find what went in."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from primum.errors import OutputError
from primum.store.parquet import ParquetFile, encode
from primum.terms import Coded

NAMES = np.array(["=x", "é", "a\nb", ""], dtype=object)
MANY = np.array([f"name {i}" for i in range(70_000)], dtype=object)  # more than 16 bits number


def rows_of(rng: np.random.Generator, rows: int) -> dict[str, np.ndarray | Coded]:
    number = rng.random(rows)
    number[::7] = np.nan
    return {
        "few": Coded(rng.integers(0, 3, rows).astype(np.int32), NAMES),
        "more": Coded(rng.integers(0, 300, rows), MANY),
        "many": Coded(rng.integers(0, len(MANY), rows), MANY),
        "texts": NAMES[rng.integers(0, 4, rows)],
        "number": number,
        "count": rng.integers(-5, 2**40, rows),
        "small": rng.integers(0, 9, rows).astype(np.int32),
    }


def test_what_is_written_is_read_back_by_another_reader(tmp_path):
    rng, path = np.random.default_rng(1), tmp_path / "o.parquet"
    groups = [rows_of(rng, rows) for rows in (300_001, 7, 0, 8)]
    with ParquetFile(path, about={"primum": "it's é"}) as file:
        for group in groups:
            file.write(encode(group))
    back = duckdb.sql(f"SELECT * FROM '{path}'").fetchnumpy()
    assert list(back) == list(groups[0])
    for name in groups[0]:
        parts = [column.texts if isinstance(column := group[name], Coded) else column for group in groups]
        np.testing.assert_array_equal(np.ma.filled(back[name]), np.concatenate(parts), err_msg=name)
    assert duckdb.sql(f"SELECT key, value FROM parquet_kv_metadata('{path}')").fetchall() == [
        (b"primum", "it's é".encode())
    ]


def test_a_table_without_a_row_and_one_of_many_groups_can_be_read(tmp_path):
    for groups, rows in ((1, 0), (40, 3)):
        with ParquetFile(tmp_path / "o.parquet") as file:
            for _ in range(groups):
                file.write(encode({"a": np.arange(rows, dtype=np.float64)}))
        assert duckdb.sql(f"SELECT count(*) FROM '{tmp_path / 'o.parquet'}'").fetchall() == [(groups * rows,)]


def test_rows_with_other_columns_are_refused(tmp_path):
    with ParquetFile(tmp_path / "o.parquet") as file:
        file.write(encode({"a": np.arange(3)}))
        with pytest.raises(OutputError, match=r"columns b in some rows.*Give the columns of the first rows: a"):
            file.write(encode({"b": np.arange(3)}))
