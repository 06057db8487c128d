"""What does a person at a terminal see while a load runs? Bars on a real terminal device, nothing elsewhere."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from primum.terms import Quarter
from primum.testing.faers import write_archive


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archives")
    for number in (1, 2):
        write_archive(folder, quarter=Quarter(2015, number), reports=200, seed=1)
    return folder


def seen(*arguments: object) -> str:
    """What a terminal of a hundred columns is sent on standard error, without colours."""
    master, terminal = pty.openpty()
    command = [sys.executable, "-m", "primum", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "100", "TERM": "xterm"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal, env=environment)
    os.close(terminal)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65_536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    assert process.wait(timeout=60) == 0
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


@pytest.mark.slow
def test_a_load_from_a_folder_shows_a_bar_for_each_archive_and_one_for_all(archives: Path, tmp_path: Path) -> None:
    shown = seen("load", "faers", "--from", archives, "--store", tmp_path)
    size = sum(path.stat().st_size for path in archives.glob("*.zip"))
    for text in ("All archives", "faers_ascii_2015q1.zip", "faers_ascii_2015q2.zip", "Loading 2015q2 "):
        assert text in shown
    assert f"/{size / 1000:.1f}" in shown  # of how much, from the first archive on
    assert "Loading what follows from the reports" in shown


@pytest.mark.slow
def test_a_download_shows_a_bar_for_each_file_and_one_for_all(archives: Path, tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(archives)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        shown = seen("load", "faers", "2015q1..2015q2", "--from", address, "--store", tmp_path)
    finally:
        server.shutdown()
        server.server_close()
    for text in ("All downloads", "All archives", "faers_ascii_2015q1.zip", "Loading what follows from the reports"):
        assert text in shown


def test_nothing_is_shown_where_nobody_watches(archives: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "primum", "load", "faers", "--from", str(archives), "--store", str(tmp_path)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == ""
