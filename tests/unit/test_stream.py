"""The stream itself, with a hand-written reader in place of a server."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from typing import Any, cast

import pytest

from sandbox.model.events import Exited, Heartbeat, Output
from sandbox.turns import Queue
from sandbox.web.runs import stream
from sandbox.web.runs.run import Services
from sandbox.web.runs.stream import ABORT, Sink, Stalled

Message = dict[str, Any]


class Reader:
    """What a server would be: `send` takes messages until `full`, `receive` waits until `leave`."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.full = False
        self.leave = asyncio.Event()
        self.aborted = False
        self.sink = Sink(self.send, time.monotonic(), stalled_seconds=0.05)
        self.scope: Message = {"type": "http", "extensions": {ABORT: self._abort}}

    async def send(self, message: Any) -> None:
        if self.full:
            await asyncio.Event().wait()
        self.messages.append(message)

    async def receive(self) -> Message:
        await self.leave.wait()
        return {"type": "http.disconnect"}

    def _abort(self) -> None:
        self.aborted = True

    async def answer(self, run: Any) -> None:
        """The whole answer, which must not hang."""
        async with asyncio.timeout(2):
            await stream.answer(self.scope, self.receive, self.send, self.sink, run)


async def test_a_run_is_sent_as_it_happens_and_then_closed() -> None:
    reader = Reader()

    async def run() -> None:
        await reader.sink.event(Output("stdout", "x"))
        await reader.sink.event(Exited(0, "exit"))

    await reader.answer(run)
    start, first, last, end = reader.messages
    assert dict(start["headers"])[b"content-type"] == b"application/x-ndjson"
    assert first["body"].startswith(b'{"type":"output"')
    assert last["body"].startswith(b'{"type":"exited"')
    assert (end["body"], end["more_body"]) == (b"", False)


async def test_a_reader_who_does_not_read_is_cut_off_after_the_time_that_they_have() -> None:
    reader = Reader()

    async def run() -> None:
        reader.full = True
        await reader.sink.event(Output("stdout", "x"))

    await reader.answer(run)
    assert reader.aborted


async def test_a_server_that_cannot_abort_gets_an_exception() -> None:
    reader = Reader()
    reader.scope = {"type": "http"}

    async def run() -> None:
        reader.full = True
        await reader.sink.event(Output("stdout", "x"))

    with pytest.raises(Stalled):
        await reader.answer(run)


async def test_a_reader_who_leaves_cancels_a_silent_run_and_its_clean_up_is_done_on_return() -> None:
    reader, cleaned = Reader(), []

    async def run() -> None:
        try:
            reader.leave.set()
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    await reader.answer(run)
    assert cleaned == [True]
    assert not reader.aborted


async def test_a_cancelled_server_task_cancels_the_run_too() -> None:
    reader, cleaned = Reader(), []

    async def run() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    task = asyncio.create_task(reader.answer(run))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == [True]


async def test_no_heartbeat_follows_the_last_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.02)
    reader = Reader()

    async def run() -> None:
        await asyncio.sleep(0.07)
        await reader.sink.event(Exited(0, "exit"))
        await asyncio.sleep(0.07)

    await reader.answer(run)
    bodies = [message["body"] for message in reader.messages if message.get("body")]
    beats = [Heartbeat.type.encode() in body for body in bodies]
    assert beats == [True] * (len(bodies) - 1) + [False]
    assert len(bodies) > 1


@pytest.mark.parametrize("is_wanted", [False, True])
async def test_where_others_wait_for_the_place_a_slow_reader_has_the_time_of_one_that_stalls(is_wanted: bool) -> None:
    sent = []

    async def send(message: Any) -> None:
        await asyncio.sleep(0.05)
        sent.append(message)

    # all together take longer than one may, which takes a small part of that
    sink = Sink(send, time.monotonic(), stalled_seconds=0.5, is_wanted=lambda: is_wanted)
    with pytest.raises(Stalled) if is_wanted else nullcontext():
        for _ in range(12):
            await sink.event(Output("stdout", "x"))
    assert (len(sent) < 12) == is_wanted


@pytest.mark.parametrize("kind", ["runs", "pulls", "vms"])
async def test_attack_78_places_of_every_kind_are_wanted_when_somebody_waits_for_one(kind: str) -> None:
    queues = {name: Queue(1) for name in ("runs", "pulls", "vms")}
    nothing = cast("Any", None)
    services = Services(nothing, nothing, metrics=nothing, turns=nothing, head_starts=nothing, **queues)
    async with queues[kind].turn("one"):
        assert not services.are_wanted
        waits = asyncio.ensure_future(queues[kind].turn("other").__aenter__())
        await asyncio.sleep(0)
        assert services.are_wanted
        waits.cancel()
        await asyncio.wait({waits})
