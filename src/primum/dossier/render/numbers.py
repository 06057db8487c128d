"""How is a number written? The one place where anything is rounded.

A rounded number never claims to be zero when it is not, and the sign of a difference survives rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from primum.dossier.model import Show
from primum.evidence.finding import Finding

MINUS: Final = "\N{MINUS SIGN}"
UNKNOWN: Final = "not known"
_SHARES: Final = frozenset({"proportion", "share", "risk_difference"})
_COUNTED: Final = frozenset({"reports", "people", "patients", "events", "cases", "studies", "claims"})
# Units that say nothing beside the number, or that the formatting itself writes.
_SILENT: Final = frozenset({"proportion", "share", "ratio", "status", "count", "year", ""})


def number(value: float, *, digits: int = 3) -> str:
    """A number with thousands separators: whole numbers whole, others to `digits` significant digits.

    Args:
        value: finite.
        digits: significant digits; whole numbers and those of more digits than that are not cut before the point.

    Raises:
        ValueError: the value is not finite; such a number must not reach a reader.

    Examples:
        >>> number(1437), number(31.7142), number(0.004369), number(136.5), number(-0.6)
        ('1,437', '31.7', '0.00437', '137', '−0.6')
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number and cannot be shown.")
    if value == int(value) and abs(value) < 1e15:
        return _signed(f"{int(value):,}")
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return _signed(_fixed(value, places))


def per_1000(share: float, *, signed: bool = False) -> str:
    """A share as so many in 1,000 people: whole people, below one to one significant digit.

    Examples:
        >>> per_1000(0.42058), per_1000(0.00147), per_1000(0.00037), per_1000(0.0630, signed=True), per_1000(-0.0006)
        ('421', '1', '0.4', '+63', '−0.6')
    """
    value = share * 1000
    if not math.isfinite(value):
        raise ValueError(f"{share} is not a finite share and cannot be shown.")
    if value == 0:
        return "0"
    text = _signed(_fixed(value, 0)) if abs(value) >= 0.95 else number(value, digits=1)
    return f"+{text}" if signed and value > 0 else text


def percent(share: float) -> str:
    """A share in percent, to one decimal; below 0.1 to one significant digit.

    Examples:
        >>> percent(0.42058), percent(0.0037), percent(0.00004), percent(0), percent(1)
        ('42.1 %', '0.4 %', '0.004 %', '0 %', '100 %')
    """
    value = share * 100
    if not math.isfinite(value):
        raise ValueError(f"{share} is not a finite share and cannot be shown.")
    if value == 0 or abs(value) >= 0.1:
        return _signed(_fixed(value, 1)) + " %"
    return number(value, digits=1) + " %"


def parse(text: str) -> float:
    """The number that a formatted text shows, in its own scale; the inverse of `number` up to rounding.

    Examples:
        >>> parse("−1,437.5"), parse("+63"), parse("42.1 %")
        (-1437.5, 63.0, 42.1)
    """
    return float(text.replace(MINUS, "-").replace(",", "").removesuffix(" %"))


def show(finding: Finding, how: Show = "value") -> str:
    """A finding as words, in the way asked for.

    A share is shown in percent unless asked per 1,000; a status shows its word; an unknown says so.
    """
    if how == "counts" and finding.numerator is not None and finding.denominator is not None:
        return f"{number(finding.numerator)} of {number(finding.denominator)}"
    if how == "denominator" and finding.denominator is not None:
        return number(finding.denominator)
    if isinstance(finding.value, str):
        return finding.value
    if finding.value is None:  # a source may give a range and no number
        ranged = finding.interval is not None and how in ("quantity_range", "with_interval", "interval")
        return interval(finding) + unit_of(finding) if ranged else UNKNOWN
    return _SHOWN[how](finding, finding.value)


def _with_interval(finding: Finding, value: float) -> str:
    tail = interval(finding)
    return f"{_plain(finding, value)} ({tail})" if tail else _plain(finding, value)


def _quantity(finding: Finding, value: float) -> str:
    return _plain(finding, value) + unit_of(finding)


def _quantity_range(finding: Finding, value: float) -> str:
    if finding.interval is None:
        return _quantity(finding, value)
    if finding.interval.level is None:  # a plain range between sources, whose value is one of its ends
        return interval(finding) + unit_of(finding)
    return f"{_quantity(finding, value)} ({interval(finding)})"


def unit_of(finding: Finding) -> str:
    """The unit to write after a number, with its space; nothing where the number says it, one day and not one days."""
    if finding.unit in _SILENT:
        return ""
    one = finding.value == 1 and finding.interval is None and finding.unit.endswith("s")
    return f" {finding.unit.removesuffix('s') if one else finding.unit}"


def interval(finding: Finding, *, per_thousand: bool = False) -> str:
    """The interval as `low to high`; empty where there is none."""
    if finding.interval is None:
        return ""
    low, high = finding.interval.lower, finding.interval.upper
    if low == high and finding.interval.level is None:  # a range of one number is that number; an interval has two ends
        return per_1000(low) if per_thousand else _plain(finding, low)
    if per_thousand:
        return f"{per_1000(low)} to {per_1000(high)}"
    if math.isinf(high):
        return f"{_plain(finding, low)} or more"
    if math.isinf(low):
        return f"up to {_plain(finding, high)}"
    return f"{_plain(finding, low).removesuffix(' %')} to {_plain(finding, high)}"


def level(finding: Finding) -> str:
    """What the interval is: `95 % interval`, or a plain range between sources."""
    if finding.interval is None:
        return ""
    return "range" if finding.interval.level is None else f"{percent(finding.interval.level)} interval"


def _plain(finding: Finding, value: float) -> str:
    if finding.unit in _SHARES:
        return percent(value)
    if finding.unit == "year":  # a date and no quantity
        return f"{value:.0f}"
    if finding.unit in _COUNTED:
        return number(round(value)) if value == round(value) else number(value)
    return number(value)


_SHOWN: Final[Mapping[Show, Callable[[Finding, float], str]]] = {
    "value": _plain,
    "counts": _plain,
    "denominator": _plain,
    "quantity": _quantity,
    "quantity_range": _quantity_range,
    "interval": lambda finding, _: interval(finding),
    "with_interval": _with_interval,
    "per_1000": lambda finding, value: per_1000(value),
    "per_1000_signed": lambda _, value: per_1000(value, signed=True),
    "per_1000_interval": lambda finding, _: interval(finding, per_thousand=True),
    "without_per_1000": lambda _, value: per_1000(1 - value),
    "percent": lambda _, value: percent(value),
}


def _fixed(value: float, places: int) -> str:
    """Rounded half away from zero, as people do by hand: 136.5 is 137; no zeros left at the end."""
    step = Decimal(1).scaleb(-places)
    text = f"{Decimal(repr(float(value))).quantize(step, ROUND_HALF_UP):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _signed(text: str) -> str:
    return MINUS + text[1:] if text.startswith("-") else text


def scaled(value: float, unit: str) -> float:
    """A value on the scale on which an axis counts: in 1,000, in percent, or as it is."""
    return value * {"per_1000": 1000.0, "percent": 100.0}.get(unit, 1.0)
