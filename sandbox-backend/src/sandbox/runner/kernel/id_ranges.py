"""Gives each run a range of user ids of its own, so that no two runs share an identity on the machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from sandbox.linux import namespaces
from sandbox.model.plan import Limits
from sandbox.oci.users import IDS
from sandbox.runner.kernel import cgroup
from sandbox.settings import Settings

# what each user in a container may have at once, besides what the owner of its user namespace may (user_namespaces(7));
# the first ones of every container are those that the OCI runtime makes, and a joined user namespace has several
LIMITS = {
    "max_user_namespaces": 0,
    **dict.fromkeys((f"max_{kind}_namespaces" for kind in ("cgroup", "ipc", "mnt", "pid", "time", "uts")), 64),
    # those that the connections of ended runs keep for a moment, too, when the ids are already another's
    "max_net_namespaces": 256,
    "max_inotify_instances": 32,
    "max_inotify_watches": 8192,
}
# what all users of a container may have together: bytes of POSIX message queues, and signals and timers that wait
TOTALS = {"msgqueue": 819_200, "sigpending": 4096}

# the kernel's own for removed groups, which those that join one after the other share
SPARE = 16 << 20
# processes that have ended, and that nobody has waited for
SPARE_PIDS = 64


@dataclass(eq=False, slots=True)
class IdRange:
    """The user ids on the machine from `first_uid` on, and two user namespaces: `namespace` is a descriptor of the one
    that translates the layers' owners to them, `home` of the one that containers live in.

    It has holders: the run that it was given to, and every container whose processes have these ids, until the kernel
    has let that container's cgroup be removed. The last one gives it back, whichever that is.
    """

    first_uid: int
    namespace: int
    home: int = -1
    free: Callable[[IdRange], None] = lambda _: None
    _holders: int = 0
    _shares: list[Limits] = field(default_factory=list)
    # the one of `shared`, as long as there may be something in it
    group: str | None = None

    @property
    def path(self) -> str:
        """The path of the user namespace that containers live in, for the OCI runtime."""
        return f"/proc/{os.getpid()}/fd/{self.home}"

    @property
    def uids(self) -> range:
        """The user ids that nobody else has as long as the range is held."""
        return range(self.first_uid, self.first_uid + IDS)

    @contextmanager
    def held(self) -> Iterator[IdRange]:
        """Keep it from other runs for as long as the block lasts."""
        self._holders += 1
        try:
            yield self
        finally:
            self._holders -= 1
            if not self._holders:
                self._end()

    def _end(self) -> None:
        group, self.group = self.group, None
        try:
            if group is not None:
                cgroup.here().remove(group)
        finally:
            self.free(self)

    @contextmanager
    def shared(self, parent: str, limits: Limits) -> Iterator[str]:
        """The path of a group in `parent` for those that join a container with these ids, which count for as long as
        the block lasts: as much as the `limits` of each is what they have together with what ended ones have left.

        Whoever has a namespace in common with a run can hold its memory when it has ended, and the kernel counts that
        for the run's removed group still, and for the groups above. It goes with the last holder of the range.
        """
        self.group = group = f"{parent}/{self.first_uid}"
        self._shares.append(limits)
        try:
            self._limit(group)
            yield group
        finally:
            self._shares.remove(limits)
            self._limit(group)

    def _limit(self, group: str) -> None:
        memory, pids = (sum(one.memory for one in self._shares), sum(one.pids for one in self._shares))
        cgroup.here().share(group, memory + SPARE, pids + SPARE_PIDS, len(self._shares))


class IdRanges:
    """The ranges of this runner; a run that finds none free waits until one is given back."""

    def __init__(self, ranges: list[IdRange]) -> None:
        self.count = len(ranges)
        self._free: asyncio.LifoQueue[IdRange] = asyncio.LifoQueue()
        for one in ranges:
            one.free = self._free.put_nowait
            self._free.put_nowait(one)

    @property
    def running(self) -> int:
        """How many ranges are held."""
        return self.count - self._free.qsize()

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[IdRange]:
        """A range that is held for as long as the block lasts, and by what is made with it as long as that lasts."""
        with (await self._free.get()).held() as taken:
            yield taken


def make(settings: Settings) -> IdRanges:
    """Make twice as many ranges as runs are let in at once, because a run's clean-up comes after its last event."""
    firsts = [settings.first_uid + number * IDS for number in range(2 * settings.slots)]
    return IdRanges([_make(settings.store_uid, first) for first in firsts])


def _make(store_uid: int, first: int) -> IdRange:
    translating = namespaces.user_namespace(store_uid, first, IDS)
    # owned by a user of its own, as the kernel has budgets of each owner's that all would share if it were root
    home = namespaces.user_namespace(0, first, IDS, owner=first, limits=LIMITS, totals=TOTALS)
    return IdRange(first, translating, home)
