"""Replaces typographic characters outside of straight quotes by those of a shell. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from sandbox.docker.cli.verbs.flags import RUN

# no one types a longer line by hand, and a pasted one is not mended word by word
LONGEST_LINE = 2000
# nor is a command looked for in a longer session: reading it anew takes as long as the first time
LONGEST_SESSION = 8000
_OUTSIDE = re.compile(r"('[^']*'|\"[^\"]*\")|([^'\"]+)")
_QUOTES = str.maketrans(dict.fromkeys("‘’‚‛", "'") | dict.fromkeys("“”„‟«»＂", '"'))
# what continues a line at its end, in a POSIX shell, in PowerShell and in cmd
_CONTINUED = re.compile(r"(?<=[ \t])[\\`^][ \t]+")
_DASH = re.compile(r"(^|[ \t])([‐‑‒–—―−－ー]+)(?=\w)")


def plain(line: str) -> str:
    """Return `line` with all of them replaced."""
    for step in (spaces, full_width, curly, dashes):
        line = step(line)
    return line


def _outside(line: str, change: Callable[[str], str]) -> str:
    return _OUTSIDE.sub(lambda match: match[1] or change(match[2]), line)


def spaces(line: str) -> str:
    """Make every kind of space a space, and drop what nobody sees."""

    def change(text: str) -> str:
        spaced = (" " if unicodedata.category(c) in ("Zs", "Zl", "Zp") else c for c in text)
        return "".join(c for c in spaced if unicodedata.category(c) != "Cf")

    return _outside(line, change).strip()


def full_width(line: str) -> str:
    """Make full-width letters and signs plain ones."""

    def change(text: str) -> str:
        return "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text)

    return _outside(line, change)


def curly(line: str) -> str:
    """Make typographic quotes straight."""
    return _outside(line, lambda text: text.translate(_QUOTES))


def continued(line: str) -> str:
    """Drop what continues a line at its end, where another word follows it."""
    return _outside(line, lambda text: _CONTINUED.sub("", text))


def dashes(line: str) -> str:
    """Make dashes before a word hyphens, one or two of them."""

    def change(match: re.Match[str]) -> str:
        word = re.split(r"[\s=]", line[match.end() :], maxsplit=1)[0]
        letters = len(word) == 1 or (word not in RUN.by_name and all(letter in RUN.by_letter for letter in word))
        return match[1] + ("-" if letters else "--")

    return _DASH.sub(change, line)
