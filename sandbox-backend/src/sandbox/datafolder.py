"""A data folder whose file system knows no id-mapped mounts, as an overlay: a file system that does lies over it.

Image layers are mounted with their owners translated. Where the folder's own file system cannot do that, the backend
keeps its data, for as long as it lives, on an ext4 in a nameless file of the folder, or else in memory. That lies over
the folder in a mount namespace of the backend's own, so that nothing is left of it, however the backend ends, and two
backends on one folder share no block device. What was unpacked there is pulled again the next time.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sandbox.linux import loop, machine, mounts, namespaces
from sandbox.settings import Settings

# room for so many of the largest images; less where there is less, but never more than half of what is free
IMAGES = 4
LEAST_BYTES = 128 << 20
# many small files: ext4's own guess is half as many
BYTES_PER_FILE = 8192
# linked rather than copied, for it is only read; the rest is a container's root, and must be where layers are
BOUND, COPIED = "registry", "vm"


class DataFolderError(RuntimeError):
    """The data folder can hold no image layers, and nothing can lie over it; the text says why, in English."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What lies over a folder: the kind of file system, its size in bytes, and why it is not a better kind."""

    kind: str
    bytes: int
    instead: str = ""


def can_be_idmapped(folder: Path) -> bool:
    """Whether layers in `folder` can be mounted with their owners translated; needs root. OSError where it cannot even
    be tried."""
    namespace = namespaces.user_namespace(0, 1 << 20)
    try:
        os.close(mounts.idmapped(folder, namespace))
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return False
    finally:
        os.close(namespace)
    return True


def settle(settings: Settings) -> str:
    """Make `settings.data_dir` a folder that layers can be mounted from: as it is, or covered, in a mount
    namespace of this process alone. One Korean sentence for the operator, empty where nothing was to be done.

    DataFolderError where nothing can be done.
    """
    folder = settings.data_dir
    if can_be_idmapped(folder):
        return ""
    was = machine.file_system(folder)
    mounts.private_mounts()
    # not sooner: a mount of another namespace cannot be bound
    before = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        made = cover(folder, IMAGES * settings.image_bytes)
        _carry_over(Path(f"/proc/self/fd/{before}"), folder)
    finally:
        os.close(before)
    where = "그 안의 이름 없는 파일" if made.kind == "ext4" else f"메모리, {made.instead}"
    return (
        f"데이터 폴더 {folder}의 파일 시스템({was})은 id-mapped 마운트를 못 해서, 도는 동안의 데이터는"
        f" {made.kind} {made.bytes / (1 << 30):.1f} GiB({where})에 둬요. 받은 이미지는 끝나면 사라지고 다시 받아요."
    )


def cover(folder: Path, most: int) -> Cover:
    """Mount an empty file system of at most `most` bytes over `folder` that can be id-mapped. It is gone when that is
    unmounted, or with the mount namespace, which is the caller's own. DataFolderError where none can be had."""
    try:
        return Cover("ext4", _cover_with_ext4(folder, most))
    except (OSError, subprocess.SubprocessError) as error:
        no_disk = str(error)
    try:
        return Cover("tmpfs", _cover_with_memory(folder, most), no_disk)
    except OSError as error:
        raise DataFolderError(
            f"{folder}: {machine.file_system(folder)} cannot be id-mapped, and neither an ext4 on a loop device"
            f" ({no_disk}) nor a tmpfs ({error}) can lie over it"
        ) from error


def _cover_with_ext4(folder: Path, most: int) -> int:
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        size = _size(most, shutil.disk_usage(folder).free, "disk")
        # all of it now: what is promised cannot fail later, in the middle of a layer, when others have filled the disk
        os.posix_fallocate(file.fileno(), 0, size)
        loop.format_ext4(file.fileno(), "-i", str(BYTES_PER_FILE))
        loop.mount(file.fileno(), folder)
    return size


def _cover_with_memory(folder: Path, most: int) -> int:
    size = _size(most, machine.available_memory(), "memory")
    mounts.mount("tmpfs", folder, "tmpfs", mounts.MS_NOSUID | mounts.MS_NODEV, f"mode=0711,size={size}")
    if not can_be_idmapped(folder):
        mounts.unmount(folder)
        raise OSError(errno.EOPNOTSUPP, "tmpfs cannot be id-mapped before Linux 6.3")
    return size


def _size(most: int, free: int, what: str) -> int:
    size = min(most, free // 2) // loop.BLOCK * loop.BLOCK
    if size < LEAST_BYTES:
        raise OSError(errno.ENOSPC, f"only {free >> 20} MiB of {what} are free")
    return size


def _carry_over(before: Path, folder: Path) -> None:
    """What set-up has put into the folder that is now covered."""
    if (before / BOUND).is_dir():
        (folder / BOUND).mkdir()
        mounts.mount(str(before / BOUND), folder / BOUND, None, mounts.MS_BIND)
    if (before / COPIED).is_dir():
        shutil.copytree(before / COPIED, folder / COPIED, symlinks=True)
