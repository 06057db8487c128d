"""How often do reports name each event where they name a treatment in some roles and not in others?

The drugs of every report in a role would have to be laid out with their events; one treatment needs its own rows alone
(`people.build_treated`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from primum.counts.by_arrays import table_of_pairs
from primum.counts.coded import texts_of
from primum.counts.cohort import EVERYTHING, Cohort
from primum.counts.contingency import split_exposure
from primum.counts.kernel import Pairs
from primum.counts.people import ROLE_BIT, UNTOLD_BIT

if TYPE_CHECKING:
    from primum.counts.incidence import Incidence
    from primum.counts.members import Scope
    from primum.counts.table import CountTable

_HANG_ON_ROLES: Final = frozenset({"drug", "product", "substance", "treatment", "dose", "role"})


def tells_roles(cohort: Cohort) -> bool:
    """Whether the roles of a treatment can be varied within a cohort: not where it says itself which drugs it means.

    Examples:
        >>> from primum.counts.cohort import parse
        >>> [tells_roles(parse(text)) for text in ("*", "sex:F use:cosmetic", "role:PS", "substance:aspirin age:18-")]
        [True, True, False, False]
    """
    return not cohort.fields & _HANG_ON_ROLES


def count_in_roles(
    arrays: Incidence, treatment: str, roles: Sequence[str], *, cohort: Cohort, scope: Scope, untold: bool
) -> CountTable:
    """Events of a treatment where it is named in one of some roles, compared with everything else of the cohort.

    Args:
        arrays: of the store.
        treatment: its id.
        roles: of `primum.counts.fields.ROLES`.
        cohort: which reports; one that `tells_roles`. Its conditions on the exposure narrow the treatment's reports.
        scope: what its conditions speak of.
        untold: count reports too that tell no role, which a long table never does.

    Returns:
        One row an event; none where no report of the cohort names the treatment so.
    """
    exposure, people = split_exposure(cohort)
    held = arrays.roles(treatment).arrays
    wanted = sum(ROLE_BIT[role] for role in roles) | (UNTOLD_BIT if untold else 0)
    inside = (held["roles"] & np.uint8(wanted)) > 0
    for part in (exposure, people):
        if part != EVERYTHING:
            inside &= arrays.mask(part, scope).take(held["reports"])
    reports = held["reports"][inside]
    events = arrays.events()
    counted = events.counts(reports)
    there = np.flatnonzero(counted)
    return table_of_pairs(
        Pairs(np.zeros(len(there), dtype=np.int64), there, counted[there]),
        np.full(len(there), len(reports), dtype=np.int64),
        arrays.event_margins(people, scope)[there],
        names=(texts_of([treatment]), events.names),
        people=people,
        total=arrays.total if people == EVERYTHING else arrays.size(people, scope),
        cohort=cohort,
        snapshot=arrays.store.snapshot(),
    )
