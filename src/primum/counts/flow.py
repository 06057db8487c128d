"""How do the lines of the files come down to the reports of a cohort: how many leave at each step, and why?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from primum.cases.across import told_to_several
from primum.cases.latest import DELETED, NO_CASE
from primum.cases.linked import OFF, as_said
from primum.counts.by_arrays import Asked
from primum.counts.cohort import Cohort, Condition
from primum.counts.contingency import holding
from primum.counts.groups import places_with
from primum.counts.members import Scope, members, methods_named, only_duplicates
from primum.sources.systems import SYSTEMS
from primum.store import schema

if TYPE_CHECKING:
    import ibis

    from primum.counts.incidence import Incidence
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


def flow(
    store: Store, asked: Asked | None, cohort: Cohort, scope: Scope, *, arrays: Incidence | None = None
) -> tuple[FlowStep, ...]:
    """How the files loaded come down to the current reports of a cohort.

    Args:
        store: the loaded reports.
        asked: treatment or drug that the reports hold; None for any.
        cohort: which reports.
        scope: what the conditions of the cohort speak of.
        arrays: the store's incidence arrays, the fast road; None counts on the engine.

    Returns:
        Steps that stay, each followed by those that leave before the next. What stays less what leaves is the next
        step that stays, up to the cohort, whose steps each count their own reports.
    """
    road = _Engine(store, scope) if arrays is None or scope.roles is not None else _Arrays(store, scope, arrays)
    kept = only_duplicates(cohort)
    versions = _of_versions(road.versions())
    links = _of_links(road, kept, current=versions[-1].count)
    steps = [*_of_files(store), *versions, *_of_systems(road), *links]
    if asked is not None:
        steps.append(FlowStep(f"of which with {asked.name} as a suspect drug", road.held(asked, kept)))
    if cohort != kept:
        steps.append(FlowStep(f"of which in the cohort {cohort}", road.held(asked, cohort)))
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class _Engine:
    """What the steps count, on the engine."""

    store: Store
    scope: Scope

    def versions(self) -> list[tuple[bool, str, int]]:
        """Report versions by whether they are current, and why."""
        current = schema.table("current_reports")
        by_reason = current.group_by("current", "reason").agg(reports=current.count()).order_by("reason")
        return [(bool(is_current), str(reason), int(n)) for is_current, reason, n in self.store.engine.rows(by_reason)]

    def elsewhere(self) -> int:
        """Reports that two systems tell."""
        [(reports,)] = self.store.engine.rows(told_to_several())
        return int(reports or 0)

    def aside(self, method: str) -> int | None:
        """Reports that the links of a method set aside; None where nobody counted them yet."""
        return None

    def held(self, asked: Asked | None, cohort: Cohort) -> int:
        """Reports of a cohort that hold a drug."""
        inside: ibis.Table = members(cohort, self.scope)
        if asked is not None:
            inside = inside.semi_join(_holding(asked, self.scope), "report_key")
        return int(self.store.engine.rows(inside.count().as_table())[0][0])


@dataclass(frozen=True, slots=True)
class _Arrays(_Engine):
    """The same from the arrays; what is of the whole store is asked of the engine once for each state of it."""

    arrays: Incidence

    def versions(self) -> list[tuple[bool, str, int]]:
        """As on the engine."""
        found = self.arrays.folder.once("flow-versions", lambda: _Engine.versions(self))
        return [(is_current, reason, n) for is_current, reason, n in found]

    def elsewhere(self) -> int:
        """As on the engine."""
        return int(self.arrays.folder.once("flow-told-to-several", lambda: _Engine.elsewhere(self)))

    def aside(self, method: str) -> int | None:
        """As on the engine."""
        found = self.arrays.aside(method)
        return None if found is None else len(found)

    def held(self, asked: Asked | None, cohort: Cohort) -> int:
        """As on the engine."""
        mask = self.arrays.mask(cohort, self.scope)
        return int(np.count_nonzero(mask if asked is None else mask[places_with(self.arrays, asked)]))


def _of_files(store: Store) -> list[FlowStep]:
    """From the physical lines of the files that hold reports to their rows."""
    named = ("lines", "header_lines", "blank_lines", "rejected", "joins", "splits", "loaded")
    files = [row for table, *row in store.engine.read("files", "table_name", *named) if table in REPORT_FILES]
    told = {name: sum(int(row[place] or 0) for row in files) for place, name in enumerate(named)}
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


def _of_versions(rows: list[tuple[bool, str, int]]) -> list[FlowStep]:
    """From the versions published to one report a case."""
    lost = [FlowStep("not current", n, reason) for is_current, reason, n in rows if not is_current]
    return [
        FlowStep("report versions published", sum(n for *_, n in rows)),
        *sorted(lost, key=lambda step: (step.reason in (DELETED, NO_CASE), step.reason)),
        FlowStep("current reports, one a case", sum(n for is_current, _, n in rows if is_current)),
    ]


def _of_systems(road: _Engine) -> list[FlowStep]:
    """The events that two systems tell, none of which is set aside; nothing where there is one system."""
    if len({source for (source,) in road.store.engine.read("files", "source")}) < 2:
        return []
    said = f"none set aside; {road.elsewhere():,} reports bear a sender's number that another system prints too"
    return [FlowStep("duplicates in another reporting system", 0, said)]


def _of_links(road: _Engine, kept: Cohort, *, current: int) -> list[FlowStep]:
    """From one report a case, so many are `current`, to one report an event, by the method that the cohort names."""
    methods = sorted(methods_named(kept)) or [OFF]
    used = as_said(road.store, methods, count=road.aside)
    if used.method == OFF:
        return [FlowStep("duplicates under another case number", 0, used.note.removeprefix("Duplicates: "))]
    alone = isinstance(kept, Condition) and len(methods) == 1
    return [
        FlowStep("duplicates under another case number", used.set_aside, f"set aside by {used.method} links"),
        FlowStep("current reports, one an event", current - used.set_aside if alone else road.held(None, kept)),
    ]


def _holding(asked: Asked, scope: Scope) -> ibis.Table:
    """Reports that hold what is asked for; those of a treatment are known since the last derivation."""
    if asked.level != "treatment" or scope.roles is not None:
        return holding(asked, scope)
    uses = schema.table("report_uses")
    return uses.filter(uses.treatment == asked.name).select("report_key")
