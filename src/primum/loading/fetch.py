"""Which archives come from the server, several at a time, in the order in which they are loaded?"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from primum.errors import SourceError
from primum.sources.download import Patience, Shelf, Watcher, download
from primum.terms import Quarter

ARCHIVES: Final = "archives"  # folder of downloaded archives inside the store's
JOBS: Final = 2

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
        Quarters with their archive, or the error that kept it away. Leaving the block stops what is on its way.
    """
    shelf, stop = Shelf(folder), threading.Event()
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="download") as pool:

        def one(quarter: Quarter) -> Path | SourceError:
            try:
                return download(quarter, shelf, base=base, watcher=watcher, patience=patience, stop=stop)
            except SourceError as error:
                return error

        waiting = [(quarter, pool.submit(one, quarter)) for quarter in sorted(quarters)]
        try:
            yield ((quarter, future.result()) for quarter, future in waiting)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
