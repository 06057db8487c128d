"""What do the arms of trials say: how often in each, and how much more often with treatment than without?

Findings of a contrast: `.treated`, `.placebo`, `.untreated` or `.comparator`; with people and events counted in two
arms also `.risk_difference` (crude, Wald), `.risk_difference_score` (Miettinen-Nurminen, as a sensitivity analysis) and
`.risk_ratio`; an estimate that the source prints for the comparison itself is `.published`.
"""

from __future__ import annotations

from collections.abc import Iterator

from primum.evidence.effects import risk_difference, risk_ratio
from primum.evidence.finding import Finding
from primum.provenance import Method
from primum.terms import Interval
from primum.treatments.families.caveats import caveats, from_effect, once
from primum.treatments.shares import Share, intervals
from primum.treatments.tables import EvidenceTable, Row

ROLES = {
    "active": "treated",
    "single": "treated",
    "placebo": "placebo",
    "untreated": "untreated",
    "comparator": "comparator",
}
CONTROLS = ("placebo", "untreated", "comparator")
_AGAINST = {"placebo": "placebo", "untreated": "no treatment", "comparator": "comparator"}
MEAN = Method("printed", "mean, median or score as printed in the source")
PUBLISHED = Method("published", "estimate and interval as printed in the source")


def arm_findings(table: EvidenceTable) -> Iterator[Finding]:
    """Every finding of a table of arms.

    Args:
        table: `trials` or `efficacy`, its cells and sums already checked.

    Yields:
        Findings in the order of the table, a contrast's arms before its comparisons.
    """
    shares = [_share(row) for row in table]
    bounds = intervals(shares)
    contrasts: dict[str, list[tuple[Row, Share]]] = {}
    for row, share, interval in zip(table, shares, bounds, strict=True):
        contrasts.setdefault(row["contrast"], []).append((row, share))
        finding = _arm(row, share, interval)
        if finding is not None:
            yield finding
    for contrast, arms in contrasts.items():
        yield from _comparisons(contrast, {row["arm"]: (row, share) for row, share in arms})


def _share(row: Row) -> Share:
    estimated = row["design"] == "meta-analysis"
    return Share(row.integer("n"), row.integer("events"), row["percent"], estimated)


def _arm(row: Row, share: Share, interval: Interval | None) -> Finding | None:
    """What one arm says: a share, or another endpoint; None for an arm that only names its people."""
    if row.cells.get("value"):
        return _endpoint(row)
    if share.value is None:
        return None
    contradicted = bool(row["printed_contradiction"]) and not share.counted
    return Finding(
        id=f"{row['contrast']}.{ROLES[row['arm']]}",
        label=f"{row['outcome']}, {_who(row)}",
        value=float(row["percent"]) / 100 if contradicted else share.value,
        interval=None if contradicted else interval,
        unit="proportion",
        numerator=row.integer("events") if contradicted else share.exact_events,
        denominator=row.integer("n"),
        population=_population(row),
        window=row["window"],
        method=share.method,
        sources=(row["source"],),
        warnings=once((*(() if contradicted else share.warnings()), *caveats(row))),
    )


def _endpoint(row: Row) -> Finding:
    """A mean, median or score of one arm, or an estimate printed for the comparison."""
    between = row["arm"] == "between"
    lower, upper = row.number("lower"), row.number("upper")
    interval = Interval(lower, upper) if lower is not None and upper is not None else None
    without = () if interval is not None else ("the source read prints no interval for it",)
    return Finding(
        id=f"{row['contrast']}.{'published' if between else ROLES[row['arm']]}",
        label=f"{row['outcome']}, {'treated against not treated' if between else _who(row)}",
        value=float(row["value"]),
        interval=interval,
        unit=row["unit"],
        denominator=row.integer("n"),
        population=_population(row),
        window=row["window"],
        method=PUBLISHED if between else MEAN,
        sources=(row["source"],),
        warnings=once((*without, *caveats(row))),
    )


def _comparisons(contrast: str, arms: dict[str, tuple[Row, Share]]) -> Iterator[Finding]:
    """Differences and ratios of a contrast whose two arms were counted."""
    control = next((arms[arm] for arm in CONTROLS if arm in arms), None)
    if "active" not in arms or control is None:
        return
    (treated_row, treated), (control_row, other) = arms["active"], control
    x1, x0, n1, n0 = treated.exact_events, other.exact_events, treated.n, other.n
    if x1 is None or x0 is None or n1 is None or n0 is None:
        return
    rows = (treated_row, control_row)
    recovered = () if treated.counted and other.counted else (*treated.warnings(), *other.warnings())
    crude = ("crude: the trials are added up, not weighted",) if treated_row["design"] == "double-blind" else ()
    several = crude if "pooled" in treated_row["trial"] else ()
    outcome, against = treated_row["outcome"], _AGAINST[ROLES[control_row["arm"]]]
    more = f"{outcome}, more with treatment than with {against}"
    for part, label, effect in (
        ("risk_difference", more, risk_difference(x1, n1, x0, n0, method="wald")),
        (
            "risk_difference_score",
            f"{more}, score interval",
            risk_difference(x1, n1, x0, n0, method="miettinen_nurminen"),
        ),
        ("risk_ratio", f"{outcome}, treated over {against}", risk_ratio(x1, n1, x0, n0)),
    ):
        yield from_effect(
            effect,
            id=f"{contrast}.{part}",
            label=label,
            sources=once(row["source"] for row in rows),
            population=_population(treated_row),
            window=treated_row["window"],
            warnings=once((*several, *recovered, *caveats(*rows))),
        )


def _who(row: Row) -> str:
    dose = f", {row['dose']}" if row["dose"] else ""
    return row["product"] if row["arm"] in ("placebo", "untreated") else f"{row['product']}{dose}"


def _population(row: Row) -> str:
    return f"{row['indication']}; {row['trial']} ({row['design']})"
