"""What is one number of the answer, and what must travel with it?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from primum import notebook
from primum.provenance import COUNTED, Method
from primum.terms import Interval

_ID = re.compile(r"[a-z0-9_]+(\.[A-Za-z0-9_\-]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One number of the answer with everything a reader needs to trust or redo it.

    Args:
        id: dotted name, unique in a dossier, such as `trials.cosmetic.headache.risk_difference`.
        label: what it is, in a few plain words.
        value: the number, unrounded; a word for a status; None where it is not known, with a warning saying why.
        interval: its interval, or the plain range between sources (`interval.level` is None then).
        unit: of value and interval: `proportion`, `reports`, `people`, `fold`, `units`, `weeks`, `ratio`, `status` ...
        numerator: events or reports counted, where the number is a share of something.
        denominator: people or reports they are counted among.
        population: whom it speaks of.
        window: over which time.
        method: how it was computed.
        sources: ids of the sources, at least one.
        warnings: caveats that travel with it.
        certainty: a human judgement with its reason; empty where nobody has judged.
    """

    id: str
    label: str
    value: float | int | str | None
    unit: str
    sources: tuple[str, ...]
    interval: Interval | None = None
    numerator: int | None = None
    denominator: int | None = None
    population: str = ""
    window: str = ""
    method: Method = COUNTED
    warnings: tuple[str, ...] = ()
    certainty: str = ""

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f'Finding id "{self.id}": expected dotted words, such as trials.cosmetic.headache.')
        if not self.sources:
            raise ValueError(f"Finding {self.id} names no source; a number without its source is not shown.")
        if self.value is None and not self.warnings:
            raise ValueError(f"Finding {self.id} has no value and no warning; say why it is not known.")

    def _repr_html_(self) -> str:
        """In a notebook: the number with all that must travel with it."""
        counted = (
            f"{notebook.number(self.numerator)} of {notebook.number(self.denominator)}"
            if self.denominator is not None
            else ""
        )
        rows = (
            ("value", f"{notebook.number(self.value)} {self.unit}"),
            ("interval", notebook.between(self.interval)),
            ("counted", counted),
            ("whom", self.population),
            ("over which time", self.window),
            ("how", f"{self.method.label} {self.method.citation}"),
            ("sources", ", ".join(self.sources)),
            ("certainty", self.certainty),
        )
        return notebook.table(
            f"{self.label} ({self.id})", (), [row for row in rows if row[1].strip()], below=self.warnings
        )

    def as_json(self) -> dict[str, Any]:
        """The finding as plain data, the form in which it stands in `--json`."""
        return {
            "id": self.id,
            "label": self.label,
            "value": self.value,
            "interval": None if self.interval is None else [_end(self.interval.lower), _end(self.interval.upper)],
            "level": None if self.interval is None else self.interval.level,
            "unit": self.unit,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "population": self.population,
            "window": self.window,
            "method": {
                "id": self.method.id,
                "label": self.method.label,
                "formula": self.method.formula,
                "citation": self.method.citation,
            },
            "sources": list(self.sources),
            "warnings": list(self.warnings),
            "certainty": self.certainty,
        }


def _end(value: float) -> float | None:
    """An end of an interval; None where it is open, because JSON has no infinity."""
    return value if math.isfinite(value) else None


def by_id(findings: Iterable[Finding]) -> Mapping[str, Finding]:
    """Findings under their ids.

    Raises:
        ValueError: two findings share an id.
    """
    found: dict[str, Finding] = {}
    for finding in findings:
        if finding.id in found:
            raise ValueError(f"Two findings are named {finding.id}; each number has one name.")
        found[finding.id] = finding
    return found
