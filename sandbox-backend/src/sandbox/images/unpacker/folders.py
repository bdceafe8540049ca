"""Opens the folders of a layer that is being filled, and makes those that are missing.

A link on the way is followed as for a process that has the layer for its whole file system: an absolute one begins at
the layer's own root, and above that is nothing. The kernel follows none: each is read and walked here, one folder after
the other, so that no path is resolved twice and what it truly is, is known.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# deeper than any honest layer; removing a folder takes a descriptor for each one in it
DEEPEST = 256
# as many as the kernel follows (path_resolution(7))
MOST_LINKS = 40
Parts = tuple[bytes, ...]
Step = Callable[[int], None]


class BadLayer(ValueError):
    """An entry that is refused; the text says which and why."""


def components(path: bytes) -> list[bytes]:
    """Return the names in a path, without those that mean nothing."""
    return [part for part in path.split(b"/") if part not in (b"", b".")]


def shown(name: bytes) -> str:
    """Return a name as it can stand in a message."""
    return ascii(name[:100].decode("utf-8", "replace"))[1:-1]


def open_folder(above: int, name: bytes) -> int:
    """Open a folder that is none by a link."""
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)


class Folders:
    """The folders below the descriptor `root`; `make` makes one of a name in the folder behind a descriptor, `step` is
    called for each folder that is opened."""

    def __init__(self, root: int, make: Callable[[int, bytes], None], step: Step = lambda _: None) -> None:
        self._root, self._make, self._step = root, make, step

    @contextmanager
    def opened(self, path: Parts, *, make: bool = False) -> Iterator[tuple[int, Parts]]:
        """Yield a descriptor of a folder and the path where it truly is; with `make` those that are missing on the way
        are made. BadLayer where there is no way."""
        walk = _Walk(self._root, path, self._step)
        try:
            while (name := walk.next()) is not None:
                if not walk.enter(name):
                    self._missing(walk.at, name, make=make)
            yield walk.at, tuple(walk.done)
        finally:
            os.close(walk.at)

    def _missing(self, above: int, name: bytes, *, make: bool) -> None:
        if not make:
            raise BadLayer(f"{shown(name)} is not there")
        self._make(above, name)


class _Walk:
    """The way to a folder: `at` is a descriptor of where it has come to, `done` that folder's path."""

    def __init__(self, root: int, path: Parts, step: Step) -> None:
        self.at, self.done = os.dup(root), list[bytes]()
        self._root, self._left, self._links, self._step = root, list(reversed(path)), 0, step

    def next(self) -> bytes | None:
        """Return the next name on the way."""
        while self._left and self._left[-1] == b"..":
            self._left.pop()
            # of links alone, as no entry's own path has one
            self._go_back(self.done[:-1])
        return self._left[-1] if self._left else None

    def enter(self, name: bytes) -> bool:
        """Go on into a folder, or to where a link leads; False when there is neither."""
        try:
            self._go(open_folder(self.at, name))
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            self._follow(name)
            return True
        self.done.append(self._left.pop())
        if len(self.done) > DEEPEST:
            raise BadLayer(f"path {shown(name)} is too deep")
        return True

    def _follow(self, name: bytes) -> None:
        try:
            target = os.readlink(name, dir_fd=self.at)
        except OSError as error:
            raise BadLayer(f"path goes through {shown(name)}, which is no folder") from error
        self._links += 1
        if self._links > MOST_LINKS:
            raise BadLayer(f"path goes through {shown(name)}, and through too many links")
        self._left.pop()
        if target.startswith(b"/"):
            self._go_back([])
        self._left += reversed(components(target))

    def _go_back(self, path: list[bytes]) -> None:
        self._go(os.dup(self._root))
        for name in path:
            self._go(open_folder(self.at, name))
        self.done = path

    def _go(self, to: int) -> None:
        self._step(1)
        os.close(self.at)
        self.at = to
