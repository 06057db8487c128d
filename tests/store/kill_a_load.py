"""Does a load that is killed at any moment lose a row or count one twice? N kills, each checked, then finished.

Each kill begins from one of a few stores (empty, some quarters in, an older edition of the last quarter in), starts a
load of all quarters in a process of its own and kills it at a moment drawn uniformly from the time that load takes.
Then: every table is, by content hash, that of a state between two transactions; where the store says that its derived
tables are made, they are those of that state; and the load run again ends in exactly the store of an undisturbed load.
The archives are SYNTHETIC.

Usage: python tests/store/kill_a_load.py [--kills 100] [--reports 1500] [--seed 1]
"""

# ruff: noqa: T201 (a script that tells what it found)
from __future__ import annotations

import argparse
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from primum.errors import StoreError
from primum.loading.derive import DERIVED
from primum.loading.faers import load_archives
from primum.store import DATABASE, Store, open_store
from primum.store.schema import tables
from primum.terms import Quarter
from primum.testing.faers import write_archive

QUARTERS = (Quarter(2012, 3), Quarter(2012, 4), Quarter(2015, 1))
TOLD = ("store_facts", "derived_parts")  # say what the derived tables were made from: belong to them


def load(store: Path, archives: Path) -> None:
    with open_store(store, write=True) as opened:
        load_archives(opened, archives)


def hashes(store: Store) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Hashes of what was loaded, and of what was derived from it."""
    names = [schema.name for schema in tables()]
    raw = tuple(store.engine.content_hash(name) for name in names if name not in (*DERIVED, *TOLD))
    return raw, tuple(store.engine.content_hash(name) for name in (*DERIVED, *TOLD))


def after(archives: list[Path], store: Path) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Load archives one after the other; the states between the transactions, what was derived by what was loaded."""
    states = {}
    with open_store(store, write=True) as opened:
        states.update([hashes(opened)])
        for path in archives:
            load_archives(opened, path)
            states.update([hashes(opened)])
    return states


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--reports", type=int, default=1_500)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = run(Path(folder), kills=asked.kills, reports=asked.reports, rng=random.Random(asked.seed))
    for outcome, count in sorted(outcomes.items()):
        print(f"{count:5}  {outcome}")
    print(f"{asked.kills:5}  kills: 0 rows lost, 0 counted twice")


def run(folder: Path, *, kills: int, reports: int, rng: random.Random) -> Counter[str]:
    archives, older = folder / "archives", folder / "older"
    archives.mkdir()
    older.mkdir()
    paths = [write_archive(archives, quarter=quarter, reports=reports, seed=1) for quarter in QUARTERS]
    old = write_archive(older, quarter=QUARTERS[-1], reports=reports // 2, seed=2)
    beginnings = [paths[:0], paths[:1], paths[:2], [*paths[:2], old]]
    states = after(paths, folder / "whole") | after([*paths[:2], old], folder / "with older")
    [(wanted_raw, wanted_derived)] = [list(states.items())[len(paths)]]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["primum.loading.faers", "primum.store.duckdb", "ibis", "primum.cases.latest"])
    stores, seconds = [], []
    for number, beginning in enumerate(beginnings):
        store = folder / f"beginning {number}"
        after(beginning, store)
        if store.exists():  # one that stays empty is taken away again
            shutil.copytree(store, folder / "timed")
        started = time.monotonic()
        process = context.Process(target=load, args=(folder / "timed", archives))
        process.start()
        process.join()
        seconds.append(time.monotonic() - started)
        shutil.rmtree(folder / "timed")
        stores.append(store)
    outcomes: Counter[str] = Counter()
    for kill in range(kills):
        number = rng.randrange(len(stores))
        store = folder / "killed"
        if stores[number].exists():
            shutil.copytree(stores[number], store)
        process = context.Process(target=load, args=(store, archives))
        process.start()
        process.join(rng.uniform(0, seconds[number]))
        ended = process.exitcode is not None
        process.kill()
        process.join()
        outcomes[check(store, states, ended=ended, kill=kill)] += 1
        load(store, archives)
        with open_store(store) as opened:
            if hashes(opened) != (wanted_raw, wanted_derived):
                sys.exit(f"kill {kill}: the load that was run again did not end in the store of an undisturbed load")
            if opened.status().unaccounted:
                sys.exit(f"kill {kill}: lines are not accounted for")
        left = [path.name for path in store.iterdir()]
        if left != [DATABASE]:
            sys.exit(f"kill {kill}: the folder holds {left}")
        shutil.rmtree(store)
    return outcomes


def check(store: Path, states: dict[tuple[str, ...], tuple[str, ...]], *, ended: bool, kill: int) -> str:
    """Whether a killed load left a state between two transactions, and which kind."""
    try:
        open_store(store, underived=True).close()
    except StoreError as error:
        if "no reports are loaded there" in str(error):
            return "killed before there was a store"
        raise
    with open_store(store, underived=True) as opened:
        raw, derived = hashes(opened)
        quarters, is_derived = len(opened.status().quarters), opened.is_derived()
    if raw not in states:
        sys.exit(f"kill {kill}: the store is in no state between two transactions")
    if is_derived and quarters and derived != states[raw]:
        sys.exit(f"kill {kill}: the store says that its derived tables are made, but they are others")
    if ended:
        return "the load had ended"
    return f"killed with {quarters} quarters in, {'derived' if is_derived else 'not yet derived'}"


if __name__ == "__main__":
    main()
