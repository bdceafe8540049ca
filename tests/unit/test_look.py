"""A look at a run's processes holds up nobody, whatever they keep the kernel from saying."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from sandbox.model.events import Inspection
from sandbox.runner.container.inspect import Inspector
from support import pace

SEEN = Inspection((), 0, (), "", (), "filter", no_new_privs=True, uid_map=(0, 1, 2))


async def test_a_look_that_takes_long_is_begun_once_and_taken_when_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, released = [], threading.Event()

    def changed(_: Inspector) -> Inspection | None:
        looks.append(threading.current_thread())
        assert released.wait(pace.seconds(10))
        return SEEN

    monkeypatch.setattr(Inspector, "changed", changed)
    inspector, other = Inspector("/a", 1, Path("/runs")), Inspector("/b", 2, Path("/runs"))
    try:
        assert [await inspector.look(0.01) for _ in range(3)] == [None] * 3
        assert len(looks) == 1
    finally:
        released.set()
    async with asyncio.timeout(pace.seconds(2)):
        assert await inspector.look(pace.seconds(2)) == SEEN
        # it is free for the next one, and another run's for its own
        assert [await one.look(pace.seconds(2)) for one in (inspector, other)] == [SEEN, SEEN]
    assert len(looks) == 3
    assert threading.main_thread() not in looks
