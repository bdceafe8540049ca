"""Unpacks one layer's tar into a folder, entry by entry, in the form that overlayfs stacks.

Runs only in the confined child, `unpacker`. Every step goes through a descriptor of the folder above and follows no
link, so the result does not depend on the confinement. Kept: modes with setuid bits (layers are mounted nosuid),
owners up to 65535, times, links. Dropped: extended attributes and file capabilities, device nodes, FIFOs, sockets.
Refused: what an honest layer never has. Whiteouts come in the OCI layer specification's form and leave in that of
overlayfs mounted with `userxattr`.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from sandbox.images.unpacker.tarstream import FOLDER, HARD_LINK, REGULAR, SYMBOLIC_LINK, Entry

WHITEOUT = b".wh."
OPAQUE = b".wh..wh..opq"
BOOKKEEPING = b".wh..wh."  # aufs kept its own files under this prefix; Docker skips them too
LARGEST_ID = 65_535
DEEPEST = 100
OF_THE_RUNTIME = ((b"dev",), (b"proc",), (b"sys",))
Parts = tuple[bytes, ...]


class BadLayer(ValueError):
    """An entry that is refused; the text says which and why."""


def split(name: bytes) -> Parts:
    """Return the components of a name below the layer's root; BadLayer for one that leads out of it or cannot exist."""
    parts = tuple(part for part in name.split(b"/") if part not in (b"", b"."))
    if parts and name.startswith(b"/"):
        raise BadLayer(f"absolute path {_shown(name)}")
    if b".." in parts:
        raise BadLayer(f"path {_shown(name)} leads out of the layer")
    if b"\0" in name or len(parts) > DEEPEST or any(len(part) > 255 for part in parts):
        raise BadLayer(f"path {_shown(name)} is too long or too deep")
    return parts


class Layer:
    """The folder behind the descriptor `root`, being filled; at most `most` files, folders and links are made."""

    def __init__(self, root: int, most: int) -> None:
        self._root, self._most = root, most
        self.files = self.skipped = 0
        self._times: dict[Parts, float] = {}

    def add(self, entry: Entry, content: Iterable[bytes]) -> None:
        """Make what `entry` describes. BadLayer when it is refused."""
        parts = split(entry.name)
        if max(entry.uid, entry.gid) > LARGEST_ID:
            raise BadLayer(f"{_shown(entry.name)}: uids and gids must be in range 0-{LARGEST_ID}")
        if parts and parts[-1].startswith(WHITEOUT):
            self._white_out(parts)
        elif any(part.startswith(WHITEOUT) for part in parts):
            raise BadLayer(f"{_shown(entry.name)}: a whiteout is no folder")
        elif entry.kind == FOLDER:
            self._make_folder(parts, entry)
        elif not parts or parts in OF_THE_RUNTIME:
            raise BadLayer(f"/{_shown(entry.name)} has to be a folder")
        else:
            self._make_other(parts, entry, content)

    def finish(self) -> None:
        """Give the folders their times, which making things in them has changed."""
        for parts, time in self._times.items():
            # a later entry may have taken the folder's place
            with suppress(OSError, BadLayer), self._folder(parts) as folder:
                os.utime(folder, (time, time))

    def _make_folder(self, parts: Parts, entry: Entry) -> None:
        if parts:
            with self._folder(parts[:-1], make=True) as above:
                self._replace_with_folder(above, parts[-1])
        with self._folder(parts) as folder:
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

    def _make_other(self, parts: Parts, entry: Entry, content: Iterable[bytes]) -> None:
        if entry.kind not in (REGULAR, SYMBOLIC_LINK, HARD_LINK):
            self.skipped += 1
            return
        with self._folder(parts[:-1], make=True) as above:
            if entry.kind == HARD_LINK:
                self._make_hard_link(above, parts, entry)
                return
            _clear(above, parts[-1])
            self._count()
            (_make_file if entry.kind == REGULAR else _make_link)(above, parts[-1], entry, content)

    def _make_hard_link(self, above: int, parts: Parts, entry: Entry) -> None:
        target = split(entry.link)
        # what is below the entry's own name goes, to make room for it
        if not target or target[: len(parts)] == parts:
            raise BadLayer(f"{_shown(entry.name)} is a hard link to itself, into itself or to the root")
        with self._folder(target[:-1]) as source:
            status = _status(source, target[-1])
            if status is None or not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
                raise BadLayer(f"{_shown(entry.name)} is a hard link to no file of the layer")
            _clear(above, parts[-1])
            self._count()
            os.link(target[-1], parts[-1], src_dir_fd=source, dst_dir_fd=above, follow_symlinks=False)

    def _white_out(self, parts: Parts) -> None:
        hidden = parts[-1].removeprefix(WHITEOUT)
        if parts[-1].startswith(BOOKKEEPING) and parts[-1] != OPAQUE:
            self.skipped += 1
            return
        if hidden in (b"", b".", b".."):
            raise BadLayer(f"{_shown(parts[-1])}: a whiteout of no name")
        with self._folder(parts[:-1], make=True) as above:
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

    @contextmanager
    def _folder(self, parts: Parts, *, make: bool = False) -> Iterator[int]:
        """Return a descriptor of a folder of the layer, missing ones made on the way when `make` says so."""
        at = os.dup(self._root)
        try:
            for part in parts:
                below = self._step(at, part, make=make)
                os.close(at)
                at = below
            yield at
        finally:
            os.close(at)

    def _step(self, at: int, part: bytes, *, make: bool) -> int:
        try:
            return _open_folder(at, part)
        except FileNotFoundError as error:
            if not make:
                raise BadLayer(f"{_shown(part)} is not there") from error
            self._new_folder(at, part)
            return _open_folder(at, part)
        except NotADirectoryError as error:
            raise BadLayer(f"path goes through {_shown(part)}, which is a link or a file") from error

    def _new_folder(self, above: int, name: bytes) -> None:
        self._count()
        os.mkdir(name, 0o755, dir_fd=above)

    def _count(self) -> None:
        self.files += 1
        if self.files > self._most:
            raise BadLayer(f"more than {self._most} files")


def _make_file(above: int, name: bytes, entry: Entry, content: Iterable[bytes]) -> None:
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=above)
    try:
        for piece in content:
            _write(file, piece)
        _own(file, entry)
        os.utime(file, (entry.mtime, entry.mtime))
    finally:
        os.close(file)


def _make_link(above: int, name: bytes, entry: Entry, _: Iterable[bytes]) -> None:
    if not 0 < len(entry.link) < 4096 or b"\0" in entry.link:
        raise BadLayer(f"{_shown(entry.name)} is a link to no possible path")
    os.symlink(entry.link, name, dir_fd=above)
    os.chown(name, entry.uid, entry.gid, dir_fd=above, follow_symlinks=False)
    os.utime(name, (entry.mtime, entry.mtime), dir_fd=above, follow_symlinks=False)


def _make_opaque(above: int, name: bytes | None = None) -> None:
    """Let nothing of the layers below show in a folder."""
    folder = os.dup(above) if name is None else _open_folder(above, name)
    try:
        os.setxattr(folder, "user.overlay.opaque", b"y")
    finally:
        os.close(folder)


def _open_folder(above: int, name: bytes) -> int:
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)


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
    os.fchown(file, entry.uid, entry.gid)
    # after the owner, whose change takes setuid bits away
    os.fchmod(file, entry.mode)


def _write(file: int, piece: bytes) -> None:
    while piece:
        piece = piece[os.write(file, piece) :]


def _shown(name: bytes) -> str:
    return ascii(name[:100].decode("utf-8", "replace"))[1:-1]
