"""Finds out which run has more than its share of what the whole machine has so many of: open files, and what waits for
them. They may be where no list shows them: on their way through a socket, in a mapping, with a companion.

Each of them costs memory of the kernel's that is counted for the run. So whoever has little of that has few of them,
whatever it does; and no honest program has much that the kernel cannot take back and that files by name do not explain.
Nobody is judged by what others have: whoever is not above its own share is not ended.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

from sandbox.runner import aside
from sandbox.runner.kernel import cgroup

# the least that is counted of an open file, and of a descriptor that epoll waits for
FILE_BYTES, WAITING_BYTES = 192, 192
# what is counted of each file that has a name in a file system in memory, open or not
NAMED_BYTES = 960
# what the kernel has taken back is counted for a moment still, and it takes little at a time
TRIES, PAUSE_SECONDS = 5, 0.03
# it may have to wait for a disk; and for how long it is known what it could not take back
LATE_SECONDS, KNOWN_SECONDS = 3.0, 1.0
T = TypeVar("T")


def above(share: float, numbers: Iterable[tuple[T, float]]) -> T | None:
    """Whoever has most, if that is more than a `share`."""
    most = max(numbers, key=lambda pair: pair[1], default=None)
    return most[0] if most and most[1] > share else None


@dataclass(eq=False, slots=True)
class Kept:
    """What the kernel keeps for a run: in the group `group`, and in the one, if `shared` names one, in which companions
    leave things to each other. `named` says how many files by name it has in a file system of its own; while `stopped`
    is entered it does nothing."""

    group: str
    shared: Callable[[], str | None] = lambda: None
    named: Callable[[], int] = lambda: 0
    stopped: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
    _taking: Future[int] | None = None
    _since: float = 0.0

    def proven(self, share: float) -> float:
        """How many bytes of it the kernel cannot take back, once that is known, if it is more than a `share`; else 0.
        A run that seems to have more stands still for as long as the kernel is asked."""
        found, now = self._bytes(), time.monotonic()
        if found <= share:
            return 0
        if self._taking is None or (self._taking.done() and now > self._since + KNOWN_SECONDS):
            self._taking, self._since = aside.looking(lambda: self._taken(share)), now
        if self._taking.done():
            found = min(found, self._taking.result())
        elif now < self._since + LATE_SECONDS:
            return 0
        return found if found > share else 0

    def _taken(self, share: float) -> int:
        with self.stopped():
            for _ in range(TRIES):
                for group in self._groups():
                    with contextlib.suppress(OSError):
                        cgroup.here().take_back(group)
                time.sleep(PAUSE_SECONDS)
                if (found := self._bytes()) <= share:
                    break
        return found

    def _bytes(self) -> int:
        return sum(map(cgroup.here().objects, self._groups())) - NAMED_BYTES * self.named()

    def _groups(self) -> list[str]:
        shared = self.shared()
        if shared is None:
            return [self.group]
        # those of companions are in it
        return [shared] if self.group.startswith(f"{shared}/") else [self.group, shared]
