"""Who reads the store while the explorer runs, and which answers are kept?

A connection of the engine serves one thread at a time, so there are several readers of one store. What takes long is
computed by few of them at once, so that a case or a suggestion never waits behind a table of every pair.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from primum.errors import StoreError
from primum.web.keep import Keep
from primum.web.turns import Turns

if TYPE_CHECKING:
    from primum.counts.incidence import Incidence
    from primum.signals.table import Scores, SignalTable
    from primum.study.question import Question
    from primum.study.reports import Reports
    from primum.terms import IntArray
    from primum.web.state import State

T = TypeVar("T")
READERS: Final = 4  # connections to one store
AT_WORK: Final = 2  # of them that compute long answers at the same time
ANSWERS: Final = 512 * 2**20  # bytes of answers that are kept
_REPLACED: Final = 30.0  # seconds that a reader of a new file waits for those of the old one
_SMALL: Final = 200_000  # bytes that an answer is taken for which holds no arrays
_OF_A_ROW: Final = 1_000  # bytes of a row that is spelt out, its texts included


class Desk:
    """The loaded reports, opened at the first question.

    The store is opened as it is: one that an older Primum made, or whose load was stopped, is refused with the command
    that mends it. Where its file is replaced, readers and answers are those of the new one.

    Args:
        folder: of the store; None for the default one. It need not exist yet.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)  # the store is another, or the explorer ends
        self._free: list[Reports] = []  # the last one used is the next one lent: its arrays are at hand
        self._lent: list[tuple[tuple[int, ...], Reports]] = []  # each with the state of the store that it reads
        self._returned = threading.Condition(self._lock)
        self.stopped = False
        self._some_free = threading.Semaphore(READERS)
        self._turns = Turns(AT_WORK)
        self._arrays: Incidence | None = None  # what one reader has looked up, all know
        self._state: tuple[int, ...] = ()
        self._answers: Keep[Any] = Keep(most=ANSWERS, weigh=_weight)

    @property
    def loaded(self) -> bool:
        """Whether there is a store to ask."""
        from primum.store import exists

        return exists(self.folder)

    def state(self) -> tuple[int, ...]:
        """What changes when the file of the store is another; empty where there is none."""
        from primum.store import default_folder
        from primum.store.folder import DATABASE

        try:
            told = ((self.folder or default_folder()) / DATABASE).stat()
        except OSError:
            return ()
        return (told.st_ino, told.st_size, told.st_mtime_ns)

    @contextmanager
    def reports(self) -> Iterator[Reports]:
        """A reader of the loaded reports, for one request.

        Raises:
            StoreError: none are loaded, they are of an older version, or they cannot be read; or the explorer ends.
        """
        if self.stopped:
            raise StoreError.of("the explorer", "it is being stopped", "Start it again")
        with self._some_free:
            state = self._as_it_is()
            with self._lock:
                reader = self._free.pop() if self._free else None
            if reader is None:
                reader = self._opened(state)
            with self._lock:
                self._lent.append((state, reader))
            try:
                yield reader
            finally:
                with self._returned:
                    self._lent.remove((state, reader))
                    if state == self._state:
                        self._free.append(reader)
                    else:
                        reader.store.close()
                    self._returned.notify_all()

    def page(self) -> AbstractContextManager[None]:
        """A page that asks for several answers: the turn that it takes for the first one it keeps until it is whole."""
        return self._turns.keeping()

    def kept(self, key: Hashable, compute: Callable[[Reports], T]) -> T:
        """An answer of the loaded reports, from those kept where it is among them."""

        def computed() -> T:
            with self.reports() as reports:
                return compute(reports)

        whole = (self._as_it_is(), key)
        found: T | None = self._answers.there(whole)
        if found is not None:
            return found
        # A turn is taken before the answer is promised: whoever waits for it waits for somebody who is at work.
        with self._turns.turn():
            answer: T = self._answers.get(whole, computed)
        return answer

    def scores(self, state: State) -> Scores:
        """The statistics that a state asks for; sorting and filtering does not compute them again.

        Caveats are looked for in the rows that are shown (`rows`): checking every pair takes longer than counting it.
        """
        asked, methods = _asked(state), state.wanted
        return self.kept(
            ("scores", asked, methods), lambda reports: reports.scores(asked, methods=methods, caveats=False)
        )

    def rows(self, state: State, scores: Scores, places: IntArray) -> SignalTable:
        """Some rows of the statistics of a state, with the caveats of each."""
        asked = _asked(state)
        key = ("rows", asked, state.wanted, hashlib.sha256(places.tobytes()).digest())
        return self.kept(key, lambda reports: reports.rows(asked, scores, places))

    def prepare(self, treatments: Iterable[str]) -> None:
        """Lay out what the reports of some treatments tell, where nobody has asked for it since the last load.

        A case is listed too, so that no visitor waits for what is imported when the engine is first asked.
        """
        from primum.cases.linked import default_method
        from primum.counts.compiled import import_compiler

        import_compiler()
        with self._turns.turn(), self.reports() as reports, self.reports():  # one reader for each that has a turn
            for name in treatments:
                if reports.arrays is not None:
                    reports.arrays.told(name)
                    reports.arrays.roles(name)
            reports.cases(most=1)
            if reports.arrays is not None:
                reports.arrays.lay_out_cells(default_method(reports.store))

    def lay_out_onsets(self) -> None:
        """Lay out the onsets of every drug; others are answered meanwhile, as the engine knows those of one drug."""
        with self.reports() as reports:
            if reports.arrays is not None:
                reports.arrays.lay_out_onsets()

    def wait_for_another(self, state: tuple[int, ...]) -> bool:
        """Wait until somebody asks a store in another state than this; false if the explorer is stopped before."""
        with self._changed:
            self._changed.wait_for(lambda: self.stopped or self._state != state)
        return not self.stopped

    def synthetic(self) -> str:
        """What must stand on every page where reports are invented; empty where none is."""
        return self.kept(("synthetic",), lambda reports: reports.store.synthetic())

    def stop(self) -> None:
        """Break off what the engine does at this moment, and lend no reader any more: nobody waits for an answer."""
        with self._changed:
            self.stopped = True
            lent = tuple(self._lent)
            self._changed.notify_all()
        for _, reader in lent:
            reader.store.engine.interrupt()

    def close(self) -> None:
        """Let the store go."""
        with self._lock:
            free, self._free = self._free, []
            self._state, self._arrays = (), None
        for reader in free:
            reader.store.close()

    def _opened(self, state: tuple[int, ...]) -> Reports:
        from primum.store import open_store
        from primum.study.reports import Reports

        with self._returned:
            # Readers of one path share what is open under it: beside one of the old file a new one would read that too.
            alone = self._returned.wait_for(lambda: all(lent == state for lent, _ in self._lent), _REPLACED)
            shared = self._arrays
        if not alone:
            raise StoreError.of("the store", "it was replaced, and the old one is still being read", "Ask again")
        reports = Reports(open_store(self.folder), arrays=shared)
        arrays = reports.arrays
        with self._lock:
            if self._arrays is None and state == self._state:
                self._arrays = arrays
        return reports

    def _as_it_is(self) -> tuple[int, ...]:
        """The state of the store; what is known of another one is forgotten."""
        state = self.state()
        with self._lock:
            if state == self._state:
                return state
            free, self._free, self._state, self._arrays = self._free, [], state, None
            self._changed.notify_all()
            for reader in free:
                reader.store.close()
        self._answers.clear()
        return state


def _asked(state: State) -> Question:
    from primum.study.question import Question

    return Question(state.what, state.cohort or None, state.versus or None, duplicates=state.duplicates or None)


def _weight(answer: Any) -> int:
    """Bytes of an answer, about: those of its arrays where it is one or is a table of statistics."""
    import numpy as np

    from primum.signals.table import Scores, SignalTable

    if isinstance(answer, np.ndarray):
        return answer.nbytes
    if isinstance(answer, SignalTable):
        return len(answer) * _OF_A_ROW
    if not isinstance(answer, Scores):
        return _SMALL
    counts = (answer.counts.observed, answer.counts.drug_reports, answer.counts.event_reports)
    return int(sum(array.nbytes for array in (*counts, *answer.columns.values())))
