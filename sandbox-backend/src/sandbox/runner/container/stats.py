"""Reads what a running container uses, ten times a second, from its cgroup and its network namespace."""

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
