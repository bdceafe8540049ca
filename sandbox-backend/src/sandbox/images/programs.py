"""Lists the programs of an image by their paths, from the folders of its unpacked layers."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sandbox.images import threads
from sandbox.images.recent import Recent
from sandbox.linux import files

FOLDERS = ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin")
# of one image, and looked at in all its layers
MOST, MOST_SEEN = 4096, 8192
# remembered of all images together
MOST_KNOWN = 1 << 16
_NAME = re.compile(r"[\w.+\[@-]{1,64}", re.ASCII)
_ANY = 0o111
Paths = tuple[str, ...] | None


class Programs:
    """Lists the programs of images, of each once for as long as they are remembered."""

    def __init__(self) -> None:
        # None is not remembered by itself
        self._known: Recent[str, tuple[Paths]] = Recent(MOST_KNOWN, lambda known: 1 + len(known[0] or ()))

    async def of(self, identity: str, layers: Sequence[Path]) -> Paths:
        """Return the paths of the programs in the image of this id; None when there are too many to keep.

        OSError when a layer cannot be looked at, RuntimeError when there is no thread for it.
        """
        known = self._known.get(identity)
        if known is None:
            known = await threads.done(threads.LOOKING, partial(self._look, identity, layers))
        return known[0]

    def _look(self, identity: str, layers: Sequence[Path]) -> tuple[Paths]:
        # there is one thread: who has waited for it may find that another has waited for the same
        known = self._known.get(identity)
        if known is None:
            known = (listed(layers),)
            self._known.put(identity, known)
        return known


def listed(layers: Iterable[Path]) -> Paths:
    """Return the paths of the programs in `layers`, lowest first; None when there are too many to keep. Blocking.

    OSError when a layer cannot be looked at.
    """
    search = _Search()
    for layer in layers:
        root = os.open(layer, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            search.add(root)
        finally:
            os.close(root)
        if search.seen > MOST_SEEN:
            return None
    if sum(map(len, search.found.values())) > MOST:
        return None
    return tuple(f"/{folder}/{name}" for folder, names in search.found.items() for name in sorted(names))


@dataclass(slots=True)
class _Folder:
    """What a layer has in a folder: programs, and marks that hide those of layers below."""

    programs: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)

    def take(self, entry: os.DirEntry[str]) -> None:
        """Take what is a program by its name and mode, or a mark."""
        if not _NAME.fullmatch(entry.name):
            return
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISCHR(mode):
            self.hidden.add(entry.name)
        elif stat.S_ISLNK(mode) or (stat.S_ISREG(mode) and mode & _ANY):
            self.programs.add(entry.name)


class _Search:
    """What is `found` in each folder of the layers that were added; `seen` entries were looked at for that."""

    def __init__(self) -> None:
        self.found: dict[str, set[str]] = {folder: set() for folder in FOLDERS}
        self.seen = 0

    def add(self, root: int) -> None:
        """Add what a layer has, and take away what it hides."""
        looked: dict[tuple[int, int], _Folder] = {}
        for name, names in self.found.items():
            if any(_hides(root, above) for above in _with_parents(name)):
                names.clear()
            try:
                opened = files.open_in_root(root, name, os.O_RDONLY | os.O_DIRECTORY)
            except OSError:
                # it is not there, or a link to a folder of another layer, which is looked at by its own name
                continue
            try:
                folder = self._looked_at(opened, looked)
            finally:
                os.close(opened)
            names.update(folder.programs)
            names.difference_update(folder.hidden)

    def _looked_at(self, opened: int, looked: dict[tuple[int, int], _Folder]) -> _Folder:
        """Return what is in an open folder, which is looked at once though it may be there by several names."""
        status = os.fstat(opened)
        identity = status.st_dev, status.st_ino
        if identity not in looked:
            looked[identity] = folder = _Folder()
            with os.scandir(opened) as entries:
                for entry in entries:
                    self.seen += 1
                    if self.seen > MOST_SEEN:
                        break
                    folder.take(entry)
        return looked[identity]


def _with_parents(folder: str) -> Iterator[str]:
    parts = folder.split("/")
    yield from ("/".join(parts[: end + 1]) for end in range(len(parts)))


def _hides(root: int, folder: str) -> bool:
    """Whether a layer hides what the layers below have there: by a mark on the folder, or in its place."""
    with suppress(OSError):
        opened = files.open_in_root(root, folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return os.getxattr(opened, "user.overlay.opaque") == b"y"
        finally:
            os.close(opened)
    with suppress(OSError):
        return stat.S_ISCHR(os.stat(folder, dir_fd=root, follow_symlinks=False).st_mode)
    return False
