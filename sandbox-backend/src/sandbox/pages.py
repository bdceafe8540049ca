"""Serves the pages with their recordings, where nothing can be run: as anybody, on any machine."""

from __future__ import annotations

import asyncio
import sys

from sandbox.linux import children
from sandbox.listening import CannotListen, announce, open_listener
from sandbox.settings import Settings


def main(settings: Settings) -> int:
    """Serve until Ctrl-C or SIGTERM; 0 after a clean end, 1 with the reason on stderr when it could not start."""
    try:
        asyncio.run(_main(settings))
    except (CannotListen, OSError) as error:
        print(f"sandbox-backend: {error}", file=sys.stderr)
        return 1
    return 0


async def _main(settings: Settings) -> None:
    stop = children.stop_asked_for()
    listener = open_listener(settings)
    async with children.own("web", settings, listener):
        announce(listener, settings.listen)
        await stop.wait()
