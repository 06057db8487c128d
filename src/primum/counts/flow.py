"""How do the lines of the files come down to the reports of a cohort: how many leave at each step, and why?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from primum.cases.across import told_to_several
from primum.cases.latest import DELETED, NO_CASE
from primum.cases.linked import OFF, as_said
from primum.counts.by_arrays import Asked
from primum.counts.cohort import Cohort, Condition
from primum.counts.contingency import holding
from primum.counts.members import Scope, members, methods_named, only_duplicates
from primum.sources.systems import SYSTEMS
from primum.store import schema

if TYPE_CHECKING:
    import ibis

    from primum.store import Store

Unit = Literal["lines", "rows", "reports"]
REPORT_FILES: Final = tuple(system.report_table for system in SYSTEMS.values())


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One step from the lines of the files down to the reports of a cohort.

    Args:
        step: what is counted.
        count: how many.
        reason: why these leave the flow; empty for a step that stays in it.
        unit: what is counted: physical lines, rows or reports.
    """

    step: str
    count: int
    reason: str = ""
    unit: Unit = "reports"


def flow(store: Store, asked: Asked | None, cohort: Cohort, scope: Scope) -> tuple[FlowStep, ...]:
    """How the files loaded come down to the current reports of a cohort.

    Args:
        store: the loaded reports.
        asked: treatment or drug that the reports hold; None for any.
        cohort: which reports.
        scope: what the conditions of the cohort speak of.

    Returns:
        Steps that stay, each followed by those that leave before the next. What stays less what leaves is the next
        step that stays, up to the cohort, whose steps each count their own reports.
    """
    kept = only_duplicates(cohort)
    versions = _of_versions(store)
    links = _of_links(store, kept, current=versions[-1].count)
    steps = [*_of_files(store), *versions, *_of_systems(store), *links]
    if asked is not None:
        steps.append(FlowStep(f"of which with {asked.name} as a suspect drug", _held(store, asked, kept, scope)))
    if cohort != kept:
        steps.append(FlowStep(f"of which in the cohort {cohort}", _held(store, asked, cohort, scope)))
    return tuple(steps)


def _of_files(store: Store) -> list[FlowStep]:
    """From the physical lines of the files that hold reports to their rows."""
    files = schema.table("files")
    named = ("lines", "header_lines", "blank_lines", "rejected", "joins", "splits", "loaded")
    sums = files.filter(files.table_name.isin(REPORT_FILES)).agg(**{name: files[name].sum() for name in named})
    told = dict(zip(named, (int(value or 0) for value in store.engine.rows(sums)[0]), strict=True))
    if not told["lines"]:
        return []
    steps = [FlowStep("lines in the files of reports", told["lines"], unit="lines")]
    for name, reason in (
        ("header_lines", "headers"),
        ("blank_lines", "blank lines"),
        ("rejected", "could not be read; kept in rejects"),
        ("joins", "part of the line before"),
    ):
        if told[name]:
            steps.append(FlowStep("lines that are no row", told[name], reason, "lines"))
    loaded = "rows loaded" + (f", {told['splits']:,} gained from glued lines" if told["splits"] else "")
    steps.append(FlowStep(loaded, told["loaded"], unit="rows"))
    gathered = told["loaded"] - store.engine.count("reports")
    if gathered:
        reason = "a row of a report that has another: in its quarter twice, or a pair of a long table"
        steps.append(FlowStep("rows of reports counted already", gathered, reason, "rows"))
    return steps


def _of_versions(store: Store) -> list[FlowStep]:
    """From the versions published to one report a case."""
    current = schema.table("current_reports")
    by_reason = current.group_by("current", "reason").agg(reports=current.count()).order_by("reason")
    rows = [(bool(is_current), str(reason), int(n)) for is_current, reason, n in store.engine.rows(by_reason)]
    lost = [FlowStep("not current", n, reason) for is_current, reason, n in rows if not is_current]
    return [
        FlowStep("report versions published", sum(n for *_, n in rows)),
        *sorted(lost, key=lambda step: (step.reason in (DELETED, NO_CASE), step.reason)),
        FlowStep("current reports, one a case", sum(n for is_current, _, n in rows if is_current)),
    ]


def _of_systems(store: Store) -> list[FlowStep]:
    """The events that two systems tell, none of which is set aside; nothing where there is one system."""
    if len({source for (source,) in store.engine.read("files", "source")}) < 2:
        return []
    [(reports,)] = store.engine.rows(told_to_several())
    said = f"none set aside; {int(reports or 0):,} reports bear a sender's number that another system prints too"
    return [FlowStep("duplicates in another reporting system", 0, said)]


def _of_links(store: Store, kept: Cohort, *, current: int) -> list[FlowStep]:
    """From one report a case, so many are `current`, to one report an event, by the method that the cohort names."""
    methods = sorted(methods_named(kept)) or [OFF]
    used = as_said(store, methods)
    if used.method == OFF:
        return [FlowStep("duplicates under another case number", 0, used.note.removeprefix("Duplicates: "))]
    alone = isinstance(kept, Condition) and len(methods) == 1
    return [
        FlowStep("duplicates under another case number", used.set_aside, f"set aside by {used.method} links"),
        FlowStep(
            "current reports, one an event",
            current - used.set_aside if alone else _held(store, None, kept, Scope({})),
        ),
    ]


def _held(store: Store, asked: Asked | None, cohort: Cohort, scope: Scope) -> int:
    inside: ibis.Table = members(cohort, scope)
    if asked is not None:
        inside = inside.semi_join(_holding(asked, scope), "report_key")
    return int(store.engine.rows(inside.count().as_table())[0][0])


def _holding(asked: Asked, scope: Scope) -> ibis.Table:
    """Reports that hold what is asked for; those of a treatment are known since the last derivation."""
    if asked.level != "treatment" or scope.roles is not None:
        return holding(asked, scope)
    uses = schema.table("report_uses")
    return uses.filter(uses.treatment == asked.name).select("report_key")
