"""What stands in a treatment's evidence tables, and is every cell what its column says?"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from primum.errors import nearest
from primum.treatments.schema import TableSchema


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of an evidence table: where it is, what was given and what would be right.

    Examples:
        >>> str(Fault("trials.csv", 7, "n", '"many"', "a whole number"))
        'trials.csv, row 7, column n: "many"; expected a whole number'
    """

    file: str
    row: int | None
    column: str
    given: str
    expected: str

    def __str__(self) -> str:
        where = [self.file]
        if self.row is not None:
            where.append(f"row {self.row}")
        if self.column:
            where.append(f"column {self.column}")
        return f"{', '.join(where)}: {self.given}; expected {self.expected}"


def hint(given: str, known: Iterable[str]) -> str:
    """The nearest spelling, as it stands inside a fault; nothing where none is near.

    Examples:
        >>> hint("evnts", ["n", "events"])
        ' (did you mean "events"?)'
    """
    near = nearest(given, known).strip()
    return f" ({near[0].lower()}{near[1:]})" if near else ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an evidence table; cells are text, read as what their column says.

    Args:
        line: line of the file it begins on, the header being line 1.
        cells: text of each cell by column, without blanks around it.
    """

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def integer(self, column: str) -> int | None:
        """The whole number in a cell; None where it is empty."""
        return int(self.cells[column]) if self.cells[column] else None

    def number(self, column: str) -> float | None:
        """The number in a cell; None where it is empty."""
        return float(self.cells[column]) if self.cells[column] else None

    def items(self, column: str) -> tuple[str, ...]:
        """The parts of a cell that lists several, separated by `;`."""
        return tuple(self.cells[column].split(";")) if self.cells[column] else ()


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """The rows of one evidence table, in the order of the file."""

    name: str
    rows: tuple[Row, ...]

    @property
    def file(self) -> str:
        """Name of its file."""
        return f"{self.name}.csv"

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def by_key(self, column: str = "key") -> Mapping[str, Row]:
        """Rows under the text of one column."""
        return {row[column]: row for row in self.rows}


def read_table(folder: Path, schema: TableSchema) -> tuple[EvidenceTable, list[Fault]]:
    """Read one table and check each cell against its column.

    Args:
        folder: the treatment's folder.
        schema: the table's columns.

    Returns:
        The table (of the rows that could be read) and every fault found in it.
    """
    file = f"{schema.name}.csv"
    try:
        text = (folder / file).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return EvidenceTable(schema.name, ()), [Fault(file, None, "", "no such file", f"a table of {schema.name}")]
    except (OSError, UnicodeDecodeError) as error:
        return EvidenceTable(schema.name, ()), [
            Fault(file, None, "", f"cannot be read ({error})", "a CSV file in UTF-8")
        ]
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip() for name in next(reader, [])]
    faults = _header_faults(file, header, schema)
    rows: list[Row] = []
    begins = reader.line_num + 1
    for cells in reader:
        line, begins = begins, reader.line_num + 1
        if not cells:
            continue
        if len(cells) != len(header):
            faults.append(Fault(file, line, "", f"{len(cells)} cells", f"{len(header)}, one under each heading"))
            continue
        filled = dict.fromkeys((column.name for column in schema.columns), "")
        filled.update((name, cell.strip()) for name, cell in zip(header, cells, strict=True))
        row = Row(line, filled)
        faults += _cell_faults(file, row, schema, header)
        rows.append(row)
    faults += _duplicates(file, rows, schema)
    return EvidenceTable(schema.name, tuple(rows)), faults


def _header_faults(file: str, header: list[str], schema: TableSchema) -> list[Fault]:
    """Columns that are misspelt, missing, unknown or written twice."""
    meanings = {column.name: column.meaning for column in schema.columns}
    strange = [name for name in header if name not in meanings]
    faults = []
    for name in (name for name in meanings if name not in header):
        near = difflib.get_close_matches(name, strange, n=1)
        if near:
            strange.remove(near[0])
            faults.append(Fault(file, 1, name, f'"{near[0]}" stands in its place', f'the heading "{name}"'))
        else:
            faults.append(Fault(file, 1, name, "no such column", f"it ({meanings[name]})"))
    for name in strange:
        given = f'"{name}" is not a column of {schema.name}'
        faults.append(Fault(file, 1, name, given, f"one of {', '.join(meanings)}"))
    twice = sorted({name for name in header if header.count(name) > 1})
    return faults + [Fault(file, 1, name, "written twice", "each heading once") for name in twice]


def _cell_faults(file: str, row: Row, schema: TableSchema, header: list[str]) -> list[Fault]:
    """Cells that are empty though required, or not what their column says."""
    faults = []
    for column in schema.columns:
        if column.name not in header:
            continue  # told once, under the header
        text = row[column.name]
        if not text:
            if column.required:
                faults.append(Fault(file, row.line, column.name, "empty", column.expected()))
        elif not column.accepts(text):
            given = f'"{text}"{hint(text, column.choices)}'
            faults.append(Fault(file, row.line, column.name, given, column.expected()))
    return faults


def _duplicates(file: str, rows: list[Row], schema: TableSchema) -> list[Fault]:
    """Rows whose key stands in the table already."""
    faults = []
    first: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row[name] for name in schema.key)
        if key in first:
            what = "two rows for one arm" if schema.key == ("contrast", "arm") else "a key that is there already"
            given = f"{' '.join(key)}: {what} (also in row {first[key]})"
            faults.append(Fault(file, row.line, schema.key[-1], given, "each once"))
        else:
            first[key] = row.line
    return faults
