"""Serves on an inherited listening socket with uvicorn, until SIGTERM or SIGINT.

python -m sandbox.web.http.serving SETTINGS DESCRIPTOR
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import gc
import logging
import socket
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette

from sandbox import handover
from sandbox.listening import allow_descriptors
from sandbox.loop_turns import Turns
from sandbox.runner_client import RunnerClient
from sandbox.settings import Settings
from sandbox.web.api.app import create_app
from sandbox.web.http import pages
from sandbox.web.http.connections import Connection, ConnectionTable
from sandbox.web.http.door import Door

KEEP_ALIVE_SECONDS = 15
GRACE_SECONDS = 3


class Server(uvicorn.Server):
    """Has a door of its own, in whose turns connections begin. Ends the runs first when it is to stop, and then returns
    instead of raising the signal again."""

    def __init__(self, config: uvicorn.Config, app: Starlette, turns: Turns, settings: Settings) -> None:
        super().__init__(config)
        self._app, self._turns, self._settings = app, turns, settings
        self._doors: list[Door] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_task_factory(self._turns.make_task)
        await super().startup([])
        self._doors = [Door(one, self._protocol, self._turns, self._settings) for one in sockets or ()]
        for door in self._doors:
            door.open()

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]  # as uvicorn itself
            self.config, self.server_state, self.lifespan.state
        )
        return made

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.stop()
        for door in self._doors:
            door.close()
        await super().shutdown(sockets)


def main(arguments: Sequence[str]) -> None:
    """Serve the calls and the pages; where nothing runs here, only the pages."""
    settings, listener = handover.begin(arguments[0]), socket.socket(fileno=int(arguments[1]))
    allow_descriptors()
    turns, here = Turns(), settings.machine == "here"
    made = server(settings, listener) if here else _server(settings, pages.create_app(settings, turns), turns)
    # what lives now lives for ever: the collector need not look at it again and again
    gc.freeze()
    made.run(sockets=[listener])


def server(settings: Settings, listener: socket.socket) -> Server:
    """Return the server, ready to run; its port is the listener's."""
    settings = dataclasses.replace(settings, port=listener.getsockname()[1])
    turns = Turns()
    return _server(settings, create_app(settings, RunnerClient(settings), turns), turns)


def _server(settings: Settings, app: Starlette, turns: Turns) -> Server:
    table = ConnectionTable(settings.connections)
    protocol: Any = functools.partial(Connection, settings=settings, table=table, turns=turns)
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        # what a stranger writes does not belong into a log, and what is no request is no reason for a line in it
        access_log=False,
        log_config=None,
        log_level=logging.ERROR,
        # the peer that counts is the one that is connected
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return Server(config, app, turns, settings)


if __name__ == "__main__":
    main(sys.argv[1:])
