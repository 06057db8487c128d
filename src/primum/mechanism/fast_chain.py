"""How soon does a toxin that has been injected begin to act? The chain from the bulk to the active enzyme.

Each step is first order and none goes back: bulk -kS-> free -kB-> bound -kT-> translocated -kL-> lytic; the tension
of the muscle is 1 - lytic. The rates are data (`load_rates`); nothing here knows a drug.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from primum.errors import ModelError
from primum.terms import FloatArray

Tag = Literal["measured", "fitted", "assumed"]
_SERIES_TERMS: Final = 30  # a spread of at most 1: the first term left out is below 1/30! = 4e-33


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate constant with where it comes from.

    Args:
        key: short name, such as `kB`.
        per_minute: the rate, above 0.
        species: animal, or person, in which it was found.
        system: preparation in which it was found.
        tag: measured (read from an experiment), fitted (chosen so that a model meets data) or assumed.
        sources: ids of the sources.
        note: caveats.

    Raises:
        ModelError: the rate is not a positive number or the tag is none of the three.
    """

    key: str
    per_minute: float
    species: str
    system: str
    tag: Tag
    sources: tuple[str, ...]
    note: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.per_minute < math.inf:
            raise ModelError.of(f"rate {self.key} is {self.per_minute} per minute", "a positive number")
        if self.tag not in get_args(Tag):
            raise ModelError.of(f'rate {self.key} is tagged "{self.tag}"', "measured, fitted or assumed")


