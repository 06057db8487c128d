"""How do the methods run on a count, one after the other, each pair of equal counts once?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np

from primum.counts.cells import CellHistogram
from primum.counts.compiled import import_compiler
from primum.counts.table import CountTable
from primum.errors import UnknownNameError
from primum.provenance import Method
from primum.signals.bayes_fdr import METHOD as BAYES_FDR
from primum.signals.bayes_fdr import bayes_fdr
from primum.signals.bcpnn import METHOD as BCPNN
from primum.signals.bcpnn import bcpnn
from primum.signals.caveats import Reasons
from primum.signals.chi2 import METHOD as CHI2
from primum.signals.chi2 import REASONS as CHI2_REASONS
from primum.signals.chi2 import chi2
from primum.signals.ebgm import METHOD as EBGM
from primum.signals.ebgm import ebgm
from primum.signals.ebgm_prior import EbgmFit, fit_prior
from primum.signals.estimate import Estimate, estimated, in_blocks
from primum.signals.fdr import METHOD as FDR
from primum.signals.fdr import fdr
from primum.signals.ic import METHOD as IC
from primum.signals.ic import ic
from primum.signals.lrt import METHOD as LRT
from primum.signals.lrt_of_rows import ONE_DRUG, lrt_of_rows
from primum.signals.lrt_zero_inflated import METHOD as LRT_ZERO_INFLATED
from primum.signals.masking import METHOD as MASKING
from primum.signals.masking import masking
from primum.signals.midp import METHOD as MIDP
from primum.signals.midp import METHOD_POISSON as MIDP_POISSON
from primum.signals.midp import midp, midp_poisson
from primum.signals.prior_cells import cells_from, own_cells
from primum.signals.prr import METHOD as PRR
from primum.signals.prr import prr
from primum.signals.ror import METHOD as ROR
from primum.signals.ror import ror
from primum.signals.rrr import METHOD as RRR
from primum.signals.rrr import rrr
from primum.terms import FloatArray, IntArray

DEFAULT_METHODS: Final = ("prr", "ror", "ic", "ebgm", "chi2", "midp", "fdr")
MORE_METHODS: Final = ("rrr", "bcpnn", "masking", "bayes_fdr", *ONE_DRUG)
_WORTH_COMPILING: Final = 3_000_000  # pairs: mid-p alone then gains more time than importing numba takes
_NEEDS: Final = {"fdr": "midp", "bayes_fdr": "ebgm"}  # a method that stands on another brings it along


COLUMNS_OF: Final[dict[str, tuple[str, ...]]] = {
    "prr": ("prr", "prr_lower", "prr_upper"),
    "ror": ("ror", "ror_lower", "ror_upper"),
    "ic": ("ic", "ic_lower", "ic_upper"),
    "ebgm": ("ebgm", "eb05", "eb95"),
    "chi2": ("chi2",),
    "midp": ("p_midp",),
    "fdr": ("fdr",),
    "rrr": ("rrr", "rrr_lower", "rrr_upper"),
    "bcpnn": ("bcpnn", "bcpnn_lower", "bcpnn_upper"),
    "masking": ("masking", "masking_lower", "masking_upper"),
    "bayes_fdr": ("p_null", "bayes_fdr"),
    "lrt": ("lrt", "p_lrt"),
    "lrt_zero_inflated": ("lrt_zero_inflated", "p_lrt_zero_inflated"),
}
"""The columns that a method fills."""


@dataclass(slots=True)
class Draft:
    """A table while its methods run one after the other, on each kind of pair once.

    Args:
        rows: the pairs.
        counts: the kinds of pairs; without a name, for a statistic does not depend on names.
        weight: pairs of each kind; None: one each.
        cells: what a prior is fitted on, unless it is given.
        level: of the intervals.
        fit: the prior, given or fitted.
        of_event: reports of each event of the population; None where only those of the rows are known.
    """

    rows: CountTable
    counts: CountTable
    weight: IntArray | None
    cells: CellHistogram | None
    level: float
    fit: EbgmFit | None = None
    of_event: IntArray | None = None
    columns: dict[str, FloatArray] = field(default_factory=dict)
    reasons: list[Reasons] = field(default_factory=list)
    methods: list[Method] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

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


def _run_prr(draft: Draft) -> None:
    draft.add(PRR, prr(*draft.margins, level=draft.level), ("prr", "prr_lower", "prr_upper"))


def _run_ror(draft: Draft) -> None:
    draft.add(ROR, ror(*draft.margins, level=draft.level), ("ror", "ror_lower", "ror_upper"))


def _run_ic(draft: Draft) -> None:
    estimate = ic(draft.counts.observed, draft.counts.expected_reports, level=draft.level)
    draft.add(IC, estimate, ("ic", "ic_lower", "ic_upper"))


def _run_rrr(draft: Draft) -> None:
    estimate = estimated(partial(rrr, level=draft.level), draft.counts.observed, draft.counts.expected_reports)
    draft.add(RRR, estimate, ("rrr", "rrr_lower", "rrr_upper"))


def _run_bcpnn(draft: Draft) -> None:
    draft.add(
        BCPNN, estimated(partial(bcpnn, level=draft.level), *draft.margins), ("bcpnn", "bcpnn_lower", "bcpnn_upper")
    )


def _run_masking(draft: Draft) -> None:
    estimate = estimated(partial(masking, level=draft.level), *draft.margins)
    draft.add(MASKING, estimate, ("masking", "masking_lower", "masking_upper"))


def _run_bayes_fdr(draft: Draft) -> None:
    counts, nothing = draft.counts, np.full(len(draft.counts), np.nan)
    draft.columns["p_null"], draft.columns["bayes_fdr"] = nothing, nothing
    draft.methods.append(BAYES_FDR)
    if draft.fit is not None:  # else the reason of ebgm stands in every row
        found = bayes_fdr(counts.observed, counts.expected_reports, fit=draft.fit, weight=draft.weight)
        draft.columns["p_null"], draft.columns["bayes_fdr"] = found.p_null, found.fdr


def _run_lrt(draft: Draft, name: str, method: Method) -> None:
    found = lrt_of_rows(draft.rows, draft.of_event, zero_inflated=name == LRT_ZERO_INFLATED.id)
    draft.columns.update(zip(COLUMNS_OF[name], found[:2], strict=True))
    draft.methods.append(method)
    draft.notes += found[2]


def _run_chi2(draft: Draft) -> None:
    parts = in_blocks(chi2, *draft.margins)
    draft.columns["chi2"], code = (np.concatenate(column) for column in zip(*parts, strict=True))
    draft.reasons.append(("chi2", code, CHI2_REASONS))
    draft.methods.append(CHI2)


def _run_midp(draft: Draft) -> None:
    counts = draft.counts
    if counts.expected is None:
        draft.columns["p_midp"] = np.concatenate(in_blocks(midp, *draft.margins))
        draft.methods.append(MIDP)
    else:
        draft.columns["p_midp"] = np.concatenate(in_blocks(midp_poisson, counts.observed, counts.expected))
        draft.methods.append(MIDP_POISSON)


def _run_fdr(draft: Draft) -> None:
    draft.columns["fdr"] = fdr(draft.columns["p_midp"], weight=draft.weight)
    draft.methods.append(FDR)


def _run_ebgm(draft: Draft) -> None:
    counts, draft.fit = draft.counts, draft.fit or _fitted(draft)
    if draft.fit is None:
        nothing = np.ones(len(counts), dtype=np.uint8)
        draft.reasons.append(("ebgm", nothing, ("", "nothing is expected in any pair: no prior can be fitted")))
        draft.methods.append(EBGM)
        return
    result = ebgm(counts.observed, counts.expected_reports, fit=draft.fit)
    draft.add(EBGM, result.estimate, ("ebgm", "eb05", "eb95"))
    draft.notes += [f"EBGM: {warning}" for warning in draft.fit.warnings]
    if draft.fit.boundary:
        draft.notes.append(f"EBGM: the prior lies on a boundary: {draft.fit.boundary}")


def _fitted(draft: Draft) -> EbgmFit | None:
    """The prior of the cells given, else of those that the table spans; None where nothing is expected in any."""
    cells = own_cells(draft.rows) if draft.cells is None else cells_from(draft.cells)
    if draft.cells is None:
        draft.notes.append(
            f"EBGM: prior fitted on the {cells.weight.sum():.0f} cells this table spans, not on all cells of the store"
        )
    return fit_prior(cells) if len(cells) else None


_RUN: Final[dict[str, Callable[[Draft], None]]] = {
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
    "lrt": partial(_run_lrt, name="lrt", method=LRT),
    "lrt_zero_inflated": partial(_run_lrt, name="lrt_zero_inflated", method=LRT_ZERO_INFLATED),
}


def run(draft: Draft, methods: Sequence[str]) -> None:
    """Run methods in the order of their names in `DEFAULT_METHODS` and `MORE_METHODS`, with those that they stand on.

    Raises:
        UnknownNameError: a method that does not exist.
    """
    wanted = _in_order(methods)
    if "midp" in wanted and len(draft.counts) >= _WORTH_COMPILING:
        import_compiler()
    for name in wanted:
        _RUN[name](draft)


def columns_of(methods: Sequence[str]) -> tuple[str, ...]:
    """The columns that some methods fill, together with those that they stand on.

    Raises:
        UnknownNameError: a method that does not exist.

    Examples:
        >>> columns_of(["fdr", "ic"])
        ('ic', 'ic_lower', 'ic_upper', 'p_midp', 'fdr')
    """
    return tuple(column for name in _in_order(methods) for column in COLUMNS_OF[name])


def needs_cells(methods: Sequence[str]) -> bool:
    """Whether any of the methods learns from all cells of the population.

    Examples:
        >>> needs_cells(["bayes_fdr"]), needs_cells(["ror"])
        (True, False)
    """
    return "ebgm" in {*methods, *(_NEEDS.get(name, "") for name in methods)}


def _in_order(methods: Sequence[str]) -> list[str]:
    known = (*DEFAULT_METHODS, *MORE_METHODS)
    for name in methods:
        if name not in known:
            raise UnknownNameError.of("method", name, known)
    wanted = {*methods, *(_NEEDS[name] for name in methods if name in _NEEDS)}
    return [name for name in known if name in wanted]
