"""What must be said where reports of several systems stand in one count?

One event may be told to two systems, and each has its own people, products and reasons to report: their counts are
never added without saying so.
"""

from __future__ import annotations

from collections.abc import Iterable

from primum.counts.cohort import AllOf, Cohort, Condition


def told_of_systems(loaded: Iterable[str], cohorts: Iterable[Cohort | None]) -> tuple[str, ...]:
    """The note on reports of several systems in one count; nothing where there is one, or every cohort names one.

    Args:
        loaded: the systems in the store.
        cohorts: cohort and comparator; None is every report.

    Examples:
        >>> from primum.counts.cohort import parse
        >>> told_of_systems(["vaers", "faers"], [parse("sex:F")])[0]
        'Reports of faers and vaers are counted together here: an event told to two systems counts twice, ...'
        >>> told_of_systems(["vaers", "faers"], [parse("sex:F source:vaers")])
        ()
    """
    names = sorted(set(loaded))
    if len(names) < 2 or all(one is not None and _of_one_system(one) for one in cohorts):
        return ()
    *first, last = names
    asked = " or ".join(f"source:{name}" for name in names)
    return (
        f"Reports of {', '.join(first)} and {last} are counted together here: an event told to two systems counts "
        f"twice, and they differ in people and products. {asked} asks for one.",
    )


def _of_one_system(cohort: Cohort) -> bool:
    if isinstance(cohort, AllOf):
        return any(map(_of_one_system, cohort.parts))
    return isinstance(cohort, Condition) and cohort.field == "source" and len(cohort.values) == 1
