"""Disks that are a run's own: a small ext4 file system on a loop device, for runs whose disk is to be slow.

The kernel slows down block devices only, and the tmpfs that other runs write to is none. The empty file system is made
once, in memory. A disk is a copy of that in a nameless file of the state folder: with its last user the file, the loop
device and the mount are gone, whoever is killed when. Nothing that a run has written is ever mounted again.
"""

from __future__ import annotations

import errno
import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sandbox.linux import lacks, loop, mounts
from sandbox.linux.loop import BLOCK, INODE_BYTES, Device
from sandbox.model.plan import MIB, Limits
from sandbox.runner.kernel import cgroup

log = logging.getLogger(__name__)
SMALL_TABLES = MIB // 2
# those that ext4 keeps for itself
RESERVED_INODES = 11


class Disks:
    """Disks of `limits.disk` bytes and `limits.inodes` files each, their files in `folder`.

    OSError or subprocess.SubprocessError where there is no mkfs.ext4, or none that can do it.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._bytes = _size(limits)
        self._empty = _formatted(self._bytes, limits.inodes + RESERVED_INODES)

    def mount(self, target: Path) -> Device:
        """Mount an empty disk at `target`; its device's numbers. It is gone when that is unmounted.

        OSError with ENOSPC when the state folder has no room for all that may be written to it.
        """
        file = os.open(self._folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, self._bytes)
            for offset, data in self._empty:
                os.pwrite(file, data, offset)
            # what a loop device holds in memory counts as the run's on cgroup v2, and is throttled as its dirty pages
            # are: with little memory hardly anything would be written
            return loop.mount(file, target, direct=cgroup.here().counts_loop_pages)
        finally:
            os.close(file)


def usable(folder: Path, limits: Limits, target: Path) -> Disks | None:
    """Disks, if this machine can make one, which is tried once at `target`. OSError when it lacks something for now."""
    try:
        disks = Disks(folder, limits)
        _try(disks, target)
    except (OSError, subprocess.SubprocessError) as error:
        if lacks.for_now(error):
            raise
        log.warning("runs cannot have a slow disk here: %s", error)
        return None
    return disks


def _try(disks: Disks, target: Path) -> None:
    try:
        disks.mount(target)
    except OSError as error:
        # there may be room when somebody asks for one
        if error.errno != errno.ENOSPC:
            raise
    else:
        mounts.unmount(target)


def _size(limits: Limits) -> int:
    """So much that files have all of `limits.disk`: ext4 holds a fiftieth back, on top of its tables."""
    needed = (limits.disk + limits.inodes * INODE_BYTES + SMALL_TABLES) * 50 // 49
    return needed // BLOCK * BLOCK + BLOCK


def _formatted(size: int, inodes: int) -> list[tuple[int, bytes]]:
    """What an empty file system of this size consists of: pieces, and where they are."""
    file = os.memfd_create("disk")
    try:
        os.truncate(file, size)
        loop.format_ext4(file, "-N", str(inodes))
        return list(_pieces(file, size))
    finally:
        os.close(file)


def _pieces(file: int, size: int) -> Iterator[tuple[int, bytes]]:
    end = 0
    while end < size:
        try:
            begin = os.lseek(file, end, os.SEEK_DATA)
        except OSError:
            # nothing but a hole is left
            return
        end = os.lseek(file, begin, os.SEEK_HOLE)
        data = os.pread(file, end - begin, begin)
        if data.strip(b"\0"):
            yield begin, data
