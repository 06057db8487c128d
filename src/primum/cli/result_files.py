"""How is an answer of rows told that is no signal table: in every form of file, and on the screen?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from primum.cli import output

if TYPE_CHECKING:
    from primum.signals.results import ResultTable

REPORTS: Final = (
    "Counts are reports, never people harmed and never a rate. What stands out is a question to look into, not a proof."
)


def write(table: ResultTable, *, json: Path | None, csv: Path | None, parquet: Path | None, xlsx: Path | None) -> None:
    """Write every row in the forms asked for.

    Raises:
        OutputError: a file cannot be written.
    """
    from primum.signals import write as forms

    if parquet is not None:
        output.write_file(parquet, lambda fresh: forms.write_parquet(table, fresh))
    if csv is not None:
        output.write_text(csv, forms.csv_text(table))
    if json is not None:
        output.write_json(json, forms.as_json(table))
    if xlsx is not None:
        output.write_bytes(xlsx, forms.xlsx_bytes(table))


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


def ending(table: ResultTable, shown: int, notes: Sequence[str]) -> list[str]:
    """What stands below the tables: where all rows are, what has to be said of them, and the store."""
    from primum.cli.columns import paragraph
    from primum.terms import SYNTHETIC

    more = ["", "Every row and column: --csv F, --json F, --parquet F or --xlsx F."] if len(table) > shown else []
    told = [*notes, *(note for note in table.notes if not note.startswith(SYNTHETIC))]
    lines = [line for note in told for line in paragraph(note)]
    return [*more, "", *lines, *paragraph(f"Store {table.about['snapshot'][:16]}.")]


def beginning(table: ResultTable, *texts: str) -> list[str]:
    """What stands above the tables; what is invented says so first."""
    from primum.cli.columns import paragraph
    from primum.terms import SYNTHETIC

    invented = [note for note in table.notes if note.startswith(SYNTHETIC)]
    return [line for text in (*invented, *texts, REPORTS) for line in paragraph(text)]
