"""A Ctrl-C at any moment: one line, exit 130, and the command run again finishes what it began."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import splink
from splink.internals.exceptions import SplinkException

import commands
from particular_server import Server
from primum.cases import link_train
from primum.cli.stopping import heard_by_queries
from primum.loading.faers import load_archives
from primum.loading.fetch import ARCHIVES
from primum.sources.download import PARTIAL, published_names
from primum.store import open_store
from primum.store.duckdb import DuckDBEngine
from primum.store.schema import tables
from primum.terms import Quarter
from primum.testing.faers import write_archive

LINE = "primum: stopped. What was finished stays; run the command again to go on.\n"
HEARS = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
LONG = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE (a.range * b.range) % 7 = 3"


@pytest.fixture
def hears_ctrl_c() -> Iterator[None]:
    """What runs in the background is started deaf to it, tests too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted_after(seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    return timer


def _begun(*words: object) -> subprocess.Popen[str]:
    """A command that takes a Ctrl-C also where the tests themselves run in the background."""
    return subprocess.Popen(
        [sys.executable, "-c", HEARS, sys.executable, "-m", "primum", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _hashes(folder: Path) -> dict[str, str]:
    with open_store(folder) as store:
        return {schema.name: store.engine.content_hash(schema.name) for schema in tables()}


def stopped(*words: object, after: float) -> subprocess.CompletedProcess[str]:
    """A command that gets a Ctrl-C."""
    process = _begun(*words)
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archives")
    for quarter in (Quarter(2012, 3), Quarter(2015, 1), Quarter(2024, 4)):
        write_archive(folder, quarter=quarter, reports=4_000, seed=1, odd_share=0.01)
    return folder


@pytest.mark.slow
def test_a_load_that_is_stopped_at_any_moment_says_so_in_one_line_and_goes_on_when_run_again(
    archives: Path, tmp_path: Path
) -> None:
    load = ("load", "faers", "--from", archives, "--store", tmp_path / "store")
    began = time.monotonic()
    with open_store(tmp_path / "alone", write=True) as store:
        load_archives(store, archives)
    takes = time.monotonic() - began
    wanted = _hashes(tmp_path / "alone")
    codes = []
    for part in (1, 3, 5, 7):
        done = stopped(*load, after=0.5 + takes * part / 8)
        codes.append(done.returncode)
        ended = (-signal.SIGINT, "")  # the system's own answer, when all is done and Python takes itself down
        assert (done.returncode, done.stderr) in ((130, LINE), (0, ""), ended)
    assert 130 in codes
    assert commands.primum(*load).returncode == 0
    assert _hashes(tmp_path / "store") == wanted


@pytest.mark.slow
@pytest.mark.parametrize("misdeed", ["hang", "silent", "slow", "503"])
def test_a_download_from_a_server_that_does_not_deliver_is_stopped_at_once_and_taken_up_when_run_again(
    tmp_path: Path, misdeed: str
) -> None:
    held, wanted = (write_archive(tmp_path, quarter=Quarter(2014, n), reports=20, seed=1) for n in (3, 4))
    folder, name = tmp_path / "store", published_names(Quarter(2014, 4))[0]
    assert commands.primum("load", "faers", "--from", held, "--store", folder).returncode == 0
    before = _hashes(folder)
    server = Server()
    server.files[name], server.misdeeds[name] = wanted.read_bytes(), [misdeed] * 9
    load = ("load", "faers", "2014q4", "--from", server.base, "--store", folder)
    part = folder / ARCHIVES / (name + PARTIAL)
    process = _begun(*load)
    while not (part.exists() if misdeed in {"silent", "slow"} else server.asked.is_set()):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)  # not the minute that a server has to say something
    assert (process.returncode, out, err) == (130, "", LINE)
    assert _hashes(folder) == before
    arrived = part.read_bytes() if part.exists() else b""
    assert server.files[name].startswith(arrived)
    server.misdeeds[name], asked_before = [], len(server.requests)
    assert commands.primum(*load).stdout.startswith("2014q4: loaded 20 reports")
    server.close()
    [(_, headers)] = server.requests[asked_before:]
    assert headers.get("Range") == (f"bytes={len(arrived)}-" if arrived else None)


def test_what_splink_wraps_of_a_ctrl_c_is_a_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = DuckDBEngine(None)
    monkeypatch.setattr(link_train, "settings", lambda *_: None)
    monkeypatch.setattr(splink, "Linker", lambda *_, **__: None)
    features = engine.stage("features", {"unique_id": np.arange(3)})
    with pytest.raises(KeyboardInterrupt), link_train._linker(engine, features):
        raise SplinkException("some SQL") from RuntimeError("Query interrupted")  # as it came, seen in a run
    engine.close()


SEVERAL_THREADS = f"""
import os, threading
os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})
from primum.cli.stopping import heard_by_queries
from primum.store.duckdb import DuckDBEngine
engine = DuckDBEngine(None)
engine.create(["SET threads = 4"])
threading.Timer(0.5, os.kill, (os.getpid(), 2)).start()
try:
    with heard_by_queries():
        engine.create([{LONG!r}])
except KeyboardInterrupt:
    print("heard")
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a process cannot be held to one core here")
def test_a_query_of_more_threads_than_cores_hears_a_ctrl_c_too() -> None:  # alone, it does not end for minutes
    words = [sys.executable, "-c", HEARS, sys.executable, "-c", SEVERAL_THREADS]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=40)
    assert (done.returncode, done.stdout, done.stderr) == (0, "heard\n", "")


@pytest.mark.usefixtures("hears_ctrl_c")
def test_a_ctrl_c_while_the_engine_works_is_a_ctrl_c_and_leaves_the_transaction_undone(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path / "primum.duckdb")
    watch = threading.Timer(60, engine.interrupt)  # a query that nothing stops fails the test and does not hang it
    watch.start()
    engine.create(["CREATE TABLE kept (n BIGINT)"])
    for work in (f"INSERT INTO kept {LONG}", LONG):
        interrupted_after(0.2)
        with pytest.raises(KeyboardInterrupt), heard_by_queries(), engine.transaction(), engine.little_memory():
            engine.create(["INSERT INTO kept VALUES (1)", work])
        assert engine.count("kept") == 0
    assert watch.is_alive()  # it was the Ctrl-C, and not this
    watch.cancel()
    engine.close()
