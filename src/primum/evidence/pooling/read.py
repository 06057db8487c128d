"""Which studies does a CSV file hold, and what is wrong with it, all at once?"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np

from primum.errors import PoolError, UnknownNameError, nearest
from primum.evidence.pooling.tables import MEASURES, TABLE_OF, Measure, Table, columns

_MOST = 2**53  # beyond it a number read from text is no longer exact


def read_table(path: Path, *, measure: Measure) -> Table:
    """Read a table of studies.

    Args:
        path: CSV in UTF-8 with a header; the columns are those of `columns(measure)`, in any order, others are ignored.
        measure: which effect it is for.

    Returns:
        The table, at least two studies.

    Raises:
        PoolError: the file cannot be read, a column is missing, a number is none or impossible, or there are fewer than
            two studies. All faults stand in one message.
    """
    if measure not in MEASURES:
        raise UnknownNameError.of("measure", measure, MEASURES)
    wanted = columns(measure)
    header, rows = _lines(path)
    _check_header(path, header, wanted)
    faults: list[str] = []
    study: list[str] = []
    numbers: dict[str, list[float]] = {name: [] for name in wanted[1:]}
    for line, row in rows:
        if len(row) != len(header):
            faults.append(f"line {line}: {len(row)} fields; expected {len(header)}, as in the header")
            continue
        record = {name: text.strip() for name, text in zip(header, row, strict=True)}
        study.append(record["study"])
        if not record["study"]:
            faults.append(f"line {line}: study is empty; expected its name")
        for name, values in numbers.items():
            value, fault = _number(record[name], name)
            values.append(value)
            if fault:
                faults.append(f"line {line}, {name}: {fault}")
        faults += _more_events(line, {name: values[-1] for name, values in numbers.items()})
    faults += [
        f'study "{name}" stands more than once' for name in sorted({s for s in study if s and study.count(s) > 1})
    ]
    if faults:
        raise PoolError.from_faults(str(path), faults)
    if len(study) < 2:
        raise PoolError.too_few(len(study))
    arrays: dict[str, Any] = {
        name: np.array(values, dtype=np.float64 if name.startswith("time") else np.int64)
        for name, values in numbers.items()
    }
    return TABLE_OF[measure](study=tuple(study), **arrays)


def _check_header(path: Path, header: list[str], wanted: tuple[str, ...]) -> None:
    other = next((mark for mark in ";\t|" if len(header) == 1 and mark in header[0]), "")
    if other:
        raise PoolError.unreadable(str(path), f"the fields seem to be separated by {other.replace(chr(9), 'tabs')}")
    faults = [
        f'no column "{name}" (the header has {", ".join(header)}){nearest(name, header)}'
        for name in wanted
        if name not in header
    ]
    repeated = [name for name in wanted if header.count(name) > 1]
    faults += [f'column "{name}" stands {header.count(name)} times; expected once' for name in repeated]
    if faults:
        raise PoolError.from_faults(str(path), faults)


def _lines(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, row) for row in reader if any(field.strip() for field in row)]
    except FileNotFoundError:
        raise PoolError.unreadable(str(path), "no such file") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = "bytes that are no UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise PoolError.unreadable(str(path), why) from error
    if not rows:
        raise PoolError.unreadable(str(path), "an empty file")
    return [name.strip() for name in rows[0][1]], rows[1:]


def _number(text: str, name: str) -> tuple[float, str]:
    """The number, and what is wrong with it."""
    whole = not name.startswith("time")
    least = 0 if name.startswith("events") else 1
    expected = f"a whole number of at least {least}" if whole else "a number above 0"
    try:
        value = float(text)
    except ValueError:
        return math.nan, f'"{text}"; expected {expected}'
    possible = math.isfinite(value) and (least <= value < _MOST and value == math.floor(value) if whole else value > 0)
    if not possible:
        return math.nan, f"{text}; expected {expected}"
    return value, ""


def _more_events(line: int, row: dict[str, float]) -> list[str]:
    pairs = [(name, name.replace("events", "n", 1)) for name in row if name.startswith("events")]
    return [
        f"line {line}: {row[events]:g} in {events} but {row[n]:g} in {n}; expected people with the event, not episodes"
        for events, n in pairs
        if n in row and row[events] > row[n]
    ]
