"""How does a Ctrl-C reach a query that runs?

DuckDB 2.0.1 hears it on the thread that asked, which then waits for the engine's other threads; these do not look for
it, and on a busy machine a query went on for minutes.
"""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MOMENT: Final = 0.5  # seconds in which a query that hears the signal itself has ended


@contextmanager
def heard_by_queries() -> Iterator[None]:
    """Inside, a Ctrl-C breaks off what any engine of this process does at that moment; for the main thread.

    Python itself acts on a signal only when the query has come back: a thread is told of it instead, by the signal
    handler of C.
    """
    hears, told = socket.socketpair()
    told.setblocking(False)
    before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    left = threading.Event()
    threading.Thread(target=_pass_on, args=(hears, left), name="ctrl-c", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        left.set()  # what works from here on is not what the signal was meant for
        told.close()  # ends the thread


def _pass_on(hears: socket.socket, left: threading.Event) -> None:
    with hears:
        while number := hears.recv(1):
            engine = sys.modules.get("primum.store.duckdb")  # where none is imported, none works
            if number[0] == signal.SIGINT and engine is not None and not left.wait(MOMENT):
                engine.interrupt_all()
