"""What does the model not answer, and why? A refusal is an answer: a value with its reason, never an exception."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any, Final

from primum.errors import ModelError

# How far beyond the studied doses and days a curve is still drawn, marked as extrapolated.
LARGEST_EXTRAPOLATION: Final = 3.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A question that the data cannot answer.

    Args:
        key: short name of the kind of question, such as `unit_conversion`.
        question: what was asked, in plain words.
        reason: why it is refused and what would be needed.
        sources: ids of the sources that the reason rests on; empty where it is arithmetic or a matter of form.

    Raises:
        ModelError: no reason is given.
    """

    key: str
    question: str
    reason: str
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.reason:
            raise ModelError.of(f"refusal {self.key} without a reason", "the reason it is refused for")

    def as_json(self) -> dict[str, Any]:
        """The refusal as plain data."""
        return {
            "refused": self.key,
            "question": self.question,
            "reason": self.reason,
            "sources": list(self.sources),
        }


def load_refusals(file: Traversable) -> Mapping[str, Refusal]:
    """Read what the model of a treatment refuses from a table `key,question,reason,source`.

    Raises:
        ModelError: a key stands twice or a reason is missing.
    """
    refusals: dict[str, Refusal] = {}
    with file.open("r", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["key"] in refusals:
                raise ModelError.of(f"refusal {row['key']} stands twice in {file.name}", "one row a refusal")
            refusals[row["key"]] = Refusal(row["key"], row["question"], row["reason"], tuple(row["source"].split()))
    return refusals


def outside_range(quantity: str, given: float, low: float, high: float, unit: str) -> Refusal | None:
    """Is a dose or a day too far outside what was studied to be extrapolated to?

    Refused below a third of the lowest and above three times the highest studied value. The day has no lower limit
    (`low` 0), because the onset before the first visit is answered, as prior only.

    Examples:
        >>> outside_range("dose", 375, 50, 125, "U") is None
        True
        >>> print(outside_range("dose", 376, 50, 125, "U").reason)
        A dose of 376 U lies more than threefold outside the studied range of 50 to 125 U.
    """
    if low / LARGEST_EXTRAPOLATION <= given <= high * LARGEST_EXTRAPOLATION:
        return None
    return Refusal(
        key=f"{quantity}_out_of_range",
        question=f"the effect at a {quantity} of {given:g} {unit}",
        reason=f"A {quantity} of {given:g} {unit} lies more than threefold outside the studied range of "
        f"{low:g} to {high:g} {unit}.",
    )
