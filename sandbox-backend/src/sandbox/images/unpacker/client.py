"""Feeds a blob to a confined child, checks what it was, and gives the layer its name: the runner's side of unpacking.

The runner hashes the blob itself while it feeds it, from the same read, so that neither a puller nor a registry can
put other files under a digest's name; it never looks into the bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO

from sandbox.images import threads
from sandbox.images.store import ROOT, Held, Store
from sandbox.images.unpacker.order import LARGEST_REPORT, Order, Report
from sandbox.linux.programs import Program
from sandbox.model import plain
from sandbox.model.image import Layer
from sandbox.settings import Settings

CHUNK = 1 << 18
BURIAL_SECONDS, PAUSE_SECONDS = 2.0, 0.05
# by somebody, or by the kernel when memory is short: the process that waits, or the one that it waits for
KILLED = (-signal.SIGKILL, 256 - signal.SIGKILL)


class UnpackError(Exception):
    """A blob of which no layer was made; `code` is stable, `text` says what was wrong with it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class Budget:
    """What a layer may take: bytes of tar and files."""

    bytes: int
    files: int


async def unpack(settings: Settings, store: Store, layer: Layer, blob: IO[bytes], budget: Budget) -> Held:
    """Make `layer` of `blob` in the store. UnpackError leaves nothing behind."""
    async with store.building() as folder:
        root = folder / ROOT
        os.chown(root, settings.store_uid, settings.store_uid)
        report = await _in_time(settings, layer, root, blob, budget)
        held = _check_diff_id(layer, report)
        await threads.done(threads.DISK, partial(store.write_down, folder, held))
        # not in the thread: a pull that is cancelled there must not name a folder that is being removed
        store.adopt(folder, layer.digest)
        return held


async def _in_time(settings: Settings, layer: Layer, root: Path, blob: IO[bytes], budget: Budget) -> Report:
    try:
        async with asyncio.timeout(settings.unpack_seconds):
            return await _by_child(settings, layer, root, blob, budget)
    except TimeoutError as error:
        raise UnpackError("unpack-timeout", f"unpacking takes longer than {settings.unpack_seconds:g} s") from error


async def _by_child(settings: Settings, layer: Layer, root: Path, blob: IO[bytes], budget: Budget) -> Report:
    ours, theirs = socket.socketpair()
    with ours:
        ours.setblocking(False)
        with theirs:
            order = _order(settings, layer, root, budget)
            argv = [sys.executable, "-I", "-m", "sandbox.images.unpacker.process", order]
            program = Program(argv, stdin=theirs, stdout=theirs, start_new_session=True)
        try:
            digest = await _feed(ours, blob, layer.digest.partition(":")[0])
            output = await _answer(ours)
        finally:
            # a pull that is left just then lets go of it all the same
            code = await asyncio.shield(_end(program))
    if not output and code in KILLED:
        raise UnpackError("unpack-failed", "the process that unpacks was killed")
    report = _parsed(output)
    if not report.code and digest != layer.digest:
        text = f'failed commit on ref "layer-{layer.digest}": unexpected commit digest {digest}, '
        raise UnpackError("digest-mismatch", f"{text}expected {layer.digest}: failed precondition")
    return report


async def _end(program: Program) -> int:
    """Kill the child proper, the first of a pid namespace; the process that waits for it reaps it and ends."""
    try:
        async with asyncio.timeout(BURIAL_SECONDS):
            return await _until_ended(program)
    except TimeoutError:
        # without the children, all of its group
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        return await program.wait()


async def _until_ended(program: Program) -> int:
    while True:
        # again and again, as it may not have begun yet
        with suppress(OSError):
            _kill_children(program.pid)
        with suppress(TimeoutError):
            return await asyncio.wait_for(program.wait(), PAUSE_SECONDS)


def _kill_children(pid: int) -> None:
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)


def _order(settings: Settings, layer: Layer, root: Path, budget: Budget) -> str:
    algorithm, seconds = layer.diff_id.partition(":")[0], max(1, round(settings.unpack_seconds))
    order = Order(str(root), settings.store_uid, algorithm, budget.bytes, budget.files, seconds)
    return json.dumps(asdict(order))


async def _feed(child: socket.socket, blob: IO[bytes], algorithm: str) -> str:
    """Write the blob to the child; its digest. A child that stops reading has something to report."""
    loop, hashed = asyncio.get_running_loop(), hashlib.new(algorithm)
    blob.seek(0)
    with suppress(ConnectionError):
        while piece := blob.read(CHUNK):
            # a thread, as a quarter of a megabyte takes long enough to be felt by runs that stream
            await threads.done(threads.HASHING, partial(hashed.update, piece))
            await loop.sock_sendall(child, piece)
        child.shutdown(socket.SHUT_WR)
    return f"{hashed.name}:{hashed.hexdigest()}"


async def _answer(child: socket.socket) -> bytes:
    """What the child says, to its end or as far as a report goes."""
    said = b""
    with suppress(ConnectionError):
        while len(said) < LARGEST_REPORT and (
            piece := await asyncio.get_running_loop().sock_recv(child, LARGEST_REPORT - len(said))
        ):
            said += piece
    return said


def _parsed(output: bytes) -> Report:
    """Return the child's one line; a child that died before it, over its processor time or its memory, has none."""
    try:
        return plain.decode(Report, plain.parse(output))
    except ValueError:
        text = "unpacking ended before its time or memory limit let it finish"
        raise UnpackError("bad-image", text) from None


def _check_diff_id(layer: Layer, report: Report) -> Held:
    if report.code:
        raise UnpackError(report.code, report.text[:1000])
    if report.diff_id != layer.diff_id:
        text = f"wrong diff id calculated on extraction {report.diff_id}, expected {layer.diff_id}"
        raise UnpackError("digest-mismatch", text)
    return Held(layer.diff_id, report.bytes, report.files)
