"""What is planted in invented reports: a drug, and an event that comes with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedSignal:
    """A drug, and an event that comes with it more often than by chance.

    Args:
        drug: its name; on one report in `1 / drug_share`, as primary suspect.
        event: the event.
        drug_share: share of reports with the drug, in (0, 1).
        event_share: share of the drug's reports that have the event for this reason, in [0, 1].
        indication: what the drug was used for; empty: an invented one.

    Raises:
        ValueError: a share is outside its range.
    """

    drug: str
    event: str
    drug_share: float
    event_share: float
    indication: str = ""

    def __post_init__(self) -> None:
        if not (0 < self.drug_share < 1 and 0 <= self.event_share <= 1):
            raise ValueError(
                f"Planted signal {self.drug}: shares {self.drug_share} and {self.event_share}; expected 0-1."
            )
