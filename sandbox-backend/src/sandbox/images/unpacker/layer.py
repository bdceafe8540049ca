"""Unpacks one layer's tar into a folder, entry by entry, in the form that overlayfs stacks.

Runs only in the confined child, `unpacker`. Every step goes through a descriptor of the folder above, and links on the
way are followed inside the layer (`folders`), so the result does not depend on the confinement. Kept: modes with setuid
bits (layers are mounted nosuid), owners up to 65535, times, links. An owner above is nobody, as in any user namespace
that has not its number. Dropped: extended attributes and file capabilities, device nodes, FIFOs, sockets. Refused: what
an honest layer never has. Whiteouts come in the OCI layer specification's form and leave in that of overlayfs mounted
with `userxattr`.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable
from contextlib import suppress

from sandbox.images.unpacker.folders import DEEPEST, BadLayer, Folders, Parts, Step, components, open_folder, shown
from sandbox.images.unpacker.tarstream import FOLDER, HARD_LINK, REGULAR, SYMBOLIC_LINK, Entry

WHITEOUT = b".wh."
OPAQUE = b".wh..wh..opq"
BOOKKEEPING = b".wh..wh."  # aufs kept its own files under this prefix; Docker skips them too
LARGEST_ID, NOBODY = 65_535, 65_534
OF_THE_RUNTIME = ((b"dev",), (b"proc",), (b"sys",))
# bytes, or the number of zeros of a hole
Content = Iterable[bytes | int]


def split(name: bytes) -> Parts:
    """Return the components of a name below the layer's root, where an absolute one begins, too; BadLayer for one that
    leads out of it or cannot exist.

    A way back is taken before any link is looked at, as Docker does it.
    """
    parts: list[bytes] = []
    for part in components(name):
        if part != b"..":
            parts.append(part)
        elif not parts:
            raise BadLayer(f"path {shown(name)} leads out of the layer")
        else:
            parts.pop()
    if b"\0" in name or len(parts) > DEEPEST or any(len(part) > 255 for part in parts):
        raise BadLayer(f"path {shown(name)} is too long or too deep")
    return tuple(parts)


class Layer:
    """The folder behind the descriptor `root`, being filled with at most `most` files, folders and links; `step` is
    called for each folder on the way to one."""

    def __init__(self, root: int, most: int, step: Step = lambda _: None) -> None:
        self._folders, self._most = Folders(root, self._new_folder, step), most
        self.files = self.skipped = 0
        self._times: dict[Parts, float] = {}

    def add(self, entry: Entry, content: Content) -> None:
        """Make what `entry` describes. BadLayer when it is refused."""
        parts = split(entry.name)
        if parts and parts[-1].startswith(WHITEOUT):
            self._white_out(parts)
        elif any(part.startswith(WHITEOUT) for part in parts):
            raise BadLayer(f"{shown(entry.name)}: a whiteout is no folder")
        elif entry.kind == FOLDER:
            self._make_folder(parts, entry)
        else:
            self._make_other(parts, entry, content)

    def finish(self) -> None:
        """Give the folders their times, which making things in them has changed."""
        for parts, time in self._times.items():
            # a later entry may have taken the folder's place
            with suppress(OSError, BadLayer), self._folders.opened(parts) as (folder, now):
                if now == parts:
                    os.utime(folder, (time, time))

    def _make_folder(self, parts: Parts, entry: Entry) -> None:
        if parts:
            with self._folders.opened(parts[:-1], make=True) as (above, path):
                self._replace_with_folder(above, parts[-1])
                parts = (*path, parts[-1])
        with self._folders.opened(parts) as (folder, _):
            _own(folder, entry)
        self._times[parts] = entry.mtime

    def _replace_with_folder(self, above: int, name: bytes) -> None:
        status = _status(above, name)
        if status is not None and stat.S_ISDIR(status.st_mode):
            return
        _clear(above, name)
        self._new_folder(above, name)
        if status is not None and stat.S_ISCHR(status.st_mode):
            # the whiteout of this very layer that stood here hid a folder below: an opaque one hides it as well
            _make_opaque(above, name)

    def _make_other(self, parts: Parts, entry: Entry, content: Content) -> None:
        if entry.kind not in (REGULAR, SYMBOLIC_LINK, HARD_LINK):
            self.skipped += 1
            return
        with self._folders.opened(parts[:-1], make=True) as (above, path):
            if not parts or (*path, parts[-1]) in OF_THE_RUNTIME:
                raise BadLayer(f"/{shown(entry.name)} has to be a folder")
            if entry.kind == HARD_LINK:
                self._make_hard_link(above, (*path, parts[-1]), entry)
                return
            _clear(above, parts[-1])
            self._count()
            (_make_file if entry.kind == REGULAR else _make_link)(above, parts[-1], entry, content)

    def _make_hard_link(self, above: int, parts: Parts, entry: Entry) -> None:
        target = split(entry.link)
        with self._folders.opened(target[:-1]) as (source, path):
            # what is below the entry's own name goes, to make room for it
            if not target or (*path, target[-1])[: len(parts)] == parts:
                raise BadLayer(f"{shown(entry.name)} is a hard link to itself, into itself or to the root")
            status = _status(source, target[-1])
            if status is None or not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
                raise BadLayer(f"{shown(entry.name)} is a hard link to no file of the layer")
            _clear(above, parts[-1])
            self._count()
            os.link(target[-1], parts[-1], src_dir_fd=source, dst_dir_fd=above, follow_symlinks=False)

    def _white_out(self, parts: Parts) -> None:
        hidden = parts[-1].removeprefix(WHITEOUT)
        if parts[-1].startswith(BOOKKEEPING) and parts[-1] != OPAQUE:
            self.skipped += 1
            return
        if hidden in (b"", b".", b".."):
            raise BadLayer(f"{shown(parts[-1])}: a whiteout of no name")
        with self._folders.opened(parts[:-1], make=True) as (above, _):
            if parts[-1] == OPAQUE:
                _make_opaque(above)
            else:
                self._hide(above, hidden)

    def _hide(self, above: int, name: bytes) -> None:
        """Carry a whiteout out: it hides what the layers below have; what this layer has under that name stays."""
        status = _status(above, name)
        if status is None:
            self._count()
            os.mknod(name, stat.S_IFCHR, os.makedev(0, 0), dir_fd=above)
        elif stat.S_ISDIR(status.st_mode):
            _make_opaque(above, name)

    def _new_folder(self, above: int, name: bytes) -> None:
        if name.startswith(WHITEOUT):
            # only a link can name it here
            raise BadLayer(f"{shown(name)}: a whiteout is no folder")
        self._count()
        os.mkdir(name, 0o755, dir_fd=above)

    def _count(self) -> None:
        self.files += 1
        if self.files > self._most:
            raise BadLayer(f"more than {self._most} files")


def _make_file(above: int, name: bytes, entry: Entry, content: Content) -> None:
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=above)
    try:
        for piece in content:
            if isinstance(piece, int):
                # what is not written is zeros; it is as long as this when nothing comes behind
                os.ftruncate(file, os.lseek(file, piece, os.SEEK_CUR))
            else:
                _write(file, piece)
        _own(file, entry)
        os.utime(file, (entry.mtime, entry.mtime))
    finally:
        os.close(file)


def _make_link(above: int, name: bytes, entry: Entry, _: Content) -> None:
    if not 0 < len(entry.link) < 4096 or b"\0" in entry.link:
        raise BadLayer(f"{shown(entry.name)} is a link to no possible path")
    os.symlink(entry.link, name, dir_fd=above)
    os.chown(name, _known(entry.uid), _known(entry.gid), dir_fd=above, follow_symlinks=False)
    os.utime(name, (entry.mtime, entry.mtime), dir_fd=above, follow_symlinks=False)


def _make_opaque(above: int, name: bytes | None = None) -> None:
    """Let nothing of the layers below show in a folder."""
    folder = os.dup(above) if name is None else open_folder(above, name)
    try:
        os.setxattr(folder, "user.overlay.opaque", b"y")
    finally:
        os.close(folder)


def _status(above: int, name: bytes) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=above, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _clear(above: int, name: bytes) -> None:
    """Make room: as with Docker, a later entry of the same name replaces the earlier one."""
    status = _status(above, name)
    if status is None:
        return
    if stat.S_ISDIR(status.st_mode):
        shutil.rmtree(name, dir_fd=above)
    else:
        os.unlink(name, dir_fd=above)


def _own(file: int, entry: Entry) -> None:
    os.fchown(file, _known(entry.uid), _known(entry.gid))
    # after the owner, whose change takes setuid bits away
    os.fchmod(file, entry.mode)


def _known(number: int) -> int:
    """Return a user's or group's number, as far as a container has it."""
    return number if 0 <= number <= LARGEST_ID else NOBODY


def _write(file: int, piece: bytes) -> None:
    while piece:
        piece = piece[os.write(file, piece) :]
