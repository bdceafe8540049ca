"""Ends runs that take of the machine what no limit of theirs counts, in a thread of its own.

Each run is looked at by itself: its sockets, and the processes of it that the kernel had to kill. What all have
together is looked at as a whole, and as long as there is enough of it nobody is ended. When there is not, one is ended
that has more than its share by a number of its own, whoever has most first; if there is none, nobody is. How busy a run
is, or what else it has, says nothing: others could see to it that an honest one has most of that.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from sandbox.linux import processes, shared
from sandbox.runner.container import suspicion
from sandbox.runner.container.rise import MOST_WAITING, PART, Shared
from sandbox.runner.container.shares import FILE_BYTES, WAITING_BYTES, Kept, above
from sandbox.runner.kernel import cgroup

Cause = Literal["too-many-sockets", "too-many-kills", "too-much-kernel-memory", "too-many-files", "too-much-in-sockets"]
# of sockets in one network, whatever they are; and of those whose queues nothing counts, 208 KiB each
MOST_SOCKETS, MOST_UNCOUNTED = 1024, 32
UNCOUNTED = {"RAW", "RAWv6", "PING", "PINGv6", "NETLINK"}
# the kernel writes a line of its log for each
MOST_KILLS = 32
LOOK_SECONDS, MACHINE_SECONDS, KILLS_SECONDS, WAITING_SECONDS = 0.01, 0.02, 0.2, 0.1
# a look at a large machine takes longer, and shall not take more than this part of a processor
LARGEST_SHARE = 0.03
# what is ended takes a moment to give back what it has
PATIENCE_SECONDS = 0.2
NICE = -10


@dataclass(eq=False, slots=True)
class Watched:
    """A run: what the kernel keeps for it, its network, and what ends it. `least` is the least that the kernel had
    since it began, `sending` whether it had descriptors on their way at the last look. `cause` says why it was ended,
    and `ended` then is set."""

    kept: Kept
    network: suspicion.Network | None
    kill: Callable[[], None]
    loop: asyncio.AbstractEventLoop
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    least: float = float("inf")
    sending: bool = False
    cause: Cause | None = None

    @property
    def group(self) -> str:
        """Its own group."""
        return self.kept.group

    def end(self, cause: Cause) -> None:
        """End it, from any thread."""
        self.cause = cause
        self.kill()
        # the loop may be over
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.ended.set)


class Watch:
    """Watches all runs, of which there are `most` at a time; they may have `kernel_bytes` together that their limits do
    not count. Its thread starts with the first one, and ends with the process."""

    def __init__(self, kernel_bytes: int, most: int) -> None:
        self._most, self._part = most, kernel_bytes / most
        self._watched: list[Watched] = []
        self._changed = threading.Condition()
        self._shared = Shared(kernel_bytes)
        self._thread: threading.Thread | None = None
        self._due: dict[Callable[[list[Watched]], None], float] = {}
        self._patient_until = 0.0

    @contextmanager
    def on(self, kept: Kept, network: suspicion.Network | None, kill: Callable[[], None]) -> Iterator[Watched]:
        """Watch a run for as long as the block lasts; `kill` is called in the thread: it may neither wait nor raise."""
        one = Watched(kept, network, kill, asyncio.get_running_loop())
        with self._changed:
            self._watched.append(one)
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
                self._thread.start()
        try:
            yield one
        finally:
            with self._changed:
                self._watched.remove(one)

    def _look(self) -> None:
        # runs may keep all processors busy, and what ends them comes before them
        processes.come_at(NICE, threading.get_native_id())
        while True:
            with self._changed:
                while not self._watched:
                    self._changed.wait()
                watched = [one for one in self._watched if one.cause is None]
            self._now_and_then(LOOK_SECONDS, _end_those_with_many_sockets, watched)
            self._now_and_then(KILLS_SECONDS, _end_those_that_are_killed_often, watched)
            self._now_and_then(MACHINE_SECONDS, self._end_who_holds_too_much_memory, watched)
            self._now_and_then(MACHINE_SECONDS, self._end_who_has_too_many_files, watched)
            self._now_and_then(WAITING_SECONDS, self._end_who_waits_for_too_many, watched)
            self._now_and_then(PATIENCE_SECONDS, self._end_who_has_too_full_sockets, watched)
            time.sleep(LOOK_SECONDS)

    def _now_and_then(self, seconds: float, look: Callable[[list[Watched]], None], watched: list[Watched]) -> None:
        if time.monotonic() >= self._due.get(look, 0.0):
            # not the time that others had the processor meanwhile
            begun = time.thread_time()
            # what cannot be read, as of a run that is over, is no reason to end one
            with contextlib.suppress(OSError, ValueError, LookupError):
                look(watched)
            self._due[look] = time.monotonic() + max(seconds, (time.thread_time() - begun) / LARGEST_SHARE)

    def _end_who_holds_too_much_memory(self, watched: list[Watched]) -> None:
        now = shared.kernel_bytes()
        for one in watched:
            one.least = min(one.least, now)
        if self._shared.too_much_memory(now, lambda: (cgroup.here().kernel(one.group) for one in watched)):
            # whoever has begun since is not the one
            suspects = [one for one in watched if now - one.least > self._part]
            self._end("too-much-kernel-memory", self._part, suspects, _could_hold)

    def _end_who_has_too_many_files(self, watched: list[Watched]) -> None:
        if self._shared.too_many_files():
            share = self._shared.most_files / self._most * FILE_BYTES
            self._end("too-many-files", share, watched, lambda one: one.kept.proven(share))

    def _end_who_waits_for_too_many(self, watched: list[Watched]) -> None:
        if self._shared.too_many_waiting():
            # as many as all may have: whoever wakes them up has to do with those of one run alone
            share = MOST_WAITING * WAITING_BYTES
            self._end("too-many-files", share, watched, lambda one: one.kept.proven(share))

    def _end_who_has_too_full_sockets(self, watched: list[Watched]) -> None:
        part, most_bytes = shared.share_of_sockets()
        # beyond it the kernel is sparing with everybody's
        if part > PART:
            share = PART * most_bytes / self._most
            self._end("too-much-in-sockets", share, watched, lambda one: cgroup.here().in_sockets(one.group))

    def _end(self, cause: Cause, share: float, watched: list[Watched], number: Callable[[Watched], float]) -> None:
        """End the one with most by its own `number`, if that is more than a `share`, and not sooner than the one before
        has had its moment."""
        one = above(share, ((one, _read(number, one)) for one in watched))
        if one and time.monotonic() > self._patient_until:
            one.end(cause)
            self._patient_until = time.monotonic() + PATIENCE_SECONDS


def _end_those_with_many_sockets(watched: list[Watched]) -> None:
    for one in watched:
        with contextlib.suppress(OSError, ValueError, LookupError):
            if one.network and _too_many_sockets(one.network):
                one.end("too-many-sockets")


def _too_many_sockets(network: suspicion.Network) -> bool:
    used = network.sockets()
    return used > MOST_SOCKETS or (used > MOST_UNCOUNTED and network.of(UNCOUNTED) > MOST_UNCOUNTED)


def _read(number: Callable[[Watched], float], one: Watched) -> float:
    # what cannot be read of one is no reason to overlook another
    with contextlib.suppress(OSError, ValueError, LookupError):
        return number(one)
    return 0


def _could_hold(one: Watched) -> float:
    """How much memory it could have that no limit counts: no bound for whoever has descriptors on their way at two
    looks, one after the other, as what they are is not to be seen."""
    pids = cgroup.here().processes(one.group)
    before, one.sending = one.sending, suspicion.sends(pids)
    return float("inf") if before and one.sending else suspicion.could_hold(one.network, pids)


def _end_those_that_are_killed_often(watched: list[Watched]) -> None:
    for one in watched:
        if cgroup.here().kills(one.group) > MOST_KILLS:
            one.end("too-many-kills")
