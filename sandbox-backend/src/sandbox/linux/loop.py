"""Block devices made of files: a nameless file as an ext4 file system, gone with its last user.

The loop device clears itself when nobody holds it any more, and a file without a name goes with its last descriptor, so
that nothing is left, whoever is killed when. No such file system is ever mounted twice.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import subprocess
from pathlib import Path

from sandbox.linux import mounts

CONTROL = "/dev/loop-control"
ENVIRONMENT = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
INODE_BYTES, BLOCK = 256, 4096
# no journal and no reserve, for a file system that does not outlive the processes that use it
FORMAT = (
    f"mkfs.ext4 -q -F -b {BLOCK} -I {INODE_BYTES} -m 0 -O ^has_journal,^resize_inode -E nodiscard,lazy_itable_init=1"
)
FORMAT_SECONDS = 60
# no flush reaches the machine's own disk, and no kernel thread writes to this one
OPTIONS = "nobarrier,noinit_itable"
# linux/loop.h: the calls' numbers, and struct loop_config with its file, its block size and its flags
_CONFIG = struct.Struct("=II52xI240x")
_GET_FREE, _CONFIGURE, _AUTOCLEAR, _DIRECT_IO = 0x4C82, 0x4C0A, 4, 16
_ATTEMPTS = 16

Device = tuple[int, int]


def format_ext4(file: int, *options: str) -> None:
    """Make an empty ext4 of the open file, as large as that is. OSError or subprocess.SubprocessError where there is no
    mkfs.ext4, or none that can do it."""
    subprocess.run(
        [*FORMAT.split(), *options, f"/dev/fd/{file}"],
        pass_fds=[file],
        env=ENVIRONMENT,
        check=True,
        capture_output=True,
        timeout=FORMAT_SECONDS,
    )


def mount(file: int, target: Path, *, direct: bool = False) -> Device:
    """Mount the ext4 in the open file at `target`, for others to pass through; its device's numbers. The device is gone
    when `target` is unmounted; the caller closes `file`. A `direct` device keeps nothing in memory, if the file's own
    file system can do without."""
    device, path = _attached(file, _AUTOCLEAR | (_DIRECT_IO if direct else 0))
    # the device lives on while it is mounted, or else until this descriptor is closed
    try:
        mounts.mount(path, target, "ext4", mounts.MS_NOSUID | mounts.MS_NODEV, OPTIONS)
        number = os.fstat(device).st_rdev
    finally:
        os.close(device)
    target.chmod(0o711)
    return os.major(number), os.minor(number)


def _attached(file: int, flags: int) -> tuple[int, str]:
    """A free loop device with `file` behind it: a descriptor, and its path."""
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
