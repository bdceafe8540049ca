"""Writes what a virtual machine starts with into one file: the first process with its drivers, crun with its libraries,
and the image's files.

No process uses the image's files while they are read, so no link changes meanwhile; none is followed.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sandbox.runner.isolation.vm import cpio

CONSOLE = cpio.Entry("dev/console", cpio.CHARACTER_DEVICE | 0o600, device=(5, 1))
IMAGE = "image"


class TooLarge(Exception):
    """The image has more files than the virtual machine's memory is meant for."""


def write(target: BinaryIO, home: Path, config: bytes, root: Path, first_uid: int, limit: int) -> int:
    """Write to `target` what boots the files below `root` with `config`; `home` has `init`, `modules` and `runtime`.
    Bytes in all.

    Owners are translated back from `first_uid`. TooLarge when it would be more than `limit` bytes.
    """
    target.write(cpio.header(cpio.Entry("dev", cpio.DIRECTORY | 0o755)) + cpio.header(CONSOLE))
    target.write(cpio.file("init", (home / "init").read_bytes(), cpio.FILE | 0o755))
    target.write(cpio.file("config.json", config) + cpio.header(cpio.Entry("modules", cpio.DIRECTORY | 0o755)))
    for module in sorted((home / "modules").glob("*.ko")):
        target.write(cpio.file(f"modules/{module.name}", module.read_bytes()))
    for path in sorted((home / "runtime").iterdir()):
        _write_tree(target, path.name, path, 0, limit)
    _write_tree(target, IMAGE, root, first_uid, limit)
    target.write(cpio.trailer())
    return target.tell()


def _write_tree(target: BinaryIO, base: str, root: Path, first_uid: int, limit: int) -> None:
    seen: set[tuple[int, int]] = set()
    for name, path, status in _tree(base, root, root.lstat()):
        again = (status.st_dev, status.st_ino) in seen
        if status.st_nlink > 1:
            seen.add((status.st_dev, status.st_ino))
        link = os.fsencode(path.readlink()) if stat.S_ISLNK(status.st_mode) else b""
        size = len(link) or (status.st_size if stat.S_ISREG(status.st_mode) and not again else 0)
        if target.tell() + size > limit:
            raise TooLarge
        target.write(cpio.header(_entry(name, status, size, first_uid)))
        if link:
            target.write(link)
        elif size:
            with path.open("rb") as file:
                shutil.copyfileobj(file, target, 1 << 20)
        target.write(cpio.padding(size))


def _entry(name: str, status: os.stat_result, size: int, first_uid: int) -> cpio.Entry:
    return cpio.Entry(
        name,
        status.st_mode,
        size,
        uid=max(0, status.st_uid - first_uid),
        gid=max(0, status.st_gid - first_uid),
        inode=status.st_ino,
        links=1 if stat.S_ISDIR(status.st_mode) else status.st_nlink,
        mtime=int(status.st_mtime),
    )


def _tree(name: str, path: Path, status: os.stat_result) -> Iterator[tuple[str, Path, os.stat_result]]:
    """A folder before what is in it; devices and sockets of the image are left out, as containers cannot use them."""
    if not (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
        return
    yield name, path, status
    if stat.S_ISDIR(status.st_mode):
        for entry in sorted(path.iterdir()):
            yield from _tree(f"{name}/{entry.name}", entry, entry.lstat())
