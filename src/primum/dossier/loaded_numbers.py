"""How does a count or a statistic of loaded reports become a finding with a name of its own?"""

from __future__ import annotations

import math
import re
from typing import Final

from primum.dossier.model import Cell, Ref
from primum.evidence.finding import Finding
from primum.provenance import COUNTED, Method
from primum.terms import Interval

SOURCE: Final = "loaded_reports"
_ABOUT: Final = "reports, not people harmed and not a rate"


class Writer:
    """Makes findings with names of their own and remembers them."""

    def __init__(self, window: str) -> None:
        self.window = window
        self.findings: dict[str, Finding] = {}

    def count(self, name: str, label: str, value: int, *, of: int | None = None, unit: str = "reports") -> Ref:
        """A count of reports; shown with its whole where it has one."""
        finding = Finding(
            id=self._free(name),
            label=label,
            value=value,
            unit=unit,
            numerator=value if of is not None else None,
            denominator=of,
            population="current reports with the treatment as a suspect drug",
            window=self.window,
            method=COUNTED,
            sources=(SOURCE,),
            warnings=(_ABOUT,),
        )
        self.findings[finding.id] = finding
        return Ref(finding.id, "value" if of is None else "counts")

    def statistic(
        self,
        name: str,
        label: str,
        three: tuple[float, float, float],
        *,
        level: float,
        method: Method,
        unit: str = "ratio",
        counted: tuple[int, int] | None = None,
    ) -> Cell:
        """A statistic with its bounds; a word where it is infinite or could not be computed.

        Args:
            name: the id behind `reports.loaded.`.
            label: what it is.
            three: lower bound, value, upper bound.
            level: of the bounds.
            method: how it was computed.
            unit: of the value; that of an information component is bits.
            counted: reports behind it, and of how many; None where they stand elsewhere.
        """
        lower, value, upper = three
        if not math.isfinite(value):
            return "infinite" if value > 0 else "none"
        ends = Interval(lower, upper, level=level) if math.isfinite(lower) and math.isfinite(upper) else None
        finding = Finding(
            id=self._free(name),
            label=label,
            value=value,
            interval=ends,
            unit=unit if method.id != "ic" else "bits",
            numerator=counted[0] if counted else None,
            denominator=counted[1] if counted else None,
            population="current reports",
            window=self.window,
            method=method,
            sources=(SOURCE,),
            warnings=(_ABOUT,),
        )
        self.findings[finding.id] = finding
        return Ref(finding.id, "with_interval")

    def _free(self, name: str) -> str:
        wanted, number = f"reports.loaded.{name}", 2
        while wanted in self.findings:
            wanted, number = f"reports.loaded.{name}_{number}", number + 1
        return wanted


def slug(text: str) -> str:
    """A word for an id made of any text.

    Examples:
        >>> slug("EYELID PTOSIS"), slug("<b>"), slug("")
        ('eyelid_ptosis', 'b', 'unnamed')
    """
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_") or "unnamed"
