"""How long does the explorer let its visitors wait, one alone and twenty at once?

`primum serve` runs as a process and is asked over 127.0.0.1, as a browser asks: connections stay open, pages are
packed. Measured are each page when it is asked for the first time and again; a cohort that nobody asked for before,
over HTTP and end to end in headless Chromium, from the choice until the new counts are on the screen; and people who
each open pages of the usual mix, one after the other, a third of the signal tables for a cohort of their own: without
looking at any, which nobody does and the target is held against, for cohorts of sex and age, which are summed from
cells, and for others, which are counted; then with a look of some seconds.

Usage: python benchmarks/bench_explorer.py [--store DIR] [--people 20] [--pages 15] [--write benchmarks/RESULTS.md]
Without --store, 20,000 SYNTHETIC reports are made and loaded.
"""

from __future__ import annotations

import argparse
import http.client
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote_plus

from measuring import demo_store, machine, write_between

WHAT = "what=anti-wrinkle"
PAGES = {
    "start": "/",
    "signals": f"/signals?{WHAT}",
    "comparison": f"/compare?{WHAT}&cohort=use%3Acosmetic&versus=use%3Atherapeutic",
    "pictures": f"/pictures?{WHAT}",
    "onset": f"/onset?{WHAT}",
    "onset of a drug": "/onset?what=SYNTHETIC+DRUG+PLANTED",
    "onset of it in a cohort": "/onset?what=SYNTHETIC+DRUG+PLANTED&cohort=sex%3AF",
    "cases": f"/cases?{WHAT}",
    "flow": f"/flow?{WHAT}",
    "loaded": "/status",
    "evidence": "/evidence/anti-wrinkle",
    "dossier with reports": "/treatment/anti-wrinkle",
}
MIX = ("signals", "signals", "signals", "comparison", "pictures", "cases", "cases", "start", "loaded", "evidence")
FRESH = 5  # cohorts nobody asked for before
CROWDS = (  # seconds that people look at a page before they ask for the next, and what their cohorts are of
    ((0.0, 0.0), "sex and age"),
    ((0.0, 0.0), "date and reporter"),
    ((1.0, 3.0), "sex and age"),
)
CROWD = (
    "people at once",
    "cohorts of",
    "look at a page",
    "pages",
    "median",
    "95 %",
    "longest",
    "errors",
    "pages a second",
    "CPU",
    "target of 95 %",
)
TARGETS = {"page": "0.3 s", "cohort": "0.5 s", "dossier with reports": "5 s", "people": "1 s"}


class Visitor:
    """One person with a connection of their own."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def get(self, path: str) -> tuple[float, int, int]:
        """Seconds, status and bytes of a page."""
        began = time.perf_counter()
        self._connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        response = self._connection.getresponse()
        size = len(response.read())
        return time.perf_counter() - began, response.status, size


@contextmanager
def served(store: Path) -> Iterator[tuple[int, Callable[[], float]]]:
    """The port of an explorer over a store, and the CPU seconds that it has used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "primum", "serve", "--store", str(store), "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        for _ in range(600):
            with suppress(OSError):
                Visitor(port).get("/static/x/style.css")
                break
            time.sleep(0.1)

        def cpu() -> float:
            told = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(told[11]) + int(told[12])) / 100

        try:
            yield port, cpu
        finally:
            process.terminate()


def fresh_cohort(number: int) -> str:
    """A cohort that no other number asks for."""
    low = 18 + number % 40
    return f"sex:{'FM'[number % 2]} age:{low}-{low + 7 + number // 40}"


