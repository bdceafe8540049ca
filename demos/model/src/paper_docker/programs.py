"""A few programs for the `/bin` of paper images. Each gets its container and its arguments, and returns its output."""

from __future__ import annotations

from paper_docker.container import Container


def sh(_: Container) -> str:
    """A shell whose input is already at its end: nothing to read, so it ends."""
    return ""


def ls(container: Container, folder: str = "/") -> str:
    """The names in a folder, one a line."""
    return "".join(f"{name}\n" for name in container.names(folder))


def cat(container: Container, *paths: str) -> str:
    """The text of files."""
    return "".join(container.read(path) for path in paths)


def echo(_: Container, *words: str) -> str:
    """Its own arguments."""
    return " ".join(words) + "\n"


def rm(container: Container, *paths: str) -> str:
    """Deletes files, and says nothing of it."""
    for path in paths:
        container.remove(path)
    return ""


def count(container: Container) -> str:
    """How often it has run in this container: it remembers in the file /count."""
    before = int(container.read("/count")) if "/count" in container.files else 0
    container.write("/count", f"{before + 1}\n")
    return container.read("/count")
