"""What comes out of a study file? The same results, tables and words each time it is run on the same reports.

Every analysis is counted first; what is written follows from the study, its results and the store alone, so that the
same file and the same reports give the same bytes. No clock time stands anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from primum import __version__
from primum.counts.flow import FlowStep
from primum.counts.known import unknown_terms
from primum.counts.profile import last_quarter, name_coverage
from primum.errors import CohortError, LinkError
from primum.provenance import Method
from primum.study.spec import how_reached
from primum.terms import OF_HARM, BoolArray

if TYPE_CHECKING:
    from primum.signals.table import SignalTable
    from primum.study.reports import Reports
    from primum.study.spec import Analysis, Study
    from primum.vocab.drugs import NameCoverage

SCHEMA: Final = "primum.study/1"
_REACHES: Final = {"at least": np.greater_equal, "at most": np.less_equal, "above": np.greater}
FOLLOWED: Final = 10  # events followed through the analyses where the study names none


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one analysis gave.

    Args:
        analysis: what was asked.
        table: every pair; None where it could not be counted.
        why_not: why it could not; empty where it was.
    """

    analysis: Analysis
    table: SignalTable | None
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyResult:
    """A study that ran.

    Args:
        study: what was asked.
        outcomes: what each analysis gave, the primary one first.
        events: terms that are followed through all analyses.
        unknown: those of them that no loaded report has, whatever its drug, with the nearest that one has.
        snapshot: hash of the loaded reports.
        derivation: hash of what names, versions and uses were taken to be.
        data_cut: last quarter loaded; None where only long tables are.
        flow: how the lines of the files came down to the reports of the primary cohort.
        names: how much of the drug rows has a substance.
        synthetic: what must be said where reports are invented; empty where none is.
        packages: versions of what computed.
    """

    study: Study
    outcomes: tuple[Outcome, ...]
    events: tuple[str, ...]
    unknown: Mapping[str, str]
    snapshot: str
    derivation: str
    data_cut: str | None
    flow: tuple[FlowStep, ...]
    names: NameCoverage
    synthetic: str
    packages: Mapping[str, str]

    @property
    def methods(self) -> tuple[Method, ...]:
        """The statistics that ran, each once."""
        tables = [outcome.table for outcome in self.outcomes if outcome.table is not None]
        return tuple({method.id: method for table in tables for method in table.methods}.values())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What has to be looked at before the results are: a term that nobody reported is misspelt, or not loaded."""
        return tuple(
            f'No loaded report has the event "{event}"; nearest: {near}. Correct it in events and run the study again, '
            "or load the reports that hold it."
            for event, near in self.unknown.items()
        )

    @property
    def primary(self) -> SignalTable:
        """The table of the primary analysis."""
        table = self.outcomes[0].table
        assert table is not None  # run_study refuses a study whose primary analysis cannot be counted
        return table


def run_study(study: Study, reports: Reports, *, progress: Callable[[str], None] = lambda _: None) -> StudyResult:
    """Count every analysis of a study.

    Args:
        study: what is asked.
        reports: the loaded reports.
        progress: told which analysis is counted now.

    Raises:
        UnknownNameError: no treatment and no drug of that name is loaded.
        CohortError: the primary analysis cannot be counted. Another one that cannot is kept with the reason.
        LinkError: the primary analysis asks for links that the store does not have.
    """
    outcomes = tuple(_outcomes(study, reports, progress))
    store = reports.store
    primary, first = outcomes[0], study.analyses[0]
    assert primary.table is not None
    return StudyResult(
        study=study,
        outcomes=outcomes,
        events=study.events or _strongest(primary.table),
        unknown=unknown_terms(study.events, store, reports.arrays),
        snapshot=store.snapshot(),
        derivation=store.derivation(),
        data_cut=last_quarter(store),
        flow=reports.flow(study.about, first.cohort, use_rules=first.use_rules, duplicates=first.duplicates),
        names=name_coverage(store),
        synthetic=store.synthetic(),
        packages=_versions(),
    )


def _outcomes(study: Study, reports: Reports, progress: Callable[[str], None]) -> Iterator[Outcome]:
    for place, analysis in enumerate(study.analyses):
        progress(analysis.title)
        try:
            table = reports.signals(
                study.about,
                analysis.cohort,
                analysis.versus,
                drug_level=analysis.drug_level,
                methods=study.methods,
                use_rules=analysis.use_rules,
                duplicates=analysis.duplicates,
            )
        except (CohortError, LinkError) as error:
            if place == 0:
                raise
            yield Outcome(analysis, None, str(error))
        else:
            yield Outcome(analysis, table)


def _strongest(table: SignalTable) -> tuple[str, ...]:
    """The terms of harm with the most reports, where the study names no event."""
    harms = [i for i in table.order("observed").tolist() if table.bin[i] in OF_HARM]
    return tuple(dict.fromkeys(str(table.event[i]) for i in harms))[:FOLLOWED]


def stands_out(study: Study, table: SignalTable) -> BoolArray:
    """Which rows reach every threshold of the study; a value that is missing reaches none."""
    reached = np.ones(len(table), dtype=bool)
    columns = table.columns()
    for name, threshold in study.thresholds.items():
        reached &= _REACHES[how_reached(name)](columns[name].astype(np.float64), threshold)
    return reached


def sensitivity(result: StudyResult) -> list[dict[str, Any]]:
    """Each event followed through all analyses: one row an analysis and drug, with what it gave or why it did not."""
    rows: list[dict[str, Any]] = []
    for event in result.events:
        for outcome in result.outcomes:
            rows += _followed(result, event, outcome)
    return rows


def _followed(result: StudyResult, event: str, outcome: Outcome) -> list[dict[str, Any]]:
    start = {"event": event, "analysis": outcome.analysis.id, "title": outcome.analysis.title}
    if outcome.table is None:
        return [{**start, "note": outcome.why_not}]
    table, above = outcome.table, stands_out(result.study, outcome.table)
    found = np.flatnonzero(table.event == event)
    if event in result.unknown:
        return [{**start, "note": f"no loaded report has this term; nearest: {result.unknown[event]}"}]
    if not len(found):
        none = {"observed": 0, "stands_out": False}
        return [{**start, **none, "note": f"no report of {result.study.about} in this cohort names it"}]
    numbers = {name: column for name, column in table.columns().items() if column.dtype.kind in "if"}
    asked = {name for name, column in numbers.items() if column.dtype.kind == "i" or np.isfinite(column).any()}
    return [
        {
            **start,
            "drug": str(table.drug[i]),
            **{name: _plain(column[i]) for name, column in numbers.items() if name in asked},
            "stands_out": bool(above[i]),
            "note": str(table.warnings[i]),
        }
        for i in found.tolist()
    ]


def _plain(value: Any) -> int | float | None:
    number = value.item()
    return number if isinstance(number, int) or math.isfinite(number) else None


def as_json(result: StudyResult) -> dict[str, Any]:
    """What the study asked and what came out, as plain data."""
    study = result.study
    return {
        "schema": SCHEMA,
        "title": study.title,
        "question": study.question,
        "about": study.about,
        "thresholds": dict(study.thresholds),
        "warnings": list(result.warnings),
        "synthetic": result.synthetic,
        "data_cut": result.data_cut,
        "flow": [
            {"step": step.step, "count": step.count, "unit": step.unit, "reason": step.reason} for step in result.flow
        ],
        "analyses": [_outcome_json(study, outcome) for outcome in result.outcomes],
        "events": list(result.events),
        "sensitivity": sensitivity(result),
    }


def _outcome_json(study: Study, outcome: Outcome) -> dict[str, Any]:
    analysis, table = outcome.analysis, outcome.table
    told: dict[str, Any] = {
        "id": analysis.id,
        "title": analysis.title,
        "reason": analysis.reason,
        "cohort": str(analysis.cohort),
        "versus": "everything else" if analysis.versus is None else str(analysis.versus),
        "drug_level": analysis.drug_level,
        "use_rules": analysis.use_rules,
        "duplicates": analysis.duplicates,
        "counted": table is not None,
        "why_not": outcome.why_not,
    }
    if table is None:
        return told
    return told | {
        "pairs": len(table),
        "reports": int(table.drug_reports.max(initial=0)),
        "total_reports": int(table.total_reports.max(initial=0)),
        "stand_out": int(np.count_nonzero(stands_out(study, table))),
        "notes": list(table.notes),
    }


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {"primum": __version__} | {name: version(name) for name in ("duckdb", "ibis-framework", "numpy", "scipy")}
