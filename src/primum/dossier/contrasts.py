"""Which arms of trials belong together? A comparison, with the ids of its numbers and who was compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from primum.evidence.finding import Finding
from primum.treatments.tables import Row

AGAINST: Final = {"placebo": "placebo", "untreated": "no treatment", "comparator": "comparator"}
NOT_TREATED: Final = ("placebo", "no treatment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One outcome of one comparison.

    Args:
        id: prefix of its findings.
        outcome: what was counted.
        trial: the study or studies.
        indication: what was treated.
        use: cosmetic or therapeutic.
        product: what was given.
        dose: as printed.
        window: over which time.
        design: how people were compared.
        source: id of the source.
        treated: id of the share among treated people; empty where there is none.
        control: id of the share among people given placebo, nothing or another product; empty where there is none.
        against: one of the words of `AGAINST`.
        difference: id of the risk difference; empty where the arms could not be compared.
        ratio: id of the risk ratio; empty likewise.
    """

    id: str
    outcome: str
    trial: str
    indication: str
    use: str
    product: str
    dose: str
    window: str
    design: str
    source: str
    treated: str
    control: str
    against: str
    difference: str
    ratio: str

    @property
    def compared(self) -> bool:
        """Were two arms counted and compared?"""
        return bool(self.difference)


def contrasts(rows: Iterable[Row], findings: Mapping[str, Finding]) -> list[Contrast]:
    """The comparisons of a table of arms, in its order."""
    arms: dict[str, list[Row]] = {}
    for row in rows:
        arms.setdefault(row["contrast"], []).append(row)
    return [_contrast(name, group, findings) for name, group in arms.items()]


def _contrast(name: str, rows: list[Row], findings: Mapping[str, Finding]) -> Contrast:
    lead = next((row for row in rows if row["arm"] in ("active", "single")), rows[0])
    arm = next((arm for arm in AGAINST if f"{name}.{arm}" in findings), "placebo")

    def known(last: str) -> str:
        return f"{name}.{last}" if f"{name}.{last}" in findings else ""

    return Contrast(
        id=name,
        outcome=lead["outcome"],
        trial=lead["trial"],
        indication=lead["indication"],
        use=lead["use"],
        product=lead["product"],
        dose=lead["dose"],
        window=lead["window"],
        design=lead["design"],
        source=lead["source"],
        treated=known("treated"),
        control=known(arm),
        against=AGAINST[arm],
        difference=known("risk_difference"),
        ratio=known("risk_ratio"),
    )
