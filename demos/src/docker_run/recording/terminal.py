"""Renders a program's output as a terminal shows it, as assets/terminal.js does: both are tested on the same cases.

Escape sequences are left out, invisible characters are written as their names, and a carriage return goes back to the
beginning of its line, so that what follows overwrites it.
"""

from __future__ import annotations

import re

_SPECIAL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-OQ-WYZ\\`-~])"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
_ERASE_LINE = re.compile(r"\x1b\[([02]?)K")
# stands for "the rest of the line is erased"; the text itself cannot hold it, since _SPECIAL replaces it
_ERASED = "\0"


def shown(text: str) -> str:
    """Return the text as it stands on the screen."""
    whole = _SPECIAL.sub(_visible, text).replace("\r\n", "\n").removesuffix("\r")
    return "\n".join(_overwritten(line) for line in whole.split("\n"))


def _visible(found: re.Match[str]) -> str:
    sequence = found[0]
    if len(sequence) > 1:
        erased = _ERASE_LINE.fullmatch(sequence)
        return ("\r" if erased[1] == "2" else "") + _ERASED if erased else ""
    code = ord(sequence)
    return chr(0x2400 + code) if code < 32 else f"⟨U+{code:04X}⟩"


def _overwritten(line: str) -> str:
    # the last writing is on top; an earlier one shows only beyond it, and not where the line was erased
    on_top = ""
    for part in reversed(line.split("\r")):
        on_top += part.replace(_ERASED, "")[len(on_top) :]
        if _ERASED in part:
            break
    return on_top
