"""Do tables leave the store whole, described, and the same every time?"""

from __future__ import annotations

import csv
import datetime as dt

import openpyxl
import pytest

from primum.errors import OutputError, StoreError, UnknownNameError
from primum.loading.faers import load_archives
from primum.store import open_store
from primum.store.export import LICENSED, export, format_named
from primum.store.schema import schema_of, table, tables
from primum.terms import Quarter
from primum.testing.faers import write_archive


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    write_archive(folder, quarter=Quarter(2015, 1), reports=50, seed=1)
    with open_store(folder / "store", write=True) as opened:
        load_archives(opened, folder)
    with open_store(folder / "store") as opened:
        yield opened


def test_every_table_is_written_as_parquet_with_all_its_rows(store, tmp_path):
    written = export(store, (), tmp_path, format="parquet")
    assert [one.table for one in written] == [schema.name for schema in tables() if schema.name not in LICENSED]
    for one in written:
        staged = store.engine.stage_file("read_back", one.path)
        assert store.engine.count("read_back") == one.rows == store.engine.count(one.table)
        assert tuple(name for name in staged.columns if name != "staged_row") == schema_of(one.table).column_names
        store.engine.unstage("read_back")


def test_csv_keeps_an_empty_text_apart_from_a_missing_value(memory_store, tmp_path):
    rows = [{"report_key": 1, "row_number": 1, "term": "", "term_text": None, "recurred_text": 'a,"b"\nc'}]
    with memory_store(raw=True, reactions=rows) as made:
        [one] = export(made, ["reactions"], tmp_path, format="csv")
    head, body = one.path.read_text().split("\n", 1)
    assert head == "report_key,row_number,term,term_text,term_code,recurred_text"
    assert body == '1,1,"",,,"a,""b""\nc"\n'


def test_csv_holds_what_the_store_holds(store, tmp_path):
    [one] = export(store, ["outcomes"], tmp_path, format="csv")
    with one.path.open(newline="") as file:
        found = [tuple(row.values()) for row in csv.DictReader(file)]
    outcomes = table("outcomes")
    wanted = store.engine.rows(outcomes.order_by(["report_key", "row_number"]))
    assert found == [tuple(map(str, row)) for row in wanted]


def test_the_same_store_gives_the_same_bytes(store, tmp_path):
    for format in ("csv", "parquet", "xlsx"):
        first, second = (export(store, ["reports"], tmp_path / n, format=format)[0].path.read_bytes() for n in "ab")
        assert first == second


def test_columns_are_described_beside_the_files_and_invented_reports_are_named(store, tmp_path):
    export(store, ["reactions", "outcomes"], tmp_path, format="csv")
    with (tmp_path / "schema.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["table"] for row in rows} == {"reactions", "outcomes"}
    assert all(row["meaning"] for row in rows)
    assert (tmp_path / "SYNTHETIC.txt").read_text().startswith("SYNTHETIC: 50 of the 50 reports")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "SYNTHETIC.txt", "outcomes.csv", "reactions.csv", "schema.csv", "snapshot.txt"
    ]  # fmt: skip


def test_a_folder_holds_tables_of_one_state_with_all_of_them_described_once(store, memory_store, tmp_path):
    export(store, ["reactions", "reactions"], tmp_path, format="csv")
    export(store, ["outcomes"], tmp_path, format="parquet")
    with (tmp_path / "schema.csv").open(newline="") as file:
        described = [(row["table"], row["column"]) for row in csv.DictReader(file)]
    assert {table for table, _ in described} == {"reactions", "outcomes"}
    assert len(described) == len(set(described))
    with memory_store(raw=True) as real:
        with pytest.raises(
            OutputError, match=r"outcomes.parquet there is of another state of a store. Name another folder with --to.$"
        ):
            export(real, ["reactions"], tmp_path, format="csv")
        assert (tmp_path / "SYNTHETIC.txt").exists()
        (tmp_path / "outcomes.parquet").unlink()
        export(real, ["reactions"], tmp_path, format="csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reactions.csv", "schema.csv", "snapshot.txt"]


