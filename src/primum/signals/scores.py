"""How are the statistics of millions of pairs kept, when most pairs share their counts with others?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from primum.counts.kinds import Kinds
from primum.counts.table import CountTable
from primum.errors import CountError, UnknownNameError
from primum.provenance import Method
from primum.signals.caveats import Reasons, joined, reasons_of
from primum.signals.columns import COLUMNS, SignalTable, stands_out
from primum.signals.estimate import Estimate
from primum.terms import BoolArray, Coded, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """The statistics of every pair, kept once for each kind of pair: rows are spelt out when they are asked for.

    A table of 17 million pairs takes 3 GB; its 8 million kinds and the kind of each pair take half of that, and whoever
    writes or ranks the table needs some rows at a time.

    Args:
        counts: the pairs.
        kinds: the pairs with the same three counts; None where every pair is its own kind.
        columns: the statistics of each kind, by name, `expected` included.
        reasons: why a value of a kind is empty or special.
        bins: kind of term of each pair.
        given: caveats given of each pair.
        about: a table without a row, which holds what is true of all rows.
    """

    counts: CountTable
    kinds: Kinds | None
    columns: Mapping[str, FloatArray]
    reasons: Coded
    bins: Coded
    given: Coded
    about: SignalTable

    def __len__(self) -> int:
        return len(self.counts)

    def with_estimate(self, method: Method, estimate: Estimate, names: tuple[str, str, str]) -> Scores:
        """The same scores with a statistic of each row beside them, of pairs that are their own kinds.

        Raises:
            CountError: the pairs are not their own kinds.
        """
        if self.kinds is not None:
            raise CountError("A statistic of each row was given to scores of kinds; give the counts an expectation.")
        values = dict(zip(names, (estimate.value, estimate.lower, estimate.upper), strict=True))
        reasons = reasons_of(len(self), [(method.id, estimate.reason_code, estimate.reasons)])
        return replace(
            self,
            columns={**self.columns, **values},
            reasons=joined(self.reasons, reasons),
            about=replace(self.about, methods=(*self.about.methods, method), more={n: np.zeros(0) for n in values}),
        )

    def with_column(self, name: str, values: FloatArray, reasons: Reasons) -> Scores:
        """The same scores with one more number of each row, and why it is empty where it is.

        Raises:
            CountError: the pairs are not their own kinds.
        """
        if self.kinds is not None:
            raise CountError(f"{name} of each row was given to scores of kinds; give the counts an expectation.")
        return replace(
            self,
            columns={**self.columns, name: values},
            reasons=joined(self.reasons, reasons_of(len(self), [reasons])),
            about=replace(self.about, more={**self.about.more, name: np.zeros(0)}),
        )

    @property
    def schema(self) -> str:
        """Name and version of the form that is written."""
        return self.about.schema

    def metadata(self) -> dict[str, Any]:
        """What is true of the whole table, as plain data."""
        return {**self.about.metadata(), "pairs": len(self)}

    def standing_out(self) -> int | None:
        """How many pairs reach `primum.signals.columns.STANDS_OUT`; None where IC or FDR was not asked for."""
        if self.about.metadata()["threshold"] is None:
            return None
        found = stands_out(self.columns["ic_lower"], self.columns["fdr"])
        return int(found.sum() if self.kinds is None else self.kinds.weight[found].sum())

    def columns_of(self, rows: slice | IntArray) -> dict[str, np.ndarray[Any, Any] | Coded]:
        """Columns of some rows, in the order of the table; texts by number where they are known so."""
        counts, kind = self.counts, rows if self.kinds is None else self.kinds.of_pair[rows]
        observed = counts.observed[rows]
        nothing = np.full(len(observed), np.nan)
        given: dict[str, np.ndarray[Any, Any] | Coded] = {
            "drug": counts.coded["drug"].take(rows) if "drug" in counts.coded else counts.drug[rows],
            "event": counts.coded["event"].take(rows) if "event" in counts.coded else counts.event[rows],
            "observed": observed,
            "drug_reports": counts.drug_reports[rows],
            "event_reports": counts.event_reports[rows],
            "total_reports": np.full(len(observed), counts.total_reports, dtype=np.int64),
            "bin": self.bins.take(rows),
            "warnings": joined(self.given.take(rows), self.reasons.take(kind)),
        }
        numbers = {name: column[kind] for name, column in self.columns.items()}
        return {name: given.get(name, numbers.get(name, nothing)) for name in (*COLUMNS, *self._more)}

    def table(self, rows: slice | IntArray | None = None) -> SignalTable:
        """Rows of the table, in the order given.

        Args:
            rows: their positions; None: all of them.
        """
        columns = self.columns_of(slice(None) if rows is None else rows)
        coded = {name: column for name, column in columns.items() if isinstance(column, Coded)}
        spelt: dict[str, Any] = {name: coded[name].texts if name in coded else columns[name] for name in columns}
        more = {name: spelt.pop(name) for name in self._more}
        return replace(self.about, **spelt, more=more, coded=coded)

    @property
    def _more(self) -> list[str]:
        return [name for name in self.columns if name not in COLUMNS]

    def order(self, by: str = "ic_lower", *, among: BoolArray | None = None, most: int | None = None) -> IntArray:
        """Positions of rows, the largest value of a column first, empty ones last, ties in the order of the rows.

        Args:
            by: column of numbers.
            among: rows to take; None: all of them.
            most: how many of them are wanted at most; None: all of them.

        Raises:
            UnknownNameError: the table has no such column of numbers.
        """
        kinds = self.kinds
        given = {
            "observed": self.counts.observed if kinds is None else kinds.observed,
            "drug_reports": self.counts.drug_reports if kinds is None else kinds.drug_reports,
            "event_reports": self.counts.event_reports if kinds is None else kinds.event_reports,
            **self.columns,
        }
        if by not in given:
            raise UnknownNameError.of("column of numbers", by, given)
        _, rank = np.unique(-given[by].astype(np.float64), return_inverse=True)  # not-a-number sorts last
        key = rank if kinds is None else rank[kinds.of_pair]
        key = key * max(len(self), 1) + np.arange(len(self))  # no two are equal, so any sort keeps ties in order
        key = key if among is None else key[among]
        if most is not None and most < len(key):
            key = np.partition(key, most)[:most]
        found: IntArray = np.sort(key) % max(len(self), 1)
        return found
