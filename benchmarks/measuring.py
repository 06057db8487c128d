"""What the benchmarks share: the clock, the machine in words, and the page that figures are put into."""

from __future__ import annotations

import os
import platform
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path


def measured(call: Callable[[], object]) -> dict[str, float]:
    """Wall and CPU seconds of a call (all threads), and the peak memory of the process in bytes."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall": wall, "cpu": cpu, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def machine(*packages: str) -> str:
    """The machine in words, with its load at this moment and the versions that matter.

    Args:
        packages: of which the versions are told besides Python's.
    """
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*: (.+)", text)
    name = model[1].strip() if model else platform.processor() or platform.machine()
    load = f"load average before {os.getloadavg()[0]:.1f}: the machine is shared, so read CPU before wall"
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{one} {version(one) if find_spec(one) else 'not installed'}" for one in packages]
    return f"{name}, {os.cpu_count()} cores ({load}); {', '.join(versions)}"


def demo_store(folder: Path, reports: int) -> Path:
    """A store of SYNTHETIC reports, for who measures without one at hand."""
    command = [sys.executable, "-m", "primum", "demo", "--reports", f"{reports}", "--in", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder / "store"


def section(path: Path, mark: str) -> str:
    """What the run before put between the two marks of a section; empty where there was none."""
    page, begin, end = path.read_text(), *_marks(mark)
    return page[page.index(begin) + len(begin) : page.index(end)] if begin in page else ""


def write_between(path: Path, mark: str, lines: list[str]) -> None:
    """Put a section into the page of results, in place of the one from the run before."""
    begin, end = _marks(mark)
    text = "\n".join([begin, *lines, end])
    page = path.read_text()
    if begin in page:
        page = page[: page.index(begin)] + text + page[page.index(end) + len(end) :]
    else:
        page = page.rstrip("\n") + "\n\n" + text + "\n"
    path.write_text(page)


def _marks(mark: str) -> tuple[str, str]:
    return f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
