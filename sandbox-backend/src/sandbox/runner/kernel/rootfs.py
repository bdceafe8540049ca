"""One run's root file system: the image's shared layers, read-only, under a writable layer of its own.

The writable layer is a tmpfs limited in bytes and inodes, whose pages are charged to the run's memory; or a disk of
the run's own, where that is to be slow (`disk`). The layers are mounted with their owners translated to the run's own
user ids, so that two runs share files but no identity.
"""

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sandbox.linux import files, lacks, mounts
from sandbox.linux.loop import Device
from sandbox.model.plan import MOST_FOLDERS, Limits
from sandbox.runner import aside
from sandbox.runner.kernel.disk import Disks

FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
# mount(2) takes its options in one page, the end of the text with them
MOST_OPTIONS = os.sysconf("SC_PAGE_SIZE") - 1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`folder` is the run's own folder on what it writes to, `root` the merged root file system in it, `disk` the
    numbers of the disk, where it is one."""

    folder: Path
    root: Path
    first_uid: int
    disk: Device | None = None

    def open(self, path: str) -> int:
        """A read-only descriptor of a file of the root file system; no link in it can lead out."""
        root = os.open(self.root, os.O_PATH | os.O_DIRECTORY)
        try:
            return files.open_in_root(root, path, os.O_RDONLY | os.O_NONBLOCK)
        finally:
            os.close(root)

    def open_plain(self, path: str) -> int:
        """A read-only descriptor of a plain file of the image; -1 where it is not there or not a plain file.
        OSError when the machine lacks what it takes to look."""
        try:
            found = self.open(path)
        except OSError as error:
            if lacks.anything(error):
                raise
            return -1
        if not stat.S_ISREG(os.fstat(found).st_mode):
            os.close(found)
            return -1
        return found

    def make_folder(self, path: str) -> str:
        """Make the missing ones of `path` and the folders above it; where it truly is, all links followed.

        NotADirectoryError or FileExistsError where something else is in the way; OSError with ENAMETOOLONG when it
        names more than MOST_FOLDERS.
        """
        # what is above the root is the root
        names = [name for name in posixpath.normpath(f"/{path}").split("/") if name]
        if len(names) > MOST_FOLDERS:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        root = at = os.open(self.root, FOLDER)
        try:
            for name in names:
                above, at = at, self._entered(root, at, name)
                if above != root:
                    os.close(above)
            return self._true_path(at)
        finally:
            for descriptor in {root, at}:
                os.close(descriptor)

    def _true_path(self, found: int) -> str:
        return str(Path(f"/proc/self/fd/{found}").readlink()).removeprefix(str(self.root)) or "/"

    def _entered(self, root: int, at: int, name: str) -> int:
        """The folder `name` of the folder `at`, made if it is missing; a link is followed as if `root` were all."""
        try:
            return os.open(name, FOLDER | os.O_NOFOLLOW, dir_fd=at)
        except NotADirectoryError:
            where = self._true_path(at)
            with contextlib.suppress(FileNotFoundError):
                return files.open_in_root(root, f"{where}/{name}", FOLDER)
            # as with Docker, what a link leads to is made there; the kernel has followed no more than 40 of them
            made = self.make_folder(posixpath.join(where, os.readlink(name, dir_fd=at)))
            return files.open_in_root(root, made, FOLDER)
        except FileNotFoundError:
            pass
        os.mkdir(name, 0o755, dir_fd=at)
        os.chown(name, self.first_uid, self.first_uid, dir_fd=at, follow_symlinks=False)
        return os.open(name, FOLDER | os.O_NOFOLLOW, dir_fd=at)

    def put(self, path: str, content: bytes, mode: int) -> None:
        """A file at `path` of the root file system, in place of what is there; owned by the container's root."""
        self.make_folder(posixpath.dirname(path))
        root = os.open(self.root, os.O_PATH | os.O_DIRECTORY)
        try:
            found = files.open_in_root(root, path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK)
        finally:
            os.close(root)
        with os.fdopen(found, "wb") as file:
            file.write(content)
            os.fchmod(found, mode)
            os.fchown(found, self.first_uid, self.first_uid)

    def files(self) -> int:
        """How many files there are on what the run writes to. OSError when that is gone."""
        used = os.statvfs(self.folder)
        return used.f_files - used.f_ffree

    def seal(self) -> None:
        """Let nothing write to the root file system any more."""
        flags = mounts.MS_REMOUNT | mounts.MS_BIND | mounts.MS_RDONLY | mounts.MS_NOSUID | mounts.MS_NODEV
        mounts.mount("none", self.root, None, flags)

    def write(self, name: str, content: bytes) -> Path:
        """A file beside the root file system, owned by the container's root, to be bound into it."""
        file = self.folder / name
        file.write_bytes(content)
        os.chown(file, self.first_uid, self.first_uid)
        return file


