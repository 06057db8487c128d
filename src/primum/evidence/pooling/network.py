"""Which of several treatments does what, when no trial compares them all? A frequentist network of trials.

Effects of all trials are fitted at once by generalised least squares, with one variance between trials for the whole
network. Trials with several arms keep the correlation that their shared arm gives. Evidence through a common
comparator is indirect: it holds only where the trials could have been done in each other's people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.errors import PoolError
from primum.evidence.proportions import normal_quantile
from primum.provenance import Method
from primum.terms import FloatArray, Interval

NETWORK: Final = Method(
    "network_gls",
    "network of trials by generalised least squares, one moment estimate of the variance between trials",
    "b = (X'WX)^-1 X'Wy, W = (V + tau2 M)^-1, M = 1/2 (I + J) in each trial; tau2 = (Q - df) / tr(P M)",
    "Rucker, Res Synth Methods 3:312-324 (2012), doi:10.1002/jrsm.1058; Jackson, White & Riley, Stat Med 31:3805-3820 "
    "(2012), doi:10.1002/sim.5453",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkTrial:
    """Effects of the arms of one trial against its first arm.

    Args:
        treatments: names of its arms, the one the others are compared with first; at least two, no two alike.
        effect: effect of each other arm, on an additive scale such as the log odds ratio; shape `(arms - 1,)`.
        covariance: of these effects; shape `(arms - 1, arms - 1)`.
    """

    treatments: tuple[str, ...]
    effect: FloatArray
    covariance: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What the trials of a network say together.

    Args:
        treatments: every treatment but the reference, in order of first mention.
        reference: what they are compared with.
        estimate: effect of each against the reference; shape `(treatments,)`.
        covariance: of the estimates.
        intervals: of each estimate.
        tau2: variance between trials.
        q: weighted squared distance of the trials from the common-effect network, heterogeneity and inconsistency.
        df: contrasts less treatments.
        p: probability of a q as large where all trials share their effects; None without degrees of freedom.
        method: how.
        warnings: what a reader must know.
    """

    treatments: tuple[str, ...]
    reference: str
    estimate: FloatArray
    covariance: FloatArray
    intervals: tuple[Interval, ...]
    tau2: float
    q: float
    df: int
    p: float | None
    method: Method = NETWORK
    warnings: tuple[str, ...] = ()

    def between(self, treated: str, other: str, *, level: float = 0.95) -> tuple[float, Interval]:
        """The effect of one treatment against another, direct and indirect evidence together.

        Raises:
            PoolError: a treatment that the network does not hold.
        """
        contrast = self._place(treated) - self._place(other)
        value = float(contrast @ self.estimate)
        half = normal_quantile(level) * float(np.sqrt(contrast @ self.covariance @ contrast))
        return value, Interval(value - half, value + half, level)

    def _place(self, name: str) -> FloatArray:
        known = (self.reference, *self.treatments)
        if name not in known:
            raise PoolError.not_in_network(name, known)
        place = np.zeros(len(self.treatments))
        if name != self.reference:
            place[self.treatments.index(name)] = 1.0
        return place


def trial_from_counts(treatments: Sequence[str], events: ArrayLike, people: ArrayLike) -> NetworkTrial:
    r"""Log odds ratios of the arms of a trial against its first arm.

    $$ y_i = \log\frac{x_i}{n_i - x_i} - \log\frac{x_0}{n_0 - x_0}, \qquad
       \mathrm{var}\, y_i = \frac{1}{x_i} + \frac{1}{n_i - x_i} + v_0, \quad
       v_0 = \frac{1}{x_0} + \frac{1}{n_0 - x_0}, $$
    and two arms share the variance $v_0$ of the first one.

    Args:
        treatments: of each arm, none twice.
        events: people with the event in each arm; same length.
        people: people in each arm; same length.

    Returns:
        The trial, its first treatment the one that the others are compared with.

    Source:
        Woolf, Ann Hum Genet 19:251-253 (1955), doi:10.1111/j.1469-1809.1955.tb01348.x; several arms: Franchini, Dias,
        Ades, Jansen, Welton, Res Synth Methods 3:142-160 (2012), doi:10.1002/jrsm.1049.

    Examples:
        >>> trial = trial_from_counts(["placebo", "A", "B"], [10, 20, 10], [100, 100, 50])
        >>> trial.effect.round(3).tolist(), trial.covariance.round(4).tolist()
        ([0.811, 0.811], [[0.1736, 0.1111], [0.1111, 0.2361]])

    Raises:
        PoolError: shapes that differ, arms alike, or an arm in which nobody or everybody had the event: its log odds
            are not finite, and nothing is added to a cell.
    """
    x, n = np.asarray(events, dtype=np.float64), np.asarray(people, dtype=np.float64)
    faults = [
        f"{name}: {a:g} events in {b:g} people; expected neither nobody nor everybody"
        for name, a, b in zip(treatments, x.tolist(), n.tolist(), strict=False)
        if not 0 < a < b
    ]
    if x.shape != n.shape or x.shape != (len(treatments),):
        faults.append(f"{len(treatments)} arms, {x.size} events, {n.size} people; expected one of each an arm")
    if faults:
        raise PoolError.from_faults(" against ".join(treatments), faults)
    logit, variance = np.log(x / (n - x)), 1 / x + 1 / (n - x)
    return NetworkTrial(
        treatments=tuple(treatments),
        effect=logit[1:] - logit[0],
        covariance=np.diag(variance[1:]) + variance[0],
    )


