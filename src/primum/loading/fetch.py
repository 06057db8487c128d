"""Which archives come from the server, several at a time, in the order in which they are loaded?"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from primum.errors import SourceError
from primum.sources.download import Patience, Shelf, StoppedError, Watcher, download
from primum.terms import Quarter

ARCHIVES: Final = "archives"  # folder of downloaded archives inside the store's
JOBS: Final = 2
MOMENT: Final = 0.5  # seconds that are enough to put down a piece that has arrived

Fetched = tuple[Quarter, Path | SourceError]


@contextmanager
def fetch(
    quarters: Iterable[Quarter],
    folder: Path,
    *,
    base: str,
    jobs: int = JOBS,
    watcher: Watcher | None = None,
    patience: Patience | None = None,
) -> Iterator[Iterator[Fetched]]:
    """Download while the caller loads: each quarter in its order, as soon as it and those before it are here.

    Args:
        quarters: which.
        folder: where the archives and what is remembered of them stay.
        base: address of the folder on the server.
        jobs: files on their way at once.
        watcher: told how far each is.
        patience: how long to wait for the server.

    Yields:
        Quarters with their archive, or the error that kept it away. Leaving the block stops what is on its way; where
        the server is silent that thread is not waited for, and nothing it hears later is written.
    """
    shelf, stop = Shelf(folder), threading.Event()
    waiting: list[tuple[Quarter, Future[Path | SourceError]]] = [(quarter, Future()) for quarter in sorted(quarters)]
    left: SimpleQueue[tuple[Quarter, Future[Path | SourceError]]] = SimpleQueue()
    for one in waiting:
        left.put(one)

    def work() -> None:
        with suppress(Empty, StoppedError):
            while not stop.is_set():
                quarter, future = left.get_nowait()
                try:
                    found = download(quarter, shelf, base=base, watcher=watcher, patience=patience, stop=stop)
                    future.set_result(found)
                except SourceError as error:
                    future.set_result(error)
                except BaseException as error:  # whoever waits for this quarter must not wait for ever
                    future.set_exception(error)
                    raise

    # A pool's threads would keep the process until the server answers or its time is up.
    threads = [threading.Thread(target=work, name=f"download_{n}", daemon=True) for n in range(min(jobs, len(waiting)))]
    for thread in threads:
        thread.start()
    try:
        yield ((quarter, future.result()) for quarter, future in waiting)
    finally:
        stop.set()
        until = time.monotonic() + MOMENT
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
