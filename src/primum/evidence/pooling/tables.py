"""What does a table of studies hold, and is every row of it a study?"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final, Literal, TypeVar

import numpy as np

from primum.errors import PoolError
from primum.terms import BoolArray, FloatArray, IntArray

Measure = Literal["OR", "RR", "RD", "IRR", "PLO"]
MEASURES: Final[dict[str, str]] = {
    "OR": "odds ratio",
    "RR": "risk ratio",
    "RD": "risk difference",
    "IRR": "rate ratio",
    "PLO": "share (on the logit scale)",
}
SCALES: Final[dict[str, str]] = {
    "OR": "log odds ratio",
    "RR": "log risk ratio",
    "RD": "risk difference",
    "IRR": "log rate ratio",
    "PLO": "logit of the share",
}

_AnyTable = TypeVar("_AnyTable", bound="TwoArms | TwoRates | OneArm")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoArms:
    """Studies with a treated and a control group, people counted.

    Args:
        study: name of each study, each once; shape `(studies,)`.
        events_treated: treated people with the event.
        n_treated: treated people, at least 1.
        events_control: people of the control group with the event.
        n_control: people of the control group, at least 1.

    Raises:
        PoolError: a shape differs, a name stands twice, or a row is no study; all faults together.
    """

    study: tuple[str, ...]
    events_treated: IntArray
    n_treated: IntArray
    events_control: IntArray
    n_control: IntArray

    def __post_init__(self) -> None:
        faults = _faults(self)
        if not faults:
            faults += _more_events(self.study, self.events_treated, self.n_treated, "treated")
            faults += _more_events(self.study, self.events_control, self.n_control, "control")
        _raise(faults)

    def __len__(self) -> int:
        return len(self.study)

    @property
    def cells(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """The usual a, b, c, d: treated with and without the event, control with and without."""
        a, c = self.events_treated.astype(np.float64), self.events_control.astype(np.float64)
        return a, self.n_treated - a, c, self.n_control - c

    @property
    def silent(self) -> BoolArray:
        """Studies in which nobody, or everybody, had the event: they say nothing about a ratio of odds."""
        events, people = self.events_treated + self.events_control, self.n_treated + self.n_control
        bare: BoolArray = (events == 0) | (events == people)
        return bare


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoRates:
    """Studies with a treated and a control group, events counted over time.

    Args:
        study: name of each study, each once; shape `(studies,)`.
        events_treated: events in the treated group.
        time_treated: time observed there, such as person-years, above 0.
        events_control: events in the control group.
        time_control: time observed there, in the same unit, above 0.

    Raises:
        PoolError: a shape differs, a name stands twice, or a row is no study; all faults together.
    """

    study: tuple[str, ...]
    events_treated: IntArray
    time_treated: FloatArray
    events_control: IntArray
    time_control: FloatArray

    def __post_init__(self) -> None:
        _raise(_faults(self))

    def __len__(self) -> int:
        return len(self.study)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneArm:
    """Studies of one group each.

    Args:
        study: name of each study, each once; shape `(studies,)`.
        events: people with the event.
        n: people, at least 1.

    Raises:
        PoolError: a shape differs, a name stands twice, or a row is no study; all faults together.
    """

    study: tuple[str, ...]
    events: IntArray
    n: IntArray

    def __post_init__(self) -> None:
        faults = _faults(self)
        _raise(faults or _more_events(self.study, self.events, self.n, ""))

    def __len__(self) -> int:
        return len(self.study)


Table = TwoArms | TwoRates | OneArm
TABLE_OF: Final[dict[str, type[TwoArms] | type[TwoRates] | type[OneArm]]] = {
    "OR": TwoArms,
    "RR": TwoArms,
    "RD": TwoArms,
    "IRR": TwoRates,
    "PLO": OneArm,
}


def columns(measure: Measure) -> tuple[str, ...]:
    """The columns that a table for this measure holds.

    Examples:
        >>> columns("PLO")
        ('study', 'events', 'n')
    """
    return tuple(field.name for field in fields(TABLE_OF[measure]))


def take(table: _AnyTable, keep: BoolArray) -> _AnyTable:
    """The studies of a table for which `keep` is true."""
    numbers = {f.name: getattr(table, f.name)[keep] for f in fields(table) if f.name != "study"}
    return replace(table, study=tuple(np.asarray(table.study, dtype=object)[keep]), **numbers)


def _faults(table: Table) -> list[str]:
    faults: list[str] = []
    shape = (len(table.study),)
    for column in fields(table):
        if column.name == "study":
            continue
        values = getattr(table, column.name)
        if values.shape != shape:
            return [f"{column.name} has shape {values.shape}; expected {shape}, one number a study"]
        least = "at least 0" if column.name.startswith("events") else "above 0"
        with np.errstate(invalid="ignore"):
            good = np.isfinite(values) & (values >= 0 if least == "at least 0" else values > 0)
        faults += [f"{table.study[i]}: {column.name} is {values[i]:g}; expected {least}" for i in np.nonzero(~good)[0]]
    repeated = sorted({name for name in table.study if table.study.count(name) > 1})
    faults += [f'study "{name}" stands more than once; expected one row a study' for name in repeated]
    return faults


def _more_events(study: tuple[str, ...], events: IntArray, n: IntArray, arm: str) -> list[str]:
    group = f" {arm}" if arm else ""
    return [
        f"{study[i]}: {events[i]}{group} events in {n[i]} people; expected people with the event, at most all of them"
        for i in np.nonzero(events > n)[0]
    ]


def _raise(faults: list[str]) -> None:
    if faults:
        raise PoolError.from_faults("Studies", faults)
