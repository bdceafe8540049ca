"""What a container has in common with others of its visitor's host: namespaces that it joins, a bridge to meet on."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from sandbox.docker import messages
from sandbox.model.plan import Plan
from sandbox.runner.container import running
from sandbox.runner.container.bundle import NotStarted
from sandbox.runner.container.running import IdRange, RunningContainer
from sandbox.runner.environment import Environment
from sandbox.runner.kernel.bridge import Member


@dataclass(frozen=True, slots=True)
class Shared:
    """The place that it runs in, which is a donor's if it has one; whose namespaces it joins, by kind; its own place on
    a bridge."""

    slot: IdRange
    donors: Mapping[str, RunningContainer] = field(default_factory=dict)
    member: Member | None = None

    def hostname(self, own: str) -> str:
        """Its name for itself: the other one's, where it shares a network."""
        return self.donors["network"].hostname if "network" in self.donors else own

    @property
    def address(self) -> str | None:
        """Its own on the bridge, or the other one's, where it shares a network."""
        if "network" in self.donors:
            return self.donors["network"].address
        return str(self.member.address) if self.member else None

    async def leave(self) -> None:
        """Leave the bridge, before anybody hears that the container has ended: its address is free then."""
        if self.member:
            await self.member.leave()

    @contextmanager
    def namespaces(self) -> Iterator[dict[str, str]]:
        """Paths of those that it joins. NotStarted when one is gone."""
        with contextlib.ExitStack() as stack:
            try:
                opened = stack.enter_context(running.opened(self.donors))
            except OSError as error:
                raise NotStarted(f"cannot join a container that has ended: {error.strerror}") from error
            yield opened


@asynccontextmanager
async def shared(environment: Environment, slot: IdRange, host: str, plan: Plan) -> AsyncIterator[Shared]:
    """What `plan` asks for, held for as long as the block lasts. NotStarted when it cannot be had."""
    donors = _donors(environment, host, plan)
    async with contextlib.AsyncExitStack() as held:
        for donor in donors.values():
            slot = donor.slot
            held.enter_context(environment.running.guest(slot))
        member = await held.enter_async_context(_member(environment, host)) if plan.bridge else None
        yield Shared(slot, donors, member)


def _donors(environment: Environment, host: str, plan: Plan) -> dict[str, RunningContainer]:
    """Whose namespaces a plan asks to share, by kind, and `user` with them: mounting /proc and the like needs the user
    namespace that owns the others. NotStarted when one has ended, or does not share."""
    found: dict[str, RunningContainer] = {}
    for join in plan.joins:
        donor = environment.running.find(host, join.container)
        if donor is None:
            raise NotStarted(messages.no_such_container(join.kind, join.container))
        if join.kind == "ipc" and not donor.shareable:
            raise NotStarted(messages.not_shareable(join.container))
        found[join.kind] = donor
    if len({donor.slot for donor in found.values()}) > 1:
        raise NotStarted("containers with different user namespaces cannot be joined at once on this host")
    for donor in list(found.values())[:1]:
        found["user"] = donor
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
