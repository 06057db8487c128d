"""Does a cluster of one master and two workers, as the how-to starts it, give the counts that DuckDB gives?"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from primum.loading.faers import load_archives
from primum.store import open_store
from primum.store.export import export
from primum.study.scored import UNCHECKED
from primum.terms import Quarter
from primum.testing.demo import PLANTED
from primum.testing.faers import write_archive

pytestmark = [pytest.mark.spark, pytest.mark.slow]
HOW_TO = Path(__file__).parents[2] / "docs/how-to/run-on-spark.md"
LOOPBACK = os.environ | {"SPARK_LOCAL_IP": "127.0.0.1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(*words: str) -> Iterator[None]:
    """A process of the cluster, ended by its own id."""
    import pyspark

    call = [str(Path(pyspark.__file__).parent / "bin" / "spark-class"), *words]
    process = subprocess.Popen(call, env=LOOPBACK, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[Path]]]:
    """Address of the master, and the folders that its two workers work in."""
    port, page = free_port(), free_port()
    master = f"spark://127.0.0.1:{port}"
    folders = [tmp_path_factory.mktemp("worker") for _ in range(2)]
    with ExitStack() as stack:
        shown = ("--webui-port", str(page))
        place = ("--host", "127.0.0.1", "--port", str(port))
        stack.enter_context(running("org.apache.spark.deploy.master.Master", *place, *shown))
        for folder in folders:
            words = ("--host", "127.0.0.1", "-c", "1", "-m", "2g", "-d", str(folder), "--webui-port", "0", master)
            stack.enter_context(running("org.apache.spark.deploy.worker.Worker", *words))
        wait_for_workers(f"http://127.0.0.1:{page}/json/", 2)
        yield master, folders


def wait_for_workers(page: str, wanted: int) -> None:
    seen = None
    for _ in range(240):
        try:
            with urllib.request.urlopen(page, timeout=5) as answer:
                seen = json.load(answer)["aliveworkers"]
        except OSError:
            seen = None
        if seen == wanted:
            return
        time.sleep(0.5)
    raise AssertionError(f"{wanted} workers were started, the master knows {seen}")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SYNTHETIC store in `store`, its tables in `tables`."""
    folder = tmp_path_factory.mktemp("cluster")
    write_archive(folder, quarter=Quarter(2019, 1), reports=1_000, seed=8, signals=PLANTED)
    with open_store(folder / "store", write=True) as store:
        load_archives(store, folder)
        export(store, [], folder / "tables", format="parquet")
    return folder


def primum(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "primum", *words],
        env=LOOPBACK,
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )


def test_the_cluster_gives_the_counts_of_duckdb_and_both_workers_took_part(
    cluster: tuple[str, list[Path]], tables: Path
) -> None:
    master, folders = cluster
    asked = ("signals", "anti-wrinkle", "use:cosmetic", "--json", "-")
    answers = [
        primum(*asked, "--store", str(tables / "store")),
        primum(*asked, "--store", str(tables / "tables"), "--engine", master),
    ]
    assert [answer.returncode for answer in answers] == [0, 0], answers[1].stderr
    ours, theirs = (json.loads(answer.stdout) for answer in answers)
    assert UNCHECKED in theirs.pop("notes")  # for what needs the arrays
    assert ours.pop("notes")
    assert ours == theirs
    assert [len(list(folder.glob("app-*"))) for folder in folders] == [1, 1]


def test_the_how_to_starts_what_is_started_here() -> None:
    told = HOW_TO.read_text(encoding="utf-8")
    assert "SPARK_LOCAL_IP=127.0.0.1" in told
    assert len(re.findall(r"spark-class org\.apache\.spark\.deploy\.master\.Master --host 127\.0\.0\.1", told)) == 1
    assert (
        len(re.findall(r"spark-class org\.apache\.spark\.deploy\.worker\.Worker --host 127\.0\.0\.1 -c 1", told)) == 2
    )
