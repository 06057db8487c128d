"""How many days after a drug was given did the event begin, in the reports of a cohort that tell?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from primum.cases.onset import STATUSES, onsets
from primum.counts.by_arrays import Asked
from primum.counts.cohort import Cohort
from primum.counts.contingency import holding, rows_of
from primum.counts.groups import places_with
from primum.counts.incidence import Incidence
from primum.counts.kernel import Codes
from primum.counts.members import Scope, members
from primum.counts.told import NO_DAY
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
    store: Store,
    asked: Asked,
    cohort: Cohort,
    scope: Scope,
    *,
    use_column: str = "use",
    arrays: Incidence | None = None,
) -> tuple[OnsetDays, ...]:
    """Days to onset of a treatment, by use, or of a drug.

    Args:
        store: the loaded reports.
        asked: treatment or drug.
        cohort: which of its reports.
        scope: what the conditions of the cohort speak of.
        use_column: `use`, or `use_strict` for uses by strong rules alone.
        arrays: the store's incidence arrays, the fast road: those of a treatment hold the days, and of a drug which
            reports are read; None asks the engine.
    """
    if arrays is not None and asked.level == "treatment" and scope.roles is None:
        told = arrays.told(asked.name).among(arrays.mask(cohort, scope))
        return _by_use(told.names[use_column], told.codes[use_column], told.days, told.status)
    found = _rows(store, asked, cohort, scope, use_column=use_column, arrays=arrays)
    known, number = found["onset_days"].astype(np.float64), {text: place for place, text in enumerate(STATUSES)}
    uses = sorted(set(found["use"].tolist()))
    return _by_use(
        uses,
        np.array([uses.index(use) for use in found["use"].tolist()], dtype=np.int64),
        np.where(np.isnan(known), NO_DAY, known).astype(np.int64),
        np.array([number[status] for status in found["status"].tolist()], dtype=np.int64),
    )


def _by_use(uses: Sequence[str], use: Codes, days: IntArray, status: Codes) -> tuple[OnsetDays, ...]:
    """Each use that a report has, with the days and statuses of its reports."""
    each = [(name, use == code) for code, name in enumerate(uses)]
    return tuple(
        OnsetDays(
            use=name,
            days=np.sort(days[mine & (days != NO_DAY)]).astype(np.int64),
            reports=dict(zip(STATUSES, np.bincount(status[mine], minlength=len(STATUSES)).tolist(), strict=True)),
        )
        for name, mine in each
        if mine.any()
    )


def _rows(
    store: Store, asked: Asked, cohort: Cohort, scope: Scope, *, use_column: str, arrays: Incidence | None
) -> dict[str, Any]:
    """Days, status and use of each report; the use is empty where no treatment is asked for."""
    import ibis

    engine, inside = store.engine, members(cohort, scope)
    uses = schema.table("report_uses")
    used = uses.filter(uses.treatment == asked.name).select("report_key", use=uses[use_column])
    of_treatment = asked.level == "treatment"
    try:  # of the large tables only the rows of these reports are read
        if not of_treatment and arrays is not None and scope.roles is None:
            places = places_with(arrays, asked)
            places = places[arrays.mask(cohort, scope)[places]]
            engine.stage(_KEYS, {"touched_key": arrays.report_keys[places]})
        else:
            held = (used if of_treatment else holding(asked, scope)).semi_join(inside, "report_key")
            engine.stage_expression(_KEYS, held.select(touched_key=held.report_key))
        found = onsets(rows_of(asked, scope, _KEYS), by=["report_key"], within=_KEYS)
        return engine.run(found.join(used, "report_key") if of_treatment else found.mutate(use=ibis.literal("")))
    finally:
        engine.unstage(_KEYS)
