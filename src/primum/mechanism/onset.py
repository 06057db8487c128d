"""When does the effect of a product set in? From published onsets: prior only, never fitted."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources.abc import Traversable

import numpy as np

from primum.errors import ModelError
from primum.mechanism.fast_chain import load_rates, mean_delay


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset:
    """When the effect sets in: prior only, taken from what was published and not fitted.

    Args:
        median_days: days until it has set in in half of the people.
        low: lowest published median.
        high: highest published median.
        lag_days: delay of the fast chain after its first step.
        sources: ids of the sources.
    """

    median_days: float
    low: float
    high: float
    lag_days: float
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.lag_days < self.low <= self.median_days <= self.high:
            raise ModelError.of(
                f"median onset {self.low} <= {self.median_days} <= {self.high} days, lag {self.lag_days:.3f}",
                "a low, a value and a high in that order, all above the lag",
            )

    def rate(self, median_days: float) -> float:
        """Rate per day of the first-order onset with a given median; Eq. 4 set to one half."""
        return float(np.log(2) / (median_days - self.lag_days))


def load_onset(folder: Traversable, product: str) -> Onset | None:
    """The onset of a product from `onset.csv`, with the lag of `chain_rates.csv`; None where none was published."""
    rates = load_rates(folder / "chain_rates.csv")
    lag_days = mean_delay([rates[key].per_minute for key in ("kB", "kT", "kL")]) / (24 * 60)
    roles: dict[str, float] = {}
    sources = [source for key in ("kB", "kT", "kL") for source in rates[key].sources]
    with (folder / "onset.csv").open("r", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["product"] == product and row["role"] != "context":
                roles[row["role"]] = float(row["days"])
                sources.append(row["source"])
    if not roles:
        return None
    return Onset(
        median_days=roles["value"],
        low=roles["low"],
        high=roles["high"],
        lag_days=lag_days,
        sources=tuple(dict.fromkeys(sources)),
    )
