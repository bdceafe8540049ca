"""Ends runs that take of the machine what no limit of theirs counts, in a thread of its own.

Each run is looked at by itself: its sockets, and the processes of it that the kernel had to kill. What has no owner,
the machine's, is looked at as a whole; if runs have taken too much of that, one of those that could have is ended, by
the ways that are known, or else one of all: the one that has kept the kernel busiest, and if that was not it, the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from sandbox.linux import shared
from sandbox.runner.container import suspicion
from sandbox.runner.container.rise import MOST_WAITING, Shared
from sandbox.runner.kernel import cgroup

Cause = Literal["too-many-sockets", "too-many-kills", "too-much-kernel-memory", "too-many-files", "too-much-in-sockets"]
# of sockets in one network, whatever they are; and of those whose queues nothing counts, 208 KiB each
MOST_SOCKETS, MOST_UNCOUNTED = 1024, 32
UNCOUNTED = {"RAW", "RAWv6", "PING", "PINGv6", "NETLINK"}
# the kernel writes a line of its log for each
MOST_KILLS = 32
# of what sockets may have in memory, which is the whole machine's: beyond it the kernel is sparing with everybody's
MOST_OF_SOCKETS = 0.5
LOOK_SECONDS, MACHINE_SECONDS, KILLS_SECONDS, WAITING_SECONDS = 0.01, 0.02, 0.2, 0.5
# a look at a large machine takes longer, and shall not take more than this part of a processor
LARGEST_SHARE = 0.03
# what a run must have had of the kernel's time to be the one that has taken so much
LEAST_KERNEL_MS = 50
# what the kernel counts of each descriptor that is waited for, at least
LEAST_WAITING_BYTES = 128
# of the memory that runs may have together, one must have seen this part come
SUSPECTS = 8
# memory takes a moment to come back
PATIENCE_SECONDS = 0.2
NICE = -10


@dataclass(eq=False, slots=True)
class Watched:
    """A run: its group, its network, and what ends it. `least` is the least that the kernel had since it began.
    `cause` says why it was ended, and `ended` then is set."""

    group: str
    network: suspicion.Network | None
    kill: Callable[[], None]
    loop: asyncio.AbstractEventLoop
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    least: float = float("inf")
    cause: Cause | None = None

    def end(self, cause: Cause) -> None:
        """End it, from any thread."""
        self.cause = cause
        self.kill()
        # the loop may be over
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.ended.set)


class Watch:
    """Watches all runs; they may have `kernel_bytes` together that their limits do not count. Its thread starts with
    the first one, and ends with the process."""

    def __init__(self, kernel_bytes: int) -> None:
        self._part = kernel_bytes / SUSPECTS
        self._watched: list[Watched] = []
        self._changed = threading.Condition()
        self._shared = Shared(kernel_bytes)
        self._thread: threading.Thread | None = None
        self._due: dict[Callable[[list[Watched]], None], float] = {}
        self._patient_until = 0.0

    @contextmanager
    def on(self, group: str, network: suspicion.Network | None, kill: Callable[[], None]) -> Iterator[Watched]:
        """Watch a run for as long as the block lasts; `kill` is called in the thread: it may neither wait nor raise."""
        one = Watched(group, network, kill, asyncio.get_running_loop())
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
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while True:
            with self._changed:
                while not self._watched:
                    self._changed.wait()
                watched = [one for one in self._watched if one.cause is None]
            self._now_and_then(LOOK_SECONDS, _end_those_with_many_sockets, watched)
            self._now_and_then(KILLS_SECONDS, _end_those_that_are_killed_often, watched)
            self._now_and_then(MACHINE_SECONDS, self._end_the_busiest, watched)
            self._now_and_then(WAITING_SECONDS, self._end_the_one_with_most_of_the_kernels_memory, watched)
            # what is ended takes a moment to give it back
            self._now_and_then(PATIENCE_SECONDS, _end_the_one_with_the_fullest_sockets, watched)
            time.sleep(LOOK_SECONDS)

    def _now_and_then(self, seconds: float, look: Callable[[list[Watched]], None], watched: list[Watched]) -> None:
        if time.monotonic() >= self._due.get(look, 0.0):
            # not the time that others had the processor meanwhile
            begun = time.thread_time()
            # what cannot be read, as of a run that is over, is no reason to end one
            with contextlib.suppress(OSError, ValueError, LookupError):
                look(watched)
            self._due[look] = time.monotonic() + max(seconds, (time.thread_time() - begun) / LARGEST_SHARE)

    def _end_the_busiest(self, watched: list[Watched]) -> None:
        now = shared.kernel_bytes()
        for one in watched:
            one.least = min(one.least, now)
        memory = self._shared.too_much_memory(now, lambda: (cgroup.here().kernel(one.group).bytes for one in watched))
        if (not memory and not self._shared.too_many_files()) or time.monotonic() < self._patient_until:
            return
        # whoever has begun since is not the one
        suspects = [one for one in watched if now - one.least > self._part or not memory]
        able = [one for one in suspects if memory and self._could_hold(one)]
        busiest = max(able or suspects, key=lambda one: cgroup.here().kernel(one.group).cpu_ms, default=None)
        if busiest and cgroup.here().kernel(busiest.group).cpu_ms >= LEAST_KERNEL_MS:
            busiest.end("too-much-kernel-memory" if memory else "too-many-files")
            self._patient_until = time.monotonic() + PATIENCE_SECONDS

    def _end_the_one_with_most_of_the_kernels_memory(self, watched: list[Watched]) -> None:
        # which counts what it is woken up through, of each descriptor that it waits for
        if self._shared.too_many_waiting():
            most = max(watched, key=lambda one: cgroup.here().kernel(one.group).bytes, default=None)
            if most and cgroup.here().kernel(most.group).bytes > MOST_WAITING * LEAST_WAITING_BYTES:
                most.end("too-many-files")

    def _could_hold(self, one: Watched) -> bool:
        return suspicion.could_hold(one.network, cgroup.here().processes(one.group)) > self._part


def _end_those_with_many_sockets(watched: list[Watched]) -> None:
    for one in watched:
        with contextlib.suppress(OSError, ValueError, LookupError):
            if one.network and _too_many_sockets(one.network):
                one.end("too-many-sockets")


def _too_many_sockets(network: suspicion.Network) -> bool:
    used = network.sockets()
    return used > MOST_SOCKETS or (used > MOST_UNCOUNTED and network.of(UNCOUNTED) > MOST_UNCOUNTED)


def _end_the_one_with_the_fullest_sockets(watched: list[Watched]) -> None:
    if shared.share_of_sockets() > MOST_OF_SOCKETS:
        fullest = max(watched, key=lambda one: cgroup.here().in_sockets(one.group), default=None)
        if fullest and cgroup.here().in_sockets(fullest.group):
            fullest.end("too-much-in-sockets")


def _end_those_that_are_killed_often(watched: list[Watched]) -> None:
    for one in watched:
        if cgroup.here().kills(one.group) > MOST_KILLS:
            one.end("too-many-kills")
