"""Renders a program's output as a terminal shows it, as assets/rare/rows.js does: both are tested on the same cases.

Carriage returns, backspaces and the cursor moves of progress bars lead back to cells that are then written over; other
escape sequences and colours are left out; invisible characters are written as their names.
"""

from __future__ import annotations

import re
import unicodedata

# rows that a cursor can come back to, and columns until a row is continued on the next
HEIGHT = 50
WIDTH = 1000
TAB = 8
_TOKEN = re.compile(
    r"\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*([0-OQ-WYZ\\`-~])"
    r"|[\x00-\x1f]|[^\x00-\x1f]+"
)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def shown(text: str) -> str:
    """Return the text as it stands on the screen."""
    rows = _Rows()
    for token in _TOKEN.finditer(text):
        rows.take(token)
    return "".join("".join(cells) + end for cells, end in zip(rows.rows, rows.ends, strict=True)).removesuffix("\n")


class _Rows:
    """Rows of cells, each the text of a column; a cell is empty where the one before it goes on."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = [[]]
        # what follows each row: a newline, or nothing where the next one continues it
        self.ends = ["\n"]
        self._row = self._column = 0
        self._saved = (0, 0)

    @property
    def _top(self) -> int:
        """The row above which no cursor comes."""
        return max(0, len(self.rows) - HEIGHT)

    def take(self, token: re.Match[str]) -> None:
        """Carry out a sequence or a control character, or write a text."""
        found, parameters, final, short = token[0], token[1], token[2], token[3]
        if final:
            self._move(parameters, final)
        elif short and len(found) == 2:
            self._obey(short)
        elif found >= " ":
            for character in _UNSEEN.sub(_named, found):
                self._put(character)
        elif found in "\n\r\b\t":
            self._control(found)
        elif len(found) == 1:
            self._put(chr(0x2400 + ord(found)))

    def _control(self, found: str) -> None:
        if found == "\n":
            self._feed("\n")
        elif found == "\r":
            self._column = 0
        elif found == "\b":
            self._column = max(0, self._column - 1)
        elif self._column >= len(self._cells()):
            self._set("\t", TAB - self._column % TAB)
        else:
            self._column += TAB - self._column % TAB

    def _cells(self) -> list[str]:
        while len(self.rows) <= self._row:
            self.rows.append([])
            self.ends.append("\n")
        return self.rows[self._row]

    def _feed(self, end: str) -> None:
        self._cells()
        self.ends[self._row] = end
        self._row, self._column = self._row + 1, 0
        self._cells()

    def _put(self, character: str) -> None:
        columns = _columns(character)
        if columns or not self._join(character):
            self._set(character, columns or 1)

    def _join(self, character: str) -> bool:
        """Write a character over the cell before the cursor, if there is one."""
        cells, at = self._cells(), self._column - 1
        while 0 <= at < len(cells) and not cells[at]:
            at -= 1
        if not 0 <= at < len(cells):
            return False
        cells[at] += character
        return True

    def _set(self, character: str, columns: int) -> None:
        if self._column + columns > WIDTH:
            self._feed("")
        cells, at = self._cells(), self._column
        _blank(cells, at)
        _blank(cells, at + columns - 1)
        cells.extend(" " * (at - len(cells)))
        cells[at : at + columns] = [character, *[""] * (columns - 1)]
        self._column = at + columns

    def _move(self, parameters: str, final: str) -> None:
        if re.search("[<-?]", parameters):
            # a private sequence
            return
        number = int(found[0]) if (found := re.match(r"\d{1,6}", parameters)) else 0
        count = max(1, number)
        if final == "K":
            self._erase(number)
        elif final == "J" and not number:
            self._erase(0)
            del self.rows[self._row + 1 :], self.ends[self._row + 1 :]
        elif final in "XP@":
            self._change(final, count)
        elif final in "su":
            self._obey("7" if final == "s" else "8")
        elif final in "ABCDEFG`":
            self._go(final, count)

    def _go(self, final: str, count: int) -> None:
        top = self._top
        if final in "AF":
            self._row = max(top, self._row - count)
        elif final in "BE":
            self._row = min(top + HEIGHT - 1, self._row + count)
        if final in "EF":
            self._column = 0
        elif final in "CD":
            self._column += count if final == "C" else -count
        elif final in "G`":
            self._column = count - 1
        self._column = min(WIDTH - 1, max(0, self._column))

    def _obey(self, short: str) -> None:
        """Keep the cursor's place, return to it, or go a row up or down."""
        if short == "7":
            self._saved = (self._row, self._column)
        elif short == "8":
            self._row, self._column = max(self._top, self._saved[0]), self._saved[1]
        elif short == "M":
            self._row = max(self._top, self._row - 1)
        elif short in "DE":
            column = self._column if short == "D" else 0
            self._feed("\n")
            self._column = column

    def _change(self, final: str, count: int) -> None:
        """Make blanks of columns from the cursor on, take them out, or put blanks in."""
        cells, at = self._cells(), self._column
        end = min(len(cells), at + count)
        for edge in (at,) if final == "@" else (at, end):
            if edge < len(cells) and not cells[edge]:
                _blank(cells, edge)
        if final == "@" and at < end:
            cells[at:at] = " " * min(count, WIDTH)
            if len(cells) > WIDTH and not cells[WIDTH]:
                _blank(cells, WIDTH)
            del cells[WIDTH:]
        elif final == "P" or (final == "X" and end == len(cells)):
            del cells[at:end]
        elif final == "X":
            cells[at:end] = " " * (end - at)

    def _erase(self, part: int) -> None:
        """Erase a part of the row: behind the cursor, before it, or all."""
        cells = self._cells()
        if part == 1:
            _blank(cells, self._column)
            cells[: self._column + 1] = " " * min(len(cells), self._column + 1)
            return
        start = 0 if part == 2 else self._column
        _blank(cells, start)
        del cells[start:]
        self.ends[self._row] = "\n"


def _named(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 32 else f"⟨U+{code:04X}⟩"


def _columns(character: str) -> int:
    if character < "\u0300":
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf") or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _blank(cells: list[str], at: int) -> None:
    """Make blanks of a character of several cells, of which one will be written over."""
    if at >= len(cells):
        return
    start, end = at, at + 1
    while not cells[start]:
        start -= 1
    while end < len(cells) and not cells[end]:
        end += 1
    if end - start > 1:
        cells[start:end] = " " * (end - start)
