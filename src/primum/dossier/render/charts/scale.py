"""Where on the axis does a value stand? Linear and logarithmic axes with round marks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from primum.dossier.render.charts import canvas
from primum.dossier.render.numbers import number


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis from `low` to `high`, drawn from pixel `left` to pixel `right`.

    Raises:
        ValueError: the ends are not in order, or a logarithmic axis reaches zero.
    """

    low: float
    high: float
    left: float
    right: float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError(f"An axis cannot run from {self.low} to {self.high}.")

    def __call__(self, value: float) -> float:
        """The pixel of a value; values off the axis stand at its end."""
        value = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.left + share * (self.right - self.left)

    def ticks(self, wanted: int = 5) -> list[float]:
        """Round values for marks: 1, 2 or 5 times powers of ten, as many as there is room for."""
        if self.log:
            return self._log_ticks(wanted)
        step = _round_step((self.high - self.low) / max(wanted, 1))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(k * step, 12) for k in range(first, last + 1)]

    def _log_ticks(self, wanted: int) -> list[float]:
        """As many of 1, 2 and 5 times powers of ten as there is room for, then 1 and 5, then every so many powers."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for steps in ((1, 2, 5), (1, 5), (1,)):
            found = [m * 10.0**power for power in range(first, last + 1) for m in steps]
            inside = [t for t in found if self.low * (1 - 1e-9) <= t <= self.high * (1 + 1e-9)]
            if len(inside) <= max(wanted, 2):
                return inside
        return inside[:: math.ceil(len(inside) / max(wanted, 2))]

    def drawn(self, y_top: float, y_bottom: float, name: str, *, reference: float | None = None) -> list[str]:
        """Grid lines, their values below, the axis' name under them, and the line of no difference."""
        wanted = max(2, int((self.right - self.left) / (55 if self.log else 80)))
        body = [canvas.line(self(t), y_top, self(t), y_bottom, "grid") for t in self.ticks(wanted)]
        if reference is not None and self.low <= reference <= self.high:
            body.append(canvas.line(self(reference), y_top, self(reference), y_bottom, "axis"))
        body += [
            canvas.label(self(t), y_bottom + 16, number(t), anchor="middle", size=11.5, tone="soft")
            for t in self.ticks(wanted)
        ]
        lines = canvas.wrap(name, self.right - self.left + 60, 11.5)
        middle = (self.left + self.right) / 2
        return [*body, canvas.label(middle, y_bottom + 33, lines, anchor="middle", size=11.5, tone="soft")]


def axis(
    values: Iterable[float],
    *,
    left: float,
    right: float,
    scale: Literal["linear", "log"] = "linear",
    include: Sequence[float] = (),
) -> Axis:
    """An axis that holds all the values, ending on round marks.

    Args:
        values: what is drawn; not finite ones, and on a logarithmic axis those not above zero, are left out.
        left: pixel of the low end.
        right: pixel of the high end.
        scale: linear or logarithmic.
        include: values that must lie on it, such as the line of no difference.
    """
    log = scale == "log"
    shown = [v for v in (*values, *include) if math.isfinite(v) and (v > 0 or not log)]
    low, high = (min(shown), max(shown)) if shown else (1.0, 10.0)
    if log:
        low, high = _log_floor(low), _log_ceiling(high)
        return Axis(low, high if high > low else low * 10, left, right, log=True)
    if low == high:
        low, high = low - 1, high + 1
    step = _round_step((high - low) / 5)
    return Axis(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, left, right)


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))


def _log_floor(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return max((m * power for m in (1, 2, 5) if m * power <= value * (1 + 1e-9)), default=power)


def _log_ceiling(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= value * (1 - 1e-9))
