"""`primum` as its users run it, without paying for its start each time.

A test of a command asks a process: it has its own streams, environment, folder and exit status. Starting Python and
importing an engine takes most of a second, hundreds of times. So one process a test worker imports all that and does
nothing else, and every command is a child that it forks: its memory is a copy, and what it does ends with it.

Where the start itself matters (what is imported, how warnings are treated, other seeds of hashing), ask `started`.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

IMPORTED = (  # what commands import, heavy things first; one that is missing is imported by the child, as ever
    "duckdb",
    "ibis.backends.duckdb",
    "pydantic",  # by Typer, at the first command
    "scipy.optimize",
    "scipy.special",
    "scipy.stats",
    "primum.cli",
    "primum.cli.output",
    "primum.dossier.render.html",
    "primum.dossier.render.json",
    "primum.dossier.render.terminal",
    "primum.study.ask",
    "primum.loading.link",
    "primum.loading.faers",
    "primum.study.reports",
    "primum.study.side_by_side",
    "primum.study.simulate",
)
_MOST = 2**20  # bytes of a question
Done = subprocess.CompletedProcess[str]


def started(*words: object, before: Sequence[str] = (), **how: Any) -> Done:
    """Run a command in a process of its own, from the start of Python.

    Args:
        words: of the command.
        before: what stands before it, such as a program that takes rights away.
        how: as in `subprocess.run`.
    """
    command = [*before, sys.executable, "-m", "primum", *map(str, words)]
    return subprocess.run(command, **{"capture_output": True, "text": True, "timeout": 300, **how}, check=False)


def primum(
    *words: object, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: int | None = None
) -> Done:
    """Run a command in a child of the process that has imported everything; arguments as in `subprocess.run`."""
    told = {
        "words": [str(word) for word in words],
        "folder": str(cwd or Path.cwd()),
        "environment": dict(os.environ if env is None else env),
    }
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, open(os.devnull, "rb") as nothing:
        given = stdin if stdin is not None and stdin >= 0 else nothing.fileno()
        line = _forking()
        socket.send_fds(line, [json.dumps(told).encode()], [given, out.fileno(), err.fileno()])
        code = int(line.recv(64))
        return subprocess.CompletedProcess(told["words"], code, _read(out), _read(err))


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


@cache
def _forking() -> socket.socket:
    """The line to the process that forks, started at the first question."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(300)
    process = subprocess.Popen([sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()])
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait(10)

    atexit.register(end)
    return ours


def _fork_for(line: socket.socket) -> None:
    """Fork a child for each question, until nobody asks; the child returns and runs the command."""
    while True:
        content, files, *_ = socket.recv_fds(line, _MOST, 3)
        if not content:
            os._exit(0)
        if os.fork():
            for file in files:
                os.close(file)
            line.send(str(os.waitstatus_to_exitcode(os.wait()[1])).encode())
            continue
        line.close()
        told = json.loads(content)
        for stream, file in enumerate(files):
            os.dup2(file, stream)
            os.close(file)
        os.chdir(told["folder"])
        os.environ.clear()
        os.environ.update(told["environment"])
        sys.argv = ["primum", *told["words"]]
        if os.environ.get("PYTHONWARNINGS") == "error":
            warnings.simplefilter("error")
        return


if __name__ == "__main__":
    import contextlib
    import gc
    import importlib
    import runpy

    sys.path.pop(0)  # this folder
    for name in IMPORTED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    _fork_for(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("primum", run_name="__main__", alter_sys=True)
