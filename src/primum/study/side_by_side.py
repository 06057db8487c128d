"""The same signal in each reporting system, side by side: does one system's artefact show in another?

Each system is counted alone, against everything else in it. The counts are never added and the ratios never averaged:
systems differ in people, products and reasons to report, and one event may stand in two of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from primum.counts.cohort import condition
from primum.dossier.render import signal_pictures
from primum.dossier.render.charts.ratios import Ratio
from primum.dossier.render.signal_pictures import Picture
from primum.errors import CohortError
from primum.terms import OF_HARM, SYNTHETIC

if TYPE_CHECKING:
    from primum.cases.link import Method
    from primum.counts.cohort import Cohort
    from primum.counts.fields import UseRuleSet
    from primum.counts.incidence import DrugLevel
    from primum.signals.table import SignalTable
    from primum.study.reports import Reports

METHODS: Final = ("ror", "ic")
NOT_THERE: Final = "no report names it"
HEADS: Final = (
    *("source", "drug", "event", "bin", "observed", "expected", "drug_reports", "event_reports", "total_reports"),
    *("ror", "ror_lower", "ror_upper", "ic", "ic_lower", "ic_upper"),
)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Signals of one drug or treatment in each system that names it.

    Args:
        what: the drug or treatment.
        systems: the systems loaded.
        tables: of each system, its pairs; none of a system whose reports do not name the drug.
        pairs: drug and event of every pair, harms first; those found in more systems, and standing out in more, first.
        notes: what must be said.
    """

    what: str
    systems: tuple[str, ...]
    tables: dict[str, SignalTable]
    pairs: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    def rows(self, pairs: tuple[tuple[str, str], ...] | None = None) -> list[tuple[Any, ...]]:
        """Each pair in each system that has it, the heading first; missing numbers are None.

        Args:
            pairs: which; all unless given.
        """
        found: list[tuple[Any, ...]] = [HEADS]
        for pair in self.pairs if pairs is None else pairs:
            for system in self.systems:
                if (i := self._place(system, pair)) is not None:
                    columns = self.tables[system].columns()
                    found.append((system, *(_plain(columns[name][i]) for name in HEADS[1:])))
        return found

    def forest(self, pair: tuple[str, str], number: int) -> Picture:
        """The reporting odds ratio of a pair in every system, also in those where nobody reported it."""
        drug, event = pair
        ratios = []
        for system in self.systems:
            i = self._place(system, pair)
            if i is None:
                ratios.append(Ratio(system, drug, event, note=NOT_THERE))
            else:
                table = self.tables[system]
                ends = (float(table.ror[i]), float(table.ror_lower[i]), float(table.ror_upper[i]))
                name = f"{system}, {int(table.observed[i]):,} reports"
                ratios.append(Ratio(name, drug, event, *ends))
        made = f"{SYNTHETIC}: " if any(note.startswith(SYNTHETIC) for note in self.notes) else ""
        picture = signal_pictures.forest_of(ratios, f"{made}{drug}, {event.lower()}: each reporting system alone")
        return replace(picture, name=f"by-source-{number:02d}")

    def _place(self, system: str, pair: tuple[str, str]) -> int | None:
        table = self.tables.get(system)
        if table is None:
            return None
        found = np.flatnonzero((table.drug == pair[0]) & (table.event == pair[1]))
        return int(found[0]) if len(found) else None


def side_by_side(
    reports: Reports,
    what: str,
    cohort: Cohort | str | None = None,
    *,
    drug_level: DrugLevel = "substance",
    use_rules: UseRuleSet = "all",
    duplicates: Method | str | None = None,
) -> SideBySide:
    """Count a drug or treatment in each loaded system alone.

    Args:
        reports: the loaded reports.
        what: a drug or a treatment.
        cohort: which reports, in every system.
        drug_level: as in `Reports.signals`.
        use_rules: as there.
        duplicates: as there.

    Raises:
        CohortError: no drug is named: every pair of every system would be too much for one table.
        UnknownNameError: no treatment and no drug of that name.
    """
    if not what:
        raise CohortError("Every drug in every system is too much to stand side by side. Name a drug or a treatment.")
    systems = tuple(sorted({str(source) for (source,) in reports.store.engine.read("files", "source")}))
    tables: dict[str, SignalTable] = {}
    notes: dict[str, None] = {}
    for system in systems:
        within = reports.cohort(cohort if cohort is not None else "") & condition("source", system)
        if not reports.cases(what, within, duplicates=duplicates, most=1)[0]:
            continue
        table = reports.signals(
            what, within, drug_level=drug_level, methods=METHODS, use_rules=use_rules, duplicates=duplicates
        )
        notes.update(dict.fromkeys(table.notes))
        tables[system] = table
    return SideBySide(what, systems, tables, _ranked(tables), tuple(notes))


def _ranked(tables: dict[str, SignalTable]) -> tuple[tuple[str, str], ...]:
    """Pairs of harm first; then by systems in which the lower bound of the IC is above 0, by systems, by that bound."""
    told: dict[tuple[str, str], list[tuple[float, str]]] = {}
    for table in tables.values():
        for drug, event, lower, kind in zip(
            table.drug.tolist(), table.event.tolist(), table.ic_lower.tolist(), table.bin.tolist(), strict=True
        ):
            told.setdefault((str(drug), str(event)), []).append((float(lower), str(kind)))

    def standing(pair: tuple[str, str]) -> tuple[Any, ...]:
        lowers = [lower for lower, _ in told[pair]]
        harm = told[pair][0][1] in OF_HARM
        return (not harm, -sum(lower > 0 for lower in lowers), -len(lowers), -max(lowers), pair)

    return tuple(sorted(told, key=standing))


def _plain(value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain
