"""In which forms can a signal table leave Primum: plain data, CSV text, a spreadsheet, Parquet?

Text and bytes are given back, some rows at a time where there are many; replacing files is the caller's. A value that
is missing is `null`, an empty cell or a Parquet NaN, and the column `warnings` of its row says why.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import numpy as np

from primum.counts.kernel import in_threads
from primum.errors import OutputError
from primum.signals.results import ResultTable, Tabular
from primum.signals.table import Scores, SignalTable
from primum.store.parquet import Chunk, ParquetFile, encode
from primum.terms import IntArray

SHEET_ROWS: Final = 1_048_576  # rows of a worksheet, header included (ECMA-376 programs agree on it)

ROWS_AT_ONCE: Final = 100_000  # of CSV text in memory
ROW_GROUP: Final = 131_072  # rows of a Parquet file that are computed, encoded and compressed together
GROUPS_AT_ONCE: Final = 8  # that wait to be written

# What spreadsheet programs take for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_json(table: Tabular) -> dict[str, Any]:
    """The table as plain data: what is true of all of it, and one object a row.

    Returns:
        `{"schema", ... metadata ..., "columns": [...], "rows": [{column: value}]}`; a value that is missing is None.

    Examples:
        >>> from primum.signals.table import example
        >>> as_json(example())["rows"][0]["event"]
        'rash'
    """
    columns = table.columns()
    rows = [dict(zip(columns, row, strict=True)) for row in _rows(table)]
    return {"schema": table.schema, **table.metadata(), "columns": list(columns), "rows": rows}


def csv_text(table: Tabular) -> str:
    """The table as CSV, full precision, header first.

    A text that a spreadsheet program would run as a formula gets an apostrophe in front; numbers never do.

    Examples:
        >>> from primum.signals.table import example
        >>> csv_text(example()).splitlines()[1].split(",")[:3]
        ['A', 'rash', '8']
    """
    return "".join(_csv_of([table]))


def csv_blocks(scores: Scores, order: IntArray) -> Iterator[str]:
    """The text of `csv_text` of some rows in an order, piece by piece, so that millions of pairs need no memory.

    Args:
        scores: of every pair.
        order: positions of the rows wanted.
    """
    return _csv_of(scores.table(order[i : i + ROWS_AT_ONCE]) for i in range(0, max(len(order), 1), ROWS_AT_ONCE))


def _csv_of(tables: Iterable[Tabular]) -> Iterator[str]:
    for number, table in enumerate(tables):
        if not number:
            yield _csv([list(table.columns())])
        yield _csv([harmless(value) for value in row] for row in _rows(table))


def csv_rows(rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    """Rows of plain values as CSV text, made harmless as in `csv_text`."""
    yield _csv([harmless(value) for value in row] for row in rows)


def _csv(rows: Iterable[list[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def harmless(value: Any) -> Any:
    """A value of a CSV cell; a text that would be run as a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_parquet(scores: Scores | SignalTable | ResultTable, path: Path) -> None:
    """Write every pair as Parquet, in the order in which they were counted: sorted columns are half the size.

    Rows are spelt out, encoded and compressed block by block by all processors; what is true of the whole table stands
    in the footer under `primum`.

    Args:
        scores: of every pair, or a table.
        path: the file.
    """
    about = json.dumps({"schema": scores.schema, **scores.metadata()}, ensure_ascii=False)
    starts = range(0, max(len(scores), 1), ROW_GROUP)

    def group(first: int) -> dict[str, Chunk]:
        return encode(scores.columns_of(slice(first, first + ROW_GROUP)))

    with ParquetFile(path, about={"primum": about}) as file:
        for first in range(0, len(starts), GROUPS_AT_ONCE):
            for chunks in in_threads(group, starts[first : first + GROUPS_AT_ONCE]):
                file.write(chunks)


def xlsx_bytes(table: Tabular) -> bytes:
    """The table as a spreadsheet of two sheets, `signals` (or what else it holds) and `about`.

    Every text is written as a text (an inline string), so that no name can become a formula; there is no formula in the
    file at all. Two runs give the same bytes. The format is written out here, with the standard library: two sheets
    without styles need 60 lines, less than a dependency costs.

    Raises:
        OutputError: the table has more rows than a sheet can hold.

    Source:
        ECMA-376 part 1, SpreadsheetML.
    """
    if len(table) >= SHEET_ROWS:
        raise OutputError.of(
            "a spreadsheet",
            f"{len(table)} rows, a sheet holds {SHEET_ROWS - 1}",
            "Write Parquet or CSV, or fewer rows.",
        )
    sheets: dict[str, Iterable[Iterable[Any]]] = {
        table.schema.removeprefix("primum.").partition("/")[0]: itertools.chain([list(table.columns())], _rows(table)),
        "about": _about(table),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in _frame(list(sheets)).items():
            book.writestr(_entry(name), text)
        for number, rows in enumerate(sheets.values(), start=1):
            with book.open(_entry(f"xl/worksheets/sheet{number}.xml"), "w") as part:
                for text in _sheet(rows):
                    part.write(text.encode())
    return buffer.getvalue()


def _rows(table: Tabular) -> Iterable[tuple[Any, ...]]:
    """Rows of plain values, None where a number is missing."""
    plain = []
    for column in table.columns().values():
        values = column.tolist()
        if column.dtype.kind == "f":
            finite = np.isfinite(column)
            if not finite.all():
                values = [value if fine else None for value, fine in zip(values, finite.tolist(), strict=True)]
        plain.append(values)
    return zip(*plain, strict=True)


def _about(table: Tabular) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = [("name", "value")]
    for name, value in table.metadata().items():
        if name == "methods":
            rows += [(f"method {m['id']}", f"{m['label']}. {m['formula']} [{m['citation']}]") for m in value]
        elif isinstance(value, Mapping):
            rows += [(f"{name} {key}", inner if inner != [] else None) for key, inner in value.items()]
        elif isinstance(value, list):
            rows += [(name, inner) for inner in value]
        else:
            rows.append((name, value))
    return rows


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))  # no clock: the same table gives the same bytes
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _frame(names: list[str]) -> dict[str, str]:
    """The parts around the sheets: content types, relationships and the workbook."""
    numbers = range(1, len(names) + 1)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for i in numbers
    )
    links = "".join(
        f'<Relationship Id="rId{i}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>' for i in numbers
    )
    sheets = "".join(
        f'<sheet name="{name}" sheetId="{i}" r:id="rId{i}"/>' for i, name in zip(numbers, names, strict=True)
    )
    return {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{overrides}</Types>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>',
    }


def _sheet(rows: Iterable[Iterable[Any]]) -> Iterable[str]:
    """One worksheet, row by row, its first row frozen."""
    yield f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    yield '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    yield "</sheetView></sheetViews><sheetData>"
    for row in rows:
        yield f"<row>{''.join(_cell(value) for value in row)}</row>"
    yield "</sheetData></worksheet>"


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, str):
        text = escape(_NOT_XML.sub("\ufffd", value))
        return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    return f"<c><v>{value!r}</v></c>"
