"""Reads the small files of control groups, and writes to them; a file that is gone reads as empty, a number that is not
there as 0."""

from __future__ import annotations

import os
import re
from pathlib import Path


def text(file: Path) -> str:
    """Return what the file holds."""
    try:
        return file.read_text()
    except OSError:
        return ""


def number(file: Path) -> int:
    """Return the only number in the file; 0 for `max`, too."""
    found = text(file).strip()
    return int(found) if found.isdigit() else 0


def put(file: Path, value: str) -> None:
    """Write to a file that is there. OSError where it is not, or the kernel refuses the value.

    Never so that it would be made: for that the kernel waits for whoever reads which files its folder has, and those
    who live in the group can have that last.
    """
    opened = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(opened, value.encode())
    finally:
        os.close(opened)


def keyed(file: Path, key: str) -> int:
    """Return the number behind `key`, in a file with one such pair a line."""
    for line in text(file).splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return int(value)
    return 0


def summed(file: Path, pattern: str) -> int:
    """Return the sum of the numbers that the only group of `pattern` matches."""
    return sum(map(int, re.findall(pattern, text(file), re.MULTILINE)))
