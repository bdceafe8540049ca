"""Holds what a container has in common with others of its Docker host: the namespaces that it joins, and a bridge."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial

from sandbox.docker import messages
from sandbox.linux import lacks
from sandbox.model.plan import Plan
from sandbox.runner.container import running
from sandbox.runner.container.contents import NotStarted
from sandbox.runner.container.running import RunningContainer, RunningContainers
from sandbox.runner.container.shares import Kept
from sandbox.runner.environment import Environment
from sandbox.runner.kernel.bridge import Member
from sandbox.runner.kernel.id_ranges import IdRange

# many times what it takes, while those that are joined stand still
STOP_SECONDS, JOIN_SECONDS = 2.0, 10.0
TOO_SLOW = messages.task_error("context deadline exceeded")


@dataclass(frozen=True, slots=True)
class Joined:
    """The id range that a container runs in, which is a donor's if it has one; the donors whose namespaces it joins, by
    their OCI type; its membership of a bridge."""

    id_range: IdRange
    donors: Mapping[str, RunningContainer] = field(default_factory=dict)
    member: Member | None = None

    def hostname(self, own: str) -> str:
        """The container's name for itself: the donor's, where it joins a network, else its `own`."""
        return self.donors["network"].hostname if "network" in self.donors else own

    @property
    def address(self) -> str | None:
        """The container's address: the donor's, where it joins a network, else its own on the bridge."""
        if "network" in self.donors:
            return self.donors["network"].address
        return str(self.member.address) if self.member else None

    @property
    def sysctls(self) -> dict[str, str]:
        """The kernel settings that its membership of a bridge asks for."""
        return self.member.sysctls if self.member else {}

    def kept(self, group: str, named: Callable[[], int], running: RunningContainers) -> Kept:
        """What the kernel keeps for a container in `group`, which has so many files by name, and for those among whom
        it is one of the `running` ones: what ended ones have left them counts in a group of its own."""
        companions = lambda: f"/{self.id_range.group}" if self.id_range.group else None  # noqa: E731
        return Kept(group, companions, named, partial(running.stopped, self.id_range))

    async def leave(self) -> None:
        """Leave the bridge; called before the last event is sent, so that the address is free when that is read."""
        if self.member:
            await self.member.leave()

    @contextmanager
    def namespaces(self) -> Iterator[dict[str, str]]:
        """Paths of the joined namespaces, by their OCI type. NotStarted when one is gone."""
        with contextlib.ExitStack() as stack:
            try:
                opened = stack.enter_context(running.opened(self.donors))
            except OSError as error:
                if lacks.anything(error):
                    raise
                raise NotStarted(f"cannot join a container that has ended: {error.strerror}") from error
            yield opened

    @asynccontextmanager
    async def unmet(self, others: RunningContainers) -> AsyncIterator[None]:
        """Stop those of `others` whose pid namespace is joined, for as long as the block lasts: it begins when they
        stand still. NotStarted when one of them cannot be stopped soon, or the block takes long."""
        if "pid" not in self.donors:
            yield
            return
        try:
            with others.stopped(self.id_range):
                async with asyncio.timeout(STOP_SECONDS):
                    await others.still(self.id_range)
                async with asyncio.timeout(JOIN_SECONDS):
                    yield
        except TimeoutError as error:
            raise NotStarted(TOO_SLOW) from error


@asynccontextmanager
async def joined(environment: Environment, id_range: IdRange, host: str, plan: Plan) -> AsyncIterator[Joined]:
    """Hold what `plan` asks for for as long as the block lasts. NotStarted when it cannot be had."""
    donors = _donors(environment, host, plan)
    async with contextlib.AsyncExitStack() as held:
        for donor in donors.values():
            id_range = donor.id_range
            held.enter_context(id_range.held())
        member = await held.enter_async_context(_member(environment, host)) if plan.bridge else None
        yield Joined(id_range, donors, member)


def _donors(environment: Environment, host: str, plan: Plan) -> dict[str, RunningContainer]:
    """The containers whose namespaces a plan asks to join, by type; their user namespace is that of the id range, as
    mounting /proc and the like needs the one that owns the others. NotStarted when one has ended, or does not share.

    One with a slow disk shares nothing: what is to be copied to a page of that keeps the kernel busy for as long as it
    likes, and with things of ended companions, such as their networks, that others have to wait for.
    """
    found: dict[str, RunningContainer] = {}
    for join in plan.joins:
        donor = environment.running.find(host, join.container)
        if donor is None:
            raise NotStarted(messages.no_such_container(join.kind, join.container))
        if join.kind == "ipc" and not donor.shareable:
            raise NotStarted(messages.not_shareable(join.container))
        if donor.slow:
            raise NotStarted(messages.SHARED_DISK)
        found[join.kind] = donor
    if len({donor.id_range for donor in found.values()}) > 1:
        raise NotStarted("containers with different user namespaces cannot be joined at once on this host")
    return found


@asynccontextmanager
async def _member(environment: Environment, host: str) -> AsyncIterator[Member]:
    if environment.bridges is None:
        raise NotStarted(messages.NO_BRIDGE)
    async with contextlib.AsyncExitStack() as held:
        try:
            member = await held.enter_async_context(environment.bridges.member(host))
        except OSError as error:
            raise NotStarted(messages.FULL_BRIDGE) from error
        yield member
