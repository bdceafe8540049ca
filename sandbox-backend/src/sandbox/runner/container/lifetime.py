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
from sandbox.runner.cleanup import Work, in_order
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
    its folders and its hold on the id range go later, when no process of it is left."""
    container = Container(environment, image, plan)
    folder, lower = environment.runs / container.id[:16], [*layers, environment.init_layer]
    stack = contextlib.ExitStack()
    stack.callback(environment.prestarter.refill)
    stack.enter_context(id_range.held())
    remains = in_order(container.forget, partial(rootfs.removed, folder), partial(_left, stack))
    try:
        container.begin()
        disks = environment.disks if plan.read_bps or plan.write_bps else None
        yield container, rootfs.make(folder, lower, id_range.namespace, id_range.first_uid, plan.limits, disks)
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
