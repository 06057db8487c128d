"""How does a table become a spreadsheet? Rows of plain values to an .xlsx file, row by row, with the standard library.

Every text is written as a text (an inline string), so that no name can become a formula; there is no formula in the
file at all. The same rows give the same bytes. The format is written out here: sheets with one style, for dates, need
some 100 lines, less than a dependency costs.

Source:
    ECMA-376 part 1, SpreadsheetML. The bounds of a sheet and of a cell are those that Microsoft publishes as
    "Excel specifications and limits".
"""

from __future__ import annotations

import datetime as dt
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final
from xml.sax.saxutils import escape

from primum.errors import OutputError

SHEET_ROWS: Final = 1_048_576  # rows of a sheet, its heading included
CELL: Final = 32_767  # UTF-16 units of a cell's text
PART_BYTES: Final = 2**31 - 1  # of a sheet's XML; a longer part needs Zip64, for which Excel offers to repair the file
EXACT: Final = 10**15  # whole numbers from here on lose digits in a spreadsheet and are written as texts
ROWS_AT_ONCE: Final = 1_000

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL: Final = re.compile("[^\t\n\r\u0020-%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # nor & < >
_DAY_0: Final = dt.date(1899, 12, 30)
_FIRST_DAY: Final = dt.date(1900, 3, 1)  # before it, spreadsheets count a 29 February that 1900 did not have
_DATE_STYLE: Final = 1

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def write_book(target: Path | IO[bytes], sheets: Mapping[str, Iterable[Iterable[Any]]]) -> None:
    """Write a spreadsheet; memory holds `ROWS_AT_ONCE` rows.

    Args:
        target: the file.
        sheets: the rows of each by its name (at most 31 characters), the heading first. None, a number that is none and
            an empty text are empty cells; texts, truth values, numbers and dates keep their kind, but for whole
            numbers of more than 15 digits and days before 1 March 1900, which are texts.

    Raises:
        OutputError: a sheet would have more than `SHEET_ROWS` rows or grow too long, or a text is too long for a cell.

    Examples:
        >>> import io
        >>> file = io.BytesIO()
        >>> write_book(file, {"doses": [("given", "mg"), (dt.date(2024, 5, 1), 20.0)]})
        >>> zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml").decode()[-78:]
        '<row><c s="1"><v>45413</v></c><c><v>20.0</v></c></row></sheetData></worksheet>'
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in _frame(list(sheets)).items():
            book.writestr(_entry(name), text)
        for number, (name, rows) in enumerate(sheets.items(), start=1):
            with book.open(_entry(f"xl/worksheets/sheet{number}.xml"), "w") as part:
                written = 0
                for text in _sheet(name, rows):
                    piece = text.encode()
                    written += len(piece)
                    if written > PART_BYTES:
                        raise _too_much(name, f"grows beyond {PART_BYTES // 10**9} GB")
                    part.write(piece)


def _too_much(sheet: str, what: str) -> OutputError:
    return OutputError.of("a spreadsheet", f"{sheet} {what}", "Write Parquet or CSV, or fewer rows.")


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))  # no clock: the same table gives the same bytes
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _frame(names: list[str]) -> dict[str, str]:
    """The parts around the sheets: content types, relationships, the workbook and its styles."""
    numbers = range(1, len(names) + 1)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for i in numbers
    )
    links = "".join(
        f'<Relationship Id="rId{i}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>' for i in numbers
    )
    links += f'<Relationship Id="rId{len(names) + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    sheets = "".join(
        f'<sheet name="{name}" sheetId="{i}" r:id="rId{i}"/>' for i, name in zip(numbers, names, strict=True)
    )
    return {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{overrides}</Types>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>',
        "xl/styles.xml": f'{_HEAD}<styleSheet xmlns="{_MAIN}">'
        '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
        "<fonts><font/></fonts>"
        '<fills><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
        "<borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs>"
        '<cellXfs><xf xfId="0"/><xf numFmtId="164" applyNumberFormat="1" xfId="0"/></cellXfs>'
        '<cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
    }


def _sheet(name: str, rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """One worksheet, some rows at a time, its first row frozen."""
    yield f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    yield '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    yield "</sheetView></sheetViews><sheetData>"
    waiting: list[str] = []
    for number, row in enumerate(rows, start=1):
        if number > SHEET_ROWS:
            raise _too_much(name, f"has more rows than the {SHEET_ROWS:,} of a sheet")
        try:
            waiting.append(f"<row>{''.join([_cell(value) for value in row])}</row>")
        except _LongTextError as error:
            told = f"holds a text of {error} characters in row {number:,}, a cell at most {CELL:,}"
            raise _too_much(name, told) from None
        if len(waiting) == ROWS_AT_ONCE:
            yield "".join(waiting)
            waiting.clear()
    yield "".join(waiting)
    yield "</sheetData></worksheet>"


class _LongTextError(Exception):
    """A text is too long for a cell; its length."""


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{value:d}</v></c>'
    if isinstance(value, float):
        return f"<c><v>{value!r}</v></c>" if math.isfinite(value) else "<c/>"
    if isinstance(value, int) and abs(value) < EXACT:
        return f"<c><v>{value}</v></c>"
    if isinstance(value, dt.date) and value >= _FIRST_DAY:
        return f'<c s="{_DATE_STYLE}"><v>{(value - _DAY_0).days}</v></c>'
    return _text_cell(str(value))


def _text_cell(text: str) -> str:
    if len(text) > CELL // 2 and (units := len(text.encode("utf-16-le")) // 2) > CELL:
        raise _LongTextError(f"{units:,}")
    if _SPECIAL.search(text):
        text = escape(_NOT_XML.sub("\ufffd", text))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
