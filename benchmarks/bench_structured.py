"""How fast are XML, JSON and Parquet of case safety reports read and loaded, against FAERS in the same run?

SYNTHETIC files of every form are written first. Reading is one core from bytes to rows (FAERS: to cleaned text); a load
ends with committed, derived tables. Each measurement runs in a process of its own, so that its peak memory can be told;
megabytes are those of the unpacked text (Open Altio: of FDA's text that its Parquet holds). Last come larger files of
XML where they are asked for.

On two cores a load reads large files of reports in two processes; "two free cores" is the rate of the busier one.
The seconds of starting Python and of the first import are in all of them, so that small files look slow: `--large` also
loads a large one.

Usage: python benchmarks/bench_structured.py [--reports 20000] [--large 0] [--write benchmarks/RESULTS.md]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from measuring import machine, write_between

QUARTER = (2019, 2)


def read_icsr_files(system: str, path: Path) -> None:
    from primum.loading.icsr_ahead import READERS
    from primum.loading.icsr_columns import run_of
    from primum.sources.icsr import read_icsr
    from primum.sources.records import RecordFile

    with path.open("rb") as stream:
        for nodes in READERS[system](stream, RecordFile(path.name, [])):
            run_of([read_icsr(node) for node in nodes], ())


def read_faers(path: Path) -> None:
    from primum.sources.faers import clean_member, no_key_known, read_archive

    archive = read_archive(path)
    with tempfile.TemporaryDirectory() as folder:
        for member in archive.tables:
            clean_member(
                archive, member, Path(folder) / member.table, reject=lambda reject: None, known_key=no_key_known
            )


def load(kind: str, path: Path) -> None:
    from primum.loading.altio import load_altio
    from primum.loading.faers import load_archives
    from primum.loading.icsr import find_icsr_files, load_icsr
    from primum.sources.altio import find_release
    from primum.store import open_store

    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "store", write=True) as store:
        if kind == "faers":
            load_archives(store, path)
        elif kind == "altio":
            load_altio(store, find_release(path))
        else:
            load_icsr(store, kind, find_icsr_files(kind, [path]))


def measured(call: Callable[[], None]) -> dict[str, float]:
    """CPU seconds of this process and of those it started, wall seconds, and the largest peak of memory in bytes."""
    wall = time.perf_counter()
    call()
    wall = time.perf_counter() - wall
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu, other = (used.ru_utime + used.ru_stime for used in (own, others))
    peak = max(own.ru_maxrss, others.ru_maxrss) * 1024
    return {"cpu": cpu + other, "slower": max(cpu, other), "wall": wall, "peak": peak}


def in_own_process(work: str, kind: str, path: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--work", work, kind, str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return dict(json.loads(done.stdout))


def make(reports: str, folder: Path) -> None:
    """Write the files; in a process of its own, because a process begins with the peak of the one that starts it."""
    from primum.terms import Quarter
    from primum.testing.altio import write_altio
    from primum.testing.faers import write_archive
    from primum.testing.icsr import write_e2b_r2, write_e2b_r3, write_openfda

    many, large = map(int, reports.split("+"))
    write_altio(folder / "release", [write_archive(folder, quarter=Quarter(*QUARTER), reports=many, seed=1)])
    write_e2b_r2(folder / "r2.xml", reports=many)
    write_e2b_r3(folder / "r3.xml", reports=many)
    write_openfda(folder / "p.json", reports=many)
    if large:
        write_e2b_r2(folder / "large_R2.xml", reports=large)
        write_e2b_r3(folder / "large_R3.xml", reports=large)


WORK: dict[str, Callable[[str, Path], None]] = {
    "make": make,
    "read": lambda kind, path: read_faers(path) if kind == "faers" else read_icsr_files(kind, path),
    "load": load,
}


def run(reports: int, large: int, folder: Path) -> list[str]:
    in_own_process("make", f"{reports}+{large}", folder)
    [faers] = folder.glob("*.zip")
    with zipfile.ZipFile(faers) as archive:
        text = sum(info.file_size for info in archive.infolist())
    files = {
        "FAERS, ASCII": ("faers", faers, text),
        "E2B(R2), XML": ("e2b", folder / "r2.xml", 0),
        "E2B(R3), XML": ("e2b", folder / "r3.xml", 0),
        "openFDA, JSON": ("openfda", folder / "p.json", 0),
        "Open Altio, Parquet": ("altio", folder / "release", text),
    }
    lines = [
        f"SYNTHETIC files of {reports:,} cases each; {machine('duckdb')}.",
        "",
        "| form | size | read, one core | load: CPU | wall | MB per CPU second | of FAERS' | two free cores | peak |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    of_faers = 0.0
    for name, (kind, path, size) in files.items():
        megabytes = (size or path.stat().st_size) / 1e6
        read = f"{megabytes / in_own_process('read', kind, path)['cpu']:.1f} MB/s" if kind != "altio" else ""
        one = in_own_process("load", kind, path)
        rate = megabytes / one["cpu"]
        of_faers = of_faers or rate
        lines.append(
            f"| {name} | {megabytes:.0f} MB | {read} | {one['cpu']:.1f} s | {one['wall']:.1f} s | {rate:.1f} | "
            f"{rate / of_faers:.0%} | {megabytes / one['slower']:.1f} MB/s | {one['peak'] / 1e6:,.0f} MB |"
        )
    for form in ("R2", "R3") if large else ():
        path = folder / f"large_{form}.xml"
        megabytes, one = path.stat().st_size / 1e6, in_own_process("load", "e2b", path)
        lines.append(
            f"| E2B({form}), {large:,} cases | {megabytes:.0f} MB | | {one['cpu']:.1f} s | {one['wall']:.1f} s | "
            f"{megabytes / one['cpu']:.1f} | | {megabytes / one['slower']:.1f} MB/s | {one['peak'] / 1e6:,.0f} MB |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=0, help="cases of two larger files of XML")
    parser.add_argument("--write", type=Path, help="page of results to put the figures into")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work, kind, path = given.work
        print(json.dumps(measured(lambda: WORK[work](kind, Path(path)))))
        return
    with tempfile.TemporaryDirectory() as folder:
        lines = run(given.reports, given.large, Path(folder))
    print("\n".join(lines))
    if given.write:
        command = "`python benchmarks/bench_structured.py --write benchmarks/RESULTS.md`"
        write_between(given.write, "structured", ["## XML, JSON and Parquet", "", command, "", *lines])


if __name__ == "__main__":
    main()