def other_cohort(number: int) -> str:
    """The same of other fields: a span of months, and who reported."""
    first = number % 100
    span = "..".join(f"{2010 + month // 12}-{month % 12 + 1:02}" for month in (first, first + 24 + number // 100))
    return f"received:{span} reporter:{('MD', 'CN')[number % 2]}"


def alone(port: int, cpu: Callable[[], float]) -> list[tuple[str, ...]]:
    """Each page for the first time and again, and fresh cohorts."""
    visitor = Visitor(port)
    rows: list[tuple[str, ...]] = []
    for name, path in PAGES.items():
        before = cpu()
        first, status, size = visitor.get(path)
        used = cpu() - before
        again = min(visitor.get(path)[0] for _ in range(3))
        assert status == 200, (path, status)
        target = TARGETS.get(name, TARGETS["page"])
        rows.append((name, f"{first:.2f} s", f"{used:.2f} s", f"{again:.3f} s", f"{size / 1000:,.0f} kB", target))
    before = cpu()
    fresh = [f"/signals?{WHAT}&cohort={quote_plus(fresh_cohort(number))}" for number in range(FRESH)]
    times = [visitor.get(path)[0] for path in fresh]
    used = (cpu() - before) / FRESH
    rows.append(("a cohort asked for first", f"{median(times):.2f} s", f"{used:.2f} s", "", "", TARGETS["cohort"]))
    return rows


def in_browser(port: int, cpu: Callable[[], float]) -> list[tuple[str, ...]]:
    """From a choice to the new counts on the screen, in headless Chromium; nothing where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        return []
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return []
    times = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--headless", "--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}/signals?{WHAT}")
        before = cpu()
        for number in range(FRESH):
            low = 20 + number
            began = time.perf_counter()
            page.fill("#q-age", f"{low}-{low + 33}")
            page.press("#q-age", "Enter")
            page.wait_for_url(f"**age%3A{low}-{low + 33}*")
            times.append(time.perf_counter() - began)
        used = (cpu() - before) / FRESH
        browser.close()
    told = (f"{median(times):.2f} s", f"{used:.2f} s", "", "", TARGETS["cohort"])
    return [("a choice counted, in the browser", *told)]


def together(
    port: int, cpu: Callable[[], float], people: int, pages: int, *, looks: tuple[float, float], of: str, cohorts: int
) -> tuple[str, ...]:
    """People at once, each opening pages one after the other; their cohorts are numbered from `cohorts` on."""

    cohort = fresh_cohort if of == "sex and age" else other_cohort

    def visit(person: int) -> list[tuple[float, int]]:
        rng, visitor, seen = random.Random(person), Visitor(port), []
        for turn in range(pages):
            if any(looks):
                time.sleep(rng.uniform(*looks))
            name = rng.choice(MIX)
            path = PAGES[name]
            if name == "signals" and rng.random() < 1 / 3:
                path = f"/signals?{WHAT}&cohort={quote_plus(cohort(cohorts + person * pages + turn))}"
            seconds, status, _ = visitor.get(path)
            seen.append((seconds, status))
        return seen

    began, before = time.perf_counter(), cpu()
    with ThreadPoolExecutor(people) as pool:
        seen = [one for some in pool.map(visit, range(people)) for one in some]
    wall = time.perf_counter() - began
    times = sorted(seconds for seconds, _ in seen)
    errors = sum(status != 200 for _, status in seen)
    at = [times[min(int(share * len(times)), len(times) - 1)] for share in (0.5, 0.95)]
    told = (f"{at[0]:.3f} s", f"{at[1]:.2f} s", f"{times[-1]:.2f} s")
    used = f"{cpu() - before:.1f} s"
    looked = f"{looks[0]:g} to {looks[1]:g} s" if any(looks) else "no time"
    return (
        f"{people}",
        of,
        looked,
        f"{len(seen)}",
        *told,
        f"{errors}",
        f"{len(seen) / wall:.0f}",
        used,
        TARGETS["people"],
    )


def settle(cpu: Callable[[], float]) -> None:
    """Wait until the explorer has read what it reads when it starts."""
    before = -1.0
    while (used := cpu()) > before + 0.02:
        before = used
        time.sleep(1)


def median(times: list[float]) -> float:
    return sorted(times)[len(times) // 2]


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *(f"| {' | '.join(row)} |" for row in rows), ""]


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--store", type=Path)
    wanted.add_argument("--people", type=int, default=20)
    wanted.add_argument("--pages", type=int, default=15)
    wanted.add_argument("--write", type=Path)
    given = wanted.parse_args()
    told = machine("duckdb")
    with tempfile.TemporaryDirectory() as folder:
        store = given.store
        if store is None:
            store = demo_store(Path(folder), 20_000)
        with served(store) as (port, cpu):
            settle(cpu)
            rows = [*alone(port, cpu), *in_browser(port, cpu)]
            each = given.people * given.pages
            crowds = [
                together(port, cpu, given.people, given.pages, looks=looks, of=of, cohorts=100 + number * each)
                for number, (looks, of) in enumerate(CROWDS)
            ]
        from primum.store import open_store

        with open_store(store) as opened:
            reports = opened.engine.count("reports")
    named = " --store DIR" if given.store else ""
    heads = ("page", "first time", "CPU of it", "again", "sent", "target")
    lines = [
        "## The explorer",
        "",
        f"`python benchmarks/bench_explorer.py{named} --write benchmarks/RESULTS.md`",
        "",
        f"{reports:,} SYNTHETIC reports; {told}.",
        "",
        *table(heads, rows),
        *table(CROWD, crowds)[:-1],
    ]
    print("\n".join(lines))
    if given.write:
        write_between(given.write, "explorer", lines)


if __name__ == "__main__":
    main()
