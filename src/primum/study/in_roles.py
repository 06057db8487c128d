"""Does what stands out hang on the role that a treatment has in a report? The same terms, counted again by role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from primum.cases.use import EXPOSURE_ROLES
from primum.counts.cohort import Cohort
from primum.counts.contingency import Counts
from primum.counts.incidence import Incidence
from primum.counts.members import Scope
from primum.counts.roles import count_in_roles, tells_roles
from primum.signals.caveats import one_text
from primum.signals.columns import SignalTable
from primum.study.question import KindOfTerm
from primum.study.scored import scored

METHODS: Final = ("ic",)
ROLE_SETS: Final[Sequence[tuple[str, ...]]] = (("PS",), (*EXPOSURE_ROLES, "C"))
"""Narrower and wider than what is counted elsewhere (`EXPOSURE_ROLES`): the drug that the reporter suspects first, and
every role in which it was given."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InRoles:
    """A treatment against everything else where it has one of some roles.

    Args:
        roles: those in which it counts.
        reports: of the treatment in them.
        table: one row an event; None where there is no such report.
    """

    roles: tuple[str, ...]
    reports: int
    table: SignalTable | None


def in_roles(
    arrays: Incidence, treatment: str, cohort: Cohort, scope: Scope, bin_of: KindOfTerm
) -> tuple[InRoles, ...]:
    """The treatment by each of `ROLE_SETS`; nothing where the cohort says itself in which roles it is meant.

    Reports that tell no role count in the wider set, as they do elsewhere, and not as primary suspects.

    Args:
        arrays: of the store.
        treatment: its id.
        cohort: which reports.
        scope: what its conditions speak of.
        bin_of: the kind of a term.
    """
    if not tells_roles(cohort):
        return ()
    found = []
    for roles in ROLE_SETS:
        wider = set(roles) > set(EXPOSURE_ROLES)
        counted = count_in_roles(arrays, treatment, roles, cohort=cohort, scope=scope, untold=wider)
        scores = (
            scored(arrays.store, Counts(counted), bin_of, methods=METHODS, caveats=one_text("", len(counted)))
            if len(counted)
            else None
        )
        reports = int(counted.drug_reports[0]) if len(counted) else 0
        found.append(InRoles(roles=roles, reports=reports, table=None if scores is None else scores.table()))
    return tuple(found)
