"""Do the studies differ by more than chance, and by how much?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from primum.evidence.pooling.study_effects import StudyEffects
from primum.terms import FloatArray, Interval


@dataclass(frozen=True, slots=True)
class Spread:
    """Cochran's Q with its degrees of freedom and p-value, and I2 from it (0 to 1)."""

    q: float | None
    df: int | None
    p: float | None
    i2: float | None


def cochran_q(effects: StudyEffects) -> Spread:
    r"""$Q = \sum w_i (y_i - \bar y_w)^2$, $w_i = 1/v_i$, on k - 1 degrees of freedom; $I^2 = \max(0, (Q - df)/Q)$.

    Args:
        effects: estimates of single studies; fewer than two give no Q.

    Source:
        Cochran, Biometrics 10:101-129 (1954), doi:10.2307/3001666; Higgins & Thompson, Stat Med 21:1539-1558 (2002),
        doi:10.1002/sim.1186.
    """
    if len(effects) < 2:
        return Spread(None, None, None, None)
    q, df = q_at(effects.estimate, effects.variance, 0.0), len(effects) - 1
    return Spread(q, df, float(special.gammaincc(df / 2, q / 2)), max(0.0, (q - df) / q) if q > 0 else 0.0)


def q_at(y: FloatArray, v: FloatArray, tau2: float) -> float:
    """Q with the weights 1 / (v + tau2); it falls as tau2 grows."""
    w = 1 / (v + tau2)
    return float(np.sum(w * (y - np.sum(w * y) / np.sum(w)) ** 2))


def dersimonian_laird(y: FloatArray, v: FloatArray) -> float:
    r"""$\tau^2 = \max(0, (Q - (k - 1)) / (\sum w - \sum w^2 / \sum w))$, $w_i = 1/v_i$.

    Source:
        DerSimonian & Laird, Control Clin Trials 7:177-188 (1986), doi:10.1016/0197-2456(86)90046-2.
    """
    w = 1 / v
    return float(max(0.0, (q_at(y, v, 0.0) - (len(y) - 1)) / (np.sum(w) - np.sum(w**2) / np.sum(w))))


def paule_mandel(y: FloatArray, v: FloatArray) -> float:
    r"""The $\tau^2$ at which $Q(\tau^2) = k - 1$; 0 where Q is smaller already.

    Source:
        Paule & Mandel, J Res Natl Bur Stand 87:377-385 (1982), doi:10.6028/jres.087.022.
    """
    return _where_q_is(y, v, float(len(y) - 1))


def maximum_likelihood(y: FloatArray, v: FloatArray) -> float:
    r"""The $\tau^2 \ge 0$ of greatest likelihood.

    Source:
        Hardy & Thompson, Stat Med 15:619-629 (1996),
        doi:10.1002/(SICI)1097-0258(19960330)15:6<619::AID-SIM188>3.0.CO;2-A.
    """
    return _greatest(y, v, restricted=False)


def restricted_maximum_likelihood(y: FloatArray, v: FloatArray) -> float:
    r"""The $\tau^2 \ge 0$ of greatest restricted likelihood.

    Source:
        Viechtbauer, J Educ Behav Stat 30:261-293 (2005), doi:10.3102/10769986030003261.
    """
    return _greatest(y, v, restricted=True)


def q_profile_interval(y: FloatArray, v: FloatArray, *, level: float) -> Interval | None:
    r"""The $\tau^2$ at which $Q(\tau^2)$ is at its two chi-square quantiles on k - 1 degrees of freedom.

    None when the studies agree so closely that every $\tau^2 \ge 0$ is rejected: the set is empty, not [0, 0].

    Source:
        Viechtbauer, Stat Med 26:37-52 (2007), doi:10.1002/sim.2514.
    """
    df, tail = len(y) - 1, (1 - level) / 2
    high, low = (2 * float(special.gammaincinv(df / 2, share)) for share in (1 - tail, tail))
    if q_at(y, v, 0.0) < low:
        return None
    return Interval(_where_q_is(y, v, high), _where_q_is(y, v, low), level)


def _where_q_is(y: FloatArray, v: FloatArray, target: float) -> float:
    from scipy import optimize  # half a second to import, and the closed forms do not need it

    if q_at(y, v, 0.0) <= target:
        return 0.0
    top = float(np.max(v))
    while q_at(y, v, top) > target:
        top *= 2
    return float(optimize.brentq(lambda tau2: q_at(y, v, tau2) - target, 0.0, top, xtol=1e-14, rtol=1e-13))


def _log_likelihood(y: FloatArray, v: FloatArray, tau2: float, *, restricted: bool) -> float:
    w = 1 / (v + tau2)
    value = 0.5 * np.sum(np.log(w)) - 0.5 * q_at(y, v, tau2)
    return float(value - 0.5 * np.log(np.sum(w)) if restricted else value)


def _greatest(y: FloatArray, v: FloatArray, *, restricted: bool) -> float:
    """Greatest point over tau2 >= 0: the best of a grid from far below to far above the data, then its score's root."""

    def likelihood(tau2: float) -> float:
        return _log_likelihood(y, v, tau2, restricted=restricted)

    top = 10 * float(np.var(y)) + float(np.max(v))
    grid = np.concatenate([[0.0], top * np.geomspace(1e-8, 1.0, 81)])
    best = int(np.argmax([likelihood(float(t)) for t in grid]))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])
    return _score_root(_score(y, v, restricted=restricted), low, high)


def _score(y: FloatArray, v: FloatArray, *, restricted: bool) -> Callable[[float], float]:
    def score(tau2: float) -> float:
        w = 1 / (v + tau2)
        residual = y - np.sum(w * y) / np.sum(w)
        value = np.sum(w**2 * residual**2) - np.sum(w)
        return float(value + np.sum(w**2) / np.sum(w) if restricted else value)

    return score


def _score_root(score: Callable[[float], float], low: float, high: float) -> float:
    from scipy import optimize

    if score(low) <= 0:  # only at 0: the likelihood falls from there
        return low
    return float(optimize.brentq(score, low, high, xtol=1e-15, rtol=1e-13))
