"""Which pairs of a count stand out: the statistics of each pair in one table, with the caveats of each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, Final, TypeVar

import numpy as np

from primum import notebook
from primum.counts.cells import CellHistogram
from primum.counts.kernel import in_threads
from primum.counts.kinds import Kinds
from primum.counts.table import CountTable
from primum.errors import CountError, UnknownNameError
from primum.provenance import Method
from primum.signals.bayes_fdr import METHOD as BAYES_FDR
from primum.signals.bayes_fdr import bayes_fdr
from primum.signals.bcpnn import METHOD as BCPNN
from primum.signals.bcpnn import bcpnn
from primum.signals.caveats import Reasons, bins_of, caveats_given, joined, reasons_of
from primum.signals.chi2 import METHOD as CHI2
from primum.signals.chi2 import REASONS as CHI2_REASONS
from primum.signals.chi2 import chi2
from primum.signals.ebgm import METHOD as EBGM
from primum.signals.ebgm import ebgm
from primum.signals.ebgm_likelihood import Cells, cells_of
from primum.signals.ebgm_prior import EbgmFit, fit_prior
from primum.signals.estimate import Estimate
from primum.signals.fdr import METHOD as FDR
from primum.signals.fdr import fdr
from primum.signals.ic import METHOD as IC
from primum.signals.ic import ic
from primum.signals.masking import METHOD as MASKING
from primum.signals.masking import masking
from primum.signals.midp import METHOD as MIDP
from primum.signals.midp import METHOD_POISSON as MIDP_POISSON
from primum.signals.midp import midp, midp_poisson
from primum.signals.prr import METHOD as PRR
from primum.signals.prr import prr
from primum.signals.ror import METHOD as ROR
from primum.signals.ror import ror
from primum.signals.rrr import METHOD as RRR
from primum.signals.rrr import rrr
from primum.terms import BoolArray, Coded, FloatArray, IntArray, StrArray

DEFAULT_METHODS: Final = ("prr", "ror", "ic", "ebgm", "chi2", "midp", "fdr")
MORE_METHODS: Final = ("rrr", "bcpnn", "masking", "bayes_fdr")
_NEEDS: Final = {"fdr": "midp", "bayes_fdr": "ebgm"}  # a method that stands on another brings it along
ROWS_AT_ONCE: Final = 65_536
T = TypeVar("T")


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
        bin: what kind of term the event is (`harm`, `indication`, `quality` ...); empty where none was given.
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


@dataclass(slots=True)
class _Draft:
    """A table while its methods run one after the other, on each kind of pair once.

    Args:
        rows: the pairs.
        counts: the kinds of pairs; without a name, for a statistic does not depend on names.
        weight: pairs of each kind; None: one each.
        cells: what a prior is fitted on.
        level: of the intervals.
    """

    rows: CountTable
    counts: CountTable
    weight: IntArray | None
    cells: CellHistogram | None
    level: float
    columns: dict[str, FloatArray] = field(default_factory=dict)
    reasons: list[Reasons] = field(default_factory=list)
    methods: list[Method] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fit: EbgmFit | None = None

    @property
    def margins(self) -> tuple[IntArray, IntArray, IntArray, int]:
        """What the fourfold methods take."""
        counts = self.counts
        return counts.observed, counts.drug_reports, counts.event_reports, counts.total_reports

    def add(self, method: Method, estimate: Estimate, names: tuple[str, str, str]) -> None:
        """Take over value, lower and upper under three names."""
        columns = (estimate.value, estimate.lower, estimate.upper)
        self.columns.update(zip(names, columns, strict=True))
        self.reasons.append((method.id, estimate.reason_code, estimate.reasons))
        self.methods.append(method)


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

    def metadata(self) -> dict[str, Any]:
        """What is true of the whole table, as plain data."""
        return {**self.about.metadata(), "pairs": len(self)}

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


def score(
    counts: CountTable,
    *,
    cells: CellHistogram | None = None,
    methods: Sequence[str] = DEFAULT_METHODS,
    level: float = 0.95,
    bins: Mapping[str, str] | StrArray | None = None,
    warnings: str | Sequence[str] | StrArray = "",
) -> Scores:
    """Compute the statistics of each pair of a count; arguments and errors are those of `signal_table`."""
    rows = _in_order(methods)
    kinds = counts.kinds if counts.expected is None else None
    of_kinds = counts if kinds is None else _without_names(counts, kinds)
    draft = _Draft(counts, of_kinds, None if kinds is None else kinds.weight, cells, level)
    given, bin_of_row = caveats_given(warnings, len(counts)), bins_of(counts, bins)
    for name in rows:
        _RUN[name](draft)
    nothing: dict[str, Any] = dict.fromkeys(COLUMNS, np.zeros(0))
    about = SignalTable(
        **nothing,
        level=level,
        methods=tuple(draft.methods),
        ebgm_fit=draft.fit,
        unit=counts.unit,
        cohort=counts.cohort,
        comparator=counts.comparator,
        snapshot=counts.snapshot,
        notes=tuple(draft.notes),
    )
    return Scores(
        counts=counts,
        kinds=kinds,
        columns={"expected": of_kinds.expected_reports, **draft.columns},
        reasons=reasons_of(len(of_kinds), draft.reasons),
        bins=bin_of_row,
        given=given,
        about=about,
    )


def signal_table(
    counts: CountTable,
    *,
    cells: CellHistogram | None = None,
    methods: Sequence[str] = DEFAULT_METHODS,
    level: float = 0.95,
    bins: Mapping[str, str] | StrArray | None = None,
    warnings: str | Sequence[str] | StrArray = "",
) -> SignalTable:
    """Compute the statistics of each pair of a count.

    Args:
        counts: distinct reports of each pair. `drug_reports`, `event_reports` and `total_reports` are margins of the
            cohort and its comparator together.
        cells: all cells of the population that the EBGM prior is to be learned from, never-seen ones included. Without
            it the prior is fitted on the cells that this table spans, and a note says so.
        methods: which of `DEFAULT_METHODS` and `MORE_METHODS`; `fdr` brings `midp` along, `bayes_fdr` brings `ebgm`.
        level: of the intervals of prr, ror and ic, in (0, 1). EB05 and EB95 stay what their names say.
        bins: kind of term, by event, or one a row.
        warnings: caveats already known, one a row or one for all; the reasons of empty values are added to them.

    Returns:
        The table, rows in the order of `counts`.

    Raises:
        UnknownNameError: a method that does not exist.
        CountError: `warnings` or `bins` do not have one value a row, or counts that cannot be.

    Examples:
        >>> table = example()
        >>> table.ror.round(2).tolist(), table.ic_lower.round(2).tolist()
        ([7.82, 1.24], [0.6, -2.38])
    """
    return score(counts, cells=cells, methods=methods, level=level, bins=bins, warnings=warnings).table()


def needs_cells(methods: Sequence[str]) -> bool:
    """Whether any of the methods learns from all cells of the population.

    Examples:
        >>> needs_cells(["bayes_fdr"]), needs_cells(["ror"])
        (True, False)
    """
    return "ebgm" in {*methods, *(_NEEDS.get(name, "") for name in methods)}


def example() -> SignalTable:
    """A SYNTHETIC table of two pairs, for examples in docstrings and documentation."""
    counts = CountTable(
        drug=np.array(["A", "A"], dtype=object),
        event=np.array(["rash", "pain"], dtype=object),
        observed=np.array([8, 2]),
        drug_reports=np.array([20, 20]),
        event_reports=np.array([30, 25]),
        total_reports=300,
        cohort="SYNTHETIC",
    )
    return signal_table(counts)


def _without_names(counts: CountTable, kinds: Kinds) -> CountTable:
    """The kinds of pairs as a count of their own."""
    nameless = np.broadcast_to(np.array("", dtype=object), (len(kinds),))
    return replace(
        counts,
        drug=nameless,
        event=nameless,
        observed=kinds.observed,
        drug_reports=kinds.drug_reports,
        event_reports=kinds.event_reports,
        coded={},
    )


def _in_order(methods: Sequence[str]) -> list[str]:
    known = (*DEFAULT_METHODS, *MORE_METHODS)
    for name in methods:
        if name not in known:
            raise UnknownNameError.of("method", name, known)
    wanted = {*methods, *(_NEEDS[name] for name in methods if name in _NEEDS)}
    return [name for name in known if name in wanted]


def _in_blocks(method: Callable[..., T], *given: IntArray | FloatArray | int) -> list[T]:
    """A method of rows, some rows at a time: what it works on stays near the processor, and the others help."""
    rows = max(len(column) for column in given if isinstance(column, np.ndarray))
    starts = range(0, max(rows, 1), ROWS_AT_ONCE)

    def of_block(first: int) -> T:
        some = slice(first, first + ROWS_AT_ONCE)
        return method(*(column[some] if isinstance(column, np.ndarray) else column for column in given))

    return in_threads(of_block, starts)


def _estimate(method: Callable[..., Estimate], *given: IntArray | FloatArray | int, level: float) -> Estimate:
    """An estimate of every row, computed block by block."""
    parts = _in_blocks(partial(method, level=level), *given)
    return Estimate(
        lower=np.concatenate([part.lower for part in parts]),
        value=np.concatenate([part.value for part in parts]),
        upper=np.concatenate([part.upper for part in parts]),
        level=level,
        reason_code=np.concatenate([part.reason_code for part in parts]),
        reasons=parts[0].reasons,
    )


def _run_prr(draft: _Draft) -> None:
    draft.add(PRR, _estimate(prr, *draft.margins, level=draft.level), ("prr", "prr_lower", "prr_upper"))


def _run_ror(draft: _Draft) -> None:
    draft.add(ROR, _estimate(ror, *draft.margins, level=draft.level), ("ror", "ror_lower", "ror_upper"))


def _run_ic(draft: _Draft) -> None:
    estimate = _estimate(ic, draft.counts.observed, draft.counts.expected_reports, level=draft.level)
    draft.add(IC, estimate, ("ic", "ic_lower", "ic_upper"))


def _run_rrr(draft: _Draft) -> None:
    estimate = _estimate(rrr, draft.counts.observed, draft.counts.expected_reports, level=draft.level)
    draft.add(RRR, estimate, ("rrr", "rrr_lower", "rrr_upper"))


def _run_bcpnn(draft: _Draft) -> None:
    draft.add(BCPNN, _estimate(bcpnn, *draft.margins, level=draft.level), ("bcpnn", "bcpnn_lower", "bcpnn_upper"))


def _run_masking(draft: _Draft) -> None:
    estimate = _estimate(masking, *draft.margins, level=draft.level)
    draft.add(MASKING, estimate, ("masking", "masking_lower", "masking_upper"))


def _run_bayes_fdr(draft: _Draft) -> None:
    counts, nothing = draft.counts, np.full(len(draft.counts), np.nan)
    draft.columns["p_null"], draft.columns["bayes_fdr"] = nothing, nothing
    draft.methods.append(BAYES_FDR)
    if draft.fit is not None:  # else the reason of ebgm stands in every row
        found = bayes_fdr(counts.observed, counts.expected_reports, fit=draft.fit, weight=draft.weight)
        draft.columns["p_null"], draft.columns["bayes_fdr"] = found.p_null, found.fdr


def _run_chi2(draft: _Draft) -> None:
    parts = _in_blocks(chi2, *draft.margins)
    draft.columns["chi2"], code = (np.concatenate(column) for column in zip(*parts, strict=True))
    draft.reasons.append(("chi2", code, CHI2_REASONS))
    draft.methods.append(CHI2)


def _run_midp(draft: _Draft) -> None:
    counts = draft.counts
    if counts.expected is None:
        draft.columns["p_midp"] = np.concatenate(_in_blocks(midp, *draft.margins))
        draft.methods.append(MIDP)
    else:
        draft.columns["p_midp"] = np.concatenate(_in_blocks(midp_poisson, counts.observed, counts.expected))
        draft.methods.append(MIDP_POISSON)


def _run_fdr(draft: _Draft) -> None:
    draft.columns["fdr"] = fdr(draft.columns["p_midp"], weight=draft.weight)
    draft.methods.append(FDR)


def _run_ebgm(draft: _Draft) -> None:
    counts = draft.counts
    cells = own_cells(draft.rows) if draft.cells is None else cells_from(draft.cells)
    if draft.cells is None:
        draft.notes.append(
            f"EBGM: prior fitted on the {cells.weight.sum():.0f} cells this table spans, not on all cells of the store"
        )
    if not len(cells):
        nothing = np.ones(len(counts), dtype=np.uint8)
        draft.reasons.append(("ebgm", nothing, ("", "nothing is expected in any pair: no prior can be fitted")))
        draft.methods.append(EBGM)
        return
    result = ebgm(counts.observed, counts.expected_reports, fit=fit_prior(cells))
    draft.add(EBGM, result.estimate, ("ebgm", "eb05", "eb95"))
    draft.fit = result.fit
    draft.notes += [f"EBGM: {warning}" for warning in result.fit.warnings]
    if result.fit.boundary:
        draft.notes.append(f"EBGM: the prior lies on a boundary: {result.fit.boundary}")


_RUN: Final[dict[str, Callable[[_Draft], None]]] = {
    "prr": _run_prr,
    "ror": _run_ror,
    "ic": _run_ic,
    "ebgm": _run_ebgm,
    "chi2": _run_chi2,
    "midp": _run_midp,
    "fdr": _run_fdr,
    "rrr": _run_rrr,
    "bcpnn": _run_bcpnn,
    "masking": _run_masking,
    "bayes_fdr": _run_bayes_fdr,
}


def cells_from(cells: CellHistogram) -> Cells:
    """All cells of a population in the form that the prior is fitted on."""
    zero_expected, zero_weight = cells.zero_cells()
    return cells_of(
        cells.observed, cells.expected, weight=cells.weight, zero_expected=zero_expected, zero_weight=zero_weight
    )


def own_cells(counts: CountTable) -> Cells:
    """The cells a table spans: its rows, and every pairing of its drugs and events that has no row and so no report.

    The expectation of a cell without a row is the unstratified product of its margins.
    """
    drugs = dict(zip(counts.drug.tolist(), counts.drug_reports.tolist(), strict=True))
    events = dict(zip(counts.event.tolist(), counts.event_reports.tolist(), strict=True))
    drug_margins, drug_count = np.unique(np.array(list(drugs.values()), dtype=np.int64), return_counts=True)
    event_margins, event_count = np.unique(np.array(list(events.values()), dtype=np.int64), return_counts=True)
    listed = CellHistogram(
        observed=counts.observed,
        drug_reports=counts.drug_reports,
        event_reports=counts.event_reports,
        weight=np.ones(len(counts), dtype=np.int64),
        drug_margins=drug_margins,
        drugs=drug_count,
        event_margins=event_margins,
        events=event_count,
        total_reports=counts.total_reports,
    )
    zero_expected, zero_weight = listed.zero_cells()
    return cells_of(counts.observed, counts.expected_reports, zero_expected=zero_expected, zero_weight=zero_weight)
