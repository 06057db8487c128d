"""How fast is a reporting system's file read, against FAERS in the same run, and does memory grow with the file?

SYNTHETIC files of each system are written first, of about the same size. Each is loaded twice, into a store of its own
by a process of its own, so that its CPU and its peak memory can be told; a rate is megabytes of text for a second of
CPU of all threads and processes.

The whole is `primum load` as a user runs it: start of the process, imports, derived tables. Parsing is from text to
committed rows: the same call, in a process that has loaded two thousand reports before (so imports and plans are
there), less the CPU of the derived tables, which are the same work a report in each system. The hash over the bytes of
the file is in both. Texts of VAERS and MAUDE have 1,400 characters; `vaers_short` has 70.

`--grow 4` also loads files four times as large, for their peak of memory: that of the process, and on top of it
that of the largest process that it started (files of E2B and openFDA are read by two).

Usage: python benchmarks/bench_sources.py [--megabytes 60] [--grow 0] [--only SYSTEMS] [--write benchmarks/RESULTS.md]
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
from typing import Any

from measuring import bytes_below, machine, measured, write_between

SHORT = "SYNTHETIC, no person. The arm hurt for two days after the shot."
NARRATIVE = "SYNTHETIC, no person. " + "The filler was placed; two days later | the cheek was swollen and firm. " * 20
SAMPLE = 2_000  # reports from which the number of reports for a size is told


def faers(folder: Path, reports: int) -> Path:
    from primum.terms import Quarter
    from primum.testing.faers import write_archive

    return write_archive(folder, quarter=Quarter(2023, 1), reports=reports, seed=1)


def vaers(folder: Path, reports: int) -> Path:
    from primum.testing.vaers import write_vaers

    return write_vaers(folder, reports=reports, text=NARRATIVE.replace("|", "\r\n"))[0].parent


def vaers_short(folder: Path, reports: int) -> Path:
    from primum.testing.vaers import write_vaers

    return write_vaers(folder, reports=reports, text=SHORT)[0].parent


def maude(folder: Path, reports: int) -> Path:
    from primum.testing.maude import write_maude

    return write_maude(folder, reports=reports, text=NARRATIVE)


def caers(folder: Path, reports: int) -> Path:
    from primum.testing.caers import write_caers

    return write_caers(folder / "caers.csv", reports=reports)


def canada(folder: Path, reports: int) -> Path:
    from primum.testing.canada import write_canada

    return write_canada(folder, reports=reports)


def jader(folder: Path, reports: int) -> Path:
    from primum.testing.jader import write_jader

    return write_jader(folder, reports=reports)


def eudravigilance(folder: Path, reports: int) -> Path:
    from primum.testing.eudravigilance import write_listing

    return write_listing(folder / "listing.csv", reports=reports)


def e2b(folder: Path, reports: int) -> Path:
    from primum.testing.icsr import write_e2b_r2

    return write_e2b_r2(folder / "r2.xml", reports=reports)


def e2b_r3(folder: Path, reports: int) -> Path:
    from primum.testing.icsr import write_e2b_r3

    return write_e2b_r3(folder / "r3.xml", reports=reports)


def openfda(folder: Path, reports: int) -> Path:
    from primum.testing.icsr import write_openfda

    return write_openfda(folder / "p.json", reports=reports)


SYSTEMS: tuple[Callable[[Path, int], Path], ...] = (
    faers, vaers, vaers_short, maude, caers, canada, jader, eudravigilance, openfda, e2b, e2b_r3,
)  # fmt: skip
COMMANDS = {"vaers_short": "vaers", "e2b_r3": "e2b"}


def command(system: str, given: Path, store: Path) -> None:
    from primum.cli.main import app  # as a user loads it

    name = COMMANDS.get(system, system)
    app(
        ["load", name, *(["--from"] if name == "faers" else []), str(given), "--store", str(store)],
        standalone_mode=False,
    )


def load(system: str, given: Path, store: Path, before: Path) -> dict[str, float]:
    """Load; with something loaded before, without the CPU of the derived tables."""
    spent = [0.0]
    if before != Path():
        command(system, before, store.with_name("before"))
        leave_out_derived(spent)
    children = children_cpu()
    found = measured(lambda: command(system, given, store))
    # What getrusage tells of a process counts what its parent held when it was made.
    told = Path("/proc/self/status").read_text()
    cpu = found["cpu"] + children_cpu() - children - spent[0]
    peak = int(told.partition("VmHWM:")[2].split()[0]) + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return found | {"cpu": cpu, "peak": peak * 1024.0}


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def leave_out_derived(spent: list[float]) -> None:
    """Add up the CPU of deriving; the loaders know it under these names."""
    from primum.loading import faers, system

    def timed(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            begun = time.process_time()
            try:
                return call(*given, **named)
            finally:
                spent[0] += time.process_time() - begun

        return run

    for module, name in ((faers, "derive"), (system, "derive_inside")):
        setattr(module, name, timed(getattr(module, name)))


def in_own_process(system: str, given: Path, store: Path, before: Path) -> dict[str, float]:
    asked = [sys.executable, __file__, "--load", system, str(given), str(store), str(before)]
    done = subprocess.run(asked, stdout=subprocess.PIPE, check=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def text_bytes(given: Path) -> int:
    if given.suffix == ".zip":
        with zipfile.ZipFile(given) as archive:
            return sum(info.file_size for info in archive.infolist())
    return given.stat().st_size if given.is_file() else bytes_below(given)


def one(
    system: Callable[[Path, int], Path], megabytes: float, folder: Path, *, whole: bool = False
) -> dict[str, float]:
    """Write about so many megabytes of a system and load them; not for parsing alone where the `whole` is enough."""
    small, large = folder / "sample", folder / "files"
    small.mkdir()
    large.mkdir()
    sample = system(small, SAMPLE)
    reports = int(megabytes * 1e6 * SAMPLE / text_bytes(sample))
    given = system(large, reports)
    found = in_own_process(system.__name__, given, folder / "store", Path())
    if not whole:
        found["parsing"] = in_own_process(system.__name__, given, folder / "parsed", sample)["cpu"]
    return found | {"reports": reports, "text": text_bytes(given)}


def line(name: str, found: dict[str, float], base: dict[str, float] | None) -> str:
    megabytes = found["text"] / 1e6
    cells = [name, f"{found['reports']:,}", f"{megabytes:,.0f} MB"]
    for kind in ("parsing", "cpu"):
        rate = megabytes / found[kind]
        part = "" if base is None else f"{rate / (base['text'] / 1e6 / base[kind]):.0%}"
        cells += [f"{found[kind]:.1f} s", f"{rate:.1f}", part]
    cells += [
        f"{found['wall']:.1f} s",
        f"{found['cpu'] / found['reports'] * 1e6:.0f} µs",
        f"{found['peak'] / 1e6:,.0f} MB",
    ]
    return f"| {' | '.join(cells)} |"


def grown_line(name: str, small: dict[str, float], large: dict[str, float]) -> str:
    cells = [name]
    for found in (small, large):
        cells += [f"{found['text'] / 1e6:,.0f} MB", f"{found['reports']:,}", f"{found['peak'] / 1e6:,.0f} MB"]
    more = (large["peak"] - small["peak"]) / (large["reports"] - small["reports"])
    return f"| {' | '.join(cells)} | {more:,.0f} bytes |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=60)
    parser.add_argument("--grow", type=float, default=0, help="how many times as large files to load for their memory")
    parser.add_argument("--only", default="", help="systems, with commas between; all by default")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--load", nargs=4)
    asked = parser.parse_args()
    if asked.load:
        system, given, store, before = asked.load
        print(json.dumps(load(system, Path(given), Path(store), Path(before))))
        return
    lines = [
        "## Reporting systems",
        "",
        "`python benchmarks/bench_sources.py`",
        "",
        f"SYNTHETIC files; {machine('duckdb')}.",
        "",
        "| system | reports | text | parsing: CPU | MB a second of CPU | of FAERS | whole: CPU | MB a second of CPU "
        "| of FAERS | wall | CPU a report | peak memory |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    base = None
    grown = ["", "| system | text | reports | peak memory | text | reports | peak memory | a further report |"]
    grown.append("|---|---|---|---|---|---|---|---|")
    for system in SYSTEMS:
        if asked.only and system.__name__ not in asked.only.split(","):
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = one(system, asked.megabytes, Path(folder))
        lines.append(line(system.__name__, found, base))
        base = base or found
        print(lines[-1], flush=True)
        if asked.grow:
            with tempfile.TemporaryDirectory() as folder:
                larger = one(system, asked.megabytes * asked.grow, Path(folder), whole=True)
            grown.append(grown_line(system.__name__, found, larger))
            print(grown[-1], flush=True)
    lines += grown if asked.grow else []
    if asked.write:
        write_between(asked.write, "sources", lines)


if __name__ == "__main__":
    main()
