"""How much would a complaint have to weigh to cancel the benefit? Sensitivity over counted arms, never a verdict.

The draws are seeded, so that the same tables give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from primum.evidence.finding import Finding
from primum.evidence.weights import DRAWS, SMAA, THRESHOLD, weigh
from primum.treatments.families.caveats import once
from primum.treatments.tables import EvidenceTable, Fault, Row, hint

SEED: Final = 20261101
_CONTROLS: Final = ("placebo", "untreated")
APART = "benefit and harm were counted in different trials and over different times"
NO_VERDICT = "sensitivity only: the weights are the reader's, and this is no probability that treatment is right"
_OPEN = "the draws hold no more of it with treatment: its weight has no upper bound"


def weighed_findings(table: EvidenceTable, known: Mapping[str, Finding]) -> tuple[list[Finding], list[Fault]]:
    """Threshold weights of each harm and the acceptability under unknown weights.

    Args:
        table: `weighed`, its cells checked.
        known: findings under their ids.

    Returns:
        The findings, none where the table is empty; and a fault for each row without two counted arms, or where there
        is not one benefit and at least one harm.
    """
    rows = list(table)
    if not rows:
        return [], []
    faults = [fault for row in rows for fault in _fault(table, row, known)]
    benefits = [row for row in rows if row["role"] == "benefit"]
    harms = [row for row in rows if row["role"] != "benefit"]
    apart = [row for row in harms if row["role"] == "harm"]
    if len(benefits) != 1 or not apart:
        given = f"{len(benefits)} benefits and {len(apart)} harms"
        faults.append(Fault(table.file, None, "role", given, "one benefit and at least one harm"))
    if faults:
        return [], faults
    benefit = benefits[0]
    gain = arms_of(benefit, known)
    each = weigh(gain, [arms_of(row, known) for row in harms], rng=np.random.default_rng(SEED))
    named = ", ".join(row["label"] for row in apart)
    together = weigh(gain, [arms_of(row, known) for row in apart], rng=np.random.default_rng(SEED))
    found = [
        _finding(
            [benefit, row],
            known,
            id=f"weighed.threshold.{row['key']}",
            label=f"benefits that one person with {row['label']} would have to be worth to cancel them out",
            value=value if np.isfinite(value) else None,
            interval=interval,
            unit="fold",
            method=THRESHOLD,
            first=(_OPEN,) if not np.isfinite(interval.upper) else (),
        )
        for row, value, interval in zip(harms, each.thresholds, each.intervals, strict=True)
    ]
    found.append(
        _finding(
            [benefit, *apart],
            known,
            id="weighed.acceptability",
            label=f"share of all weights under which {benefit['label']} outweighs {named}",
            value=together.acceptability,
            interval=None,
            unit="proportion",
            method=SMAA,
            first=(f"from {DRAWS:,} seeded draws, standard error {together.error:.2g}",),
        )
    )
    return found, []


def _finding(rows: list[Row], known: Mapping[str, Finding], *, first: tuple[str, ...], **given: object) -> Finding:
    gaps = [known[f"{row['contrast']}.risk_difference"] for row in rows]
    windows = once(gap.window for gap in gaps)
    apart = (APART,) if len(windows) > 1 else ()
    return Finding(
        population="; ".join(once(gap.population for gap in gaps)),
        window=" against ".join(windows),
        sources=once(source for gap in gaps for source in gap.sources),
        warnings=once((*first, NO_VERDICT, *apart)),
        **given,  # type: ignore[arg-type]  # id, label, value, interval, unit and method, as named above
    )


def arms_of(row: Row, known: Mapping[str, Finding]) -> tuple[int, int, int, int]:
    """Events and people, treated and then not treated, of a contrast that was compared by count."""
    control = next(arm for arm in _CONTROLS if f"{row['contrast']}.{arm}" in known)
    pair = known[f"{row['contrast']}.treated"], known[f"{row['contrast']}.{control}"]
    x1, n1, x0, n0 = (number for arm in pair for number in (arm.numerator, arm.denominator))
    assert x1 is not None  # a contrast that was compared has all four
    assert n1 is not None
    assert x0 is not None
    assert n0 is not None
    return x1, n1, x0, n0


def _fault(table: EvidenceTable, row: Row, known: Mapping[str, Finding]) -> list[Fault]:
    """A contrast that was not compared by count with untreated people."""
    name = row["contrast"]
    counted = any(f"{name}.{arm}" in known for arm in _CONTROLS)
    if f"{name}.risk_difference" in known and counted:
        return []
    compared = [id.removesuffix(".risk_difference") for id in known if id.endswith(".risk_difference")]
    expected = f"a contrast against placebo or no treatment with counted arms{hint(name, compared)}"
    return [Fault(table.file, row.line, "contrast", name, expected)]
