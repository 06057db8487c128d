"""How long does the fast chain hold an effect back? The one number the core takes from it."""

from __future__ import annotations

from importlib.resources.abc import Traversable

from primum.mechanism.fast_chain import load_rates, mean_delay

_STEPS = ("kB", "kT", "kL")
MINUTES_A_DAY = 24 * 60


def load_lag_days(folder: Traversable) -> float:
    """Delay of the chain after its first step, in days, from `chain_rates.csv` of a treatment's model folder."""
    rates = load_rates(folder / "chain_rates.csv")
    return mean_delay([rates[key].per_minute for key in _STEPS]) / MINUTES_A_DAY
