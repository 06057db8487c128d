"""Which cases are behind a count? The reports of a cohort that hold a drug, the last loaded first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from primum.counts.by_arrays import Asked, exposed_reports, population
from primum.counts.cohort import Cohort
from primum.counts.incidence import DrugLevel, Incidence
from primum.counts.members import Scope
from primum.store import schema

if TYPE_CHECKING:
    from primum.store import Store


@dataclass(frozen=True, slots=True)
class ListedCase:
    """One current report of a list; its age is in years."""

    case_id: str | None
    report_id: str
    quarter: str | None
    sex: str | None
    age_years: float | None
    country: str | None


def case_list(
    store: Store, arrays: Incidence, asked: Asked | None, *, cohort: Cohort, scope: Scope, most: int
) -> tuple[int, tuple[ListedCase, ...]]:
    """How many reports there are, and the last of them.

    Args:
        store: the loaded reports.
        arrays: incidence arrays of the store.
        asked: treatment or drug that the reports hold; None for any.
        cohort: which reports.
        scope: what the conditions of the cohort speak of.
        most: how many are listed at most.

    Raises:
        CohortError: no report is left.
    """
    level: DrugLevel = "substance" if asked is None or asked.level == "treatment" else asked.level
    who = population(arrays, cohort, scope=scope, level=level, roles=scope.roles)
    if asked is not None:
        places = np.unique(np.concatenate([[], *(found for _, found in exposed_reports(who, asked, None))])).astype(int)
    else:
        places = np.arange(arrays.total) if who.mask is None else np.flatnonzero(who.mask)
    keys = [int(key) for key in arrays.report_keys[places[::-1][:most]]]
    reports = schema.table("reports")
    told = reports.filter(reports.report_key.isin(keys)).select(
        "report_key", "caseid", "primaryid", "quarter", "sex", "age_years", "occurrence_country"
    )
    by_key = {row[0]: ListedCase(*row[1:]) for row in store.engine.rows(told)} if keys else {}
    return len(places), tuple(by_key[key] for key in keys)
