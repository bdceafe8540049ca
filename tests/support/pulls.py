"""The runner's pulls without the rest of the runner: a store in a test's own folder and a real puller process."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.images.pull_service import Message, Pulls
from sandbox.images.store import Store
from sandbox.model import events, protocol
from sandbox.model.protocol import PullRequest, Reply
from sandbox.settings import Settings
from support import oci, pace
from support.oci import File, Folder, Link

Line = dict[str, Any]
# an image of a shell, and a file above it
LAYERS: list[oci.Tree] = [
    {"bin": Folder(), "bin/busybox": File(b"x" * 90_000, 0o755), "bin/sh": Link("busybox")},
    {"etc/os-release": b"A"},
]


@dataclass
class Bench:
    """`pull` gives all lines of one pull; `leftovers` what lies on disk under no name."""

    settings: Settings
    store: Store
    pulls: Pulls

    async def pull(
        self, reference: str = "alpine", platform: str | None = None, have: Collection[str] = (), address: str = ""
    ) -> list[Line]:
        request = PullRequest(reference, platform, tuple(have), time.monotonic(), address)
        async with aclosing(self.pulls.pull(request)) as messages:
            return [json.loads(_line(message)) async for message in messages]

    def on_disk(self) -> list[str]:
        """Everything that the store holds, by its path below the state folder, two levels deep."""
        state = self.settings.data_dir
        return sorted(str(path.relative_to(state)) for path in state.glob("*/*"))


def _line(message: Message) -> bytes:
    return protocol.encode(message) if isinstance(message, Reply) else events.encode(message, 0.0)


def store_in(folder: Path, **changes: Any) -> tuple[Settings, Store]:
    """A store in a test's own folder, with small limits."""
    limits: dict[str, Any] = {"image_bytes": 8 << 20, "image_files": 300, "unpack_seconds": 10.0, "pull_seconds": 20.0}
    # tags move, and all of a test is one address
    limits |= {"tag_seconds": 0.0, "registry_questions": 1 << 20} | changes
    settings = Settings(data_dir=folder / "state", run_dir=folder / "run", **limits)
    store = Store(settings)
    store.sweep()
    return settings, store


@asynccontextmanager
async def pulling(folder: Path, url: str, **changes: Any) -> AsyncIterator[Bench]:
    """Pulls from the registry at `url`."""
    settings, store = store_in(folder, registry=url, **changes)
    async with Pulls.start(settings, store) as pulls:
        yield Bench(settings, store, pulls)


def statuses(lines: list[Line]) -> list[tuple[str, str]]:
    """The pull events' layers and words, without the repeated ones of a progress bar."""
    shown = [(line["layer"], line["status"]) for line in lines if line["type"] == "pull"]
    return list(dict.fromkeys(shown))


async def refused(bench: Bench) -> Line:
    """Pull, and return the last line, which says why there is no image; the store is as it was."""
    end = (await bench.pull())[-1]
    assert end["type"] == "no-image", end
    assert bench.on_disk() == []
    return end


def last(lines: list[Line]) -> Line:
    """The one last line of a pull, which comes last."""
    ends = [line for line in lines if line["type"] in ("fetched", "no-image", "failed")]
    assert ends == lines[-1:]
    return ends[0]


async def until(true: Callable[[], object]) -> None:
    """Wait for what nothing tells of."""
    deadline = time.monotonic() + pace.seconds(10)
    while not true():  # another process, thread or task makes it true
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)
