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
    """Files by their path, and whiteouts: the paths of lower layers that this one hides. It never changes."""

    files: Mapping[str, File] = field(default_factory=dict)
    whiteouts: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for path in (*self.files, *self.whiteouts):
            check_path(path)
        for path in self.files:
            if any(is_at_or_below(other, path) for other in self.files if other != path):
                raise ValueError(f"a file and a folder at once: {path!r}")
        # a copy behind a read-only face: nobody holds what could be changed
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))
        object.__setattr__(self, "whiteouts", frozenset(self.whiteouts))

    @property
    def digest(self) -> str:
        """A fingerprint of the content: the same content has the same one. A program counts by its name."""
        listed = [(path, file if isinstance(file, str) else file.__name__) for path, file in self.files.items()]
        text = repr((sorted(listed), sorted(self.whiteouts)))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def union(layers: Iterable[Layer]) -> dict[str, File]:
    """What is seen when one looks at the stack from above: of each path the topmost file, and nothing hidden."""
    seen: dict[str, File] = {}
    for layer in layers:  # from the bottom up
        for path in layer.whiteouts:
            seen = {other: file for other, file in seen.items() if not is_at_or_below(other, path)}
        for path in layer.files:
            # a file takes the place of a folder, and a folder that of a file
            seen = {
                other: file
                for other, file in seen.items()
                if not is_at_or_below(other, path) and not is_at_or_below(path, other)
            }
        seen |= layer.files
    return seen


def check_path(path: str) -> None:
    """ValueError for what is not a path from the root."""
    if not path.startswith("/") or path.endswith("/") or "//" in path:
        raise ValueError(f"not a path from the root: {path!r}")


def is_at_or_below(path: str, folder: str) -> bool:
    """Whether `path` is `folder` itself or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")
