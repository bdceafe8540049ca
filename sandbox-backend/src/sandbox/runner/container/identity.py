"""Finds out who a container's process is, by the image's own files of users.

Who makes an image makes them as long as that, and reading them takes time of the interpreter that all runs need: long
ones are read by a process of its own, one at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from sandbox.linux.programs import Program
from sandbox.model import plain
from sandbox.oci.users import Identity, UserError
from sandbox.runner.container.users_process import LARGEST_ANSWER, Answer, Order, resolve
from sandbox.runner.kernel.rootfs import Snapshot

FILES = ("/etc/passwd", "/etc/group")
# an image's have one or two thousand bytes; so many are read in a few milliseconds, whatever they are
SMALL = 16 << 10
_ONE_AT_A_TIME = asyncio.Semaphore(1)


async def find(snapshot: Snapshot, user: str, groups: Sequence[str]) -> Identity:
    """Return who `user` is in the image, with `groups` besides. UserError as `users.resolve`."""
    with _opened(snapshot) as (passwd, group):
        if max(map(_size, (passwd, group))) <= SMALL:
            return resolve(user, groups, passwd, group)
        async with _ONE_AT_A_TIME:
            return await _by_child(Order(user, tuple(groups), passwd, group, snapshot.first_uid))


@contextlib.contextmanager
def _opened(snapshot: Snapshot) -> Iterator[tuple[int, ...]]:
    """The open files, -1 for one that is not there."""
    with contextlib.ExitStack() as stack:
        found = [snapshot.open_plain(path) for path in FILES]
        for one in found:
            if one >= 0:
                stack.callback(os.close, one)
        yield tuple(found)


def _size(file: int) -> int:
    return os.fstat(file).st_size if file >= 0 else 0


async def _by_child(order: Order) -> Identity:
    argv = [sys.executable, "-I", "-m", "sandbox.runner.container.users_process"]
    files = [one for one in (order.passwd, order.group) if one >= 0]
    with _memory() as asked, _memory() as said:
        os.write(asked, json.dumps(asdict(order)).encode())
        program = Program(argv, stdin=asked, stdout=said, pass_fds=files, start_new_session=True)
        try:
            await program.wait()
        finally:
            # whoever has left waits no longer, and it is let go of all the same
            await asyncio.shield(program.end())
        return _identity(os.pread(said, LARGEST_ANSWER, 0))


@contextlib.contextmanager
def _memory() -> Iterator[int]:
    """A file in memory."""
    made = os.memfd_create("identity", os.MFD_CLOEXEC)
    try:
        yield made
    finally:
        os.close(made)


def _identity(said: bytes) -> Identity:
    try:
        answer = plain.decode(Answer, plain.parse(said))
    except ValueError as error:
        raise OSError(errno.ECHILD, "who reads the files of users was killed") from error
    if answer.error:
        raise UserError(answer.error)
    return Identity(answer.uid, answer.gid, answer.groups, answer.home)
