"""Pooled estimates against metafor 3.8-1, against the tables of Stijnen 2010, and against brute force."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate as quadratures
from scipy import optimize, stats

from primum.evidence.pooling import OneArm, TwoArms, TwoRates, curves, pool
from primum.evidence.pooling.heterogeneity import q_profile_interval
from primum.evidence.pooling.quadrature import integrate, integrate_plane
from primum.evidence.pooling.study_effects import study_effects

NAMES = {
    "MH": "mh",
    "Peto": "peto",
    "IV-REML": "reml",
    "IV-DL": "dl",
    "IV-PM": "pm",
    "IV-ML": "ml",
    "IV-EE": "iv",
    "IV-REML-HKSJ": "hksj",
    "GLMM-UM.FS": "um",
    "GLMM-CM.EL": "cm",
    "GLMM": "um",
}
# metafor iterates to about 1e-5 and takes 7 quadrature points; its closed forms are exact.
TOLERANCE = {"mh": 1e-9, "peto": 1e-9, "iv": 1e-9, "dl": 1e-9, "reml": 1e-5, "ml": 1e-5, "pm": 1e-4, "hksj": 1e-5}


def two_arms(rows: list[dict[str, str]]) -> TwoArms:
    numbers = {
        ours: np.array([int(row[theirs]) for row in rows])
        for ours, theirs in (
            ("events_treated", "ai"),
            ("n_treated", "n1i"),
            ("events_control", "ci"),
            ("n_control", "n2i"),
        )
    }
    return TwoArms(study=tuple(row["study"] for row in rows), **numbers)


def treated_alone(table: TwoArms) -> OneArm:
    return OneArm(study=table.study, events=table.events_treated, n=table.n_treated)


def control_alone(table: TwoArms) -> OneArm:
    return OneArm(study=table.study, events=table.events_control, n=table.n_control)


@pytest.fixture(scope="module")
def reference(shared: Path):
    def read(name: str):
        with (shared / "oracles" / f"meta_{name}_input.csv").open(encoding="utf-8") as file:
            table = two_arms(list(csv.DictReader(file)))
        with (shared / "oracles" / f"meta_{name}_metafor.csv").open(encoding="utf-8") as file:
            return table, list(csv.DictReader(file))

    return read


@pytest.mark.parametrize("name", ["bcg", "sparse"])
def test_every_row_of_metafor_is_reproduced(reference, name):
    table, rows = reference(name)
    assert len(rows) == 13
    for row in rows:
        method, measure = NAMES[row["method"]], row["measure"][:3].removesuffix("(")
        studies = treated_alone(table) if measure == "PLO" else table
        # metafor added 0.5 to the studies with an empty cell in its inverse variance rows; we do so on request alone
        continuity = 0.5 if name == "sparse" and row["method"].startswith("IV") else 0.0
        answer = pool(studies, measure=measure, method=method, continuity=continuity)
        near = TOLERANCE.get(method, 1e-4)
        interval = answer.wald if answer.interval_kind == "profile likelihood" else answer.interval
        ours = {
            "estimate": answer.estimate,
            "se": answer.se,
            "ci_lower": interval.lower,
            "ci_upper": interval.upper,
            "tau2": answer.tau2,
            "pi_lower": answer.prediction.lower if answer.prediction else None,
            "pi_upper": answer.prediction.upper if answer.prediction else None,
        }
        for column, value in ours.items():
            if row[column] == "NA" or _metafor_is_wrong(name, row["method"], column):
                continue
            label = f"{name} {row['method']} {measure} {column}"
            assert value is not None, label
            assert value == pytest.approx(float(row[column]), rel=near, abs=1e-9), label


def _metafor_is_wrong(name: str, method: str, column: str) -> bool:
    """Its CM.EL on the sparse table stops at tau2 = 4.3e-05 with a standard error of 2.1e-07 (its issue 45)."""
    return name == "sparse" and method == "GLMM-CM.EL" and column != "estimate"


def test_the_standard_error_that_metafor_gets_wrong_is_right(reference):
    # metafor 3.8-1 gives 2.1e-07. At tau2 = 0 the information is the sum of the noncentral hypergeometric variances.
    table, rows = reference("sparse")
    theirs = next(row for row in rows if row["method"] == "GLMM-CM.EL")
    assert float(theirs["se"]) < 1e-6
    answer = pool(table, measure="OR", method="cm")
    variances = [
        stats.nchypergeom_fisher.var(n1 + n0, x1 + x0, n1, math.exp(answer.estimate))
        for x1, n1, x0, n0 in _rows(table)
        if x1 + x0
    ]
    assert answer.tau2 == 0
    assert answer.se == pytest.approx(1 / math.sqrt(sum(variances)), rel=1e-6)
    assert answer.se == pytest.approx(0.6528, abs=1e-4)
    assert answer.estimate == pytest.approx(float(theirs["estimate"]), rel=1e-4)


def test_adaptive_quadrature_gives_2_50_where_fixed_nodes_give_half_of_it(reference):
    table, _ = reference("bcg")
    control = control_alone(table)
    answer = pool(control, measure="PLO", method="um")
    assert answer.tau2 == pytest.approx(2.503, abs=5e-4)

    curve = curves.binomial(control.events.astype(float), control.n.astype(float))

    def fitted(*, adaptive: bool) -> float:
        def falling(x: np.ndarray) -> float:
            part = integrate(curve, np.full(len(control), x[0]), abs(x[1]), points=7, adaptive=adaptive)
            return -float(np.sum(part.log_value))

        ends = [optimize.minimize(falling, (-4.0, start), method="Nelder-Mead") for start in (0.5, 1.0, 1.5)]
        return min(ends, key=lambda end: end.fun).x[1] ** 2

    assert fitted(adaptive=True) == pytest.approx(2.50, abs=0.01)
    assert fitted(adaptive=False) < 1.5


def test_the_variance_between_the_bcg_trials_has_the_interval_of_the_metafor_paper(reference):
    # Viechtbauer, J Stat Softw 36(3) (2010), confint() of the REML model of the BCG trials: 0.1197 to 1.1115
    table, _ = reference("bcg")
    effects = study_effects(table, measure="RR")
    interval = q_profile_interval(effects.estimate, effects.variance, level=0.95)
    assert (round(interval.lower, 4), round(interval.upper, 4)) == (0.1197, 1.1115)


# Stijnen, Hamza, Ozdemir, Stat Med 29:3046-3067 (2010), table I: infections with standard (control) and anti-infective
# (treated) catheters, 18 trials, seven of them with a zero; and table VI: infections over catheter days, 9 trials.
CATHETERS = [
    (0, 116, 3, 117), (1, 44, 3, 35), (2, 208, 9, 195), (0, 130, 7, 136), (5, 151, 6, 157), (1, 98, 4, 139),
    (1, 174, 3, 177), (1, 74, 2, 39), (1, 97, 19, 103), (1, 113, 2, 122), (0, 66, 7, 64), (0, 70, 1, 58),
    (3, 188, 5, 175), (6, 187, 11, 180), (0, 118, 0, 105), (0, 252, 1, 262), (1, 345, 3, 362), (4, 64, 1, 69),
]  # fmt: skip
CATHETER_DAYS = [
    (7, 1344, 11, 1988), (8, 1600, 8, 1461), (3, 12012, 14, 10962), (6, 1536, 10, 1503), (1, 370, 1, 483),
    (1, 729, 8, 913), (17, 6760, 15, 6840), (3, 1107, 7, 1015), (2, 320, 3, 440),
]  # fmt: skip


@pytest.fixture(scope="module")
def catheters() -> TwoArms:
    a, n1, c, n0 = (np.array(column) for column in zip(*CATHETERS, strict=True))
    names = tuple(f"trial {i}" for i in range(1, 19))
    return TwoArms(study=names, events_treated=a, n_treated=n1, events_control=c, n_control=n0)


@pytest.fixture(scope="module")
def catheter_days() -> TwoRates:
    a, t1, c, t0 = (np.array(column) for column in zip(*CATHETER_DAYS, strict=True))
    names = tuple(f"trial {i}" for i in range(1, 10))
    return TwoRates(study=names, events_treated=a, time_treated=t1 / 1000, events_control=c, time_control=t0 / 1000)


@pytest.mark.parametrize(
    ("arm", "logit", "se", "tau2"), [("control", -3.50, 0.26, 0.81), ("treated", -4.81, 0.36, 0.83)]
)
def test_shares_give_table_ii_of_stijnen_2010(catheters, arm, logit, se, tau2):
    one = control_alone(catheters) if arm == "control" else treated_alone(catheters)
    answer = pool(one, measure="PLO", method="um")
    assert (round(answer.estimate, 2), round(answer.se, 2), round(answer.tau2, 2)) == (logit, se, tau2)


def test_conditional_models_give_table_iii_of_stijnen_2010(catheters):
    exact = pool(catheters, measure="OR", method="cm")
    assert (round(exact.estimate, 3), round(exact.se, 3), round(exact.tau2**0.5, 2)) == (-1.353, 0.351, 0.83)
    # the approximate likelihood: tau 0.77 in the paper, 0.78 in metafor and here
    approximate = pool(catheters, measure="OR", method="cm-al")
    assert (round(approximate.estimate, 3), round(approximate.se, 3)) == (-1.303, 0.339)
    assert approximate.tau2**0.5 == pytest.approx(0.78, abs=0.006)


def test_the_conditional_rate_model_gives_table_viii_of_stijnen_2010(catheter_days):
    answer = pool(catheter_days, measure="IRR", method="cm")
    assert (round(answer.estimate, 3), round(answer.se, 3), round(answer.tau2**0.5, 2)) == (-0.476, 0.238, 0.35)
    ratio, _, _ = answer.natural
    assert round(ratio, 2) == 0.62
    inverse_variance = pool(catheter_days, measure="IRR", method="reml")
    assert (round(inverse_variance.estimate, 3), round(inverse_variance.se, 3)) == (-0.396, 0.227)


def test_the_double_zero_trial_of_the_catheters_is_named_and_not_corrected(catheters):
    for method in ("mh", "peto", "um", "cm"):
        answer = pool(catheters, measure="OR", method=method)
        assert [study for study, _ in answer.left_out] == ["trial 15"], method
    assert pool(catheters, measure="OR", method="um-rs").left_out == ()


def test_the_integral_of_each_study_equals_adaptive_integration_by_scipy(catheters):
    theta, tau = -1.2, 0.9
    part = integrate(curves.hypergeometric(catheters), np.full(18, theta), tau)
    for (x1, n1, x0, n0), log_value in zip(_rows(catheters), part.log_value, strict=True):

        def density(z, x1=x1, n1=n1, x0=x0, n0=n0):
            odds_ratio = math.exp(theta + tau * z)
            return stats.nchypergeom_fisher.pmf(x1, n1 + n0, n1, x1 + x0, odds_ratio) * stats.norm.pdf(z)

        brute, _ = quadratures.quad(density, -9, 9, epsabs=0, epsrel=1e-8, limit=200)
        assert log_value == pytest.approx(math.log(brute), abs=1e-7)


def test_the_integral_over_two_effects_equals_integration_by_scipy():
    x1, n1, x0, n0 = np.array([3.0]), np.array([40.0]), np.array([9.0]), np.array([35.0])
    treated, control = curves.binomial(x1, n1), curves.binomial(x0, n0)
    directions = np.array([[0.4, 1.1], [-0.4, 1.1]])
    part = integrate_plane((treated, control), np.array([-2.0, -1.5]), directions, points=15)

    def density(z2, z1):
        eta = np.array([-2.0, -1.5]) + directions @ np.array([z1, z2])
        p1, p0 = 1 / (1 + np.exp(-eta))
        return stats.binom.pmf(3, 40, p1) * stats.binom.pmf(9, 35, p0) * stats.norm.pdf(z1) * stats.norm.pdf(z2)

    brute, _ = quadratures.dblquad(density, -7, 7, -7, 7, epsrel=1e-7)
    assert part.log_value[0] == pytest.approx(math.log(brute), abs=1e-6)


@pytest.mark.parametrize("gamma", [1e-7, 1e-5, 1e-2, 2.0])
def test_the_beta_binomial_likelihood_and_its_slopes_equal_scipy(gamma):
    from primum.evidence.pooling.beta_binomial import _group

    x, n, mu = np.array([0.0, 3.0, 40.0, 7.0]), np.array([12.0, 900.0, 90000.0, 7.0]), 0.03

    def naive(mu: float, gamma: float) -> float:
        exact = stats.betabinom.logpmf(x, n, mu / gamma, (1 - mu) / gamma)
        return float(np.sum(exact - stats.binom.logpmf(x, n, 0.5) - n * math.log(2)))

    value, by_mu, by_spread = _group(x, n, mu, 1 / gamma)
    # scipy's own beta functions lose digits at small gamma
    assert value == pytest.approx(naive(mu, gamma), rel=1e-4 if gamma < 1e-6 else 1e-7)
    if gamma >= 1e-5:
        step = 1e-6
        slope = (naive(mu + step, gamma) - naive(mu - step, gamma)) / (2 * step)
        assert by_mu == pytest.approx(slope, rel=1e-3)
        slope = (naive(mu, gamma * (1 + 1e-4)) - naive(mu, gamma * (1 - 1e-4))) / 2e-4
        assert by_spread == pytest.approx(slope, rel=1e-3, abs=1e-3)


def test_the_ends_of_a_profile_interval_lose_half_a_chi_square_quantile(catheters):
    answer = pool(catheters, measure="OR", method="cm")
    curve = curves.hypergeometric(catheters)

    def greatest(theta: float) -> float:
        def falling(tau: float) -> float:
            return -float(np.sum(integrate(curve, np.full(18, theta), tau, points=31).log_value))

        return -optimize.minimize_scalar(falling, bounds=(0, 5), method="bounded", options={"xatol": 1e-9}).fun

    top = greatest(answer.estimate)
    for end in (answer.interval.lower, answer.interval.upper):
        assert top - greatest(end) == pytest.approx(stats.chi2.ppf(0.95, 1) / 2, abs=1e-5)


def _rows(table: TwoArms):
    columns = (table.events_treated, table.n_treated, table.events_control, table.n_control)
    return [tuple(int(value) for value in row) for row in zip(*columns, strict=True)]
