"""Splits a line into words as a POSIX shell does, and joins words to a line. Nothing is expanded: there is no shell.

One pass, so the time grows with the length only (POSIX.1-2024, XCU 2.2 Quoting and 2.3 Token Recognition).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

# no command takes more, and a shell would not start docker with many more
MOST_WORDS = 1024
BLANK = " \t\r"
OPERATORS = ("&&", "||", ">>", "<<", "$(", "|", "&", ";", "<", ">", "(", ")", "`", "\n")
# a `$` alone is a letter here; what begins an operator ends the match
_PLAIN = re.compile(r"(?:[^ \t\r\n'\"\\|&;<>()`$]++|\$(?!\())++")
# a word that is written as it is, as most are, with what is before it
_WHOLE = re.compile(r"[ \t\r]*+((?!#)(?:[^ \t\r\n'\"\\|&;<>()`$]++|\$(?!\())++)(?=[ \t\r]|\Z)")
_SAFE = re.compile(r"[\w@%+=:,./^-]+|[\[\]!]")
_IN_DOUBLE = re.compile(r'[^"\\]+')
_ESCAPED_IN_DOUBLE = '$`"\\'


class Word(NamedTuple):
    """One word, where it stands in the line, and whether any part of it was quoted or escaped."""

    text: str
    start: int
    end: int
    quoted: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """Why the splitting ended before the line did: an operator of the shell, or a quote that is never closed."""

    kind: Literal["operator", "quote"]
    text: str
    position: int


@dataclass(frozen=True, slots=True)
class Split:
    words: tuple[Word, ...]
    stop: Stop | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words)


def split(line: str, most: int = MOST_WORDS) -> Split:
    """Return the words of `line` up to its end, a comment, or whatever a shell would be needed for; of more than `most`
    only so many and one more."""
    return _Scanner(line).scan(most)


def join(words: tuple[str, ...] | list[str]) -> str:
    """Return a line that `split` turns back into `words`."""
    return " ".join(map(quote, words))


def quote(word: str) -> str:
    """Return `word` as it is where a shell would leave it alone, in quotes where it would not."""
    if _SAFE.fullmatch(word):
        return word
    return "'" + word.replace("'", "'\\''") + "'"


class _Scanner:
    def __init__(self, line: str) -> None:
        # a newline before the line and after it separates nothing
        self._text = line.rstrip(BLANK + "\n")
        self._at = len(line) - len(line.lstrip(BLANK + "\n"))
        self._words: list[Word] = []
        self._parts: list[str] | None = None
        self._start = 0
        self._quoted = False

    def scan(self, most: int) -> Split:
        stop = None
        while self._at < len(self._text) and stop is None and len(self._words) <= most:
            stop = None if self._whole() else self._step()
        if stop is None or stop.kind == "operator":
            self._finish()
        return Split(tuple(self._words), stop)

    def _whole(self) -> bool:
        """Take a word that is written as it is; return whether there is one."""
        match = _WHOLE.match(self._text, self._at) if self._parts is None else None
        if match is None:
            return False
        self._words.append(Word(match[1], match.start(1), match.end(), False))
        self._at = match.end()
        return True

    def _step(self) -> Stop | None:
        character = self._text[self._at]
        if character in BLANK:
            self._finish()
            self._at += 1
        elif character == "#" and self._parts is None:
            end = self._text.find("\n", self._at)
            self._at = len(self._text) if end < 0 else end
        elif character == "\\":
            self._escape()
        elif character == "'":
            return self._single()
        elif character == '"':
            return self._double()
        else:
            return self._plain()
        return None

    def _plain(self) -> Stop | None:
        match = _PLAIN.match(self._text, self._at)
        if match is None:
            operator = next(o for o in OPERATORS if self._text.startswith(o, self._at))
            return Stop("operator", operator, self._at)
        self._add(match.group())
        self._at = match.end()
        return None

    def _escape(self) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        if following != "\n":
            self._add(following or "\\", quoted=True)
        self._at += 2

    def _single(self) -> Stop | None:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            return Stop("quote", "'", self._at)
        self._add(self._text[self._at + 1 : end], quoted=True)
        self._at = end + 1
        return None

    def _double(self) -> Stop | None:
        opened = self._at
        self._add("", quoted=True)
        self._at += 1
        while self._at < len(self._text):
            if self._text[self._at] == '"':
                self._at += 1
                return None
            self._inside()
        return Stop("quote", '"', opened)

    def _inside(self) -> None:
        match = _IN_DOUBLE.match(self._text, self._at)
        if match:
            self._add(match.group())
            self._at = match.end()
            return
        following = self._text[self._at + 1 : self._at + 2]
        if following != "\n":
            self._add(following if following and following in _ESCAPED_IN_DOUBLE else "\\" + following)
        self._at += 2

    def _add(self, text: str, quoted: bool = False) -> None:
        if self._parts is None:
            self._parts, self._start, self._quoted = [], self._at, False
        self._parts.append(text)
        self._quoted |= quoted

    def _finish(self) -> None:
        if self._parts is not None:
            self._words.append(Word("".join(self._parts), self._start, min(self._at, len(self._text)), self._quoted))
        self._parts = None
