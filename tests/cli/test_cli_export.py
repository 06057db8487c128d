"""`primum export` as its users run it: a process, files, and one line where it cannot."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

import commands

FORMULAS = ("=HYPERLINK(1)", "+1", "-2", "@SUM(A1)")


def loaded(folder: Path, rows: list[str]) -> Path:
    """A store with a SYNTHETIC long table."""
    (folder / "t.csv").write_text("CASEID,DRUG,AE\n" + "".join(f"{row}\n" for row in rows))
    assert commands.primum("load", "table", folder / "t.csv", "--store", folder / "store").returncode == 0
    return folder / "store"


def test_a_spreadsheet_is_written_in_which_no_name_is_a_formula(tmp_path: Path) -> None:
    store = loaded(tmp_path, [f"SYNTHETIC{n},{name},Rash" for n, name in enumerate(FORMULAS)])
    done = commands.primum("export", "drugs_in_report", "--to", tmp_path / "out", "--format", "xlsx", "--store", store)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("SYNTHETIC: 4 of the 4 reports")
    assert done.stdout.endswith(f"             4  {tmp_path / 'out' / 'drugs_in_report.xlsx'}\n")
    sheet = openpyxl.load_workbook(tmp_path / "out" / "drugs_in_report.xlsx")["SYNTHETIC drugs_in_report"]
    names = next(column for column in sheet.iter_cols() if column[0].value == "drugname")[1:]
    assert {(cell.value, cell.data_type) for cell in names} == {(name, "s") for name in FORMULAS}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "SYNTHETIC.txt", "drugs_in_report.xlsx", "schema.csv", "snapshot.txt"
    ]  # fmt: skip


@pytest.mark.slow
def test_a_table_longer_than_a_sheet_gets_one_line_and_no_file(tmp_path: Path) -> None:
    rows = 1_048_576  # one more than a sheet holds below its heading
    store = loaded(tmp_path, [f"SYNTHETIC{n // 64},D{n % 64},Rash" for n in range(rows)])
    done = commands.primum("export", "--to", tmp_path / "out", "--format", "xlsx", "--store", store)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"primum: Cannot write {tmp_path / 'out'}: drugs_in_report has 1,048,576 rows; a sheet holds 1,048,575. Name "
        "the tables to write without it, or use --format parquet or csv.\n"
    )
    assert not (tmp_path / "out").exists()
