"""How fast does a quarter go from its zip to committed, derived tables, against DuckDB alone on the same text?

A SYNTHETIC quarter of FAERS shape is written first. The other side is DuckDB's own CSV reader on the unpacked files,
written as Parquet, in the same run: what the same text costs where nothing is checked, repaired, typed or derived.
Each side runs in a process of its own, so that its peak memory can be told; seconds are given as CPU and as wall.

Usage: python benchmarks/bench_load.py [--reports 400000] [--quarters 2026q1] [--write benchmarks/RESULTS.md]
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measuring import bytes_below, machine, measured, write_between


def primum_load(archives: Path, store: Path) -> dict[str, float]:
    from primum.loading.faers import load_archives
    from primum.store import open_store

    def load() -> None:
        with open_store(store, write=True) as opened:
            load_archives(opened, archives)

    return measured(load)


def duckdb_parquet(archives: Path, folder: Path) -> dict[str, float]:
    import duckdb

    def convert() -> None:
        connection = duckdb.connect()
        for path in sorted(archives.glob("*.zip")):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    archive.extract(name, folder)
                    text, parquet = folder / name, (folder / name).with_suffix(".parquet")
                    connection.execute(
                        f"COPY (SELECT * FROM read_csv('{text}', delim = '$', header = true, quote = '', escape = '', "
                        f"all_varchar = true, auto_detect = true, null_padding = true)) TO '{parquet}' (FORMAT parquet)"
                    )
                    text.unlink()

    return measured(convert)


SIDES: dict[str, Callable[[Path, Path], dict[str, float]]] = {"primum": primum_load, "duckdb": duckdb_parquet}


def in_own_process(side: str, archives: Path, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--side", side, str(archives), str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return dict(json.loads(done.stdout))


def run(reports: int, quarters: list[str], drugs: int, repeats: int, folder: Path) -> list[str]:
    from primum.loading.faers import read_quarters
    from primum.testing.faers import write_archive

    archives = folder / "archives"
    archives.mkdir()
    wanted = sorted(read_quarters(quarters))
    for quarter in wanted:
        write_archive(
            archives, quarter=quarter, reports=reports, seed=1, drugs=drugs, odd_share=0.01, deleted_share=0.01
        )
    text = 0
    for path in archives.glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            text += sum(info.file_size for info in archive.infolist())
    found: dict[str, dict[str, Any]] = {}
    walls: dict[str, list[float]] = {side: [] for side in SIDES}
    for again in range(repeats):  # the sides take turns, so that what else the machine does meets both
        for side in SIDES:
            one = in_own_process(side, archives, folder / f"{side}_{again}")
            one["disk"] = bytes_below(folder / f"{side}_{again}")
            walls[side].append(one["wall"])
            found[side] = {key: min(value, found.get(side, one)[key]) for key, value in one.items()}
            shutil.rmtree(folder / f"{side}_{again}")
    names = {"primum": "Primum: checked, repaired, typed, derived", "duckdb": "DuckDB alone: text to Parquet"}
    lines = [
        f"{len(wanted)} SYNTHETIC quarter{'s' if len(wanted) > 1 else ''} of {reports:,} reports, "
        f"{text / 1e6:,.0f} MB of text; CPU and wall are the least of {repeats} runs; {machine('duckdb')}.",
        "",
        "| work | CPU | wall | median, longest | peak memory | on disk |",
        "|---|---|---|---|---|---|",
    ]
    for side, name in names.items():
        one = found[side]
        lines.append(
            f"| {name} | {one['cpu']:.1f} s | {one['wall']:.1f} s "
            f"| {statistics.median(walls[side]):.1f} s, {max(walls[side]):.1f} s | {one['peak'] / 1e6:,.0f} MB "
            f"| {one['disk'] / 1e6:,.0f} MB |"
        )
    cpu, wall = (found["duckdb"][key] / found["primum"][key] for key in ("cpu", "wall"))
    size = found["primum"]["disk"] / found["duckdb"]["disk"]
    lines += ["", f"Rate of Primum in parts of DuckDB's: {cpu:.0%} by CPU, {wall:.0%} by wall. Size: {size:.2f} times."]
    return lines


def main() -> None:
    if sys.argv[1:2] == ["--side"]:
        side, archives, folder = sys.argv[2:5]
        print(json.dumps(SIDES[side](Path(archives), Path(folder))))
        return
    from primum.testing.law import DRUG_NAMES

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=400_000)
    parser.add_argument("--quarters", nargs="+", default=["2026q1"])
    parser.add_argument("--repeats", type=int, default=3, help="runs of each side; the least of each figure is told")
    parser.add_argument("--drugs", type=int, default=DRUG_NAMES, help="names of drugs that could be drawn")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--mark", default="load")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = run(asked.reports, asked.quarters, asked.drugs, asked.repeats, Path(folder))
    print("\n".join(lines))
    if asked.write:
        called = f"`python benchmarks/bench_load.py {' '.join(sys.argv[1:])}`".replace(" `", "`")
        title = "## Loading" if asked.mark == "load" else f"## Loading: {asked.mark.removeprefix('load-')}"
        write_between(asked.write, asked.mark, [title, "", called, "", *lines])


if __name__ == "__main__":
    main()