def test_a_spreadsheet_holds_what_the_store_holds_and_says_what_it_is(store, tmp_path):
    written = export(store, (), tmp_path, format="xlsx")
    assert len(written) == len(tables()) - len(LICENSED)
    for one in written:
        schema = schema_of(one.table)
        book = openpyxl.load_workbook(one.path, read_only=True)
        assert book.sheetnames == [f"SYNTHETIC {one.table}", "about"]
        head, *rows = book.worksheets[0].iter_rows(values_only=True)
        assert head == schema.column_names
        kinds = [column.type for column in schema.columns]
        wanted = store.engine.rows(table(one.table).order_by(list(schema.key)))
        assert rows == [tuple(map(in_a_sheet, row, kinds)) for row in wanted], one.table
        about = dict(book["about"].iter_rows(values_only=True))
        assert about["snapshot"] == store.snapshot()
        assert about["SYNTHETIC"] == store.synthetic()
        assert set(schema.column_names) < set(about)


def in_a_sheet(value, kind):
    """What a reader of spreadsheets finds of a value of the store."""
    if kind == "DATE" and value is not None:
        return dt.datetime(value.year, value.month, value.day)
    return value if value != "" else None


def test_bytes_stand_in_a_spreadsheet_as_in_csv(memory_store, tmp_path):
    line = bytes(range(1, 256))
    rows = [{"file_key": 1, "line_number": 1, "reason": "=1+1", "line_bytes": line}]
    with memory_store(raw=True, rejects=rows) as made:
        for format in ("csv", "xlsx"):
            export(made, ["rejects"], tmp_path, format=format)
    with (tmp_path / "rejects.csv").open(newline="") as file:
        [told] = csv.DictReader(file)
    book = openpyxl.load_workbook(tmp_path / "rejects.xlsx")
    assert book.sheetnames == ["rejects", "about"]
    reason, shown = book["rejects"]["C2"], book["rejects"]["D2"]
    assert (reason.value, reason.data_type, shown.value) == ("=1+1", "s", told["line_bytes"])


def test_a_table_longer_than_a_sheet_is_refused_before_anything_is_written(store, tmp_path, monkeypatch):
    rows = store.engine.count("reactions")
    monkeypatch.setattr("primum.store.export.SHEET_ROWS", rows)
    with pytest.raises(OutputError) as told:
        export(store, ["reports", "reactions"], tmp_path / "out", format="xlsx")
    said = f"reactions has {rows:,} rows; a sheet holds {rows - 1:,}. Name the tables to write without it, or"
    assert said in str(told.value)
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr("primum.store.export.SHEET_ROWS", rows + 1)
    assert [one.rows for one in export(store, ["reactions"], tmp_path / "out", format="xlsx")] == [rows]


def test_a_full_disk_is_told_of_the_folder_and_not_of_the_store(store, tmp_path, monkeypatch):
    def full(path, rows, **_):
        said = (
            f'IO Error: Async write failed: {{"exception_message":"Could not write file \\"{path}\\": No space left"}}'
        )
        raise StoreError.of("somewhere", said, "Check")

    monkeypatch.setattr(type(store.engine), "write_csv", lambda engine, path, rows: full(path, rows))
    with pytest.raises(OutputError) as told:
        export(store, ["reactions"], tmp_path, format="csv")
    assert str(told.value) == f"Cannot write {tmp_path}: No space left. Make room there."


def test_an_export_that_was_stopped_is_gone_on_with_in_any_format(store, tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    export(store, ["outcomes"], tmp_path / "whole", format="parquet")
    monkeypatch.setattr("primum.store.export._write", stopped)
    with pytest.raises(KeyboardInterrupt):
        export(store, ["reactions"], tmp_path / "out", format="csv")
    monkeypatch.undo()
    (tmp_path / "whole" / "outcomes.parquet").rename(tmp_path / "out" / "outcomes.parquet")  # as if it had been first
    assert [one.table for one in export(store, ["reactions"], tmp_path / "out", format="csv")] == ["reactions"]


def test_what_cannot_be_exported_is_told_in_one_line(store, tmp_path):
    with pytest.raises(UnknownNameError, match='No table of the store named "report"'):
        export(store, ["report"], tmp_path, format="csv")
    with pytest.raises(UnknownNameError, match="Known: csv, parquet, xlsx"):
        format_named("xls")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Name a folder"):
        export(store, ["reports"], tmp_path / "file", format="csv")
