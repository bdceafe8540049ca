"""What a probe has seen, in words that need no second look."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """`found` is English, for whoever runs the machine: a version, a path, or the kernel's own words.
    `mend` is Korean, and says what to do where the need's own advice would not help. What was not `tried` may be met
    all the same."""

    met: bool
    found: str
    mend: str = ""
    tried: bool = True


def plain(error: BaseException) -> str:
    """One line in plain words, the kernel's among them."""
    match error:
        case OSError(strerror=str(words), filename=None):
            return f"refused: {words}"
        case OSError(strerror=str(words), filename=name):
            return f"{name}: {words}"
        case subprocess.CalledProcessError():
            said = (error.stderr or b"").strip().splitlines() or [b""]
            return f"{error.cmd[0]} ended with {error.returncode}: {_text(said[-1])}".rstrip(": ")
        case subprocess.TimeoutExpired():
            return f"{error.cmd[0]} did not end within {error.timeout:g} s"
    return (str(error).splitlines() or [type(error).__name__])[0]


def _text(said: bytes | str) -> str:
    return said if isinstance(said, str) else said.decode(errors="replace")
