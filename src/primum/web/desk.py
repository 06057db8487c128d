"""The one store that stays open while the explorer runs, and the answers asked for last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from primum.signals.table import Scores
    from primum.study.reports import Reports
    from primum.web.state import State

T = TypeVar("T")
KEPT: Final = 16  # answers; sorting and filtering by links asks for the same scores again


class Desk:
    """The loaded reports, opened at the first question and read by one request at a time.

    A connection of the engine serves one thread at a time, so a lock stands before it.

    Args:
        folder: of the store; None for the default one. It need not exist yet.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._open: Reports | None = None
        self._lock = threading.RLock()
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

    @property
    def loaded(self) -> bool:
        """Whether there is a store to ask."""
        from primum.store import exists

        return self._open is not None or exists(self.folder)

    @contextmanager
    def reports(self) -> Iterator[Reports]:
        """The loaded reports, for one request.

        Raises:
            StoreError: none are loaded, or they cannot be read.
        """
        from primum.study.reports import open as open_reports

        with self._lock:
            if self._open is None:
                self._open = open_reports(self.folder)
            yield self._open

    def scores(self, state: State) -> Scores:
        """The statistics that a state asks for; sorting and filtering does not compute them again."""
        from primum.study.question import Question

        asked = Question(state.what, state.cohort or None, state.versus or None, duplicates=state.duplicates or None)
        return self.kept(("scores", asked, state.wanted), lambda reports: reports.scores(asked, methods=state.wanted))

    def kept(self, key: tuple[Any, ...], compute: Callable[[Reports], T]) -> T:
        """An answer of the loaded reports, from those kept where it is among them."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                found: T = self._kept[key]
                return found
            with self.reports() as reports:
                found = self._kept[key] = compute(reports)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return found

    def close(self) -> None:
        """Let the store go."""
        with self._lock:
            if self._open is not None:
                self._open.store.close()
                self._open = None
