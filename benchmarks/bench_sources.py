"""How fast is a reporting system's file read, against FAERS in the same run, and does memory grow with the file?

SYNTHETIC files of each system are written first, of about the same size; each is loaded into a store of its own by a
process of its own, derived tables included, so that its CPU and its peak memory can be told. The rate is megabytes of
text for a second of CPU. Texts of VAERS and MAUDE have 1,400 characters; what they have in the agencies' files was not
measured. `--large GB` loads one folder of MAUDE of that size too, for its peak memory.

Usage: python benchmarks/bench_sources.py [--megabytes 60] [--large 0] [--write benchmarks/RESULTS.md]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from bench_load import bytes_below, machine, measured, write_between

NARRATIVE = "SYNTHETIC, no person. " + "The filler was placed; two days later | the cheek was swollen and firm. " * 20
SAMPLE = 2_000  # reports from which the number of reports for a size is told


def faers(folder: Path, reports: int) -> Path:
    from primum.terms import Quarter
    from primum.testing.faers import write_archive

    return write_archive(folder, quarter=Quarter(2023, 1), reports=reports, seed=1)


def vaers(folder: Path, reports: int) -> Path:
    from primum.testing.vaers import write_vaers

    return write_vaers(folder, reports=reports, text=NARRATIVE.replace("|", "\r\n"))[0].parent


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


SYSTEMS: tuple[Callable[[Path, int], Path], ...] = (faers, vaers, maude, caers, canada, jader, eudravigilance)


def load(system: str, given: Path, store: Path) -> dict[str, float]:
    from primum.cli.main import app  # as a user loads it

    words = ["load", system, *(["--from"] if system == "faers" else []), str(given), "--store", str(store)]
    found = measured(lambda: app(words, standalone_mode=False))
    # What getrusage tells of a process counts what its parent held when it was made.
    told = Path("/proc/self/status").read_text()
    return found | {"peak": float(told.partition("VmHWM:")[2].split()[0]) * 1024}


def in_own_process(system: str, given: Path, store: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--load", system, str(given), str(store)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def text_bytes(given: Path) -> int:
    if given.suffix == ".zip":
        with zipfile.ZipFile(given) as archive:
            return sum(info.file_size for info in archive.infolist())
    return given.stat().st_size if given.is_file() else bytes_below(given)


def one(system: Callable[[Path, int], Path], megabytes: float, folder: Path) -> dict[str, float]:
    """Write about so many megabytes of a system and load them."""
    small, large = folder / "sample", folder / "files"
    small.mkdir()
    large.mkdir()
    reports = int(megabytes * 1e6 * SAMPLE / text_bytes(system(small, SAMPLE)))
    given = system(large, reports)
    found = in_own_process(system.__name__, given, folder / "store")
    return found | {"reports": reports, "text": text_bytes(given)}


def line(name: str, found: dict[str, float], base: float | None) -> str:
    rate = found["text"] / 1e6 / found["cpu"]
    part = "" if base is None else f"{rate / base:.0%}"
    seconds = f"{found['cpu']:.1f} s | {found['wall']:.1f} s"
    return (
        f"| {name} | {found['reports']:,} | {found['text'] / 1e6:,.0f} MB | {seconds} "
        f"| {rate:.1f} | {part} | {found['peak'] / 1e6:,.0f} MB |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=60)
    parser.add_argument("--large", type=float, default=0, help="gigabytes of one folder of MAUDE")
    parser.add_argument("--only", default="", help="systems, with commas between; all by default")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--load", nargs=3)
    asked = parser.parse_args()
    if asked.load:
        system, given, store = asked.load
        print(json.dumps(load(system, Path(given), Path(store))))
        return
    lines = [
        "## Reporting systems",
        "",
        "`python benchmarks/bench_sources.py`",
        "",
        f"SYNTHETIC files; {machine()}.",
        "",
        "| system | reports | text | CPU | wall | MB a second of CPU | of FAERS | peak memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    base = None
    for system in SYSTEMS:
        if asked.only and system.__name__ not in asked.only.split(","):
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = one(system, asked.megabytes, Path(folder))
        lines.append(line(system.__name__, found, base))
        base = base or found["text"] / 1e6 / found["cpu"]
        print(lines[-1], flush=True)
    if asked.large:
        with tempfile.TemporaryDirectory() as folder:
            found = one(maude, asked.large * 1e3, Path(folder))
        lines.append(line("maude, large", found, base))
    print("\n".join(lines))
    if asked.write:
        write_between(asked.write, "sources", lines)


if __name__ == "__main__":
    main()
