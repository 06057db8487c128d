"""How far is it? Bars on standard error for a person at a terminal, nothing where nobody watches."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from primum.sources.download import Watcher

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Teller(Watcher):
    """A watcher of downloads that can also be told what is read now; this one keeps silent."""

    def say(self, text: str) -> None:
        """What is read now."""


class _Bars(Teller):
    """A bar for each file on its way, one for all of them together, and a line for what is read now."""

    def __init__(self, progress: Progress, doing: str) -> None:
        self._progress = progress
        self._doing = doing
        self._lock = threading.Lock()
        self._files: dict[str, TaskID] = {}
        self._sizes: dict[str, tuple[int, int]] = {}  # bytes that are here, bytes in all
        self._all: TaskID | None = None
        self._reading = progress.add_task(doing, total=None)

    def say(self, text: str) -> None:
        self._progress.update(self._reading, description=f"{self._doing} {text}")

    def started(self, name: str, total: int) -> None:
        with self._lock:
            if self._all is None:
                self._all = self._progress.add_task("All downloads", total=0)
            self._files[name] = self._progress.add_task(name, total=total or None)
            self._sizes[name] = (0, total)
            self._show()

    def arrived(self, name: str, have: int) -> None:
        with self._lock:
            if name in self._files:
                self._progress.update(self._files[name], completed=have)
                self._sizes[name] = (have, max(have, self._sizes[name][1]))
                self._show()

    def ended(self, name: str) -> None:
        with self._lock:
            if name in self._files:
                self._progress.remove_task(self._files.pop(name))

    def _show(self) -> None:
        if self._all is not None:
            have, total = (sum(size[n] for size in self._sizes.values()) for n in (0, 1))
            self._progress.update(self._all, completed=have, total=total)


@contextmanager
def watched(doing: str = "Loading") -> Iterator[Teller]:
    """Someone who shows progress for as long as the block lasts.

    Args:
        doing: the word before what is read now.
    """
    if not sys.stderr.isatty():
        yield Teller()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Bars(progress, doing)
