"""Turns one layer's blob into a folder as a confined child: `python -m sandbox.images.unpacker.process '<order>'`.

It reads the blob from descriptor 0 and writes one line of JSON to descriptor 1. By then it is root of a user namespace
that owns the store's range of ids and nothing else, the only process of its pid namespace, without a network, with
the layer's new folder as its whole file system, under limits of time, memory and bytes.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import io
import json
import os
import resource
import signal
import sys
import zlib
from dataclasses import asdict
from pathlib import Path

import zstandard

from sandbox.images.unpacker.decompress import CHUNK, Readable, decompressed
from sandbox.images.unpacker.effort import Effort, TooMuch
from sandbox.images.unpacker.folders import DEEPEST, BadLayer
from sandbox.images.unpacker.layer import Layer
from sandbox.images.unpacker.order import Order, Report
from sandbox.images.unpacker.tarfields import BadTar
from sandbox.images.unpacker.tarstream import Tar
from sandbox.linux import mounts, namespaces, processes

MEMORY = 512 << 20
PRIORITY = 10
# what the kernel says of names and links that a file system cannot have, or not at once; the rest is of this machine
OF_THE_LAYER = frozenset(
    (errno.EEXIST, errno.EISDIR, errno.ELOOP, errno.EMLINK, errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR)
)
# CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID (linux/capability.h)
KEPT_CAPABILITIES = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4
_libc = ctypes.CDLL(None, use_errno=True)


class TooLarge(ValueError):
    """A blob of which more bytes come than allowed."""


class Measured:
    """The uncompressed stream: hashed and counted as it is read, and cut off at `most` bytes, those of holes among
    them."""

    def __init__(self, source: Readable, algorithm: str, most: int) -> None:
        self._source, self._hash, self._left = source, hashlib.new(algorithm), most
        self.count = 0

    def read(self, size: int) -> bytes:
        piece = self._source.read(min(size, CHUNK))
        self._hash.update(piece)
        self.spend(len(piece))
        return piece

    def spend(self, count: int) -> None:
        """Count so many bytes. TooLarge when they are too many."""
        self.count += count
        if self.count > self._left:
            raise TooLarge(f"the layer unpacks to more than {self._left} bytes")

    @property
    def digest(self) -> str:
        return f"{self._hash.name}:{self._hash.hexdigest()}"


def main() -> int:
    """Carry out the order in the first argument."""
    order = Order(**json.loads(sys.argv[1]))
    try:
        child = _confine(order)
    except OSError as error:
        # before a byte of the blob was looked at
        return _tell(_failed(error))
    if child:
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) & 0xFF
    return _tell(unpack(order))


def _tell(report: Report) -> int:
    os.write(1, json.dumps(asdict(report)).encode() + b"\n")
    return 0


def _failed(error: OSError) -> Report:
    code = "no-space" if error.errno == errno.ENOSPC else "unpack-failed"
    if error.errno in OF_THE_LAYER:
        code = "bad-image"
    return Report(code, f"{type(error).__name__}: {error}")


def unpack(order: Order) -> Report:
    """Fill the present folder from descriptor 0."""
    root = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    effort = Effort()
    layer = Layer(root, order.files, effort.spend)
    source = io.BufferedReader(io.FileIO(0, closefd=False), CHUNK)
    try:
        stream = Measured(decompressed(source), order.algorithm, order.bytes)
        tar = Tar(stream.read, stream.spend, effort.spend)
        for entry in tar.entries():
            layer.add(entry, tar.content())
        layer.finish()
        while stream.read(CHUNK):  # what comes after the archive's end is part of the digest
            pass
        while source.read(CHUNK):  # the runner hashes the whole blob, so the whole blob is taken
            pass
    except TooLarge as error:
        return Report("image-too-large", str(error))
    except (BadTar, BadLayer, TooMuch, zlib.error, zstandard.ZstdError, EOFError, MemoryError) as error:
        return Report("bad-image", str(error) or type(error).__name__)
    except OSError as error:
        return _failed(error)
    finally:
        os.close(root)
    return Report(diff_id=stream.digest, bytes=stream.count, files=layer.files, skipped=layer.skipped)


def _confine(order: Order) -> int:
    """Confine a child; return 0 in it, and its process id in the process that only waits for it."""
    space = namespaces.user_namespace(0, order.first_uid)
    folder = Path(order.folder)
    mounts.private_mounts()
    namespaces.unshare(
        namespaces.CLONE_NEWPID | namespaces.CLONE_NEWNET | namespaces.CLONE_NEWIPC | namespaces.CLONE_NEWUTS
    )
    mounts.mount(str(folder), folder, None, mounts.MS_BIND)
    mounts.mount("none", folder, None, mounts.MS_BIND | mounts.MS_REMOUNT | mounts.MS_NOSUID | mounts.MS_NODEV)
    mounts.pivot_root(folder)
    os.umask(0)
    if child := os.fork():
        return child
    _become_nobody(space)
    _limit(order)
    return 0


def _become_nobody(space: int) -> None:
    """Become root of the user namespace `space`, nobody on the machine, with four capabilities over its own files."""
    _check(_libc.setns(space, namespaces.CLONE_NEWUSER))
    os.close(space)
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)(KEPT_CAPABILITIES, KEPT_CAPABILITIES, 0, 0, 0, 0)))
    processes.no_new_privileges()
    processes.die_with_parent(signal.SIGKILL)


def _limit(order: Order) -> None:
    # whoever waits for a page or a run comes first
    processes.come_at(PRIORITY)
    limits = {
        resource.RLIMIT_CPU: order.seconds,
        resource.RLIMIT_FSIZE: order.bytes,
        resource.RLIMIT_AS: MEMORY,
        # a folder that is replaced is removed with one descriptor for each folder in it
        resource.RLIMIT_NOFILE: 64 + DEEPEST,
        resource.RLIMIT_CORE: processes.core_limit(),
    }
    for name, value in limits.items():
        resource.setrlimit(name, (value, value))


def _check(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    sys.exit(main())
