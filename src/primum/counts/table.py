"""How many reports hold a drug, an event, both: the only form in which people become numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from primum.counts.kinds import Kinds, kinds_of
from primum.errors import CountError
from primum.terms import Coded, FloatArray, IntArray, StrArray


@dataclass(frozen=True, kw_only=True, eq=False)
class CountTable:
    r"""Counts of distinct reports per drug-event pair of a cohort.

    With the usual four cells a, b, c, d of a pair: `observed` is a, `drug_reports` is a + b, `event_reports` is
    a + c and `total_reports` is a + b + c + d. All are **distinct reports**; no margin is a sum over pairs.

    Args:
        drug: name of the drug (or cohort) of each pair; shape `(pairs,)`.
        event: name of the event of each pair; shape `(pairs,)`.
        observed: reports with both; shape `(pairs,)`.
        drug_reports: reports with the drug; shape `(pairs,)`.
        event_reports: reports with the event; shape `(pairs,)`.
        total_reports: all reports of cohort and comparator.
        expected: reports expected under independence; None means `drug_reports * event_reports / total_reports`,
            a stratified expectation is given explicitly.
        unit: what is counted.
        cohort: text form of the cohort counted.
        comparator: text form of what it is compared with; `everything else` by default.
        snapshot: hash of the store it was counted from.
        coded: `drug` and `event` by number, in the order of their names, where they were counted so; it spares whoever
            sorts or writes millions of rows the texts.

    Raises:
        CountError: shapes differ, a count is negative, a pair exceeds its margin, or a margin exceeds the total.
    """

    drug: StrArray
    event: StrArray
    observed: IntArray
    drug_reports: IntArray
    event_reports: IntArray
    total_reports: int
    expected: FloatArray | None = None
    unit: str = "reports"
    cohort: str = ""
    comparator: str = "everything else"
    snapshot: str = ""
    coded: Mapping[str, Coded] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = self.observed.shape
        for name in ("drug", "event", "drug_reports", "event_reports"):
            if getattr(self, name).shape != shape:
                raise CountError(f"{name} has shape {getattr(self, name).shape}; expected that of observed, {shape}.")
        for name in ("observed", "drug_reports", "event_reports"):
            if np.any(getattr(self, name) < 0):
                raise CountError(f"{name} holds a negative count; counts of reports are at least 0.")
        self._check(self.observed > self.drug_reports, "more reports with drug and event than with the drug")
        self._check(self.observed > self.event_reports, "more reports with drug and event than with the event")
        outside = self.drug_reports + self.event_reports - self.observed > self.total_reports
        self._check(outside, "more reports with drug or event than reports in all")

    def _check(self, bad: np.ndarray, what: str) -> None:
        if np.any(bad):
            i = int(np.argmax(bad))
            raise CountError(
                f"Pair {self.drug[i]} - {self.event[i]}: {what} (observed {self.observed[i]}, "
                f"drug {self.drug_reports[i]}, event {self.event_reports[i]}, total {self.total_reports}). "
                "Margins must be distinct reports."
            )

    @cached_property
    def kinds(self) -> Kinds:
        """The pairs with the same three counts, each once; every unstratified statistic is a function of these."""
        return kinds_of(self.observed, self.drug_reports, self.event_reports)

    @property
    def expected_reports(self) -> FloatArray:
        """Reports expected under independence, stratified where strata were given; 0 where the total is 0."""
        if self.expected is not None:
            return self.expected
        if self.total_reports == 0:
            return np.zeros(self.observed.shape)
        return self.drug_reports.astype(np.float64) * self.event_reports / self.total_reports

    def take(self, rows: IntArray) -> CountTable:
        """Some rows of the table, in the order given."""
        return replace(
            self,
            drug=self.drug[rows],
            event=self.event[rows],
            observed=self.observed[rows],
            drug_reports=self.drug_reports[rows],
            event_reports=self.event_reports[rows],
            expected=None if self.expected is None else self.expected[rows],
            coded={name: column.take(rows) for name, column in self.coded.items()},
        )

    def __len__(self) -> int:
        return len(self.observed)
