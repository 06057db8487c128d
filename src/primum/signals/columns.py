"""What does a table of signals hold: counts, statistics and caveats of each pair, column by column?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import numpy as np

from primum import notebook
from primum.errors import CountError, UnknownNameError
from primum.provenance import Method
from primum.signals.ebgm_prior import EbgmFit
from primum.terms import BoolArray, Coded, FloatArray, IntArray, StrArray

STANDS_OUT: Final = "lower bound of IC above 0 and false discovery rate at most 5 %"
"""The threshold of pictures and of what is counted on the screen; every pair is in the table either way."""


SCHEMA: Final = "primum.signals/1"


def stands_out(ic_lower: FloatArray, fdr: FloatArray) -> BoolArray:
    """Which pairs `STANDS_OUT` speaks of; none where a value is missing."""
    found: BoolArray = (ic_lower > 0) & (fdr <= 0.05)
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SignalTable:
    """Counts and statistics of each pair; the order of the fields is the order of the columns.

    Args:
        drug: name of the drug or cohort.
        event: name of the event.
        observed: distinct reports with both.
        drug_reports: distinct reports with the drug.
        event_reports: distinct reports with the event.
        total_reports: all distinct reports of cohort and comparator.
        expected: reports expected under independence, stratified where strata were counted.
        prr: proportional reporting ratio, with `prr_lower` and `prr_upper`.
        ror: reporting odds ratio, with `ror_lower` and `ror_upper`.
        ic: information component in bits, with `ic_lower` and `ic_upper`.
        ebgm: empirical Bayes geometric mean, with its 5 % and 95 % quantiles `eb05` and `eb95`.
        chi2: chi-square with Yates' correction.
        p_midp: one-sided mid-p for more reports than expected.
        fdr: Benjamini-Hochberg adjusted `p_midp` over the rows of this table.
        bin: what kind of term the event is (`harm`, `indication`, `product_quality` ...); empty where none was given.
        warnings: caveats of the row: those given, and the reason of every empty or special value.
        more: further columns by name, of methods asked for beyond the default.
        level: of the intervals of prr, ror and ic.
        methods: how each number was computed, for the methods section.
        ebgm_fit: the certificate of the prior; None when EBGM was not asked for or no cell could be fitted.
        unit: what is counted.
        cohort: text form of the cohort.
        comparator: text form of what it is compared with.
        snapshot: hash of the store it was counted from.
        notes: caveats of the whole table.
        coded: columns of texts by number, where they are known so; `drug` and `event` in the order of their names.

    A column that was not asked for holds nothing but not-a-number; `methods` says which were.
    """

    drug: StrArray
    event: StrArray
    observed: IntArray
    drug_reports: IntArray
    event_reports: IntArray
    total_reports: IntArray
    expected: FloatArray
    prr: FloatArray
    prr_lower: FloatArray
    prr_upper: FloatArray
    ror: FloatArray
    ror_lower: FloatArray
    ror_upper: FloatArray
    ic: FloatArray
    ic_lower: FloatArray
    ic_upper: FloatArray
    ebgm: FloatArray
    eb05: FloatArray
    eb95: FloatArray
    chi2: FloatArray
    p_midp: FloatArray
    fdr: FloatArray
    bin: StrArray
    warnings: StrArray
    more: Mapping[str, FloatArray] = field(default_factory=dict)
    level: float = 0.95
    methods: tuple[Method, ...] = ()
    ebgm_fit: EbgmFit | None = None
    unit: str = "reports"
    cohort: str = ""
    comparator: str = ""
    snapshot: str = ""
    notes: tuple[str, ...] = ()
    coded: Mapping[str, Coded] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, column in self.columns().items():
            if column.shape != self.observed.shape:
                raise CountError(f"Column {name} has shape {column.shape}; expected that of observed.")

    def __len__(self) -> int:
        return len(self.observed)

    @property
    def schema(self) -> str:
        """Name and version of the form that is written."""
        return SCHEMA

    def columns(self) -> dict[str, np.ndarray[Any, Any]]:
        """Every column under its name, in order."""
        return {name: getattr(self, name) for name in COLUMNS} | dict(self.more)

    def columns_of(self, rows: slice) -> dict[str, np.ndarray[Any, Any] | Coded]:
        """Columns of some rows, texts by number where they are known so; what `Scores` gives of every pair."""
        known = self.coded
        return {n: known[n].take(rows) if n in known else column[rows] for n, column in self.columns().items()}

    def take(self, rows: np.ndarray[Any, Any]) -> SignalTable:
        """The same table with some rows, in the order given (positions or a mask); nothing is computed again."""
        return replace(
            self,
            **{name: getattr(self, name)[rows] for name in COLUMNS},
            more={name: column[rows] for name, column in self.more.items()},
            coded={name: column.take(rows) for name, column in self.coded.items()},
        )

    def ranked(self, by: str = "ic_lower") -> SignalTable:
        """Rows with the largest value of a column first; see `order`."""
        return self.take(self.order(by))

    def order(self, by: str = "ic_lower") -> IntArray:
        """Positions of the rows, the largest value of a column first, empty ones last, ties by drug and event.

        Raises:
            UnknownNameError: the table has no such column of numbers.
        """
        columns = self.columns()
        numbers = [name for name, column in columns.items() if column.dtype.kind in "if"]
        if by not in numbers:
            raise UnknownNameError.of("column of numbers", by, numbers)
        key = -columns[by].astype(np.float64)  # not-a-number sorts last
        drug, event = (
            self.coded[n].code if n in self.coded else getattr(self, n).astype(str) for n in ("drug", "event")
        )
        return np.lexsort((event, drug, key))

    def _repr_html_(self) -> str:
        """In a notebook: the first rows as they stand, the measures that were computed, and what holds for all."""
        made = {head: names for head, names in _SHOWN.items() if not np.isnan(getattr(self, names[0])).all()}
        rows = []
        for row in range(min(len(self), notebook.ROWS)):
            cells = [str(self.drug[row]), str(self.event[row]), notebook.number(int(self.observed[row]))]
            for names in made.values():
                value, *ends = (notebook.number(float(getattr(self, name)[row])) for name in names)
                cells.append(f"{value} ({' to '.join(ends)})" if ends and value != "not known" else value)
            rows.append([*cells, str(self.warnings[row])])
        counted = f"{self.cohort or 'all reports'}, compared with {self.comparator or 'everything else'}"
        below = [
            f"{counted}. {len(self):,} pairs, {len(rows)} shown; intervals of {100 * self.level:g} %, EBGM 5 to 95 %.",
            "Reports are questions: they are no rate, and none of them says that the drug did it.",
            *self.notes,
        ]
        heads = ["drug", "event", self.unit, *made, "caveats"]
        return notebook.table("Reported together, against what is expected", heads, rows, below=below)

    def metadata(self) -> dict[str, Any]:
        """What is true of the whole table, as plain data."""
        return {
            "unit": self.unit,
            "cohort": self.cohort,
            "comparator": self.comparator,
            "snapshot": self.snapshot,
            "level": self.level,
            "threshold": STANDS_OUT if {"ic", "fdr"} <= {method.id for method in self.methods} else None,
            "pairs": len(self),
            "methods": [
                {"id": m.id, "label": m.label, "formula": m.formula, "citation": m.citation} for m in self.methods
            ],
            "ebgm_fit": None if self.ebgm_fit is None else self.ebgm_fit.as_json(),
            "notes": list(self.notes),
        }


_SHOWN: Final[Mapping[str, tuple[str, ...]]] = {  # columns of a notebook's table: a value and its bounds
    "expected": ("expected",),
    "PRR": ("prr", "prr_lower", "prr_upper"),
    "ROR": ("ror", "ror_lower", "ror_upper"),
    "IC": ("ic", "ic_lower", "ic_upper"),
    "EBGM": ("ebgm", "eb05", "eb95"),
}
COLUMNS: Final = tuple(f.name for f in fields(SignalTable))[: [f.name for f in fields(SignalTable)].index("more")]
