"""How fast are drugs and events counted from the arrays, as ratios to a scan of the columns and to SQL in the same run?

SYNTHETIC int-coded arrays of FAERS shape: about 4.2 drugs and 3.5 events a report (formats of 2004-2026: 4.05 and 3.32
rows), 35,000 drugs and 20,000 events drawn from power laws, seeded, made some reports at a time. The machine may be
shared: CPU seconds are the figure, wall seconds stand beside them. SQL is DuckDB on the same columns in its memory.

Where numba (the extra `fast`) is installed it is imported before the clock starts.

Usage: python benchmarks/bench_counting.py [--reports 1000000 5000000 20000000] [--sql 1000000] [--write FILE]
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np

from measuring import machine, write_between
from primum.counts.by_arrays import cells_of_all
from primum.counts.holdings import FEW
from primum.counts.kernel import Joined, Lists, as_lists, count_pairs, joined, joined_size
from primum.counts.strata import count_strata
from primum.counts.table import CountTable
from primum.counts.words import Words, words_of
from primum.signals import ic, prr, ror
from primum.signals.mantel_haenszel import pooled_from_sums
from primum.signals.table import score
from primum.signals.write import write_parquet
from primum.terms import Coded

DRUGS, EVENTS, STRATA = 35_000, 20_000, 60
AT_ONCE = 1_000_000
NO_TIME = (float("nan"), float("nan"))


def timed(call: Callable[[], Any], *, times: int = 3) -> tuple[float, float, Any]:
    """Least CPU seconds, their wall seconds, and the result."""
    best, result = (float("inf"), float("inf")), None
    for _ in range(times):
        result = None
        cpu, wall = time.process_time(), time.perf_counter()
        result = call()
        best = min(best, (time.process_time() - cpu, time.perf_counter() - wall))
    return *best, result


def power_law(rng: np.random.Generator, size: int, *, codes: int, shift: float, slope: float) -> np.ndarray:
    first, last = shift ** (1 - slope), (codes + shift) ** (1 - slope)
    drawn = (first + rng.random(size) * (last - first)) ** (1 / (1 - slope)) - shift
    return np.minimum(drawn.astype(np.int64), codes - 1)


def synthetic(reports: int, *, seed: int, mean: float, codes: int, shift: float, slope: float) -> Lists:
    rng = np.random.default_rng(seed)
    values, sizes = [], []
    for first in range(0, reports, AT_ONCE):
        many = min(AT_ONCE, reports - first)
        owner = np.repeat(np.arange(many), np.minimum(rng.geometric(1 / mean, many), 60))
        drawn = power_law(rng, len(owner), codes=codes, shift=shift, slope=slope)
        some = as_lists(owner, drawn, owners=many, width=codes)
        values.append(some.values)
        sizes.append(some.sizes)
    start = np.zeros(reports + 1, dtype=np.int64)
    np.cumsum(np.concatenate(sizes), out=start[1:])
    return Lists(start, np.concatenate(values))


def measure(reports: int, *, sql: bool, folder: Path) -> list[tuple[str, float, float, str]]:
    rows: list[tuple[str, float, float, str]] = []

    def add(what: str, measured: tuple[float, float, Any], note: str = "") -> Any:
        rows.append((what, measured[0], measured[1], note))
        print(f"{reports:>11,}  {what:48} {measured[0]:8.3f} CPU {measured[1]:8.3f} wall  {note}", flush=True)
        return measured[2]

    drugs = synthetic(reports, seed=1, mean=4.3, codes=DRUGS, shift=30, slope=1.7)
    events = synthetic(reports, seed=2, mean=3.5, codes=EVENTS, shift=60, slope=1.6)
    columns = (drugs.values, events.values, drugs.start, events.start)
    scan = timed(lambda: [int(column.sum(dtype=np.int64)) for column in columns])
    add(
        "a scan of the four arrays in memory",
        scan,
        f"{len(drugs.values):,} drug rows, {len(events.values):,} event rows",
    )

    of_event, held, words = add(
        "arrays built from the coded rows", timed(lambda: build(drugs, events, folder), times=1)
    )
    every = timed(lambda: count_pairs(held, events=EVENTS))
    pairs = add("all pairs", every, "")
    rows[-1] = (*rows[-1][:3], f"{len(pairs):,} pairs")
    cohort = np.random.default_rng(3).random(reports) < 0.3
    add("all pairs within a cohort of 30 %", timed(lambda: count_pairs(held, events=EVENTS, mask=cohort)))

    def one_drug(drug: int, mask: np.ndarray | None, known: np.ndarray | None = None) -> Any:
        mine = held.reports.of(drug)
        mine = mine if mask is None else mine[mask.take(mine)]
        counted = events_held(events, words, mine)
        there = np.flatnonzero(counted)
        of_drug = np.full(len(there), len(mine))
        of_event_there = (words.count(mask) if known is None else known)[there]
        total = reports if mask is None else int(np.count_nonzero(mask))
        prr(counted[there], of_drug, of_event_there, total)
        ror(counted[there], of_drug, of_event_there, total)
        ic(counted[there], of_drug * of_event_there / total)
        return counted

    in_cohort, in_all = words.count(cohort), of_event.sizes
    at_rank = {f"drug of rank {rank + 1:,}": rank for rank in (20, 2_000)}
    for name, drug in at_rank.items():
        note = f"{len(held.reports.of(drug)):,} reports"
        add(f"{name} in the cohort, PRR ROR IC", timed(lambda drug=drug: one_drug(drug, cohort)), note)
        again = timed(lambda drug=drug: one_drug(drug, cohort, in_cohort))
        add(f"{name} in the cohort again, PRR ROR IC", again, "event margins of the cohort remembered")
        add(f"{name}, every report, PRR ROR IC", timed(lambda drug=drug: one_drug(drug, None, in_all)), note)
    stratum = np.random.default_rng(4).integers(0, STRATA, reports).astype(np.uint8)

    def stratified() -> Any:
        found = count_strata(held, stratum, of_event=of_event, strata=STRATA)
        return pooled_from_sums(found.sums)

    add(f"all pairs in {STRATA} strata, expected and Mantel-Haenszel", timed(stratified, times=2))
    add(
        "every statistic of every pair, counted, computed and written as Parquet",
        timed(lambda: end_to_end(reports, in_all, held, folder), times=1),
    )
    rows.append(("most memory held so far, benchmark's own data included", *NO_TIME, f"{peak_gb():.1f} GB"))
    base = duckdb.connect()
    base.execute("SET enable_progress_bar = false")
    add("DuckDB: a scan of the same columns in Parquet", timed(scan_of_parquet(base, drugs, events, folder)))
    cpu, wall = every[0] / rows[-1][1], every[1] / rows[-1][2]
    rows[-1] = (*rows[-1][:3], f"all pairs from the arrays: {cpu:.1f} x this in CPU, {wall:.1f} x in wall")
    if sql:
        compare(base, cohort, at_rank, pairs=len(pairs), add=add)
    base.close()
    return rows


def events_held(events: Lists, words: Words, reports: np.ndarray) -> np.ndarray:
    """As `primum.counts.holdings.Events.counts`."""
    if FEW * len(reports) <= len(events):
        return events.tally(reports, EVENTS)
    inside = np.zeros(len(events), dtype=bool)
    inside[reports] = True
    return words.count(inside)


def end_to_end(reports: int, of_event: np.ndarray, held: Joined, folder: Path) -> None:
    """What `primum signals --parquet` does after its store is open."""
    pairs, of_drug = count_pairs(held, events=EVENTS), held.reports.sizes
    coded = {"drug": Coded(pairs.drug, names("DRUG", DRUGS)), "event": Coded(pairs.event, names("EVENT", EVENTS))}
    counts = CountTable(
        drug=coded["drug"].texts,
        event=coded["event"].texts,
        observed=pairs.observed.astype(np.int64),
        drug_reports=of_drug[pairs.drug],
        event_reports=of_event[pairs.event],
        total_reports=reports,
        coded=coded,
    )
    who = SimpleNamespace(of_drug=of_drug, of_event=of_event, total=reports)
    write_parquet(score(counts, cells=cells_of_all(who, counts.kinds)), folder / "signals.parquet")


def names(word: str, many: int) -> np.ndarray:
    made = np.empty(many, dtype=object)
    made[:] = [f"SYNTHETIC {word} {number:05d}" for number in range(many)]
    return made


def build(drugs: Lists, events: Lists, folder: Path) -> tuple[Lists, Joined, Words]:
    of_drug = drugs.inverted(DRUGS)
    size, place = joined_size(of_drug, events), folder / "joined.npy"
    laid_out = np.lib.format.open_memmap(place, mode="w+", dtype=events.values.dtype, shape=(size,))
    return events.inverted(EVENTS), joined(of_drug, events, events=laid_out), words_of(events, width=EVENTS)


def scan_of_parquet(base: Any, drugs: Lists, events: Lists, folder: Path) -> Callable[[], Any]:
    """Put the rows into tables and Parquet files, and give the scan of their four columns."""
    number = np.arange(len(drugs), dtype=np.int32)
    for name, code, lists in (("drugs", "drug", drugs), ("events", "event", events)):
        base.register("given", {"report": np.repeat(number, lists.sizes), code: lists.values})
        base.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
        base.unregister("given")
        base.execute(f"COPY {name} TO '{folder / name}.parquet' (FORMAT parquet)")
    sums = [
        f"SELECT sum(report), sum({code}) FROM '{folder / name}.parquet'"
        for name, code in (("drugs", "drug"), ("events", "event"))
    ]
    return lambda: [base.execute(text).fetchall() for text in sums]


def compare(base: Any, cohort: np.ndarray, ranks: dict[str, int], *, pairs: int, add: Any) -> None:
    """The same questions by SQL on the same rows, in the same run."""
    base.register("given", {"report": np.flatnonzero(cohort).astype(np.int32)})
    base.execute("CREATE TABLE cohort AS SELECT * FROM given")
    base.unregister("given")
    every = "SELECT drug, event, count(*) AS n FROM drugs JOIN events USING (report) GROUP BY ALL"
    found = add("DuckDB SQL: all pairs", timed(lambda: base.execute(every).fetchnumpy(), times=1))
    if len(found["n"]) != pairs:
        raise SystemExit(f"SQL finds {len(found['n'])} pairs, the arrays {pairs}")
    for name, drug in ranks.items():
        one = (
            "WITH e AS (SELECT event, report FROM events JOIN cohort USING (report)), m AS (SELECT event, count(*) AS "
            "margin FROM e GROUP BY event), a AS (SELECT event, count(*) AS n FROM e JOIN drugs USING (report) WHERE "
            f"drug = {drug} GROUP BY event) SELECT * FROM a JOIN m USING (event)"
        )
        add(f"DuckDB SQL: {name} in the cohort, counts", timed(lambda one=one: base.execute(one).fetchnumpy(), times=1))


def peak_gb() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1e9 if sys.platform == "darwin" else 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=int, nargs="*", default=[1_000_000, 5_000_000, 20_000_000])
    parser.add_argument("--sql", type=int, nargs="*", default=[1_000_000], help="sizes at which SQL runs as well")
    parser.add_argument("--write", type=Path, help="replace the counting section of this file")
    given = parser.parse_args()
    told = machine("numpy", "duckdb", "numba")
    if find_spec("numba"):
        import_module("numba")  # as in a process that counted strata before: from then on loops are worth it sooner
    lines = [
        f"SYNTHETIC reports of FAERS shape; least of three runs, strata of two, SQL and building once; {told}.",
        "",
    ]
    lines += ["| reports | work | CPU | wall | |", "|---|---|---|---|---|"]
    for reports in given.reports:
        with tempfile.TemporaryDirectory() as folder:
            for what, cpu, wall, note in measure(reports, sql=reports in given.sql, folder=Path(folder)):
                figures = ("", "") if np.isnan(cpu) else (f"{cpu:.3f} s", f"{wall:.3f} s")
                lines.append(f"| {reports:,} | {what} | {figures[0]} | {figures[1]} | {note} |")
    if given.write:
        call = "`python benchmarks/bench_counting.py --write benchmarks/RESULTS.md`"
        write_between(given.write, "counting", ["## Counting", "", call, "", *lines])


if __name__ == "__main__":
    main()
