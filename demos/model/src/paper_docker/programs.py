"""A few programs for the `/bin` of paper images. Each gets its container and its arguments, and returns its output."""

from __future__ import annotations

from paper_docker.container import Container


def sh(_: Container) -> str:
    """Run as a shell whose input is already at its end: it ends at once."""
    return ""


def ls(container: Container, folder: str = "/") -> str:
    """Print the names in a folder, one a line."""
    return "".join(f"{name}\n" for name in container.names(folder))


def cat(container: Container, *paths: str) -> str:
    """Print the text of files."""
    return "".join(container.read(path) for path in paths)


def echo(_: Container, *arguments: str) -> str:
    """Print its arguments."""
    return " ".join(arguments) + "\n"


def rm(container: Container, *paths: str) -> str:
    """Delete files, and print nothing."""
    for path in paths:
        container.remove(path)
    return ""


def count(container: Container) -> str:
    """Print how often it has run in this container, as counted in the file /count."""
    before = int(container.read("/count")) if "/count" in container.files else 0
    container.write("/count", f"{before + 1}\n")
    return container.read("/count")
