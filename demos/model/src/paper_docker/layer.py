"""A layer is what one step added, replaced or deleted; a file system is the union of a stack of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

# A program is a function: it gets the container that it runs in and its arguments, and returns what it prints.
Program: TypeAlias = Callable[..., str]
# A file is text, or a program that can be started. Folders are not written down: a path brings its folders along.
File: TypeAlias = str | Program


@dataclass(frozen=True)
class Layer:
    """Files by their path, and whiteouts: the paths of lower layers that this one hides. A layer never changes."""

    files: Mapping[str, File] = field(default_factory=dict)
    whiteouts: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for path in (*self.files, *self.whiteouts):
            check_path(path)
        for path in self.files:
            if any(is_at_or_below(other, path) for other in self.files if other != path):
                raise ValueError(f"a file and a folder at once: {path!r}")
        # a copy, and read-only, so that nobody can change it
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))
        object.__setattr__(self, "whiteouts", frozenset(self.whiteouts))

    @property
    def digest(self) -> str:
        """Return a fingerprint, the same for the same content. Of a program only the name counts."""
        listed = [(path, file if isinstance(file, str) else file.__name__) for path, file in self.files.items()]
        text = repr((sorted(listed), sorted(self.whiteouts)))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def union(layers: Iterable[Layer]) -> dict[str, File]:
    """Return what is visible of a stack of layers from above: the topmost file of each path, unless it is hidden."""
    seen: dict[str, File] = {}
    for layer in layers:  # from the bottom up
        for path in layer.whiteouts:
            seen = {other: file for other, file in seen.items() if not is_at_or_below(other, path)}
        for path in layer.files:
            # a file replaces a folder, and a folder replaces a file
            seen = {
                other: file
                for other, file in seen.items()
                if not is_at_or_below(other, path) and not is_at_or_below(path, other)
            }
        seen |= layer.files
    return seen


def check_path(path: str) -> None:
    """Raise ValueError for a path that does not start at the root."""
    if not path.startswith("/") or path.endswith("/") or "//" in path:
        raise ValueError(f"not a path from the root: {path!r}")


def is_at_or_below(path: str, folder: str) -> bool:
    """Return whether `path` is `folder` itself or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")
