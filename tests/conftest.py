"""What every test may ask for."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from primum.store import Store


# A script for whoever has installed its fuzzer; the tests do without.
collect_ignore = ["store/fuzz_with_coverage.py"]

# How fast the machine is decides nothing. On CI the examples are the same in every run: a failure is the change's.
settings.register_profile(
    "primum", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("primum")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the project; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("PRIMUM_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(
            f"reference data not found at {folder}; set PRIMUM_SHARED to the folder that holds data/ and oracles/"
        )
    return folder


@pytest.fixture(scope="session")
def bound_by_rights() -> list[str]:
    """What stands before a command so that the rights of files hold for it, also where the superuser runs the tests."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("the superuser may write everywhere, and setpriv (util-linux), which takes that away, is not here")
    return [setpriv, "--bounding-set=-all", "--inh-caps=-all"]


ROOT = Path(__file__).parents[1]
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium of the system, looked for on the path."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on the path")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        yield found
        found.close()


OF_COLOURS = ("color-contrast", "link-in-text-block")  # axe's rules that read colours; all others read what is where


@pytest.fixture(scope="session")
def grave_faults() -> Callable[..., list[Any]]:
    """What axe calls serious or critical in a tab, everything opened, in light by every rule and in dark by colours.

    axe-core is looked for in AXE_CORE, else in node_modules/axe-core/axe.min.js at the root of the repository
    (`npm install --no-save axe-core`).
    """
    axe = Path(os.environ.get("AXE_CORE", ROOT / "node_modules" / "axe-core" / "axe.min.js"))
    if not axe.is_file():
        pytest.skip(f"axe-core not found at {axe}; npm install --no-save axe-core, or set AXE_CORE")

    def found(tab: Any, within: str = "html") -> list[Any]:
        tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        tab.evaluate(axe.read_text(encoding="utf-8"))
        faults = []
        for scheme, only in (("light", None), ("dark", OF_COLOURS)):
            tab.emulate_media(color_scheme=scheme)
            asked = {"resultTypes": ["violations"], **({"runOnly": only} if only else {})}
            rules = tab.evaluate("asked => axe.run(...asked)", [within, asked])["violations"]
            faults += [
                (scheme, rule["id"], len(rule["nodes"]), rule["nodes"][0]["html"][:200])
                for rule in rules
                if rule["impact"] in ("serious", "critical")
            ]
        return faults

    return found


MakeStore = Callable[..., "Store"]


@pytest.fixture(scope="session")
def memory_store() -> MakeStore:
    """Make a store in memory from rows given as dicts under their table's name; every row is SYNTHETIC.

    The derived tables are made from the rows with the vocabularies of the installed treatments, unless `raw` asks for
    the given rows alone. Close it after use.
    """
    from primum.loading.derive import derive
    from primum.store import Store
    from primum.store.duckdb import DuckDBEngine
    from primum.store.schema import tables

    def make(*, raw: bool = False, **rows_of: list[dict[str, Any]]) -> Store:
        engine = DuckDBEngine(None)
        engine.create([schema.ddl for schema in tables()])
        for name, rows in rows_of.items():
            columns = list(dict.fromkeys(column for row in rows for column in row))
            arrays = {column: _array([row.get(column) for row in rows]) for column in columns}
            if rows:
                engine.append(name, arrays)
        store = Store(Path("memory"), engine)
        if not raw:
            derive(store)
        return store

    return make


def _array(values: list[Any]) -> np.ndarray[Any, Any]:
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, dt.date) for value in present):
        return np.array(values, dtype="datetime64[D]")
    if len(present) == len(values) and all(isinstance(value, int | float | bool) for value in present):
        return np.array(values)
    if present and all(isinstance(value, int | float) for value in present):
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return np.array(values, dtype=object)


def _load(folder: Path, archives: Path) -> None:
    from primum.loading.faers import load_archives
    from primum.store import open_store

    with open_store(folder, write=True) as store:
        load_archives(store, archives)


def _load_table(folder: Path, file: Path) -> None:
    from primum.loading.table import load_table
    from primum.store import open_store

    with open_store(folder, write=True) as store:
        load_table(store, file)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that hold slow tests first: a long file that comes last leaves the other worker with nothing to do."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


MadeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """A folder by its name, filled by the first test worker that asks; the others wait for it. Nobody may change it."""
    own = tmp_path_factory.getbasetemp()
    common = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def made(name: str, fill: Callable[[Path], object]) -> Path:
        folder, whole = common / name, common / f"{name}.whole"
        with (common / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not whole.exists():
                folder.mkdir()
                fill(folder)
                whole.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def real_samples(shared: Path, made_once: MadeOnce) -> Path:
    """Folder of a store with the two real FAERS samples of 100 cases each."""
    return made_once("real", lambda folder: _load(folder, shared / "data"))


@pytest.fixture(scope="session")
def made_archives(shared: Path, made_once: MadeOnce) -> Path:
    """Folder of a store with the fourteen SYNTHETIC archives that carry the known oddities."""
    return made_once("made", lambda folder: _load(folder, shared / "formats" / "fixtures"))


@pytest.fixture(scope="session")
def long_table(shared: Path, made_once: MadeOnce) -> Path:
    """Folder of a store with the real long table of primary suspects of 2022q3."""
    file = shared / "data" / "faers_2022q3_primary_suspect.csv.gz"
    return made_once("table", lambda folder: _load_table(folder, file))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> object:
    """On CI nothing may be skipped: with PRIMUM_NO_SKIPS set, a skip is a failure that says why it skipped."""
    report = yield
    if os.environ.get("PRIMUM_NO_SKIPS") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but PRIMUM_NO_SKIPS is set: {report.longrepr}"
    return report
