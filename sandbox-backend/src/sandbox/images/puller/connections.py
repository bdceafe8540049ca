"""Connects to a registry: over the network, or at a Unix socket, whose address is `unix:` and its path."""

from __future__ import annotations

import functools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import urllib3
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

SCHEME = "unix:"
PORTS = {"https": 443, "http": 80}
CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0


_THREAD = threading.local()


class Use:
    """What one thread asks, over one connection after the other.

    A registry that means harm can make an answer last for ever, a few bytes at a time: only the end of the connection
    ends that.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._over = threading.Event()

    def note(self, made: socket.socket) -> None:
        """Remember the connection that is asked now."""
        self._socket = made
        if self._over.is_set():
            self._shut(made)

    def end(self) -> None:
        """End it, from another thread: what it waits for fails, and whatever it asks next."""
        self._over.set()
        if self._socket is not None:
            self._shut(self._socket)

    def over_within(self, seconds: float) -> bool:
        """Wait so long, or until it has been ended; whether it has."""
        return self._over.wait(seconds)

    def _shut(self, made: socket.socket) -> None:
        with suppress(OSError):
            # that of TLS would take the session from under the thread that reads
            socket.socket.shutdown(made, socket.SHUT_RDWR)


@contextmanager
def used(use: Use) -> Iterator[None]:
    """Let `use` know of all that this thread asks in the block."""
    _THREAD.use = use
    try:
        yield
    finally:
        del _THREAD.use


class _Noted(HTTPConnection):
    """A connection that tells of its use."""

    def request(self, *arguments: Any, **options: Any) -> None:
        super().request(*arguments, **options)
        use: Use | None = getattr(_THREAD, "use", None)
        if use is not None and self.sock is not None:
            use.note(self.sock)


class _NotedTls(_Noted, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Noted


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _NotedTls


def is_socket(address: str) -> bool:
    """Whether an address is that of a socket."""
    return address.startswith(SCHEME)


def named(address: str) -> str:
    """The base of the registry's URLs: HTTP wants a name of one that is at a socket all the same."""
    return "http://localhost" if is_socket(address) else address


def path(address: str) -> Path:
    """The path of the socket at an address."""
    return Path(address.removeprefix(SCHEME))


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port, read by the very parser that connects, so that no address means one host to a check
    and another to the call; empty ones for what is no address."""
    try:
        parts = urllib3.util.parse_url(url)
    except ValueError:
        return "", "", 0
    scheme = parts.scheme or ""
    return scheme, (parts.host or "").lower(), parts.port or PORTS.get(scheme, 0)


def pool(address: str, proxy: str = "") -> PoolManager:
    """The connections to a registry and to whom it sends us, by a `proxy` if there is one."""
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    # proxies of the environment are not looked at, retries and redirects are ours
    manager = functools.partial(urllib3.ProxyManager, proxy) if proxy else PoolManager
    made: PoolManager = manager(num_pools=4, maxsize=8, timeout=timeout, retries=False)
    plain = _pool_at(path(address)) if is_socket(address) else _Pool
    made.pool_classes_by_scheme = {"http": plain, "https": _TlsPool}
    return made


def _pool_at(at: Path) -> type[HTTPConnectionPool]:
    """Connections that lead to the socket at this path, whatever host they are for."""

    class Connection(_Noted):
        def _new_conn(self) -> socket.socket:
            made = socket.socket(socket.AF_UNIX)
            try:
                made.settimeout(CONNECT_SECONDS)
                made.connect(str(at))
            except OSError as error:
                made.close()
                raise NewConnectionError(self, f"{at}: {error.strerror}") from error
            return made

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    return Pool
