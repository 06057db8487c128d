"""How is an answer of rows told that is no signal table: in every form of file, and on the screen?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from primum.cli import output

if TYPE_CHECKING:
    from primum.signals.results import ResultTable

REPORTS: Final = (
    "Counts are reports, never people harmed and never a rate. What stands out is a question to look into, not a proof."
)


@dataclass(frozen=True, slots=True)
class Files:
    """The files that a command was asked to write; None where it was not.

    Args:
        json: every row as JSON, `-` for the screen.
        csv: as CSV.
        parquet: as Parquet.
        xlsx: as a spreadsheet.
    """

    json: Path | None = None
    csv: Path | None = None
    parquet: Path | None = None
    xlsx: Path | None = None

    @property
    def on_screen(self) -> bool:
        """Whether JSON takes the screen."""
        return str(self.json) == "-"

    def any(self) -> bool:
        """Whether one is asked for."""
        return self != Files()


def write(table: ResultTable, files: Files) -> None:
    """Write every row in the forms asked for.

    Raises:
        OutputError: a file cannot be written.
    """
    from primum.signals import write as forms

    if files.parquet is not None:
        output.write_file(files.parquet, lambda fresh: forms.write_parquet(table, fresh))
    if files.csv is not None:
        output.write_text(files.csv, forms.csv_text(table))
    if files.json is not None:
        output.write_json(files.json, forms.as_json(table))
    if files.xlsx is not None:
        output.write_bytes(files.xlsx, forms.xlsx_bytes(table))


def rows_of(table: ResultTable) -> list[dict[str, Any]]:
    """Rows of plain values by name of their column; not a number where one is missing."""
    columns = {name: column.tolist() for name, column in table.columns().items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def block(heading: str, heads: Mapping[str, int], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of some rows under a heading: the first column is text, the others stand right.

    Args:
        heading: above the table.
        heads: heading of each column, and its width.
        rows: the cells of each.
    """
    from primum.cli.columns import row_lines, rule

    widths = list(heads.values())

    def line(cells: Sequence[str]) -> list[str]:
        name, *numbers = cells
        return row_lines([name, *(f"{cell:>{width}}" for cell, width in zip(numbers, widths[1:], strict=True))], widths)

    return ["", heading, *line(list(heads)), rule(widths), *(text for row in rows for text in line(row))]


def beginning(notes: Sequence[str], *texts: str) -> list[str]:
    """What stands above the tables: of what is invented, that it is; what was asked; that counts are reports."""
    from primum.cli.columns import paragraph
    from primum.terms import SYNTHETIC

    invented = [note for note in notes if note.startswith(SYNTHETIC)]
    return [line for text in (*invented, *texts, REPORTS) for line in paragraph(text)]


def ending(notes: Sequence[str], snapshot: str, *texts: str, more: bool) -> list[str]:
    """What stands below the tables: where all rows are, how to read the numbers, what else is to be said, the store."""
    from primum.cli.columns import paragraph
    from primum.terms import SYNTHETIC

    told = [*texts, *(note for note in notes if not note.startswith(SYNTHETIC)), f"Store {snapshot[:16]}."]
    lines = ["", "Every row and column: --csv F, --json F, --parquet F or --xlsx F."] if more else []
    return [*lines, "", *(line for note in told for line in paragraph(note))]
