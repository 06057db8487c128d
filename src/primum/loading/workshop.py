"""Where does work that does not fit into memory keep what it has, so that a kill leaves nothing behind?"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from primum.store import LOADING, Store
from primum.store.engine import Engine


@contextmanager
def workshop_of(store: Store) -> Iterator[Engine]:
    """A workshop whose file lies beside the store's, in memory where the store has no folder."""
    if not store.folder.is_dir():
        with store.engine.workshop(None) as bench:
            yield bench
        return
    with room_beside(store) as folder, store.engine.workshop(folder) as bench:
        yield bench


@contextmanager
def room_beside(store: Store) -> Iterator[Path]:
    """A folder for as long as the block lasts: beside the store's file, or where the system keeps such folders."""
    place = store.folder if store.folder.is_dir() else None
    # Swept by the next writer where a kill leaves it.
    with tempfile.TemporaryDirectory(dir=place, prefix=LOADING) as folder:
        yield Path(folder)
