"""Which values were asked for last? The few that are kept, by key, for several threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """The last few values.

    Args:
        most: how many are kept.

    Examples:
        >>> kept = Recent[int](2)
        >>> [kept.get(key, lambda: len(key)) for key in ("a", "bb", "a", "ccc")], "bb" in kept, "a" in kept
        ([1, 2, 1, 3], False, True)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._values

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The value of a key; computed outside of the lock where it is not kept, so that others need not wait."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = compute()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value
