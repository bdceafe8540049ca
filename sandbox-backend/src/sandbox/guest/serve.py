"""Serves from a guest: the pages from the first moment, live runs from when the guest answers."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import DEVNULL
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

from sandbox.guest import inside
from sandbox.guest.booted import Files, Guest, GuestError, booted
from sandbox.guest.relay import Relay
from sandbox.guest.system import archived
from sandbox.linux import machine
from sandbox.linux.children import beside, own, stop_asked_for
from sandbox.listening import BACKLOG, CannotListen, allow_descriptors, announce, open_listener
from sandbox.settings import Settings

log = logging.getLogger(__name__)
KVM = Path("/dev/kvm")
# a guest under KVM is up after one second, or hangs
KVM_SECONDS = 5.0
# emulated; 12 to 63 s were seen, and now and then a boot that hangs for ever
ANSWER_SECONDS = 90.0
CHECK_SECONDS = 20.0
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
MOST_MEMORY, LEAST_MEMORY = 2048, 768
NOT_PREPARED = "실행은 준비하지 못했어요. 까닭은 위에 있어요. 페이지는 기록과 함께 계속 볼 수 있어요."
LIVE = "이제 실행할 수 있어요. 켜는 데 {:.0f}초 걸렸어요."


def main(settings: Settings, folder: Path, prepare: Path | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM with the guest that is in `folder`, which the program `prepare` makes or renews
    first. 0 after a clean end, 1 with the reason on stderr when it could not start."""
    try:
        asyncio.run(_main(settings, folder, prepare))
    except (CannotListen, OSError) as error:
        print(f"sandbox-backend: {error}", file=sys.stderr)
        return 1
    return 0


async def _main(settings: Settings, folder: Path, prepare: Path | None) -> None:
    stop = stop_asked_for()
    listener = open_listener(settings)
    # three for each connection: its two ends here, and the one in QEMU
    allow_descriptors()
    async with AsyncExitStack() as stack:
        behind = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        pages = dataclasses.replace(settings, proxy_protocol=True)
        await stack.enter_async_context(own("web", pages, behind))
        relay = Relay(behind.getsockname()[1])
        await stack.enter_async_context(relay.serving(listener))
        announce(listener, settings.listen)
        await stack.enter_async_context(beside(_go_live(settings, folder, prepare, relay)))
        await stop.wait()


async def _go_live(settings: Settings, folder: Path, prepare: Path | None, relay: Relay) -> None:
    if prepare is None or await prepared(prepare):
        await keep(settings, Files.within(folder), relay)
    else:
        print(NOT_PREPARED, file=sys.stderr, flush=True)


async def prepared(program: Path) -> bool:
    """Whether `program live` has ended well; it ends early when this is given up."""
    process = await asyncio.create_subprocess_exec(program, "live", stdin=DEVNULL, start_new_session=True)
    try:
        return await process.wait() == 0
    finally:
        # with all that it has started
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)


async def keep(settings: Settings, files: Files, relay: Relay) -> None:
    """Boot a guest and let the relay lead to it while it answers; when it is lost, boot the next."""
    pages, pause, kvm = relay.target, SHORTEST_PAUSE, os.access(KVM, os.R_OK | os.W_OK)
    while True:
        begun = time.monotonic()
        try:
            async with _guest(settings, files, kvm=kvm) as guest:
                await guest.up(KVM_SECONDS if kvm else ANSWER_SECONDS)
                await guest.answers(ANSWER_SECONDS)
                relay.target, pause = guest.port, SHORTEST_PAUSE
                print(LIVE.format(time.monotonic() - begun), flush=True)
                await _watched(guest)
        except (GuestError, OSError) as error:
            if kvm:
                log.warning("%s; the next one is emulated", error)
                kvm = False
                continue
            # not its traceback: it says itself what was
            log.warning("%s; the next one is booted in %.0f s", error, pause)
        finally:
            relay.target = pages
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def _watched(guest: Guest) -> None:
    """As long as it lives and answers."""
    while True:
        await guest.lasts(CHECK_SECONDS)
        await guest.answers(3 * CHECK_SECONDS)


def _guest(settings: Settings, files: Files, *, kvm: bool) -> AbstractAsyncContextManager[Guest]:
    brought = archived({"settings.toml": inside.settings(settings, emulated=not kvm).encode()})
    network = bool(settings.registry)
    return booted(files, brought, inside=settings.port, memory=memory(), network=network, kvm=kvm)


def memory() -> int:
    """MiB for a guest: what may be had here without crowding others out."""
    return max(LEAST_MEMORY, min(MOST_MEMORY, machine.available_memory() * 2 // 3 >> 20))
