"""Mounts file systems and unmounts them; each function raises OSError."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from sandbox.linux import libc
from sandbox.linux.namespaces import CLONE_NEWNS, unshare

_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_RECURSIVE = 0x8000
_OPEN_TREE_CLONE = 1
_MOVE_MOUNT_F_EMPTY_PATH = 4
_MOUNT_ATTR_RDONLY = 0x1
_MOUNT_ATTR_NOSUID = 0x2
_MOUNT_ATTR_NODEV = 0x4
_MOUNT_ATTR_IDMAP = 0x00100000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MS_SHARED = 1 << 20
MNT_DETACH = 2


class _MountAttr(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def mount(source: str, target: Path | str, kind: str | None = None, flags: int = 0, data: str | None = None) -> None:
    """mount(2)."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    libc.check(libc.LIBC.mount(encoded[0], encoded[1], encoded[2], flags, encoded[3]), f"mount {target}")


def unmount(target: Path | str, flags: int = MNT_DETACH) -> None:
    """umount2(2); by default the whole tree below `target` goes, at once for new users, later for open files."""
    libc.check(libc.LIBC.umount2(os.fsencode(target), flags), f"umount {target}")


def pivot_root(new: Path) -> None:
    """Make `new` the root of this mount namespace and let go of the old one."""
    os.chdir(new)
    libc.check(libc.LIBC.pivot_root(b".", b"."), "pivot_root")
    unmount(".")
    os.chdir("/")


def private_mounts() -> None:
    """A mount namespace of this process's own, from which nothing travels back to the machine."""
    unshare(CLONE_NEWNS)
    mount("none", "/", None, MS_REC | MS_PRIVATE)


def mount_idmapped(source: Path, target: Path, user_namespace: int) -> None:
    """Bind `source` at `target`, read-only, its owners translated by the map of the given user namespace."""
    tree = idmapped(source, user_namespace)
    try:
        libc.check(
            libc.LIBC.syscall(_MOVE_MOUNT, tree, b"", _AT_FDCWD, os.fsencode(target), _MOVE_MOUNT_F_EMPTY_PATH),
            "move_mount",
        )
    finally:
        os.close(tree)


def idmapped(source: Path, user_namespace: int) -> int:
    """A descriptor of such a mount of `source`, attached nowhere; it is gone with the descriptor, which the caller
    closes. OSError with EINVAL where the file system of `source` knows no id-mapped mounts."""
    tree = libc.check(
        libc.LIBC.syscall(_OPEN_TREE, _AT_FDCWD, os.fsencode(source), _OPEN_TREE_CLONE | os.O_CLOEXEC), "open_tree"
    )
    flags = _MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID | _MOUNT_ATTR_NODEV | _MOUNT_ATTR_IDMAP
    try:
        _set_attributes(tree, b"", _AT_EMPTY_PATH, _MountAttr(flags, 0, 0, user_namespace))
    except OSError:
        os.close(tree)
        raise
    return tree


def shared(folder: Path) -> None:
    """Make `folder` a mount of its own: what is mounted below it is also there in namespaces made from this one."""
    mount(str(folder), folder, None, MS_BIND)
    mount("none", folder, None, MS_SHARED)


def make_read_only(target: Path) -> None:
    """Remount `target` and all below it read-only and nosuid, as far as this namespace sees it."""
    attributes = _MountAttr(_MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID, 0, 0, 0)
    _set_attributes(_AT_FDCWD, os.fsencode(target), _AT_RECURSIVE, attributes)


def _set_attributes(folder: int, path: bytes, flags: int, attributes: _MountAttr) -> None:
    size = ctypes.sizeof(attributes)
    made = libc.LIBC.syscall(_MOUNT_SETATTR, folder, path, flags, ctypes.byref(attributes), size)
    libc.check(made, "mount_setattr")
