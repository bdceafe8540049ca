"""Asks the registry over HTTP in a process that owns nothing; it is started with its options as its argument.

No capability, its own user id, a read-only view of Python and the certificates, and no folder to write in: what it
fetches goes into files that the runner has opened. It reads no image; a digest is a digest of bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.images.manifest import ACCEPT
from sandbox.images.puller.registry import Registry, RegistryError, read
from sandbox.linux.confine import confine

PROGRESS_SECONDS = 0.1
LARGEST_MESSAGE = 64 * 1024
AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Options:
    """How to start: the inherited socket, the registry's address, whom else it may send us to, who to become."""

    descriptor: int
    registry: str
    hosts: list[str]
    uid: int
    view: str
    bytes: int


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
            self._service.send({"id": self._number, "bytes": self._count})


class Service:
    """Answers the runner's requests, many at a time."""

    def __init__(self, connection: socket.socket, registry: Registry) -> None:
        self._connection, self._registry = connection, registry
        self._wanted: set[int] = set()
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Serve until the runner closes its end."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            while True:
                data, descriptors, _, _ = socket.recv_fds(self._connection, LARGEST_MESSAGE, 1)
                if not data:
                    # downloads that still run are for nobody
                    os._exit(0)
                request = json.loads(data)
                with self._lock:
                    self._wanted.discard(request["id"])
                    if descriptors:
                        self._wanted.add(request["id"])
                if descriptors:
                    threads.submit(self._answer, request, descriptors[0])
                elif request["op"] == "check":
                    threads.submit(self._check, request["id"])

    def wanted(self, number: int) -> bool:
        with self._lock:
            return number in self._wanted

    def send(self, message: dict[str, Any]) -> None:
        self._connection.send(json.dumps(message).encode())

    def _check(self, number: int) -> None:
        with self._failures_told(number):
            self._registry.check()
            self.send({"id": number, "done": 0, "digest": "", "type": ""})

    def _answer(self, request: dict[str, Any], file: int) -> None:
        number = request["id"]
        try:
            with self._failures_told(number):
                self.send({"id": number, **self._fetch(request, file)})
        finally:
            os.close(file)
            with self._lock:
                self._wanted.discard(number)

    @contextmanager
    def _failures_told(self, number: int) -> Iterator[None]:
        try:
            yield
        except Cancelled:
            pass
        except RegistryError as error:
            self.send({"id": number, "error": error.code, "text": error.text[:4000]})
        except OSError as error:
            self.send({"id": number, "error": "puller-failed", "text": f"{type(error).__name__}: {error}"})

    def _fetch(self, request: dict[str, Any], file: int) -> dict[str, Any]:
        if not self.wanted(request["id"]):
            raise Cancelled
        repository, reference, most = request["repository"], request["reference"], request["most"]
        by_digest = ":" in reference
        download = Download(self, request["id"], file, reference.partition(":")[0] if by_digest else "sha256")
        if request["op"] == "manifest":
            opened = self._registry.manifest(repository, reference, ACCEPT)
        else:
            opened = self._registry.blob(repository, reference)
        with opened as answer:
            size = read(answer, most, download.take)
            kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        _verify(request["op"], reference if by_digest else download.digest, download.digest, size, most)
        return {"done": size, "digest": download.digest, "type": kind[:200]}


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
    confine(options.uid, Path(options.view), network=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (options.bytes, options.bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with socket.socket(fileno=options.descriptor) as connection:
        Service(connection, Registry(options.registry, tuple(options.hosts))).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
