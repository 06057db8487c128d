"""What does the balance look like with a reader's own weights? Sensitivity over counted arms, never a verdict.

A weights file gives, for the benefit and each harm of `weighed.csv`, how much one person with it counts. The draws are
seeded as those of the threshold weights are.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from primum.errors import WeightsError
from primum.evidence.finding import Finding
from primum.evidence.weights import NET, net_benefit
from primum.treatments.families.caveats import once
from primum.treatments.families.weighed import APART, NO_VERDICT, SEED, arms_of
from primum.treatments.load import Treatment
from primum.treatments.tables import Row, hint

EXAMPLE = "one number a key, such as headache = 0.1"


def read_weights(path: Path, treatment: Treatment) -> dict[str, float]:
    """The weights of a TOML file, in the order of `weighed.csv`.

    Args:
        path: the file; one number of at least 0 for the benefit (above 0) and for each harm that is counted apart.
        treatment: the treatment whose outcomes are weighed.

    Raises:
        WeightsError: the treatment weighs nothing, the file cannot be read, or keys or numbers are wrong; all faults
            are told together.
    """
    rows = _weighed(treatment)
    try:
        given: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WeightsError.unreadable(str(path), getattr(error, "strerror", None) or str(error), EXAMPLE) from error
    known = [row["key"] for row in rows]
    faults = [f'no outcome "{key}"; expected {", ".join(known)}{hint(key, known)}' for key in given if key not in known]
    for row in rows:
        value = given.get(row["key"])
        least = "above 0" if row["role"] == "benefit" else "of at least 0"
        if row["key"] not in given:
            faults.append(f"{row['key']} is missing; expected a number {least} ({row['label']})")
        elif not _weight(value) or (value == 0 and row["role"] == "benefit"):
            faults.append(f"{row['key']} is {value!r}; expected a number {least}")
    if faults:
        raise WeightsError.from_faults(str(path), faults)
    return {key: float(given[key]) for key in known}


def weighed_by(weights: Mapping[str, float], treatment: Treatment) -> list[Finding]:
    """The balance with these weights, and with each harm counted not at all and twice as much.

    Args:
        weights: a weight for the benefit and each harm, as `read_weights` gives them.
        treatment: the treatment.

    Returns:
        `weighed.yours.balance`, `.favours`, and for each harm `.none.KEY` and `.double.KEY`.
    """
    benefit, *harms = _weighed(treatment)
    gain, losses = arms_of(benefit, treatment.findings), [arms_of(row, treatment.findings) for row in harms]
    gaps = [treatment.findings[f"{row['contrast']}.risk_difference"] for row in (benefit, *harms)]
    said = ", ".join(f"{row['label']} {weights[row['key']]:g}" for row in (benefit, *harms))
    windows = once(gap.window for gap in gaps)
    warnings = (NO_VERDICT, *((APART,) if len(windows) > 1 else ()))

    def balance(last: str, label: str, of: Mapping[str, float]) -> Finding:
        shares = [of[row["key"]] / weights[benefit["key"]] for row in harms]
        net = net_benefit(gain, losses, weights=shares, rng=np.random.default_rng(SEED))
        return finding(last, label, net.value, net.interval, "proportion")

    def finding(last: str, label: str, value: float, interval: Any, unit: str) -> Finding:
        return Finding(
            id=f"weighed.yours.{last}",
            label=label,
            value=value,
            interval=interval,
            unit=unit,
            population="; ".join(once(gap.population for gap in gaps)),
            window=" against ".join(windows),
            method=NET,
            sources=once(source for gap in gaps for source in gap.sources),
            warnings=warnings,
        )

    whole = balance("balance", f"balance in people with {benefit['label']}, weights {said}", weights)
    relative = [weights[row["key"]] / weights[benefit["key"]] for row in harms]
    favours = net_benefit(gain, losses, weights=relative, rng=np.random.default_rng(SEED)).favours
    swings = [
        balance(f"{name}.{row['key']}", f"balance with {row['label']} {words}", {**weights, row["key"]: weight})
        for row in harms
        for name, words, weight in (
            ("none", "not counted", 0.0),
            ("double", "counted twice as much", 2 * weights[row["key"]]),
        )
    ]
    return [
        whole,
        finding("favours", "share of draws in which the balance is above 0", favours, None, "proportion"),
        *swings,
    ]


def _weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _weighed(treatment: Treatment) -> list[Row]:
    """The benefit, then the harms that are counted apart."""
    rows = list(treatment.tables["weighed"])
    if not rows:
        raise WeightsError.nothing_to_weigh(treatment.id)
    return [row for role in ("benefit", "harm") for row in rows if row["role"] == role]
