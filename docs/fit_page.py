"""The reference page of the dose-effect fit, from the files that ship with the model: for `make_reference.py`."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path
from typing import Any

from primum.mechanism.bayes import PRIORS
from primum.mechanism.calibration import BINS, RANKS
from primum.mechanism.gates import COVERAGE, LEAST_VISITS

MODEL = Path(__file__).parents[1] / "src/primum/treatments/anti_wrinkle/model"


def dose_effect_fit() -> str:
    """What was fitted, learned, predicted and calibrated."""
    fit, gates, calibration = (_read(name) for name in ("posterior", "gates", "calibration"))
    lines = [
        "# The fit of the dose-effect model",
        "",
        "Made from the files beside the treatment's `observations.csv` by `docs/make_reference.py`; what they mean is",
        "told in [the dose-effect model](../explanation/dose-effect-model.md). `make fit`, `make gates` and",
        "`make calibrate` write the files anew.",
        *_sampling(fit),
        *_learned(fit["learned"]),
        *_left_out(gates),
        *_calibrated(calibration["result"]),
        *_slow_layer(),
    ]
    return "\n".join(lines) + "\n"


def _read(name: str) -> Any:
    return json.loads((MODEL / f"{name}.json").read_text(encoding="utf-8"))


def _sampling(fit: Any) -> list[str]:
    done = fit["diagnostics"]
    packages = ", ".join(f"{name} {version}" for name, version in fit["packages"].items())
    return [
        "",
        "## Sampling",
        "",
        "| | |",
        "|---|---|",
        f"| arm-visits, trials | {done['arm_visits']}, {done['trials']} |",
        f"| chains, draws of each, warm-up | {done['chains']}, {done['draws_a_chain']:,}, {done['warmup']:,} |",
        f"| divergences | {done['divergences']} |",
        f"| largest R-hat | {done['r_hat']} |",
        f"| smallest effective sample | {done['effective_draws']} |",
        f"| draws that ship | {len(fit['draws'])} |",
        f"| hash of the fit, of its tables | `{fit['fit_sha256'][:16]}`, `{fit['data_sha256'][:16]}` |",
        f"| model, seed | {fit['model']}, {fit['seed']} |",
        f"| packages | {packages} |",
    ]


def _learned(rows: list[Any]) -> list[str]:
    lines = [
        "",
        "## What was learned, and what is prior only",
        "",
        "Overlap is the common area of prior and posterior; from 0.8 on a parameter is prior only.",
        "",
        "| parameter | endpoint | prior | median | 95 % interval | overlap | |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        name, prior = row["parameter"], PRIORS[row["parameter"]]
        said = "uniform 0 to 1" if prior.kind == "uniform" else f"{prior.kind} {prior.centre:g}, {prior.spread:g}"
        numbers = f"{row['median']:.3g} | {row['lower']:.3g} to {row['upper']:.3g} | {row['overlap']}"
        only = "prior only" if row["prior_only"] else ""
        lines.append(f"| `{name}` | {row['endpoint']} | {said} | {numbers} | {only} |")
    because = [f"| `{name}` | {prior.reason} |" for name, prior in PRIORS.items()]
    return [*lines, "", "| prior of | because |", "|---|---|", *because]


def _left_out(gates: Any) -> list[str]:
    result, rows = gates["leave_one_trial_out"], sorted(gates["rows"], key=lambda row: row["trial"])
    names = list(result["log_scores"])
    verdict = "passes" if result["coverage_passes"] and result["log_score_passes"] else "fails"
    lines = [
        "",
        "## Leaving each trial out",
        "",
        f"{result['inside']} of {result['arm_visits']} arm-visits ({100 * result['coverage']:.1f} %) lie in the 90 %",
        "predictive interval of a fit that has not seen their trial. The gate asks for",
        f"{100 * COVERAGE[0]:.0f} to {100 * COVERAGE[1]:.0f} % over at least {LEAST_VISITS} and a better log score",
        f"than each simple rule: it {verdict}. Log score: sum of the logarithms of predictive probabilities,",
        "higher is better.",
        "",
        "| trial | inside | " + " | ".join(names) + " |",
        "|---" * (len(names) + 2) + "|",
    ]
    for trial, group in itertools.groupby(rows, key=lambda row: row["trial"]):
        held = list(group)
        scores = {name: sum(row[name] for row in held) for name in names}
        beaten = "" if scores["model"] >= max(scores.values()) else " (a simple rule is better)"
        told = " | ".join(f"{score:.1f}" for score in scores.values())
        lines.append(f"| {trial}{beaten} | {sum(row['inside'] for row in held)} of {len(held)} | {told} |")
    total = " | ".join(f"{score:.1f}" for score in result["log_scores"].values())
    lines.append(f"| all | {result['inside']} of {result['arm_visits']} | {total} |")
    lines += ["", "Outside the interval:", "", "| trial | endpoint | dose | day | seen | interval |", "|---" * 6 + "|"]
    for row in rows:
        if not row["inside"]:
            where = f"{row['trial']} | {row['endpoint']} | {row['dose_units']:g} | {row['day']:g}"
            seen = f"{row['responders']} of {row['people']} | {row['lower']} to {row['upper']}"
            lines.append(f"| {where} | {seen} |")
    return lines


def _calibrated(result: Any) -> list[str]:
    return [
        "",
        "## Simulation-based calibration",
        "",
        f"{result['replications']} replications (`make calibrate LAST={result['replications']}`): parameters from the",
        "prior, counts of the same design from them, the posterior from the counts.",
        f"In {result['failed']} the sampler was stuck, every transition diverged, and there is no posterior to rank;",
        "the fit refuses to write such a run.",
        f"Rank of each planted value among {RANKS} draws, chi-square over {BINS} bins.",
        f"Smallest p-value over {result['parameters']} parameters, times their number: {result['least_corrected']}.",
        "",
        "| parameter | p |",
        "|---|---|",
        *(f"| `{name}` | {p} |" for name, p in result["p"].items()),
    ]


def _slow_layer() -> list[str]:
    lines = [
        "",
        "## The slow layer",
        "",
        "| parameter | value | range | unit | found in | tag | source | note |",
        "|---" * 8 + "|",
    ]
    with (MODEL / "slow_layer.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            value = f"`{row['key']}` | {row['value']} | {row['low']} to {row['high']} | {row['unit']}"
            found = f"{row['species']} {row['system']}".strip()
            lines.append(f"| {value} | {found} | {row['tag']} | {row['source']} | {row['note']} |")
    return lines
