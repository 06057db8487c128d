"""How far is it? Bars on standard error for a person at a terminal, nothing where nobody watches."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from primum.cli.output import harmless
from primum.sources.download import Watcher

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@dataclass(frozen=True, slots=True)
class Teller:
    """Who shows what is done now and how far it is; this one keeps silent.

    Args:
        downloads: told how far each download is.
        archives: told how far each archive is loaded.
    """

    downloads: Watcher = field(default_factory=Watcher)
    archives: Watcher = field(default_factory=Watcher)

    def say(self, text: str) -> None:
        """What is done now."""


@dataclass(frozen=True, slots=True)
class _Shown(Teller):
    """A line for what is done now, above the bars."""

    progress: Progress = field(kw_only=True)
    line: TaskID = field(kw_only=True)
    doing: str = field(kw_only=True)

    def say(self, text: str) -> None:
        self.progress.update(self.line, description=harmless(f"{self.doing} {text}"))


class _Bars(Watcher):
    """A bar for each file on its way, and one for all of them together."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._title = title
        self._lock = threading.Lock()
        self._files: dict[str, TaskID] = {}
        self._sizes: dict[str, tuple[int, int]] = {}  # bytes that are done, bytes in all
        self._expected = 0
        self._all: TaskID | None = None

    def expected(self, total: int) -> None:
        self._expected = total

    def started(self, name: str, total: int) -> None:
        with self._lock:
            if self._all is None:
                self._all = self._progress.add_task(self._title, total=0)
            self._files[name] = self._progress.add_task(harmless(name), total=total or None)
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
            self._progress.update(self._all, completed=have, total=max(total, self._expected))


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
    from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
    from rich.text import Text

    class Size(DownloadColumn):
        """Bytes done of all, where all is known."""

        def render(self, task: Task) -> Text:
            return super().render(task) if task.total else Text("")

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        Size(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        line = progress.add_task(doing, total=None)
        yield _Shown(
            _Bars(progress, "All downloads"),
            _Bars(progress, "All archives"),
            progress=progress,
            line=line,
            doing=doing,
        )
