"""What a program writes becomes events: gathered, decoded, limited."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import threading

import pytest

from sandbox.runner.container import output
from sandbox.runner.container.output import MOST_PENDING, Outputs


async def collect(outputs: Outputs) -> list[tuple[str, str]]:
    return [(event.stream, event.text) async for event in outputs]


async def test_a_character_is_never_split() -> None:
    reader, writer = os.pipe()
    outputs = Outputs({reader: "stdout"}, 1000)
    seen = asyncio.create_task(collect(outputs))
    for byte in "가나".encode():
        os.write(writer, bytes([byte]))
        await asyncio.sleep(0.02)
    os.close(writer)
    outputs.finish()
    assert "".join(text for _, text in await seen) == "가나"
    assert all("\ufffd" not in text for _, text in await seen)


async def test_a_bad_byte_becomes_a_mark() -> None:
    reader, writer = os.pipe()
    outputs = Outputs({reader: "stderr"}, 1000)
    os.write(writer, b"a\xffb\xe2\x82")
    os.close(writer)
    outputs.finish()
    assert await collect(outputs) == [("stderr", "a\ufffdb\ufffd")]


async def test_the_first_bytes_do_not_wait_for_the_next() -> None:
    reader, writer = os.pipe()
    outputs = Outputs({reader: "stdout"}, 1000)
    os.write(writer, b"first")
    first = await asyncio.wait_for(anext(aiter(outputs)), 0.5)
    assert first.text == "first"
    os.close(writer)
    outputs.close()


async def test_the_end_does_not_wait_for_the_next_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "FRAME_SECONDS", 30.0)
    reader, writer = os.pipe()
    outputs = Outputs({reader: "stdout"}, 1000)
    seen = asyncio.create_task(collect(outputs))
    os.write(writer, b"all")
    await asyncio.sleep(0.02)
    os.close(writer)
    outputs.finish()
    assert await asyncio.wait_for(seen, 1) == [("stdout", "all")]


async def test_past_the_limit_nothing_more_is_sent() -> None:
    reader, writer = os.pipe()
    outputs = Outputs({reader: "stdout"}, 10)
    os.write(writer, b"0123456789")
    await asyncio.sleep(0.02)
    assert not outputs.over.is_set()
    os.write(writer, b"x")
    await asyncio.wait_for(outputs.over.wait(), 5)
    os.close(writer)
    outputs.finish()
    assert await collect(outputs) == [("stdout", "0123456789")]


async def test_reading_pauses_while_nobody_takes_the_text() -> None:
    reader, writer = os.pipe()
    outputs = Outputs({reader: "stdout"}, 100 * MOST_PENDING)
    os.set_blocking(writer, False)
    written = 0
    for _ in range(2000):
        with contextlib.suppress(BlockingIOError):
            written += os.write(writer, b"x" * 65_536)
        await asyncio.sleep(0)
    assert written < 3 * MOST_PENDING
    os.close(writer)
    outputs.close()


async def test_the_end_takes_what_the_pipe_holds_and_no_more_however_much_others_go_on_writing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, writer = os.pipe()
    outputs = Outputs({reader: "stdout"}, 1 << 30)
    held = fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 1 << 20)
    os.write(writer, b"x" * held)
    written = 0

    def read_beside_a_writer(fd: int, size: int) -> bytes:
        # what is taken is there again at once; without a bound the test would have no end
        nonlocal written
        data = read(fd, size)
        if fd == reader and written < 8 * held:
            written += os.write(writer, data)
        return data

    read = os.read
    monkeypatch.setattr(os, "read", read_beside_a_writer)
    monkeypatch.setattr(output, "END_SECONDS", 60)
    outputs.finish()
    assert sum(len(text) for _, text in await collect(outputs)) == held
    os.close(writer)


async def write_on(writer: int) -> None:
    while True:
        os.write(writer, b"x")
        await asyncio.sleep(0.001)


async def test_whoever_has_the_lock_of_a_pipe_holds_up_what_reads_it_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(output, "END_SECONDS", 0.1)
    reader, writer = os.pipe()
    free, read = threading.Event(), os.read

    def wait_for_the_lock(fd: int, size: int) -> bytes:
        free.wait(3)
        return read(fd, size)

    monkeypatch.setattr(os, "read", wait_for_the_lock)
    outputs = Outputs({reader: "stdout"}, 1000)
    os.write(writer, b"kept")
    await asyncio.sleep(0.02)
    # the loop goes on, and so does what waits for the end
    outputs.finish()
    assert await asyncio.wait_for(collect(outputs), 1) == []
    free.set()
    # it is let go of as soon as that can be done
    with pytest.raises(BrokenPipeError):
        await write_on(writer)
    os.close(writer)
