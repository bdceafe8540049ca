"""Remembers what was used last, and no more of it than a set number. Pure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """The values that were put or looked up last, as many as have `most` together by their `weight`, which is 1 each
    unless it is given; any thread may ask."""

    def __init__(self, most: int, weight: Callable[[V], int] = lambda _: 1) -> None:
        self._most, self._weight, self._lock = most, weight, threading.Lock()
        self._total = 0
        # a dictionary keeps the order of use: what was used last is put last
        self._values: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Return the value of `key`, which counts as used now; None when it is not remembered."""
        with self._lock:
            if key in self._values:
                self._values[key] = self._values.pop(key)
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Remember `value`; what was not used for the longest time is forgotten for it."""
        with self._lock:
            self._remove(key)
            self._values[key] = value
            self._total += self._weight(value)
            while self._total > self._most:
                self._remove(next(iter(self._values)))

    def forget(self, key: K) -> None:
        """Forget `key`, if it is remembered."""
        with self._lock:
            self._remove(key)

    def _remove(self, key: K) -> None:
        if key in self._values:
            self._total -= self._weight(self._values.pop(key))
