"""Splits a line into words, and replaces typographic characters outside of straight quotes by those of a shell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from sandbox.docker.cli import shell
from sandbox.docker.cli.verbs.flags import RUN

# no one types a longer line by hand, and a pasted one is not mended word by word
LONGEST_LINE = 1000
# nor is a command looked for in a longer session: reading it anew takes as long as the first time
LONGEST_SESSION = 8000
_OUTSIDE = re.compile(r"('[^']*'|\"[^\"]*\")|([^'\"]+)")
_QUOTES = str.maketrans(dict.fromkeys("‘’‚‛", "'") | dict.fromkeys("“”„‟«»＂", '"'))
# what continues a line at its end, in a POSIX shell, in PowerShell and in cmd
_CONTINUED = re.compile(r"(?<=[ \t])[\\`^][ \t]+")
# of the letters that look like one, ㅡ begins words, too
_DASH = re.compile(r"(^|[ \t])([‐‑‒–—―−－ー⁃˗﹘﹣⸺⸻]+(?=\w)|ㅡ+(?=[a-zA-Z]))")
# letters and signs that are drawn as nothing at all, or as a blank (Unicode, Default_Ignorable_Code_Point)
_FILLERS = frozenset("\u115f\u2800\u3164\uffa0")
_NAME = re.compile(r"[^\s=]*")
_JOINING = re.compile("[\u034f\u1160\u180b-\u180d\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def words(line: str) -> shell.Split:
    """Return the words of a line that is looked at word by word; none of one that nobody types by hand."""
    return shell.split(line) if len(line) <= LONGEST_LINE else shell.Split(())


def plain(line: str) -> str:
    """Return `line` with all of them replaced."""
    for step in (spaces, full_width, curly, dashes):
        line = step(line)
    return line


def _outside(line: str, change: Callable[[str], str]) -> str:
    return _OUTSIDE.sub(lambda match: match[1] or change(match[2]), line)


def spaces(line: str) -> str:
    """Make every kind of space a space, and drop what nobody sees, but for what other scripts' letters and emoji are
    joined with."""

    def change(text: str) -> str:
        kept: list[str] = []
        for at, letter in enumerate(text):
            if _is_blank(letter):
                kept.append(" ")
            elif not _is_unseen(kept[-1] if kept else "", letter, text[at + 1 : at + 2]):
                kept.append(letter)
        return "".join(kept)

    return _outside(line, change).strip()


def _is_blank(letter: str) -> bool:
    if letter.isascii():
        return letter in "\v\f"
    return letter.isspace() or letter in _FILLERS


def _is_unseen(before: str, letter: str, after: str) -> bool:
    """Return whether nobody sees a letter, which joins nothing: what other scripts' letters are joined with stands
    behind one of them."""
    if letter in "\t\r\n\0":
        return False
    if _JOINING.match(letter):
        return before.isascii()
    if unicodedata.category(letter) not in ("Cc", "Cf"):
        return False
    return before.isascii() or after.isascii()


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
        named = _NAME.match(line, match.end())
        word = named[0] if named else ""
        letters = len(word) == 1 or (word not in RUN.by_name and all(letter in RUN.by_letter for letter in word))
        return match[1] + ("-" if letters else "--")

    return _DASH.sub(change, line)
