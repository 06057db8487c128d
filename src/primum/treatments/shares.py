"""Which share does a row of an evidence table state, and do its people, events and percentage agree?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from primum.evidence.proportions import wilson
from primum.provenance import Method
from primum.terms import Interval

WILSON = Method(
    "share_wilson",
    "share of people counted, with the Wilson score interval",
    "(p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n), p = events/n",
    "Wilson 1927, doi:10.1080/01621459.1927.10502953",
)
RECOVERED = Method(
    "share_recovered",
    "share whose count follows from the printed percentage and the number of people, with the Wilson score interval",
    "events = the whole numbers whose share of n rounds to the printed percentage",
    "Wilson 1927, doi:10.1080/01621459.1927.10502953",
)
PRINTED = Method("printed", "percentage as printed in the source")
ESTIMATED = Method("pooled_in_source", "estimate of a meta-analysis, as printed in the source")

_NEARLY_ZERO = 1e-9  # so that a share of exactly half a last digit may round either way


@dataclass(frozen=True, slots=True)
class Share:
    """A share as a source states it.

    Args:
        n: people; None where the source read prints none.
        events: people with the outcome; None where the source read prints none.
        percent: percentage as printed, with its decimals; empty where none is printed.
        estimated: whether the percentage is an estimate of a meta-analysis and no share of its people.
        printed_interval: interval of the percentage as printed, as proportions.
    """

    n: int | None
    events: int | None
    percent: str = ""
    estimated: bool = False
    printed_interval: Interval | None = None

    @property
    def counted(self) -> bool:
        """Whether people and events are both there."""
        return self.n is not None and self.events is not None

    def possible_events(self) -> tuple[int, int] | None:
        """Fewest and most events that the row allows; None where it does not say enough.

        Examples:
            >>> Share(405, None, "6.4").possible_events()
            (26, 26)
            >>> Share(2691, None, "17.8").possible_events()
            (478, 480)
            >>> Share(None, None, "12").possible_events() is None
            True
        """
        if self.events is not None and self.n is not None:
            return self.events, self.events
        if self.n is None or not self.percent or self.estimated:
            return None
        centre, half = float(self.percent), half_last_digit(self.percent)
        fewest = math.ceil(self.n * (centre - half) / 100 - _NEARLY_ZERO)
        most = math.floor(self.n * (centre + half) / 100 + _NEARLY_ZERO)
        return max(fewest, 0), min(most, self.n)

    @property
    def value(self) -> float | None:
        """The share as a proportion: counted, recovered from the only count that fits, or as printed."""
        possible = self.possible_events()
        if possible is not None and possible[0] == possible[1] and self.n:
            return possible[0] / self.n
        return float(self.percent) / 100 if self.percent else None

    @property
    def exact_events(self) -> int | None:
        """The events, where they are printed or only one number fits the percentage."""
        possible = self.possible_events()
        if possible is None or possible[0] != possible[1]:
            return None
        return possible[0]

    @property
    def method(self) -> Method:
        """How `value` came about."""
        if self.counted:
            return WILSON
        if self.estimated:
            return ESTIMATED
        return PRINTED if self.possible_events() is None else RECOVERED

    def warnings(self) -> tuple[str, ...]:
        """What a reader must know about the count behind the share."""
        possible = self.possible_events()
        if self.counted:
            return ()
        if self.estimated:
            if self.printed_interval is None:
                return ("estimate of a meta-analysis; its interval was not in what was read",)
            return ("estimate of a meta-analysis, not a share of the people it names",)
        if possible is None:
            return ("the source read does not print how many people this is a share of: no interval can be given",)
        if possible[0] == possible[1]:
            return (f"count not printed: {possible[0]} of {self.n} is the only one that gives {self.percent} %",)
        return (f"count not printed: {possible[0]} to {possible[1]} of {self.n} give {self.percent} %",)


def half_last_digit(percent: str) -> float:
    """Half a unit of the last printed digit: how far a rounded percentage may lie from the true one.

    Examples:
        >>> half_last_digit("7.1"), half_last_digit("24")
        (0.05, 0.5)
    """
    return 0.5 * 10.0 ** -len(percent.partition(".")[2])


def recomputes(events: float, n: int, percent: str) -> bool:
    """Whether a printed percentage is the share rounded to the decimals printed.

    Examples:
        >>> recomputes(243, 3431, "7.1"), recomputes(12, 263, "5.4")
        (True, False)
    """
    return n > 0 and abs(100 * events / n - float(percent)) <= half_last_digit(percent) + _NEARLY_ZERO


def intervals(shares: Sequence[Share], *, level: float = 0.95) -> list[Interval | None]:
    """The interval of each share: Wilson where a count is known, the printed one of an estimate, or none.

    Where several counts fit a printed percentage, the interval reaches from the lower end of the fewest to the
    upper end of the most.
    """
    known = [(i, possible, share.n) for i, share in enumerate(shares) if (possible := share.possible_events())]
    found: list[Interval | None] = [share.printed_interval for share in shares]
    if known:
        people = np.array([n for _, _, n in known])
        lower, _ = wilson(np.array([possible[0] for _, possible, _ in known]), people, level=level)
        _, upper = wilson(np.array([possible[1] for _, possible, _ in known]), people, level=level)
        for (i, _, _), low, high in zip(known, lower.tolist(), upper.tolist(), strict=True):
            found[i] = Interval(low, high, level=level)
    return found
