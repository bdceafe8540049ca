"""Asks the registry over HTTP in a process that owns nothing; it is started with its options as its argument.

No capability, its own user id, a read-only view of Python and the certificates, and no folder to write in: what it
fetches goes into files that the runner has opened. It reads no image; a digest is a digest of bytes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import resource
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from sandbox.images.manifest import ACCEPT
from sandbox.images.puller import connections, messages
from sandbox.images.puller.messages import (
    LARGEST_MESSAGE,
    Cancel,
    Check,
    Failed,
    Fetch,
    Fetched,
    Options,
    Progress,
    Reply,
    Retrying,
)
from sandbox.images.puller.registry import Registry, read
from sandbox.images.puller.trouble import Patience, RegistryError
from sandbox.linux import processes
from sandbox.linux.confine import confine

PROGRESS_SECONDS = 0.1
AT_ONCE = 32


class Cancelled(Exception):
    """A download that nobody waits for any more."""


class Download:
    """An answer on its way into a file: counted, hashed and reported while it comes."""

    def __init__(self, service: Service, number: int, file: int, algorithm: str) -> None:
        self._service, self._number, self._file = service, number, file
        self._hash = hashlib.new(algorithm)
        self._count, self._told = 0, 0.0

    @property
    def digest(self) -> str:
        return f"{self._hash.name}:{self._hash.hexdigest()}"

    def take(self, piece: bytes) -> None:
        """Write, hash and count the next bytes."""
        if not self._service.wanted(self._number):
            raise Cancelled
        self._hash.update(piece)
        self._count += len(piece)
        while piece:
            piece = piece[os.write(self._file, piece) :]
        if (now := time.monotonic()) - self._told >= PROGRESS_SECONDS:
            self._told = now
            self._service.send(self._number, Progress(self._count))


class Service:
    """Answers the runner's requests, many at a time; a registry that cannot answer just now is asked again within
    `patience` seconds."""

    def __init__(self, connection: socket.socket, registry: Registry, patience: float = 0.0) -> None:
        self._connection, self._registry, self._patience = connection, registry, patience
        self._wanted: dict[int, connections.Use] = {}
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Serve until the runner closes its end."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            while True:
                data, descriptors, _, _ = socket.recv_fds(self._connection, LARGEST_MESSAGE, 1)
                if not data:
                    # downloads that still run are for nobody
                    os._exit(0)
                number, request = messages.decode_request(data)
                if isinstance(request, Cancel):
                    self._cancel(number)
                    continue
                with self._lock:
                    self._wanted[number] = connections.Use()
                threads.submit(self.answer, number, request, descriptors)

    def wanted(self, number: int) -> bool:
        with self._lock:
            return number in self._wanted

    def send(self, number: int, message: Reply) -> None:
        self._connection.send(messages.encode(number, message))

    def answer(self, number: int, request: Fetch | Check, files: Sequence[int]) -> None:
        """Answer a request, unless it was cancelled; a file that it came with is closed afterwards."""
        try:
            with self._failures_sent(number), connections.used(self._use(number)):
                self.send(number, self._reply(number, request, files))
        finally:
            with self._lock:
                self._wanted.pop(number, None)
            for file in files:
                os.close(file)

    def _use(self, number: int) -> connections.Use:
        with self._lock:
            if number not in self._wanted:
                raise Cancelled
            return self._wanted[number]

    def _cancel(self, number: int) -> None:
        with self._lock:
            if use := self._wanted.pop(number, None):
                use.end()

    def _reply(self, number: int, request: Fetch | Check, files: Sequence[int]) -> Fetched:
        if isinstance(request, Fetch):
            return self._fetch(number, request, files[0])
        self._registry.check()
        return Fetched()

    @contextmanager
    def _failures_sent(self, number: int) -> Iterator[None]:
        try:
            yield
        except Cancelled:
            pass
        except RegistryError as error:
            self.send(number, Failed(error.code, error.text[:4000]))
        except Exception as error:
            # whatever it is, somebody waits for an answer
            if not isinstance(error, OSError):
                traceback.print_exc()
            code = "no-space" if isinstance(error, OSError) and error.errno == errno.ENOSPC else "puller-failed"
            self.send(number, Failed(code, f"{type(error).__name__}: {error}"[:4000]))

    def _fetch(self, number: int, wish: Fetch, file: int) -> Fetched:
        patience = Patience(self._patience)
        while True:
            try:
                return self._fetch_once(number, wish, file)
            except RegistryError as error:
                pause = patience.pause(error)
                if pause is None:
                    raise
            self._wait(number, pause)
            # nothing of what has come is taken for a part of what comes now
            os.ftruncate(file, 0)
            os.lseek(file, 0, os.SEEK_SET)

    def _wait(self, number: int, seconds: float) -> None:
        self.send(number, Retrying(seconds))
        if self._use(number).over_within(seconds):
            raise Cancelled

    def _fetch_once(self, number: int, wish: Fetch, file: int) -> Fetched:
        by_digest = ":" in wish.reference
        download = Download(self, number, file, wish.reference.partition(":")[0] if by_digest else "sha256")
        if wish.kind == "manifest":
            opened = self._registry.manifest(wish.repository, wish.reference, ACCEPT)
        else:
            opened = self._registry.blob(wish.repository, wish.reference)
        with opened as answer:
            size = read(answer, wish.most, download.take)
            kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        _verify(wish.kind, wish.reference if by_digest else download.digest, download.digest, size, wish.most)
        return Fetched(download.digest, size, kind[:200])


def _verify(kind: str, wanted: str, got: str, size: int, most: int) -> None:
    """Refuse what is not what was asked for, in containerd's words."""
    name = f'failed commit on ref "{"layer" if kind == "blob" else kind}-{wanted}"'
    if size > most or (kind == "blob" and size != most):
        raise RegistryError("digest-mismatch", f"{name}: failed size validation: {size} != {most}: failed precondition")
    if wanted != got:
        raise RegistryError(
            "digest-mismatch", f"{name}: unexpected commit digest {got}, expected {wanted}: failed precondition"
        )


def main() -> int:
    """Serve until the runner is gone."""
    options = Options(**json.loads(sys.argv[1]))
    # the runner's own priority is not for what it starts
    processes.come_at(0)
    # the folder, as a registry that is started again makes its socket anew
    local = [connections.path(options.registry).parent] if connections.is_socket(options.registry) else []
    confine(options.uid, Path(options.view), visible=local, network=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (options.bytes, options.bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (processes.core_limit(),) * 2)
    with socket.socket(fileno=options.descriptor) as connection:
        Service(connection, Registry(options.registry, tuple(options.hosts)), options.patience).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
