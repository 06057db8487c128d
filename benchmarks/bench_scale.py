"""How long do all quarters take, one more beside them, and the status; and how large is the store beside Parquet?

The last quarter of a folder of archives is held back; the others are loaded into a new store, then that one is added,
then `primum status` is asked, then every table is written as Parquet (zstd) to weigh the store against. Each step runs
in a process of its own, so that its CPU seconds and its peak memory can be told. Without a folder SYNTHETIC quarters
are made.

Usage: python benchmarks/bench_scale.py [--archives DIR | --quarters 6 --reports 50000] [--store DIR] [--write PAGE]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measuring import bytes_below, machine, measured, write_between
from primum.loading.faers import load_archives, read_quarters
from primum.sources.faers import find_archives
from primum.store import DATABASE, open_store
from primum.store.schema import table, tables
from primum.terms import Quarter
from primum.testing.faers import write_archive

Measures = dict[str, float]


def load(store: Path, archives: Path, *quarters: str) -> Measures:
    """Load quarters of a folder, and what follows from them."""

    def work() -> None:
        with open_store(store, write=True) as opened:
            load_archives(opened, archives, quarters=read_quarters(quarters))

    return measured(work)


def status(store: Path) -> Measures:
    """`primum status` as its user runs it, the start of Python included."""
    command = [sys.executable, "-m", "primum", "status", "--store", str(store)]
    wall = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, used = time.perf_counter() - wall, resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss * 1024}


def parquet(store: Path, folder: Path) -> Measures:
    """Every table of the store as Parquet."""

    def work() -> None:
        with open_store(store) as opened:
            for schema in tables():
                opened.engine.write_parquet(folder / f"{schema.name}.parquet", table(schema.name))

    return measured(work)


STEPS: dict[str, Callable[..., Measures]] = {"load": load, "status": status, "parquet": parquet}


def step(name: str, *given: Path | str) -> Measures:
    """A step in a process of its own."""
    paths = [str(one) for one in given]
    done = subprocess.run([sys.executable, __file__, "--step", name, *paths], stdout=subprocess.PIPE, check=True)
    found: Measures = json.loads(done.stdout)
    print(f"{name} {' '.join(paths[:4])}: {found}", file=sys.stderr, flush=True)
    return found


def run(archives: Path, store: Path) -> list[str]:
    """All steps, as a section of the page of results."""
    if (store / DATABASE).exists():
        sys.exit(f"{store} holds a store already; name a new folder.")
    quarters = sorted(str(quarter_of(path)) for path in find_archives(archives))
    first, last = quarters[:-1], quarters[-1]
    rows = [
        (f"{len(first)} quarters from zip to committed, derived tables", step("load", store, archives, *first)),
        ("one quarter more", step("load", store, archives, last)),
        ("`primum status`", step("status", store)),
    ]
    with open_store(store) as opened:
        reports, drug_rows, names = (opened.engine.count(t) for t in ("reports", "drugs_in_report", "drug_names"))
        in_all = sum(opened.engine.count(schema.name) for schema in tables())
        synthetic = bool(opened.synthetic())
    with tempfile.TemporaryDirectory(dir=store.parent) as folder:
        rows.append(("every table written as Parquet", step("parquet", store, Path(folder))))
        weighed = bytes_below(Path(folder))
    size = (store / DATABASE).stat().st_size
    return [
        f"{len(quarters)} {'SYNTHETIC ' if synthetic else ''}quarters, {reports:,} reports, {drug_rows:,} drug rows "
        f"with {names:,} names, {in_all:,} rows in all; {machine('duckdb')}.",
        "",
        "| work | CPU | wall | peak memory |",
        "|---|---|---|---|",
        *(f"| {name} | {m['cpu']:.1f} s | {m['wall']:.1f} s | {m['peak'] / 1e6:,.0f} MB |" for name, m in rows),
        "",
        f"Store: {size / 1e6:,.0f} MB; the same tables as Parquet (zstd): {weighed / 1e6:,.0f} MB; "
        f"{size / weighed:.2f} times. Archives: {bytes_below(archives) / 1e6:,.0f} MB.",
    ]


def quarter_of(path: Path) -> Quarter:
    """Quarter of an archive, from its name."""
    return Quarter.parse(path.stem.rsplit("_", 1)[-1])


def make(folder: Path, quarters: int, reports: int) -> None:
    """SYNTHETIC quarters, the last of them 2026q2."""
    every = sorted(read_quarters(["2004q1..2026q2"]))
    for quarter in every[-quarters:]:
        write_archive(folder, quarter=quarter, reports=reports, seed=1, odd_share=0.01, deleted_share=0.01)


def main() -> None:
    """Read the command line, run, and write where asked."""
    if sys.argv[1:2] == ["--step"]:
        name, *given = sys.argv[2:]
        paths = [Path(one) for one in given[:2]]
        print(json.dumps(STEPS[name](*paths, *given[2:])))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archives", type=Path)
    parser.add_argument("--quarters", type=int, default=6)
    parser.add_argument("--reports", type=int, default=50_000)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        archives = asked.archives or Path(folder) / "archives"
        if asked.archives is None:
            archives.mkdir()
            make(archives, asked.quarters, asked.reports)
        lines = run(archives, asked.store or Path(folder) / "store")
    print("\n".join(lines))
    if asked.write:
        write_between(asked.write, "scale", ["## Loading at full size", "", *lines])


if __name__ == "__main__":
    main()
