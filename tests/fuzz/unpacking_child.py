"""Unpacks blobs as the unpacker's own process does, many of them in the one confined process: unpacking_child.py ORDER

Each comes on standard input, four bytes of length before it, and is answered by one line of JSON on standard output.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox.images.unpacker import process
from sandbox.images.unpacker.order import Order

FOLDER, CANARY, SONG = "layer", "canary", b"sings"


def main() -> int:
    """Confine this process, and unpack what comes."""
    order = Order(**json.loads(sys.argv[1]))
    if child := process._confine(order):
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF
    with os.fdopen(os.dup(0), "rb") as blobs, os.fdopen(os.dup(1), "w") as answers:
        Path(CANARY).write_bytes(SONG)
        while head := blobs.read(4):
            answers.write(json.dumps(_unpacked(order, blobs.read(int.from_bytes(head, "big")))) + "\n")
            answers.flush()
    return 0


def _unpacked(order: Order, blob: bytes) -> dict[str, Any]:
    """What the unpacker reports of a blob, and what it has made."""
    file = os.memfd_create("blob")
    os.write(file, blob)
    os.lseek(file, 0, os.SEEK_SET)
    os.dup2(file, 0)
    os.close(file)
    Path(FOLDER).mkdir()
    os.chdir(FOLDER)
    begun = time.process_time()
    try:
        answer: dict[str, Any] = {"report": asdict(process.unpack(order))}
    except BaseException:
        answer = {"error": traceback.format_exc()}
    answer["seconds"] = time.process_time() - begun
    os.chdir("/")
    untouched = {path.name for path in Path().iterdir()} == {CANARY, FOLDER} and Path(CANARY).read_bytes() == SONG
    os.chdir(FOLDER)
    files, size = _emptied()
    os.chdir("/")
    Path(FOLDER).rmdir()
    return {**answer, "untouched": untouched, "files": files, "bytes": size}


def _emptied() -> tuple[int, int]:
    """Empty the present folder, however deep it is; how many files and bytes there were."""
    files = size = 0
    for path in Path().iterdir():
        status = path.lstat()
        if stat.S_ISDIR(status.st_mode):
            os.chdir(path)
            below, bytes_below = _emptied()
            os.chdir("..")
            path.rmdir()
            files, size = files + below, size + bytes_below
        else:
            path.unlink()
            size += status.st_size if stat.S_ISREG(status.st_mode) and status.st_nlink == 1 else 0
        files += 1
    return files, size


if __name__ == "__main__":
    sys.exit(main())
