"""Whose turn is it to compute? So many at once, the others in the order in which they came.

A page asks for several long answers. Whoever has a turn keeps it until the page is whole: if each answer were queued
for anew, twenty pages would all be half done until the last, and everybody would wait as long as the slowest.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class _OfThread(threading.local):
    held: bool = False
    keeping: bool = False


class Turns:
    """Turns, of which a thread that has one can take another for nothing.

    Args:
        at_once: how many may have one.

    Examples:
        >>> turns = Turns(1)
        >>> with turns.turn(), turns.turn():
        ...     print("once")
        once
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._mine = _OfThread()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One turn; waits until those who came before have theirs."""
        if self._mine.held:
            yield
            return
        self._take()
        self._mine.held = True
        try:
            yield
        finally:
            if not self._mine.keeping:
                self._end()

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Where a turn is taken inside, it is kept until the end; where none is needed, nobody is waited for."""
        self._mine.keeping = True
        try:
            yield
        finally:
            self._mine.keeping = False
            if self._mine.held:
                self._end()

    def _end(self) -> None:
        self._mine.held = False
        self._give()

    def _take(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            called = threading.Event()
            self._waiting.append(called)
        called.wait()

    def _give(self) -> None:
        """Hand the turn to whoever waits longest, so that nobody who comes now is sooner."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
