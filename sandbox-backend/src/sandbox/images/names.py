"""Names, marks and removes the files of the store."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sandbox.images.manifest import check_spelling


def name_of(digest: str) -> str:
    """Return the name of what has this digest. ValueError when it is none."""
    return check_spelling(digest).replace(":", "-")


def digest_of(name: str) -> str:
    """Return the digest of what has this name. ValueError when that is none of ours."""
    return check_spelling(name.replace("-", ":", 1))


def touch(file: Path) -> None:
    """Note in a file that it is used now; one that cannot be written is used all the same. FileNotFoundError when it is
    not there."""
    file.stat()
    with suppress(OSError):
        os.utime(file)


def unlink_written(writing: asyncio.Future[Path]) -> None:
    """Remove the file that was written for nobody."""
    if not writing.cancelled() and writing.exception() is None:
        writing.result().unlink(missing_ok=True)


def remove(folders: Iterable[Path]) -> None:
    """Remove folders with all that is in them, as far as that can be."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
