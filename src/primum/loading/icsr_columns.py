"""How do the reports of a run become columns of the store's tables, before anybody knows their keys?

A run is read by whoever has time for it, so its reports count from 0; who puts it into the store knows how many came
before. Columns are all those of a table, whatever the reports of this run tell: then all runs of a file have one form.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from primum.sources.icsr import Icsr, Row
from primum.sources.lines import Reject
from primum.store.row_batches import arrow_types

if TYPE_CHECKING:
    import pyarrow as pa

MADE_LATER: Final = ("report_key", "source")


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a table.

    Args:
        report: number of the report of each within its run, from 0.
        columns: all of the table but its keys and the reporting system.
    """

    report: NDArray[np.int32]
    columns: Mapping[str, pa.Array]


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of records came to.

    Args:
        tables: the rows of each table.
        rejects: the records that are no report.
        repairs: what was mended within reports, and how often.
        faults: element and fault of texts without a value, and how often.
    """

    tables: Mapping[str, Rows]
    rejects: Sequence[Reject]
    repairs: Counter[str]
    faults: Counter[tuple[str, str]]

    @property
    def reports(self) -> int:
        """How many reports it has."""
        return len(self.tables["reports"].report)


def run_of(reports: Sequence[Icsr], rejects: Sequence[Reject]) -> Run:
    """Put the reports of a run into columns."""
    repairs: Counter[str] = Counter()
    for icsr in reports:
        repairs.update(icsr.repairs)
    faults = Counter(fault for icsr in reports for fault in icsr.faults)
    owners: defaultdict[str, list[int]] = defaultdict(list)
    owned: defaultdict[str, list[Row]] = defaultdict(list)
    for number, icsr in enumerate(reports):
        for table, rows in _children(icsr):
            for place, row in enumerate(rows, start=1):
                row["row_number"] = place
                owners[table].append(number)
                owned[table].append(row)
    tables = {table: _columns(table, owners[table], rows) for table, rows in owned.items()}
    tables["reports"] = _columns("reports", range(len(reports)), [icsr.report for icsr in reports])
    return Run(tables, tuple(rejects), repairs, faults)


def _children(icsr: Icsr) -> Iterator[tuple[str, Sequence[Row]]]:
    yield "drugs_in_report", icsr.drugs
    yield "therapies", icsr.therapies
    yield "indications", icsr.indications
    yield "reactions", icsr.reactions
    yield "outcomes", [{"outcome": outcome} for outcome in icsr.outcomes]
    yield "report_sources", [{"report_source": source} for source in icsr.report_sources]


def _columns(table: str, reports: Sequence[int], rows: Sequence[Row]) -> Rows:
    import pyarrow as pa

    told = set().union(*rows)
    if unknown := told - set(arrow_types(table)):
        raise ValueError(f"{table} has no column {sorted(unknown)[0]}.")
    columns = {
        name: pa.array([row.get(name) for row in rows], kind) if name in told else pa.nulls(len(rows), kind)
        for name, kind in arrow_types(table).items()
        if name not in MADE_LATER
    }
    return Rows(np.array(reports, dtype=np.int32), columns)
