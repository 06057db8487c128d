"""What was answered last, kept within a bound; whoever asks for what somebody else is computing waits for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

T = TypeVar("T")
_LEAST: Final = 1_000  # bytes that any answer is taken for


class Keep(Generic[T]):
    """Answers by what was asked, the last used ones within a bound.

    An answer is computed once, also where several ask for it at the same time: twenty people who open one page wait for
    one count. A computation that fails is forgotten, so that the next one who asks tries again.

    Args:
        most: bytes that are kept at most; the newest answer is kept in any case.
        weigh: bytes of an answer, about.

    Examples:
        >>> kept = Keep[str](most=5_000, weigh=len)
        >>> kept.get("a", lambda: "computed"), kept.get("a", lambda: "not asked for again")
        ('computed', 'computed')
    """

    def __init__(self, *, most: int, weigh: Callable[[T], int]) -> None:
        self._most, self._weigh = most, weigh
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, Future[T]] = OrderedDict()
        self._bytes: dict[Hashable, int] = {}

    def there(self, key: Hashable) -> T | None:
        """The answer of a key where it is there without waiting; None where it is not."""
        with self._lock:
            found = self._answers.get(key)
            if found is None or not found.done():
                return None
            self._answers.move_to_end(key)
        return found.result()

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The answer of a key, computed where it is not kept."""
        with self._lock:
            found = self._answers.get(key)
            if found is not None:
                self._answers.move_to_end(key)
            else:
                mine = self._answers[key] = Future()
        if found is not None:
            return found.result()
        try:
            answer = compute()
        except BaseException as fault:
            with self._lock:
                if self._answers.get(key) is mine:
                    del self._answers[key]
            mine.set_exception(fault)
            raise
        mine.set_result(answer)
        with self._lock:
            self._make_room(key, mine, max(self._weigh(answer), _LEAST))
        return answer

    def clear(self) -> None:
        """Forget everything; what is being computed is told to those who wait, and not kept."""
        with self._lock:
            self._answers.clear()
            self._bytes.clear()

    def _make_room(self, key: Hashable, mine: Future[T], size: int) -> None:
        if self._answers.get(key) is not mine:  # it was forgotten while it was computed
            return
        self._bytes[key] = size
        oldest = [known for known in self._answers if known in self._bytes and known != key]
        for known in oldest:
            if sum(self._bytes.values()) <= self._most:
                break
            del self._answers[known], self._bytes[known]
