"""Does more do more? Dose against effect across the arms of trials, in the units of one product.

Arms of a trial share their reference group, so their effects are correlated: Greenland and Longnecker's covariances.
With more than one trial a variance between trials is estimated. Units of two products are never put on one axis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.errors import EvidenceError
from primum.evidence.proportions import normal_quantile
from primum.provenance import Method
from primum.terms import FloatArray, Interval

Shape = Literal["log_linear", "linear", "emax"]
_GL: Final = "Greenland & Longnecker, Am J Epidemiol 135:1301-1309 (1992), doi:10.1093/oxfordjournals.aje.a116237"
METHODS: Final[dict[str, Method]] = {
    "log_linear": Method(
        "dose_response_log_linear",
        "log odds ratio linear in the logarithm of the dose, generalised least squares",
        "y = a + b log(d), Cov(y_i, y_j) = 1/x0 + 1/(n0 - x0); a = -b log(d0) where the reference has a dose",
        _GL,
    ),
    "linear": Method(
        "dose_response_linear",
        "log odds ratio linear in the dose, generalised least squares",
        "y = b (d - d0), Cov(y_i, y_j) = 1/x0 + 1/(n0 - x0)",
        _GL,
    ),
    "emax": Method(
        "dose_response_emax",
        "log odds ratio as Emax d / (ED50 + d), generalised least squares",
        "y = E (d / (ED50 + d) - d0 / (ED50 + d0)), ED50 by its profile",
        f"{_GL}; shape: Thomas, Sweeney & Somayaji, Stat Biopharm Res 6:302-317 (2014)",
    ),
}
_SMALLEST, _LARGEST, _STEPS = 1e-3, 1e3, 61  # ED50 over the largest dose: the range looked through, in even folds


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseTrial:
    """Effects of several doses against one reference group of the same trial.

    Args:
        unit: what the doses are counted in, product included.
        reference: dose of the reference group; 0 for placebo.
        doses: doses of the other arms, shape `(arms,)`, each positive.
        log_effect: log odds ratio of each against the reference, shape `(arms,)`.
        covariance: shape `(arms, arms)`.
    """

    unit: str
    reference: float
    doses: FloatArray
    log_effect: FloatArray
    covariance: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseFit:
    """A dose-response curve.

    Args:
        shape: which curve.
        unit: what the doses are counted in.
        slope: per unit of log dose or of dose, or Emax; with its interval and standard error.
        ed50: dose of half the effect, with its profile interval (ends at 0 or infinity where the data give none);
            None for other shapes, and where it lies beyond all doses that were looked through.
        tau2: variance between trials; None where there is one trial.
        deviance: squared distance of the effects from the curve, weighted.
        df: effects less parameters.
        method: how.
        warnings: what a reader must know.
    """

    shape: Shape
    unit: str
    slope: float
    slope_se: float
    slope_interval: Interval
    ed50: float | None
    ed50_interval: Interval | None
    tau2: float | None
    deviance: float
    df: int
    method: Method
    warnings: tuple[str, ...] = ()


def from_counts(doses: ArrayLike, events: ArrayLike, people: ArrayLike, *, unit: str) -> DoseTrial:
    r"""Log odds ratios of counted arms against the arm with the smallest dose, with their covariances.

    $$ y_i = \log\frac{x_i (n_0 - x_0)}{x_0 (n_i - x_i)}, \quad
       V_{ii} = 1/x_i + 1/(n_i - x_i) + 1/x_0 + 1/(n_0 - x_0), \quad V_{ij} = 1/x_0 + 1/(n_0 - x_0). $$

    Args:
        doses: dose of each arm, 0 for placebo; shape `(arms,)`, no two alike, at least three arms.
        events: people with the outcome.
        people: people of each arm.
        unit: what the doses are counted in, product included.

    Raises:
        EvidenceError: too few arms, doses alike, counts that no group can have, or an arm in which nobody or everybody
            has the outcome: its log odds are not finite, and nothing is added to a cell.

    Source:
        Greenland & Longnecker 1992; for counts that were not adjusted their covariances are these.
    """
    d, x, n = (np.asarray(given, dtype=np.float64) for given in (doses, events, people))
    if d.ndim != 1 or d.shape != x.shape or d.shape != n.shape or len(d) < 3:
        raise EvidenceError.of_number("number of arms", d.size, "at least 3 arms, each with dose, events and people")
    if np.any(d < 0) or len(np.unique(d)) < len(d):
        raise EvidenceError.of_number("dose", float(np.min(d)), "doses of at least 0, no two alike")
    for events_of, people_of in zip(x.tolist(), n.tolist(), strict=True):
        if not 0 < events_of < people_of:
            raise EvidenceError.of_number(
                f"events of {people_of:g} people",
                events_of,
                "neither nobody nor everybody: the log odds are not finite",
            )
    order = np.argsort(d)
    d, x, n = d[order], x[order], n[order]
    logit, variance = np.log(x / (n - x)), 1 / x + 1 / (n - x)
    return DoseTrial(
        unit=unit,
        reference=float(d[0]),
        doses=d[1:],
        log_effect=logit[1:] - logit[0],
        covariance=np.diag(variance[1:]) + variance[0],
    )


def from_adjusted(
    doses: ArrayLike, log_ratio: ArrayLike, se: ArrayLike, cases: ArrayLike, controls: ArrayLike, *, unit: str
) -> DoseTrial:
    r"""Adjusted log odds ratios with the covariances that their own counts imply.

    Counts are found that keep the margins and give the adjusted ratios; with $s_i$ their variances and $s_0$ that of
    the reference, the correlations are $s_0 / \sqrt{s_i s_j}$, and the covariances follow from the printed errors.

    Args:
        doses: dose of each group, the reference first; shape `(groups,)`.
        log_ratio: adjusted log odds ratio of each other group; shape `(groups - 1,)`.
        se: their standard errors, same shape.
        cases: cases of each group, the reference first.
        controls: controls of each group.
        unit: what the doses are counted in.

    Source:
        Greenland & Longnecker 1992, equations of the appendix.
    """
    from scipy import optimize  # half a second to import, and whoever only reads a treatment does not need it

    d, y, s, a, b = (np.asarray(given, dtype=np.float64) for given in (doses, log_ratio, se, cases, controls))
    n, total = a + b, float(a.sum())

    def fitted(rest: FloatArray) -> FloatArray:
        return np.concatenate([[total - rest.sum()], rest])

    def gap(rest: FloatArray) -> FloatArray:
        x = fitted(rest)
        odds = np.log(x / (n - x))
        return np.asarray(odds[1:] - odds[0] - y)

    x = fitted(optimize.root(gap, a[1:], tol=1e-12).x)
    if not np.all((x > 0) & (x < n)):
        raise EvidenceError.of_number("fitted cases", float(np.min(x)), "ratios that the margins allow")
    variance = 1 / x + 1 / (n - x)
    own = np.sqrt(variance[1:] + variance[0])
    correlation = variance[0] / np.outer(own, own)
    np.fill_diagonal(correlation, 1.0)
    return DoseTrial(
        unit=unit, reference=float(d[0]), doses=d[1:], log_effect=y, covariance=correlation * np.outer(s, s)
    )


def dose_response(trials: Sequence[DoseTrial], *, shape: Shape = "log_linear", level: float = 0.95) -> DoseFit:
    """Fit a curve through the effects of one or several trials.

    Args:
        trials: trials whose doses are counted in one unit.
        shape: `log_linear`, `linear` or `emax`.
        level: coverage of the intervals, in (0, 1).

    Returns:
        The curve. With several trials each has a deviation of its own, shared by its doses, whose variance is found by
        maximum likelihood. Against placebo `log_linear` leaves the step from nothing to the first dose free.

    Raises:
        EvidenceError: no trial, units of two products, an unknown shape, or fewer effects than parameters.

    Examples:
        >>> trial = from_counts([0, 10, 20, 40], [10, 30, 40, 50], [100] * 4, unit="units of A")
        >>> fit = dose_response([trial])
        >>> fit.slope_interval.lower > 0, fit.tau2 is None
        (True, True)
    """
    if shape not in METHODS:
        raise EvidenceError.unknown_method("a dose-response curve", shape, METHODS)
    units = list(dict.fromkeys(trial.unit for trial in trials))
    if len(units) != 1:
        raise EvidenceError.mixed_units(units)
    y = np.concatenate([trial.log_effect for trial in trials])
    fixed = _block([trial.covariance for trial in trials])
    shared = _block([np.ones_like(trial.covariance) for trial in trials])
    largest = max(float(trial.doses.max()) for trial in trials)

    def design(ed50: float) -> FloatArray:
        return np.vstack([_columns(trial, shape, ed50, trials) for trial in trials])

    several = len(trials) > 1
    parameters = design(largest).shape[1] + (shape == "emax") + several
    if len(y) < parameters:
        raise EvidenceError.of_number("number of effects", len(y), f"at least {parameters} for this curve")

    def at(ed50: float) -> _Fitted:
        return _best_tau2(y, design(ed50), fixed, shared, several=several)

    ed50, ends = _half_dose(lambda dose: at(dose).loss, largest, level) if shape == "emax" else (None, None)
    found, z = at(largest if ed50 is None else ed50), normal_quantile(level)
    slope, se = float(found.beta[-1]), float(np.sqrt(found.covariance[-1, -1]))
    known = ed50 if ed50 is not None and 1.01 * _SMALLEST < ed50 / largest < 0.99 * _LARGEST else None
    return DoseFit(
        shape=shape,
        unit=units[0],
        slope=slope,
        slope_se=se,
        slope_interval=Interval(slope - z * se, slope + z * se, level),
        ed50=known,
        ed50_interval=ends,
        tau2=found.tau2 if several else None,
        deviance=found.deviance,
        df=len(y) - parameters,
        method=METHODS[shape],
        warnings=_warnings(ends, known, len(y) - parameters),
    )


@dataclass(frozen=True, slots=True)
class _Fitted:
    beta: FloatArray
    covariance: FloatArray
    tau2: float
    loss: float
    deviance: float


def _columns(trial: DoseTrial, shape: Shape, ed50: float, trials: Sequence[DoseTrial]) -> FloatArray:
    """What the effect of each dose against the reference is made of; the slope stands last."""
    d, d0 = trial.doses, trial.reference
    if shape == "linear":
        return np.asarray((d - d0)[:, None])
    if shape == "emax":
        return np.asarray((d / (ed50 + d) - d0 / (ed50 + d0))[:, None])
    slope = np.log(d) - (np.log(d0) if d0 > 0 else 0.0)
    if all(other.reference > 0 for other in trials):
        return np.asarray(slope[:, None])
    return np.column_stack([np.full(len(d), float(d0 == 0)), slope])


def _best_tau2(y: FloatArray, x: FloatArray, fixed: FloatArray, shared: FloatArray, *, several: bool) -> _Fitted:
    from scipy import optimize

    def at(tau2: float) -> _Fitted:
        return _least_squares(y, x, fixed + tau2 * shared, tau2)

    if not several:
        return at(0.0)
    most = 10 * float(np.var(y)) + 10 * float(np.mean(np.diag(fixed)))
    inside = optimize.minimize_scalar(lambda t: at(t).loss, bounds=(0.0, most), method="bounded")
    return min((at(0.0), at(float(inside.x))), key=lambda found: found.loss)


def _least_squares(y: FloatArray, x: FloatArray, v: FloatArray, tau2: float) -> _Fitted:
    """Generalised least squares, and minus twice the log-likelihood without its constant."""
    root = np.linalg.cholesky(v)
    a, b = np.linalg.solve(root, x), np.linalg.solve(root, y)
    covariance = np.linalg.inv(a.T @ a)
    beta = covariance @ a.T @ b
    deviance = float(np.sum((b - a @ beta) ** 2))
    return _Fitted(beta, covariance, tau2, deviance + 2 * float(np.sum(np.log(np.diag(root)))), deviance)


def _half_dose(loss: Callable[[float], float], largest: float, level: float) -> tuple[float, Interval]:
    """The ED50 of the smallest loss, and those whose likelihood is near enough to it.

    An end is 0 or infinity where no dose of the range looked through ends them.
    """
    from scipy import optimize

    grid = np.linspace(np.log(_SMALLEST * largest), np.log(_LARGEST * largest), _STEPS)
    losses = np.array([loss(float(np.exp(place))) for place in grid])
    place = int(np.argmin(losses))
    near = grid[max(place - 1, 0)], grid[min(place + 1, _STEPS - 1)]
    inside = optimize.minimize_scalar(lambda t: loss(float(np.exp(t))), bounds=near, method="bounded")
    best, least = (float(inside.x), float(inside.fun)) if inside.fun < losses[place] else (grid[place], losses[place])
    reach = least + 2 * float(special.gammaincinv(0.5, level))

    def end(beyond: FloatArray, open_end: float) -> float:
        """Where the loss first rises above its reach, going outwards."""
        before = best
        for step in beyond.tolist():
            if loss(float(np.exp(step))) > reach:
                return float(np.exp(optimize.brentq(lambda t: loss(float(np.exp(t))) - reach, before, step)))
            before = step
        return open_end

    lower, upper = end(grid[grid < best][::-1], 0.0), end(grid[grid > best], np.inf)
    return float(np.exp(best)), Interval(lower, upper, level)


def _warnings(ends: Interval | None, ed50: float | None, df: int) -> tuple[str, ...]:
    said: list[str] = []
    if df == 0:
        said.append("as many effects as parameters: the curve goes through all of them and nothing tests its shape")
    if ends is not None and ed50 is None:
        said.append(
            "the doses given do not tell the dose of half the effect: it lies beyond all that was looked through"
        )
    elif ends is not None and (ends.lower == 0 or not np.isfinite(ends.upper)):
        said.append("the data do not bound the dose of half the effect on both sides")
    return tuple(said)


def _block(parts: Sequence[FloatArray]) -> FloatArray:
    size = sum(len(part) for part in parts)
    whole, at = np.zeros((size, size)), 0
    for part in parts:
        whole[at : at + len(part), at : at + len(part)] = part
        at += len(part)
    return whole
