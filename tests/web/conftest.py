"""An explorer as its users meet it: `primum serve` as a process, asked over 127.0.0.1."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: dict[str, str]
    url: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Explorer:
    """A running explorer."""

    address: str

    def get(
        self,
        path: str,
        *,
        method: str = "GET",
        host: str | None = None,
        authorization: str = "",
        matching: str = "",
        packed: bool = False,
    ) -> Answer:
        request = urllib.request.Request(self.address + urllib.parse.quote(path, safe="/?&=:%"), method=method)
        if host:
            request.add_header("Host", host)
        if authorization:
            request.add_header("Authorization", authorization)
        if matching:
            request.add_header("If-None-Match", matching)
        if packed:
            request.add_header("Accept-Encoding", "gzip")
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                content = gzip.decompress(response.read()) if packed else response.read()
                return Answer(response.status, content.decode(), dict(response.headers), response.url)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(), dict(error.headers), error.url or "")


@contextmanager
def _serve(store: Path | None, *words: str, environment: dict[str, str] | None = None) -> Iterator[Explorer]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "primum", "serve", "--port", str(port), *words]
    command += [] if store is None else ["--store", str(store)]
    around = os.environ | (environment or {})
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=around) as process:
        try:
            assert process.stderr is not None
            said = [process.stderr.readline() for _ in range(1 if store is not None else 2)]
            assert f"http://127.0.0.1:{port}/" in said[-1], said
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield Explorer(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(60)


@pytest.fixture(scope="session")
def serving() -> Callable[..., AbstractContextManager[Explorer]]:
    """Serve a store for as long as a block lasts; further words of the command line behind it.

    Without a store the explorer says a line on the one that it opens itself before it tells its address.
    """
    pytest.importorskip("fastapi", reason="the explorer's extra is not installed")
    return _serve


SCRIPT = "<script>alert(1)</script>"
FORMULA = "=cmd|' /C calc'!A0"
STEERING = "red \x1b[31m\u202ederetla"  # steers a terminal, and turns the direction of writing


@pytest.fixture(scope="session")
def loaded(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """Folder of a linked store of SYNTHETIC reports: planted signals and duplicates, and events of hostile names."""
    return made_once("web", _load) / "store"


def _load(folder: Path) -> None:
    from primum.loading.faers import load_archives
    from primum.loading.link import link_reports
    from primum.store import open_store
    from primum.terms import Quarter
    from primum.testing.demo import PLANTED
    from primum.testing.faers import PlantedSignal, write_archive

    (folder / "archives").mkdir()
    hostile = [
        PlantedSignal(drug="BOTOX", event=text, drug_share=0.01, event_share=0.3, indication="Migraine")
        for text in (SCRIPT, FORMULA, STEERING)
    ]
    signals = (*PLANTED, *hostile)
    write_archive(
        folder / "archives", quarter=Quarter(2026, 1), reports=3_000, seed=4, signals=signals, duplicate_share=0.03
    )
    with open_store(folder / "store", write=True) as opened:
        load_archives(opened, folder / "archives")
        link_reports(opened)


@pytest.fixture(scope="session")
def served(serving: Callable[..., AbstractContextManager[Explorer]], loaded: Path) -> Iterator[Explorer]:
    """The explorer over the loaded SYNTHETIC reports."""
    with serving(loaded) as opened:
        yield opened
