"""Reads what a running container uses, ten times a second, from its cgroup and its network namespace; and watches what
no cgroup counts."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

from sandbox.linux.loop import Device
from sandbox.model.events import Stats
from sandbox.runner.kernel import cgroup

SECONDS = 0.1
# a queue holds 208 KiB, unless the machine is set otherwise (net.core.rmem_default)
MOST_SOCKETS, SOCKETS_SECONDS = 128, 0.01


async def readings(path: str, pid: int, disk: Device | None = None) -> AsyncIterator[Stats]:
    """Give a reading after each SECONDS, of the group `path` and of the network of the process `pid`. Where the
    container has a `disk` of its own, what it reads and writes is counted there.

    A run that is over sooner has no reading, so that a short run costs nothing more.
    """
    while True:
        await asyncio.sleep(SECONDS)
        received, sent = traffic(pid)
        yield Stats(**dataclasses.asdict(cgroup.here().sample(path, disk)), received_bytes=received, sent_bytes=sent)


def traffic(pid: int) -> tuple[int, int]:
    """Bytes received and sent by the process's interfaces, without what it sent to itself, as with `docker stats`;
    zeros when it is gone."""
    received = sent = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]:
            name, _, counted = line.partition(":")
            counts = counted.split()
            if name.strip() != "lo":
                received, sent = received + int(counts[0]), sent + int(counts[8])
    return received, sent


async def too_many_sockets(pid: int) -> None:
    """Wait until the network namespace of a process has more sockets than MOST_SOCKETS, of those whose queues no memory
    limit counts: all but TCP and UDP."""
    while _uncounted(pid) <= MOST_SOCKETS:  # noqa: ASYNC110  # the kernel tells nobody
        await asyncio.sleep(SOCKETS_SECONDS)


def _uncounted(pid: int) -> int:
    counts: dict[str, int] = {}
    for name in ("sockstat", "sockstat6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines():
                kind, _, number, *_ = line.split()
                counts[kind] = int(number)
    return counts.get("sockets:", 0) - sum(counts.get(kind, 0) for kind in ("TCP:", "UDP:", "TCP6:", "UDP6:"))
