"""What must be said where reports of several systems, or reports that are not on drugs, stand in one count?

One event may be told to two systems, and each has its own people, products and reasons to report: their counts are
never added without saying so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from primum.counts.cohort import AllOf, Cohort, Condition

_OTHER_PRODUCTS: Final = {
    "vaers": "Reports of vaers are on vaccines given to healthy people: every vaccine of a report counts as a suspect.",
    "maude": "Reports of maude are on devices, not drugs: a brand stands where a drug's name does, FDA's product code "
    "where its ingredient does, problems as FDA codes them where reactions do. Makers and hospitals must report, also "
    "faults that harmed nobody, and how many devices are in use nobody counts.",
    "caers": "Reports of caers are on foods, supplements and cosmetics as people call them; ingredients are not told.",
    "eudravigilance": "Line listings of eudravigilance were each fetched for one substance: what they leave out is not "
    "there to compare with, so ratios within them say nothing.",
}


def told_of_systems(loaded: Iterable[str], cohorts: Iterable[Cohort | None]) -> tuple[str, ...]:
    """The notes on the systems in one count: that there are several, and which of them are not like FAERS.

    Args:
        loaded: the systems in the store.
        cohorts: cohort and comparator; None is every report.

    Examples:
        >>> from primum.counts.cohort import parse
        >>> told_of_systems(["table", "faers"], [parse("sex:F")])[0]
        'Reports of faers and table are counted together here: an event told to two systems counts twice, ...'
        >>> told_of_systems(["vaers", "faers"], [parse("sex:F source:faers")])
        ()
    """
    asked = [_system_of(one) for one in cohorts]
    names = sorted(set(loaded))
    counted = [name for name in names if any(one in (None, name) for one in asked)]
    notes = [_OTHER_PRODUCTS[name] for name in counted if name in _OTHER_PRODUCTS]
    if len(names) < 2 or None not in asked:
        return tuple(notes)
    *first, last = names
    wanted = " or ".join(f"source:{name}" for name in names)
    several = (
        f"Reports of {', '.join(first)} and {last} are counted together here: an event told to two systems counts "
        f"twice, and they differ in people and products. {wanted} asks for one."
    )
    return (several, *notes)


def _system_of(cohort: Cohort | None) -> str | None:
    """The one system that a cohort names; None where it names none, or several."""
    if isinstance(cohort, AllOf):
        return next((name for part in cohort.parts if (name := _system_of(part))), None)
    if isinstance(cohort, Condition) and cohort.field == "source" and len(cohort.values) == 1:
        return cohort.values[0]
    return None
