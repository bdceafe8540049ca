"""Remembers what was used last, and no more of it than a set number. Pure."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """The `most` values that were put or looked up last; any thread may ask."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
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
            self._values.pop(key, None)
            self._values[key] = value
            if len(self._values) > self._most:
                del self._values[next(iter(self._values))]

    def forget(self, key: K) -> None:
        """Forget `key`, if it is remembered."""
        with self._lock:
            self._values.pop(key, None)
