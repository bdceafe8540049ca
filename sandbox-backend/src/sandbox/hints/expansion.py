"""Finds what a shell would have replaced before it starts docker: variables, patterns, `~` and `!` (POSIX, XCU 2.6).

There is no shell here, so all of it reaches the container as it was typed. At home it would not, and a reader who takes
a line there shall know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.hints import text, wording

MOST_KINDS, LONGEST_SIGN = 3, 24
_BLANK = re.compile(r"\s")
# the sign of each kind; those that a shell looks for in double quotes, too, come first
_IN_QUOTES = (
    ("output", re.compile(r"\$\([^()\n]*\)?|`[^`\n]*`?")),
    ("variable", re.compile(r"\$(?:[A-Za-z_]\w*|\{[^}\n]*\}?|[0-9@*#?$!-])", re.ASCII)),
    # in double quotes one at their end is a letter
    ("history", re.compile(r"!(?=[^\s=(\"])\S?")),
)
_OUTSIDE = (
    # of bash, zsh and POSIX.1-2024
    ("escapes", re.compile(r"\$(?:'[^']*'?|(?=\"))")),
    *_IN_QUOTES,
    # a set in brackets, with the names of classes in it; none that begins another one before it ends
    ("files", re.compile(r"(?<!\$)(?:\*+|\?+|\[(?:\[:\w++:\]|[^\[\]\s'\"])+\])")),
    # the look ahead and what follows it go over the same letters once each, however many commas there are
    ("words", re.compile(r"\{(?=[^\s{}'\"]*?(?:,|\.\.))[^\s{}'\"]*+\}")),
    ("home", re.compile(r"(?:(?<![^\s])|(?<=\w=))~(?=[/\s]|$|[a-z])")),
)


@dataclass(frozen=True, slots=True)
class Sign:
    """What a shell would replace: its kind, its text, and where it stands."""

    kind: str
    text: str
    at: int


def signs(line: str) -> list[Sign]:
    """Return all signs of a line that a shell would look at, those in single quotes and escaped ones left out."""
    return list(_signs(line))


def _signs(line: str) -> Iterator[Sign]:
    at, quoted = 0, False
    while at < len(line):
        letter = line[at]
        if letter == "\\":
            at += 2
        elif letter == "#" and not quoted and line[at - 1 : at].isspace():
            return
        elif letter == "'" and not quoted:
            end = line.find("'", at + 1)
            at = len(line) if end < 0 else end + 1
        elif letter == '"':
            quoted, at = not quoted, at + 1
        else:
            found = _sign(line, at, quoted=quoted)
            if found is not None:
                yield found
            at += len(found.text) if found else 1


def _sign(line: str, at: int, *, quoted: bool) -> Sign | None:
    for kind, pattern in _IN_QUOTES if quoted else _OUTSIDE:
        match = pattern.match(line, at)
        if match:
            return Sign(kind, match[0], at)
    return None


def told(found: list[Sign]) -> str:
    """Return what a shell would make of these signs, and that nothing was made of them here."""
    first = {sign.kind: sign for sign in reversed(found)}
    kinds = sorted(first.values(), key=lambda sign: sign.at)[:MOST_KINDS]
    said = [wording.EXPANSIONS[sign.kind].format(sign=_shown(sign.text)) for sign in kinds]
    return " ".join([*said, wording.AS_IT_IS])


def _shown(sign: str) -> str:
    return sign if len(sign) <= LONGEST_SIGN and not _BLANK.search(sign) else f"{sign[:2].rstrip()}…"


def quoted(line: str, found: list[Sign]) -> str:
    """Return the line with each word that holds one of these signs in single quotes, all else as it was written."""
    for word in reversed(text.words(line).words):
        if any(word.start <= sign.at < word.end for sign in found):
            line = f"{line[: word.start]}{_in_quotes(word.text)}{line[word.end :]}"
    return line.strip()


def _in_quotes(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"
