"""Opens files that a stranger has laid out, sizes pipes, and removes folders."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
from pathlib import Path

from sandbox.linux import libc

_OPENAT2 = 437
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_IN_ROOT = 0x10


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_in_root(root: int, path: str, flags: int) -> int:
    """Open `path` as a process chrooted into the folder `root` would, so that no link in it leads outside."""
    how = _OpenHow(flags | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
    return libc.check(libc.LIBC.syscall(_OPENAT2, root, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how)), path)


def size_pipe(pipe: int, size: int) -> None:
    """Give a pipe room for `size` bytes, or for as many as this machine lets one have."""
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, size)
    except PermissionError:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, int(Path("/proc/sys/fs/pipe-max-size").read_text()))


def sync_file_system(folder: Path) -> None:
    """Write everything that the file system of `folder` still holds in memory to its disk. OSError when that fails."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        libc.check(libc.LIBC.syncfs(descriptor), f"syncfs {folder}")
    finally:
        os.close(descriptor)


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that is in it; it may be gone. OSError when some of it stays, and then it can be tried
    again."""

    def failed(_: object, __: str, found: tuple[type[BaseException], BaseException, object]) -> None:
        if not isinstance(found[1], FileNotFoundError):
            raise found[1]

    shutil.rmtree(folder, onerror=failed)
