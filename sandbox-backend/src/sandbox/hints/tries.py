"""Bounds what is read for one hint: rules try one changed line after the other, whatever a reader has typed."""

from __future__ import annotations

from sandbox.docker.cli import Command, parse
from sandbox.hints.text import LONGEST_LINE

# of all that are tried for one hint; of thousands of slips none is found later than in the 14th, of 980 letters
MOST_LINES, MOST_LETTERS = 16, 3000


class Tries:
    """Parses the lines that are tried for one hint, so many of them with so many letters together."""

    def __init__(self) -> None:
        self._lines, self._letters = MOST_LINES, MOST_LETTERS

    @property
    def are_over(self) -> bool:
        """Return whether nothing more is tried."""
        return self._lines <= 0 or self._letters <= 0

    def parse(self, line: str) -> Command | None:
        """Return the command in `line`; None when nothing more is tried."""
        if self.are_over:
            return None
        # what is longer is a session, of which the first line is read
        self._lines, self._letters = self._lines - 1, self._letters - min(len(line), LONGEST_LINE)
        return parse(line)