def network(trials: Sequence[NetworkTrial], *, reference: str, level: float = 0.95) -> Network:
    r"""Effects of all treatments against one of them.

    $$ \hat b = (X'WX)^{-1} X'Wy, \quad W = (V + \tau^2 M)^{-1}, \quad
       \tau^2 = \max\left(0, \frac{Q - df}{\mathrm{tr}(P M)}\right), $$
    with $M = (I + J)/2$ in each trial and $P = V^{-1} - V^{-1}X(X'V^{-1}X)^{-1}X'V^{-1}$.

    Args:
        trials: two-arm and larger trials.
        reference: treatment that the others are compared with.
        level: coverage, in (0, 1).

    Raises:
        PoolError: no trial, arms alike, or a treatment that no chain of trials joins to the reference.

    Numerics:
        With two treatments these are DerSimonian and Laird's estimate and variance between trials.

    Source:
        See `NETWORK`.

    Examples:
        >>> trials = [trial_from_counts(["placebo", "A"], [10, 30], [100, 100]),
        ...           trial_from_counts(["placebo", "B"], [10, 20], [100, 100])]
        >>> found = network(trials, reference="placebo")
        >>> found.treatments, round(found.between("A", "B")[0], 3)
        (('A', 'B'), 0.539)
    """
    names = list(dict.fromkeys(name for trial in trials for name in trial.treatments))
    _check(trials, names, reference)
    others = tuple(name for name in names if name != reference)
    y = np.concatenate([trial.effect for trial in trials])
    x = np.vstack([_design(trial, others) for trial in trials])
    v = _block([trial.covariance for trial in trials])
    m = _block([(np.eye(len(t.effect)) + np.ones_like(t.covariance)) / 2 for t in trials])
    common = np.linalg.inv(v)
    p = common - common @ x @ np.linalg.inv(x.T @ common @ x) @ x.T @ common
    q, df = float(y @ p @ y), len(y) - len(others)
    tau2 = max(0.0, (q - df) / float(np.trace(p @ m))) if df > 0 else 0.0
    weights = np.linalg.inv(v + tau2 * m)
    covariance: FloatArray = np.asarray(np.linalg.inv(x.T @ weights @ x), dtype=np.float64)
    estimate = covariance @ x.T @ weights @ y
    half = normal_quantile(level) * np.sqrt(np.diag(covariance))
    alone = () if df > 0 else ("as many contrasts as treatments: nothing tells how far the trials differ",)
    return Network(
        treatments=others,
        reference=reference,
        estimate=estimate,
        covariance=covariance,
        intervals=tuple(
            Interval(value - reach, value + reach, level)
            for value, reach in zip(estimate.tolist(), half.tolist(), strict=True)
        ),
        tau2=tau2,
        q=q,
        df=df,
        p=float(special.gammaincc(df / 2, max(q, 0.0) / 2)) if df > 0 else None,
        warnings=("indirect where no trial compares the two: it takes the people of all trials as alike", *alone),
    )


def _design(trial: NetworkTrial, others: tuple[str, ...]) -> FloatArray:
    rows = np.zeros((len(trial.effect), len(others)))
    for place, name in enumerate(trial.treatments[1:]):
        if name in others:
            rows[place, others.index(name)] += 1.0
        if trial.treatments[0] in others:
            rows[place, others.index(trial.treatments[0])] -= 1.0
    return rows


def _check(trials: Sequence[NetworkTrial], names: list[str], reference: str) -> None:
    if not trials:
        raise PoolError.too_few(0)
    if reference not in names:
        raise PoolError.not_in_network(reference, names)
    for trial in trials:
        if len(set(trial.treatments)) < max(2, len(trial.treatments)):
            given = " against ".join(trial.treatments)
            raise PoolError.from_faults(given, ["arms alike or alone; expected two treatments or more"])
    joined = {reference}
    for _ in names:  # each pass joins at least one more, or nothing more can be joined
        joined |= {name for trial in trials if joined & set(trial.treatments) for name in trial.treatments}
    apart = [name for name in names if name not in joined]
    if apart:
        raise PoolError.not_in_network(", ".join(apart), sorted(joined))


def _block(parts: Sequence[FloatArray]) -> FloatArray:
    size = sum(len(part) for part in parts)
    whole, at = np.zeros((size, size)), 0
    for part in parts:
        whole[at : at + len(part), at : at + len(part)] = part
        at += len(part)
    return whole
