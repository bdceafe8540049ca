"""Owns what is made for one container: it goes, on whatever path, once the kernel has let go of the last process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
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
    container = Container(environment, image, plan)
    folder, lower = environment.runs / container.id[:16], [*layers, environment.init_layer]
    stack = contextlib.ExitStack()
    stack.callback(environment.prestarter.refill)
    stack.enter_context(id_range.held())
    removed = environment.cleanup.aside(partial(rootfs.removed, folder))
    remains = in_order(container.forget, removed, partial(_left, stack))
    make = partial(rootfs.make, folder, lower, id_range.namespace, id_range.first_uid, plan.limits, disks)
    try:
        container.begin()
        # a thread takes as long as all else, where there is no disk to wait for
        yield container, await aside.done(make) if disks else make()
    finally:
        await asyncio.shield(_end(environment, container, remains))


async def _end(environment: Environment, container: Container, remains: Work) -> None:
    try:
        await container.end()
    finally:
        environment.cleanup.later(remains)


def _left(stack: contextlib.ExitStack) -> bool:
    stack.close()
    return True
