"""What does counting cost on Spark, beside DuckDB's SQL and the arrays, on the same Parquet tables in the same run?

The tables are quarters of a SYNTHETIC store: the oldest that hold so many reports. Each engine runs in a process of its
own and answers the same questions by the same expressions; their counts must be equal.
The machine may be shared: CPU seconds are the figure, of Python and, for Spark, of its Java process together.

Usage: python benchmarks/bench_spark.py [--store DIR --folder DIR --reports 1000000 5000000 20000000] [--write FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import demo_store, machine, section, write_between

if TYPE_CHECKING:
    from primum.study.reports import Reports

COUNTED = ("reports", "drugs_in_report", "reactions", "current_reports")  # by report_key; those that counting reads
WHOLE = ("files", "store_facts", "drug_names", "drug_substances", "derived_parts")
DRUG, COHORT = 21, "sex:F age:18-64"  # rank of the drug that is asked for by name
AT_MOST = 600  # seconds of one engine at one size, unless asked otherwise
ENGINES = {"arrays": "our arrays", "duckdb": "DuckDB SQL", "spark": "Spark, local"}


def tables_of(store: Path, reports: int, folder: Path) -> int:
    """Write the oldest quarters that hold so many reports as Parquet, as `primum export` would; how many reports."""
    import duckdb

    from primum.store.schema import tables

    folder.mkdir(parents=True, exist_ok=True)
    base = duckdb.connect(str(store / "primum.duckdb"), read_only=True)
    base.execute("SET enable_progress_bar = false; SET memory_limit = '3GB'")
    by_quarter = base.execute("SELECT quarter, count(*) FROM reports GROUP BY 1 ORDER BY 1").fetchall()
    wanted: list[str] = []
    held = 0
    for quarter, many in by_quarter:
        if held >= reports:
            break
        wanted.append(quarter)
        held += many
    base.execute(
        "CREATE TEMP TABLE kept AS SELECT report_key FROM reports WHERE quarter IN (SELECT unnest(?))", [wanted]
    )
    for schema in tables():
        rows = f'SELECT * FROM "{schema.name}"'
        if schema.name in COUNTED:
            rows += " SEMI JOIN kept USING (report_key)"
        elif schema.name not in WHOLE:
            rows += " LIMIT 0"
        base.execute(f"COPY ({rows}) TO '{folder / schema.name}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    base.close()
    return held


def opened(engine: str, tables: Path) -> Reports:
    """The tables as `primum.open` would, but no engine writes beside them."""
    from primum.store.folder import Store
    from primum.study.reports import Reports

    if engine == "spark":
        from primum.store.spark import open_spark

        return Reports(open_spark(str(tables)), fast=False)
    from primum.store.duckdb import DuckDBEngine
    from primum.store.schema import tables as all_tables

    base = DuckDBEngine(None)
    base.connection.execute("SET memory_limit = '4GB'")  # what Spark's driver has
    base.connection.execute(f"SET temp_directory = '{tables / 'spill'}'")
    for schema in all_tables():
        base.connection.execute(f"CREATE VIEW \"{schema.name}\" AS FROM '{tables / schema.name}.parquet'")
    return Reports(Store(Path("nowhere"), base), fast=engine == "arrays")


def cpu_seconds(java: int | None) -> float:
    return time.process_time() + (0 if java is None else seconds_of(stat_of(java)))


def stat_of(process: int) -> list[str]:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def seconds_of(stat: list[str]) -> float:
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def seconds_of_group(group: int) -> float:
    """CPU seconds of a process and of those it started."""
    used = 0.0
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            stat = stat_of(int(entry.name))
            used += seconds_of(stat) if int(stat[2]) == group else 0
    return used


def measure(engine: str, tables: Path) -> Iterator[dict[str, Any]]:
    """One engine's figures, one after the other."""
    from primum.study.question import Question

    java: int | None = None

    def timed(what: str, call: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
        cpu, wall = cpu_seconds(java), time.perf_counter()
        result = call()
        figures = {"what": what, "cpu": cpu_seconds(java) - cpu, "wall": time.perf_counter() - wall}
        return result, figures

    def told(counts: Any) -> dict[str, Any]:
        table = counts.table
        return {"pairs": len(table.observed), "told": int(table.observed.sum()), "reports": int(table.total_reports)}

    reports, start = timed("opened", lambda: opened(engine, tables))
    if engine == "spark":
        java = reports.store.engine.connection.sparkContext._gateway.proc.pid
        start["cpu"] = cpu_seconds(java)
    yield start
    if engine == "arrays":
        yield timed("arrays built from the tables", lambda: reports.arrays.drugs("substance"))[1]
    name = drug_of_rank(reports)
    for _ in range(3):  # Java compiles what it has run a few times; the least is told
        counted, figures = timed("one drug in a cohort", lambda: reports.counts(Question(name, COHORT), cells=False))
        yield figures | told(counted)
    counted, figures = timed("all pairs", lambda: reports.counts(Question(), cells=False))
    yield figures | told(counted)
    reports.store.close()


def drug_of_rank(reports: Reports) -> str:
    """The drug of rank DRUG by its rows, the same on every engine."""
    rows = dict(reports.store.engine.read("drug_names", "name_key", "row_count"))
    total: dict[str, int] = {}
    for key, substance in reports.store.engine.read("drug_substances", "name_key", "substance"):
        total[substance] = total.get(substance, 0) + rows[key]
    return sorted(total, key=lambda one: (-total[one], one))[DRUG - 1]


def run(engine: str, tables: Path, at_most: int) -> tuple[list[dict[str, Any]], float]:
    """The figures of an engine in a process of its own, and the CPU seconds at which it was stopped; 0: it was not."""
    call = [sys.executable, __file__, "--measure", engine, "--folder", str(tables)]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        out, _ = process.communicate(timeout=at_most)
    except subprocess.TimeoutExpired:
        used = seconds_of_group(process.pid)
        os.killpg(process.pid, 15)  # its Java with it
        out, _ = process.communicate()
        return [json.loads(line) for line in out.splitlines()], used
    if process.returncode:
        raise SystemExit(f"{engine} failed on {tables}")
    return [json.loads(line) for line in out.splitlines()], 0


def lines_of(reports: int, tables: Path, at_most: int) -> Iterator[str]:
    agreed: dict[str, dict[str, int]] = {}
    for engine, called in ENGINES.items():
        least: dict[str, dict[str, Any]] = {}
        found, stopped_at = run(engine, tables, at_most)
        for figures in found:
            what = figures["what"]
            if what not in least or figures["cpu"] < least[what]["cpu"]:
                least[what] = figures
            if "pairs" in figures:
                answer = {key: figures[key] for key in ("pairs", "told", "reports")}
                if agreed.setdefault(what, answer) != answer:
                    raise SystemExit(f"{engine} counts {what} as {answer}, another engine as {agreed[what]}")
        for what, figures in least.items():
            note = f"{figures['pairs']:,} pairs of {figures['reports']:,} reports" if "pairs" in figures else ""
            yield f"| {reports:,} | {called} | {what} | {figures['cpu']:.2f} s | {figures['wall']:.2f} s | {note} |"
        if stopped_at:
            yield f"| {reports:,} | {called} | stopped | {stopped_at:.0f} s in all | {at_most} s | no further answer |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, help="a SYNTHETIC store, only read; else one is made")
    parser.add_argument("--folder", type=Path, help="keep Parquet tables there, and use those there")
    parser.add_argument("--reports", type=int, nargs="*", default=[100_000])
    parser.add_argument("--at-most", type=int, default=AT_MOST, help="seconds after which an engine is stopped")
    parser.add_argument("--measure", choices=ENGINES, help="one engine on the tables of --folder, as JSON lines")
    parser.add_argument("--write", type=Path, help="replace the lines of these sizes in the Spark section of this file")
    given = parser.parse_args()
    if given.measure:
        for figures in measure(given.measure, given.folder):
            print(json.dumps(figures), flush=True)
        return
    if not find_spec("pyspark"):
        print("left out: it needs the extra spark")
        return
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        kept = given.folder or Path(folder)
        for reports in given.reports:
            tables = kept / f"reports_{reports}"
            if not (tables / "word_files.parquet").exists():
                store = given.store or demo_store(Path(folder), reports)
                print(f"{tables_of(store, reports, tables):,} reports in {tables}", flush=True)
            for line in lines_of(reports, tables, given.at_most):
                print(line, flush=True)
                lines.append(line)
    if given.write:
        replace_section(given.write, lines)


def replace_section(path: Path, lines: list[str]) -> None:
    """Put the lines into their section, and keep those of sizes that were not measured now."""
    sizes = {line.split("|")[1].strip() for line in lines}
    kept = [
        line
        for line in section(path, "spark").splitlines()
        if re.match(r"\| [\d,]+ \|", line) and line.split("|")[1].strip() not in sizes
    ]
    ordered = sorted(kept + lines, key=lambda line: int(line.split("|")[1].replace(",", "")))
    head = ["| reports | engine | work | CPU | wall | |", "|---|---|---|---|---|---|"]
    about = f"SYNTHETIC reports in Parquet; one drug: rank {DRUG}, `{COHORT}`, least of three; last run on {machine()}."
    call = "`python benchmarks/bench_spark.py --store DIR --folder DIR --write benchmarks/RESULTS.md`"
    write_between(path, "spark", ["## Spark", "", call, "", about, "", *head, *ordered])


if __name__ == "__main__":
    main()
