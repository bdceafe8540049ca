"""Looks at the beginning of a file that the kernel could not execute: is it a script, and what is wrong with it.

The file is a stranger's: no more than MOST bytes of it are read, of a plain file alone, and by a thread.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from sandbox.model.protocol import Script
from sandbox.runner.kernel.rootfs import Snapshot

# as much as the kernel itself looks at (BINPRM_BUF_SIZE, include/uapi/linux/binfmts.h)
MOST = 256
LONGEST_NAME = 128
MARK, SIGN, ELF = b"\xef\xbb\xbf", b"#!", b"\x7fELF"


def fault(snapshot: Snapshot, path: str) -> Script | None:
    """Return why the script at `path` was not executed; None when it is no script, or that is not to be seen in it.
    OSError when the file cannot be looked at."""
    data = _beginning(snapshot, path)
    name = path[-LONGEST_NAME:]
    if data.startswith(MARK):
        return Script(name, "bom")
    if not data.startswith(SIGN):
        return Script(name, "none") if _is_text(data) else None
    first, _, _ = data.removeprefix(SIGN).partition(b"\n")
    if first.endswith(b"\r"):
        return Script(name, "crlf")
    interpreter = first.strip(b" \t").partition(b" ")[0].partition(b"\t")[0].decode("utf-8", "replace")
    if not interpreter.startswith("/") or "\0" in interpreter or _is_there(snapshot, interpreter):
        return None
    return Script(name, "missing", interpreter[-LONGEST_NAME:])


def _beginning(snapshot: Snapshot, path: str) -> bytes:
    found = snapshot.open(path)
    try:
        return os.read(found, MOST) if stat.S_ISREG(os.fstat(found).st_mode) else b""
    finally:
        os.close(found)


def _is_text(data: bytes) -> bool:
    return bool(data) and not data.startswith(ELF) and not any(byte < 9 or 13 < byte < 32 for byte in data)


def _is_there(snapshot: Snapshot, path: str) -> bool:
    with suppress(OSError):
        os.close(snapshot.open(path))
        return True
    return False
