"""What follows from findings that are there already? One function a measure, its inputs named in `derived.csv`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from primum.evidence.effects import odds_ratio
from primum.evidence.finding import Finding
from primum.evidence.pooling import TwoArms
from primum.evidence.pooling.peto import peto
from primum.provenance import Method
from primum.terms import Interval
from primum.treatments.families.caveats import once, plain_range
from primum.treatments.tables import EvidenceTable, Fault, Row, hint

Known = Mapping[str, Finding]
Result = tuple[float, Interval | None, Method]

COMPLEMENT = Method("complement", "all people less those with the event", "1 - p")
DIFFERENCE = Method("difference", "first less second", "a - b")
RATE = Method(
    "reporting_rate", "reports over people exposed; a reporting rate, not an incidence", "100000 * reports / people"
)
RANGE = Method("range_between_sources", "smallest to largest of the sources; not averaged", "min to max")
RATIO = Method("ratio_of_ranges", "range of the first over the low end of the second", "low1/low2 to high1/low2")
SHARED = Method(
    "shared_controls", "people of the control groups of the parts, less those of the whole", "sum(parts) - whole"
)


def derived_findings(table: EvidenceTable, known: Known) -> tuple[list[Finding], list[Fault]]:
    """The findings computed from others, in the order of the table, and the faults met.

    Args:
        table: `derived`, its cells checked.
        known: findings under their ids; a row may use those derived in rows above it.

    Returns:
        The findings, and a fault for each row whose inputs are unknown or do not fit its measure.
    """
    found: dict[str, Finding] = dict(known)
    new: list[Finding] = []
    faults: list[Fault] = []
    for row in table:
        missing = [id for id in row.items("inputs") if id not in found]
        faults += [
            Fault(table.file, row.line, "inputs", f'no finding "{id}"', f"the id of a finding{hint(id, found)}")
            for id in missing
        ]
        if missing:
            continue
        inputs = [found[id] for id in row.items("inputs")]
        try:
            finding = _derive(row, inputs)
        except (ValueError, TypeError, IndexError, ZeroDivisionError) as error:
            given = f"{row['measure']} of {len(inputs)} inputs fails ({error})"
            faults.append(Fault(table.file, row.line, "inputs", given, "the inputs that the measure takes"))
            continue
        found[finding.id] = finding
        new.append(finding)
    return new, faults


def _derive(row: Row, inputs: Sequence[Finding]) -> Finding:
    value, interval, method = MEASURES[row["measure"]](inputs)
    return Finding(
        id=row["id"],
        label=row["label"],
        value=value,
        interval=interval,
        unit=row["unit"],
        population="; ".join(once(finding.population for finding in inputs)),
        window=row["window"] or " and ".join(once(finding.window for finding in inputs)),
        method=method,
        sources=once(source for finding in inputs for source in finding.sources),
        warnings=once((row["warning"], *(w for finding in inputs for w in finding.warnings))),
    )


def _number(finding: Finding) -> float:
    if not isinstance(finding.value, int | float):
        raise TypeError(f"{finding.id} holds no number")
    return float(finding.value)


def _ends(finding: Finding) -> tuple[float, float]:
    number = _number(finding)
    return (number, number) if finding.interval is None else (finding.interval.lower, finding.interval.upper)


def _odds_ratio(inputs: Sequence[Finding]) -> Result:
    """Inputs: cases and others of the first group, cases and others of the second."""
    a, b, c, d = (int(_number(finding)) for finding in inputs)
    effect = odds_ratio(a, a + b, c, c + d)
    if effect.estimate is None:
        raise ValueError(effect.reason)
    return effect.estimate, effect.interval, effect.method


def _rate_per_100000(inputs: Sequence[Finding]) -> Result:
    """Inputs: reports, people exposed (perhaps a range)."""
    reports, exposed = inputs
    fewest, most = _ends(exposed)
    low, high = (100_000 * _number(reports) / people for people in (most, fewest))
    return low, plain_range(low, high), RATE


def _range(inputs: Sequence[Finding]) -> Result:
    """Inputs: the same quantity from several sources."""
    numbers = [_number(finding) for finding in inputs]
    return min(numbers), plain_range(min(numbers), max(numbers)), RANGE


def _ratio(inputs: Sequence[Finding]) -> Result:
    """Inputs: a range, and the quantity whose low end it is compared with."""
    above, below = inputs
    low, high = _ends(above)
    base = _ends(below)[0]
    return low / base, plain_range(low / base, high / base), RATIO


def _complement(inputs: Sequence[Finding]) -> Result:
    """Input: a share."""
    (share,) = inputs
    value = 1 - _number(share)
    if share.interval is None:
        return value, None, COMPLEMENT
    return value, Interval(1 - share.interval.upper, 1 - share.interval.lower, share.interval.level), COMPLEMENT


def _shared_controls(inputs: Sequence[Finding]) -> Result:
    """Inputs: the control share of the whole, then those of its parts."""
    people = [finding.denominator for finding in inputs]
    if None in people:
        raise ValueError("an input names no people")
    whole, *parts = (n for n in people if n is not None)
    return sum(parts) - whole, None, SHARED


def _difference(inputs: Sequence[Finding]) -> Result:
    """Inputs: two numbers of one unit."""
    first, second = inputs
    return _number(first) - _number(second), None, DIFFERENCE


def _peto_odds_ratio(inputs: Sequence[Finding]) -> Result:
    """Inputs: a treated share and the share it is compared with, both counted."""
    treated, control = inputs
    if None in (treated.numerator, treated.denominator, control.numerator, control.denominator):
        raise ValueError("an input names no people")
    table = TwoArms(
        study=("all",),
        events_treated=np.array([treated.numerator]),
        n_treated=np.array([treated.denominator]),
        events_control=np.array([control.numerator]),
        n_control=np.array([control.denominator]),
    )
    answer = peto(table)
    ratio, interval, _ = answer.natural
    if ratio is None:
        raise ValueError(answer.reason)
    return ratio, interval, answer.method


MEASURES: Mapping[str, Callable[[Sequence[Finding]], Result]] = {
    "odds_ratio": _odds_ratio,
    "rate_per_100000": _rate_per_100000,
    "range": _range,
    "ratio": _ratio,
    "complement": _complement,
    "shared_controls": _shared_controls,
    "difference": _difference,
    "peto_odds_ratio": _peto_odds_ratio,
}
