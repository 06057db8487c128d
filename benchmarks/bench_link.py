"""Does linking find what was planted, and how fast is it?

SYNTHETIC archives with planted duplicates and traps (`primum.testing.faers`), in twelve quarters of two eras. The model
is trained and its threshold chosen on one seed and noise level; it is judged here on others, which nothing was tuned
on. A pair is right when both reports tell the same planted event. Traps are reports of different people that share
what duplicates share.

Usage: python benchmarks/bench_link.py [--reports 120000] [--seed 2] [--noise 1.5] [--folder DIR]
       python benchmarks/bench_link.py --train FILE [--reports 400000] [--seed 1] [--noise 1.0]
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import tempfile
import time
from collections import Counter, defaultdict
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np

from primum.cases.link_score import probability
from primum.loading.faers import load_archives
from primum.loading.link import link_reports, train_model
from primum.store import Store, open_store, schema
from primum.terms import Quarter
from primum.testing.faers import write_archive

QUARTERS = [Quarter(year, number) for year in (2011, 2016, 2017) for number in (1, 2, 3, 4)]
SHARE = 0.05
Pairs = dict[tuple[int, int], str]


def plant(folder: Path, *, reports: int, seed: int, noise: float) -> None:
    """Write archives with planted duplicates and traps."""
    folder.mkdir(parents=True, exist_ok=True)
    history: dict[Quarter, int] = {}
    for quarter in QUARTERS:
        write_archive(
            folder, quarter=quarter, reports=reports // len(QUARTERS), seed=seed, noise=noise,
            duplicate_share=SHARE, trap_share=SHARE, history=dict(history),
        )  # fmt: skip
        history[quarter] = reports // len(QUARTERS)


def current_keys(store: Store) -> dict[str, int]:
    """Key of the current report of each case."""
    reports, current = schema.table("reports"), schema.table("current_reports")
    rows = reports.semi_join(current.filter(current.current), "report_key").select("caseid", "report_key")
    return {str(case): int(key) for case, key in store.engine.rows(rows)}


def told(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def planted_pairs(folder: Path, keys: dict[str, int]) -> Pairs:
    """Every pair of current reports that tell one planted event, with the kind of its later report."""
    event: dict[str, str] = {}
    kind: dict[str, str] = {}
    for row in told(folder / "truth.csv"):
        event[row["caseid"]], kind[row["caseid"]] = row["duplicate_of"], row["kind"]

    def first(case: str) -> str:
        while case in event:
            case = event[case]
        return case

    groups: dict[str, set[str]] = defaultdict(set)
    for case in event:
        groups[first(case)] |= {case, first(case)}
    pairs: Pairs = {}
    for members in groups.values():
        for one, other in combinations(sorted(case for case in members if case in keys), 2):
            low, high = sorted((keys[one], keys[other]))
            pairs[low, high] = kind.get(other) or kind[one]
    return pairs


def trap_pairs(folder: Path, keys: dict[str, int]) -> Pairs:
    """Every pair of current reports that share a trap."""
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for row in told(folder / "traps.csv"):
        if row["caseid"] in keys:
            groups[row["kind"], row["quarter"], row["trap"]].append(keys[row["caseid"]])
    return {(a, b): kind for (kind, *_), found in groups.items() for a, b in combinations(sorted(found), 2)}


def clustered_pairs(store: Store, method: str) -> set[tuple[int, int]]:
    """Every pair of reports that a method put into one cluster."""
    groups: dict[int, list[int]] = defaultdict(list)
    for key, of_method, master in store.engine.read("report_links", "report_key", "method", "master"):
        if of_method == method:
            groups[master].append(key)
    return {pair for members in groups.values() for pair in combinations(sorted(members), 2)}


def judge(store: Store, folder: Path) -> None:
    """Precision and recall of both methods by kind, traps that were linked, and the calibration of the probability."""
    keys = current_keys(store)
    truth, traps = planted_pairs(folder, keys), trap_pairs(folder, keys)
    kinds = sorted(set(truth.values()))
    print(f"{len(truth):,} planted pairs, {len(traps):,} pairs of traps")
    print(f"| method | links right | precision | recall | {' | '.join(kinds)} | trap pairs linked |")
    print(f"|{'---|' * (5 + len(kinds))}")
    for method in ("exact", "probabilistic"):
        found = clustered_pairs(store, method)
        right = found & truth.keys()
        by_kind = Counter(truth[pair] for pair in right)
        recalls = [f"{by_kind[kind] / n:.3f}" for kind, n in sorted(Counter(truth.values()).items())]
        wrong = Counter(traps[pair] for pair in found & (traps.keys() - truth.keys()))
        shown = ", ".join(f"{kind} {n}" for kind, n in sorted(wrong.items())) or "none"
        print(
            f"| {method} | {len(right):,} of {len(found):,} | {len(right) / max(len(found), 1):.4f} "
            f"| {len(right) / len(truth):.4f} | {' | '.join(recalls)} | {shown} |"
        )


def calibration(store: Store, folder: Path) -> None:
    """Of the links in each band of match probability, how many are right? Links from 0.01 on are looked at."""
    link_reports(store, methods=["probabilistic"], threshold=0.01)
    truth = planted_pairs(folder, current_keys(store))
    rows = store.engine.read("link_pairs", "left_key", "right_key", "rule", "match_weight")
    rows = [row for row in rows if row[2] == "probabilistic"]
    p = probability(np.array([row[3] for row in rows]))
    right = np.array([(row[0], row[1]) in truth for row in rows])
    print("| match probability | pairs | mean | right |\n|---|---|---|---|")
    bands = (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 0.999, 1.0)
    for low, high in pairwise(bands):
        inside = (p >= low) & ((p < high) | (high == 1.0))
        if inside.any():
            print(f"| {low:g}-{high:g} | {inside.sum():,} | {p[inside].mean():.3f} | {right[inside].mean():.3f} |")
    for threshold in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99):
        chosen = p >= threshold
        print(
            f"pairs from {threshold}: precision {right[chosen].mean():.4f}, "
            f"recall {right[chosen].sum() / len(truth):.4f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reports", type=int, default=120_000)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--noise", type=float, default=1.5)
    parser.add_argument("--folder", type=Path, help="keep archives and store there, and use what is there already")
    parser.add_argument("--train", type=Path, help="train the shipped model and write it there, instead of judging")
    parser.add_argument("--speed", action="store_true", help="time linking alone")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        if not (folder / "store").is_dir():
            plant(folder / "archives", reports=given.reports, seed=given.seed, noise=given.noise)
            with open_store(folder / "store", write=True) as store:
                load_archives(store, folder / "archives")
        with open_store(folder / "store", write=True) as store:
            about = f"{given.reports:,} SYNTHETIC reports, seed {given.seed}, noise {given.noise:g}"
            if given.train:
                truth = planted_pairs(folder / "archives", current_keys(store))
                planted = f"{about}, duplicates planted in {SHARE:.0%} of them"
                model = train_model(store, truth=truth.keys(), trained_on=planted)
                given.train.write_text(json.dumps(model.as_json(), indent=1) + "\n", encoding="utf-8")
                return
            print(about)
            cpu, wall = time.process_time(), time.perf_counter()
            link_reports(store, anew=True)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
            print(f"linked in {cpu:.1f} CPU s, {wall:.1f} s wall, peak {peak:.2f} GB")
            if not given.speed:
                judge(store, folder / "archives")
                calibration(store, folder / "archives")


if __name__ == "__main__":
    main()
