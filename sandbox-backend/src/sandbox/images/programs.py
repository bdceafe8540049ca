"""Lists the programs of an image by their paths, from the folders of its unpacked layers. Blocking: for a thread."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from sandbox.linux import files

FOLDERS = ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin")
# of one image, and looked at in one folder
MOST, MOST_SEEN = 4096, 8192
_NAME = re.compile(r"[\w.+\[@-]{1,64}", re.ASCII)
_ANY = 0o111


def listed(layers: Iterable[Path]) -> tuple[str, ...] | None:
    """Return the paths of the programs in `layers`, lowest first; None when there are too many to keep.

    OSError when a layer cannot be looked at.
    """
    found: dict[str, set[str]] = {folder: set() for folder in FOLDERS}
    for layer in layers:
        root = os.open(layer, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for folder, names in found.items():
                if not _add(root, folder, names):
                    return None
        finally:
            os.close(root)
    every = [f"/{folder}/{name}" for folder, names in found.items() for name in sorted(names)]
    return tuple(every) if len(every) <= MOST else None


def _add(root: int, folder: str, names: set[str]) -> bool:
    """Add to `names` what a layer has in a folder, and take away what it hides; whether it was all looked at."""
    if any(_hides(root, above) for above in _with_parents(folder)):
        names.clear()
    try:
        opened = files.open_in_root(root, folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        # it is not there, or a link to a folder of another layer, which is looked at by its own name
        return True
    try:
        with os.scandir(opened) as entries:
            for number, entry in enumerate(entries):
                if number >= MOST_SEEN:
                    return False
                _take(entry, names)
    finally:
        os.close(opened)
    return True


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


def _take(entry: os.DirEntry[str], names: set[str]) -> None:
    if not _NAME.fullmatch(entry.name):
        return
    mode = entry.stat(follow_symlinks=False).st_mode
    if stat.S_ISCHR(mode):
        names.discard(entry.name)
    elif stat.S_ISLNK(mode) or (stat.S_ISREG(mode) and mode & _ANY):
        names.add(entry.name)
