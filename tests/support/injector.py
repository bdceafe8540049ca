"""Makes calls of the runner to the kernel fail: every Python of a test's copy executes this text at its start, with the
folder CONTROL.

What is to fail is the target of the symbolic link `order` there, which one call reads, even where no descriptor is
left, and which is replaced whole: `{}` for nothing; `{"record": true}` to write every call to the file `calls`;
`{"name", "chain", "skip", "lasting", "number"}` to let the call `name` that comes by `chain` fail with the error
`number`, after `skip` of them, once, or, where it is `lasting`, every call of that name from then on. The file `met`
has a line for each that failed.

A chain is where a call comes from: the places in the backend's own source on the stack, the innermost first. A call
without one, or one of the event loop by itself, is Python's own affair.
"""

from __future__ import annotations

import asyncio.subprocess  # noqa: F401 - those that are not used know the true functions, once they are there
import builtins
import ctypes
import fcntl
import functools
import io
import json
import os
import pathlib
import resource
import selectors
import shutil  # noqa: F401
import signal
import socket
import subprocess
import sys
import tempfile  # noqa: F401
import threading
from typing import Any

CONTROL = ""
PLAIN = """chdir chmod chown fchmod fchown fork fsync kill listdir lseek memfd_create mkdir mkfifo mknod open pidfd_open
pipe posix_fallocate posix_spawn pread pwrite readlink rename rmdir scandir set_blocking setpriority stat symlink
truncate unlink write"""
LOOP = "runner/process.py:alone:"
OF_SOCKETS = "accept bind connect getsockopt listen recvmsg send sendmsg"
OF_FILES = "read_bytes read_text write_bytes write_text"
# what modules have found out at their import about these very functions
TABLES = (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks)
_readlink, _open, _write, _close = os.readlink, os.open, os.write, os.close


class Orders:
    """The order that is in force, and how often it was met so far."""

    def __init__(self) -> None:
        self._text, self._left = "", 0
        self._order: dict[str, Any] = {}
        self._lock = threading.Lock()

    def meet(self, name: str) -> None:
        """OSError, or RuntimeError for a thread, when the call that is about to be made is to fail."""
        if not (order := self._current()):
            return
        chain = _chain()
        if chain and "record" in order:
            _note("calls", f"{name} {chain}")
        elif chain and order.get("name") == name and self._due(order, chain):
            _note("met", name)
            if name == "thread":
                raise RuntimeError("can't start new thread")
            raise OSError(order["number"], os.strerror(order["number"]), "injected")

    def _current(self) -> dict[str, Any]:
        text = _readlink(f"{CONTROL}/order")
        with self._lock:
            if text != self._text:
                self._text, self._order = text, json.loads(text)
                self._left = self._order.get("skip", 0)
            return self._order

    def _due(self, order: dict[str, Any], chain: str) -> bool:
        with self._lock:
            if chain == order["chain"]:
                self._left -= 1
                return self._left == -1 or (order["lasting"] and self._left < 0)
            return bool(order["lasting"]) and self._left < 0


ORDERS = Orders()


def _chain() -> str:
    frame, found = sys._getframe(2), []
    while frame:
        _, inside, file = frame.f_code.co_filename.partition("/source/sandbox/")
        if inside:
            found.append(f"{file}:{frame.f_code.co_name}:{frame.f_lineno}")
        frame = frame.f_back  # type: ignore[assignment]  # None after the last one, which ends this
    return "" if found and found[0].startswith(LOOP) else " ".join(found)


def _note(file: str, line: str) -> None:
    descriptor = _open(f"{CONTROL}/{file}", os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    _write(descriptor, f"{line}\n".encode())
    _close(descriptor)


def _watch(owner: Any, attribute: str, name: str | None = None) -> None:
    plain = getattr(owner, attribute)

    @functools.wraps(plain)
    def watched(*arguments: Any, **named: Any) -> Any:
        if not _of_descriptor(attribute, arguments, named):
            ORDERS.meet(name or attribute)
        return plain(*arguments, **named)

    setattr(owner, attribute, watched)
    for table in TABLES:
        if plain in table:
            table.add(watched)


def _of_descriptor(attribute: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Whether a file or socket is made of what is open already, for which the kernel is not asked."""
    if attribute == "open":
        return isinstance(arguments[0], int)
    return attribute == "__init__" and ("fileno" in named or len(arguments) > 4)


class Library:
    """The C library, whose calls answer -1 where they are to fail; those by number are named for it."""

    def __init__(self, plain: ctypes.CDLL) -> None:
        self._plain = plain

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._plain, name)

        def called(*arguments: Any) -> Any:
            try:
                ORDERS.meet(f"{name}-{arguments[0]}" if name == "syscall" else name)
            except OSError as error:
                ctypes.set_errno(error.errno or 0)
                return -1
            return function(*arguments)

        return called


def begin() -> None:
    """Watch all calls of this process from now on."""
    from sandbox.linux import libc

    for attribute in PLAIN.split():
        _watch(os, attribute)
    os.remove = os.unlink
    for owner in (builtins, io, sys.modules["_io"]):
        _watch(owner, "open")
    for attribute in OF_FILES.split():
        _watch(pathlib.Path, attribute)
    for attribute in OF_SOCKETS.split():
        _watch(socket.socket, attribute)
    _watch(socket.socket, "__init__", "socket")
    _watch(socket, "socketpair")
    _watch(fcntl, "fcntl")
    _watch(fcntl, "ioctl")
    _watch(resource, "prlimit")
    _watch(signal, "pidfd_send_signal")
    _watch(selectors.EpollSelector, "register", "epoll_ctl")
    _watch(subprocess, "_fork_exec", "fork_exec")
    _watch(threading, "_start_new_thread", "thread")
    libc.LIBC = Library(libc.LIBC)  # type: ignore[assignment]  # it does what a library does


if "sandbox.runner.process" in sys.orig_argv:
    begin()
