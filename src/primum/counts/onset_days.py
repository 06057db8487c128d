"""How many days after a drug was given did the event begin, in the reports of a cohort that tell?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from primum.cases.onset import STATUSES, onsets
from primum.counts.by_arrays import Asked
from primum.counts.coded import named_keys
from primum.counts.cohort import Cohort
from primum.counts.contingency import holding, rows_of
from primum.counts.groups import places_with
from primum.counts.incidence import Incidence
from primum.counts.kernel import Codes
from primum.counts.members import Scope, members
from primum.counts.name_onsets import of_names
from primum.counts.parts import Part
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
        arrays: the store's incidence arrays, the fast road: they hold the days of treatments and, once they are laid
            out, of every drug; until then those of a drug are asked of the engine and remembered. None asks the engine.
    """
    if arrays is not None and asked.level == "treatment" and scope.roles is None:
        told = arrays.told(asked.name).among(arrays.mask(cohort, scope))
        return _by_use(told.names[use_column], told.codes[use_column], told.days, told.status)
    if arrays is not None and scope.roles is None:
        places = places_with(arrays, asked)
        known = arrays.of_drug("onset", asked, lambda: _of_drug(store, arrays, asked, scope, places)).arrays
        inside = arrays.mask(cohort, scope)[places]
        use = np.zeros(int(np.count_nonzero(inside)), dtype=np.int64)
        return _by_use([""], use, known["days"][inside], known["status"][inside])
    found = _rows(store, asked, scope, cohort, use_column=use_column)
    uses, use = np.unique(found["use"].astype(str), return_inverse=True)
    return _by_use(uses.tolist(), use, _days(found), found["status"].astype(np.int64))


def _of_drug(store: Store, arrays: Incidence, asked: Asked, scope: Scope, places: Codes) -> Part:
    """Days to onset and what is known of them in every report of a drug, in the order of their keys."""
    if (laid_out := arrays.onsets()) is not None:
        called = named_keys(asked.level)
        names = store.engine.run(called.filter(called.name == asked.name).select("name_key").distinct())["name_key"]
        return of_names(laid_out, arrays.people(), names.tolist(), places)
    keys = arrays.report_keys[places]
    found = _rows(store, asked, scope, keys)  # a row for each: what the arrays are made from names the same reports
    order = np.argsort(found["report_key"])
    return Part({"days": _days(found)[order].astype(np.int32), "status": found["status"][order]}, {})


def _days(found: Mapping[str, Any]) -> IntArray:
    known = found["onset_days"].astype(np.float64)
    return np.where(np.isnan(known), NO_DAY, known).astype(np.int64)


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
    store: Store, asked: Asked, scope: Scope, reports: Cohort | IntArray, *, use_column: str = "use"
) -> dict[str, Any]:
    """Days, place of the status, and use of each report of a cohort or with one of some keys; no drug has a use."""
    import ibis

    engine = store.engine
    uses = schema.table("report_uses")
    used = uses.filter(uses.treatment == asked.name).select("report_key", use=uses[use_column])
    of_treatment = asked.level == "treatment"
    try:  # of the large tables only the rows of these reports are read
        if isinstance(reports, np.ndarray):
            engine.stage(_KEYS, {"touched_key": np.asarray(reports)})
        else:
            inside = members(reports, scope)
            held = (used if of_treatment else holding(asked, scope)).semi_join(inside, "report_key")
            engine.stage_expression(_KEYS, held.select(touched_key=held.report_key))
        found = onsets(rows_of(asked, scope, _KEYS), by=["report_key"], within=_KEYS)
        # A number for each text: of millions of reports they would be millions of Python objects.
        number = ibis.cases(*((found.status == text, place) for place, text in enumerate(STATUSES)))
        found = found.mutate(status=number.cast("uint8"))
        return engine.run(found.join(used, "report_key") if of_treatment else found.mutate(use=ibis.literal("")))
    finally:
        engine.unstage(_KEYS)