def make(
    folder: Path, layers: Sequence[Path], namespace: int, first_uid: int, limits: Limits, disks: Disks | None = None
) -> Snapshot:
    """Make the root file system of `layers` (lowest first) for a run, in a new `folder`. OSError leaves what `removed`
    removes.

    What is written goes to one of `disks`, if they are given.
    """
    folder.mkdir(mode=0o711)
    disk = _mount_writable(folder, limits, disks)
    return replace(_merged(folder, layers, namespace, first_uid), disk=disk)


def removed(folder: Path) -> bool:
    """Remove a run's root file system, as far as it was made, with all that was written; True, when it is gone.
    OSError when some of it stays, and then it can be tried again."""
    try:
        mounts.unmount(folder)
    except OSError as error:
        # nothing is mounted there, or it is gone altogether
        if error.errno not in (errno.EINVAL, errno.ENOENT):
            raise
    files.remove_tree(folder)
    return True


@asynccontextmanager
async def mounted(
    folder: Path, layers: Sequence[Path], namespace: int, first_uid: int, limits: Limits
) -> AsyncIterator[Snapshot]:
    """A root file system that is gone, with all that was written, at the end of the block."""
    try:
        yield make(folder, layers, namespace, first_uid, limits)
    finally:
        await aside.done(partial(removed, folder))


def _mount_writable(folder: Path, limits: Limits, disks: Disks | None) -> Device | None:
    if disks is not None:
        return disks.mount(folder)
    data = f"mode=0711,size={limits.disk},nr_inodes={limits.inodes}"
    mounts.mount("tmpfs", folder, "tmpfs", mounts.MS_NOSUID | mounts.MS_NODEV, data)
    return None


def _merged(folder: Path, layers: Sequence[Path], namespace: int, first_uid: int) -> Snapshot:
    for number, layer in enumerate(layers):
        target = folder / f"l{number}"
        target.mkdir()
        mounts.mount_idmapped(layer, target, namespace)
    for name in ("upper", "work"):
        (folder / name).mkdir(mode=0o755)
        os.chown(folder / name, first_uid, first_uid)
    root = folder / "rootfs"
    root.mkdir()
    flags, options = mounts.MS_NOSUID | mounts.MS_NODEV, _overlay(str(folder), len(layers))
    if len(options) <= MOST_OPTIONS:
        mounts.mount("overlay", root, "overlay", flags, options)
    else:
        with _short(folder) as name:
            mounts.mount("overlay", root, "overlay", flags, _overlay(name, len(layers)))
    return Snapshot(folder, root, first_uid)


def _overlay(folder: str, layers: int) -> str:
    """The options of an overlay of so many layers in a folder: it wants the uppermost one first."""
    lower = ":".join(f"{folder}/l{number}" for number in reversed(range(layers)))
    return f"lowerdir={lower},upperdir={folder}/upper,workdir={folder}/work,userxattr"


@contextlib.contextmanager
def _short(folder: Path) -> Iterator[str]:
    """A path of a folder that is short, for as long as the block lasts, however long its own is."""
    descriptor = os.open(folder, FOLDER)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
