"""Looks at the beginning of a file that could not be executed: is it a script, and what is wrong with it.

The file is a stranger's: no more than MOST bytes of it are read, of a plain file alone, and by a thread.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Sequence
from contextlib import suppress

from sandbox.docker.outcome import NOT_EXECUTABLE, NOT_FOUND
from sandbox.model.image import Config
from sandbox.model.plan import Plan
from sandbox.model.protocol import Script
from sandbox.oci import process
from sandbox.runner.kernel.rootfs import Snapshot

# as much as the kernel itself looks at (BINPRM_BUF_SIZE, include/uapi/linux/binfmts.h)
MOST = 256
LONGEST_NAME = 128
# of the folders in which programs are looked for
MOST_FOLDERS = 16
MARK, WIDE_MARKS, SIGN, ELF = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff"), b"#!", b"\x7fELF"
# with which a program ends that was to start another one: the init of `--init`, or the `env` of a script's first line
CODES = frozenset({NOT_FOUND, NOT_EXECUTABLE})


def of_run(snapshot: Snapshot, plan: Plan, config: Config, file: str | None) -> Script | None:
    """Return why a run's script was not executed: the one that the kernel has named, or else the run's program. None
    when it is none, or nothing is seen in it. OSError when it cannot be looked at."""
    folders = _folders(plan, config)
    argv, _ = process.argv(plan, config)
    path = file or _found(snapshot, argv[0], folders, process.workdir(plan, config))
    return fault(snapshot, path, folders) if path else None


def fault(snapshot: Snapshot, path: str, folders: Sequence[str] = ()) -> Script | None:
    """Return why the script at `path` was not executed; None when it is no script, or that is not to be seen in it.
    Programs that its `env` starts are looked for in `folders`. OSError when the file cannot be looked at."""
    data = _beginning(snapshot, path)
    name = path[-LONGEST_NAME:]
    if data.startswith(MARK) or (data.startswith(WIDE_MARKS) and b"\0" in data[2:4]):
        return Script(name, "bom")
    if not data.startswith(SIGN):
        return Script(name, "none") if _is_text(data) else None
    first, _, _ = data.removeprefix(SIGN).partition(b"\n")
    if first.endswith(b"\r"):
        return Script(name, "crlf")
    words = first.decode("utf-8", "replace").replace("\t", " ").split(" ")
    missing = _missing(snapshot, [word for word in words if word], folders)
    return Script(name, "missing", missing[-LONGEST_NAME:]) if missing else None


def _missing(snapshot: Snapshot, words: Sequence[str], folders: Sequence[str]) -> str | None:
    """Return which program of a script's first line is not there: the interpreter, or what `env` starts for it."""
    if not words or not words[0].startswith("/") or any("\0" in word for word in words):
        return None
    if not _is_there(snapshot, words[0]):
        return words[0]
    started = (word for word in words[1:] if not word.startswith("-") and "=" not in word)
    name = next(started, "") if posixpath.basename(words[0]) == "env" else ""
    return name if folders and name and not _found(snapshot, name, folders, "/") else None


def _folders(plan: Plan, config: Config) -> list[str]:
    entries = process.environment(plan, config, "")
    path = next((entry.removeprefix("PATH=") for entry in entries if entry.startswith("PATH=")), "")
    return path.split(":")[:MOST_FOLDERS]


def _found(snapshot: Snapshot, program: str, folders: Sequence[str], workdir: str) -> str | None:
    """Return the path of a program that is named as a shell's is."""
    within = [workdir] if "/" in program else folders
    paths = (posixpath.join("/", workdir, folder, program) for folder in within)
    return next((path for path in paths if _is_there(snapshot, path)), None)


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
