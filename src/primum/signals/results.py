"""How does an answer that is no signal table travel: its columns, and what is true of all its rows?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from primum.errors import CountError
from primum.provenance import Method
from primum.signals.estimate import Estimate
from primum.terms import BoolArray, FloatArray, IntArray, StrArray

Column = np.ndarray[Any, Any]


class Tabular(Protocol):
    """What can be written as JSON, CSV, Parquet and a spreadsheet."""

    def __len__(self) -> int: ...

    @property
    def schema(self) -> str:
        """Name and version of the form, such as `primum.signals/1`."""

    def columns(self) -> dict[str, Column]:
        """Every column under its name, in order."""

    def metadata(self) -> dict[str, Any]:
        """What is true of the whole table, as plain data."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResultTable:
    """Columns of one length, and what is true of all rows.

    Args:
        schema: name and version of the form, such as `primum.interactions/1`.
        column: by name, in order: texts, whole numbers, or numbers that may be missing; each of shape `(rows,)`.
        about: what was asked, as plain data.
        methods: how the numbers were computed.
        notes: caveats of the whole table.

    Raises:
        CountError: columns of different lengths.

    Examples:
        >>> column = {"n": np.array([1, 3, 2])}
        >>> table = ResultTable(schema="primum.example/1", column=column, about={}, methods=(), notes=())
        >>> table.ranked("n").columns()["n"].tolist()
        [3, 2, 1]
    """

    schema: str
    column: Mapping[str, Column]
    about: Mapping[str, Any]
    methods: tuple[Method, ...]
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        lengths = {name: len(column) for name, column in self.column.items()}
        if len(set(lengths.values())) > 1:
            raise CountError(f"Columns have the lengths {lengths}; expected one length.")

    def __len__(self) -> int:
        return len(next(iter(self.column.values())))

    def columns(self) -> dict[str, Column]:
        """Every column under its name, in order."""
        return dict(self.column)

    def columns_of(self, rows: slice) -> dict[str, Column]:
        """Columns of some rows."""
        return {name: column[rows] for name, column in self.column.items()}

    def metadata(self) -> dict[str, Any]:
        """What is true of the whole table, as plain data."""
        methods = [{"id": m.id, "label": m.label, "formula": m.formula, "citation": m.citation} for m in self.methods]
        return {**self.about, "rows_in_all": len(self), "methods": methods, "notes": list(self.notes)}

    def take(self, rows: IntArray | BoolArray) -> ResultTable:
        """The same table with some rows, in the order given (positions or a mask)."""
        return replace(self, column={name: column[rows] for name, column in self.column.items()})

    def ranked(self, *by: str) -> ResultTable:
        """Rows with the largest value of a column first, empty ones last; ties by the next, then as they were."""
        keys = [np.where(np.isnan(values), np.inf, -values) for values in (self.column[n].astype(float) for n in by)]
        return self.take(np.lexsort(tuple(reversed(keys))))


def with_bounds(name: str, estimate: Estimate) -> dict[str, FloatArray]:
    """Value and bounds of an estimate as three columns."""
    return {name: estimate.value, f"{name}_lower": estimate.lower, f"{name}_upper": estimate.upper}


def why_empty(rows: int, reasons: Sequence[tuple[str, StrArray]]) -> StrArray:
    """The reasons of several statistics as one text a row.

    Examples:
        >>> why_empty(2, [("omega", np.array(["", "no report"], dtype=object))]).tolist()
        ['', 'omega: no report']
    """
    told = np.empty(rows, dtype=object)
    for row in range(rows):
        told[row] = "; ".join(f"{name}: {texts[row]}" for name, texts in reasons if texts[row])
    return told
