"""Owns what is made for one container: it goes, on whatever path, once the kernel has let go of the last process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

from sandbox.model.image import Image
from sandbox.model.plan import Plan
from sandbox.runner import aside
from sandbox.runner.cleanup import Work, in_order
from sandbox.runner.container import contents
from sandbox.runner.container.container import Container
from sandbox.runner.environment import Environment
from sandbox.runner.kernel import rootfs
from sandbox.runner.kernel.id_ranges import IdRange
from sandbox.runner.kernel.rootfs import Snapshot


@asynccontextmanager
async def prepared(
    environment: Environment, id_range: IdRange, image: Image, plan: Plan, layers: Sequence[Path]
) -> AsyncIterator[tuple[Container, Snapshot]]:
    """A container that is begun, and its root file system. At the end it is killed; its root file system, its cgroup,
    its folders and its hold on the id range go later, when no process of it is left. NotStarted when the machine has
    not the disks that `plan` is to slow down."""
    disks = contents.disks_for(plan, environment.disks)
    lower = [*layers, environment.init_layer]
    with _parent(environment, id_range, plan) as parent:
        container = Container(environment, image, plan, parent)
        async with _owned(environment, id_range, container, disk=disks is not None) as folder:
            make = partial(rootfs.make, folder, lower, id_range.namespace, id_range.first_uid, plan.limits, disks)
            # a thread takes as long as all else, where there is no disk to wait for
            yield container, await aside.done(make, disk=True) if disks else make()


def _parent(environment: Environment, id_range: IdRange, plan: Plan) -> AbstractContextManager[str | None]:
    """The group that the container's own is in, where that is not the one of all."""
    return id_range.shared(environment.cgroup, plan.limits) if plan.joins else contextlib.nullcontext()


@asynccontextmanager
async def _owned(
    environment: Environment, id_range: IdRange, container: Container, *, disk: bool
) -> AsyncIterator[Path]:
    """Begin it; where its root file system is to be."""
    folder = environment.runs / container.id[:16]
    stack = contextlib.ExitStack()
    stack.callback(environment.prestarter.refill)
    stack.enter_context(id_range.held())
    removed = environment.cleanup.aside(partial(_removed, container, folder), disk=disk)
    remains = in_order(container.forget, removed, partial(_left, stack))
    try:
        container.begin()
        yield folder
    finally:
        await asyncio.shield(_end(environment, container, remains))


async def _end(environment: Environment, container: Container, remains: Work) -> None:
    try:
        await container.end()
    finally:
        environment.cleanup.later(remains)


def _removed(container: Container, folder: Path) -> bool:
    return container.erase() and rootfs.removed(folder)


def _left(stack: contextlib.ExitStack) -> bool:
    stack.close()
    return True
