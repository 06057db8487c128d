"""What must a reader know beside a number, because its row says so?"""

from __future__ import annotations

from collections.abc import Iterable

from primum.evidence.effect import Effect
from primum.evidence.finding import Finding
from primum.terms import Interval
from primum.treatments.tables import Row

CONTEXT_ONLY = "context only: a secondary source (grade C)"


def caveats(*rows: Row) -> tuple[str, ...]:
    """Notes, contradictions and weak grades of the rows behind a number, each said once."""
    said: list[str] = []
    for row in rows:
        if row["note"]:
            said.append(row["note"])
        if row.cells.get("printed_contradiction"):
            said.append(f"the source contradicts itself: {row['printed_contradiction']}")
        if row["grade"] == "C":
            said.append(CONTEXT_ONLY)
    return once(said)


def once(words: Iterable[str]) -> tuple[str, ...]:
    """The same words without repetition, in their order.

    Examples:
        >>> once(["b", "a", "b", ""])
        ('b', 'a')
    """
    return tuple(dict.fromkeys(word for word in words if word))


def plain_range(low: float, high: float) -> Interval | None:
    """A range between sources or as printed, which has no level; None for one number.

    Examples:
        >>> plain_range(3.0, 4.0)
        Interval(lower=3.0, upper=4.0, level=None)
        >>> plain_range(3.0, 3.0) is None
        True
    """
    return Interval(low, high, level=None) if low < high else None


def whole(number: float) -> float | int:
    """A number without a fraction as a whole one, so that 1437 reads as reports and not as 1437.0.

    Examples:
        >>> whole(1437.0), whole(9.3)
        (1437, 9.3)
    """
    return int(number) if number.is_integer() else number


def from_effect(
    effect: Effect,
    *,
    id: str,
    label: str,
    sources: tuple[str, ...],
    population: str,
    window: str,
    warnings: tuple[str, ...],
) -> Finding:
    """A comparison of two groups as a finding; where it has no estimate, the reason is its first warning."""
    reason = (effect.reason,) if effect.reason else ()
    return Finding(
        id=id,
        label=label,
        value=effect.estimate,
        interval=effect.interval,
        unit=effect.unit,
        population=population,
        window=window,
        method=effect.method,
        sources=sources,
        warnings=once((*reason, *effect.warnings, *warnings)),
    )
