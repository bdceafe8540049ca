"""Disks that are a run's own: a small ext4 file system on a loop device, for runs whose disk is to be slow.

The kernel slows down block devices only, and the tmpfs that other runs write to is none. The empty file system is made
once, in memory. A disk is a copy of that in a nameless file of the state folder: with its last user the file, the loop
device and the mount are gone, whoever is killed when. Nothing that a run has written is ever mounted again.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sandbox import linux
from sandbox.plan import MIB, Limits
from sandbox.runner import cgroup

log = logging.getLogger(__name__)
CONTROL = "/dev/loop-control"
ENVIRONMENT = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
# no journal and no reserve, for a disk that lives for seconds
FORMAT = "mkfs.ext4 -q -F -b 4096 -I 256 -m 0 -O ^has_journal,^resize_inode -E nodiscard,lazy_itable_init=1"
INODE_BYTES, BLOCK, SMALL_TABLES = 256, 4096, MIB // 2
# those that ext4 keeps for itself
RESERVED_INODES = 11
# no flush of a run reaches the machine's own disk, and no kernel thread writes to the run's
OPTIONS = "nobarrier,noinit_itable"
# linux/loop.h: the calls' numbers, and struct loop_config with its file, its block size and its flags
_CONFIG = struct.Struct("=II52xI240x")
_GET_FREE, _CONFIGURE, _AUTOCLEAR, _DIRECT_IO = 0x4C82, 0x4C0A, 4, 16
_ATTEMPTS = 16

Device = tuple[int, int]


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
            device, path = _attached(file)
        finally:
            os.close(file)
        # the device lives on while it is mounted, or else until this descriptor is closed
        try:
            linux.mount(path, target, "ext4", linux.MS_NOSUID | linux.MS_NODEV, OPTIONS)
            number = os.fstat(device).st_rdev
        finally:
            os.close(device)
        target.chmod(0o711)
        return os.major(number), os.minor(number)


def usable(folder: Path, limits: Limits, target: Path) -> Disks | None:
    """Disks, if this machine can make one, which is tried once at `target`."""
    try:
        disks = Disks(folder, limits)
        _try(disks, target)
    except (OSError, subprocess.SubprocessError) as error:
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
        linux.unmount(target)


def _size(limits: Limits) -> int:
    """So much that files have all of `limits.disk`: ext4 holds a fiftieth back, on top of its tables."""
    needed = (limits.disk + limits.inodes * INODE_BYTES + SMALL_TABLES) * 50 // 49
    return needed // BLOCK * BLOCK + BLOCK


def _formatted(size: int, inodes: int) -> list[tuple[int, bytes]]:
    """What an empty file system of this size consists of: pieces, and where they are."""
    file = os.memfd_create("disk")
    try:
        os.truncate(file, size)
        subprocess.run(
            [*FORMAT.split(), "-N", str(inodes), f"/dev/fd/{file}"],
            pass_fds=[file],
            env=ENVIRONMENT,
            check=True,
            capture_output=True,
            timeout=10,
        )
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


def _attached(file: int) -> tuple[int, str]:
    """A free loop device with `file` behind it: a descriptor, and its path."""
    # what a loop device holds in memory counts as the run's on cgroup v2, and is throttled as its dirty pages are: with
    # little memory hardly anything would be written. A file system that knows no direct I/O goes without it.
    flags = _AUTOCLEAR | (_DIRECT_IO if cgroup.layout() == "v2" else 0)
    config = _CONFIG.pack(file, 0, flags)
    control = os.open(CONTROL, os.O_RDWR | os.O_CLOEXEC)
    try:
        for _ in range(_ATTEMPTS):
            path = f"/dev/loop{fcntl.ioctl(control, _GET_FREE)}"
            device = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.ioctl(device, _CONFIGURE, config)
            except OSError as error:
                os.close(device)
                # somebody else has taken it
                if error.errno != errno.EBUSY:
                    raise
            else:
                return device, path
        raise OSError(errno.EBUSY, "no loop device is free")
    finally:
        os.close(control)
