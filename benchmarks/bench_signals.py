"""How fast are the signal statistics, as ratios to a plain scipy loop in the same run?

SYNTHETIC counts of FAERS shape: log-normal margins, 20 million reports, rates from two gammas. The best of five.
Ratios are of wall seconds: the targets are of a machine of two cores, somebody waits for the answer and not for the
cores, and a package that uses one of them has its CPU seconds as wall seconds. CPU seconds and their ratios stand
beside them, because the machine may be shared. The naive side is what a careful script does: scipy's distributions,
Nelder-Mead on the mixture likelihood, a root search a pair; it is run on a sample and scaled up, one core for both.
Loops are compiled where numba (the extra `fast`) is installed, before the clock starts.

Released packages run on the same pairs where `--vigipy` and `--open-altio` name a Python that has them (`peers.py`).

Usage: python benchmarks/bench_signals.py [--pairs 1000000] [--sample 300] [--vigipy PYTHON] [--open-altio PYTHON]
       [--write benchmarks/RESULTS.md]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from scipy import optimize, special, stats

from measuring import machine, write_between
from primum.signals import ebgm, ic, prr, ror
from primum.signals.ebgm_cells import cells_of
from primum.signals.ebgm_prior import fit_prior

TOTAL = 20_000_000


def best_of(call: Callable[[], Any], *, times: int = 5) -> tuple[tuple[float, float], Any]:
    """Least wall seconds with their CPU seconds, and the result."""
    best, result = (float("inf"), float("inf")), None
    for _ in range(times):
        result = None
        cpu, wall = time.process_time(), time.perf_counter()
        result = call()
        best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
    return best, result


def synthetic(pairs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    drug, event = (np.minimum(np.exp(rng.normal(7, 2, pairs)).astype(np.int64) + 1, TOTAL // 3) for _ in range(2))
    strong = rng.random(pairs) < 0.06  # near the prior of FAERS 2022Q3
    rate = np.where(strong, rng.gamma(0.15, 1 / 0.021, pairs), rng.gamma(0.69, 1 / 0.92, pairs))
    observed = np.minimum(np.minimum(drug, event), rng.poisson(drug * event / TOTAL * rate))
    return observed, drug, event


def naive_closed(a: int, drug: int, event: int) -> tuple[float, ...]:
    b, c, d = drug - a, event - a, TOTAL - drug - event + a
    expected = drug * event / TOTAL
    low, high = stats.gamma.ppf([0.025, 0.975], a + 0.5, scale=1 / (expected + 0.5))
    if min(a, b, c, d) == 0:
        return float(np.log2(low)), float(np.log2(high))
    ratio, odds = (a / drug) / (c / (c + d)), a * d / (b * c)
    s1, s2 = np.sqrt(1 / a - 1 / drug + 1 / c - 1 / (c + d)), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return (
        ratio * np.exp(-1.96 * s1),
        ratio * np.exp(1.96 * s1),
        odds * np.exp(-1.96 * s2),
        odds * np.exp(1.96 * s2),
        float(np.log2(low)),
        float(np.log2(high)),
    )


def naive_minus_log_likelihood(place: np.ndarray, n: np.ndarray, e: np.ndarray) -> float:
    a1, b1, a2, b2, p = place
    if min(place) <= 0 or p >= 1:
        return 1e300
    density = p * stats.nbinom.pmf(n, a1, b1 / (b1 + e)) + (1 - p) * stats.nbinom.pmf(n, a2, b2 / (b2 + e))
    return -float(np.log(np.maximum(density, 1e-300)).sum())


def naive_quantile(n: int, e: float, place: np.ndarray, probability: float) -> float:
    a1, b1, a2, b2, p = place
    one, two = (np.log(w) + stats.nbinom.logpmf(n, a, b / (b + e)) for w, a, b in ((p, a1, b1), (1 - p, a2, b2)))
    share = special.expit(one - two)

    def miss(rate: float) -> float:
        first = stats.gamma.cdf(rate, a1 + n, scale=1 / (b1 + e))
        second = stats.gamma.cdf(rate, a2 + n, scale=1 / (b2 + e))
        return float(share * first + (1 - share) * second - probability)

    return float(optimize.brentq(miss, 0, 1e6, xtol=1e-12))


def measure(pairs: int, sample: int) -> list[tuple[str, tuple[float, float], float, str]]:
    n, drug, event = synthetic(pairs)
    e = drug * event / TOTAL
    few = np.random.default_rng(1).choice(pairs, sample, replace=False)
    rows = []

    def closed() -> None:
        prr(n, drug, event, TOTAL)
        ror(n, drug, event, TOTAL)
        ic(n, e)

    closed()
    ours, _ = best_of(closed)
    (_, naive), _ = best_of(
        lambda: [naive_closed(*map(int, row)) for row in zip(n[few], drug[few], event[few], strict=True)]
    )
    rows.append(("PRR + ROR + IC with intervals", ours, naive * pairs / sample, f"{sample} pairs, scaled"))

    ours_fit, fit = best_of(lambda: fit_prior(cells_of(n, e)))
    start = np.array([0.2, 0.1, 2.0, 4.0, 1 / 3])
    steps = 5
    (_, naive), _ = best_of(lambda: [naive_minus_log_likelihood(start, n, e) for _ in range(steps)], times=1)
    rows.append(("EBGM prior fitted", ours_fit, naive / steps * 500, "500 evaluations, 5 timed"))

    ours_scores, _ = best_of(lambda: ebgm(n, e, fit=fit))
    place = np.array([fit.alpha1, fit.beta1, fit.alpha2, fit.beta2, fit.p])
    (_, naive), _ = best_of(
        lambda: [naive_quantile(int(n[i]), float(e[i]), place, q) for i in few for q in (0.05, 0.95)], times=1
    )
    rows.append(("EBGM, EB05, EB95 of all pairs", ours_scores, naive * pairs / sample, f"{sample} pairs, scaled"))
    print(f"prior: {fit.boundary or 'inside'}, mean {fit.prior_mean:.3f}, gain left {fit.gain_left:.1e}")
    return rows


def of_peers(pairs: int, peers: dict[str, Path | None]) -> list[str]:
    """Ratios to released packages on the pairs that are reported, in the same run."""
    lines = [
        "",
        "| package | PRR + ROR + IC, wall | ratio | EBGM fitted and scored, wall | ratio |",
        "|---|---|---|---|---|",
    ]
    n, drug, event = synthetic(8 * pairs)
    seen = np.flatnonzero(n > 0)[:pairs]
    n, drug, event = n[seen], drug[seen], event[seen]
    e, zero_expected = drug * event / TOTAL, np.geomspace(1e-6, 1, 2_000)
    zero_weight = np.full(len(zero_expected), 40.0 * len(n) / len(zero_expected))

    def closed() -> None:
        prr(n, drug, event, TOTAL)
        ror(n, drug, event, TOTAL)
        ic(n, e)

    closed()

    def fitted() -> None:
        cells = cells_of(n, e, zero_expected=zero_expected, zero_weight=zero_weight)
        ebgm(n, e, fit=fit_prior(cells))

    ours = {"closed": best_of(closed)[0], "ebgm": best_of(fitted)[0]}
    told = {what: f"{wall:.3f} s, CPU {cpu:.3f} s" for what, (wall, cpu) in ours.items()}
    lines.append(f"| Primum, {len(n):,} pairs | {told['closed']} | 1 | {told['ebgm']} | 1 |")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pairs.npz"
        np.savez(
            file,
            observed=n,
            drug=drug,
            event=event,
            total=TOTAL,
            zero_expected=zero_expected,
            zero_weight=zero_weight,
        )
        for name, python in peers.items():
            if python is None:
                lines.append(f"| {name} | not installed here: --{name} PYTHON | | | |")
                continue
            call = [str(python), str(Path(__file__).with_name("peers.py")), name, str(file)]
            done = subprocess.run(call, capture_output=True, text=True, check=False)
            if done.returncode:
                lines.append(f"| {name} | failed: {done.stderr.strip().splitlines()[-1][:100]} | | | |")
                continue
            cells = []
            for what, figure in json.loads(done.stdout.splitlines()[-1]).items():
                if isinstance(figure, str):
                    cells += [figure, ""]
                    continue
                (wall, cpu), (our_wall, our_cpu) = figure, ours[what]
                cells += [
                    f"{wall:.2f} s, CPU {cpu:.2f} s",
                    f"{wall / our_wall:.1f} x, of CPU {cpu / our_cpu:.1f} x",
                ]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1_000_000, help="synthetic pairs (default 1,000,000)")
    parser.add_argument("--sample", type=int, default=300, help="pairs that the naive loop really computes")
    parser.add_argument("--write", type=Path, help="replace the signals section of this file")
    parser.add_argument("--vigipy", type=Path, help="Python that has vigipy")
    parser.add_argument("--open-altio", type=Path, help="Python that has open-altio")
    given = parser.parse_args()
    told = machine("numpy", "scipy", "numba")
    if find_spec("numba"):
        import_module("numba")  # as in a process that has counted: from then on loops are worth it sooner
    rows = measure(given.pairs, given.sample)
    lines = [
        f"{given.pairs:,} SYNTHETIC pairs; best of five; {told}.",
        "",
        "| work | Primum, wall | CPU | naive scipy, CPU | ratio | naive side measured on |",
        "|---|---|---|---|---|---|",
        *(
            f"| {what} | {wall:.3f} s | {cpu:.3f} s | {naive:,.0f} s | {naive / cpu:,.0f} x | {how} |"
            for what, (wall, cpu), naive, how in rows
        ),
    ]
    lines += of_peers(given.pairs, {"vigipy": given.vigipy, "open-altio": given.open_altio})
    print("\n".join(lines))
    if given.write:
        call = "`python benchmarks/bench_signals.py --write benchmarks/RESULTS.md`"
        write_between(given.write, "signals", ["## Signal statistics", "", call, "", *lines])


if __name__ == "__main__":
    main()
