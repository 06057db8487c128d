"""What does one comparison of two groups say, and what must travel with it?"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from primum import notebook
from primum.errors import EvidenceError
from primum.provenance import Method
from primum.terms import Count, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One estimate with its interval, the counts behind it, how it was made, and what speaks against it.

    Args:
        measure: what is estimated, such as `risk difference`.
        estimate: the number, unrounded; None where the data give none.
        interval: its confidence interval; an end may be infinite (a ratio with no event in the control group);
            None where the data bound it on neither side.
        unit: of estimate and interval: `proportion`, `per 1,000`, `ratio`, `people`, or a rate's or mean's own unit.
        method: how it was computed.
        counts: people with the event among people, treated group first; empty where people were not counted.
        reason: why there is no estimate; empty where there is one.
        warnings: what a reader must know beside the number.

    Raises:
        ValueError: there is no estimate and no reason, or the estimate is not finite or lies outside its interval.
    """

    measure: str
    estimate: float | None
    interval: Interval | None
    unit: str
    method: Method
    counts: tuple[Count, ...] = ()
    reason: str = ""
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.estimate is None:
            if not self.reason:
                raise ValueError(f"{self.measure} has no estimate and no reason; say why it is not known.")
            return
        if not math.isfinite(self.estimate):
            raise ValueError(f"{self.measure} is {self.estimate}; where there is no finite estimate, give a reason.")
        if self.interval is not None and not self.interval.lower <= self.estimate <= self.interval.upper:
            raise ValueError(f"{self.measure} {self.estimate} lies outside its interval {self.interval}.")

    def _repr_html_(self) -> str:
        """In a notebook: the estimate, its interval, the counts behind it, and what speaks against it."""
        counted = "; ".join(
            f"{notebook.number(count.events)} of {notebook.number(count.total)}" for count in self.counts
        )
        rows = (
            ("estimate", f"{notebook.number(self.estimate)} {self.unit}" if self.estimate is not None else self.reason),
            ("interval", notebook.between(self.interval)),
            ("counted, treated first", counted),
            ("how", f"{self.method.label} {self.method.citation}"),
        )
        return notebook.table(self.measure, (), [row for row in rows if row[1].strip()], below=self.warnings)


def per_thousand(effect: Effect) -> Effect:
    """The same share or difference of shares, counted in 1,000 people.

    Args:
        effect: one whose unit is `proportion`.

    Returns:
        A new effect in the unit `per 1,000`; everything else is kept.

    Raises:
        EvidenceError: the effect is not a proportion; a ratio has no count per 1,000 without the risk it multiplies.

    Examples:
        >>> from primum.evidence.effects import risk_difference
        >>> more = per_thousand(risk_difference(243, 3431, 75, 1359))
        >>> round(more.estimate), more.unit
        (16, 'per 1,000')
    """
    if effect.unit != "proportion":
        raise EvidenceError.not_a_proportion(effect.measure, effect.unit)
    interval = effect.interval
    if interval is not None:
        interval = Interval(1000 * interval.lower, 1000 * interval.upper, interval.level)
    estimate = None if effect.estimate is None else 1000 * effect.estimate
    return replace(effect, estimate=estimate, interval=interval, unit="per 1,000")
