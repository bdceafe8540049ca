"""Reads files that the kernel takes away while one looks."""

from __future__ import annotations

import contextlib
from pathlib import Path


def text_of(file: Path) -> str:
    """What the file says; nothing if its process, thread or device is gone."""
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def runs(pid: int) -> bool:
    """Whether there is such a process, and more of it than what its parent has not collected yet."""
    status = text_of(Path(f"/proc/{pid}/status"))
    return status != "" and "\nState:\tZ" not in status


def texts(folder: Path) -> dict[str, str]:
    """The text of every file below `folder`, by its path there."""
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def children(pid: int) -> list[int]:
    """The children of a process, which are listed with the thread that each belongs to; none of one that has ended."""
    found: list[int] = []
    # it may end while its threads are listed
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, text_of(thread / "children").split())
    return found
