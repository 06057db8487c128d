"""How many days after a drug was given did the event begin, in the reports of a cohort that tell?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from primum.cases.onset import STATUSES, onsets
from primum.counts.by_arrays import Asked
from primum.counts.cohort import Cohort
from primum.counts.contingency import rows_of
from primum.counts.members import Scope, members
from primum.store import schema
from primum.terms import IntArray

if TYPE_CHECKING:
    from primum.store import Store


_KEYS: Final = "onset_report_keys"


@dataclass(frozen=True, slots=True, eq=False)
class OnsetDays:
    """Days to onset in the reports of one use.

    Args:
        use: use of the reports; empty where a drug was asked for that is no treatment.
        days: of each report that tells it to the day, rising; each >= 0.
        reports: how many reports have each status of `primum.cases.onset.STATUSES`.
    """

    use: str
    days: IntArray
    reports: Mapping[str, int]


def onset_days(
    store: Store, asked: Asked, cohort: Cohort, scope: Scope, *, use_column: str = "use"
) -> tuple[OnsetDays, ...]:
    """Days to onset of a treatment, by use, or of a drug.

    Args:
        store: the loaded reports.
        asked: treatment or drug.
        cohort: which of its reports.
        scope: what the conditions of the cohort speak of.
        use_column: `use`, or `use_strict` for uses by strong rules alone.
    """
    by_use: dict[str, list[tuple[int | None, str]]] = {}
    for days, status, *use in _rows(store, asked, cohort, scope, use_column=use_column):
        by_use.setdefault(use[0] if use else "", []).append((days, status))
    return tuple(
        OnsetDays(
            use=use,
            days=np.sort(np.array([days for days, _ in rows if days is not None], dtype=np.int64)),
            reports={status: sum(told == status for _, told in rows) for status in STATUSES},
        )
        for use, rows in sorted(by_use.items())
    )


def _rows(store: Store, asked: Asked, cohort: Cohort, scope: Scope, *, use_column: str) -> list[tuple[Any, ...]]:
    """Days and status of each report, and the use where a treatment is asked for."""
    inside, engine = members(cohort, scope), store.engine
    if asked.level != "treatment":
        found = onsets(rows_of(asked, scope).semi_join(inside, "report_key"), by=["report_key"])
        return engine.rows(found.select("onset_days", "status"))
    uses = schema.table("report_uses")
    mine = uses.filter(uses.treatment == asked.name).semi_join(inside, "report_key")
    try:  # of all drug rows only those of these reports are read by name
        engine.stage_expression(_KEYS, mine.select(touched_key=mine.report_key))
        found = onsets(rows_of(asked, scope, _KEYS), by=["report_key"])
        told = found.join(mine.select("report_key", use=mine[use_column]), "report_key")
        return engine.rows(told.select("onset_days", "status", "use"))
    finally:
        engine.unstage(_KEYS)
