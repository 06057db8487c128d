"""Does more do more? The doses of one product against each other, where a trial gave several.

A series stands within the units of one product. Where the people of an arm are neither printed nor assumed, the series
is named without a number and says why. The share of people at each dose is told where every arm was counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from primum.evidence.dose_response import METHODS, DoseTrial, Shape, dose_response, from_counts
from primum.evidence.dose_shares import METHOD, dose_shares
from primum.evidence.finding import Finding
from primum.provenance import Method
from primum.terms import Interval
from primum.treatments.families.caveats import caveats, once
from primum.treatments.shares import Share
from primum.treatments.tables import EvidenceTable, Fault, Row, hint

NO_PEOPLE = "the source read does not print how many people each dose was given to: no curve can be fitted"
NOT_FINITE = (
    "an arm holds nobody or everybody with the outcome: its log odds are not finite, nothing is added to a cell"
)
_FEWEST = 3  # arms that a line is laid through


@dataclass(frozen=True, slots=True)
class _Arm:
    dose: float
    events: float | None
    people: float | None
    counted: bool = False  # not assumed


@dataclass(frozen=True, slots=True)
class _Fitted:
    value: float | None
    interval: Interval | None
    method: Method
    warnings: tuple[str, ...]


def series_findings(tables: Mapping[str, EvidenceTable]) -> tuple[list[Finding], list[Fault]]:
    """The slope, the dose of half the effect and the shares along the line of each series.

    Args:
        tables: all tables, checked.

    Returns:
        Two findings a series, without a value where people are not known, and one a dose where each arm was counted;
        faults: a contrast that is not there, or units or products of more than one kind in a series.
    """
    arms: dict[str, list[Row]] = {}
    for row in (*tables["trials"], *tables["efficacy"]):
        arms.setdefault(row["contrast"], []).append(row)
    found: list[Finding] = []
    faults: list[Fault] = []
    series: dict[str, list[Row]] = {}
    for row in tables["dose_series"]:
        series.setdefault(row["series"], []).append(row)
    for name, rows in series.items():
        wrong = _faults(tables["dose_series"], rows, arms)
        faults += wrong
        if not wrong:
            found += _series(name, rows, arms)
    return found, faults


def _series(name: str, rows: list[Row], arms: Mapping[str, list[Row]]) -> list[Finding]:
    behind = [arm for row in rows for arm in arms[row["contrast"]]]
    counted = [_arm(float(row["dose"]), _treated(arms[row["contrast"]]), row.number("people")) for row in rows]
    shares = _counted(counted)
    placebo = next((arm for arm in behind if arm["arm"] in ("placebo", "untreated")), None)
    if placebo is not None:
        counted.append(_arm(0.0, placebo, None))
    assumed = any(row["people"] for row in rows)
    warnings = once(
        (
            "odds ratios from one trial; doses of another product stand on no axis with these",
            _assumed(rows[0]) if assumed else "",
            *caveats(*behind),
        )
    )
    common: dict[str, Any] = {
        "sources": once(arm["source"] for arm in behind),
        "population": f"{behind[0]['indication']}; {behind[0]['trial']}",
        "window": behind[0]["window"],
    }
    unit = rows[0]["unit"]
    along = _along(name, rows[0]["label"], unit, shares, {**common, "warnings": caveats(*behind)})
    trial = _trial(counted, unit)
    doubling = _nothing("log_linear", trial) if isinstance(trial, str) else _twice_the_dose(trial)
    half = _nothing("emax", trial) if isinstance(trial, str) else _half_the_effect(trial)

    def finding(last: str, label: str, of: str, fitted: _Fitted) -> Finding:
        return Finding(
            id=f"dose_response.{name}.{last}",
            label=f"{rows[0]['label']}: {label}",
            value=fitted.value,
            interval=fitted.interval,
            unit=of,
            method=fitted.method,
            warnings=once((*fitted.warnings, *warnings)),
            **common,
        )

    return [
        *along,
        finding("doubling", f"odds for twice the dose, {unit}", "odds ratio", doubling),
        finding("ed50", "dose of half the largest effect", unit, half),
    ]


def _nothing(shape: Shape, why: str) -> _Fitted:
    return _Fitted(None, None, METHODS[shape], (why,))


def _twice_the_dose(trial: DoseTrial) -> _Fitted:
    line = dose_response([trial], shape="log_linear")
    ends = line.slope_interval
    odds = Interval(math.exp(ends.lower * math.log(2)), math.exp(ends.upper * math.log(2)), ends.level)
    return _Fitted(math.exp(line.slope * math.log(2)), odds, line.method, line.warnings)


def _half_the_effect(trial: DoseTrial) -> _Fitted:
    curve = dose_response([trial], shape="emax")
    return _Fitted(curve.ed50, curve.ed50_interval, curve.method, curve.warnings)


def _counted(arms: list[_Arm]) -> list[tuple[float, float, float]]:
    """Dose, events and people of the arms that got the drug; none unless a line can be laid through all of them."""
    known = [
        (arm.dose, arm.events, arm.people)
        for arm in arms
        if arm.counted and arm.events is not None and arm.people is not None and 0 < arm.events < arm.people
    ]
    return known if len(arms) == len(known) >= _FEWEST else []


def _along(
    name: str, label: str, unit: str, arms: list[tuple[float, float, float]], common: Mapping[str, Any]
) -> list[Finding]:
    """The share of people at each dose, by the line through all of them."""
    if not arms:
        return []
    doses, events, people = (list(column) for column in zip(*arms, strict=True))
    found = dose_shares(doses, events, people, at=doses)
    return [
        Finding(
            id=f"dose_response.{name}.share_{dose:g}",
            label=f"{label}: share at {dose:g} {unit}, by the line through all doses",
            value=share,
            interval=Interval(lower, upper, found.level),
            unit="proportion",
            method=METHOD,
            **common,
        )
        for dose, share, lower, upper in zip(
            doses, found.share.tolist(), found.lower.tolist(), found.upper.tolist(), strict=True
        )
    ]


def _trial(arms: list[_Arm], unit: str) -> DoseTrial | str:
    """The arms as effects against the smallest dose; why not, where people are not known."""
    known = [(arm.dose, arm.events, arm.people) for arm in arms if arm.events is not None and arm.people is not None]
    if len(known) < len(arms):
        return NO_PEOPLE
    if any(not 0 < events < people for _, events, people in known):
        return NOT_FINITE
    doses, events, people = (np.array(column, dtype=np.float64) for column in zip(*known, strict=True))
    return from_counts(doses, events, people, unit=unit)


def _arm(dose: float, row: Row, assumed: float | None) -> _Arm:
    share = Share(row.integer("n"), row.integer("events"), row["percent"])
    if share.exact_events is not None and share.n is not None:
        return _Arm(dose, share.exact_events, share.n, counted=True)
    if assumed is not None and share.value is not None:
        return _Arm(dose, share.value * assumed, assumed)
    return _Arm(dose, None, None)


def _assumed(row: Row) -> str:
    return f"{row['people']} people a dose are assumed, not printed; the shares of them are not of whole people"


def _treated(arms: list[Row]) -> Row:
    return next(row for row in arms if row["arm"] in ("active", "single"))


def _faults(table: EvidenceTable, rows: list[Row], arms: Mapping[str, list[Row]]) -> list[Fault]:
    faults = [
        Fault(table.file, row.line, "contrast", f'no contrast "{row["contrast"]}"', f"one{hint(row['contrast'], arms)}")
        for row in rows
        if row["contrast"] not in arms
    ]
    if faults:
        return faults
    for what, given in (
        ("unit", [row["unit"] for row in rows]),
        ("contrast", [_treated(arms[row["contrast"]])["product"] for row in rows]),
    ):
        for row, word in zip(rows, given, strict=True):
            if word != given[0]:
                said = f"{word} beside {given[0]}"
                faults.append(Fault(table.file, row.line, what, said, "units of one product in a series"))
    return faults
