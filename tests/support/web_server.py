"""The real web server on a real socket, in a thread of the test, with the fake runner behind it."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.listening import open_listener
from sandbox.settings import Settings
from sandbox.web.http.serving import Server, server
from support import pace
from support.fake_runner import FakeRunner

START_SECONDS = 10.0


@dataclass
class Web:
    """A server that answers at `url`; `runner` is None where there is none."""

    url: str
    port: int
    runner: FakeRunner | None
    server: Server
    loop: asyncio.AbstractEventLoop

    @property
    def fake(self) -> FakeRunner:
        """The runner, which this test has."""
        assert self.runner is not None
        return self.runner

    def release(self) -> None:
        """Let the programs `wait` and `steps` go on."""
        self.loop.call_soon_threadsafe(self.fake.release.set)

    def connect(self, receive_buffer: int | None = None) -> socket.socket:
        """A plain connection."""
        client = socket.socket()
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(30)
        client.connect(("127.0.0.1", self.port))
        return client


@contextmanager
def serving(folder: Path, *, runner: bool = True, **changes: Any) -> Iterator[Web]:
    """A server with `changes` to the settings; its sockets live under `folder`."""
    settings = dataclasses.replace(Settings(), run_dir=folder, **changes)
    listener = open_listener(dataclasses.replace(settings, port=0))
    fake = FakeRunner(folder / "web" / "runner.sock") if runner else None
    begun: list[Web] = []
    ready = threading.Event()

    async def main() -> None:
        it = server(settings, listener)
        port = int(listener.getsockname()[1])
        begun.append(Web(f"http://127.0.0.1:{port}", port, fake, it, asyncio.get_running_loop()))
        ready.set()
        if fake is None:
            await it.serve(sockets=[listener])
            return
        async with fake.serving():
            await it.serve(sockets=[listener])

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    assert ready.wait(pace.seconds(START_SECONDS))
    try:
        yield begun[0]
    finally:
        begun[0].server.should_exit = True
        thread.join(pace.seconds(START_SECONDS))
        assert not thread.is_alive(), "the server did not stop"


def until(condition: Callable[[], bool], seconds: float = 2.0) -> float:
    """Wait until `condition` holds; the seconds that it took."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < pace.seconds(seconds), "it never came to that"
        time.sleep(0.01)
    return time.monotonic() - begun
