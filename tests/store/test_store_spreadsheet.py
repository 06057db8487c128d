"""Does a spreadsheet keep the kind of every value, and its bounds?"""

from __future__ import annotations

import datetime as dt
import tracemalloc
import zipfile
from pathlib import Path

import openpyxl
import pytest

from primum.errors import OutputError
from primum.store.schema import tables
from primum.store.spreadsheet import CELL, EXACT, write_book
from primum.terms import SYNTHETIC

KEPT = (
    *("BOTOX", "=1+1", "-2", "007", ' a<b>&"c" ', "line\nfeed", "é 注"),
    *(0, -7, EXACT - 1, 2.5, 1e-300, True, False),
)


def read_back(path: Path, *values: object) -> list[object]:
    write_book(path, {"values": [("value",), *((value,) for value in values)]})
    return [row[0].value for row in openpyxl.load_workbook(path)["values"]][1:]


def test_texts_numbers_and_truth_values_come_back_as_they_were(tmp_path: Path) -> None:
    found = read_back(tmp_path / "kept.xlsx", *KEPT)
    assert found == list(KEPT)
    assert [type(value) for value in found] == [type(value) for value in KEPT]


def test_dates_are_dates_where_spreadsheets_count_days_rightly(tmp_path: Path) -> None:
    days = (dt.date(1900, 3, 1), dt.date(2024, 2, 29), dt.date(2026, 12, 31))
    assert read_back(tmp_path / "days.xlsx", *days) == [dt.datetime(day.year, day.month, day.day) for day in days]
    assert read_back(tmp_path / "old.xlsx", dt.date(1900, 2, 28)) == ["1900-02-28"]


def test_whole_numbers_that_a_spreadsheet_would_round_are_texts(tmp_path: Path) -> None:
    assert read_back(tmp_path / "wide.xlsx", EXACT, -EXACT, 12345678901234567) == [
        "1000000000000000", "-1000000000000000", "12345678901234567"
    ]  # fmt: skip


def test_what_has_no_value_is_an_empty_cell(tmp_path: Path) -> None:
    assert read_back(tmp_path / "none.xlsx", None, "", float("nan"), float("inf"), 1) == [None] * 4 + [1]


def test_a_text_longer_than_a_cell_is_refused_with_its_row(tmp_path: Path) -> None:
    assert read_back(tmp_path / "full.xlsx", "a" * CELL) == ["a" * CELL]
    for text in ("a" * (CELL + 1), "\U0001f489" * (CELL // 2 + 1)):  # the second takes two units a character
        with pytest.raises(
            OutputError, match=r"values holds a text of 32,768 characters in row 2, a cell at most 32,767"
        ):
            read_back(tmp_path / "long.xlsx", text)


def test_a_sheet_that_grows_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("primum.store.spreadsheet.SHEET_ROWS", 3)
    assert read_back(tmp_path / "three.xlsx", 1, 2) == [1, 2]
    with pytest.raises(OutputError, match=r"values has more rows than the 3 of a sheet\. Write Parquet or CSV"):
        read_back(tmp_path / "four.xlsx", 1, 2, 3)
    monkeypatch.setattr("primum.store.spreadsheet.PART_BYTES", 300)
    with pytest.raises(OutputError, match="values grows beyond 0 GB"):
        read_back(tmp_path / "wide.xlsx", "a" * 300)


def test_memory_holds_some_rows_and_not_the_table(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        tracemalloc.start()
        write_book(tmp_path / "rows.xlsx", {"rows": ((n, "Injection site pain") for n in range(rows))})
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(40_000) < 1.2 * peak(10_000)


def test_the_file_holds_no_formula_and_every_table_has_a_name_that_a_sheet_takes(tmp_path: Path) -> None:
    read_back(tmp_path / "kept.xlsx", *KEPT)
    with zipfile.ZipFile(tmp_path / "kept.xlsx") as book:
        assert all(b"<f>" not in book.read(name) for name in book.namelist())
    assert max(len(f"{SYNTHETIC} {schema.name}") for schema in tables()) <= 31