def load_rates(file: Traversable) -> Mapping[str, Rate]:
    """Read the rates of a chain from a table `key,value,unit,species,system,tag,source,note`.

    Raises:
        ModelError: a unit other than 1/min, a key given twice, or a value that is no positive number.
    """
    rates: dict[str, Rate] = {}
    with file.open("r", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["unit"] != "1/min":
                raise ModelError.of(f"rate {row['key']} in {file.name} has the unit {row['unit']}", "1/min")
            if row["key"] in rates:
                raise ModelError.of(f"rate {row['key']} stands twice in {file.name}", "one row a rate")
            rates[row["key"]] = Rate(
                key=row["key"],
                per_minute=float(row["value"]),
                species=row["species"],
                system=row["system"],
                tag=row["tag"],  # type: ignore[arg-type]  # checked on creation
                sources=tuple(row["source"].split()),
                note=row["note"],
            )
    return rates


def occupancy(rates_per_minute: Sequence[float], minutes: ArrayLike) -> FloatArray:
    r"""Which share of the toxin is in each state of the chain, in closed form?

    With rates $k_1 \dots k_n$ and $k_{n+1} = 0$ for the last state, state $j$ holds

    $$ x_j(t) = (-1)^{j-1} \Big(\prod_{i<j} k_i\Big)\, f[k_1, \dots, k_j], \qquad f(k) = e^{-kt}, $$

    where $f[\dots]$ is a divided difference. For rates that all differ it is Bateman's sum of exponentials
    $\sum_i e^{-k_i t} / \prod_{m \ne i} (k_m - k_i)$; for equal rates it is the limit of that sum.

    Args:
        rates_per_minute: rate of each step in the order of the steps, per minute, each above 0; shape `(steps,)`.
        minutes: times since all toxin was in the first state, each at least 0; shape `(times,)` or one number.

    Returns:
        Shares in [0, 1]; shape `(times, steps + 1)`, each row adds up to 1.

    Raises:
        ModelError: a rate is not positive or a time is negative.

    Numerics:
        Agrees with `solve` to 1e-10 for equal, nearly equal and widely different rates: nodes within 1/t of each
        other are taken by a Taylor series about their mean, the others by the recurrence over sorted nodes.

    Source:
        Bateman, Proc Camb Phil Soc 1910;15:423. McCurdy, Ng, Parlett, Math Comp 1984;43:501 (divided differences).

    Examples:
        >>> occupancy([0.5, 0.5], [2.0]).round(6).tolist()  # equal rates: e^-1, e^-1, 1 - 2 e^-1
        [[0.367879, 0.367879, 0.264241]]
    """
    rates, times = _checked(rates_per_minute, minutes)
    nodes = np.append(rates, 0.0)
    columns = []
    for state in range(len(nodes)):
        difference = _divided_difference(np.sort(nodes[: state + 1]), times)
        columns.append((-1.0) ** state * np.prod(rates[:state]) * difference)
    return np.asarray(np.clip(np.stack(columns, axis=-1), 0.0, 1.0))


def _divided_difference(nodes: FloatArray, times: FloatArray) -> FloatArray:
    """Divided difference of exp(-k t) over ascending nodes, for each time."""
    size = len(nodes)
    table = [np.exp(-node * times) for node in nodes]
    for order in range(1, size):
        following = []
        for first in range(size - order):
            group = nodes[first : first + order + 1]
            spread = group[-1] - group[0]
            near = _near_nodes(group, times)
            if spread == 0:
                following.append(near)
                continue
            far = (table[first + 1] - table[first]) / spread
            following.append(np.where(spread * times < 1.0, near, far))
        table = following
    return np.asarray(table[0])


def _near_nodes(group: FloatArray, times: FloatArray) -> FloatArray:
    r"""The same for nodes close together: $e^{-ct} \sum_r (-t)^{m+r}/(m+r)!\; h_r(k - c)$ with $m$ = nodes - 1.

    $h_r$ is the complete homogeneous symmetric polynomial; where nodes are not close the value is not used.
    """
    order = len(group) - 1
    centre = float(np.mean(group))
    times = np.where((group[-1] - group[0]) * times < 1.0, times, 0.0)
    symmetric = np.zeros(_SERIES_TERMS)
    symmetric[0] = 1.0
    for shift in group - centre:  # h_r of one more node: h_r + shift h_(r-1), in place
        for r in range(1, _SERIES_TERMS):
            symmetric[r] += shift * symmetric[r - 1]
    total = np.zeros_like(times)
    for r in range(_SERIES_TERMS - 1, -1, -1):
        total += symmetric[r] * (-times) ** (order + r) / math.factorial(order + r)
    return np.asarray(np.exp(-centre * times) * total)


def solve(rates_per_minute: Sequence[float], minutes: ArrayLike) -> FloatArray:
    r"""The same shares by a matrix exponential: the independent check of `occupancy`.

    With generator $Q$, $q = \max k$ and $P = I + Q/q$, uniformisation gives
    $e^{Qh} = \sum_n e^{-qh} (qh)^n / n!\; P^n$; the step $h = t/2^s$ with $qh \le 1$ is squared $s$ times. Every term
    is positive, so nothing cancels.

    Args:
        rates_per_minute: as in `occupancy`.
        minutes: as in `occupancy`.

    Returns:
        Shares in [0, 1]; shape `(times, steps + 1)`.

    Raises:
        ModelError: a rate is not positive or a time is negative.

    Source:
        Jensen, Skand Aktuarietidskr 1953;36:87 (uniformisation). Moler, Van Loan, SIAM Rev 2003;45:3 (squaring).

    Examples:
        >>> solve([0.5, 0.5], [2.0]).round(6).tolist()
        [[0.367879, 0.367879, 0.264241]]
    """
    rates, times = _checked(rates_per_minute, minutes)
    size = len(rates) + 1
    fastest = float(np.max(rates))
    jump = np.eye(size)
    for step, rate in enumerate(rates):
        jump[step, step] -= rate / fastest
        jump[step, step + 1] = rate / fastest
    shares = np.empty((len(times), size))
    for row, time in enumerate(times):
        squarings = max(0, math.ceil(math.log2(fastest * time))) if fastest * time > 1 else 0
        mean_jumps = fastest * time / 2**squarings
        weight, power = math.exp(-mean_jumps), np.eye(size)
        transition = weight * power
        for jumps in range(1, 40):  # mean at most 1: what is left out is below 1/40!
            weight *= mean_jumps / jumps
            power = power @ jump
            transition = transition + weight * power
        for _ in range(squarings):
            transition = transition @ transition
            transition /= transition.sum(axis=1, keepdims=True)  # rounding must not double with each squaring
        shares[row] = transition[0]
    return shares


def active_share(rates_per_minute: Sequence[float], minutes: ArrayLike) -> FloatArray:
    """Share of the toxin that has become the active enzyme; the tension left is 1 minus it.

    Examples:
        >>> active_share([0.058, 0.141, 0.013], 204.08).round(4).tolist()
        [0.9]
    """
    return occupancy(rates_per_minute, minutes)[:, -1]


def minutes_to_tension(rates_per_minute: Sequence[float], *, tension: float = 0.1, tolerance: float = 1e-12) -> float:
    """After how many minutes is the tension down to a share of its start? With `tension=0.1` this is the paper's t10.

    Args:
        rates_per_minute: as in `occupancy`.
        tension: share of the tension that is left, in (0, 1).
        tolerance: relative width at which the bisection stops.

    Returns:
        Minutes.

    Raises:
        ModelError: `tension` is outside (0, 1) or a rate is not positive.

    Source:
        Lebeda, Adler, Erickson, Chushak, J Pharmacokinet Pharmacodyn 2008;35:251-67 (t10 of both schemes).

    Examples:
        >>> round(minutes_to_tension([0.058, 0.141, 0.013]), 2)
        204.08
    """
    if not 0 < tension < 1:
        raise ModelError.of(f"tension is {tension}", "a share between 0 and 1, such as 0.1")
    rates, _ = _checked(rates_per_minute, 0.0)
    low, high = 0.0, mean_delay(rates.tolist())
    while 1 - active_share(rates.tolist(), high)[0] > tension:
        low, high = high, 2 * high
    while high - low > tolerance * high:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if 1 - active_share(rates.tolist(), middle)[0] > tension:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def mean_delay(rates_per_minute: Sequence[float]) -> float:
    """Mean minutes that a chain needs: the sum of 1/k over its steps.

    Examples:
        >>> round(mean_delay([0.058, 0.141, 0.013]), 1)
        101.3
    """
    rates, _ = _checked(rates_per_minute, 0.0)
    return float(np.sum(1 / rates))


def active_share_with_lag(first_per_minute: float, lag_minutes: float, minutes: ArrayLike) -> FloatArray:
    r"""The chain with every step after the first replaced by a fixed lag: $1 - e^{-k_S (t - lag)}$ after the lag.

    Where the first step is slow and people are seen once a day this cannot be told from the chain (a test measures
    the difference), so the fast steps are no parameters of a model fitted to trials.

    Examples:
        >>> active_share_with_lag(0.00015, 101.3, [100.0, 1440.0]).round(4).tolist()
        [0.0, 0.1819]
    """
    _, times = _checked([first_per_minute], minutes)
    return np.asarray(-np.expm1(-first_per_minute * np.maximum(times - lag_minutes, 0.0)))


def _checked(rates_per_minute: Sequence[float], minutes: ArrayLike) -> tuple[FloatArray, FloatArray]:
    rates = np.asarray(rates_per_minute, dtype=np.float64)
    times = np.atleast_1d(np.asarray(minutes, dtype=np.float64))
    if rates.ndim != 1 or not rates.size or not np.all((rates > 0) & np.isfinite(rates)):
        raise ModelError.of(f"rates of a chain are {list(rates_per_minute)}", "one positive number a step, per minute")
    if not np.all((times >= 0) & np.isfinite(times)):
        raise ModelError.of("a time of the chain is negative or not finite", "minutes since the injection, at least 0")
    return rates, times
