"""How do several products stand to each other, when each was compared with placebo alone?

Differences of shares, because nobody on placebo reaches some endpoints: their odds are not finite. The standard error
of an arm is that of its interval, counted or printed, so that an arm without an event is not taken as certain.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Final

import numpy as np

from primum.evidence.finding import Finding
from primum.evidence.pooling import Network, NetworkTrial, network
from primum.evidence.proportions import normal_quantile
from primum.terms import Interval
from primum.treatments.families.caveats import once
from primum.treatments.tables import EvidenceTable, Fault, Row, hint

REFERENCE: Final = "placebo"
_FEWEST: Final = 3  # products from which on there is a network and not a pool


def network_findings(
    table: EvidenceTable, arms: Mapping[str, Row], known: Mapping[str, Finding]
) -> tuple[list[Finding], list[Fault]]:
    """Each product against placebo, and each against each other.

    Args:
        table: `networks`, its cells checked.
        arms: row of the treated arm of every contrast.
        known: findings under their ids.

    Returns:
        The findings; and a fault for each contrast without an interval in both arms, and each network of fewer than
        three products.
    """
    found: list[Finding] = []
    faults: list[Fault] = []
    networks: dict[str, list[Row]] = {}
    for row in table:
        networks.setdefault(row["network"], []).append(row)
    for name, rows in networks.items():
        wrong = [fault for row in rows for fault in _faults(table, row, arms, known)]
        products = [arms[row["contrast"]]["product"] for row in rows] if not wrong else []
        if not wrong and len(set(products)) < _FEWEST:
            given = f"{name}: {', '.join(once(products))}"
            wrong = [Fault(table.file, rows[0].line, "contrast", given, f"{_FEWEST} products or more")]
        faults += wrong
        if not wrong:
            found += _findings(name, rows, products, known)
    return found, faults


def _findings(name: str, rows: list[Row], products: list[str], known: Mapping[str, Finding]) -> list[Finding]:
    behind = [known[f"{row['contrast']}.{arm}"] for row in rows for arm in ("treated", REFERENCE)]
    fitted = network(
        [_trial(row, product, known) for row, product in zip(rows, products, strict=True)], reference=REFERENCE
    )
    warnings = once((*fitted.warnings, *(w for finding in behind for w in finding.warnings)))

    def finding(last: str, label: str, value: float, interval: Interval, warnings: tuple[str, ...]) -> Finding:
        return Finding(
            id=f"network.{name}.{last}",
            label=f"{rows[0]['label']}: {label}",
            value=value,
            interval=interval,
            unit="proportion",
            population="; ".join(once(f.population for f in behind)),
            window=" and ".join(once(f.window for f in behind)),
            method=fitted.method,
            sources=once(source for f in behind for source in f.sources),
            warnings=warnings,
        )

    return [
        *(
            finding(product, f"more with {product} than with {REFERENCE}", value, interval, warnings[1:])
            for product, value, interval in zip(
                fitted.treatments, fitted.estimate.tolist(), fitted.intervals, strict=True
            )
        ),
        *(
            finding(f"{one}_over_{other}", f"more with {one} than with {other}", *fitted.between(one, other), warnings)
            for one, other in combinations(_by_size(fitted), 2)
        ),
    ]


def _by_size(fitted: Network) -> list[str]:
    """The products from the largest to the smallest effect."""
    return [name for _, name in sorted(zip(-fitted.estimate, fitted.treatments, strict=True))]


def _trial(row: Row, product: str, known: Mapping[str, Finding]) -> NetworkTrial:
    (treated, first), (control, second) = (
        _moments(known[f"{row['contrast']}.{arm}"]) for arm in ("treated", REFERENCE)
    )
    return NetworkTrial(
        treatments=(REFERENCE, product),
        effect=np.array([treated - control]),
        covariance=np.array([[first**2 + second**2]]),
    )


def _moments(arm: Finding) -> tuple[float, float]:
    """The share of an arm and its standard error, from its interval."""
    assert arm.interval is not None  # _faults has looked
    per = 100.0 if arm.unit == "percent" else 1.0
    half = (arm.interval.upper - arm.interval.lower) / 2
    return float(arm.value or 0) / per, half / per / normal_quantile(arm.interval.level or 0.95)


def _faults(table: EvidenceTable, row: Row, arms: Mapping[str, Row], known: Mapping[str, Finding]) -> list[Fault]:
    name = row["contrast"]
    both = [known.get(f"{name}.{arm}") for arm in ("treated", REFERENCE)]
    if name in arms and all(finding is not None and finding.interval is not None for finding in both):
        return []
    expected = f"a contrast against {REFERENCE} whose two arms have an interval{hint(name, arms)}"
    return [Fault(table.file, row.line, "contrast", name, expected)]
