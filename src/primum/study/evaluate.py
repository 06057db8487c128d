"""Do the statistics tell known harms from known non-harms in the loaded reports?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import special

from primum.counts.groups import count_groups
from primum.errors import ReferenceSetError, UnknownNameError
from primum.signals.calibration import FEWEST_CONTROLS, Coverage, SystematicError, calibrated_p, fit_null, leave_one_out
from primum.signals.evaluation import AtSpecificity, Discrimination, at_specificity, discrimination
from primum.signals.table import SignalTable, signal_table
from primum.study.reference_set import Control, ReferenceSet, Width, substances_of, terms_of
from primum.study.reports import Reports
from primum.terms import BoolArray, FloatArray, IntArray

SCHEMA: Final = "primum.evaluate/1"
SPECIFICITIES: Final = (0.9, 0.95)
# Scores of each method: columns of the signal table, the point value and the cautious bound.
SCORES: Final[Mapping[str, tuple[str, ...]]] = {
    "prr": ("prr", "prr_lower"),
    "ror": ("ror", "ror_lower"),
    "ic": ("ic", "ic_lower"),
    "ebgm": ("ebgm", "eb05"),
    "chi2": ("chi2",),
    "midp": ("p_midp",),
    "rrr": ("rrr", "rrr_lower"),
    "bcpnn": ("bcpnn", "bcpnn_lower"),
}
DEFAULT: Final = ("prr", "ror", "ic", "ebgm", "chi2", "midp")


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """How well one score does.

    Args:
        method: the statistic it belongs to.
        score: its column in the signal table.
        area: under the ROC curve.
        at: sensitivity at the specificities of `SPECIFICITIES`; empty where one kind of control is missing.
        without: controls that have reports but no value of this score, left out of it.
    """

    method: str
    score: str
    area: Discrimination
    at: tuple[AtSpecificity, ...]
    without: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """What a reference set says of the statistics on a store.

    Args:
        reference: the set.
        width: of the term lists.
        table: counts and statistics of the controls that could be counted, in the order of `controls`.
        controls: those controls.
        results: one a score.
        null: systematic error of the reporting odds ratio, learned from negative controls; None with too few.
        false_alarms: share of negative controls with a two-sided p below 0.05, plain and after calibration by an error
            learned from the others; None with too few.
        coverage: data of the calibration plot; None with too few.
        not_found: controls that could not be counted -> why.
        notes: caveats of the whole.
    """

    reference: ReferenceSet
    width: Width
    table: SignalTable
    controls: tuple[Control, ...]
    results: tuple[ScoreResult, ...]
    null: SystematicError | None
    false_alarms: tuple[float, float] | None
    coverage: Coverage | None
    not_found: Mapping[str, tuple[Control, ...]]
    notes: tuple[str, ...]

    @property
    def truth(self) -> BoolArray:
        """Whether each counted control is positive."""
        return np.array([control.positive for control in self.controls], dtype=bool)

    def as_json(self) -> dict[str, Any]:
        """All of it as plain data; what is missing is None."""
        return {
            "schema": SCHEMA,
            "reference": self.reference.name,
            "reference_sha256": self.reference.digest,
            "terms": self.width,
            "snapshot": self.table.snapshot,
            "controls": len(self.reference.controls),
            "counted": len(self.controls),
            "positives": int(self.truth.sum()),
            "negatives": int((~self.truth).sum()),
            "reported": int((self.table.observed > 0).sum()),
            "not_found": {why: len(which) for why, which in self.not_found.items()},
            "scores": [_score_json(result) for result in self.results],
            "null": None
            if self.null is None
            else {"mean": self.null.mean, "sd": self.null.sd, "controls": self.null.controls},
            "false_alarms": None
            if self.false_alarms is None
            else dict(zip(("plain", "calibrated"), self.false_alarms, strict=True)),
            "calibration_plot": None
            if self.coverage is None
            else {
                "level": self.coverage.level.tolist(),
                "plain": self.coverage.nominal.tolist(),
                "calibrated": self.coverage.calibrated.tolist(),
            },
            "ebgm_fit": None if self.table.ebgm_fit is None else self.table.ebgm_fit.as_json(),
            "notes": list(self.notes),
            "pairs": [
                {
                    "drug": control.drug,
                    "outcome": control.outcome,
                    "positive": control.positive,
                    **{name: _plain(column[i]) for name, column in self.numbers().items()},
                }
                for i, control in enumerate(self.controls)
            ],
        }

    def numbers(self) -> dict[str, FloatArray | IntArray]:
        """Counts and statistics of the counted controls, the columns that were computed."""
        kept = {score for result in self.results for score in SCORES[result.method]}
        counts = ("observed", "drug_reports", "event_reports", "total_reports", "expected")
        columns = self.table.columns()
        return {name: column for name, column in columns.items() if name in (*counts, *kept)}


def evaluate(
    reports: Reports,
    reference: ReferenceSet,
    *,
    width: Width = "narrow",
    terms: Mapping[str, Mapping[Width, frozenset[str]]] | None = None,
    methods: Sequence[str] = DEFAULT,
) -> Evaluation:
    """Count every control of a reference set, and say how well each statistic ranks them.

    A drug is looked for among the substances of the store, salts included; an outcome by its list of preferred terms,
    any of which makes a report one with the outcome. A control whose drug or outcome no report holds is left out and
    counted. A control without a common report ranks last in every score.

    Args:
        reports: the loaded reports.
        reference: the set.
        width: of the term lists.
        terms: term lists of the user's, before ours.
        methods: names of `SCORES`.

    Raises:
        UnknownNameError: a method that does not exist.
        ReferenceSetError: no control can be counted in the store.
    """
    arrays = reports.arrays
    if arrays is None:
        raise ReferenceSetError.of("The store", "its arrays are switched off", "arrays to count from", "Open it fast.")
    substances, events = arrays.drugs("substance").names.tolist(), arrays.events().names.tolist()
    event_place = {name: i for i, name in enumerate(events)}
    drug_codes = {drug: np.array(substances_of(drug, substances), np.int64) for drug in reference.drugs}
    event_codes = {
        outcome: np.array(sorted(event_place[t] for t in terms_of(outcome, width, terms) if t in event_place), np.int64)
        for outcome in reference.outcomes
    }
    not_found: dict[str, tuple[Control, ...]] = {}
    for why, codes, of in (
        ("the drug is in no report", drug_codes, "drug"),
        ("no term of the outcome is in any report", event_codes, "outcome"),
    ):
        gone = tuple(c for c in reference.controls if not len(codes[getattr(c, of)]))
        not_found |= {why: gone} if gone else {}
    counted = tuple(c for c in reference.controls if len(drug_codes[c.drug]) and len(event_codes[c.outcome]))
    if not counted:
        raise ReferenceSetError.of(
            reference.name,
            f"none of {len(reference.controls)} controls has drug and outcome in the loaded reports",
            "at least one",
            "Load more reports, try --broad, or give term lists with --terms.",
        )
    scores = [(method, score) for method in dict.fromkeys(methods) for score in _scores(method)]
    counts = count_groups(arrays, drug_codes, event_codes, [(c.drug, c.outcome) for c in counted])
    table = signal_table(counts.table, cells=counts.cells, methods=tuple(dict.fromkeys((*methods, "ror"))))
    truth = np.array([c.positive for c in counted], dtype=bool)
    null, alarms, coverage = _calibration(table, ~truth)
    synthetic = reports.store.synthetic()
    return Evaluation(
        reference=reference,
        width=width,
        table=table,
        controls=counted,
        results=tuple(_result(method, score, table, truth) for method, score in scores),
        null=null,
        false_alarms=alarms,
        coverage=coverage,
        not_found=not_found,
        notes=(*([synthetic] if synthetic else []), *_notes(reference), *table.notes),
    )


def _scores(method: str) -> tuple[str, ...]:
    if method not in SCORES:
        raise UnknownNameError.of("method that scores pairs", method, SCORES)
    return SCORES[method]


def _result(method: str, score: str, table: SignalTable, truth: BoolArray) -> ScoreResult:
    value = table.columns()[score].astype(np.float64)
    if score == "chi2":  # of a table; it does not say on which side
        value = np.where(table.observed > table.expected, value, -value)
    if score == "p_midp":
        value = -value
    value = np.where(table.observed == 0, -np.inf, value)
    kept = ~np.isnan(value)
    area = discrimination(value[kept], truth[kept])
    at: tuple[AtSpecificity, ...] = ()
    if area.positives and area.negatives:
        at = tuple(at_specificity(value[kept], truth[kept], specificity=s) for s in SPECIFICITIES)
    return ScoreResult(method, score, area, at, int((~kept).sum()))


def _calibration(
    table: SignalTable, negative: BoolArray
) -> tuple[SystematicError | None, tuple[float, float] | None, Coverage | None]:
    """Null of the negative controls' reporting odds ratio, and what it does to them, each judged by the others."""
    z = float(special.ndtri(0.5 + table.level / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.log(table.ror)
        se = np.log(table.ror_upper / table.ror_lower) / (2 * z)
    kept = negative & np.isfinite(log_ratio) & np.isfinite(se) & (se > 0)
    y, s = log_ratio[kept], se[kept]
    if len(y) <= FEWEST_CONTROLS:
        return None, None, None
    plain = float((2 * special.ndtr(-np.abs(y / s)) < 0.05).mean())
    left_out = [
        calibrated_p(y[i : i + 1], s[i : i + 1], error=fit_null(np.delete(y, i), np.delete(s, i)))[0]
        for i in range(len(y))
    ]
    return fit_null(y, s), (plain, float((np.array(left_out) < 0.05).mean())), leave_one_out(y, s)


def _notes(reference: ReferenceSet) -> tuple[str, ...]:
    notes = [
        "Outcomes are lists of preferred terms written for Primum; another list gives another area. The truth of a set "
        "is what its makers held at its time."
    ]
    if reference.name == "harpaz":
        notes.append("Harpaz 2014 is indexed in time: its harms became known in 2013; later reports know of them.")
    return tuple(notes)


def _score_json(result: ScoreResult) -> dict[str, Any]:
    area = result.area
    return {
        "method": result.method,
        "score": result.score,
        "auc": _plain(area.auc),
        "auc_lower": _plain(area.lower),
        "auc_upper": _plain(area.upper),
        "positives": area.positives,
        "negatives": area.negatives,
        "without_value": result.without,
        "reason": area.reason,
        "at_specificity": [
            {
                "specificity": a.specificity,
                "sensitivity": a.sensitivity,
                "threshold": _plain(a.threshold),
                "reached": a.reached,
            }
            for a in result.at
        ],
    }


def _plain(value: Any) -> int | float | None:
    number = value.item() if isinstance(value, np.generic) else value
    return number if isinstance(number, int) or np.isfinite(number) else None
